//! What the datagrams of several members have in common: a run of events, encoded and digested once.

use super::log::Log;
use super::member::{Member, MemberId};
use crate::limits;
use crate::link::Run;
use crate::seal::{self, Digest};
use crate::wire::{DownEncoder, Named, Own};

/// An encoded run of events, with room for a head in front.
#[derive(Debug)]
pub(super) struct Body {
    first: u64,
    pub(super) end: u64,
    /// Bytes that the datagram may have.
    size: usize,
    /// No further event would have fitted.
    pub(super) full: bool,
    /// The authors that have an index in there, if one of them says something: the names of mere newcomers are not worth
    /// the memory.
    authors: Vec<Named>,
    /// None of them does, but all indices are given, and someone without one may.
    crowded: bool,
    pub(super) frame: Vec<u8>,
    pub(super) digest: Digest,
}

impl Body {
    pub(super) fn empty() -> Body {
        let frame = vec![0; limits::DOWN_HEAD];
        Body {
            first: 0,
            end: 0,
            size: limits::DATAGRAM,
            full: false,
            authors: Vec::new(),
            crowded: false,
            frame,
            digest: seal::digest(&[]),
        }
    }

    /// Which of the bodies is for a run from this event on, in datagrams of this step's size. Datagrams that follow each other
    /// often have equally many events, 128 of them where people with short names come in: their bodies lie in different places.
    pub(super) fn place(first: u64, step: usize) -> usize {
        let sizes = limits::DATAGRAM_SIZES.len();
        (first as usize).wrapping_mul(sizes).wrapping_add(step) % limits::BODIES
    }

    /// Whether this is what one would encode for the run.
    pub(super) fn serves(&self, run: Run, size: usize) -> bool {
        self.first == run.first
            && self.size == size
            && (self.end == run.end || (self.full && self.end < run.end))
    }

    pub(super) fn encode(
        &mut self,
        log: &Log,
        (run, size): (Run, usize),
        reader: MemberId,
        authors: &mut Vec<Named>,
        even: bool,
    ) {
        self.frame.truncate(limits::DOWN_HEAD);
        let mut encoder = DownEncoder::new(&mut self.frame, authors, size);
        self.first = run.first;
        self.size = size;
        self.end = log.encode((run.first, run.end), reader, &mut encoder);
        self.full = self.end < run.end;
        // Whom a notice named reads it apart.
        let speak = authors.iter().any(Named::has_words);
        self.crowded = !speak && authors.len() == limits::INDEXED_AUTHORS;
        self.authors.clear();
        if speak {
            self.authors.extend_from_slice(authors);
        }
        if even && self.full {
            self.frame.resize(size, 0);
        }
        self.digest = seal::digest(&self.frame[limits::DOWN_HEAD..]);
    }

    /// What in here is the member's own, if the head can say it.
    pub(super) fn own(&self, member: &Member) -> Option<Own> {
        if member.last_words < self.first {
            return Some(Own::default());
        }
        if self.crowded {
            return None;
        }
        Own::of(member.rest.author.label, &self.authors, member.received())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_bodies_of_datagrams_that_follow_each_other_do_not_push_each_other_out() {
        let window = u64::from(limits::WINDOW_MOST);
        let bodies = limits::BODIES as u64;
        for events in (1..1000u64).filter(|events| !events.is_multiple_of(bodies)) {
            let runs = (0..window).map(|number| Body::place(1000 + number * events, 0));
            assert_eq!(
                runs.collect::<BTreeSet<_>>().len() as u64,
                window,
                "{events}"
            );
        }
    }
}
