//! What a client leaves behind for the next one in case it is killed: a file by which that one is the same person.
//!
//! What always holds here: the file is its owner's alone, it is whole or empty, and one program at a time uses it. It is
//! gone once its owner has left the room, and where this program made it and never came in.

use super::face::Face;
use crate::cli::ClientOptions;
use crate::limits;
use crate::seal::Key;
use crate::session::{Past, Session};
use crate::text::screen::harmless_path;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first word of the file.
const MAGIC: &str = "chatroom-resume-2";
/// How often the place in the log is noted, at most.
const PAUSE: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Keepsake {
    file: PathBuf,
    /// What `--name` says, or said to the program before; nothing where a person was asked.
    given: String,
    /// Locked as long as this program runs, whether or not its content is known by now.
    held: Option<File>,
    /// This program made it.
    made: bool,
    /// What stands in it.
    written: Option<(String, Past)>,
    /// When it was written last, or was to be.
    at: Duration,
    /// It could not be.
    failed: bool,
}

impl Drop for Keepsake {
    fn drop(&mut self) {
        self.forget();
    }
}

/// What is to be left behind, if that is asked for; or what is wrong with the file, and the remedy.
pub(super) fn begin(options: &ClientOptions) -> Result<Option<Keepsake>, String> {
    let Some(file) = &options.resume else {
        return Ok(None);
    };
    let lang = options.lang;
    let keepsake = Keepsake::open(file.clone(), options.name.as_deref()).map_err(|error| {
        let remedy = if error.kind() == ErrorKind::WouldBlock {
            lang.pick(
                "另一个 chat-client 正在使用它；请换一个文件",
                "in use by another chat-client; name another file",
            )
            .to_owned()
        } else {
            let remedy = lang.pick(
                "请换一个文件，或将它删除后作为新人进入",
                "name another file, or remove it to come in as someone new",
            );
            format!("{error}; {remedy}")
        };
        format!("--resume {}: {remedy}", harmless_path(file))
    })?;
    Ok(Some(keepsake))
}

/// The session to begin with: as the one of before, if there was one.
pub(super) fn session(
    options: &ClientOptions,
    face: &dyn Face,
    name: &str,
    seed: u64,
    past: Option<Past>,
) -> Session {
    let default = [0, limits::HISTORY_WANTED][usize::from(face.wants_history())];
    let history = options.history.unwrap_or(default);
    let session = Session::new(Duration::ZERO, name, history as u16, seed);
    match past {
        Some(past) => session.with_past(past),
        None => session,
    }
}

/// Who one was, and the name that was given at the beginning. Two lines: the log's epoch, the key, the next event and the
/// name; the name that was given.
fn parse(text: &str) -> Option<(String, Past, String)> {
    let (line, given) = text.strip_suffix('\n')?.split_once('\n')?;
    let mut words = line.splitn(5, ' ');
    let mut word = || words.next();
    if word()? != MAGIC {
        return None;
    }
    let past = Past {
        epoch: u64::from_str_radix(word()?, 16).ok()?,
        resume: Key::from_bytes(u128::from_str_radix(word()?, 16).ok()?.to_be_bytes()),
        next: word()?.parse().ok()?,
    };
    let name = word()?;
    let well = !name.is_empty() && !given.contains('\n');
    well.then(|| (name.to_owned(), past, given.to_owned()))
}

fn lines(name: &str, past: &Past, given: &str) -> String {
    let key = u128::from_be_bytes(past.resume.to_bytes());
    let (epoch, next) = (past.epoch, past.next);
    format!("{MAGIC} {epoch:016x} {key:032x} {next} {name}\n{given}\n")
}

impl Keepsake {
    /// Of the file, empty if it was not there, and of what another program left in it, unless another name is given now
    /// than it had, or was given. `WouldBlock`: that one still runs.
    fn open(file: PathBuf, name: Option<&str>) -> io::Result<Keepsake> {
        let mut keepsake = Keepsake {
            file,
            given: name.unwrap_or_default().to_owned(),
            held: None,
            made: false,
            written: None,
            at: Duration::ZERO,
            failed: false,
        };
        let (mut held, made) = open_or_make(&keepsake.file)?;
        let foreign = || io::Error::new(ErrorKind::InvalidData, "not written by chat-client");
        // A device or a pipe is not to be replaced.
        if !held.metadata()?.is_file() {
            return Err(foreign());
        }
        lock(&held)?;
        if !is_at(&held, &keepsake.file) {
            // Whoever had it until now has left meanwhile, or has written it anew.
            return Err(ErrorKind::WouldBlock.into());
        }
        let mut text = String::new();
        held.read_to_string(&mut text)?;
        (keepsake.held, keepsake.made) = (Some(held), made);
        if text.is_empty() {
            return Ok(keepsake);
        }
        let (had, past, given) = parse(&text).ok_or_else(foreign)?;
        if name.is_none_or(|name| name == had || name == given) {
            keepsake.written = Some((had, past));
        }
        keepsake.given = name.map_or(given, str::to_owned);
        Ok(keepsake)
    }

    /// Who one was, if one is that person again, and where.
    pub(super) fn written(&self) -> Option<&(String, Past)> {
        self.written.as_ref()
    }

