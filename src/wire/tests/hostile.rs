//! Bytes that are damaged, cut, made up: none of them panics, none is taken for what it is not, and what is
//! understood is said in the only way there is.

use super::*;
use crate::link::Random;

/// One datagram of every kind and form.
fn samples() -> Vec<Vec<u8>> {
    let (nonce, cookie, session) = (NONCE, COOKIE, SESSION);
    let join = Join {
        nonce,
        cookie,
        history: 20,
        resume: None,
        name: "小明",
    };
    let resumed = Resume {
        epoch: EPOCH,
        next: 300,
        proof: Tag(5),
    };
    let again = Join {
        resume: Some(resumed),
        ..join
    };
    let welcome = Welcome {
        nonce,
        session,
        secret: secret(),
        resume: resume(),
        epoch: EPOCH,
        first: 281,
        live: 301,
        heard: 2,
        idle_timeout: 60,
    };
    let reason = Refusal::NameNotAllowed(3);
    let echo = Tag(9);
    let mut samples: Vec<_> = [
        Open::Hello(Hello { nonce }),
        Open::Challenge(Challenge { nonce, cookie }),
        Open::Join(join),
        Open::Join(again),
        Open::Welcome(welcome),
        Open::Refused(Refused { nonce, reason }),
        Open::Unknown(Unknown { session, echo }),
        Open::Seek(Seek { nonce }),
        Open::Found(Found {
            nonce,
            version: 1,
            members: 3,
            capacity: 4096,
            title: "教室",
        }),
    ]
    .iter()
    .map(open_bytes)
    .collect();
    samples.extend(sealed_samples());
    samples
}

