//! Which of the words in a Down are its reader's own.
//!
//! What always holds here: this stands in the head, so that one body serves all who read it; and it marks words alone,
//! said or done, that follow each other without another utterance between them.

use super::{Malformed, Sealed, What};
use crate::limits;

/// An author that has an index in a body.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    pub(super) author: u64,
    /// The number of the utterance with which it was named.
    pub(super) utterance: u64,
}

impl Named {
    /// Whether it was named for something that it said or did.
    pub fn has_words(&self) -> bool {
        self.utterance > 0
    }
}

/// Which of the words in a body are its reader's own, as the head of a Down says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The reader's index among the authors of the body; 0: nothing in there is the reader's, unless it is marked so.
    pub author: u8,
    /// The number of the reader's first utterance in there, counted back from the last one that was heard. The
    /// others follow each other.
    pub back: u16,
}

impl Own {
    /// What is the own of a reader, of whom so many utterances were heard, in a body with these authors; `None`: the head
    /// cannot say it.
    pub fn of(author: u64, authors: &[Named], heard: u64) -> Option<Own> {
        let mut indexed = authors.iter().zip(1..);
        let Some((named, index)) = indexed.find(|(named, _)| named.author == author) else {
            // Later authors have no index.
            return (authors.len() < limits::INDEXED_AUTHORS).then(Own::default);
        };
        let back = heard.checked_sub(named.utterance)?.try_into().ok()?;
        named.has_words().then_some(Own {
            author: index,
            back,
        })
    }
}

/// Makes marks of the words that are the reader's own by the head.
pub(super) struct Marks {
    author: u64,
    heard: u64,
    /// How many utterances there are from the next one on.
    left: u64,
    missing: bool,
}

impl Marks {
    pub(super) fn new(sealed: &Sealed<'_>) -> Result<Marks, Malformed> {
        let (Own { author, back }, heard) = (sealed.own, sealed.heard);
        let (back, some) = (u64::from(back), author != 0);
        // Utterances are numbered from 1 on; without an author there is one way to say it.
        if (some && back >= heard) || (!some && back != 0) {
            return Err(Malformed::Number);
        }
        Ok(Marks {
            author: author.into(),
            heard,
            left: back + 1,
            missing: some,
        })
    }

    /// Whether the head speaks of words that have not come.
    pub(super) fn are_missing(&self) -> bool {
        self.missing
    }

    /// The event as it is told to the reader, by the index of its author, 0 if it has none.
    pub(super) fn mark<'a>(&mut self, author: u64, what: What<'a>) -> Result<What<'a>, Malformed> {
        if author == 0 || author != self.author {
            return Ok(what);
        }
        let (What::Said(..) | What::Acted(..)) = what else {
            return Err(Malformed::Code);
        };
        self.missing = false;
        self.left = self.left.checked_sub(1).ok_or(Malformed::Number)?;
        Ok(What::Yours(self.heard - self.left))
    }
}
