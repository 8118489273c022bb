//! Coming in: the handshake, its refusals and its bounds.

use super::*;
use crate::link::Random;

#[test]
fn a_handshake_lets_in_and_says_so_to_the_others() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    assert_eq!(
        (a.welcome().first, a.welcome().live, a.welcome().heard),
        (1, 1, 0)
    );
    let b = house.enter("小红", address(2), 0);
    assert_eq!(house.users.len(), 2);
    assert_eq!(a.welcome().epoch, house.room.epoch());
    assert_ne!(a.welcome().session, b.welcome().session);
    assert!(a.welcome().secret != b.welcome().secret && a.welcome().resume != b.welcome().resume);
    let lost = house.wait(ms(2000));
    a.take(&lost);
    assert_eq!(a.told(), ["#0", "+小红"]);
    assert_eq!(b.told(), ["#0"]);
    assert!(
        matches!(&house.shown()[..], [Shown::Entered(x), Shown::Entered(y)]
        if x.as_str() == "小明" && y.as_str() == "小红")
    );
}

#[test]
fn a_wrong_a_stolen_and_a_stale_cookie_are_met_with_silence() {
    let mut house = House::new(Config::default());
    let peer = Peer::new("小明", address(1));
    let cookie = house.cookie(peer.address, peer.nonce);
    assert!(house.give(peer.address, &peer.join(cookie ^ 1)).is_empty());
    assert!(
        house.give(address(2), &peer.join(cookie)).is_empty(),
        "stolen"
    );
    for elsewhere in [([10, 0, 0, 2], 4001), ([10, 0, 0, 1], 4002)] {
        let out = house.give(elsewhere.into(), &peer.join(cookie));
        assert!(out.is_empty(), "stolen, by {elsewhere:?}");
    }
    let other = Peer {
        nonce: 5,
        ..peer.clone()
    };
    assert!(
        house.give(peer.address, &other.join(cookie)).is_empty(),
        "of another nonce"
    );
    house.wait(2 * limits::COOKIE_SLOT);
    assert!(
        house.give(peer.address, &peer.join(cookie)).is_empty(),
        "stale"
    );
    assert_eq!((house.room.stats().turned_away, house.users.len()), (6, 0));
    let cookie = house.cookie(peer.address, peer.nonce);
    house.wait(limits::COOKIE_SLOT);
    assert!(
        !house.give(peer.address, &peer.join(cookie)).is_empty(),
        "not yet stale"
    );
}

fn hello_of_another_version() -> Vec<u8> {
    let mut bytes = encoded(&Open::Hello(Hello { nonce: 3 }));
    bytes[1] = 9;
    let digest = crate::seal::digest(&bytes[11..]);
    let tag = crate::seal::OPEN.tag(&bytes[..3], digest);
    bytes[3..11].copy_from_slice(&tag.0.to_be_bytes());
    bytes
}

#[test]
fn an_address_that_proved_nothing_gets_one_reply_and_no_more_bytes_than_it_brought() {
    let mut house = House::new(Config::default());
    let a = house.member("小明", 1);
    let foreign = hello_of_another_version();
    let mut stranger = a.clone();
    let (session, secret) = (a.welcome().session, Key::from_bytes([9; 16]));
    let mut ask = Vec::new();
    Ask {
        request: 1,
        what: Asked::Who(0),
    }
    .write(&mut ask, session, PacketNumber(9), secret);
    let mut unknown = stranger.up(&a.acknowledging());
    unknown[4] ^= 1;
    for bytes in [
        encoded(&Open::Hello(Hello { nonce: 3 })),
        foreign,
        a.join(7),
        ask,
        unknown.clone(),
        unknown[..23].to_vec(),
        encoded(&Open::Challenge(Challenge {
            nonce: 1,
            cookie: 2,
        })),
        encoded(&Open::Welcome(a.welcome())),
    ] {
        let out = house.give(address(9), &bytes);
        assert!(out.len() <= 1, "{out:?}");
        for (to, reply) in out {
            assert_eq!(to, address(9));
            assert!(
                reply.len() <= bytes.len(),
                "{} for {}",
                reply.len(),
                bytes.len()
            );
        }
    }
}

#[test]
fn a_member_at_a_new_address_is_not_sent_more_than_it_brought_either() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.wait(ms(500));
    a.packet += 1;
    let mut ask = Vec::new();
    let (session, secret) = (a.welcome().session, a.welcome().secret);
    Ask {
        request: 1,
        what: Asked::Who(0),
    }
    .write(&mut ask, session, PacketNumber(a.packet), secret);
    let out = house.give(address(9), &ask);
    let there: usize = out
        .iter()
        .filter(|(to, _)| *to == address(9))
        .map(|(_, b)| b.len())
        .sum();
    assert!(there <= ask.len(), "{there} for {}", ask.len());
}