fn sealed_samples() -> Vec<Vec<u8>> {
    let up = Up {
        answer: true,
        bye: false,
        acked: 300,
        gap_end: 310,
        stamps: STAMPS,
        first: 3,
        utterances: vec![
            Utterance::Say("大家好"),
            Utterance::Act("挥手"),
            Utterance::Whisper("小红", "嘘"),
            Utterance::Rename("大明"),
            Utterance::Away("茶"),
            Utterance::Leave,
        ],
    };
    let quiet = Up {
        first: 0,
        utterances: vec![],
        ..up.clone()
    };
    let whats = [
        What::Entered("小红"),
        What::Said("小红", "你好"),
        What::Said("小明", "嗯"),
        What::Announced("今晚停机"),
        What::Yours(4),
        What::Left("小明"),
        What::Gap(7),
        What::Acted("小红", "挥手"),
        What::Whispered("小红", "嘘"),
        What::Renamed("小红", "大红"),
        What::Hidden(3),
        What::YourName(5, "大明"),
        What::Failed(6, Failure::Nobody),
        What::Failed(7, Failure::NameTaken),
        What::Failed(8, Failure::NameNotAllowed(3)),
        What::Failed(9, Failure::SameName),
        What::Failed(10, Failure::Muted(9)),
    ];
    let mut number = 301;
    let events = whats.into_iter().map(|what| {
        let event = Event {
            number: EventNumber(number),
            unix_ms: MS + number * 31 % 7,
            what,
        };
        number = event.end();
        event
    });
    let mut down = Down {
        heard: 5,
        waiting: 2,
        answer: true,
        stamps: STAMPS,
        events: events.collect(),
    };
    let ask = |what| Ask { request: 7, what };
    let names = vec![("小明", None), ("Ann", Some("茶"))];
    let (after, next) = (130, 131);
    let reach = Told::Reach {
        event: 300,
        have: 3,
        others: 4,
    };
    let tells = [Told::Who { after, next, names }, reach, Told::Ping];
    let moved = Moved {
        nonce: NONCE,
        cookie: COOKIE,
    };
    let gone = Gone {
        reason: GoneReason::Kicked,
        ordered: 300,
        why: "刷屏",
    };
    let to = (SESSION, PacketNumber(8), secret());
    let mut written = [const { Vec::new() }; 10];
    ask(Asked::Who(130)).write(&mut written[0], to.0, to.1, to.2);
    ask(Asked::Reach).write(&mut written[5], to.0, to.1, to.2);
    ask(Asked::Ping).write(&mut written[6], to.0, to.1, to.2);
    moved.write(&mut written[1], to.0, to.1, to.2);
    gone.write(&mut written[2], to.0, to.1, to.2);
    for (bytes, what) in written[7..].iter_mut().zip(tells) {
        Tell { request: 7, what }.write(bytes, to);
    }
    write_probe(&mut written[3], to, 64);
    write_probed(&mut written[4], to, 64);
    let full = down_bytes(1, &down, &[1, 1, 2, 0, 0, 2, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    let mut mine = down_bytes(3, &down, &[1, 1, 2, 0, 0, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
    (mine[24], mine[26]) = (2, 3);
    reseal(&mut mine);
    down.events.clear();
    let mut samples = vec![
        up_bytes(1, &up),
        up_bytes(2, &quiet),
        full,
        mine,
        down_bytes(2, &down, &[]),
    ];
    samples.extend(written);
    samples
}

/// Reads all of a datagram as its receiver does; gives what it is when written again, `None` where it is of
/// another version, whose bytes are not ours to write.
fn read_whole(bytes: &[u8]) -> Result<Option<Vec<u8>>, Option<Malformed>> {
    match decode(bytes).map_err(Some)? {
        Datagram::Foreign(_) => Ok(None),
        Datagram::Open(open) => Ok((bytes[1] == VERSION).then(|| open_bytes(&open))),
        Datagram::Sealed(sealed) if !sealed.verify(secret()) => Err(None),
        Datagram::Sealed(sealed) => write_again(&sealed).map(Some).map_err(Some),
    }
}

fn write_again(sealed: &Sealed<'_>) -> Result<Vec<u8>, Malformed> {
    let (session, packet, secret) = (sealed.session, sealed.packet, secret());
    let mut bytes = Vec::new();
    match sealed.kind {
        Kind::Up => {
            let up = Up::read(sealed)?;
            let mut encoder = UpEncoder::new(&mut bytes, session, packet, &up);
            assert!(up.utterances.iter().all(|u| encoder.push(*u)), "{up:?}");
            encoder.finish(secret);
        }
        Kind::Down => return write_down_again(sealed),
        Kind::Ask => drop(Ask::read(sealed)?.write(&mut bytes, session, packet, secret)),
        Kind::Moved => drop(Moved::read(sealed)?.write(&mut bytes, session, packet, secret)),
        Kind::Gone => Gone::read(sealed)?.write(&mut bytes, session, packet, secret),
        Kind::Tell => Tell::read(sealed)?.write(&mut bytes, (session, packet, secret)),
        // What a probe is filled with is not looked at.
        Kind::Probe => {
            begin(&mut bytes, Kind::Probe, session, packet);
            bytes.extend(sealed.body);
            seal_in_place(secret, &mut bytes);
        }
        Kind::Probed => {
            let to = (session, packet, secret);
            write_probed(&mut bytes, to, read_probed(sealed)?);
        }
        kind => panic!("{kind:?} is not sealed"),
    }
    Ok(bytes)
}

/// An author that was named by index is the very same part of the datagram as where it was named in full.
fn write_down_again(sealed: &Sealed<'_>) -> Result<Vec<u8>, Malformed> {
    let told = decode_down(sealed)?;
    // Whose the words are is said by the head alone.
    let mut nobodys = *sealed;
    nobodys.own = Own::default();
    let down = decode_down(&nobodys)?;
    let mine = { told.events.iter().zip(&down.events) }.filter(|(told, down)| told != down);
    assert_eq!(mine.count() > 0, sealed.own.author > 0);
    let (mut frame, mut known) = (vec![0; limits::DOWN_HEAD], Vec::new());
    let mut encoder = DownEncoder::new(&mut frame, &mut known, usize::MAX);
    let mut places = Vec::new();
    for event in &down.events {
        let mut author = 0;
        if let What::Said(name, _)
        | What::Entered(name)
        | What::Left(name)
        | What::Acted(name, _)
        | What::Whispered(name, _)
        | What::Renamed(name, _) = event.what
        {
            let place = name.as_ptr();
            author = places
                .iter()
                .position(|known| *known == place)
                .unwrap_or_else(|| {
                    places.push(place);
                    places.len() - 1
                }) as u64;
        }
        let (unix_ms, what) = (event.unix_ms, event.what);
        let stored = Stored {
            unix_ms,
            author,
            utterance: 0,
            what,
        };
        assert!(encoder.push(event.number.0, &stored));
    }
    // What is left was padding, or it would not have been understood.
    let size = sealed.size().max(frame.len());
    frame.resize(size, 0);
    let digest = seal::digest(&frame[limits::DOWN_HEAD..]);
    let to = (sealed.session, sealed.packet, secret());
    seal_down(
        &mut frame,
        to,
        (down.heard, down.waiting),
        (down.answer, down.stamps),
        (sealed.own, digest),
    );
    Ok(frame)
}

#[test]
fn a_datagram_that_is_cut_is_no_datagram() {
    for sample in samples() {
        assert_eq!(read_whole(&sample), Ok(Some(sample.clone())));
        for length in 0..sample.len() {
            let cut = &sample[..length];
            let (kind, read) = (sample[2], read_whole(cut));
            assert!(read.is_err(), "kind {kind} of {length} bytes: {read:?}");
            if length < 3 + 8 {
                assert_eq!(read, Err(Some(Malformed::Short)));
            }
        }
    }
}

#[test]
fn a_flipped_bit_is_noticed() {
    for sample in samples() {
        for bit in 0..sample.len() * 8 {
            let mut bytes = sample.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (kind, read) = (sample[2], read_whole(&bytes));
            let expected = match bit / 8 {
                0 => read == Err(Some(Malformed::Magic)),
                // The bytes that say how to read the others.
                1 | 2 => read.is_err(),
                23 if kind == Kind::Down as u8 && bit % 8 == 6 => {
                    read == Err(Some(Malformed::Code))
                }
                _ if is_open(kind) => read == Err(Some(Malformed::Checksum)),
                _ => read == Err(None),
            };
            assert!(expected, "kind {kind}, bit {bit}: {read:?}");
        }
    }
}

/// A datagram of the kind with this body, its checksum or tag right.
fn made_up(kind: Kind, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![MAGIC, VERSION, kind as u8];
    match kind {
        Kind::Hello | Kind::Join | Kind::Welcome => {
            bytes.extend([0; 8]);
            bytes.extend(body);
            bytes.resize(limits::DATAGRAM, 0);
        }
        Kind::Challenge | Kind::Refused | Kind::Unknown | Kind::Found => {
            bytes.extend([0; 8]);
            bytes.extend(body);
        }
        Kind::Seek => {
            bytes.extend([0; 8]);
            bytes.extend(body);
            bytes.resize(limits::SEEK, 0);
        }
        Kind::Down => {
            bytes.resize(limits::DOWN_HEAD, 0);
            bytes.extend(body);
        }
        _ => {
            bytes.resize(limits::SEALED_HEAD, 0);
            bytes.extend(body);
        }
    }
    reseal(&mut bytes);
    bytes
}

#[track_caller]
fn refuse(kind: Kind, digits: &str, malformed: Malformed) {
    let bytes = made_up(kind, &hex(digits));
    assert_eq!(read_whole(&bytes), Err(Some(malformed)), "{digits}");
}

#[test]
fn what_is_no_datagram_at_all() {
    for (digits, malformed) in [
        ("", Malformed::Short),
        ("fe", Malformed::Short),
        ("fe01", Malformed::Short),
        ("68656c6c6f", Malformed::Magic),
        ("fe0100", Malformed::Kind),
        ("fe0111", Malformed::Kind),
        ("fe0203", Malformed::Version),
        ("fe0007", Malformed::Version),
    ] {
        assert_eq!(decode(&hex(digits)), Err(malformed), "{digits}");
    }
}

#[test]
fn open_kinds_name_what_is_wrong() {
    const AWAY: &str = "0102030405060708";
    let with = |rest: &str| format!("{AWAY}{rest}");
    refuse(Kind::Challenge, &with(&with("00")), Malformed::Trailing);
    refuse(Kind::Challenge, &with("00"), Malformed::Short);
    refuse(Kind::Refused, &with("010000"), Malformed::Trailing);
    refuse(Kind::Refused, &with("01"), Malformed::Short);
    refuse(Kind::Refused, &with("0000"), Malformed::Code);
    refuse(Kind::Refused, &with("0800"), Malformed::Code);
    refuse(Kind::Refused, &with("0101"), Malformed::Code);
    refuse(Kind::Unknown, &with("0000000000"), Malformed::Trailing);
    refuse(Kind::Hello, &with("01"), Malformed::Trailing);
    refuse(Kind::Seek, &with("01"), Malformed::Trailing);
    let found = |title: &str| with(&format!("010000000300001000{title}"));
    refuse(Kind::Found, &found("016100"), Malformed::Trailing);
    refuse(Kind::Found, &found("0261"), Malformed::Short);
    refuse(Kind::Found, &found("01ff"), Malformed::Text);
    let long = format!("41{}", "61".repeat(limits::TITLE_BYTES + 1));
    refuse(Kind::Found, &found(&long), Malformed::Text);
    let join = |rest: &str| with(&with(&format!("0014{rest}")));
    refuse(Kind::Join, &join("0001610001"), Malformed::Trailing);
    refuse(Kind::Join, &join("02"), Malformed::Code);
    refuse(Kind::Join, &join("0001ff"), Malformed::Text);
    refuse(Kind::Join, &join("008102"), Malformed::Text);
    refuse(Kind::Join, &join("008100"), Malformed::Number);
    let long = format!("00{}{}", "8002", "61".repeat(256));
    assert!(read_whole(&made_up(Kind::Join, &hex(&join(&long)))).is_ok());
    for size in [limits::DATAGRAM - 1, limits::DATAGRAM + 1] {
        let mut hello = made_up(Kind::Hello, &hex(AWAY));
        hello.resize(size, 0);
        reseal(&mut hello);
        assert_eq!(decode(&hello), Err(Malformed::Short), "{size} bytes");
    }
}

#[test]
fn sealed_kinds_name_what_is_wrong() {
    const OVERLONG: &str = "8000";
    const TOO_GREAT: &str = "80808080808080808002";
    const ENDLESS: &str = "8080808080808080808080";
    refuse(Kind::Up, "", Malformed::Short);
    refuse(Kind::Up, "04000000", Malformed::Code);
    refuse(Kind::Up, "000000000000", Malformed::Short);
    for number in [OVERLONG, TOO_GREAT, ENDLESS] {
        refuse(Kind::Up, &format!("0000000000{number}"), Malformed::Number);
        refuse(Kind::Down, number, Malformed::Number);
        refuse(Kind::Ask, number, Malformed::Number);
        refuse(Kind::Tell, number, Malformed::Number);
        refuse(Kind::Gone, &format!("02{number}"), Malformed::Number);
    }
    refuse(Kind::Up, "000000000000000002", Malformed::Number);
    refuse(Kind::Up, "0000000000000001", Malformed::Number);
    refuse(Kind::Up, "000000000000000107", Malformed::Code);
    refuse(Kind::Up, "00000000000000010441", Malformed::Text);
    refuse(Kind::Up, "0000000000000001058102", Malformed::Text);
    refuse(Kind::Up, "000000000000000106c901", Malformed::Text);
    refuse(Kind::Up, "00000000000000010101ff", Malformed::Text);
    refuse(Kind::Up, "0000000000000001018108", Malformed::Text);
    refuse(Kind::Up, "0000000000000001010261", Malformed::Short);
    let last = format!("00000000000000{}01{}", "ff".repeat(9), "02");
    refuse(Kind::Up, &last, Malformed::Number);
    refuse(Kind::Ask, "0104", Malformed::Code);
    refuse(Kind::Ask, "010200", Malformed::Trailing);
    refuse(Kind::Ask, "010300", Malformed::Trailing);
    refuse(Kind::Ask, "010100ff", Malformed::Trailing);
    refuse(Kind::Tell, "01040000", Malformed::Code);
    refuse(Kind::Tell, "0102000000ff", Malformed::Trailing);
    refuse(Kind::Tell, "010300", Malformed::Trailing);
    refuse(Kind::Tell, "01010000016102", Malformed::Code);
    refuse(Kind::Tell, "010100000161", Malformed::Short);
    refuse(Kind::Tell, "0101000001ff", Malformed::Text);
    refuse(Kind::Tell, "0101000041", Malformed::Text);
    refuse(Kind::Gone, "", Malformed::Short);
    refuse(Kind::Gone, "00", Malformed::Code);
    refuse(Kind::Gone, "06", Malformed::Code);
    refuse(Kind::Gone, "02", Malformed::Short);
    refuse(Kind::Gone, "0200ff", Malformed::Text);
    refuse(
        Kind::Gone,
        &format!("0200{}", "61".repeat(201)),
        Malformed::Text,
    );
    refuse(
        Kind::Moved,
        &format!("{}00", "01".repeat(16)),
        Malformed::Trailing,
    );
    refuse(Kind::Moved, "01", Malformed::Short);
    refuse(Kind::Probed, "", Malformed::Short);
    refuse(Kind::Probed, "8000", Malformed::Number);
    refuse(Kind::Probed, "0100", Malformed::Trailing);
}

#[test]
fn events_name_what_is_wrong() {
    refuse(Kind::Down, "0001030000", Malformed::Number);
    refuse(Kind::Down, "0101", Malformed::Number);
    // Nothing but padding.
    refuse(Kind::Down, "0101000000", Malformed::Number);
    // Further events that there are none of; nobody's events with an author; none hidden; no such failure.
    refuse(Kind::Down, "01010601610000", Malformed::Code);
    refuse(Kind::Down, "01010601610004", Malformed::Code);
    refuse(Kind::Down, "0101070000", Malformed::Code);
    refuse(Kind::Down, "0101070004", Malformed::Code);
    refuse(Kind::Down, "01010f000101", Malformed::Number);
    refuse(Kind::Down, "010107000100", Malformed::Number);
    refuse(Kind::Down, "01010700030100", Malformed::Short);
    refuse(Kind::Down, "0101070003010101", Malformed::Code);
    refuse(Kind::Down, "0101070003010600", Malformed::Code);
    refuse(Kind::Down, "01010800", Malformed::Number);
    refuse(Kind::Down, "0101010161001200", Malformed::Number);
    refuse(Kind::Down, "01010b00", Malformed::Number);
    refuse(Kind::Down, "01010d0001", Malformed::Number);
    refuse(Kind::Down, "0101050000", Malformed::Number);
    refuse(Kind::Down, "0101030001ff", Malformed::Text);
    refuse(Kind::Down, "010103008108", Malformed::Text);
    refuse(Kind::Down, "01010141", Malformed::Text);
    refuse(
        Kind::Down,
        &format!("{}01010300", "ff".repeat(9) + "01"),
        Malformed::Short,
    );
    refuse(
        Kind::Down,
        &format!("02010500{}", "ff".repeat(9) + "01"),
        Malformed::Number,
    );
    // Own words by the head: none in the body, a number without an author, an author that is not there or that does
    // what a reader is told apart, an utterance 0, and one that was not heard.
    for (own, body) in [
        ([1, 0, 0], ""),
        ([0, 0, 1], "01010001610000"),
        ([2, 0, 0], "01010001610000"),
        ([1, 0, 3], "01010001610000"),
        ([1, 0, 4], "01010001610000"),
        ([1, 0, 0], "010100016100000800016208000163"),
    ] {
        refuse_own(own, body, Malformed::Number);
    }
    refuse_own([1, 0, 0], "0101010161000800016208000163", Malformed::Code);
    refuse_own([1, 0, 0], "010106016100020162", Malformed::Code);
    // More of its utterances wait than were heard.
    let mut bytes = made_up(Kind::Down, &[]);
    bytes[23] = 1;
    reseal(&mut bytes);
    assert_eq!(read_whole(&bytes), Err(Some(Malformed::Number)));
}

/// Of a reader of whom three utterances were heard.
#[track_caller]
fn refuse_own(own: [u8; 3], body: &str, malformed: Malformed) {
    let mut bytes = made_up(Kind::Down, &hex(body));
    bytes[22] = 3;
    bytes[24..27].copy_from_slice(&own);
    reseal(&mut bytes);
    assert_eq!(read_whole(&bytes), Err(Some(malformed)), "{own:?} {body}");
}

#[test]
fn the_first_event_has_no_difference_of_time() {
    refuse(Kind::Down, "010103020161", Malformed::Number);
}

/// Changes some of the bytes, most often near the front, where there is something to change.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    const TELLING: [u8; 8] = [0, 1, 2, 5, 0x7F, 0x80, 0xFE, 0xFF];
    for _ in 0..=random.below(4) {
        let near = bytes.len().min(128) as u64;
        let at = random.below(near + 1) as usize;
        let byte = TELLING[random.below(8) as usize];
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.bits() as u8,
            2 | 3 if at < bytes.len() => bytes[at] = byte,
            4 => bytes.insert(at, byte),
            5 if at < bytes.len() => drop(bytes.remove(at)),
            6 if at < bytes.len() && bytes.len() < limits::DATAGRAM => bytes.truncate(at),
            7 => {
                let from = random.below(other.len().min(128) as u64) as usize;
                let count = random.below(24) as usize;
                bytes.splice(at..at, other[from..].iter().take(count).copied());
            }
            _ => (),
        }
    }
    if bytes.len() > 1000 {
        bytes.resize(limits::DATAGRAM, 0);
    }
}

#[test]
fn whatever_comes_is_refused_or_said_again_in_the_same_bytes() {
    let samples = samples();
    let mut random = Random::new(20_260_101);
    let mut understood = 0;
    for round in 0..300_000 {
        let pick = |random: &mut Random| random.below(samples.len() as u64) as usize;
        let (one, other) = (pick(&mut random), pick(&mut random));
        let mut bytes = samples[one].clone();
        mutate(&mut random, &mut bytes, &samples[other]);
        if random.below(8) > 0 {
            reseal(&mut bytes);
        }
        if let Ok(again) = read_whole(&bytes) {
            understood += 1;
            assert!(
                again.as_ref().is_none_or(|again| *again == bytes),
                "round {round}: {bytes:02x?}\nagain: {again:02x?}"
            );
        }
    }
    // A mutator that makes nothing but rubbish would prove nothing.
    assert!(understood > 30_000, "only {understood} were understood");
}
