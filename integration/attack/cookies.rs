//! Cookies: used again, used by another, used too late.

use super::target::{Target, address, join, open, stranger};
use crate::load::size;
use chatroom::limits;
use chatroom::room::Config;
use chatroom::wire::{self, Datagram, Hello, Open};
use std::net::SocketAddr;

fn cookie(target: &mut Target, from: SocketAddr, nonce: u64) -> u64 {
    let answers = target.attack(from, &open(Open::Hello(Hello { nonce })));
    match wire::decode(&answers[0].1) {
        Ok(Datagram::Open(Open::Challenge(challenge))) => challenge.cookie,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cookie_used_again_makes_one_member() {
    let mut target = Target::in_talk(Config::default());
    let from = address(9, 900);
    let cookie = cookie(&mut target, from, 7);
    let bytes = join(7, cookie, "小刚");
    let first = target.attack(from, &bytes).swap_remove(0).1;
    // As often as the source's limit goes.
    for _ in 0..limits::SOURCE_BURST - 2 {
        let again = target.attack(from, &bytes);
        assert_eq!(again[0].1, first, "the same Welcome");
    }
    assert_eq!((target.users.len(), target.stats().events), (3, 5));
    // With a nonce of its own it is somebody else's name; and the cookie is of the nonce.
    for nonce in 8..1000 {
        target.attack_in_vain(from, &join(nonce, cookie, "小丽"));
    }
    assert_eq!((target.users.len(), target.stats().events), (3, 5));
}

#[test]
fn a_stolen_cookie_opens_nothing() {
    let mut target = Target::in_talk(Config::default());
    let owner = address(9, 900);
    let cookie = cookie(&mut target, owner, 7);
    let before = target.state();
    let turned_away = target.stats().turned_away;
    let count = size(1_000_000, 20_000);
    let bytes = join(7, cookie, "小刚");
    let elsewhere = [address(9, 901), address(10, 900)];
    for number in 0..count {
        let from = match elsewhere.get(number as usize) {
            Some(near) => *near,
            None => stranger(number),
        };
        assert_eq!(target.attack(from, &bytes), []);
    }
    assert_eq!(target.stats().turned_away - turned_away, u64::from(count));
    target.is_unharmed(&before);
}

#[test]
fn an_expired_cookie_opens_nothing() {
    let mut target = Target::in_talk(Config::default());
    let from = address(9, 900);
    let cookie = cookie(&mut target, from, 7);
    target.pass(limits::COOKIE_SLOT * 2);
    let before = target.state();
    for _ in 0..1000 {
        target.attack_in_vain(from, &join(7, cookie, "小刚"));
    }
    target.is_unharmed(&before);
}
