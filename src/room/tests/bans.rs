//! Who may not come in, and who may not speak.

use super::*;
use crate::wire::Refusal;

const MINUTE: u64 = 60_000;

fn ban(house: &mut House, whom: Whom, minutes: Option<u64>) -> Datagrams {
    let until = minutes.map(|minutes| house.room.wall_clock() + minutes * MINUTE);
    let ban = Ban { whom, until };
    let banned = house
        .room
        .handle_ban(&mut house.users, house.now, ban, "why");
    assert_eq!(banned, Ok(()));
    house.flush()
}

fn refusal(house: &mut House, name: &str, host: u8) -> Option<Refusal> {
    let mut peer = Peer::new(name, address(host));
    // Not a copy of what came from there before.
    peer.nonce += 1000;
    let cookie = house.cookie(peer.address, peer.nonce);
    match open(&house.give(peer.address, &peer.join(cookie))) {
        Some(Open::Refused(refused)) => Some(refused.reason),
        _ => None,
    }
}

#[test]
fn a_name_or_an_address_is_kept_out_for_its_time() {
    let mut house = House::new(Config::default());
    let began = house.room.wall_clock();
    house.member("Ann", 1);
    house.member("Ben", 2);
    ban(&mut house, Whom::Name(Name::new("ann").unwrap()), Some(10));
    ban(&mut house, Whom::Address(address(2).ip()), None);
    assert!(house.users.is_empty(), "both are removed");
    assert_eq!(refusal(&mut house, "ANN", 3), Some(Refusal::Banned(10)));
    assert_eq!(refusal(&mut house, "Cid", 2), Some(Refusal::Banned(0)));
    house.room.set_wall_clock(began + 10 * MINUTE - 1);
    assert_eq!(refusal(&mut house, "Ann", 3), Some(Refusal::Banned(1)));
    house.room.set_wall_clock(began + 10 * MINUTE);
    assert_eq!(refusal(&mut house, "Ann", 3), None);
    assert_eq!(house.room.bans().len(), 1);
    assert!(house.room.handle_unban(&Whom::Address(address(2).ip())));
    assert!(!house.room.handle_unban(&Whom::Address(address(2).ip())));
    assert_eq!(refusal(&mut house, "Cid", 2), None);
}

#[test]
fn bans_are_bounded() {
    let mut house = House::new(Config::default());
    let bans = (0..=limits::BANS).map(|i| Ban {
        whom: Whom::Name(Name::new(&format!("name {i}")).unwrap()),
        until: None,
    });
    let mut bans: Vec<_> = bans.collect();
    let one_more = bans.pop().unwrap();
    house.room.set_bans(&mut house.users, house.now, bans, "");
    let banned = house
        .room
        .handle_ban(&mut house.users, house.now, one_more, "");
    assert_eq!(banned, Err(TooMany));
}

#[test]
fn whoever_asks_is_told_how_it_goes_with_each() {
    let mut house = House::new(Config::default());
    house.member("Ann", 1);
    house.announce("hi");
    let figures = house.room.figures(&house.users, house.now + ms(5000));
    assert_eq!(figures.len(), 1);
    assert_eq!(
        (figures[0].name.as_str(), figures[0].address),
        ("Ann", address(1))
    );
    assert!(figures[0].lag > 0, "nothing is acknowledged: {figures:?}");
    assert!(figures[0].stay >= ms(5000));
}
