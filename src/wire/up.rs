//! What a client sends while it is in the room: what it has, and what it says.

use super::sealed::{begin, seal_in_place};
use super::{
    Kind, MAGIC, Malformed, PacketNumber, Reader, Sealed, SessionId, Stamps, VERSION, Writer,
};
use crate::limits;
use crate::seal::{Key, Tag};

/// Flag of an Up: the sender would like any answer.
const UP_ANSWER: u8 = 1;
/// Flag of an Up: the sender has understood that the session is over; never answered.
const UP_BYE: u8 = 2;
/// Whether the sender of an Up says goodbye, which is never answered. For an Up that can't be verified.
pub fn says_bye(sealed: &Sealed<'_>) -> bool {
    sealed.kind == Kind::Up && sealed.body.first().is_some_and(|flags| flags & UP_BYE != 0)
}

/// Whether a datagram says, as far as that can be seen before it is verified, no more than that its sender is there.
pub fn is_sign_of_life(bytes: &[u8]) -> bool {
    let is_up = bytes.starts_with(&[MAGIC, VERSION, Kind::Up as u8]);
    match Sealed::decode(Kind::Up, bytes) {
        Ok(sealed) if is_up => {
            let mut reader = Reader::new(sealed.body);
            Up::read_head(&mut reader).is_ok_and(|up| !up.bye && reader.is_empty())
        }
        _ => false,
    }
}

/// Client: what I have, and what I say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Up<'a> {
    /// The sender would like any answer.
    pub answer: bool,
    /// The sender knows that its session is over.
    pub bye: bool,
    /// Every event up to this one has come.
    pub acked: u64,
    /// The first event that has come after a gap; 0: there is no gap.
    pub gap_end: u64,
    /// What the round trip is measured by.
    pub stamps: Stamps,
    /// The number of the first utterance; 0 if there is none.
    pub first: u64,
    /// The utterances.
    pub utterances: Vec<Utterance<'a>>,
}

/// One thing that a member asks the room to order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Utterance<'a> {
    /// To say this.
    Say(&'a str),
    /// To leave.
    Leave,
    /// To be shown doing this: `/me`.
    Act(&'a str),
    /// To say this to the one of this name alone.
    Whisper(&'a str, &'a str),
    /// To have this name from now on.
    Rename(&'a str),
    /// To be marked as away until the next utterance, and why.
    Away(&'a str),
}

/// Why what a member asked for did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody of this name is here.
    Nobody,
    /// The name, or one that looks like it, is another's.
    NameTaken,
    /// The name is not allowed; why, as the number of a `NameError`.
    NameNotAllowed(u8),
    /// The member has this name already.
    SameName,
    /// The operator lets the member listen and not speak: for so many minutes, for longer if 255, until told
    /// otherwise if 0.
    Muted(u8),
}

impl Failure {
    /// The code and the detail that travel.
    pub(super) fn codes(self) -> [u8; 2] {
        match self {
            Failure::Nobody => [1, 0],
            Failure::NameTaken => [2, 0],
            Failure::NameNotAllowed(why) => [3, why],
            Failure::SameName => [4, 0],
            Failure::Muted(minutes) => [5, minutes],
        }
    }

    pub(super) fn from_codes(codes: [u8; 2]) -> Result<Failure, Malformed> {
        match codes {
            [1, 0] => Ok(Failure::Nobody),
            [2, 0] => Ok(Failure::NameTaken),
            [3, why] => Ok(Failure::NameNotAllowed(why)),
            [4, 0] => Ok(Failure::SameName),
            [5, minutes] => Ok(Failure::Muted(minutes)),
            _ => Err(Malformed::Code),
        }
    }
}

impl<'a> Up<'a> {
    /// Reads the body of a verified Up.
    pub fn read(sealed: &Sealed<'a>) -> Result<Up<'a>, Malformed> {
        let mut reader = Reader::new(sealed.body);
        let mut up = Up::read_head(&mut reader)?;
        if !reader.is_empty() {
            up.first = reader.varint()?;
            if up.first == 0 || reader.is_empty() {
                return Err(Malformed::Number);
            }
        }
        while !reader.is_empty() {
            up.utterances.push(match reader.u8()? {
                1 => Utterance::Say(reader.text(limits::UTTERANCE_BYTES)?),
                2 => Utterance::Leave,
                3 => Utterance::Act(reader.text(limits::UTTERANCE_BYTES)?),
                4 => Utterance::Whisper(
                    reader.text(limits::NAME_BYTES)?,
                    reader.text(limits::UTTERANCE_BYTES)?,
                ),
                5 => Utterance::Rename(reader.text(limits::NAME_SENT)?),
                6 => Utterance::Away(reader.text(limits::WHY_BYTES)?),
                _ => return Err(Malformed::Code),
            });
        }
        // The last utterance has a number too.
        up.first
            .checked_add(up.utterances.len() as u64)
            .ok_or(Malformed::Number)?;
        Ok(up)
    }

    /// What stands before the utterances.
    fn read_head(reader: &mut Reader<'a>) -> Result<Up<'a>, Malformed> {
        let flags = reader.u8()?;
        if flags & !(UP_ANSWER | UP_BYE) != 0 {
            return Err(Malformed::Code);
        }
        Ok(Up {
            answer: flags & UP_ANSWER != 0,
            bye: flags & UP_BYE != 0,
            stamps: Stamps {
                value: reader.u16()?,
                echo: reader.u16()?,
            },
            acked: reader.varint()?,
            gap_end: reader.varint()?,
            first: 0,
            utterances: Vec::new(),
        })
    }
}

/// Writes an Up, utterance by utterance, as far as one datagram goes.
pub struct UpEncoder<'b> {
    to: &'b mut Vec<u8>,
    first: Option<u64>,
}

impl<'b> UpEncoder<'b> {
    /// Begins an Up in `to`, which is emptied. `up.utterances` is not looked at.
    pub fn new(to: &'b mut Vec<u8>, session: SessionId, packet: PacketNumber, up: &Up<'_>) -> Self {
        begin(to, Kind::Up, session, packet);
        let flags = if up.answer { UP_ANSWER } else { 0 } | if up.bye { UP_BYE } else { 0 };
        let mut writer = Writer::new(to);
        writer
            .u8(flags)
            .u16(up.stamps.value)
            .u16(up.stamps.echo)
            .varint(up.acked)
            .varint(up.gap_end);
        UpEncoder {
            to,
            first: Some(up.first),
        }
    }

    /// Adds the next utterance; false if it does not fit.
    pub fn push(&mut self, utterance: Utterance<'_>) -> bool {
        let before = self.to.len();
        let mut writer = Writer::new(self.to);
        if let Some(first) = self.first {
            writer.varint(first);
        }
        match utterance {
            Utterance::Say(text) => writer.u8(1).text(text),
            Utterance::Leave => writer.u8(2),
            Utterance::Act(text) => writer.u8(3).text(text),
            Utterance::Whisper(to, text) => writer.u8(4).text(to).text(text),
            Utterance::Rename(name) => writer.u8(5).text(name),
            Utterance::Away(why) => writer.u8(6).text(why),
        };
        let fits = self.to.len() <= limits::DATAGRAM;
        if fits {
            self.first = None
        } else {
            self.to.truncate(before)
        }
        fits
    }

    /// Puts the tag in; the datagram is complete.
    pub fn finish(self, secret: Key) -> Tag {
        seal_in_place(secret, self.to)
    }
}