    /// Writes what has changed: who one is at once; how far one has read, and what could not be written, after a pause.
    /// Gives the first error, and of which file.
    pub(super) fn note(&mut self, now: Duration, name: &str, past: Past) -> Result<(), String> {
        let known = self
            .written
            .as_ref()
            .map(|(name, past)| (name.as_str(), *past));
        let early = now < self.at + PAUSE;
        let same = known.is_some_and(|(known, old)| {
            let moved = Past {
                next: past.next,
                ..old
            };
            known == name && moved == past && (old == past || early)
        });
        if same || self.failed && early {
            return Ok(());
        }
        self.at = now;
        let written = self.write(&lines(name, &past, &self.given));
        let was_failing = std::mem::replace(&mut self.failed, written.is_err());
        match written {
            Ok(()) => self.written = Some((name.to_owned(), past)),
            Err(error) if !was_failing => {
                return Err(format!("{}: {error}", harmless_path(&self.file)));
            }
            Err(_) => (),
        }
        Ok(())
    }

    /// Beside the file first, so that it is whole or not there.
    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut beside = self.file.clone().into_os_string();
        beside.push(".new");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // One that was killed while it wrote has left its own.
        let _ = fs::remove_file(&beside);
        let mut new = owners_alone(&mut options).open(&beside)?;
        lock(&new)?;
        let written = new.write_all(text.as_bytes());
        let renamed = written.and_then(|()| fs::rename(&beside, &self.file));
        renamed.inspect_err(|_| drop(fs::remove_file(&beside)))?;
        self.held = Some(new);
        Ok(())
    }

    /// Its owner has left.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.file);
    }

    /// The program ends: what it made and nobody needs goes, while it is locked, so that nobody else has it.
    pub(super) fn forget(&self) {
        let held = self.held.as_ref().filter(|_| self.made);
        if self.written.is_none() && held.is_some_and(|held| is_at(held, &self.file)) {
            self.remove();
        }
    }
}

/// The file, and whether it was not there.
fn open_or_make(file: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    owners_alone(options.read(true).append(true));
    match options.create_new(true).open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let there = options.create_new(false).create(true).open(file)?;
            Ok((there, false))
        }
        made => Ok((made?, true)),
    }
}

/// Whether this file is the one of that name, as far as the system tells.
fn is_at(held: &File, file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let same = |held: fs::Metadata, there: fs::Metadata| {
            (held.dev(), held.ino()) == (there.dev(), there.ino())
        };
        let both = held
            .metadata()
            .and_then(|held| Ok((held, fs::metadata(file)?)));
        both.is_ok_and(|(held, there)| same(held, there))
    }
    #[cfg(not(unix))]
    {
        let _ = (held, file);
        true
    }
}

fn owners_alone(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Where a file system has no locks, nobody is kept out.
fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let past = Past {
            epoch: 7,
            resume: Key::from_bytes([200; 16]),
            next: u64::MAX,
        };
        let written = lines("小 明", &past, "大 明");
        let read = Some(("小 明".to_owned(), past, "大 明".to_owned()));
        assert_eq!(parse(&written), read);
        assert!(parse(&lines("小 明", &past, "")).is_some());
        for end in 0..written.len() {
            if let Some(cut) = written.get(..end) {
                assert_eq!(parse(cut), None, "{cut}");
            }
        }
        assert_eq!(parse(&written.replace('7', "x")), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_put_in_the_place_of_another_is_told_from_it() {
        let file = std::env::temp_dir().join(format!("keepsake-place-{}", std::process::id()));
        let (held, made) = open_or_make(&file).expect("it can be made");
        assert!(made && is_at(&held, &file));
        fs::remove_file(&file).expect("it is there");
        assert!(!is_at(&held, &file));
        let (other, made) = open_or_make(&file).expect("it can be made again");
        assert!(made && is_at(&other, &file) && !is_at(&held, &file));
        let (_, made) = open_or_make(&file).expect("it can be opened");
        assert!(!made);
        fs::remove_file(&file).expect("it is there");
    }

    #[test]
    fn what_cannot_be_written_is_told_once_and_names_the_file() {
        let folder = std::env::temp_dir().join(format!("keepsake-{}", std::process::id()));
        fs::create_dir(&folder).expect("a folder");
        let file = folder.join("f");
        let mut keepsake = Keepsake::open(file.clone(), None).expect("it can be made");
        fs::remove_dir_all(&folder).expect("gone");
        let past = Past {
            epoch: 1,
            resume: Key::from_bytes([1; 16]),
            next: 1,
        };
        let told = keepsake.note(Duration::ZERO, "Ann", past);
        assert!(told.is_err_and(|told| told.starts_with(&format!("{}: ", file.display()))));
        assert_eq!(keepsake.note(PAUSE, "Bob", past), Ok(()));
        // It is tried again, but not at once.
        fs::create_dir(&folder).expect("a folder");
        assert_eq!(keepsake.note(PAUSE, "Bob", past), Ok(()));
        assert!(!file.exists());
        assert_eq!(keepsake.note(2 * PAUSE, "Bob", past), Ok(()));
        let written = fs::read_to_string(&file).expect("it could be written");
        assert_eq!(written, lines("Bob", &past, ""));
        fs::remove_dir_all(&folder).expect("gone");
    }
}
