//! Staying, moving, falling silent, coming back, and leaving.

use super::*;

fn move_to(peer: &mut Peer, house: &mut House, to: SocketAddr) -> Option<Challenge> {
    peer.address = to;
    let up = peer.acknowledging();
    let out = peer.send(house, &up);
    out.iter()
        .filter(|(at, _)| *at == to)
        .find_map(|(_, bytes)| {
            let Ok(Datagram::Open(Open::Challenge(challenge))) = wire::decode(bytes) else {
                return None;
            };
            Some(challenge)
        })
}

fn moved(peer: &mut Peer, challenge: Challenge) -> Vec<u8> {
    peer.packet += 1;
    let mut bytes = Vec::new();
    let Challenge { nonce, cookie } = challenge;
    let (session, secret) = (peer.welcome().session, peer.welcome().secret);
    Moved { nonce, cookie }.write(&mut bytes, session, PacketNumber(peer.packet), secret);
    bytes
}

pub(super) fn place(house: &House, name: &str) -> SocketAddr {
    let name = Name::new(name).expect("a name");
    house.users.find(&name).expect("in the room").address
}

#[test]
fn data_moves_only_after_the_new_address_has_answered() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let out = house.wait(ms(1000));
    a.take(&out);
    a.answer(&mut house);
    let challenge = move_to(&mut a, &mut house, address(9)).expect("a challenge");
    assert_eq!(place(&house, "小明"), address(1));
    assert!(house.announce("x").iter().all(|(to, _)| *to == address(1)));
    // A wrong cookie, or the right one from elsewhere, moves nothing.
    let wrong = moved(
        &mut a,
        Challenge {
            cookie: challenge.cookie ^ 1,
            ..challenge
        },
    );
    house.give(address(9), &wrong);
    let elsewhere = moved(&mut a, challenge);
    house.give(address(8), &elsewhere);
    assert_eq!(place(&house, "小明"), address(1));
    assert_eq!(house.room.stats().turned_away, 2);
    let right = moved(&mut a, challenge);
    let out = house.give(address(9), &right);
    assert_eq!(place(&house, "小明"), address(9));
    assert!(out.iter().any(|(to, _)| *to == address(9)), "at once");
    a.take(&out);
    assert_eq!(a.told().last(), Some(&"!x"));
    assert_eq!(house.room.stats().events, 2, "to move is not to leave");
}

#[test]
fn who_moves_comes_again_or_has_another_name_has_been_here_since_it_entered() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let entered = house.users.iter().next().map(|user| user.since);
    house.wait(ms(1000));
    let challenge = move_to(&mut a, &mut house, address(9)).expect("a challenge");
    let moved = moved(&mut a, challenge);
    house.give(address(9), &moved);
    house.wait(ms(1000));
    a.utter(&mut house, &[Utterance::Rename("小红")]);
    house.wait(ms(1000));
    a.name = "小红".into();
    a.again(&mut house);
    let users: Vec<_> = house.users.iter().collect();
    assert_eq!(users.len(), 1);
    assert_eq!(
        (users[0].name.as_str(), users[0].address, users[0].session),
        ("小红", address(9), a.welcome().session)
    );
    assert_eq!(Some(users[0].since), entered);
}

#[test]
fn a_replay_and_an_older_packet_move_nothing() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let mut b = house.member("小红", 2);
    let up = a.acknowledging();
    let (old, new) = (a.up(&up), a.up(&up));
    house.give(address(1), &new);
    assert!(
        house
            .give(address(9), &new)
            .iter()
            .all(|(to, _)| *to != address(9))
    );
    assert!(
        house
            .give(address(9), &old)
            .iter()
            .all(|(to, _)| *to != address(9))
    );
    // An older Moved does not either; nor does another session's cookie.
    let challenge = move_to(&mut a, &mut house, address(9)).expect("a challenge");
    let late = moved(&mut a, challenge);
    a.address = address(1);
    a.answer(&mut house);
    house.give(address(9), &late);
    let other = moved(&mut b, challenge);
    house.give(address(9), &other);
    assert_eq!(
        (place(&house, "小明"), place(&house, "小红")),
        (address(1), address(2))
    );
}

