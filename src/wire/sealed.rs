//! Datagrams of a session: three bytes, session, packet number, (in a Down: heard, flags, own, stamps), tag, body.
//!
//! What always holds here: nothing of a body is read before its tag was verified.

use super::{
    Kind, MAGIC, Malformed, Own, PacketNumber, Reader, SessionId, Stamps, VERSION, Writer,
};
use crate::limits;
use crate::seal::{self, Digest, Key, Tag};

/// Flag of a Down: the sender would like an acknowledgement at once.
const DOWN_ANSWER: u8 = 0x80;
/// The low bits of a Down's flags: utterances that wait to be ordered.
const DOWN_WAITING: u8 = 0x3F;

/// A datagram of a session, its body not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// What the body holds.
    pub kind: Kind,
    /// The session that it claims to belong to.
    pub session: SessionId,
    /// Its number within session and direction.
    pub packet: PacketNumber,
    /// The tag that it carries.
    pub tag: Tag,
    head: &'a [u8],
    pub(super) heard: u64,
    pub(super) flags: u8,
    pub(super) own: Own,
    pub(super) stamps: Stamps,
    pub(super) body: &'a [u8],
}

impl<'a> Sealed<'a> {
    pub(super) fn decode(kind: Kind, bytes: &'a [u8]) -> Result<Sealed<'a>, Malformed> {
        let mut reader = Reader::new(bytes);
        reader.bytes(3)?;
        let session = SessionId(reader.u32()?);
        let packet = PacketNumber(reader.u64()?);
        let (mut heard, mut flags) = (0, 0);
        let (mut own, mut stamps) = (Own::default(), Stamps::default());
        if kind == Kind::Down {
            (heard, flags) = (reader.u64()?, reader.u8()?);
            (own.author, own.back) = (reader.u8()?, reader.u16()?);
            (stamps.value, stamps.echo) = (reader.u16()?, reader.u16()?);
        }
        if flags & !(DOWN_ANSWER | DOWN_WAITING) != 0 {
            return Err(Malformed::Code);
        }
        let head = Reader::new(bytes).bytes(bytes.len() - reader.rest().len())?;
        let tag = Tag(reader.u64()?);
        Ok(Sealed {
            kind,
            session,
            packet,
            tag,
            head,
            heard,
            flags,
            own,
            stamps,
            body: reader.rest(),
        })
    }

    /// Whether who sent this knows the session's secret. Until then nothing in it may be believed.
    pub fn verify(&self, secret: Key) -> bool {
        secret.tag(self.head, seal::digest(self.body)) == self.tag
    }

    /// Bytes of the whole datagram.
    pub fn size(&self) -> usize {
        self.head.len() + 8 + self.body.len()
    }
}

/// Server: your session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone<'a> {
    /// How it ended.
    pub reason: GoneReason,
    /// Utterances of the reader that were ordered; those behind them will not be.
    pub ordered: u64,
    /// What the operator said of it.
    pub why: &'a str,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneReason {
    /// The member left.
    Left = 1,
    /// The operator removed the member.
    Kicked = 2,
    /// The room closed.
    Closed = 3,
    /// Nothing was heard of the member for too long; the session may be resumed.
    Silent = 4,
    /// The member acknowledged what was never sent.
    Violation = 5,
}

impl<'a> Gone<'a> {
    /// Writes a complete datagram to `to`, which is emptied.
    pub fn write(&self, to: &mut Vec<u8>, session: SessionId, packet: PacketNumber, secret: Key) {
        begin(to, Kind::Gone, session, packet);
        Writer::new(to)
            .u8(self.reason as u8)
            .varint(self.ordered)
            .bytes(self.why.as_bytes());
        seal_in_place(secret, to);
    }

    /// Reads the body of a verified Gone.
    pub fn read(sealed: &Sealed<'a>) -> Result<Gone<'a>, Malformed> {
        use GoneReason::*;
        let mut reader = Reader::new(sealed.body);
        let code = reader.u8()?;
        let reason = [Left, Kicked, Closed, Silent, Violation]
            .into_iter()
            .find(|reason| *reason as u8 == code)
            .ok_or(Malformed::Code)?;
        let ordered = reader.varint()?;
        if reader.rest().len() > limits::WHY_BYTES {
            return Err(Malformed::Text);
        }
        let why = std::str::from_utf8(reader.rest()).map_err(|_| Malformed::Text)?;
        Ok(Gone {
            reason,
            ordered,
            why,
        })
    }
}

/// Client: I receive at this address, here is the cookie that you sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The nonce of the Challenge.
    pub nonce: u64,
    /// The cookie of the Challenge.
    pub cookie: u64,
}

