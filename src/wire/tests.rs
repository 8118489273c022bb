//! Fixed bytes for every kind of datagram, and what becomes of bytes that are none.
//!
//! The bytes, tags included, were made from PROTOCOL.md and not with this code.

mod hostile;

use super::sealed::begin;
use super::*;
use crate::limits;
use crate::seal::{self, Key, Tag};

const NONCE: u64 = 0x0102_0304_0506_0708;
const COOKIE: u64 = 0x1112_1314_1516_1718;
const EPOCH: u64 = 0x2122_2324_2526_2728;
const SESSION: SessionId = SessionId(0x0030_0007);
const MS: u64 = 1_700_000_000_000;
const STAMPS: Stamps = Stamps {
    value: 0x4142,
    echo: 0x5152,
};

/// The secret of every session here: the bytes 00 to 0f.
fn secret() -> Key {
    Key::from_bytes(std::array::from_fn(|i| i as u8))
}

/// The key for resuming: the bytes 10 to 1f.
fn resume() -> Key {
    Key::from_bytes(std::array::from_fn(|i| i as u8 + 16))
}

/// Bytes from their hexadecimal digits; blanks count for nothing.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|d| (d[0] << 4 | d[1]) as u8).collect()
}

/// An open datagram as bytes, zeros behind it where its kind is padded.
fn open_bytes(open: &Open<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(open, &mut bytes);
    bytes
}

#[track_caller]
fn check_open(open: Open<'_>, digits: &str) {
    let mut expected = hex(digits);
    match open {
        Open::Hello(_) | Open::Join(_) | Open::Welcome(_) => expected.resize(limits::DATAGRAM, 0),
        Open::Seek(_) => expected.resize(limits::SEEK, 0),
        _ => (),
    }
    assert_eq!(open_bytes(&open), expected);
    assert_eq!(decode(&expected), Ok(Datagram::Open(open)));
}

/// Reads the outer form and checks the tag.
#[track_caller]
fn verified<'a>(bytes: &'a [u8], kind: Kind, packet: u64) -> Sealed<'a> {
    let Ok(Datagram::Sealed(sealed)) = decode(bytes) else {
        panic!("not sealed: {:?}", decode(bytes));
    };
    assert!(sealed.verify(secret()), "the tag is wrong");
    assert!(!sealed.verify(resume()), "any tag is right");
    assert_eq!(
        (sealed.kind, sealed.session, sealed.packet, sealed.size()),
        (kind, SESSION, PacketNumber(packet), bytes.len())
    );
    sealed
}

fn up_bytes(packet: u64, up: &Up<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = UpEncoder::new(&mut bytes, SESSION, PacketNumber(packet), up);
    for utterance in &up.utterances {
        assert!(encoder.push(*utterance), "does not fit");
    }
    encoder.finish(secret());
    bytes
}

#[track_caller]
fn check_up(packet: u64, up: &Up<'_>, digits: &str) {
    let expected = hex(digits);
    assert_eq!(up_bytes(packet, up), expected);
    let sealed = verified(&expected, Kind::Up, packet);
    assert_eq!(Up::read(&sealed), Ok(up.clone()));
    assert_eq!(says_bye(&sealed), up.bye);
    let alone = !up.bye && up.utterances.is_empty();
    assert_eq!(is_sign_of_life(&expected), alone);
    assert!(!is_sign_of_life(&expected[..limits::SEALED_HEAD + 3]));
    let mut other = expected;
    other[2] = Kind::Moved as u8;
    assert!(!is_sign_of_life(&other));
}

