//! The seam between proposing and committing, and numbers near their ends.

use super::*;
use parking_lot::Mutex;
use std::sync::Arc;

/// A ledger that commits what it is told to, when it is told to.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<(Vec<Proposal>, VecDeque<Proposal>)>>);

impl Ledger for Slow {
    fn propose(&mut self, proposal: Proposal) {
        self.0.lock().0.push(proposal);
    }

    fn poll_committed(&mut self) -> Option<Proposal> {
        self.0.lock().1.pop_front()
    }
}

impl Slow {
    /// Commits what was proposed, the last first if `reversed`.
    fn commit(&self, house: &mut House, reversed: bool) -> Datagrams {
        {
            let mut ledger = self.0.lock();
            let mut all = std::mem::take(&mut ledger.0);
            if reversed {
                all.reverse();
            }
            ledger.1.extend(all);
        }
        house.room.handle_timeout(&mut house.users, house.now);
        house.flush()
    }
}

fn slow() -> (Slow, House) {
    let ledger = Slow::default();
    let house = House::with(Config::default(), Box::new(ledger.clone()), 1);
    (ledger, house)
}

fn welcome_of(out: &Datagrams, to: SocketAddr) -> Option<Welcome> {
    out.iter()
        .filter(|(at, _)| *at == to)
        .find_map(|(_, bytes)| match wire::decode(bytes) {
            Ok(Datagram::Open(Open::Welcome(welcome))) => Some(welcome),
            _ => None,
        })
}

fn enter(ledger: &Slow, house: &mut House, name: &str, host: u8) -> Peer {
    let mut peer = Peer::new(name, address(host));
    assert!(
        peer.try_enter(house).is_empty(),
        "not before it is committed"
    );
    let out = ledger.commit(house, false);
    peer.admit(welcome_of(&out, peer.address).expect("let in"));
    peer.take(&out);
    peer.answer(house);
    peer
}

#[test]
fn the_first_in_the_ledger_has_the_name() {
    for reversed in [false, true] {
        let (ledger, mut house) = slow();
        let (mut a, mut b) = (Peer::new("小明", address(1)), Peer::new("小明", address(2)));
        // The first asks twice before anything is committed.
        for peer in [&mut a, &mut b] {
            assert!(peer.try_enter(&mut house).is_empty());
        }
        a.try_enter(&mut house);
        assert!(house.users.is_empty());
        let out = ledger.commit(&mut house, reversed);
        assert!(
            welcome_of(&out, a.address).is_some(),
            "it is the first and the last"
        );
        assert_eq!(house.users.len(), 1);
        let refused = out
            .iter()
            .filter(|(to, _)| *to == b.address)
            .collect::<Vec<_>>();
        assert_eq!(refused.len(), 1);
        assert_eq!(refusal(&vec![refused[0].clone()]), Some(Refusal::NameTaken));
        assert_eq!(house.room.stats().events, 1);
    }
    let (ledger, mut house) = slow();
    let (mut a, mut b) = (Peer::new("小明", address(1)), Peer::new("小明", address(2)));
    a.try_enter(&mut house);
    b.try_enter(&mut house);
    let out = ledger.commit(&mut house, true);
    assert!(welcome_of(&out, b.address).is_some() && welcome_of(&out, a.address).is_none());
}

#[test]
fn what_was_heard_is_waiting_until_it_is_committed() {
    let (ledger, mut house) = slow();
    let mut a = enter(&ledger, &mut house, "小明", 1);
    a.say(&mut house, &["一", "二"]);
    let out = house.wait(ms(200));
    a.take(&out);
    assert_eq!(a.heard, (2, 2), "heard, not ordered");
    assert_eq!(house.room.stats().events, 1);
    let out = ledger.commit(&mut house, false);
    a.take(&out);
    assert_eq!((a.heard, a.told()), ((2, 0), vec!["#0", "#1", "#2"]));
}

#[test]
fn who_closes_the_room_waits_for_what_is_not_yet_committed() {
    let (ledger, mut house) = slow();
    let mut a = enter(&ledger, &mut house, "小明", 1);
    a.say(&mut house, &["一"]);
    house.room.handle_close(&mut house.users, house.now);
    assert!(ordered_by_gones(&house.flush(), &a).is_empty());
    let out = ledger.commit(&mut house, false);
    a.take(&out);
    assert_eq!(ordered_by_gones(&a.answer(&mut house), &a), [1]);
}

