//! Datagrams to and from bytes. PROTOCOL.md describes every one, byte by byte.
//!
//! What always holds here: decoding borrows, checks every bound, and never panics; what decodes encodes to
//! the same bytes again, so there is one way to say a thing; all integers are big endian, and those of
//! variable length (LEB128) are as short as they can be.

mod ask;
mod bytes;
pub mod classic;
mod encoder;
mod events;
mod open;
mod own;
mod sealed;
#[cfg(test)]
mod tests;
mod up;

pub use ask::{Ask, Asked, Tell, Told};
pub use bytes::{Reader, Writer};
pub use encoder::{DownEncoder, Stored};
pub use events::{Down, Event, What, decode_down, decode_events};
pub use open::{
    Challenge, Found, Hello, Join, Open, Refusal, Refused, Resume, Seek, Unknown, Welcome, encode,
};
pub use own::{Named, Own};
pub use sealed::{
    Gone, GoneReason, Moved, Sealed, read_probed, seal_down, seal_in_place, write_probe,
    write_probed,
};
pub use up::{Failure, Up, UpEncoder, Utterance, is_sign_of_life, says_bye};

use std::time::Duration;

/// The first byte of every datagram: never valid in UTF-8, so no text can be taken for ours.
pub const MAGIC: u8 = 0xFE;
/// The version of the protocol, the second byte.
pub const VERSION: u8 = 1;

/// Number of an event in the room's one log; the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventNumber(pub u64);

/// Number of an utterance of one member; the first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtteranceNumber(pub u64);

/// Number of a datagram within one session and direction; the first is 1, and a resend has a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketNumber(pub u64);

/// When a datagram was sent by its sender's clock, and by the receiver's as its newest word was heard: ticks of
/// [`Stamps::TICK`], of which the low 16 bits travel (timestamps, RFC 7323, section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// The sender's clock.
    pub value: u16,
    /// The last `value` that came from the receiver, and the time since.
    pub echo: u16,
}

impl Stamps {
    /// What the clocks count. A round trip of up to 16 s fits 16 bits.
    pub const TICK: Duration = Duration::from_micros(250);
}

/// A session of a member with the server: the slot in the low bits, the slot's count of sessions above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

/// The kinds of datagram, the third byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the name of the frame that it carries")]
pub enum Kind {
    Hello = 1,
    Challenge = 2,
    Join = 3,
    Welcome = 4,
    Refused = 5,
    Unknown = 6,
    Up = 7,
    Down = 8,
    Ask = 9,
    Tell = 10,
    Gone = 11,
    Moved = 12,
    Probe = 13,
    Probed = 14,
    Seek = 15,
    Found = 16,
}

impl Kind {
    fn from_code(code: u8) -> Option<Kind> {
        use Kind::*;
        [
            Hello, Challenge, Join, Welcome, Refused, Unknown, Up, Down, Ask, Tell, Gone, Moved,
            Probe, Probed, Seek, Found,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == code)
    }
}

/// Why bytes are no datagram of ours. Each is counted and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Malformed {
    /// The first byte is another: not of this protocol at all.
    Magic,
    /// The version is another.
    Version,
    /// The kind is unknown.
    Kind,
    /// The bytes end too early.
    Short,
    /// Bytes follow where none may.
    Trailing,
    /// A checksum of a datagram outside a session is wrong: damaged on the way.
    Checksum,
    /// A number that is out of range, or longer than need be.
    Number,
    /// A text that is not UTF-8, or too long.
    Text,
    /// A code that stands for nothing.
    Code,
}

/// A datagram whose outer form is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// One that belongs to no session: its checksum is right.
    Open(Open<'a>),
    /// One that belongs to a session: its tag is still to be checked, see [`Sealed::verify`].
    Sealed(Sealed<'a>),
    /// A Hello in another version of the protocol, with its nonce.
    Foreign(u64),
}

/// Whether a datagram says of itself that it is of this protocol.
pub fn is_ours(bytes: &[u8]) -> bool {
    bytes.first() == Some(&MAGIC)
}

/// …and belongs to no session.
pub fn is_open(bytes: &[u8]) -> bool {
    let sealed = [Kind::Up, Kind::Ask, Kind::Moved, Kind::Probed];
    match bytes {
        [MAGIC, _, code, ..] => !sealed.into_iter().any(|kind| kind as u8 == *code),
        _ => false,
    }
}

/// Reads the outer form of a datagram, and all of one that belongs to no session.
pub fn decode(bytes: &[u8]) -> Result<Datagram<'_>, Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.u8()? != MAGIC {
        return Err(Malformed::Magic);
    }
    let version = reader.u8()?;
    let kind = Kind::from_code(reader.u8()?).ok_or(Malformed::Kind)?;
    match (version, kind) {
        // These layouts are the same in every version, so that two can find and tell each other.
        (VERSION, _) | (_, Kind::Refused | Kind::Seek | Kind::Found) => (),
        (_, Kind::Hello) => {
            return match open::decode(kind, bytes)? {
                Open::Hello(hello) => Ok(Datagram::Foreign(hello.nonce)),
                _ => Err(Malformed::Version),
            };
        }
        _ => return Err(Malformed::Version),
    }
    match kind {
        Kind::Hello
        | Kind::Challenge
        | Kind::Join
        | Kind::Welcome
        | Kind::Refused
        | Kind::Unknown
        | Kind::Seek
        | Kind::Found => open::decode(kind, bytes).map(Datagram::Open),
        Kind::Up
        | Kind::Down
        | Kind::Ask
        | Kind::Tell
        | Kind::Gone
        | Kind::Moved
        | Kind::Probe
        | Kind::Probed => Sealed::decode(kind, bytes).map(Datagram::Sealed),
    }
}