/// Encodes a Down; each event is behind the number that stands for its author.
fn down_bytes(packet: u64, down: &Down<'_>, authors: &[u64]) -> Vec<u8> {
    let (mut frame, mut known) = (vec![0; limits::DOWN_HEAD], Vec::new());
    let mut encoder = DownEncoder::new(&mut frame, &mut known, limits::DATAGRAM);
    for (event, author) in down.events.iter().zip(authors) {
        let (unix_ms, author, what) = (event.unix_ms, *author, event.what);
        let stored = Stored {
            unix_ms,
            author,
            utterance: 0,
            what,
        };
        assert!(encoder.push(event.number.0, &stored), "does not fit");
    }
    let digest = seal::digest(&frame[limits::DOWN_HEAD..]);
    let to = (SESSION, PacketNumber(packet), secret());
    let received = (down.heard, down.waiting);
    seal_down(
        &mut frame,
        to,
        received,
        (down.answer, down.stamps),
        (Own::default(), digest),
    );
    frame
}

#[track_caller]
fn check_down(packet: u64, down: &Down<'_>, authors: &[u64], digits: &str) {
    let expected = hex(digits);
    assert_eq!(down_bytes(packet, down, authors), expected);
    let sealed = verified(&expected, Kind::Down, packet);
    assert_eq!(decode_down(&sealed), Ok(down.clone()));
}

#[test]
fn hello() {
    let hello = Hello { nonce: NONCE };
    check_open(
        Open::Hello(hello),
        "fe0101 445e111b0ef03d4c 0102030405060708",
    );
}

#[test]
fn a_hello_of_another_version_is_still_understood() {
    let mut bytes = open_bytes(&Open::Hello(Hello { nonce: NONCE }));
    bytes[1] = 9;
    reseal(&mut bytes);
    assert_eq!(decode(&bytes), Ok(Datagram::Foreign(NONCE)));
}

#[test]
fn challenge() {
    let challenge = Challenge {
        nonce: NONCE,
        cookie: COOKIE,
    };
    check_open(
        Open::Challenge(challenge),
        "fe0102 18f5f1c91beb8031 0102030405060708 1112131415161718",
    );
}

#[test]
fn join() {
    let mut join = Join {
        nonce: NONCE,
        cookie: COOKIE,
        history: 20,
        resume: None,
        name: "小明",
    };
    check_open(
        Open::Join(join),
        "fe0103 c9610dd39c4cd561 0102030405060708 1112131415161718 0014 00 06e5b08fe6988e",
    );
    join.resume = Some(Resume {
        epoch: EPOCH,
        next: 300,
        proof: Resume::prove(resume(), NONCE, COOKIE),
    });
    check_open(
        Open::Join(join),
        "fe0103 d02302ca08715511 0102030405060708 1112131415161718 0014
         01 2122232425262728 000000000000012c 70ba56819e60ad07 06e5b08fe6988e",
    );
}

#[test]
fn welcome() {
    let welcome = Welcome {
        nonce: NONCE,
        session: SESSION,
        secret: secret(),
        resume: resume(),
        epoch: EPOCH,
        first: 281,
        live: 301,
        heard: 2,
        idle_timeout: 60,
    };
    check_open(
        Open::Welcome(welcome),
        "fe0104 00a9a0ab2c0123da 0102030405060708 00300007 000102030405060708090a0b0c0d0e0f
         101112131415161718191a1b1c1d1e1f 2122232425262728 0000000000000119 000000000000012d
         0000000000000002 003c",
    );
}

#[test]
fn seek_and_found() {
    check_open(
        Open::Seek(Seek { nonce: NONCE }),
        "fe010f fdde588a3db20f74 0102030405060708",
    );
    let found = Found {
        nonce: NONCE,
        version: 1,
        members: 3,
        capacity: 4096,
        title: "教室",
    };
    check_open(
        Open::Found(found),
        "fe0110 d40c18a58fb4f8b8 0102030405060708 01 00000003 00001000 06e69599e5aea4",
    );
    let title = "x".repeat(limits::TITLE_BYTES);
    let longest = Open::Found(Found {
        title: &title,
        ..found
    });
    assert!(open_bytes(&longest).len() <= limits::SEEK);
    // They are understood whatever the version.
    for open in [Open::Seek(Seek { nonce: NONCE }), Open::Found(found)] {
        let mut bytes = open_bytes(&open);
        bytes[1] = 9;
        reseal(&mut bytes);
        assert_eq!(decode(&bytes), Ok(Datagram::Open(open)));
    }
}

