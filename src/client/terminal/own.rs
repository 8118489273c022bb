//! One's own lines on their way: what was sent and is not yet in the log.
//!
//! What always holds: a line is shown as ordered at its place in the log, as everyone sees it, and not before; one
//! that takes long is shown as waiting meanwhile; one that came to nothing is shown as such, with its text.

use crate::limits;
use std::collections::VecDeque;
use std::time::Duration;

/// One of one's own lines.
#[derive(Debug)]
struct Line {
    /// Its count among the session's wishes.
    count: u64,
    /// As it is shown, without its mark; nothing for what is not shown, such as a renaming.
    text: Option<String>,
    sent_at: Duration,
    ordered: bool,
    /// It has been shown as waiting.
    shown: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Own {
    lines: VecDeque<Line>,
}

impl Own {
    /// Another line was sent.
    pub(super) fn sent(&mut self, now: Duration, count: u64, text: Option<String>) {
        self.lines.push_back(Line {
            count,
            text,
            sent_at: now,
            ordered: false,
            shown: false,
        });
    }

    /// The server has ordered everything up to this count; where in the log is still to come.
    pub(super) fn ordered(&mut self, count: u64) {
        let lines = self.lines.iter_mut().take_while(|line| line.count <= count);
        lines.for_each(|line| line.ordered = true);
        // What is not shown has nothing to wait for.
        self.lines
            .retain(|line| !line.ordered || line.text.is_some());
    }

    /// The line of this count has come back, from its place in the log, or with what went wrong. Gives its text.
    pub(super) fn take(&mut self, count: u64) -> Option<String> {
        let at = self.lines.iter().position(|line| line.count == count)?;
        self.lines.remove(at)?.text
    }

    /// What is ordered, and whose place in the log will not be told any more.
    pub(super) fn take_ordered(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while self.lines.front().is_some_and(|line| line.ordered) {
            texts.extend(self.lines.pop_front().and_then(|line| line.text));
        }
        texts
    }

    /// Everything that is not ordered: it is over.
    pub(super) fn take_rest(&mut self) -> Vec<String> {
        self.lines.drain(..).filter_map(|line| line.text).collect()
    }

    /// Whether something is not ordered.
    pub(super) fn is_waiting(&self) -> bool {
        self.lines.iter().any(|line| !line.ordered)
    }

    /// Lines that have waited for long, or all that wait, and were not yet shown as waiting.
    pub(super) fn late(&mut self, now: Duration, all: bool) -> Vec<String> {
        let late = |line: &&mut Line| {
            let long = now >= line.sent_at + limits::WAITING_SHOWN;
            !line.shown && !line.ordered && (all || long)
        };
        let lines = self.lines.iter_mut().filter(late);
        lines
            .filter_map(|line| {
                line.shown = true;
                line.text.clone()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_late_once_and_comes_back_once() {
        let mut own = Own::default();
        let second = Duration::from_secs(1);
        own.sent(Duration::ZERO, 1, Some("a".into()));
        own.sent(second, 2, Some("b".into()));
        assert!(own.is_waiting() && own.late(second / 2, false).is_empty());
        assert_eq!(own.late(second, false), ["a"]);
        assert_eq!(own.late(second, false), [""; 0]);
        own.ordered(1);
        assert_eq!(own.late(second, true), ["b"]);
        assert_eq!(own.take(1).as_deref(), Some("a"));
        assert_eq!(own.take(1), None);
        own.ordered(2);
        assert!(!own.is_waiting());
        own.sent(second, 3, Some("c".into()));
        assert_eq!(own.take_ordered(), ["b"]);
        assert_eq!(own.take_rest(), ["c"]);
    }
}
