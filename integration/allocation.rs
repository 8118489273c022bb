//! What one datagram may make the server and the client allocate: so much for each of its bytes, whatever is in it,
//! and nothing that stays, if it is of a stranger. A program of its own, since it counts every allocation.

// A program has no public interface, and speaks on stdout.
#![allow(unreachable_pub, dead_code, clippy::print_stdout)]

mod bodies;
mod mutator;
mod world;

use chatroom::limits;
use chatroom::room::{Config, InMemory, Room, UserMap};
use chatroom::seal::Key;
use chatroom::session::Session;
use chatroom::wire::{self, Datagram, MAGIC, Open, SessionId, VERSION};
use mutator::Mutator;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::net::SocketAddr;
use std::time::Duration;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes allocated for each byte of a datagram that is read: an event of two bytes becomes a value of the language.
const READ: usize = 96;
/// …and of one that a room or a session takes from who knows the secret.
const TAKEN: usize = 256;
/// Beside that: a datagram or two in answer, a list that grows.
const BESIDE: usize = 32 * 1024;
/// The most that a datagram of a stranger is worth: an answer no larger than it, and a place for that.
const STRANGER: usize = 4 * 1024;

/// Bytes that were allocated meanwhile, and how many more there are than before.
fn counted(act: impl FnOnce()) -> (usize, isize) {
    let region = Region::new(COUNTED);
    act();
    let change = region.change();
    let stays = change.bytes_allocated as isize - change.bytes_deallocated as isize;
    (change.bytes_allocated, stays)
}

/// The largest that a datagram can be.
const LARGEST: usize = 65_507;

/// Datagrams made to be much when read: whose smallest parts are many.
fn crowded() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (kind, head, part) in [
        // Leave after Leave.
        (7, &[0, 0, 0, 0, 1][..], &[2][..]),
        // Entered after Entered, of the author that was named first.
        (8, &[1, 0, 1, 1, b'x', 0], &[9, 0]),
        // Nameless after nameless.
        (10, &[1, 1, 0, 0], &[0, 0]),
    ] {
        for size in [limits::DATAGRAM, LARGEST] {
            let mut bytes = vec![MAGIC, VERSION, kind];
            bytes.resize(
                if kind == 8 {
                    limits::DOWN_HEAD
                } else {
                    limits::SEALED_HEAD
                },
                0,
            );
            bytes.extend_from_slice(head);
            while bytes.len() + part.len() <= size {
                bytes.extend_from_slice(part);
            }
            all.push(bytes);
        }
    }
    all
}

/// A room with a member in it, and what both know of each other.
struct Pair {
    room: Room,
    users: UserMap,
    session: Session,
    id: SessionId,
    secret: Key,
    now: Duration,
    packet: u64,
}

fn home() -> SocketAddr {
    ([10, 0, 0, 1], 1000).into()
}

impl Pair {
    fn new() -> Pair {
        let config = Config {
            rate: 0,
            ..Config::default()
        };
        let mut pair = Pair {
            room: Room::new(config, [3; 32], Box::new(InMemory::default())),
            users: UserMap::default(),
            session: Session::new(Duration::ZERO, "小明", 20, 1),
            id: SessionId(0),
            secret: Key::from_bytes([0; 16]),
            now: Duration::ZERO,
            packet: 1 << 20,
        };
        while pair.session.seen_up_to().is_none() {
            pair.exchange();
        }
        pair
    }

    /// What the two have to tell each other.
    fn exchange(&mut self) {
        self.now += Duration::from_millis(400);
        let mut bytes = Vec::new();
        self.session.handle_timeout(self.now);
        while self.session.poll_transmit(self.now, &mut bytes) {
            self.room
                .handle_datagram(&mut self.users, self.now, home(), &bytes);
        }
        self.room.handle_timeout(&mut self.users, self.now);
        while let Some((_, bytes)) = self.room.poll_transmit(self.now) {
            if let Ok(Datagram::Open(Open::Welcome(welcome))) = wire::decode(bytes) {
                (self.id, self.secret) = (welcome.session, welcome.secret);
            }
            self.session.handle_datagram(self.now, bytes);
        }
    }

    /// A datagram of this session, under its right tag and with its next packet number.
    fn seals(&mut self, bytes: &mut [u8]) {
        self.packet += 1;
        if let Some(place) = bytes.get_mut(3..15) {
            place[..4].copy_from_slice(&self.id.0.to_be_bytes());
            place[4..].copy_from_slice(&self.packet.to_be_bytes());
        }
        bodies::seal(bytes, self.secret);
    }

    /// All that becomes of a datagram: also what is sent and shown.
    fn takes(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
        while self.room.poll_transmit(self.now).is_some() {}
        while self.room.poll_shown().is_some() {}
    }
}

/// Inputs, made up and crowded.
fn inputs(count: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut mutator = Mutator::new(11);
    let made_up = std::iter::repeat_with(move || mutator.next());
    crowded().into_iter().chain(made_up.take(count))
}

fn reading_is_bounded() {
    for bytes in inputs(100_000) {
        let most = READ * bytes.len() + 1024;
        let (allocated, stays) = counted(|| bodies::decode(&bytes));
        assert!(
            allocated <= most,
            "{allocated} for {}: {bytes:x?}",
            bytes.len()
        );
        assert_eq!(stays, 0);
    }
}

fn strangers_are_worth_nothing() {
    let mut pair = Pair::new();
    // What is made once, when the first one comes.
    for at in 0..1000u32 {
        pair.takes(stranger(at), &[MAGIC, VERSION, 1]);
    }
    let mut at = 0;
    let (_, stays) = counted(|| {
        for bytes in inputs(100_000) {
            at += 1;
            let (allocated, _) = counted(|| pair.takes(stranger(at), &bytes));
            let most = STRANGER;
            assert!(
                allocated <= most,
                "{allocated} for {}: {bytes:x?}",
                bytes.len()
            );
        }
    });
    assert!(stays <= STRANGER as isize, "{stays} bytes have stayed");
    assert_eq!(pair.users.len(), 1);
}

fn stranger(at: u32) -> SocketAddr {
    let [_, a, b, c] = at.to_be_bytes();
    ([11, a, b, c], 1000).into()
}

fn who_knows_the_secret_is_bounded() {
    for bytes in inputs(50_000) {
        let mut pair = Pair::new();
        let mut bytes = bytes;
        pair.seals(&mut bytes);
        let most = TAKEN * bytes.len() + BESIDE;
        let (allocated, _) = counted(|| pair.takes(home(), &bytes));
        assert!(
            allocated <= most,
            "the room: {allocated} for {}: {bytes:x?}",
            bytes.len()
        );
        let (allocated, _) = counted(|| {
            pair.session.handle_datagram(pair.now, &bytes);
            while pair.session.poll_event().is_some() {}
        });
        assert!(
            allocated <= most,
            "the session: {allocated} for {}: {bytes:x?}",
            bytes.len()
        );
    }
}

/// Without the tests' usual frame, whose threads allocate too.
fn main() {
    reading_is_bounded();
    strangers_are_worth_nothing();
    who_knows_the_secret_is_bounded();
    println!("no datagram allocated more than its bound");
}
