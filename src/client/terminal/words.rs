//! What Tab completes: the names of who is here, and the commands.

use crate::editor::words;
use crate::text::screen::harmless;
use parking_lot::Mutex;
use std::collections::BTreeSet;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Words {
    names: Mutex<BTreeSet<String>>,
}

impl Words {
    /// This one is here. What is no name of a sound server is not offered: it would be written to the terminal as it is.
    pub(super) fn add(&self, name: &str) {
        if !is_harmless(name) {
            return;
        }
        let mut names = self.names.lock();
        // Whoever was seen to enter, however many: the room has a bound, and so has what is remembered of it.
        if names.len() < crate::limits::MEMBERS_MOST {
            names.insert(name.to_owned());
        }
    }

    /// This one is gone.
    pub(super) fn remove(&self, name: &str) {
        self.names.lock().remove(name);
    }

    /// These are here, and no others.
    pub(super) fn set(&self, names: impl Iterator<Item = String>) {
        *self.names.lock() = names.filter(|name| is_harmless(name)).collect();
    }

    /// Where the word before `pos` begins, and what it may become.
    pub(super) fn complete(&self, line: &str, pos: usize) -> (usize, Vec<String>) {
        words::complete((line, pos), super::commands::names(), |command| {
            let names = self.names.lock();
            names.iter().map(|name| written(command, name)).collect()
        })
    }
}

/// A name as it is written behind a command: in quotes where it would end at its first space.
fn written(command: &str, name: &str) -> String {
    match command == "msg" && name.contains(' ') {
        true => format!("\"{name}\""),
        false => name.to_owned(),
    }
}

fn is_harmless(name: &str) -> bool {
    harmless(name) == name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(line: &str) -> (usize, Vec<String>) {
        let words = Words::default();
        for name in ["小明", "小红", "Ann", "anna", "Bo Li"] {
            words.add(name);
        }
        words.complete(line, line.len())
    }

    #[test]
    fn what_would_move_the_terminal_is_not_offered() {
        let words = Words::default();
        words.add("\u{1b}]0;x\u{7}Eve");
        assert!(words.complete("", 0).1.is_empty());
        words.set(["Eve\u{202e}".to_owned(), "Ann".to_owned()].into_iter());
        assert_eq!(words.complete("", 0).1, ["Ann："]);
    }

    #[test]
    fn names_and_commands() {
        assert_eq!(complete("小明"), (0, vec!["小明：".to_owned()]));
        assert_eq!(
            complete("AN"),
            (0, vec!["Ann：".to_owned(), "anna：".to_owned()])
        );
        assert_eq!(complete("问 小红").1, ["小红 "]);
        assert_eq!(complete("/wh").1, ["/who ", "/who-got "]);
        assert_eq!(complete("没人").1, [""; 0]);
        assert_eq!(complete("/msg 小明").1, ["小明 "]);
        assert_eq!(complete("/msg bo l"), (5, vec!["\"Bo Li\" ".to_owned()]));
        assert_eq!(complete("/msg \"bo"), (5, vec!["\"Bo Li\" ".to_owned()]));
        assert_eq!(complete("/msg “bo"), (5, vec!["\"Bo Li\" ".to_owned()]));
        assert_eq!(complete("/ignore bo"), (8, vec!["Bo Li ".to_owned()]));
        assert_eq!(complete("/msg 小明 问@小红").1, ["小红 "]);
    }
}
