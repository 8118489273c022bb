//! Bytes and texts that are made up and mutated, from a seed: nothing that comes from outside makes anything panic,
//! and what is read is bounded by what came.

use chatroom::cli::{self, Surroundings};
use chatroom::limits;
use chatroom::link::Random;
use chatroom::room::{Config, InMemory, Room, UserMap};
use chatroom::seal::{Key, OPEN};
use chatroom::session::Session;
use chatroom::text::{Name, screen, utterance};
use chatroom::wire::{self, Challenge, Datagram, Hello, Join, Open, Sealed, Up, decode_down};
use std::time::Duration;

/// Makes inputs out of those before, knowing where a datagram has its kind, its checksum or tag, and its lengths.
struct Mutator {
    random: Random,
    pool: Vec<Vec<u8>>,
}

/// Inputs that are kept to be mutated further.
const POOL: usize = 256;

impl Mutator {
    fn new(seed: u64) -> Mutator {
        let mut pool = Vec::new();
        let join = Join {
            nonce: 1,
            cookie: 2,
            history: 3,
            resume: None,
            name: "小明",
        };
        let challenge = Challenge {
            nonce: 1,
            cookie: 2,
        };
        for open in [
            Open::Hello(Hello { nonce: 1 }),
            Open::Challenge(challenge),
            Open::Join(join),
        ] {
            let mut bytes = Vec::new();
            wire::encode(&open, &mut bytes);
            pool.push(bytes);
        }
        for kind in 7..15 {
            let mut bytes = vec![wire::MAGIC, wire::VERSION, kind];
            bytes.resize(limits::DOWN_HEAD, 0);
            bytes.extend([
                1, 128, 8, 0, 6, 0xE5, 0xB0, 0x8F, 0xE6, 0x98, 0x8E, 0, 1, b'x',
            ]);
            pool.push(bytes);
        }
        Mutator {
            random: Random::new(seed),
            pool,
        }
    }

    /// The next input. Every other one has a right checksum, so that what lies behind it is reached.
    fn next(&mut self) -> Vec<u8> {
        let random = &mut self.random;
        let mut pick = || random.bits() as usize;
        let mut bytes = self.pool[pick() % self.pool.len()].clone();
        for _ in 0..1 + pick() % 4 {
            let at = pick() % (bytes.len() + 1);
            match pick() % 8 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, pick() as u8),
                2 => {
                    let other = &self.pool[pick() % self.pool.len()];
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[at.min(other.len())..]);
                }
                // Numbers at their edges.
                3 => bytes
                    .splice(at..at, [0xFF; 9].into_iter().chain([1]))
                    .for_each(drop),
                4 if bytes.len() > 2 => bytes[2] = 1 + (pick() % 16) as u8,
                _ => {
                    let most = bytes.len().max(1);
                    if let Some(byte) = bytes.get_mut(at % most) {
                        *byte = [0, 1, 0x7F, 0x80, 0xFF, *byte ^ 1 << (pick() % 8)][pick() % 6];
                    }
                }
            }
        }
        bytes.truncate(2 * limits::DATAGRAM);
        if pick() % 2 == 0 {
            seal(&mut bytes);
        }
        if pick() % 64 == 0 {
            match self.pool.len() {
                0..POOL => self.pool.push(bytes.clone()),
                _ => self.pool[16 + pick() % (POOL - 16)].clone_from(&bytes),
            }
        }
        bytes
    }
}

/// Puts a right checksum, or a right tag under the open key, into a datagram.
fn seal(bytes: &mut [u8]) {
    let Some(kind) = bytes.get(2).copied() else {
        return;
    };
    let at = match kind {
        7 | 9..=14 => limits::SEALED_HEAD - 8,
        8 => limits::DOWN_HEAD - 8,
        _ => 3,
    };
    if let Some((head, rest)) = bytes.split_at_mut_checked(at)
        && let Some((place, body)) = rest.split_first_chunk_mut::<8>()
    {
        *place = OPEN.tag(head, chatroom::seal::digest(body)).0.to_be_bytes();
    }
}

/// Decoding: no more is read than came; what belongs to no session is written again as it was.
fn decode(bytes: &[u8]) {
    match wire::decode(bytes) {
        Ok(Datagram::Open(open)) => {
            let mut again = Vec::new();
            wire::encode(&open, &mut again);
            // Some kinds are read in every version, and written in ours.
            let foreign = bytes.get(1) != Some(&wire::VERSION);
            assert!(foreign || again == bytes, "{open:?}");
        }
        Ok(Datagram::Sealed(sealed)) => decode_sealed(&sealed, bytes.len()),
        Ok(Datagram::Foreign(_)) | Err(_) => (),
    }
}

