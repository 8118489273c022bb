//! Datagrams that belong to no session yet: the handshake, the word that there is no such session, and the search
//! for a room.
//!
//! What always holds here: three bytes, a checksum of eight over them and the body, the body. The checksum
//! catches damage; it proves nothing about the sender, which is what nonce, cookie and echo are for.

use super::{Kind, MAGIC, Malformed, Reader, SessionId, VERSION, Writer};
use crate::limits;
use crate::seal::{self, Key, Tag};

/// Bytes before the body.
const HEAD: usize = 3 + 8;

/// A datagram that belongs to no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the name of the frame that it carries")]
pub enum Open<'a> {
    Hello(Hello),
    Challenge(Challenge),
    Join(Join<'a>),
    Welcome(Welcome),
    Refused(Refused),
    Unknown(Unknown),
    Seek(Seek),
    Found(Found<'a>),
}

/// Client: I would like to join. Padded to [`limits::DATAGRAM`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Random; whoever answers with it has seen this datagram.
    pub nonce: u64,
}

/// Server: prove that you receive at your address. Shorter than a Hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The nonce of the Hello, or the packet number of the datagram from a new address.
    pub nonce: u64,
    /// To be sent back from the same address.
    pub cookie: u64,
}

/// Client: let me in under this name. Padded to [`limits::DATAGRAM`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join<'a> {
    /// The nonce of the Hello.
    pub nonce: u64,
    /// The cookie of the Challenge.
    pub cookie: u64,
    /// Events before one's entering that one would like to see; the server gives at most its own bound.
    pub history: u16,
    /// The member that the client was, if any.
    pub resume: Option<Resume>,
    /// The name, not yet checked.
    pub name: &'a str,
}

/// What a client knows of the member that it would like to continue as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The epoch that the member belongs to: in another one the log is another, and starts over.
    pub epoch: u64,
    /// The next event that the client is waiting for.
    pub next: u64,
    /// See [`Resume::prove`].
    pub proof: Tag,
}

impl Resume {
    /// Proof that one knows the key that a Welcome gave for resuming, without telling it.
    pub fn prove(resume: Key, nonce: u64, cookie: u64) -> Tag {
        resume.tag(&nonce.to_be_bytes(), seal::digest(&cookie.to_be_bytes()))
    }
}

/// Server: you are in. Padded to [`limits::DATAGRAM`]; repeated as it was for a repeated Join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The nonce of the Join.
    pub nonce: u64,
    /// The session's name for all that follows.
    pub session: SessionId,
    /// The session's secret; it travels only here.
    pub secret: Key,
    /// The key by which a later session continues as this member. It stays the same while sessions continue
    /// each other, so that a lost Welcome loses nothing.
    pub resume: Key,
    /// The room's epoch: random, another one after each start of the server.
    pub epoch: u64,
    /// The first event that will come.
    pub first: u64,
    /// The first event that is no history: this member's own entering.
    pub live: u64,
    /// Utterances of this member that the server has; the next one has the number after it.
    pub heard: u64,
    /// Seconds of silence after which the server takes the member for gone.
    pub idle_timeout: u16,
}

/// Server: you are not in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The nonce of the Join, or of a Hello in another version.
    pub nonce: u64,
    /// Why.
    pub reason: Refusal,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The name, or one that looks like it, is in use.
    NameTaken,
    /// The name is not allowed; the code says why, see `text::NameError`.
    NameNotAllowed(u8),
    /// The room has as many members as it takes.
    Full,
    /// The source address has as many members as one may have.
    TooManyFromAddress,
    /// The server speaks this other version only.
    Version(u8),
    /// The room is closing.
    Closing,
    /// The name or the source address is banned: for so many minutes, for longer if 255, for good if 0.
    Banned(u8),
}

/// Server: there is no such session here. Smaller than what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The session that the datagram was of.
    pub session: SessionId,
    /// The tag of that datagram: only who has seen it knows it.
    pub echo: Tag,
}