#[test]
fn after_a_silence_one_has_left_and_what_was_held_back_is_said_before() {
    let mut house = House::new(Config {
        rate: 1,
        ..Config::default()
    });
    let mut a = house.member("小明", 1);
    let mut b = house.member("小红", 2);
    a.say(&mut house, &["x"; 32]);
    for _ in 0..59 {
        let out = house.wait(ms(1000));
        b.take(&out);
        b.answer(&mut house);
    }
    assert_eq!(house.users.len(), 2, "not yet");
    house.shown();
    house.room.config.rate = 0;
    // Nothing wakes the held back any more but the silence itself.
    let out = house.wait(ms(1500));
    a.take(&out);
    assert_eq!(house.users.len(), 1);
    let gone = house.shown();
    assert!(matches!(gone.last(), Some(Shown::Left(_))), "{gone:?}");
    assert_eq!(a.gone, Some((GoneReason::Silent, String::new())));
    assert_eq!(house.room.stats().events, 2 + 32 + 1);
}

#[test]
fn held_back_words_come_out_with_the_silence() {
    let config = Config {
        rate: 1,
        idle_timeout: ms(5000),
        ..Config::default()
    };
    let mut house = House::new(config);
    let mut a = house.member("小明", 1);
    a.say(&mut house, &["x"; 32]);
    house.wait(ms(5000));
    let shown = house.shown();
    assert!(house.users.is_empty());
    let said = shown
        .iter()
        .filter(|what| matches!(what, Shown::Said(..)))
        .count();
    assert_eq!(said, 32);
    assert!(matches!(shown.last(), Some(Shown::Left(_))));
}

#[test]
fn who_is_kicked_is_told_why() {
    let mut house = House::new(Config::default());
    let (mut a, mut b) = (house.member("小明", 1), house.member("小红", 2));
    let out = house.kick("小明", "太吵");
    a.take(&out);
    b.take(&out);
    assert_eq!(a.gone, Some((GoneReason::Kicked, "太吵".into())));
    assert_eq!(b.told().last(), Some(&"-小明"));
    let nobody = Name::new("丙").expect("a name");
    assert!(
        !house
            .room
            .handle_kick(&mut house.users, house.now, &nobody, "")
    );
    let out = house.kick("小红", &"长".repeat(200));
    b.take(&out);
    let why = b.gone.expect("gone").1;
    assert!(
        why.len() <= limits::WHY_BYTES && why.chars().all(|c| c == '长'),
        "{why}"
    );
}

#[test]
fn leaving_is_confirmed_each_time_it_is_asked_for() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.utter(
        &mut house,
        &[
            Utterance::Say("再见"),
            Utterance::Leave,
            Utterance::Say("!"),
        ],
    );
    assert_eq!(a.gone.take(), Some((GoneReason::Left, String::new())));
    assert_eq!(house.room.stats().events, 3);
    a.said -= 2;
    a.leave(&mut house);
    assert_eq!(a.gone.take(), Some((GoneReason::Left, String::new())));
    let up = Up {
        bye: true,
        ..a.acknowledging()
    };
    assert!(
        a.send(&mut house, &up).is_empty(),
        "a bye is never answered"
    );
}

#[test]
fn a_departed_one_gets_less_than_it_brings_at_an_address_that_proved_nothing() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.kick("小明", &"w".repeat(200));
    for _ in 0..3 {
        let up = a.acknowledging();
        let bytes = a.up(&up);
        let out = house.give(address(9), &bytes);
        assert_eq!((out.len(), out[0].0), (1, address(9)));
        assert!(out[0].1.len() < bytes.len());
        let out = house.give(address(1), &bytes);
        assert!(out[0].1.len() > 200, "with the reason, where it was");
    }
}

#[test]
fn a_damaged_datagram_of_a_departed_one_does_not_make_its_session_unknown() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.kick("小明", "");
    let up = a.acknowledging();
    let mut bytes = a.up(&up);
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    assert!(house.give(address(1), &bytes).is_empty());
    assert_eq!(house.room.stats().forged, 1);
}