fn decode_sealed(sealed: &Sealed<'_>, size: usize) {
    let _ = sealed.verify(Key::from_bytes([0; 16]));
    if let Ok(down) = decode_down(sealed) {
        assert!(down.events.len() <= size && down.waiting <= down.heard);
    }
    if let Ok(up) = Up::read(sealed) {
        assert!(up.utterances.len() <= size);
    }
    let _ = wire::Ask::read(sealed);
    let _ = wire::Tell::read(sealed).map(|tell| tell.request);
    let _ = wire::Gone::read(sealed).map(|gone| assert!(gone.why.len() <= limits::WHY_BYTES));
    let _ = wire::Moved::read(sealed);
    let _ = wire::read_probed(sealed);
}

/// Texts: a name is within its bounds, and what goes to a screen has nothing in it that moves the cursor.
fn texts(text: &str) {
    if let Ok(name) = Name::new(text) {
        assert!(name.as_str().len() <= limits::NAME_BYTES);
        assert_eq!(
            Name::new(name.as_str()).map(|again| again.key()),
            Ok(name.key())
        );
    }
    let shown = screen::harmless(text);
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert_eq!(screen::harmless(&shown), shown);
    let mut joined = String::new();
    for piece in utterance::split(text, limits::UTTERANCE_BYTES) {
        assert!(!piece.is_empty() && piece.len() <= limits::UTTERANCE_BYTES);
        joined += piece;
    }
    assert_eq!(joined, text);
    let _ = cli::read_line(text);
}

/// Command lines: they are understood, or refused in words.
fn command_lines(text: &str) {
    let words = || text.split(['\0', ' ', '\n']).map(str::to_owned);
    let _ = cli::server_options_in(words(), &Surroundings::default());
    let _ = cli::client_options_in(words(), &Surroundings::default());
}

/// A room and a session, as long as they last: datagrams of anyone, at any time.
struct Pair {
    room: Room,
    users: UserMap,
    session: Session,
    now: Duration,
}

impl Pair {
    fn new(seed: u64) -> Pair {
        let ledger = Box::new(InMemory::default());
        Pair {
            room: Room::new(Config::default(), [seed as u8; 32], ledger),
            users: UserMap::default(),
            session: Session::new(Duration::ZERO, "小明", 20, seed),
            now: Duration::ZERO,
        }
    }

    fn handle(&mut self, bytes: &[u8], random: &mut Random) {
        self.now += Duration::from_millis(random.below(50));
        let from = ([10, 0, 0, random.below(4) as u8], 1000).into();
        let mut out = Vec::new();
        let mut given = bytes.len();
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
        self.session.handle_datagram(self.now, bytes);
        self.session.handle_timeout(self.now);
        // The two speak with each other too, so that what comes is of a session now and then.
        while self.session.poll_transmit(self.now, &mut out) {
            given += out.len();
            self.room
                .handle_datagram(&mut self.users, self.now, from, &out);
        }
        self.room.handle_timeout(&mut self.users, self.now);
        let mut told = 0;
        while let Some((_, bytes)) = self.room.poll_transmit(self.now) {
            told += bytes.len();
            self.session.handle_datagram(self.now, bytes);
        }
        while self.room.poll_shown().is_some() {}
        while self.session.poll_event().is_some() {}
        let bound = given + limits::IN_FLIGHT_BYTES + 10 * limits::DATAGRAM;
        assert!(told <= bound, "{told} bytes for {given}");
    }
}

/// So many inputs, each of which all of the bodies take that suit it; gives how many executions that were.
pub fn run(seed: u64, inputs: u64) -> u64 {
    let mut mutator = Mutator::new(seed);
    let mut random = Random::new(!seed);
    let mut pair = Pair::new(seed);
    let mut executions = 0;
    for input in 0..inputs {
        let bytes = mutator.next();
        decode(&bytes);
        executions += 1;
        if input % 8 == 0 {
            if input % 8192 == 0 {
                pair = Pair::new(seed ^ input);
            }
            pair.handle(&bytes, &mut random);
            executions += 1;
        }
        if input % 32 == 0 {
            let text = String::from_utf8_lossy(&bytes[bytes.len().min(3)..bytes.len().min(80)]);
            texts(&text);
            command_lines(&text);
            executions += 2;
        }
    }
    executions
}

/// The seeds are those of every run; `make fuzz` goes on from others.
#[test]
fn whatever_comes_harms_nothing() {
    let executions: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|seed| scope.spawn(move || run(seed, 4_300_000)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    assert!(executions >= 10_000_000, "{executions}");
}
