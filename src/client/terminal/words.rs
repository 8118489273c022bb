//! What Tab completes: the names of who is here, and the commands.

use crate::editor::words;
use parking_lot::Mutex;
use std::collections::BTreeSet;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Words {
    names: Mutex<BTreeSet<String>>,
}

impl Words {
    /// This one is here.
    pub(super) fn add(&self, name: &str) {
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
        *self.names.lock() = names.collect();
    }

    /// Where the word before `pos` begins, and what it may become.
    pub(super) fn complete(&self, line: &str, pos: usize) -> (usize, Vec<String>) {
        words::complete(
            (line, pos),
            super::commands::names(),
            |_| self.names.lock().iter().cloned().collect(),
            // A name with spaces stands in quotes there.
            |_, name| match name.contains(' ') {
                true => format!("\"{name}\""),
                false => name.to_owned(),
            },
        )
    }
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
        assert_eq!(complete("/msg 小明 问@小红").1, ["小红 "]);
    }
}