#[test]
fn refused_for_every_reason() {
    for (reason, digits) in [
        (
            Refusal::NameTaken,
            "fe0105 cb542577140c7bc7 0102030405060708 01 00",
        ),
        (
            Refusal::NameNotAllowed(7),
            "fe0105 e9694984b818c4a7 0102030405060708 02 07",
        ),
        (
            Refusal::Full,
            "fe0105 db1691c9a24c4ec8 0102030405060708 03 00",
        ),
        (
            Refusal::TooManyFromAddress,
            "fe0105 482a22f37d7984fc 0102030405060708 04 00",
        ),
        (
            Refusal::Version(2),
            "fe0105 1d9626e01c230ced 0102030405060708 05 02",
        ),
        (
            Refusal::Closing,
            "fe0105 3cffe48cc0cd8487 0102030405060708 06 00",
        ),
    ] {
        let nonce = NONCE;
        check_open(Open::Refused(Refused { nonce, reason }), digits);
    }
}

#[test]
fn a_refusal_by_another_version_is_understood() {
    let reason = Refusal::Version(9);
    let open = Open::Refused(Refused {
        nonce: NONCE,
        reason,
    });
    let mut bytes = open_bytes(&open);
    bytes[1] = 9;
    reseal(&mut bytes);
    assert_eq!(decode(&bytes), Ok(Datagram::Open(open)));
}

#[test]
fn unknown() {
    let unknown = Unknown {
        session: SESSION,
        echo: Tag(0x3132_3334_3536_3738),
    };
    check_open(
        Open::Unknown(unknown),
        "fe0106 e17449f813a3cf80 00300007 3132333435363738",
    );
}

#[test]
fn up() {
    let mut up = Up {
        answer: false,
        bye: false,
        acked: 0,
        gap_end: 0,
        stamps: Stamps::default(),
        first: 0,
        utterances: vec![],
    };
    check_up(
        1,
        &up,
        "fe0107 00300007 0000000000000001 73860cdb0b93dd0e 00 0000 0000 00 00",
    );
    (up.answer, up.bye) = (true, true);
    (up.acked, up.gap_end, up.stamps) = (300, 310, STAMPS);
    check_up(
        2,
        &up,
        "fe0107 00300007 0000000000000002 6daad94ccee57ea1 03 4142 5152 ac02 b602",
    );
    (up.bye, up.gap_end, up.stamps) = (false, 0, Stamps::default());
    up.first = 3;
    up.utterances = vec![
        Utterance::Say("大家好"),
        Utterance::Say(""),
        Utterance::Act("挥手"),
        Utterance::Whisper("小红", "嘘"),
        Utterance::Rename("大明"),
        Utterance::Away(""),
        Utterance::Leave,
    ];
    check_up(
        0x0203,
        &up,
        "fe0107 00300007 0000000000000203 ff31bbb47dcd05db 01 0000 0000 ac02 00
         03 0109e5a4a7e5aeb6e5a5bd 0100 0306e68ca5e6898b 0406e5b08fe7baa203e59898 0506e5a4a7e6988e 0600 02",
    );
}

#[test]
fn down_without_events() {
    let down = Down {
        heard: 5,
        waiting: 3,
        answer: true,
        stamps: STAMPS,
        events: vec![],
    };
    check_down(
        1,
        &down,
        &[],
        "fe0108 00300007 0000000000000001 0000000000000005 83 000000 4142 5152 8550fa0e60418a69",
    );
}