#[test]
fn of_an_unknown_session_one_is_told_in_fewer_bytes_unless_it_says_bye() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let mut other = House::with(Config::default(), Box::new(InMemory::default()), 1);
    let up = a.acknowledging();
    let bytes = a.up(&up);
    let out = other.give(address(1), &bytes);
    assert!(out[0].1.len() < bytes.len());
    let Some(Open::Unknown(unknown)) = open(&out) else {
        panic!("{out:?}")
    };
    assert_eq!(unknown.session, a.welcome().session);
    let bye = a.up(&Up {
        bye: true,
        ..a.acknowledging()
    });
    assert!(other.give(address(1), &bye).is_empty());
}

#[test]
fn a_live_session_is_resumed_by_who_proves_it() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let mut b = house.member("小红", 2);
    a.say(&mut house, &["一", "二"]);
    a.answer(&mut house);
    let out = b.say(&mut house, &["hi"]);
    drop(out);
    // Without proof, or with a wrong one, the name is taken.
    let mut thief = Peer::new("小明", address(5));
    assert_eq!(
        refusal(&thief.try_enter(&mut house)),
        Some(Refusal::NameTaken)
    );
    thief.resume = Some((a.welcome().epoch, 1, Key::from_bytes([1; 16])));
    assert_eq!(
        refusal(&thief.try_enter(&mut house)),
        Some(Refusal::NameTaken)
    );
    let before = (a.welcome(), house.room.stats().events);
    a.address = address(3);
    a.again(&mut house);
    assert_ne!(a.welcome().session, before.0.session);
    assert!(a.welcome().resume == before.0.resume && a.welcome().secret != before.0.secret);
    assert_eq!(a.welcome().heard, 2, "the numbering goes on");
    assert_eq!(house.room.stats().events, before.1, "nobody entered");
    assert_eq!(a.told().last(), Some(&"小红:hi"));
    a.say(&mut house, &["三"]);
    assert_eq!((a.heard, place(&house, "小明")), ((3, 0), address(3)));
    assert_eq!(house.users.len(), 2);
}

#[test]
fn what_is_held_back_outlives_a_new_session() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.say(&mut house, &["x"; 30]);
    a.again(&mut house);
    assert_eq!(a.welcome().heard, 30);
    let out = house.wait(ms(2000));
    a.take(&out);
    assert_eq!(a.heard, (30, 0));
    assert_eq!(house.room.stats().events, 31);
}

#[test]
fn one_who_went_silently_continues_without_saying_anything_twice() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.say(&mut house, &["一", "二"]);
    house.wait(limits::IDLE_TIMEOUT);
    assert!(house.users.is_empty());
    a.again(&mut house);
    assert_eq!(a.welcome().heard, 2);
    let out = house.wait(ms(100));
    a.take(&out);
    assert_eq!(
        a.told()[3..],
        ["#0", "#0"],
        "its own leaving, and its coming back"
    );
    a.said = 0;
    a.say(&mut house, &["一", "二", "三"]);
    assert_eq!(a.heard, (3, 0));
    assert_eq!(house.room.stats().events, 6);
}

#[test]
fn one_who_left_and_never_heard_of_it_says_nothing_twice() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.utter(&mut house, &[Utterance::Say("一"), Utterance::Leave]);
    a.again(&mut house);
    assert_eq!(a.welcome().heard, 1, "but its leaving is to come again");
    a.gone = None;
    a.leave(&mut house);
    assert_eq!(a.gone, Some((GoneReason::Left, String::new())));
    let said = house
        .shown()
        .into_iter()
        .filter(|what| matches!(what, Shown::Said(..)));
    assert_eq!(said.count(), 1);
}

#[test]
fn a_copy_of_the_join_of_a_session_that_was_continued_changes_nothing() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let mut copies = vec![a.clone()];
    // Continued while it is there, and after it was taken for gone.
    for silence in [Duration::ZERO, limits::IDLE_TIMEOUT] {
        house.wait(silence);
        a.again(&mut house);
        a.answer(&mut house);
        let here = house.users.find(&Name::new("小明").expect("a name"));
        assert_eq!(here.map(|user| user.session), Some(a.welcome().session));
        for copy in &mut copies {
            assert_eq!(copy.try_enter(&mut house), []);
        }
        a.answer(&mut house);
        assert_eq!(a.gone, None);
        copies.push(a.clone());
    }
    a.leave(&mut house);
    for copy in &mut copies {
        assert_eq!(copy.try_enter(&mut house), []);
    }
    assert!(house.users.is_empty());
}