#[test]
fn a_repeated_join_gives_the_same_welcome_byte_for_byte() {
    let mut house = House::new(Config::default());
    let mut peer = Peer::new("小明", address(1));
    let first = peer.try_enter(&mut house);
    let welcome = first[0].clone();
    let cookie = house.cookie(peer.address, peer.nonce);
    assert_eq!(house.give(peer.address, &peer.join(cookie))[0], welcome);
    // From a new address, which has proved itself by its cookie: the member is there now.
    peer.address = address(2);
    let cookie = house.cookie(peer.address, peer.nonce);
    let moved = house.give(peer.address, &peer.join(cookie));
    assert_eq!(moved[0], (address(2), welcome.1.clone()));
    assert_eq!(
        house.users.iter().next().map(|user| user.address),
        Some(address(2))
    );
    assert_eq!(house.room.stats().events, 1, "it entered once");
}

#[test]
fn a_join_that_was_long_under_way_moves_nobody() {
    let mut house = House::new(Config::default());
    let mut peer = Peer::new("小明", address(1));
    let cookie = house.cookie(peer.address, peer.nonce);
    let late = peer.join(cookie);
    peer.address = address(2);
    peer.enter(&mut house);
    peer.answer(&mut house);
    house.give(address(1), &late);
    assert_eq!(
        house.users.iter().next().map(|user| user.address),
        Some(address(2))
    );
}

#[test]
fn a_name_that_is_taken_or_looks_like_it_or_is_not_allowed_is_refused() {
    let mut house = House::new(Config::default());
    house.member("Paul", 1);
    for taken in ["Paul", "paul", "P-aul", "Pаul"] {
        let out = Peer::new(taken, address(2)).try_enter(&mut house);
        let reason = refusal(&out);
        let mixed = matches!(reason, Some(Refusal::NameNotAllowed(_))) && !taken.is_ascii();
        assert!(
            reason == Some(Refusal::NameTaken) || mixed,
            "{taken}: {reason:?}"
        );
    }
    for bad in ["管理员", "", "a\nb", &"x".repeat(200)] {
        let out = Peer::new(bad, address(2)).try_enter(&mut house);
        assert!(
            matches!(refusal(&out), Some(Refusal::NameNotAllowed(_))),
            "{bad}"
        );
    }
    assert_eq!(house.users.len(), 1);
}

#[test]
fn a_full_room_refuses_and_a_place_that_is_free_again_is_given() {
    let mut house = House::new(Config {
        max_members: 2,
        ..Config::default()
    });
    let mut a = house.member("甲", 1);
    house.member("乙", 2);
    let out = Peer::new("丙", address(3)).try_enter(&mut house);
    assert_eq!(refusal(&out), Some(Refusal::Full));
    a.leave(&mut house);
    house.member("丙", 3);
}

#[test]
fn so_many_members_may_come_from_one_address() {
    let try_all = |per_address, addresses: &[SocketAddr]| {
        let mut house = House::new(Config {
            per_address,
            ..Config::default()
        });
        let names = ["甲", "乙", "丙", "丁"].iter().zip(addresses);
        let outs = names.map(|(name, from)| Peer::new(name, *from).try_enter(&mut house));
        outs.map(|out| refusal(&out)).collect::<Vec<_>>()
    };
    let refused = [None, None, Some(Refusal::TooManyFromAddress)];
    let at = |ip: &str, port| SocketAddr::new(ip.parse().expect("an address"), port);
    let v4: Vec<_> = (1..4).map(|port| at("10.0.0.1", port)).collect();
    assert_eq!(try_all(Some(2), &v4), refused);
    assert_eq!(try_all(Some(0), &v4), [None; 3], "0: no limit");
    let mapped = [v4[0], at("::ffff:10.0.0.1", 2), v4[2]];
    assert_eq!(
        try_all(Some(2), &mapped),
        refused,
        "the same address in IPv6"
    );
    let v6 = [
        at("2001:db8::1", 1),
        at("2001:db8::2:1", 1),
        at("2001:db8::3", 1),
    ];
    assert_eq!(try_all(Some(2), &v6), refused, "one /64 is one source");
    let apart = [v6[0], v6[1], at("2001:db8:0:1::1", 1)];
    assert_eq!(try_all(Some(2), &apart), [None; 3]);
    let loopback: Vec<_> = (1..4).map(|port| at("127.0.0.1", port)).collect();
    assert_eq!(try_all(Some(2), &loopback), refused, "if a limit is given");
    // By default loopback has none, and others 64.
    let mut house = House::new(Config::default());
    for (ip, most) in [("127.0.0.1", 80), ("10.0.0.1", limits::PER_ADDRESS)] {
        for port in 1..=80 {
            let out = Peer::new(&format!("x{ip}{port}"), at(ip, port)).try_enter(&mut house);
            let expected = (usize::from(port) > most).then_some(Refusal::TooManyFromAddress);
            assert_eq!(refusal(&out), expected, "{ip} {port}");
        }
        house.wait(ms(5000));
    }
}

