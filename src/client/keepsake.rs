//! What a client leaves behind for the next one in case it is killed: a file by which that one is the same person.
//!
//! What always holds here: the file is its owner's alone, and it is whole or not there. It is gone once its owner has left the
//! room.

use super::face::Face;
use crate::cli::ClientOptions;
use crate::limits;
use crate::seal::Key;
use crate::session::{Past, Session};
use parking_lot::Mutex;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first word of the file.
const MAGIC: &str = "chatroom-resume-1";
/// How often the place in the log is noted, at most.
const PAUSE: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Keepsake {
    file: PathBuf,
    written: Option<(String, Past)>,
    at: Duration,
    failed: bool,
}

/// What this program is to leave behind, if it is asked to.
pub(super) fn begin(options: &ClientOptions) -> Option<Mutex<Keepsake>> {
    let file = options.resume.clone()?;
    Some(Mutex::new(Keepsake::new(file)))
}

/// Who one was before the program was killed, if it left that behind; or what is wrong with it, and the remedy.
pub(super) fn recall(options: &ClientOptions) -> Result<Option<(String, Past)>, String> {
    let Some(file) = &options.resume else {
        return Ok(None);
    };
    read(file).map_err(|error| {
        let remedy = options.lang.pick(
            "请换一个文件，或将它删除后作为新人进入",
            "name another file, or remove it to come in as someone new",
        );
        format!("--resume {}: {error}; {remedy}", file.display())
    })
}

/// The session to begin with: as the one of before, if that had this name.
pub(super) fn session(
    options: &ClientOptions,
    face: &dyn Face,
    name: &str,
    seed: u64,
    kept: Option<(String, Past)>,
) -> Session {
    let default = [0, limits::HISTORY_WANTED][usize::from(face.wants_history())];
    let history = options.history.unwrap_or(default).min(limits::HISTORY);
    let session = Session::new(Duration::ZERO, name, history as u16, seed);
    match kept.filter(|(kept, _)| *kept == name) {
        Some((_, past)) => session.with_past(past),
        None => session,
    }
}

/// Who one was, if the file is there. One line: the log's epoch, the key, the next event, the name.
fn read(file: &Path) -> io::Result<Option<(String, Past)>> {
    match fs::read_to_string(file) {
        Ok(text) => match parse(&text) {
            Some(found) => Ok(Some(found)),
            None => Err(io::Error::new(
                ErrorKind::InvalidData,
                "not written by chat-client",
            )),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn parse(text: &str) -> Option<(String, Past)> {
    let mut words = text.strip_suffix('\n')?.splitn(5, ' ');
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
    (!name.is_empty() && !name.contains('\n')).then(|| (name.to_owned(), past))
}

fn line(name: &str, past: &Past) -> String {
    let key = u128::from_be_bytes(past.resume.to_bytes());
    let (epoch, next) = (past.epoch, past.next);
    format!("{MAGIC} {epoch:016x} {key:032x} {next} {name}\n")
}

impl Keepsake {
    fn new(file: PathBuf) -> Keepsake {
        Keepsake {
            file,
            written: None,
            at: Duration::ZERO,
            failed: false,
        }
    }

    /// Writes what has changed: who one is at once, how far one has read after a pause. Gives the first error, and of which file.
    pub(super) fn note(&mut self, now: Duration, name: &str, past: Past) -> Result<(), String> {
        let known = self
            .written
            .as_ref()
            .map(|(name, past)| (name.as_str(), *past));
        let same = known.is_some_and(|(known, old)| {
            let moved = Past {
                next: past.next,
                ..old
            };
            known == name && moved == past && (old == past || now < self.at + PAUSE)
        });
        if same {
            return Ok(());
        }
        self.at = now;
        self.written = Some((name.to_owned(), past));
        match self.write(&line(name, &past)) {
            Err(error) if !std::mem::replace(&mut self.failed, true) => {
                Err(format!("{}: {error}", self.file.display()))
            }
            _ => Ok(()),
        }
    }

    /// Beside the file first, so that it is whole or not there.
    fn write(&self, line: &str) -> io::Result<()> {
        let mut beside = self.file.clone().into_os_string();
        beside.push(".new");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One that was killed while it wrote has left its own.
        let _ = fs::remove_file(&beside);
        options.open(&beside)?.write_all(line.as_bytes())?;
        fs::rename(&beside, &self.file)
    }

    /// Its owner has left.
    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.file);
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
        let written = line("小 明", &past);
        assert_eq!(parse(&written), Some(("小 明".to_owned(), past)));
        for end in 0..written.len() {
            if let Some(cut) = written.get(..end) {
                assert_eq!(parse(cut), None, "{cut}");
            }
        }
        assert_eq!(parse(&written.replace('7', "x")), None);
    }

    #[test]
    fn what_cannot_be_written_is_told_once_and_names_the_file() {
        let file = std::env::temp_dir().join("no-such-folder-of-chatroom/f");
        let past = Past {
            epoch: 1,
            resume: Key::from_bytes([1; 16]),
            next: 1,
        };
        let mut keepsake = Keepsake::new(file.clone());
        let told = keepsake.note(Duration::ZERO, "Ann", past);
        assert!(told.is_err_and(|told| told.starts_with(&format!("{}: ", file.display()))));
        assert_eq!(keepsake.note(PAUSE, "Bob", past), Ok(()));
    }
}