impl Moved {
    /// Writes a complete datagram to `to`, which is emptied.
    pub fn write(
        &self,
        to: &mut Vec<u8>,
        session: SessionId,
        packet: PacketNumber,
        secret: Key,
    ) -> Tag {
        begin(to, Kind::Moved, session, packet);
        Writer::new(to).u64(self.nonce).u64(self.cookie);
        seal_in_place(secret, to)
    }

    /// Reads the body of a verified Moved.
    pub fn read(sealed: &Sealed<'_>) -> Result<Moved, Malformed> {
        let mut reader = Reader::new(sealed.body);
        let moved = Moved {
            nonce: reader.u64()?,
            cookie: reader.u64()?,
        };
        reader.end()?;
        Ok(moved)
    }
}

impl Sealed<'_> {
    pub(super) fn wants_answer(&self) -> bool {
        self.flags & DOWN_ANSWER != 0
    }

    pub(super) fn waiting(&self) -> u64 {
        u64::from(self.flags & DOWN_WAITING)
    }
}

/// Server: does a datagram of this size arrive? Zeros up to the size, in `to`, which is emptied.
pub fn write_probe(
    to: &mut Vec<u8>,
    (session, packet, secret): (SessionId, PacketNumber, Key),
    size: usize,
) {
    begin(to, Kind::Probe, session, packet);
    to.resize(size.max(to.len()), 0);
    seal_in_place(secret, to);
}

/// Client: a datagram of this size has arrived. A complete datagram in `to`, which is emptied.
pub fn write_probed(
    to: &mut Vec<u8>,
    (session, packet, secret): (SessionId, PacketNumber, Key),
    size: u64,
) -> Tag {
    begin(to, Kind::Probed, session, packet);
    Writer::new(to).varint(size);
    seal_in_place(secret, to)
}

/// Reads the size that a verified Probed tells.
pub fn read_probed(sealed: &Sealed<'_>) -> Result<u64, Malformed> {
    let mut reader = Reader::new(sealed.body);
    let size = reader.varint()?;
    reader.end()?;
    Ok(size)
}

/// Head, up to the tag, of every sealed kind but Down.
const HEAD: usize = limits::SEALED_HEAD - 8;

pub(super) fn begin(to: &mut Vec<u8>, kind: Kind, session: SessionId, packet: PacketNumber) {
    to.clear();
    Writer::new(to)
        .bytes(&[MAGIC, VERSION, kind as u8])
        .u32(session.0)
        .u64(packet.0)
        .u64(0);
}

/// Puts the tag into a complete datagram of a sealed kind other than Down.
pub fn seal_in_place(secret: Key, datagram: &mut [u8]) -> Tag {
    let Some((head, rest)) = datagram.split_first_chunk_mut::<HEAD>() else {
        return Tag(0);
    };
    let Some((place, body)) = rest.split_first_chunk_mut::<8>() else {
        return Tag(0);
    };
    let tag = secret.tag(head, seal::digest(body));
    *place = tag.0.to_be_bytes();
    tag
}

/// Writes the head and tag of a Down over the first [`limits::DOWN_HEAD`] bytes of `frame`, behind which
/// the body of the given digest stands.
///
/// `heard`: utterances that the server has of this member; `waiting` of them are not yet ordered. `own`: see [`Own`].
pub fn seal_down(
    frame: &mut [u8],
    (session, packet, secret): (SessionId, PacketNumber, Key),
    (heard, waiting): (u64, u64),
    (answer, stamps): (bool, Stamps),
    (own, body): (Own, Digest),
) {
    const HEAD: usize = limits::DOWN_HEAD - 8;
    let flags = (waiting as u8 & DOWN_WAITING) | if answer { DOWN_ANSWER } else { 0 };
    let [s0, s1, s2, s3] = session.0.to_be_bytes();
    let [p0, p1, p2, p3, p4, p5, p6, p7] = packet.0.to_be_bytes();
    let [h0, h1, h2, h3, h4, h5, h6, h7] = heard.to_be_bytes();
    let [b0, b1] = own.back.to_be_bytes();
    let [v0, v1] = stamps.value.to_be_bytes();
    let [e0, e1] = stamps.echo.to_be_bytes();
    #[rustfmt::skip]
    let head: [u8; HEAD] = [
        MAGIC, VERSION, Kind::Down as u8, s0, s1, s2, s3,
        p0, p1, p2, p3, p4, p5, p6, p7, h0, h1, h2, h3, h4, h5, h6, h7, flags, own.author, b0, b1,
        v0, v1, e0, e1,
    ];
    let tag = secret.tag(&head, body);
    let Some((place, rest)) = frame.split_first_chunk_mut::<HEAD>() else {
        return;
    };
    *place = head;
    if let Some((place, _)) = rest.split_first_chunk_mut::<8>() {
        *place = tag.0.to_be_bytes();
    }
}
