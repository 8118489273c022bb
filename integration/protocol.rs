//! PROTOCOL.md against the code: its conversation byte for byte, its limits, and what it promises of a server.

mod server;

use chatroom::limits;
use chatroom::seal::{self, Key};
use chatroom::wire::*;
use std::collections::BTreeMap;

const TEXT: &str = include_str!("../PROTOCOL.md");

const NONCE: u64 = 0xA1A2_A3A4_A5A6_A7A8;
const COOKIE: u64 = 0xC1C2_C3C4_C5C6_C7C8;
const EPOCH: u64 = 0xE1E2_E3E4_E5E6_E7E8;
const SESSION: SessionId = SessionId(0x0030_0007);

fn key(first: u8) -> Key {
    Key::from_bytes(std::array::from_fn(|i| first + i as u8))
}

/// The datagrams of the conversation, by their names.
fn conversation() -> BTreeMap<&'static str, Vec<u8>> {
    let mut found = BTreeMap::new();
    for part in TEXT.split("```hex ").skip(1) {
        let (block, _) = part.split_once("```").expect("a block has an end");
        let (name, lines) = block.split_once('\n').expect("a block has lines");
        let bytes = lines.lines().flat_map(bytes_of_line).collect();
        assert!(found.insert(name, bytes).is_none(), "{name} twice");
    }
    found
}

/// `a1 a2 ; what they are`, or `00 * 12 ; padding`.
fn bytes_of_line(line: &str) -> Vec<u8> {
    let (bytes, what) = line.split_once(';').expect("bytes are explained");
    assert!(!what.trim().is_empty(), "bytes are explained: {line}");
    let byte = |digits: &str| u8::from_str_radix(digits, 16).expect("hexadecimal digits");
    match bytes.split_once('*') {
        Some((value, count)) => {
            let count = count.trim().parse().expect("a count");
            vec![byte(value.trim()); count]
        }
        None => bytes.split_whitespace().map(byte).collect(),
    }
}

fn open(open: Open<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&open, &mut bytes);
    bytes
}