/// Anyone: is there a room? Padded to [`limits::SEEK`], and mostly sent to everyone on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seek {
    /// Random; whoever answers with it has seen this datagram.
    pub nonce: u64,
}

/// Server: here is one, where this datagram comes from. Never larger than a Seek.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The nonce of the Seek.
    pub nonce: u64,
    /// The version of the protocol that the room speaks.
    pub version: u8,
    /// Who is in the room…
    pub members: u32,
    /// …and how many it takes.
    pub capacity: u32,
    /// What the operator calls the room.
    pub title: &'a str,
}

/// Appends the datagram to `to`, which is empty.
pub fn encode(open: &Open<'_>, to: &mut Vec<u8>) {
    debug_assert!(to.is_empty());
    let mut writer = Writer::new(to);
    let kind = match open {
        Open::Hello(_) => Kind::Hello,
        Open::Challenge(_) => Kind::Challenge,
        Open::Join(_) => Kind::Join,
        Open::Welcome(_) => Kind::Welcome,
        Open::Refused(_) => Kind::Refused,
        Open::Unknown(_) => Kind::Unknown,
        Open::Seek(_) => Kind::Seek,
        Open::Found(_) => Kind::Found,
    };
    writer.bytes(&[MAGIC, VERSION, kind as u8]).u64(0);
    match open {
        Open::Hello(hello) => writer.u64(hello.nonce).pad(limits::DATAGRAM),
        Open::Challenge(challenge) => writer.u64(challenge.nonce).u64(challenge.cookie),
        Open::Join(join) => join.write(&mut writer).pad(limits::DATAGRAM),
        Open::Welcome(welcome) => welcome.write(&mut writer).pad(limits::DATAGRAM),
        Open::Refused(refused) => {
            let (code, detail) = refused.reason.code();
            writer.u64(refused.nonce).u8(code).u8(detail)
        }
        Open::Unknown(unknown) => writer.u32(unknown.session.0).u64(unknown.echo.0),
        Open::Seek(seek) => writer.u64(seek.nonce).pad(limits::SEEK),
        Open::Found(found) => writer
            .u64(found.nonce)
            .u8(found.version)
            .u32(found.members)
            .u32(found.capacity)
            .text(found.title),
    };
    let checksum = checksum(to);
    if let Some((_, rest)) = to.split_first_chunk_mut::<3>()
        && let Some((place, _)) = rest.split_first_chunk_mut::<8>()
    {
        *place = checksum.0.to_be_bytes();
    }
}

/// Reads one of the open kinds, whose first three bytes were read already.
pub(super) fn decode(kind: Kind, bytes: &[u8]) -> Result<Open<'_>, Malformed> {
    let mut reader = Reader::new(bytes);
    reader.bytes(3)?;
    if Tag(reader.u64()?) != checksum(bytes) {
        return Err(Malformed::Checksum);
    }
    let padded = match kind {
        Kind::Hello | Kind::Join | Kind::Welcome => Some(limits::DATAGRAM),
        Kind::Seek => Some(limits::SEEK),
        _ => None,
    };
    if padded.is_some_and(|size| bytes.len() != size) {
        return Err(Malformed::Short);
    }
    let open = match kind {
        Kind::Hello => Open::Hello(Hello {
            nonce: reader.u64()?,
        }),
        Kind::Challenge => Open::Challenge(Challenge {
            nonce: reader.u64()?,
            cookie: reader.u64()?,
        }),
        Kind::Join => Open::Join(Join::read(&mut reader)?),
        Kind::Welcome => Open::Welcome(Welcome::read(&mut reader)?),
        Kind::Refused => Open::Refused(Refused {
            nonce: reader.u64()?,
            reason: Refusal::from_code(reader.u8()?, reader.u8()?)?,
        }),
        Kind::Unknown => Open::Unknown(Unknown {
            session: SessionId(reader.u32()?),
            echo: Tag(reader.u64()?),
        }),
        Kind::Seek => Open::Seek(Seek {
            nonce: reader.u64()?,
        }),
        Kind::Found => Open::Found(Found {
            nonce: reader.u64()?,
            version: reader.u8()?,
            members: reader.u32()?,
            capacity: reader.u32()?,
            title: reader.text(limits::TITLE_BYTES)?,
        }),
        _ => return Err(Malformed::Kind),
    };
    if padded.is_some() {
        reader.padding()?
    } else {
        reader.end()?
    }
    Ok(open)
}