#[test]
fn what_was_said_by_who_has_left_meanwhile_does_not_happen() {
    let (ledger, mut house) = slow();
    let mut a = enter(&ledger, &mut house, "小明", 1);
    a.say(&mut house, &["一"]);
    house.kick("小明", "");
    ledger.commit(&mut house, true);
    assert!(house.users.is_empty());
    assert_eq!(house.room.stats().events, 2, "entered and left");
    // Whoever has the slot now did not say it, and is not made to leave.
    let mut b = enter(&ledger, &mut house, "小红", 2);
    assert_eq!(b.welcome().session.0 & 1, a.welcome().session.0 & 1);
    a.say(&mut house, &["二"]);
    b.say(&mut house, &["三"]);
    ledger.commit(&mut house, false);
    assert_eq!(house.users.len(), 1);
    assert_eq!(house.room.stats().events, 4);
}

#[test]
fn a_member_that_is_leaving_does_not_spin_nor_is_it_resumed() {
    let (ledger, mut house) = slow();
    let mut a = enter(&ledger, &mut house, "小明", 1);
    a.say(&mut house, &["x"; 30]);
    house.kick("小明", "");
    house.wait(ms(70_000));
    assert_eq!(house.users.len(), 1, "not committed");
    let mut again = a.clone();
    again.nonce += 1;
    again.resume = Some((a.welcome().epoch, a.acked + 1, a.welcome().resume));
    assert_eq!(
        refusal(&again.try_enter(&mut house)),
        Some(Refusal::NameTaken)
    );
    ledger.commit(&mut house, false);
    assert!(house.users.is_empty());
}

#[test]
fn a_commit_after_a_resume_is_the_new_sessions() {
    let (ledger, mut house) = slow();
    let mut a = enter(&ledger, &mut house, "小明", 1);
    a.say(&mut house, &["一"]);
    a.again(&mut house);
    assert_eq!(a.welcome().heard, 1);
    let out = ledger.commit(&mut house, false);
    a.take(&out);
    assert_eq!((a.heard, a.told().last()), ((1, 0), Some(&"#1")));
}

#[test]
fn event_numbers_near_their_ends() {
    for first in [(1 << 32) - 3, (1 << 63) - 3, u64::MAX - 30_000] {
        let mut house = House::with(Config::default(), Box::new(InMemory::default()), first);
        let mut a = house.member("小明", 1);
        assert_eq!(a.welcome().first, first);
        for number in 0..10 {
            let out = house.announce(&number.to_string());
            a.take(&out);
            a.answer(&mut house);
        }
        assert_eq!((a.acked, a.seen.len()), (first + 10, 11));
        a.again(&mut house);
        assert_eq!(a.welcome().first, first + 11);
        let b = house.enter("小红", address(2), 5);
        assert_eq!(
            (b.welcome().first, b.welcome().live),
            (first + 6, first + 11)
        );
        let absurd = Up {
            acked: u64::MAX,
            gap_end: u64::MAX,
            ..a.acknowledging()
        };
        a.send(&mut house, &absurd);
        assert_eq!(a.gone.map(|gone| gone.0), Some(GoneReason::Violation));
    }
}

#[test]
fn a_resume_from_a_number_that_never_was_is_bounded() {
    for next in [0, 1, 500, u64::MAX] {
        let mut house = House::with(Config::default(), Box::new(InMemory::default()), 100);
        let a = house.member("小明", 1);
        house.announce("x");
        let mut b = Peer::new("小红", address(2));
        b.resume = Some((a.welcome().epoch, next, Key::from_bytes([1; 16])));
        b.enter(&mut house);
        assert!((100..=102).contains(&b.welcome().first), "{next}");
        let mut again = a.clone();
        again.nonce += 1;
        again.resume = Some((a.welcome().epoch, next, a.welcome().resume));
        again.enter(&mut house);
        assert!((100..=103).contains(&again.welcome().first), "{next}");
    }
}

#[test]
fn a_classic_login_is_answered_when_it_is_committed() {
    let ledger = Slow::default();
    let classic = Classic::Near;
    let config = Config {
        classic,
        ..Config::default()
    };
    let mut house = House::with(config, Box::new(ledger.clone()), 1);
    let (tom, other) = (address(1), address(2));
    for from in [tom, tom, other] {
        assert!(house.give(from, b"L Tom").is_empty(), "not before");
    }
    let text = |out: &Datagrams| -> Vec<(SocketAddr, String)> {
        let all = out.iter();
        all.map(|(to, bytes)| (*to, String::from_utf8_lossy(bytes).into_owned()))
            .collect()
    };
    let mut out = text(&ledger.commit(&mut house, false));
    out.sort();
    assert_eq!(out, [(tom, "OK".into()), (other, "姓名已被使用".into())]);
    assert!(house.give(tom, b"C Tom hi").is_empty());
    assert_eq!(text(&house.give(tom, b"Q Tom")), [(tom, "EXIT".into())]);
    assert_eq!(house.users.len(), 1, "until it is committed");
    ledger.commit(&mut house, false);
    assert!(house.users.is_empty());
    assert_eq!(house.shown().len(), 3);
}
