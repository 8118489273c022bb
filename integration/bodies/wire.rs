//! Bytes as datagrams: with and without the right checksum or tag.

use chatroom::limits;
use chatroom::seal::{self, Key, OPEN};
use chatroom::wire::{
    self, Ask, Datagram, Down, DownEncoder, Event, Gone, Kind, Moved, Named, Own, Sealed, Stored,
    Tell, Up, UpEncoder, What, decode_down, read_probed, seal_down, write_probed,
};

/// Puts a right checksum, or a right tag under this key, into a datagram.
pub fn seal(bytes: &mut [u8], key: Key) {
    let Some(kind) = bytes.get(2).copied() else {
        return;
    };
    let (at, key) = match kind {
        7 | 9..=14 => (limits::SEALED_HEAD - 8, key),
        8 => (limits::DOWN_HEAD - 8, key),
        _ => (3, OPEN),
    };
    if let Some((head, rest)) = bytes.split_at_mut_checked(at)
        && let Some((place, body)) = rest.split_first_chunk_mut::<8>()
    {
        *place = key.tag(head, seal::digest(body)).0.to_be_bytes();
    }
}

/// Decoding: no more is read than came.
pub fn decode(bytes: &[u8]) {
    match wire::decode(bytes) {
        Ok(Datagram::Sealed(sealed)) => {
            let _ = sealed.verify(OPEN);
            decode_sealed(&sealed, bytes.len());
        }
        Ok(Datagram::Open(_) | Datagram::Foreign(_)) | Err(_) => (),
    }
}

fn decode_sealed(sealed: &Sealed<'_>, size: usize) {
    if let Ok(down) = decode_down(sealed) {
        assert!(down.events.len() <= size && down.waiting <= down.heard);
    }
    if let Ok(up) = Up::read(sealed) {
        assert!(up.utterances.len() <= size);
    }
    let _ = Ask::read(sealed);
    let _ = Tell::read(sealed).map(|tell| tell.request);
    let _ = Gone::read(sealed).map(|gone| assert!(gone.why.len() <= limits::WHY_BYTES));
    let _ = Moved::read(sealed);
    let _ = read_probed(sealed);
}

/// Where a Down says by its head what in it is the reader's own.
const OWN: std::ops::Range<usize> = 24..27;

/// What can be read is written again as the same bytes; here with a right checksum or tag.
pub fn round_trip(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    seal(&mut bytes, OPEN);
    // What is its reader's own is read as a mark; as somebody else's it is read in full.
    if bytes.get(2) == Some(&8) && bytes.get(OWN).is_some_and(|own| own[0] > 0) {
        let readable = is_down(&bytes);
        bytes[OWN].fill(0);
        seal(&mut bytes, OPEN);
        assert!(!readable || is_down(&bytes), "{bytes:?}");
    }
    let mut again = Vec::new();
    match wire::decode(&bytes) {
        Ok(Datagram::Open(open)) => {
            wire::encode(&open, &mut again);
            // Some kinds are read in every version, and written in ours.
            let foreign = bytes.get(1) != Some(&wire::VERSION);
            assert!(foreign || again == bytes, "{open:?}");
        }
        Ok(Datagram::Sealed(sealed)) => {
            assert!(sealed.verify(OPEN));
            if write_sealed(&sealed, &mut again) {
                assert!(again == bytes, "{sealed:?}");
            }
        }
        Ok(Datagram::Foreign(_)) | Err(_) => (),
    }
}

fn is_down(bytes: &[u8]) -> bool {
    matches!(wire::decode(bytes), Ok(Datagram::Sealed(sealed)) if decode_down(&sealed).is_ok())
}

/// Reads it and writes it again; false if it cannot be read, or is larger than what is written.
fn write_sealed(sealed: &Sealed<'_>, to: &mut Vec<u8>) -> bool {
    let (session, packet) = (sealed.session, sealed.packet);
    match sealed.kind {
        Kind::Up => {
            let Ok(up) = Up::read(sealed) else {
                return false;
            };
            let mut encoder = UpEncoder::new(to, session, packet, &up);
            let all = { up.utterances.iter() }.all(|utterance| encoder.push(*utterance));
            encoder.finish(OPEN);
            all
        }
        Kind::Down => decode_down(sealed).is_ok_and(|down| write_down(&down, sealed, to)),
        Kind::Ask => Ask::read(sealed)
            .is_ok_and(|ask| ask.write(to, session, packet, OPEN).0 == sealed.tag.0),
        Kind::Tell => Tell::read(sealed).is_ok_and(|tell| {
            tell.write(to, (session, packet, OPEN));
            true
        }),
        Kind::Gone => Gone::read(sealed).is_ok_and(|gone| {
            gone.write(to, session, packet, OPEN);
            true
        }),
        Kind::Moved => Moved::read(sealed)
            .is_ok_and(|moved| moved.write(to, session, packet, OPEN) == sealed.tag),
        Kind::Probed => read_probed(sealed)
            .is_ok_and(|size| write_probed(to, (session, packet, OPEN), size) == sealed.tag),
        _ => false,
    }
}

/// Writes a Down as a server would whose every author has a name of its own, which must say the same; true if there is
/// no other way to write it.
fn write_down(down: &Down<'_>, sealed: &Sealed<'_>, to: &mut Vec<u8>) -> bool {
    to.resize(limits::DOWN_HEAD, 0);
    let (mut names, mut known): (Vec<&str>, Vec<Named>) = (Vec::new(), Vec::new());
    let mut encoder = DownEncoder::new(to, &mut known, usize::MAX);
    for event in &down.events {
        let name = author(event);
        let author = names.iter().position(|known| *known == name);
        let author = author.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        let stored = Stored {
            unix_ms: event.unix_ms,
            author: author as u64,
            utterance: 0,
            what: event.what,
        };
        assert!(encoder.push(event.number.0, &stored), "it fits");
    }
    let digest = seal::digest(&to[limits::DOWN_HEAD..]);
    let numbers = (sealed.session, sealed.packet, OPEN);
    let heard = (down.heard, down.waiting);
    seal_down(
        to,
        numbers,
        heard,
        (down.answer, down.stamps),
        (Own::default(), digest),
    );
    // Two authors of one name may have been told apart; then it says the same in no more bytes.
    let same = match wire::decode(to) {
        Ok(Datagram::Sealed(again)) => decode_down(&again).as_ref() == Ok(down),
        _ => false,
    };
    assert!(same && to.len() <= sealed.size(), "{down:?}");
    let repeated = names.len() < down.events.len();
    to.len() == sealed.size() && !repeated
}

fn author<'a>(event: &Event<'a>) -> &'a str {
    match event.what {
        What::Entered(name)
        | What::Said(name, _)
        | What::Left(name)
        | What::Acted(name, _)
        | What::Whispered(name, _)
        | What::Renamed(name, _) => name,
        _ => "",
    }
}