#[test]
fn what_is_forged_in_the_name_of_a_session_that_is_over_counts_once() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.leave(&mut house);
    let up = a.acknowledging();
    let right = a.up(&up);
    let mut wrong = right.clone();
    *wrong.last_mut().expect("bytes") ^= 1;
    for (bytes, answers, counted) in [(wrong, 0, (1, 0)), (right, 1, (1, 1))] {
        assert_eq!(house.give(a.address, &bytes).len(), answers);
        let stats = house.room.stats();
        assert_eq!((stats.forged, stats.stray), counted);
    }
}

#[test]
fn with_a_wrong_proof_a_departed_one_is_somebody_new() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.say(&mut house, &["一", "二"]);
    house.wait(limits::IDLE_TIMEOUT);
    let mut thief = Peer::new("小明", address(5));
    thief.resume = Some((a.welcome().epoch, 1, Key::from_bytes([1; 16])));
    thief.enter(&mut house);
    assert_eq!(thief.welcome().heard, 0);
    assert_eq!(
        thief.told()[..3],
        ["+小明", "小明:一", "小明:二"],
        "not its own words"
    );
}

#[test]
fn after_another_start_of_the_server_the_log_comes_from_its_beginning() {
    let mut house = House::new(Config {
        history: 0,
        ..Config::default()
    });
    for text in ["一", "二"] {
        house.announce(text);
    }
    let mut a = Peer::new("小明", address(1));
    a.resume = Some((house.room.epoch() ^ 1, 77, Key::from_bytes([1; 16])));
    a.enter(&mut house);
    assert_eq!((a.welcome().first, a.welcome().live), (1, 1));
    assert_eq!(a.told(), ["!一", "!二", "#0"]);
}

#[test]
fn a_room_that_closes_tells_everyone_after_what_was_said() {
    let mut house = House::new(Config::default());
    let (mut a, mut b) = (house.member("小明", 1), house.member("小红", 2));
    house.announce("完了");
    house.room.handle_close(&mut house.users, house.now);
    house.flush();
    assert_eq!(
        refusal(&Peer::new("丙", address(3)).try_enter(&mut house)),
        Some(Refusal::Closing)
    );
    let closed_at = house.now;
    let out = house.wait(ms(500));
    for peer in [&mut a, &mut b] {
        peer.take(&out);
        peer.gone = None;
    }
    let out = a.answer(&mut house);
    assert_eq!(a.told().last(), Some(&"!完了"));
    assert!(!out.is_empty() && a.gone == Some((GoneReason::Closed, String::new())));
    assert!(
        b.gone.is_none(),
        "b has not confirmed that it has everything"
    );
    let up = Up {
        bye: true,
        ..a.acknowledging()
    };
    a.send(&mut house, &up);
    assert_eq!(
        (house.users.len(), house.room.is_closed(house.now)),
        (1, false)
    );
    let out = house.wait(ms(600));
    b.take(&out);
    let told = out.iter().filter(|(to, _)| *to == b.address).count();
    assert!(b.gone.is_some() && told >= 2, "told in any case, and again");
    house.wait(closed_at + limits::CLOSE_TIMEOUT - house.now - ms(1));
    assert!(!house.room.is_closed(house.now));
    house.now += ms(1);
    assert!(house.room.is_closed(house.now));
}

#[test]
fn what_is_held_back_when_the_room_closes_is_said_before_anyone_is_told() {
    let mut house = House::new(Config::default());
    let (mut a, mut b) = (house.member("小明", 1), house.member("小红", 2));
    house.settle(&mut [&mut a, &mut b]);
    let texts: Vec<String> = (1..=30).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let out = a.say(&mut house, &texts);
    b.take(&out);
    b.answer(&mut house);
    a.answer(&mut house);
    assert_eq!(a.heard, (30, 10));
    house.room.handle_close(&mut house.users, house.now);
    let out = house.flush();
    assert!(
        ordered_by_gones(&out, &a).is_empty(),
        "it does not have its last words yet"
    );
    a.take(&out);
    b.take(&out);
    assert_eq!(b.told().last(), Some(&"小明:30"));
    let out = a.answer(&mut house);
    assert_eq!(ordered_by_gones(&out, &a), [30]);
}