#[test]
fn down_with_every_event() {
    let event = |number, later: u64, what| Event {
        number: EventNumber(number),
        unix_ms: MS + later,
        what,
    };
    let events = vec![
        event(301, 0, What::Entered("小红")),
        event(302, 5, What::Said("小红", "你好")),
        event(303, 5, What::Said("小明", "嗯")),
        event(304, 3, What::Announced("今晚停机")),
        event(305, 103, What::Said("小红", "好")),
        event(306, 103, What::Yours(4)),
        event(307, 102 + 2, What::Yours(0)),
        event(308, 104, What::Left("小明")),
        event(309, 104, What::Gap(128)),
        event(437, 40, What::Announced("完")),
        event(438, 40, What::Acted("小红", "挥手")),
        event(439, 41, What::Whispered("小红", "嘘")),
        event(440, 41, What::Renamed("小红", "大红")),
        event(441, 42, What::Entered("大红")),
        event(442, 42, What::Hidden(300)),
        event(742, 42, What::YourName(5, "大明")),
        event(743, 42, What::Failed(6, Failure::Nobody)),
        event(744, 42, What::Failed(7, Failure::NameNotAllowed(8))),
    ];
    let down = Down {
        heard: 5,
        waiting: 0,
        answer: false,
        stamps: STAMPS,
        events,
    };
    check_down(
        9,
        &down,
        &[1, 1, 2, 0, 1, 0, 0, 2, 0, 0, 1, 1, 1, 3, 0, 0, 0, 0],
        "fe0108 00300007 0000000000000009 0000000000000005 00 000000 4142 5152 6f0c18aaf0b31ecd
         ad02 80d095ffbc31 01 06e5b08fe7baa2 00
         08 0a 06e4bda0e5a5bd
         00 06e5b08fe6988e 00 03e597af
         03 03 0ce4bb8ae6999ae5819ce69cba
         08 c801 03e5a5bd
         04 00 04
         04 02 00
         12 00
         05 00 8001
         03 7f 03e5ae8c
         0e 00 01 06e68ca5e6898b
         0e 02 02 03e59898
         0e 00 03 06e5a4a7e7baa2
         01 06e5a4a7e7baa2 02
         07 00 01 ac02
         07 00 02 05 06e5a4a7e6988e
         07 00 03 06 0100
         07 00 03 07 0308",
    );
}

#[test]
fn one_body_tells_each_author_what_it_said() {
    let (mut frame, mut named) = (vec![0; limits::DOWN_HEAD], Vec::new());
    let mut encoder = DownEncoder::new(&mut frame, &mut named, limits::DATAGRAM);
    let said = [
        (1, 7, What::Said("小红", "你好")),
        (2, 4, What::Said("小明", "嗯")),
        (1, 8, What::Acted("小红", "挥手")),
        (1, 0, What::Renamed("小红", "大红")),
        (2, 5, What::Acted("小明", "笑")),
        (2, 6, What::Said("小明", "好")),
    ];
    for (number, (author, utterance, what)) in (301..).zip(said) {
        let stored = Stored {
            unix_ms: MS,
            author,
            utterance,
            what,
        };
        assert!(encoder.push(number, &stored));
    }
    let heard = 4 + 257;
    let own = Own::of(2, &named, heard).expect("in the head");
    assert_eq!((own.author, own.back), (2, 257));
    let to = (SESSION, PacketNumber(9), secret());
    let digest = seal::digest(&frame[limits::DOWN_HEAD..]);
    seal_down(&mut frame, to, (heard, 0), (false, STAMPS), (own, digest));
    let expected = hex(
        "fe0108 00300007 0000000000000009 0000000000000105 00 02 0101 4142 5152 5efd18096a2d8afc
         ad02 80d095ffbc31 00 06e5b08fe7baa2 00 06e4bda0e5a5bd
         00 06e5b08fe6988e 00 03e597af
         0e 00 01 06e68ca5e6898b
         0e 00 03 06e5a4a7e7baa2
         16 00 01 03e7ac91
         10 00 03e5a5bd",
    );
    assert_eq!(frame, expected);
    let down = decode_down(&verified(&expected, Kind::Down, 9)).expect("well-formed");
    let told: Vec<What<'_>> = down.events.iter().map(|event| event.what).collect();
    let own = [What::Yours(4), What::Yours(5), What::Yours(6)];
    assert_eq!([told[1], told[4], told[5]], own);
    let others = [said[0].2, said[2].2, said[3].2];
    assert_eq!([told[0], told[2], told[3]], others);
}

