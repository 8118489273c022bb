//! Bytes and texts that are made up and mutated, from a seed: nothing that comes from outside makes anything panic,
//! and what is read is bounded by what came.

use crate::bodies;
use chatroom::limits;
use chatroom::link::Random;
use chatroom::room::{Config, InMemory, Room, UserMap};
use chatroom::seal::OPEN;
use chatroom::session::Session;
use chatroom::wire::{self, Challenge, Hello, Join, Open};
use std::time::Duration;

/// Makes inputs out of those before, knowing where a datagram has its kind, its checksum or tag, and its lengths.
pub struct Mutator {
    random: Random,
    pool: Vec<Vec<u8>>,
}

/// Inputs that are kept to be mutated further.
const POOL: usize = 256;

impl Mutator {
    pub fn new(seed: u64) -> Mutator {
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
    pub fn next(&mut self) -> Vec<u8> {
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
            bodies::seal(&mut bytes, OPEN);
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

/// So many inputs, each of which all of the bodies take that suit it, the dearer ones less often; gives how many
/// executions that were.
pub fn run(seed: u64, inputs: u64) -> u64 {
    let mut mutator = Mutator::new(seed);
    let mut random = Random::new(!seed);
    let mut pair = Pair::new(seed);
    let mut executions = 0;
    for input in 0..inputs {
        let bytes = mutator.next();
        let mut take = |every: u64, body: bodies::Body| {
            if input.is_multiple_of(every) {
                body(&bytes);
                executions += 1;
            }
        };
        take(1, bodies::decode);
        take(2, bodies::round_trip);
        take(1024, bodies::room);
        take(1024, bodies::session);
        take(65_536, bodies::talk);
        if input % 32 == 0 {
            let text = &bytes[bytes.len().min(3)..bytes.len().min(80)];
            for body in [bodies::names, bodies::filter, bodies::command_lines] {
                body(text);
                executions += 1;
            }
        }
        if input % 8 == 0 {
            if input % 8192 == 0 {
                pair = Pair::new(seed ^ input);
            }
            pair.handle(&bytes, &mut random);
            executions += 1;
        }
    }
    executions
}