#[test]
fn who_was_told_that_the_room_closes_is_told_again_whatever_happens_since() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.settle(&mut [&mut a]);
    house.room.handle_close(&mut house.users, house.now);
    let mut out = house.flush();
    house.announce("晚了");
    out.extend(house.wait(limits::CLOSE_REPEAT * 3));
    assert_eq!(ordered_by_gones(&out, &a), [0; 3]);
}

#[test]
fn who_acknowledges_what_was_never_sent_is_removed() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let up = Up {
        acked: a.acked + 1,
        ..a.acknowledging()
    };
    a.send(&mut house, &up);
    assert_eq!(a.gone, Some((GoneReason::Violation, String::new())));
    assert!(house.users.is_empty());
}

#[test]
fn a_departed_session_is_remembered_only_so_long() {
    let config = Config {
        per_address: Some(0),
        ..Config::default()
    };
    let mut house = House::new(config);
    for number in 0..limits::DEPARTED + 10 {
        house.now += ms(1);
        let mut peer = Peer::new("小明", address(1));
        peer.nonce = number as u64;
        peer.enter(&mut house);
        peer.leave(&mut house);
    }
    let mut departed = 0;
    while house.room.graveyard.take(|_| true).is_some() {
        departed += 1;
    }
    assert_eq!(departed, limits::DEPARTED);
}

#[test]
fn who_ended_last_is_remembered_though_its_session_id_came_before() {
    let mut house = House::new(Config {
        per_address: Some(0),
        ..Config::default()
    });
    let mut other = house.member("小红", 2);
    // All session ids of one slot, and the first one again.
    let ids = 1u64 << (32 - limits::SLOT_BITS);
    let mut last = Peer::new("小明", address(1));
    for nonce in 0..=ids {
        house.now += ms(1);
        last = Peer::new("小明", address(1));
        last.nonce = nonce;
        last.enter(&mut house);
        last.leave(&mut house);
    }
    other.leave(&mut house);
    last.gone = None;
    last.answer(&mut house);
    assert!(last.gone.is_some(), "it is told again that it has left");
}

#[test]
fn a_join_that_comes_again_after_a_silence_is_the_same_person() {
    let mut house = House::new(Config {
        idle_timeout: ms(2000),
        ..Config::default()
    });
    let mut stopped = house.enter("小明", address(1), 0);
    let key = stopped.welcome().resume;
    house.wait(ms(3000));
    assert!(house.users.is_empty());
    // It goes on: its Join is sent once more, and only then it finds the first Welcome.
    let mut again = stopped.clone();
    again.enter(&mut house);
    assert_eq!(again.welcome().resume, key);
    stopped.again(&mut house);
    stopped.say(&mut house, &["我回来了"]);
    let shown = house.shown();
    assert!(
        matches!(
            &shown[..],
            [
                Shown::Entered(_),
                Shown::Left(_),
                Shown::Entered(_),
                Shown::Said(..)
            ]
        ),
        "{shown:?}"
    );
}

#[test]
fn full_datagrams_have_one_size_where_that_is_wanted() {
    for even in [false, true] {
        let config = Config {
            even,
            rate: 0,
            ..Config::default()
        };
        let mut house = House::new(config);
        let mut b = house.member("小红", 2);
        let texts: Vec<String> = (1..=60).map(|n| "一".repeat(n)).collect();
        for text in &texts {
            house
                .room
                .handle_announce(&mut house.users, house.now, text);
        }
        let out = house.wait(ms(100));
        b.take(&out);
        let told: Vec<String> = texts.iter().map(|text| format!("!{text}")).collect();
        assert_eq!(b.told()[1..], told);
        let sizes: Vec<usize> = { out.iter() }
            .filter(|(to, bytes)| *to == b.address && bytes[2] == Kind::Down as u8)
            .map(|(_, bytes)| bytes.len())
            .collect();
        let (last, full) = sizes.split_last().expect("something");
        assert!(full.len() > 1 && *last < limits::DATAGRAM, "{sizes:?}");
        assert_eq!(
            full.iter().all(|size| *size == limits::DATAGRAM),
            even,
            "{sizes:?}"
        );
    }
}