#[test]
fn a_head_says_only_what_it_can() {
    let (mut body, mut named) = (Vec::new(), Vec::new());
    let mut encoder = DownEncoder::new(&mut body, &mut named, usize::MAX);
    for author in 1..=limits::INDEXED_AUTHORS as u64 - 1 {
        let (utterance, what) = match author {
            1 => (0, What::Entered("甲")),
            _ => (author, What::Said("甲", "好")),
        };
        let stored = Stored {
            unix_ms: MS,
            author,
            utterance,
            what,
        };
        assert!(encoder.push(author, &stored));
    }
    assert_eq!(Own::of(1, &named, 9), None, "it was named when it entered");
    assert_eq!(Own::of(70, &named, 9), Some(Own::default()), "not in it");
    let heard = 2 + u64::from(u16::MAX);
    let back = |heard| Own::of(2, &named, heard).map(|own| own.back);
    assert_eq!((back(heard), back(heard + 1)), (Some(u16::MAX), None));
    named.push(named[5]);
    assert_eq!(Own::of(70, &named, 9), None, "perhaps later, by no index");
}

/// The size of a body in which so many authors enter, and then, after an hour of quiet, the last one speaks.
fn size_of_talk(authors: u64, said: Option<&str>) -> usize {
    let (mut body, mut known) = (Vec::new(), Vec::new());
    let mut encoder = DownEncoder::new(&mut body, &mut known, usize::MAX);
    let mut push = |number, unix_ms, author, what| {
        let stored = Stored {
            unix_ms,
            author,
            utterance: 0,
            what,
        };
        assert!(encoder.push(number, &stored));
    };
    for author in 1..=authors {
        push(author, MS, author, What::Entered("甲"));
    }
    if let Some(text) = said {
        push(authors + 1, MS + 3_600_000, authors, What::Said("甲", text));
    }
    body.len()
}

#[test]
fn an_utterance_by_a_known_author_costs_at_most_8_bytes_more() {
    let text = "x".repeat(60);
    // The last author has the longest index.
    for authors in [1, 15, 16, limits::INDEXED_AUTHORS as u64] {
        let more = size_of_talk(authors, Some(&text)) - size_of_talk(authors, None);
        assert!(more <= 60 + 8, "{more} bytes by author {authors}");
    }
}

#[test]
fn authors_beyond_the_index_are_named_each_time() {
    let names: Vec<String> = (0..limits::INDEXED_AUTHORS + 2)
        .map(|i| format!("n{i}"))
        .collect();
    let (mut events, mut authors) = (Vec::new(), Vec::new());
    for round in 0..2 {
        for (i, name) in names.iter().enumerate() {
            events.push(Event {
                number: EventNumber((1 + round * names.len() + i) as u64),
                unix_ms: MS,
                what: What::Left(name),
            });
            authors.push(i as u64 + 1);
        }
    }
    let down = Down {
        heard: 0,
        waiting: 0,
        answer: false,
        stamps: STAMPS,
        events,
    };
    let bytes = down_bytes(1, &down, &authors);
    let sealed = verified(&bytes, Kind::Down, 1);
    assert_eq!(decode_down(&sealed), Ok(down));
    let named_again = |i: usize| {
        let name = names[i].as_bytes();
        bytes.windows(name.len()).filter(|w| w == &name).count()
    };
    assert_eq!((named_again(63), named_again(64)), (1, 2));
}

