//! The body of a Down: a run of events from the log, as small as they can be told.
//!
//! What always holds here: a body can be read by itself. The first event's number and time stand once, then
//! times are differences; an author is named in full where it first speaks in the datagram and then goes by
//! its index. Zeros behind the last event say nothing. A member's own events come back to it as marks, in the body or
//! by its head ([`Own`](super::Own)); what is between others is a mark that says no more than how many numbers it takes.

use super::bytes::{difference_size, varint_size};
use super::own::{Marks, Named};
use super::{EventNumber, Failure, Malformed, Reader, Sealed, Stamps, Writer};
use crate::limits;

/// Codes in the low three bits of an event's first integer; the author's index stands above them.
mod code {
    pub(super) const SAID: u64 = 0;
    pub(super) const ENTERED: u64 = 1;
    pub(super) const LEFT: u64 = 2;
    pub(super) const ANNOUNCED: u64 = 3;
    pub(super) const YOURS: u64 = 4;
    pub(super) const GAP: u64 = 5;
    /// Further events of an author: a byte says which.
    pub(super) const FURTHER: u64 = 6;
    /// Further events without an author: a byte says which.
    pub(super) const BARE: u64 = 7;

    pub(super) const ACTED: u8 = 1;
    pub(super) const WHISPERED: u8 = 2;
    pub(super) const RENAMED: u8 = 3;

    pub(super) const HIDDEN: u8 = 1;
    pub(super) const YOUR_NAME: u8 = 2;
    pub(super) const FAILED: u8 = 3;
}

/// What the reader of a Down is told of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// Someone entered.
    Entered(&'a str),
    /// Someone said something.
    Said(&'a str, &'a str),
    /// Someone left.
    Left(&'a str),
    /// The operator said something.
    Announced(&'a str),
    /// Someone did something: `/me`.
    Acted(&'a str, &'a str),
    /// Someone said something to the reader alone.
    Whispered(&'a str, &'a str),
    /// Someone, so called until now, has another name from here on.
    Renamed(&'a str, &'a str),
    /// The reader's own: its utterance of this number, or 0 for its leaving.
    Yours(u64),
    /// The reader's own: from here on it has this name, by its utterance of this number, or 0: by entering.
    YourName(u64, &'a str),
    /// The reader's own utterance of this number was ordered and came to nothing.
    Failed(u64, Failure),
    /// So many events, from this one's number on, are between others.
    Hidden(u64),
    /// So many events, from this one's number on, are no longer in the log.
    Gap(u64),
}

/// One event as the reader of a Down sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its number in the log; of a gap, the first.
    pub number: EventNumber,
    /// When the server ordered it, in milliseconds since 1970 by the server's clock.
    pub unix_ms: u64,
    /// What happened.
    pub what: What<'a>,
}

/// Server: what you have been heard saying, and the events from your cursor on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down<'a> {
    /// Utterances of the reader that the server has.
    pub heard: u64,
    /// Of these, how many are not yet ordered: they are held back, and need not be sent again.
    pub waiting: u64,
    /// The sender would like an acknowledgement at once.
    pub answer: bool,
    /// What the round trip is measured by.
    pub stamps: Stamps,
    /// Events, in the log's order.
    pub events: Vec<Event<'a>>,
}

impl Down<'_> {
    /// The number after the last event's; 0 if there are none.
    pub fn end(&self) -> u64 {
        self.events.last().map_or(0, Event::end)
    }
}

impl Event<'_> {
    /// The number of the event after this one.
    pub fn end(&self) -> u64 {
        let count = match self.what {
            What::Gap(count) | What::Hidden(count) => count,
            _ => 1,
        };
        self.number.0.saturating_add(count)
    }
}

/// Reads the body of a verified Down.
pub fn decode_down<'a>(sealed: &Sealed<'a>) -> Result<Down<'a>, Malformed> {
    let mut down = Down {
        heard: sealed.heard,
        waiting: sealed.waiting(),
        answer: sealed.wants_answer(),
        stamps: sealed.stamps,
        events: Vec::new(),
    };
    if down.waiting > down.heard {
        return Err(Malformed::Number);
    }
    let mut marks = Marks::new(sealed)?;
    let mut reader = Reader::new(sealed.body);
    if reader.is_empty() && !marks.are_missing() {
        return Ok(down);
    }
    let mut number = reader.varint()?;
    let mut unix_ms = reader.varint()?;
    let mut authors: Vec<&str> = Vec::new();
    if number == 0 || reader.is_padding() {
        return Err(Malformed::Number);
    }
    // An event is never all zeros: the name of an author that is named in full is not empty.
    while !reader.is_padding() {
        let (what, author, later) = read_event(&mut reader, &mut authors)?;
        // The first event's time stands in front: there is one way to say it.
        if down.events.is_empty() && later != 0 {
            return Err(Malformed::Number);
        }
        unix_ms = unix_ms.wrapping_add_signed(later);
        let event = Event {
            number: EventNumber(number),
            unix_ms,
            what: marks.mark(author, what)?,
        };
        number = event.end();
        if number == u64::MAX {
            return Err(Malformed::Number);
        }
        down.events.push(event);
    }
    if marks.are_missing() {
        return Err(Malformed::Number);
    }
    Ok(down)
}

/// One event, the index of its author, if it has one, and the difference of its time to the one before.
fn read_event<'a>(
    reader: &mut Reader<'a>,
    authors: &mut Vec<&'a str>,
) -> Result<(What<'a>, u64, i64), Malformed> {
    let first = reader.varint()?;
    let (code, mut index) = (first & 7, first >> 3);
    let mut author = "";
    if code <= code::LEFT || code == code::FURTHER {
        author = match index.checked_sub(1) {
            None => {
                let name = reader.text(limits::NAME_BYTES)?;
                if authors.len() < limits::INDEXED_AUTHORS {
                    authors.push(name);
                    index = authors.len() as u64;
                }
                name
            }
            Some(known) => authors.get(known as usize).ok_or(Malformed::Number)?,
        };
    } else if index != 0 {
        return Err(Malformed::Number);
    }
    let later = reader.difference()?;
    let what = match code {
        code::SAID => What::Said(author, reader.text(limits::UTTERANCE_BYTES)?),
        code::ENTERED => What::Entered(author),
        code::LEFT => What::Left(author),
        code::ANNOUNCED => What::Announced(reader.text(limits::UTTERANCE_BYTES)?),
        code::YOURS => What::Yours(reader.varint()?),
        code::GAP => What::Gap(count(reader)?),
        code::FURTHER => match reader.u8()? {
            code::ACTED => What::Acted(author, reader.text(limits::UTTERANCE_BYTES)?),
            code::WHISPERED => What::Whispered(author, reader.text(limits::UTTERANCE_BYTES)?),
            code::RENAMED => What::Renamed(author, reader.text(limits::NAME_BYTES)?),
            _ => return Err(Malformed::Code),
        },
        _ => match reader.u8()? {
            code::HIDDEN => What::Hidden(count(reader)?),
            code::YOUR_NAME => What::YourName(reader.varint()?, reader.text(limits::NAME_BYTES)?),
            code::FAILED => {
                let utterance = reader.varint()?;
                What::Failed(utterance, Failure::from_codes(reader.array()?)?)
            }
            _ => return Err(Malformed::Code),
        },
    };
    Ok((what, index, later))
}

/// How many events one mark stands for.
fn count(reader: &mut Reader<'_>) -> Result<u64, Malformed> {
    match reader.varint()? {
        0 => Err(Malformed::Number),
        count => Ok(count),
    }
}

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