impl Join<'_> {
    fn write<'w, 'b>(&self, writer: &'w mut Writer<'b>) -> &'w mut Writer<'b> {
        writer.u64(self.nonce).u64(self.cookie).u16(self.history);
        match &self.resume {
            None => writer.u8(0),
            Some(resume) => writer
                .u8(1)
                .u64(resume.epoch)
                .u64(resume.next)
                .u64(resume.proof.0),
        };
        writer.text(self.name)
    }

    fn read<'a>(reader: &mut Reader<'a>) -> Result<Join<'a>, Malformed> {
        Ok(Join {
            nonce: reader.u64()?,
            cookie: reader.u64()?,
            history: reader.u16()?,
            resume: match reader.u8()? {
                0 => None,
                1 => Some(Resume {
                    epoch: reader.u64()?,
                    next: reader.u64()?,
                    proof: Tag(reader.u64()?),
                }),
                _ => return Err(Malformed::Code),
            },
            // Longer than a name may be, so that the refusal can say so.
            name: reader.text(limits::NAME_SENT)?,
        })
    }
}

impl Welcome {
    fn write<'w, 'b>(&self, writer: &'w mut Writer<'b>) -> &'w mut Writer<'b> {
        writer
            .u64(self.nonce)
            .u32(self.session.0)
            .bytes(&self.secret.to_bytes())
            .bytes(&self.resume.to_bytes())
            .u64(self.epoch)
            .u64(self.first)
            .u64(self.live)
            .u64(self.heard)
            .u16(self.idle_timeout)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Welcome, Malformed> {
        Ok(Welcome {
            nonce: reader.u64()?,
            session: SessionId(reader.u32()?),
            secret: Key::from_bytes(reader.array()?),
            resume: Key::from_bytes(reader.array()?),
            epoch: reader.u64()?,
            first: reader.u64()?,
            live: reader.u64()?,
            heard: reader.u64()?,
            idle_timeout: reader.u16()?,
        })
    }
}

impl Refusal {
    fn code(self) -> (u8, u8) {
        match self {
            Refusal::NameTaken => (1, 0),
            Refusal::NameNotAllowed(why) => (2, why),
            Refusal::Full => (3, 0),
            Refusal::TooManyFromAddress => (4, 0),
            Refusal::Version(version) => (5, version),
            Refusal::Closing => (6, 0),
            Refusal::Banned(minutes) => (7, minutes),
        }
    }

    fn from_code(code: u8, detail: u8) -> Result<Refusal, Malformed> {
        match (code, detail) {
            (1, 0) => Ok(Refusal::NameTaken),
            (2, why) => Ok(Refusal::NameNotAllowed(why)),
            (3, 0) => Ok(Refusal::Full),
            (4, 0) => Ok(Refusal::TooManyFromAddress),
            (5, version) => Ok(Refusal::Version(version)),
            (6, 0) => Ok(Refusal::Closing),
            (7, minutes) => Ok(Refusal::Banned(minutes)),
            _ => Err(Malformed::Code),
        }
    }
}

fn checksum(bytes: &[u8]) -> Tag {
    let head = bytes.get(..3).unwrap_or_default();
    let body = bytes.get(HEAD..).unwrap_or_default();
    seal::OPEN.tag(head, seal::digest(body))
}
