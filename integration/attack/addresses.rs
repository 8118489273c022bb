//! Addresses that change from datagram to datagram.

use super::target::{Insider, Target, stranger};
use chatroom::room::Config;
use chatroom::wire::{self, Challenge, Datagram, Moved, Open, PacketNumber};

const SOURCES: u32 = 10_000;

/// Someone who has the member's newest datagrams sends them from ten thousand places and never proves one of them.
#[test]
fn ten_thousand_addresses_without_proof_move_nothing() {
    let mut target = Target::in_talk(Config::default());
    let before = target.state();
    let home = target.people[1].address;
    let mut insider = Insider::new(target.welcome(1));
    for number in 0..SOURCES {
        let from = if number % 2 == 0 {
            home
        } else {
            stranger(number)
        };
        let bytes = insider.up(1, 0, 0, &[]);
        let answers = target.attack(from, &bytes);
        for (to, answer) in answers {
            let challenge = matches!(
                wire::decode(&answer),
                Ok(Datagram::Open(Open::Challenge(_)))
            );
            assert!(to == home || (to == from && challenge && answer.len() <= bytes.len()));
        }
    }
    assert_eq!(target.state(), before);
}

/// The same with proof each time: the session is where the newest proof came from, and nowhere else.
#[test]
fn ten_thousand_addresses_with_proof_are_one_member() {
    let mut target = Target::new(Config {
        per_address: Some(1),
        ..Config::default()
    });
    target.enter("小明");
    target.enter("小红");
    let mut insider = Insider::new(target.welcome(1));
    let mut old = target.people[1].address;
    for number in 0..SOURCES {
        let from = stranger(number);
        let bytes = insider.up(1, 0, 0, &[]);
        let answers = target.attack(from, &bytes);
        let challenge = answers
            .iter()
            .find_map(|(to, bytes)| match wire::decode(bytes) {
                Ok(Datagram::Open(Open::Challenge(challenge))) if *to == from => Some(challenge),
                _ => None,
            });
        let Challenge { nonce, cookie } = challenge.expect("a challenge");
        insider.packet += 1;
        let (mut bytes, packet) = (Vec::new(), PacketNumber(insider.packet));
        let (session, secret) = (insider.welcome.session, insider.welcome.secret);
        Moved { nonce, cookie }.write(&mut bytes, session, packet, secret);
        // From where it did not prove anything it is of no use.
        assert!(target.attack(old, &bytes).iter().all(|(to, _)| *to == old));
        insider.packet += 1;
        let (mut bytes, packet) = (Vec::new(), PacketNumber(insider.packet));
        Moved { nonce, cookie }.write(&mut bytes, session, packet, secret);
        let answers = target.attack(from, &bytes);
        assert!(!answers.is_empty() && answers.iter().all(|(to, _)| *to == from));
        let user = target.users.iter().find(|user| user.session == session);
        assert_eq!(user.map(|user| user.address), Some(from));
        old = from;
    }
    // Every place it has left may be another's: one member from each address.
    assert_eq!((target.users.len(), target.stats().events), (2, 2));
    target.people[1].address = old;
    target.enter("小刚");
    assert_eq!(target.users.len(), 3);
}