#[test]
fn zeros_behind_the_last_event_say_nothing() {
    let event = Event {
        number: EventNumber(7),
        unix_ms: 1,
        what: What::Said("小明", "好"),
    };
    let down = Down {
        heard: 3,
        waiting: 0,
        answer: false,
        stamps: STAMPS,
        events: vec![
            event,
            Event {
                number: EventNumber(8),
                ..event
            },
        ],
    };
    for zeros in [0, 1, 2, 3, 4, 5, 100] {
        let mut bytes = down_bytes(1, &down, &[1, 2]);
        bytes.resize(bytes.len() + zeros, 0);
        let digest = seal::digest(&bytes[limits::DOWN_HEAD..]);
        let to = (SESSION, PacketNumber(1), secret());
        seal_down(
            &mut bytes,
            to,
            (3, 0),
            (false, down.stamps),
            (Own::default(), digest),
        );
        assert_eq!(
            decode_down(&verified(&bytes, Kind::Down, 1)),
            Ok(down.clone())
        );
    }
}

#[test]
fn ask_and_tell() {
    let (request, what) = (7, Asked::Who(130));
    let ask = Ask { request, what };
    let mut bytes = Vec::new();
    let tag = ask.write(&mut bytes, SESSION, PacketNumber(3), secret());
    assert_eq!(
        bytes,
        hex("fe0109 00300007 0000000000000003 9ebcb53ab7c273ba 07 01 8201")
    );
    let sealed = verified(&bytes, Kind::Ask, 3);
    assert_eq!((Ask::read(&sealed), sealed.tag), (Ok(ask), tag));

    let to = (SESSION, PacketNumber(4), secret());
    let mut bytes = Vec::new();
    let what = Told::Who {
        after: 130,
        next: 0,
        names: vec![("小明", None), ("Ann", Some("茶"))],
    };
    let tell = Tell { request, what };
    tell.write(&mut bytes, to);
    assert_eq!(
        bytes,
        hex(
            "fe010a 00300007 0000000000000004 6ee66423ffe5c5c7 07 01 8201 00
             06e5b08fe6988e00 03416e6e0103e88cb6"
        )
    );
    assert_eq!(Tell::read(&verified(&bytes, Kind::Tell, 4)), Ok(tell));
}

#[test]
fn other_questions_and_their_answers() {
    let reach = Told::Reach {
        event: 300,
        have: 3,
        others: 4,
    };
    for (what, told, asks, tells) in [
        (Asked::Reach, reach, "07 02", "07 02 ac02 03 04"),
        (Asked::Ping, Told::Ping, "07 03", "07 03"),
    ] {
        let (mut bytes, request) = (Vec::new(), 7);
        let ask = Ask { request, what };
        ask.write(&mut bytes, SESSION, PacketNumber(3), secret());
        assert_eq!(bytes[limits::SEALED_HEAD..], hex(asks));
        assert_eq!(Ask::read(&verified(&bytes, Kind::Ask, 3)), Ok(ask));
        let tell = Tell {
            request,
            what: told,
        };
        tell.write(&mut bytes, (SESSION, PacketNumber(4), secret()));
        assert_eq!(bytes[limits::SEALED_HEAD..], hex(tells));
        assert_eq!(Tell::read(&verified(&bytes, Kind::Tell, 4)), Ok(tell));
    }
}

#[test]
fn a_long_roster_goes_on_where_it_stopped() {
    let names: Vec<String> = (0..100).map(|i| format!("{i:0>60}")).collect();
    let (mut after, mut told, mut pages) = (0, Vec::new(), 0);
    loop {
        let list = names.iter().enumerate().skip(after as usize);
        let list = list.map(|(i, name)| (i as u64 + 1, (name.as_str(), None)));
        let (mut bytes, to) = (Vec::new(), (SESSION, PacketNumber(4), secret()));
        Tell::page(1, after, list).write(&mut bytes, to);
        assert!(bytes.len() <= limits::DATAGRAM);
        let tell = Tell::read(&verified(&bytes, Kind::Tell, 4)).expect("well-formed");
        let Told::Who { next, names, .. } = tell.what else {
            panic!("{tell:?}");
        };
        told.extend(names.iter().map(|(name, _)| (*name).to_owned()));
        (after, pages) = (next, pages + 1);
        if after == 0 {
            break;
        }
    }
    assert!(told == names && pages == 6, "{pages} pages");
}

