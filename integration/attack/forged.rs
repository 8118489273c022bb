//! Datagrams that somebody makes who does not know the secret.

use super::target::{Insider, Packet, SERVER, Target, open, stranger};
use crate::load::{figure, size};
use chatroom::limits::SEALED_HEAD;
use chatroom::link::Random;
use chatroom::room::Config;
use chatroom::wire::{Challenge, GoneReason, Kind, Open, SessionId, Unknown};
use std::time::{Duration, Instant};

/// Where session, packet number and tag stand in a sealed datagram; in a Down the tag stands behind `heard` and flags.
const SESSION: std::ops::Range<usize> = 3..7;
const PACKET: std::ops::Range<usize> = 7..15;
const UP_TAG: std::ops::Range<usize> = 15..23;
const DOWN_TAG: std::ops::Range<usize> = 24..32;

/// Forges one datagram after the other from one that was captured: tags by chance, tags off by a bit, a later packet number
/// under the old tag, another body under the old tag, another session's id, and random ids.
struct Forger {
    pattern: Vec<u8>,
    bytes: Vec<u8>,
    tag: std::ops::Range<usize>,
    other: SessionId,
    random: Random,
    count: u64,
}

impl Forger {
    fn new(pattern: &Packet, tag: std::ops::Range<usize>, other: SessionId) -> Forger {
        Forger {
            pattern: pattern.bytes.clone(),
            bytes: pattern.bytes.clone(),
            tag,
            other,
            random: Random::new(9),
            count: 0,
        }
    }

    /// The next one, and whether it names the session of the pattern.
    fn forge(&mut self) -> (&[u8], bool) {
        self.bytes.copy_from_slice(&self.pattern);
        self.count += 1;
        let bytes = &mut self.bytes;
        // Newer than anything that was sent, so that the tag alone stands between it and the session.
        let packet = (1 << 40) + self.count;
        bytes[PACKET].copy_from_slice(&packet.to_be_bytes());
        let chance = self.random.bits();
        match self.count % 8 {
            0..=2 => bytes[self.tag.clone()].copy_from_slice(&chance.to_be_bytes()),
            3 => bytes[self.tag.start + (chance >> 3) as usize % 8] ^= 1 << (chance % 8),
            4 => (),
            5 => {
                let body = self.tag.end + chance as usize % (bytes.len() - self.tag.end);
                bytes[body] ^= (chance >> 56) as u8 | 1;
            }
            6 => bytes[SESSION].copy_from_slice(&self.other.0.to_be_bytes()),
            _ => {
                bytes[SESSION].copy_from_slice(&(chance as u32 | 1 << 31).to_be_bytes());
                return (&self.bytes, false);
            }
        }
        (&self.bytes, true)
    }
}

#[test]
fn forged_ups_are_not_taken() {
    let count = size(50_000_000u64, 500_000);
    let mut target = Target::in_talk(Config::default());
    let (before, stats) = (target.state(), target.stats());
    let pattern = target
        .of_kind(Kind::Up)
        .into_iter()
        .max_by_key(|packet| packet.bytes.len());
    let other = target.welcome(1).session;
    let mut forger = Forger::new(&pattern.expect("an Up"), UP_TAG, other);
    let began = Instant::now();
    let mut known = 0;
    for number in 0..count {
        let (bytes, of_session) = forger.forge();
        known += u64::from(of_session);
        let from = stranger(number as u32);
        target
            .room
            .handle_datagram(&mut target.users, target.now, from, bytes);
        if number % 512 == 0 {
            while target.room.poll_transmit(target.now).is_some() {}
        }
    }
    while target.room.poll_transmit(target.now).is_some() {}
    let elapsed = began.elapsed();
    let after = target.stats();
    assert_eq!(after.forged - stats.forged, known);
    assert_eq!(after.stray - stats.stray, count - known);
    assert_eq!(
        (after.replayed, after.malformed),
        (stats.replayed, stats.malformed)
    );
    figure(
        "forged Ups",
        &format!("0 of {count} accepted, {elapsed:.1?}"),
    );
    target.is_unharmed(&before);
}

