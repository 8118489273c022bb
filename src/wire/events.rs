//! The body of a Down: a run of events from the log, as small as they can be told.
//!
//! What always holds here: a body can be read by itself. The first event's number and time stand once, then
//! times are differences; an author is named in full where it first speaks in the datagram and then goes by
//! its index. Zeros behind the last event say nothing. A member's own events come back to it as marks, in the body or
//! by its head ([`Own`](super::Own)); what is between others is a mark that says no more than how many numbers it takes.

use super::own::Marks;
use super::{EventNumber, Failure, Malformed, Reader, Sealed, Stamps};
use crate::limits;

/// Codes in the low three bits of an event's first integer; the author's index stands above them.
pub(super) mod code {
    pub(in crate::wire) const SAID: u64 = 0;
    pub(in crate::wire) const ENTERED: u64 = 1;
    pub(in crate::wire) const LEFT: u64 = 2;
    pub(in crate::wire) const ANNOUNCED: u64 = 3;
    pub(in crate::wire) const YOURS: u64 = 4;
    pub(in crate::wire) const GAP: u64 = 5;
    /// Further events of an author: a byte says which.
    pub(in crate::wire) const FURTHER: u64 = 6;
    /// Further events without an author: a byte says which.
    pub(in crate::wire) const BARE: u64 = 7;

    pub(in crate::wire) const ACTED: u8 = 1;
    pub(in crate::wire) const WHISPERED: u8 = 2;
    pub(in crate::wire) const RENAMED: u8 = 3;

    pub(in crate::wire) const HIDDEN: u8 = 1;
    pub(in crate::wire) const YOUR_NAME: u8 = 2;
    pub(in crate::wire) const FAILED: u8 = 3;
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
    down.events = read_events(sealed.body, |author, what| marks.mark(author, what))?;
    if marks.are_missing() {
        return Err(Malformed::Number);
    }
    Ok(down)
}

/// Reads the body of a Down by itself, as who is nobody's self sees it.
pub fn decode_events(body: &[u8]) -> Result<Vec<Event<'_>>, Malformed> {
    read_events(body, |_, what| Ok(what))
}

fn read_events<'a>(
    body: &'a [u8],
    mut mark: impl FnMut(u64, What<'a>) -> Result<What<'a>, Malformed>,
) -> Result<Vec<Event<'a>>, Malformed> {
    let (mut events, mut authors) = (Vec::new(), Vec::new());
    let mut reader = Reader::new(body);
    if reader.is_empty() {
        return Ok(events);
    }
    let mut number = reader.varint()?;
    let mut unix_ms = reader.varint()?;
    if number == 0 || reader.is_padding() {
        return Err(Malformed::Number);
    }
    // An event is never all zeros: the name of an author that is named in full is not empty.
    while !reader.is_padding() {
        let (what, author, later) = read_event(&mut reader, &mut authors)?;
        // The first event's time stands in front: there is one way to say it.
        if events.is_empty() && later != 0 {
            return Err(Malformed::Number);
        }
        unix_ms = unix_ms.wrapping_add_signed(later);
        let event = Event {
            number: EventNumber(number),
            unix_ms,
            what: mark(author, what)?,
        };
        number = event.end();
        if number == u64::MAX {
            return Err(Malformed::Number);
        }
        events.push(event);
    }
    Ok(events)
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
