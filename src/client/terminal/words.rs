//! What Tab completes: the names of who is here, and the commands.

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
        let before = line.get(..pos).unwrap_or(line);
        if let Some(command) = before.strip_prefix('/')
            && !command.contains([' ', '/'])
        {
            return (0, super::commands::beginning_with(command));
        }
        let names = self.names.lock();
        let fitting = |word: &str, shape: &dyn Fn(&str) -> String| -> Vec<String> {
            let names = names.iter().filter(|name| begins(name, word));
            names.map(|name| shape(name)).collect()
        };
        // Whom a command is for: a name with spaces stands in quotes there.
        if before.starts_with('/')
            && !before.starts_with("//")
            && let Some((command, argument)) = before.split_once(' ')
        {
            let whole = fitting(
                argument.trim_start_matches('"'),
                &|name| match name.contains(' ') {
                    true => format!("\"{name}\" "),
                    false => format!("{name} "),
                },
            );
            if !whole.is_empty() {
                return (command.len() + 1, whole);
            }
        }
        match before.rfind([' ', '\n', '@']) {
            Some(at) => (
                at + 1,
                fitting(&before[at + 1..], &|name| format!("{name} ")),
            ),
            None => (0, fitting(before, &|name| format!("{name}："))),
        }
    }
}

/// Whether `name` begins with `word`, in whatever case.
fn begins(name: &str, word: &str) -> bool {
    name.to_lowercase().starts_with(&word.to_lowercase())
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