#[test]
fn forged_downs_are_not_taken() {
    let count = size(50_000_000u64, 500_000);
    let mut target = Target::in_talk(Config::default());
    let before = target.state();
    let person = target.people[0].address;
    let pattern = target
        .of_kind(Kind::Down)
        .into_iter()
        .filter(|packet| packet.to == person)
        .max_by_key(|packet| packet.bytes.len());
    let other = target.welcome(1).session;
    let mut forger = Forger::new(&pattern.expect("a Down"), DOWN_TAG, other);
    let began = Instant::now();
    for _ in 0..count {
        let (bytes, _) = forger.forge();
        target.people[0].session.handle_datagram(target.now, bytes);
    }
    figure(
        "forged Downs",
        &format!("0 of {count} accepted, {:.1?}", began.elapsed()),
    );
    target.is_unharmed(&before);
}

/// A Gone by chance, one for another session, one that was sent to somebody else, one from a session before; and an Unknown
/// that names no datagram of ours.
#[test]
fn a_forged_gone_ends_nothing() {
    let mut target = Target::in_talk(Config::default());
    let third = target.enter("小刚");
    target.people[third].session.handle_leave();
    target.pass(Duration::from_secs(1));
    let gone = target.of_kind(Kind::Gone).remove(0);
    let before = target.state();
    let to = target.people[0].address;
    let session = target.welcome(0).session;
    let mut random = Random::new(4);
    for number in 0..size(1_000_000, 50_000u64) {
        let mut bytes = gone.bytes.clone();
        bytes[PACKET].copy_from_slice(&((1 << 40) + number).to_be_bytes());
        if number % 2 == 0 {
            bytes[SESSION].copy_from_slice(&session.0.to_be_bytes());
        }
        if number % 3 == 0 {
            bytes[UP_TAG].copy_from_slice(&random.bits().to_be_bytes());
        }
        bytes[SEALED_HEAD] = [
            GoneReason::Left,
            GoneReason::Kicked,
            GoneReason::Closed,
            GoneReason::Silent,
        ][number as usize % 4] as u8;
        let from = SERVER;
        target.deliver(&Packet { from, to, bytes });
        let echo = chatroom::seal::Tag(random.bits());
        let bytes = open(Open::Unknown(Unknown { session, echo }));
        target.deliver(&Packet { from, to, bytes });
    }
    target.is_unharmed(&before);
}

/// Challenges that the server never sent: each may make the client send one datagram to the server, which takes it for what
/// it is.
#[test]
fn a_flood_of_challenges_moves_nobody() {
    let mut target = Target::in_talk(Config::default());
    let before = target.state();
    let (to, mut random) = (target.people[0].address, Random::new(5));
    let sent = target.captured.len();
    let count = size(1_000_000, 20_000);
    for _ in 0..count {
        let (nonce, cookie) = (random.bits(), random.bits());
        let bytes = open(Open::Challenge(Challenge { nonce, cookie }));
        target.deliver(&Packet {
            from: SERVER,
            to,
            bytes,
        });
        let mut out = Vec::new();
        let (now, mut answers) = (target.now, 0);
        while target.people[0].session.poll_transmit(now, &mut out) {
            answers += 1;
            assert_eq!(out[2], Kind::Moved as u8);
            let from = target.people[0].address;
            let answers = target.attack(from, &out);
            assert!(answers.len() <= 1, "{answers:?}");
        }
        assert!(answers <= 1);
    }
    assert_eq!(target.captured.len(), sent);
    target.pass(Duration::from_secs(30));
    let after = target.state();
    assert_eq!(after, before);
    target.talks();
}

/// An Up whose author is a member, under another member's name: a tag is good for one session.
#[test]
fn a_member_cannot_speak_as_another() {
    let mut target = Target::in_talk(Config::default());
    let before = target.state();
    let mut insider = Insider::new(target.welcome(1));
    insider.welcome.session = target.welcome(0).session;
    for number in 0..1000 {
        let bytes = insider.up(1, 0, 2, &["我是小明"]);
        target.attack_in_vain(stranger(number), &bytes);
    }
    assert_eq!(target.stats().forged, 1000);
    target.is_unharmed(&before);
}