#[test]
fn a_source_is_answered_only_so_often() {
    let mut house = House::new(Config::default());
    let hello = encoded(&Open::Hello(Hello { nonce: 1 }));
    let burst = (0..500)
        .filter(|_| !house.give(address(1), &hello).is_empty())
        .count();
    assert_eq!(burst, limits::SOURCE_BURST as usize);
    assert_eq!(house.give(address(2), &hello).len(), 1, "another source is");
    house.wait(ms(1000));
    let later = (0..500)
        .filter(|_| !house.give(address(1), &hello).is_empty())
        .count();
    assert_eq!(later, limits::SOURCE_RATE as usize);
}

#[test]
fn who_speaks_another_version_is_told_ours_only_so_often() {
    let mut house = House::new(Config::default());
    let foreign = hello_of_another_version();
    let told = (0..500)
        .filter(|_| !house.give(address(1), &foreign).is_empty())
        .count();
    assert_eq!(told, limits::SOURCE_BURST as usize);
    let silent = 500 - u64::from(limits::SOURCE_BURST);
    assert_eq!(house.room.stats().turned_away, silent);
}

#[test]
fn history_is_what_is_wanted_and_what_the_operator_allows() {
    let mut house = House::new(Config {
        history: 5,
        ..Config::default()
    });
    for number in 1..=8 {
        house.announce(&number.to_string());
    }
    let newcomers = [(0, 1), (3, 2), (100, 3)].map(|(wanted, host)| {
        let peer = house.enter(&format!("甲{host}"), address(host), wanted);
        (
            peer.welcome().live - peer.welcome().first,
            peer.seen.first().map(|seen| seen.1.clone()),
        )
    });
    assert_eq!(newcomers.clone().map(|(count, _)| count), [0, 3, 5]);
    assert_eq!(
        newcomers[1].1.as_deref(),
        Some("!7"),
        "then 8, and 甲1 entering"
    );
    let mut fresh = House::new(Config::default());
    let peer = fresh.enter("甲", address(1), 100);
    assert_eq!(
        (peer.welcome().first, peer.welcome().live),
        (1, 1),
        "no more than there is"
    );
}

#[test]
fn garbage_changes_nothing_but_counters() {
    let mut house = House::new(Config::default());
    let a = house.member("小明", 1);
    house.wait(ms(5000));
    let before = house.room.stats();
    let mut random = Random::new(1);
    let mut count = 0;
    for size in (0..64).chain([1199, 1200, 1201, 9000, 65_000]) {
        for shape in 0..12 {
            let mut bytes: Vec<u8> = (0..size).map(|_| random.bits() as u8).collect();
            for (place, byte) in bytes
                .iter_mut()
                .zip([wire::MAGIC, wire::VERSION, shape + 1])
            {
                *place = byte;
            }
            if let Some(place) = bytes.get_mut(3..7)
                && shape % 2 == 0
            {
                place.copy_from_slice(&a.welcome().session.0.to_be_bytes());
            }
            count += 1;
            let out = house.give(address(1), &bytes);
            assert!(
                out.iter()
                    .all(|(_, reply)| reply.len() <= bytes.len().max(1))
            );
        }
    }
    let after = house.room.stats();
    assert_eq!(after.received - before.received, count);
    assert_eq!(after.events, before.events);
    let counted = |s: Stats| s.malformed + s.forged + s.stray + s.replayed;
    assert_eq!(counted(after) - counted(before), count);
    assert_eq!(house.users.len(), 1);
}

#[test]
fn replies_beyond_the_queue_are_dropped_and_counted() {
    let mut house = House::new(Config {
        per_address: Some(0),
        ..Config::default()
    });
    let hello = encoded(&Open::Hello(Hello { nonce: 1 }));
    for _ in 0..limits::REPLIES + 7 {
        house
            .room
            .handle_datagram(&mut house.users, house.now, address(1), &hello);
    }
    assert_eq!(house.room.stats().dropped, 7);
    assert_eq!(house.flush().len(), limits::REPLIES);
}

#[test]
fn the_sizes_of_small_replies_are_as_the_bounds_say() {
    let challenge = Challenge {
        nonce: 1,
        cookie: 2,
    };
    assert_eq!(
        encoded(&Open::Challenge(challenge)).len(),
        limits::CHALLENGE
    );
    let (session, echo) = (wire::SessionId(1), crate::seal::Tag(1));
    let unknown = wire::Unknown { session, echo };
    assert_eq!(encoded(&Open::Unknown(unknown)).len(), limits::UNKNOWN);
}

#[test]
fn what_comes_and_goes_is_counted() {
    let mut house = House::new(Config::default());
    house.give(address(1), &[0; 3]);
    house.give(address(1), &[0; 5]);
    let mut hello = Vec::new();
    wire::encode(&Open::Hello(Hello { nonce: 1 }), &mut hello);
    let answers = house.give(address(1), &hello);
    let sizes: usize = answers.iter().map(|(_, bytes)| bytes.len()).sum();
    let stats = house.room.stats();
    assert_eq!((stats.received, stats.malformed, stats.sent), (3, 2, 1));
    assert_eq!(stats.bytes_received, 8 + hello.len() as u64);
    assert_eq!(stats.bytes_sent, sizes as u64);
}
