//! Puts what arrives into its order: items once each, and those that came early when the gap has closed.

use std::collections::BTreeMap;

/// Runs of items on their way into order. `T` is what a run carries; at most so many that come early are kept.
#[derive(Debug)]
pub struct Inbox<T, const MOST: usize> {
    next: u64,
    early: BTreeMap<u64, (u64, T)>,
}

impl<T, const MOST: usize> Inbox<T, MOST> {
    /// Waits for item `next`.
    pub fn new(next: u64) -> Inbox<T, MOST> {
        Inbox {
            next,
            early: BTreeMap::new(),
        }
    }

    /// The item that is waited for.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The first item that came after a gap; 0 if there is no gap.
    pub fn gap_end(&self) -> u64 {
        self.early.first_key_value().map_or(0, |(first, _)| *first)
    }

    /// Runs that came early and are kept.
    pub fn early(&self) -> usize {
        self.early.len()
    }

    /// Takes the items from `first` to before `end`; false if they came before, or too early to be kept.
    /// What is now in order comes from [`Inbox::pop`].
    pub fn insert(&mut self, first: u64, end: u64, run: T) -> bool {
        if end <= self.next || first >= end {
            return false;
        }
        if let Some((known, _)) = self.early.get(&first) {
            if *known >= end {
                return false;
            }
        } else if first > self.next && self.early.len() >= MOST {
            return false;
        }
        self.early.insert(first, (end, run));
        true
    }

    /// The next run in order, and its first item that was not delivered before.
    pub fn pop(&mut self) -> Option<(u64, T)> {
        loop {
            let entry = self.early.first_entry()?;
            if *entry.key() > self.next {
                return None;
            }
            let (end, run) = entry.remove();
            if end > self.next {
                let from = std::mem::replace(&mut self.next, end);
                return Some((from, run));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain<const MOST: usize>(inbox: &mut Inbox<char, MOST>) -> Vec<(u64, char)> {
        std::iter::from_fn(|| inbox.pop()).collect()
    }

    #[test]
    fn puts_runs_into_order() {
        let mut inbox = Inbox::<_, 4>::new(1);
        assert!(inbox.insert(3, 5, 'b'));
        assert_eq!(
            (drain(&mut inbox), inbox.gap_end(), inbox.next()),
            (vec![], 3, 1)
        );
        assert!(!inbox.insert(3, 5, 'b'), "a second time");
        assert!(inbox.insert(1, 3, 'a'));
        assert_eq!(drain(&mut inbox), [(1, 'a'), (3, 'b')]);
        assert_eq!((inbox.gap_end(), inbox.next()), (0, 5));
        assert!(!inbox.insert(1, 3, 'a'), "a late copy");
    }

    #[test]
    fn runs_that_overlap_deliver_each_item_once() {
        let mut inbox = Inbox::<_, 4>::new(1);
        assert!(inbox.insert(2, 6, 'b') && inbox.insert(4, 9, 'c') && inbox.insert(1, 4, 'a'));
        assert_eq!(drain(&mut inbox), [(1, 'a'), (4, 'b'), (6, 'c')]);
        assert_eq!(inbox.next(), 9);
    }

    #[test]
    fn keeps_no_more_than_its_bound_but_always_what_is_next() {
        let mut inbox = Inbox::<_, 2>::new(1);
        assert!(inbox.insert(5, 6, 'x') && inbox.insert(3, 4, 'y'));
        assert!(!inbox.insert(7, 8, 'z'), "full");
        assert!(inbox.insert(1, 3, 'a'), "the next one fits always");
        assert_eq!(drain(&mut inbox).len(), 2);
        assert!(!inbox.insert(9, 9, 'e'), "empty");
    }
}
