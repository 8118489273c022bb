//! Writes the body of a Down, event by event; [`super::events`] reads it and says what it holds.

use super::bytes::{difference_size, varint_size};
use super::events::code;
use super::{Failure, Named, What, Writer};
use crate::limits;

/// An event taken apart for the wire, in the order in which its parts travel.
#[derive(Default)]
struct Parts<'a> {
    code: u64,
    author: Option<&'a str>,
    /// Which of the further events, if it is one.
    further: Option<u8>,
    number: Option<u64>,
    text: Option<&'a str>,
    failure: Option<Failure>,
}

impl<'a> From<What<'a>> for Parts<'a> {
    fn from(what: What<'a>) -> Parts<'a> {
        let none = Parts::default();
        let of = |code, author| Parts {
            code,
            author: Some(author),
            ..Parts::default()
        };
        let further = |which, author, text| Parts {
            further: Some(which),
            text: Some(text),
            ..of(code::FURTHER, author)
        };
        let bare = |which, number| Parts {
            code: code::BARE,
            further: Some(which),
            number: Some(number),
            ..Parts::default()
        };
        match what {
            What::Said(author, text) => Parts {
                text: Some(text),
                ..of(code::SAID, author)
            },
            What::Entered(author) => of(code::ENTERED, author),
            What::Left(author) => of(code::LEFT, author),
            What::Announced(text) => Parts {
                code: code::ANNOUNCED,
                text: Some(text),
                ..none
            },
            What::Yours(number) => Parts {
                code: code::YOURS,
                number: Some(number),
                ..none
            },
            What::Gap(number) => Parts {
                code: code::GAP,
                number: Some(number),
                ..none
            },
            What::Acted(author, text) => further(code::ACTED, author, text),
            What::Whispered(author, text) => further(code::WHISPERED, author, text),
            What::Renamed(author, name) => further(code::RENAMED, author, name),
            What::Hidden(count) => bare(code::HIDDEN, count),
            What::YourName(number, name) => Parts {
                text: Some(name),
                ..bare(code::YOUR_NAME, number)
            },
            What::Failed(number, failure) => Parts {
                failure: Some(failure),
                ..bare(code::FAILED, number)
            },
        }
    }
}

/// An event as the room keeps it: the author by a number too, so that it is found without comparing names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<'a> {
    /// When it was ordered, in milliseconds since 1970.
    pub unix_ms: u64,
    /// Tells authors apart within one room; not looked at where there is no author.
    pub author: u64,
    /// The number that these words have among their author's utterances; 0: they are no words.
    pub utterance: u64,
    /// What happened.
    pub what: What<'a>,
}

/// Writes the body of a Down behind what stands in `to`, event by event, as far as the datagram goes.
#[derive(Debug)]
pub struct DownEncoder<'b> {
    to: &'b mut Vec<u8>,
    most: usize,
    begun: bool,
    unix_ms: u64,
    authors: &'b mut Vec<Named>,
}

impl<'b> DownEncoder<'b> {
    /// Begins a body; `most` is how long `to` may grow. `authors` tells in the end which authors have an index.
    pub fn new(to: &'b mut Vec<u8>, authors: &'b mut Vec<Named>, most: usize) -> Self {
        authors.clear();
        DownEncoder {
            to,
            most,
            begun: false,
            unix_ms: 0,
            authors,
        }
    }

    /// Adds the event of this number, which follows the one before; false if it does not fit.
    pub fn push(&mut self, number: u64, event: &Stored<'_>) -> bool {
        // Nearly all events are words: compiled by itself, this looks for no part that words do not have.
        if let What::Said(author, text) = event.what {
            let parts = Parts {
                code: code::SAID,
                author: Some(author),
                text: Some(text),
                ..Parts::default()
            };
            return self.write(number, event, &parts);
        }
        self.write(number, event, &Parts::from(event.what))
    }

    #[inline(always)]
    fn write(&mut self, number: u64, event: &Stored<'_>, parts: &Parts<'_>) -> bool {
        let since = event.unix_ms.wrapping_sub(self.unix_ms) as i64;
        let later = if self.begun { since } else { 0 };
        let Parts {
            code,
            author,
            further,
            number: count,
            text,
            failure,
        } = *parts;
        let index = match author {
            Some(_) => self
                .authors
                .iter()
                .position(|named| named.author == event.author)
                .map_or(0, |i| i as u64 + 1),
            None => 0,
        };
        let inline = author.filter(|_| index == 0);
        let size = if self.begun {
            0
        } else {
            varint_size(number) + varint_size(event.unix_ms)
        } + varint_size(index << 3 | code)
            + inline.map_or(0, |name| 1 + name.len())
            + difference_size(later)
            + usize::from(further.is_some())
            + count.map_or(0, varint_size)
            + text.map_or(0, |text| varint_size(text.len() as u64) + text.len())
            + failure.map_or(0, |failure| failure.codes().len());
        if self.to.len() + size > self.most {
            return false;
        }
        let mut writer = Writer::new(self.to);
        if !self.begun {
            writer.varint(number).varint(event.unix_ms);
        }
        writer.varint(index << 3 | code);
        if let Some(name) = inline {
            writer.text(name);
            if self.authors.len() < limits::INDEXED_AUTHORS {
                self.authors.push(Named {
                    author: event.author,
                    utterance: event.utterance,
                });
            }
        }
        writer.difference(later);
        if let Some(which) = further {
            writer.u8(which);
        }
        if let Some(count) = count {
            writer.varint(count);
        }
        if let Some(text) = text {
            writer.text(text);
        }
        if let Some(failure) = failure {
            writer.bytes(&failure.codes());
        }
        self.begun = true;
        self.unix_ms = event.unix_ms;
        true
    }
}
