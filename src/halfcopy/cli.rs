//! The edge of the program `halfcopy`: its arguments, what it says, and its exit code (0 done, 1 failed, 2 not
//! understood).

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::error::Quoted;
use super::meter::Meter;
use super::{Options, copy};

/// What `--help` prints.
pub const HELP: &str = "\
Copies the file SRC to DST with two threads, each one half.

usage: halfcopy [--force] [--quiet] [--] SRC DST

  --force        replace DST if it exists
  --quiet        show no progress; else a terminal shows it after a second
  -h, --help     show this
  -V, --version  show the version

exit code: 0 done, 1 failed (DST is then as it was), 2 not understood
";

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Show the help.
    Help,
    /// Show the version.
    Version,
    /// Copy a file.
    Copy {
        /// The file to copy.
        src: PathBuf,
        /// The file to make.
        dst: PathBuf,
        /// Replace `dst` if it exists.
        force: bool,
        /// Show no progress.
        quiet: bool,
    },
}

/// Arguments that say nothing sensible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// An option that does not exist.
    UnknownOption(OsString),
    /// Not two files, but this many.
    Files(usize),
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOption(option) => {
                let option = Quoted(Path::new(option));
                write!(
                    f,
                    "unknown option {option}; for a file of that name write -- before it"
                )?;
            }
            Self::Files(count) => write!(
                f,
                "two files are needed, SRC and DST, but there are {count}"
            )?,
        }
        f.write_str("; halfcopy --help shows the usage")
    }
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// A [`Usage`] that says which argument is wrong.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
    let (mut force, mut quiet, mut only_files) = (false, false, false);
    let mut files = Vec::new();
    for arg in args {
        match arg.to_str() {
            Some("--") if !only_files => only_files = true,
            Some("--force") if !only_files => force = true,
            Some("--quiet") if !only_files => quiet = true,
            Some("-h" | "--help") if !only_files => return Ok(Command::Help),
            Some("-V" | "--version") if !only_files => return Ok(Command::Version),
            _ if !only_files && arg.len() > 1 && arg.as_encoded_bytes().starts_with(b"-") => {
                return Err(Usage::UnknownOption(arg));
            }
            _ => files.push(PathBuf::from(arg)),
        }
    }
    let count = files.len();
    match <[PathBuf; 2]>::try_from(files) {
        Ok([src, dst]) => Ok(Command::Copy {
            src,
            dst,
            force,
            quiet,
        }),
        Err(_) => Err(Usage::Files(count)),
    }
}

/// Does what the arguments ask for and returns the exit code.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let command = match parse(args) {
        Ok(command) => command,
        Err(usage) => return report(err, 2, &usage),
    };
    let said = match command {
        Command::Help => say(out, HELP),
        Command::Version => say(out, concat!("halfcopy ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Copy {
            src,
            dst,
            force,
            quiet,
        } => {
            let options = Options {
                force,
                ..Options::default()
            };
            return match copy_watched(&src, &dst, &options, quiet) {
                Ok(_) => 0,
                Err(error) => report(err, 1, &error),
            };
        }
    };
    match said {
        Ok(()) => 0,
        Err(e) => report(
            err,
            1,
            &format_args!("standard output: {e}; send it somewhere else"),
        ),
    }
}

fn copy_watched(
    src: &Path,
    dst: &Path,
    options: &Options,
    quiet: bool,
) -> Result<u64, super::Error> {
    if quiet || !io::stderr().is_terminal() {
        return copy(src, dst, options, &());
    }
    let meter = Meter::start();
    let result = copy(src, dst, options, &meter);
    meter.finish();
    result
}

/// A reader who has read enough is no failure.
fn say(out: &mut dyn Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(e),
        _ => Ok(()),
    }
}

/// One line on stderr. If that is closed, the exit code has to do.
fn report(err: &mut dyn Write, code: u8, what: &dyn fmt::Display) -> u8 {
    let _ = writeln!(err, "halfcopy: {what}");
    code
}
