//! A member who acknowledges what it does not have, or numbers its words as it likes.

use super::target::{Insider, Target};
use chatroom::limits;
use chatroom::link::Random;
use chatroom::room::Config;
use chatroom::session::{End, Event};
use chatroom::wire::GoneReason;
use std::time::Duration;

fn attacked() -> (Target, Insider) {
    let mut target = Target::in_talk(Config::default());
    let third = target.enter("小刚");
    let insider = Insider::new(target.welcome(third));
    (target, insider)
}

#[test]
fn an_optimistic_or_huge_acknowledgement_ends_the_one_who_sent_it() {
    for beyond in [1, 2, 100, 1 << 32, u64::MAX / 2, u64::MAX - 100] {
        for gap in [false, true] {
            let (mut target, mut insider) = attacked();
            let end = target.stats().events;
            let number = end.saturating_add(beyond);
            let (acked, gap_end) = if gap { (end, number) } else { (number, 0) };
            let from = target.people[2].address;
            let bytes = insider.up(acked, gap_end, 0, &[]);
            target.attack(from, &bytes);
            assert_eq!(target.users.len(), 2, "{acked} {gap_end}");
            assert_eq!(target.stats().events, end + 1);
            target.pass(Duration::from_secs(1));
            target.talks();
        }
    }
}

#[test]
fn a_backward_acknowledgement_says_nothing() {
    let (mut target, mut insider) = attacked();
    target.pass(Duration::from_secs(5));
    let (from, end) = (target.people[2].address, target.stats().events);
    let sent = target.stats().sent;
    for number in 0..10_000 {
        let bytes = insider.up(number % (end + 1), 0, 0, &[]);
        let answers = target.attack(from, &bytes);
        assert!(answers.len() <= 1);
    }
    assert!(
        target.stats().sent - sent <= 10_000,
        "nothing is sent again"
    );
    assert_eq!((target.users.len(), target.stats().events), (3, end));
    target.talks();
}

#[test]
fn gaps_between_utterances_wait_and_are_bounded() {
    let (mut target, mut insider) = attacked();
    let (from, end) = (target.people[2].address, target.stats().events);
    let mut random = Random::new(8);
    for number in 0..20_000u64 {
        // Never the first: near, far, and at the end of the numbers.
        let first = match number % 4 {
            0 => 2 + random.below(31),
            1 => 2 + random.below(1000),
            2 => u64::MAX - random.below(100),
            _ => random.bits() | 2,
        };
        let bytes = insider.up(end, 0, first, &["有洞"]);
        let answers = target.attack(from, &bytes);
        assert!(answers.len() <= 1);
    }
    assert_eq!((target.users.len(), target.stats().events), (3, end));
    target.talks();
    // The first one closes the gap: what was kept follows it in order, as far as the bound goes.
    let bytes = insider.up(end, 0, 1, &["第一"]);
    target.attack(from, &bytes);
    target.pass(Duration::from_secs(5));
    let unordered = limits::UTTERANCES_UNORDERED;
    assert_eq!(target.stats().events, end + 2 + unordered);
    target.talks();
}

/// The same from the other side: a server that is broken, or that somebody plays who knows the secret, cannot make a client take
/// what it never said for delivered.
#[test]
fn a_violation_is_told_to_the_one_who_did_it() {
    let (mut target, mut insider) = attacked();
    let from = target.people[2].address;
    let bytes = insider.up(u64::MAX, 0, 0, &[]);
    for (to, bytes) in target.attack(from, &bytes) {
        target.deliver(&super::target::Packet {
            from: super::target::SERVER,
            to,
            bytes,
        });
    }
    target.pass(Duration::from_secs(1));
    let removed = target.people[2]
        .events
        .iter()
        .any(|event| matches!(event, Event::Ended(End::Removed(GoneReason::Violation, _))));
    assert!(removed, "{:?}", target.people[2].events.last());
}
