//! Reads of the room, which are no events: an Ask is sent again until its Tell comes.
//!
//! What always holds here: a Tell says which Ask it answers, and nobody acknowledges it.

use super::sealed::{begin, seal_in_place};
use super::{Kind, Malformed, PacketNumber, Reader, Sealed, SessionId, Writer};
use crate::limits;
use crate::seal::{Key, Tag};

const WHO: u8 = 1;
const REACH: u8 = 2;
const PING: u8 = 3;

/// Client: a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// To be found again in the answer.
    pub request: u64,
    /// The question.
    pub what: Asked,
}

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who is here, after this place; 0 at first.
    Who(u64),
    /// How many have what the asker said last.
    Reach,
    /// Nothing: the answer is what counts.
    Ping,
}

/// Server: the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tell<'a> {
    /// The request of the Ask.
    pub request: u64,
    /// The answer.
    pub what: Told<'a>,
}

/// What may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// Some of those who are here.
    Who {
        /// The place that was asked for.
        after: u64,
        /// Where to go on; 0 if these were the last.
        next: u64,
        /// Names, and why each is away, if it is.
        names: Vec<(&'a str, Option<&'a str>)>,
    },
    /// Who has what the asker said last.
    Reach {
        /// The number of that event; 0 if there is none.
        event: u64,
        /// How many of the others have it…
        have: u64,
        /// …of those who were here then and still are.
        others: u64,
    },
    /// The answer to a ping.
    Ping,
}

impl Ask {
    /// Writes a complete datagram to `to`, which is emptied.
    pub fn write(
        &self,
        to: &mut Vec<u8>,
        session: SessionId,
        packet: PacketNumber,
        secret: Key,
    ) -> Tag {
        begin(to, Kind::Ask, session, packet);
        let mut writer = Writer::new(to);
        writer.varint(self.request);
        match self.what {
            Asked::Who(after) => writer.u8(WHO).varint(after),
            Asked::Reach => writer.u8(REACH),
            Asked::Ping => writer.u8(PING),
        };
        seal_in_place(secret, to)
    }

    /// Reads the body of a verified Ask.
    pub fn read(sealed: &Sealed<'_>) -> Result<Ask, Malformed> {
        let mut reader = Reader::new(sealed.body);
        let request = reader.varint()?;
        let what = match reader.u8()? {
            WHO => Asked::Who(reader.varint()?),
            REACH => Asked::Reach,
            PING => Asked::Ping,
            _ => return Err(Malformed::Code),
        };
        reader.end()?;
        Ok(Ask { request, what })
    }
}

impl<'a> Tell<'a> {
    /// Writes a complete datagram to `to`, which is emptied.
    pub fn write(
        &self,
        to: &mut Vec<u8>,
        (session, packet, secret): (SessionId, PacketNumber, Key),
    ) {
        begin(to, Kind::Tell, session, packet);
        let mut writer = Writer::new(to);
        writer.varint(self.request);
        match &self.what {
            Told::Who { after, next, names } => {
                writer.u8(WHO).varint(*after).varint(*next);
                for entry in names {
                    write_entry(&mut writer, *entry);
                }
            }
            Told::Reach {
                event,
                have,
                others,
            } => {
                writer
                    .u8(REACH)
                    .varint(*event)
                    .varint(*have)
                    .varint(*others);
            }
            Told::Ping => drop(writer.u8(PING)),
        }
        seal_in_place(secret, to);
    }

    /// As many of the members as one datagram takes, each with its place: where to go on after it.
    pub fn page(
        request: u64,
        after: u64,
        members: impl Iterator<Item = (u64, (&'a str, Option<&'a str>))>,
    ) -> Tell<'a> {
        let room = limits::DATAGRAM - limits::SEALED_HEAD - 1 - 3 * limits::VARINT;
        let (mut names, mut next, mut last) = (Vec::new(), 0, after);
        let mut written = Vec::new();
        for (place, entry) in members {
            write_entry(&mut Writer::new(&mut written), entry);
            if written.len() > room {
                next = last;
                break;
            }
            names.push(entry);
            last = place;
        }
        let what = Told::Who { after, next, names };
        Tell { request, what }
    }

    /// Reads the body of a verified Tell.
    pub fn read(sealed: &Sealed<'a>) -> Result<Tell<'a>, Malformed> {
        let mut reader = Reader::new(sealed.body);
        let request = reader.varint()?;
        let what = match reader.u8()? {
            WHO => {
                let (after, next) = (reader.varint()?, reader.varint()?);
                let mut names = Vec::new();
                while !reader.is_empty() {
                    names.push(read_entry(&mut reader)?);
                }
                Told::Who { after, next, names }
            }
            REACH => Told::Reach {
                event: reader.varint()?,
                have: reader.varint()?,
                others: reader.varint()?,
            },
            PING => Told::Ping,
            _ => return Err(Malformed::Code),
        };
        reader.end()?;
        Ok(Tell { request, what })
    }
}

fn write_entry(writer: &mut Writer<'_>, (name, away): (&str, Option<&str>)) {
    writer.text(name);
    match away {
        None => writer.u8(0),
        Some(why) => writer.u8(1).text(why),
    };
}

fn read_entry<'a>(reader: &mut Reader<'a>) -> Result<(&'a str, Option<&'a str>), Malformed> {
    let name = reader.text(limits::NAME_BYTES)?;
    let away = match reader.u8()? {
        0 => None,
        1 => Some(reader.text(limits::WHY_BYTES)?),
        _ => return Err(Malformed::Code),
    };
    Ok((name, away))
}