fn up(packet: u64, stamps: (u16, u16), acked: u64, first: u64, said: &[Utterance<'_>]) -> Vec<u8> {
    let up = Up {
        answer: false,
        bye: false,
        acked,
        gap_end: 0,
        stamps: self::stamps(stamps),
        first,
        utterances: vec![],
    };
    let mut bytes = Vec::new();
    let mut encoder = UpEncoder::new(&mut bytes, SESSION, PacketNumber(packet), &up);
    assert!(said.iter().all(|utterance| encoder.push(*utterance)));
    encoder.finish(key(0));
    bytes
}

fn stamps((value, echo): (u16, u16)) -> Stamps {
    Stamps { value, echo }
}

const BEGIN: u64 = 1_700_000_000_000;

fn down(packet: u64, stamps: (u16, u16), heard: u64, events: &[(u64, u64, What<'_>)]) -> Vec<u8> {
    const READER: u64 = 1;
    let (mut frame, mut named) = (vec![0; limits::DOWN_HEAD], Vec::new());
    let mut encoder = DownEncoder::new(&mut frame, &mut named, limits::DATAGRAM);
    for (number, unix_ms, what) in events.iter().copied() {
        let (author, utterance) = match what {
            What::Said("小明", _) => (READER, heard),
            _ => (READER + 1, 0),
        };
        let stored = Stored {
            unix_ms,
            author,
            utterance,
            what,
        };
        assert!(encoder.push(number, &stored));
    }
    let digest = seal::digest(&frame[limits::DOWN_HEAD..]);
    let own = Own::of(READER, &named, heard).expect("one that a head can tell");
    let to = (SESSION, PacketNumber(packet), key(0));
    seal_down(
        &mut frame,
        to,
        (heard, 0),
        (false, self::stamps(stamps)),
        (own, digest),
    );
    frame
}

fn ask() -> Vec<u8> {
    let (request, what) = (7, Asked::Who(0));
    let mut bytes = Vec::new();
    Ask { request, what }.write(&mut bytes, SESSION, PacketNumber(4), key(0));
    bytes
}

fn tell() -> Vec<u8> {
    let members = [(1, ("大明", None)), (2, ("小红", Some("茶")))];
    let mut bytes = Vec::new();
    Tell::page(7, 0, members.into_iter()).write(&mut bytes, (SESSION, PacketNumber(4), key(0)));
    bytes
}

fn gone() -> Vec<u8> {
    let mut bytes = Vec::new();
    let (reason, ordered, why) = (GoneReason::Left, 5, "");
    let gone = Gone {
        reason,
        ordered,
        why,
    };
    gone.write(&mut bytes, SESSION, PacketNumber(5), key(0));
    bytes
}

#[test]
fn the_conversation_is_what_the_code_writes() {
    let (nonce, cookie) = (NONCE, COOKIE);
    let join = Join {
        nonce,
        cookie,
        history: 20,
        resume: None,
        name: "小明",
    };
    let welcome = Welcome {
        nonce,
        session: SESSION,
        secret: key(0),
        resume: key(16),
        epoch: EPOCH,
        first: 1,
        live: 2,
        heard: 0,
        idle_timeout: 60,
    };
    let found = Found {
        nonce,
        version: VERSION,
        members: 2,
        capacity: 4096,
        title: "教室",
    };
    let spoken = [
        (3, BEGIN, What::Said("小明", "大家好")),
        (4, BEGIN + 1500, What::Entered("小红")),
        (5, BEGIN + 1498, What::Said("小红", "你好")),
    ];
    let whispers = [
        Utterance::Whisper("小红", "嘘"),
        Utterance::Whisper("小强", "喂"),
        Utterance::Rename("大明"),
    ];
    let to_author = [
        (6, BEGIN, What::Yours(2)),
        (7, BEGIN, What::Failed(3, Failure::Nobody)),
        (8, BEGIN, What::YourName(4, "大明")),
    ];
    let to_reader = [
        (6, BEGIN, What::Whispered("小明", "嘘")),
        (7, BEGIN, What::Hidden(1)),
        (8, BEGIN, What::Renamed("小明", "大明")),
    ];
    let to_others = [
        (6, BEGIN, What::Hidden(2)),
        (8, BEGIN, What::Renamed("小明", "大明")),
    ];
    let expected = BTreeMap::from([
        ("Hello", open(Open::Hello(Hello { nonce }))),
        (
            "Challenge",
            open(Open::Challenge(Challenge { nonce, cookie })),
        ),
        ("Join", open(Open::Join(join))),
        ("Welcome", open(Open::Welcome(welcome))),
        (
            "Up, says",
            up(2, (12_000, 40_000), 2, 1, &[Utterance::Say("大家好")]),
        ),
        ("Down", down(2, (40_044, 12_004), 1, &spoken)),
        ("Up, whispers", up(3, (12_444, 40_444), 5, 2, &whispers)),
        (
            "Down, to the author",
            down(3, (40_488, 12_448), 4, &to_author),
        ),
        (
            "Down, to the reader",
            down(3, (40_488, 12_448), 4, &to_reader),
        ),
        ("Down, to others", down(3, (40_488, 12_448), 4, &to_others)),
        ("Ask", ask()),
        ("Tell", tell()),
        (
            "Up, leaves",
            up(5, (16_444, 44_444), 8, 5, &[Utterance::Leave]),
        ),
        ("Gone", gone()),
        ("Seek", open(Open::Seek(Seek { nonce }))),
        ("Found", open(Open::Found(found))),
    ]);
    let told = conversation();
    assert_eq!(
        told.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &expected {
        assert_eq!(told[name], *bytes, "{name}");
    }
}

#[test]
fn the_conversation_can_be_read() {
    for (name, bytes) in conversation() {
        match decode(&bytes).expect(name) {
            Datagram::Sealed(sealed) => assert!(sealed.verify(key(0)), "{name}"),
            Datagram::Open(_) => (),
            Datagram::Foreign(_) => panic!("{name} is of this version"),
        }
    }
}

/// Each named limit and its value, as the table writes it.
macro_rules! values {
    ($($name:ident)*) => {
        BTreeMap::from([$((stringify!($name), format!("{:?}", limits::$name).replace(' ', ""))),*])
    };
}

#[test]
fn the_limits_are_those_of_the_code() {
    let values = values!(
        DATAGRAM NAME_BYTES NAME_CHARS NAME_SENT UTTERANCE_BYTES WHY_BYTES VARINT SEALED_HEAD DOWN_HEAD
        CHALLENGE UNKNOWN SEEK TITLE_BYTES DISCOVERY_PORT DISCOVERY_V4 DISCOVERY_V6 DATAGRAM_SIZES PATH_PROBES PATH_RETRY IN_FLIGHT_BYTES AROUND_DATAGRAM
        INDEXED_AUTHORS REPLAY_WINDOW EARLY_DATAGRAMS UTTERANCES_UNORDERED WINDOW_FIRST WINDOW_LEAST
        WINDOW_CUT_LEAST WINDOW_MOST RTO_FIRST RTO_LEAST RTO_MOST ACK_ALLOWANCE ACK_PROMPT ACK_DELAY_LEAST ACK_DELAY_MOST GAP_REPEAT WARY REPEATED REORDERING_LEAST ASKED_TOGETHER
        QUIET_AFTER QUIET_AFTER_BURST QUIET_FEW QUIET_REST FAN_OUT_PAUSE FAN_OUT_FEW FAN_OUT_PAUSE_EVENT FAN_OUT_PAUSE_LOADED FAN_OUT_PAUSE_FULL FAN_OUT_PAUSE_MOST
        NOTICE_PAUSE NOTICE_PAUSE_MOST HANDSHAKE_RETRY
        HANDSHAKE_RETRY_MOST JOIN_TRIES CONNECT_TIMEOUT COOKIE_SLOT SOURCE_BURST SOURCE_RATE KEEP_ALIVE
        KEEP_ALIVE_LEAST KEEP_ALIVE_AFTER_TALK IDLE_TIMEOUT REBIND_AFTER RETURN_AFTER RECENT_TAGS RATE_BURST
        RATE BANS LAG_PATIENCE LAG_LOOK HISTORY LOG_EVENTS LOG_BYTES MEMBERS PER_ADDRESS DEPARTED REPLIES RECEIVE_QUEUE
        RECEIVE_QUEUE_STRANGERS RECEIVE_QUEUE_LONG CLOSE_DELIVER CLOSE_TIMEOUT CLOSE_REPEAT CLASSIC_DATAGRAM CLASSIC_ANSWER CLASSIC_IDLE
        CLASSIC_WAITING CLASSIC_BURST
        CLASSIC_PACE CLASSIC_TEXT CLASSIC_EXIT
    );
    let table = TEXT.split_once("\n## Limits\n").expect("a table").1;
    let table = table.split_once("\n## ").expect("a part after it").0;
    let mut told = BTreeMap::new();
    for row in table.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (name, rest) = row.split_once("` | ").expect("a name");
        let (value, _) = rest.split_once(" |").expect("a value");
        // Blanks count for nothing: a Duration shows itself without one before its unit.
        told.insert(name, value.replace(' ', ""));
    }
    assert_eq!(told, values);
}

#[test]
fn every_kind_has_its_part() {
    use Kind::*;
    for kind in [
        Hello, Challenge, Join, Welcome, Refused, Unknown, Up, Down, Ask, Tell, Gone, Moved, Probe,
        Probed, Seek, Found,
    ] {
        let heading = format!("\n### {} {kind:?}\n", kind as u8);
        assert!(TEXT.contains(&heading), "{heading}");
        let row = format!("\n| {} | {kind:?} | ", kind as u8);
        assert!(TEXT.contains(&row), "{row}");
    }
}