#[test]
fn gone_for_every_reason() {
    use GoneReason::*;
    for (reason, ordered, why, digits) in [
        (Left, 5, "", "2e26901e9df59252 01 05"),
        (Kicked, 300, "刷屏", "dc6d522a7fbbf4e5 02 ac02 e588b7e5b18f"),
        (Closed, 0, "", "7853c997205f2495 03 00"),
        (Silent, 0, "", "b3f69f2e5e6b9ab3 04 00"),
        (Violation, 0, "", "15be5d86c7379626 05 00"),
    ] {
        let gone = Gone {
            reason,
            ordered,
            why,
        };
        let mut bytes = Vec::new();
        gone.write(&mut bytes, SESSION, PacketNumber(5), secret());
        assert_eq!(
            bytes,
            hex(&format!("fe010b 00300007 0000000000000005 {digits}"))
        );
        assert_eq!(Gone::read(&verified(&bytes, Kind::Gone, 5)), Ok(gone));
    }
}

#[test]
fn moved() {
    let moved = Moved {
        nonce: NONCE,
        cookie: COOKIE,
    };
    let mut bytes = Vec::new();
    let tag = moved.write(&mut bytes, SESSION, PacketNumber(6), secret());
    assert_eq!(
        bytes,
        hex("fe010c 00300007 0000000000000006 7273610ed772e8c3 0102030405060708 1112131415161718")
    );
    let sealed = verified(&bytes, Kind::Moved, 6);
    assert_eq!((Moved::read(&sealed), sealed.tag), (Ok(moved), tag));
}

#[test]
fn probe_and_probed() {
    let to = (SESSION, PacketNumber(7), secret());
    let mut bytes = Vec::new();
    write_probe(&mut bytes, to, 1452);
    let mut expected = hex("fe010d 00300007 0000000000000007 9cfc4c18e8b3ba84");
    expected.resize(1452, 0);
    assert_eq!(bytes, expected);
    verified(&bytes, Kind::Probe, 7);

    let mut bytes = Vec::new();
    let tag = write_probed(&mut bytes, to, 1452);
    assert_eq!(
        bytes,
        hex("fe010e 00300007 0000000000000007 b49d43d2b02f649d ac0b")
    );
    let sealed = verified(&bytes, Kind::Probed, 7);
    assert_eq!((read_probed(&sealed), sealed.tag), (Ok(1452), tag));
}

/// Whether a datagram of this kind belongs to no session.
fn is_open(code: u8) -> bool {
    code <= Kind::Unknown as u8 || code == Kind::Seek as u8 || code == Kind::Found as u8
}

/// Puts the right checksum or tag into bytes that are long enough to have one, whatever else they are.
fn reseal(bytes: &mut [u8]) {
    let head = match bytes.get(2) {
        Some(code) if is_open(*code) => 3,
        Some(code) if *code == Kind::Down as u8 => limits::DOWN_HEAD - 8,
        _ => limits::SEALED_HEAD - 8,
    };
    let key = if head == 3 { seal::OPEN } else { secret() };
    if let Some((front, body)) = bytes.split_at_mut_checked(head + 8) {
        let tag = key.tag(&front[..head], seal::digest(body));
        front[head..].copy_from_slice(&tag.0.to_be_bytes());
    }
}

#[test]
fn an_event_that_fills_a_datagram_to_its_end_fits_and_no_larger_one() {
    let stored = Stored {
        unix_ms: MS,
        author: 1,
        utterance: 0,
        what: What::Said("甲", "好"),
    };
    let fits = |number, most| {
        let (mut body, mut known) = (Vec::new(), Vec::new());
        let pushed = DownEncoder::new(&mut body, &mut known, most).push(number, &stored);
        pushed.then_some(body.len())
    };
    for number in [1, 1 << 20, u64::MAX - 5] {
        let size = fits(number, usize::MAX).expect("room without end");
        assert_eq!(fits(number, size), Some(size));
        assert_eq!(fits(number, size - 1), None);
    }
}
