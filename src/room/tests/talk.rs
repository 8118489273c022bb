//! Talk: who is told what, at which rate, in how few bytes.

use super::*;
use crate::text::Lang;

#[test]
fn the_speaker_gets_a_mark_and_the_others_the_text() {
    let mut house = House::new(Config::default());
    let (mut a, mut b) = (house.member("小明", 1), house.member("小红", 2));
    house.settle(&mut [&mut a, &mut b]);
    let out = a.say(&mut house, &["大家好", "再见"]);
    b.take(&out);
    assert_eq!(a.told(), ["#0", "+小红", "#1", "#2"]);
    assert_eq!(b.told(), ["#0", "小明:大家好", "小明:再见"]);
    assert_eq!(a.heard, (2, 0));
    let out = house.announce("今晚停机");
    a.take(&out);
    b.take(&out);
    assert_eq!(
        (a.told().pop(), b.told().pop()),
        (Some("!今晚停机"), Some("!今晚停机"))
    );
}

#[test]
fn what_is_said_twice_is_said_once_and_what_comes_early_waits() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.said = 1;
    a.say(&mut house, &["二"]);
    assert_eq!(a.heard.0, 0, "the first is missing");
    a.said = 0;
    a.say(&mut house, &["一"]);
    a.said = 0;
    let out = a.say(&mut house, &["一", "二"]);
    assert!(!out.is_empty(), "said again: acknowledged at once");
    assert_eq!(a.heard, (2, 0));
    let said = house.shown();
    assert_eq!(said.len(), 3, "{said:?}");
}

#[test]
fn talk_beyond_the_rate_is_held_back_and_not_dropped() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let texts: Vec<String> = (1..=30).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    a.say(&mut house, &texts);
    assert_eq!(a.heard, (30, 10), "20 at once");
    let before = house.room.stats().events;
    let out = house.wait(ms(450));
    assert_eq!(house.room.stats().events - before, 4, "then 10 a second");
    a.take(&out);
    let out = house.wait(ms(700));
    a.take(&out);
    assert_eq!(house.room.stats().events - before, 10);
    assert_eq!(house.shown().len(), 31);
    let mut free = House::new(Config {
        rate: 0,
        ..Config::default()
    });
    let mut a = free.member("小明", 1);
    for _ in 0..10 {
        a.say(&mut free, &texts);
    }
    assert_eq!(a.heard, (300, 0), "0: no limit");
}

#[test]
fn a_token_that_comes_while_the_flush_is_under_way_is_not_missed() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let texts = ["x"; 21];
    let utterances = texts.map(Utterance::Say).to_vec();
    let up = Up {
        first: 1,
        utterances,
        ..a.acknowledging()
    };
    let bytes = a.up(&up);
    house
        .room
        .handle_datagram(&mut house.users, house.now, a.address, &bytes);
    house.room.handle_timeout(&mut house.users, house.now);
    // The driver's clock goes on between handling and sending.
    house.now += ms(150);
    house.flush();
    house.wait(ms(10));
    assert_eq!(house.room.stats().events, 22);
}

#[test]
fn utterances_far_ahead_of_what_is_ordered_are_not_kept() {
    let mut house = House::new(Config {
        rate: 1,
        ..Config::default()
    });
    let mut a = house.member("小明", 1);
    a.say(&mut house, &["x"; 60]);
    assert_eq!(a.heard.0, limits::UTTERANCES_UNORDERED, "and no more");
    let mut b = house.member("小红", 2);
    b.said = 1000;
    b.say(&mut house, &["x"]);
    for first in [u64::MAX - 1, u64::MAX - 40] {
        let up = Up {
            first,
            utterances: vec![Utterance::Say("x")],
            ..b.acknowledging()
        };
        b.send(&mut house, &up);
    }
    assert_eq!(b.heard.0, 0);
}

#[test]
fn nothing_said_is_not_shown_but_has_its_number() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    a.say(&mut house, &["", "x"]);
    assert_eq!((a.heard, a.told()), ((2, 0), vec!["#0", "#2"]));
}

/// What stands behind the heads of the datagrams to these members, in their order.
fn bodies<'a>(out: &'a [(SocketAddr, Vec<u8>)], to: &[Peer]) -> Vec<&'a [u8]> {
    let of = |peer: &Peer| {
        { out.iter() }
            .filter(|(to, _)| *to == peer.address)
            .collect()
    };
    let all: Vec<Vec<_>> = to.iter().map(of).collect();
    assert!(all.iter().all(|datagrams| datagrams.len() == 1), "{all:?}");
    { all.iter() }
        .map(|datagrams| &datagrams[0].1[limits::DOWN_HEAD..])
        .collect()
}

#[test]
fn members_at_one_cursor_share_the_bytes_of_a_body_and_who_speaks_too() {
    let mut house = House::new(Config::default());
    let mut members: Vec<Peer> = (1..=9)
        .map(|host| house.member(&format!("甲{host}"), host))
        .collect();
    house.settle(&mut members.iter_mut().collect::<Vec<_>>());
    let out = members[0].say(&mut house, &["大家好", "在吗"]);
    let shared = bodies(&out, &members);
    assert!(shared.iter().all(|body| *body == shared[0]));
    assert!(members[0].told().ends_with(&["#1", "#2"]));
}

#[test]
fn who_speaks_behind_a_rush_of_others_is_told_its_own_words() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.settle(&mut [&mut a]);
    // The first of them fill the window; the others wait, and are more than have an index in one body.
    for host in 2..100 {
        house.enter(&format!("甲{host}"), address(host), 0);
    }
    a.say(&mut house, &["大家好"]);
    house.settle(&mut [&mut a]);
    assert_eq!(a.told().last(), Some(&"#1"));
    let crowd = 98 - limits::INDEXED_AUTHORS;
    assert!(a.downs < crowd, "the last ones come in one body");
}

#[test]
fn who_had_a_number_between_its_words_gets_a_body_of_its_own() {
    let between = [
        Utterance::Say(""),
        Utterance::Away("茶"),
        Utterance::Whisper("甲2", "嘘"),
        Utterance::Whisper("甲2", ""),
        Utterance::Whisper("谁", "嘘"),
        Utterance::Rename("甲9"),
    ];
    for utterance in between {
        let mut house = House::new(Config::default());
        let mut members = [house.member("甲1", 1), house.member("甲2", 2)];
        let [a, b] = &mut members;
        house.settle(&mut [a, b]);
        let out = a.utter(
            &mut house,
            &[Utterance::Say("一"), utterance, Utterance::Say("三")],
        );
        let said = bodies(&out, &members);
        assert_ne!(said[0], said[1], "{utterance:?}");
        let told: Vec<&str> = members[0].told().into_iter().rev().take(3).collect();
        assert!(told[0] == "#3" && told.contains(&"#1"), "{told:?}");
        let [a, b] = &mut members;
        house.settle(&mut [a, b]);
        let out = a.say(&mut house, &["四", "五"]);
        let said = bodies(&out, &members);
        assert_eq!(said[0], said[1], "{utterance:?}");
        assert!(members[0].told().ends_with(&["#4", "#5"]));
    }
}

#[test]
fn a_member_that_fell_off_the_log_is_told_how_much_it_missed() {
    let mut house = House::new(Config {
        rate: 0,
        idle_timeout: ms(600_000),
        ..Config::default()
    });
    let mut a = house.member("小明", 1);
    house.wait(ms(1000));
    // Nothing of this is acknowledged: some is in flight, the rest was never sent.
    let count = limits::LOG_EVENTS as u64 + 50;
    for number in 0..count {
        house
            .room
            .handle_announce(&mut house.users, house.now, &number.to_string());
        if number < 30 {
            house.flush();
        }
    }
    for _ in 0..4000 {
        let out = house.wait(ms(1000));
        a.take(&out);
        let out = a.answer(&mut house);
        a.take(&out);
        if a.acked == count + 1 {
            break;
        }
    }
    assert_eq!(a.acked, count + 1, "it has everything in the end");
    let mut next = 1;
    let mut gaps = 0;
    for (number, told) in &a.seen {
        assert_eq!(*number, next, "{told}");
        let gap = told
            .strip_prefix("gap ")
            .map(|count| count.parse().expect("a count"));
        gaps += gap.unwrap_or(0);
        next += gap.unwrap_or(1);
    }
    // The first 30 or less may have gone out before they were trimmed; they were lost.
    assert_eq!(gaps, 50);
    assert_eq!(
        a.seen.last().map(|seen| seen.1.clone()),
        Some(format!("!{}", count - 1))
    );
    let shown = house.shown();
    assert_eq!(shown[0], Shown::Gap(51), "the operator is told, too");
}

#[test]
fn who_watches_is_told_in_pieces_what_all_may_see() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.announce("大家好");
    a.utter(
        &mut house,
        &[
            Utterance::Act("笑"),
            Utterance::Whisper("小明", "嘘"),
            Utterance::Rename("小红"),
            Utterance::Say("我是小红"),
            Utterance::Leave,
        ],
    );
    let told = |house: &House, mut cursor: u64| {
        let mut told = Vec::new();
        loop {
            let body = house.room.view(&mut cursor, 64);
            assert!(body.len() <= 64);
            let events = wire::decode_events(&body).expect("the room's own");
            if events.is_empty() {
                return (told, cursor);
            }
            for event in events {
                assert_eq!(event.unix_ms, house.room.wall_clock());
                told.push(format!("{:?}", event.what));
            }
        }
    };
    let (events, end) = told(&house, house.room.first_seen());
    assert_eq!(
        events.join(" "),
        r#"Entered("小明") Announced("大家好") Acted("小明", "笑") Hidden(1) Renamed("小明", "小红") "#
            .to_owned()
            + r#"Said("小红", "我是小红") Left("小红")"#
    );
    assert_eq!(told(&house, end).0, [""; 0]);
    for number in 0..limits::LOG_EVENTS as u64 {
        house.announce(&number.to_string());
    }
    let (events, _) = told(&house, 3);
    assert_eq!(events[..2], ["Gap(5)", r#"Announced("0")"#]);
    assert_eq!(events.len(), 1 + limits::LOG_EVENTS);
}

#[test]
fn the_roster_comes_in_pages_that_fit_a_datagram() {
    let mut house = House::new(Config {
        per_address: Some(0),
        ..Config::default()
    });
    let mut names = Vec::new();
    for host in 1..=60 {
        let name = format!("{}{host:02}", "很长的名字啊".repeat(2));
        house.enter(&name, address(host), 0);
        names.push(name);
    }
    let mut a = house.member("小明", 100);
    names.push("小明".into());
    let (mut after, mut told, mut pages) = (0, Vec::new(), 0);
    loop {
        a.packet += 1;
        let mut bytes = Vec::new();
        let (session, secret) = (a.welcome().session, a.welcome().secret);
        let what = Asked::Who(after);
        Ask { request: 7, what }.write(&mut bytes, session, PacketNumber(a.packet), secret);
        let out = house.give(a.address, &bytes);
        let Ok(Datagram::Sealed(sealed)) = wire::decode(&out[0].1) else {
            panic!()
        };
        let tell = Tell::read(&sealed).expect("well-formed");
        assert_eq!(tell.request, 7);
        let Told::Who {
            after: asked,
            next,
            names,
        } = tell.what
        else {
            panic!("{tell:?}");
        };
        assert_eq!(asked, after);
        told.extend(names.iter().map(|(name, _)| (*name).to_owned()));
        pages += 1;
        after = next;
        if after == 0 {
            break;
        }
    }
    assert!(pages > 1);
    assert_eq!(told, names);
}

#[test]
fn an_answer_about_who_is_here_does_not_swallow_an_acknowledgement() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let out = house.wait(ms(3000));
    a.take(&out);
    // Nothing said is no event, so the acknowledgement has nothing to ride on.
    a.say(&mut house, &[""]);
    a.packet += 1;
    let mut bytes = Vec::new();
    let (session, secret) = (a.welcome().session, a.welcome().secret);
    Ask {
        request: 7,
        what: Asked::Who(0),
    }
    .write(&mut bytes, session, PacketNumber(a.packet), secret);
    let out = house.give(a.address, &bytes);
    assert_eq!(out.len(), 1, "the Tell");
    assert_eq!(
        house.wait(limits::ACK_DELAY_MOST).len(),
        1,
        "the acknowledgement"
    );
}

#[test]
fn timers_do_not_pile_up() {
    let mut house = House::new(Config {
        idle_timeout: ms(60_000_000),
        ..Config::default()
    });
    let mut a = house.member("小明", 1);
    for _ in 0..2000 {
        // Nothing is shown, so the acknowledgement waits for its timer.
        a.say(&mut house, &[""]);
        let out = house.wait(ms(200));
        a.take(&out);
    }
    assert!(house.room.timers.len() < 200, "{}", house.room.timers.len());
}

#[test]
fn counters_count() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let up = a.acknowledging();
    let bytes = a.up(&up);
    house.give(a.address, &bytes);
    house.give(a.address, &bytes);
    let mut forged = a.up(&up);
    *forged.last_mut().expect("bytes") ^= 1;
    house.give(a.address, &forged);
    house.give(a.address, b"hello");
    let mut stray = a.up(&up);
    stray[4] ^= 1;
    house.give(a.address, &stray);
    let stats = house.room.stats();
    assert_eq!((stats.replayed, stats.forged), (1, 1));
    assert_eq!((stats.malformed, stats.stray, stats.events), (1, 1, 1));
    assert_eq!(stats.received, 8);
    assert_eq!(stats.resent, 0);
    house.announce("x");
    house.wait(ms(1500));
    assert!(house.room.stats().resent >= 1);
}

#[test]
fn after_a_loss_a_datagram_repeats_what_went_before_where_that_leaves_room() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.settle(&mut [&mut a]);
    let known = a.acked;
    for lost in ["1", "2"] {
        house.announce(lost);
    }
    let gap = Up {
        gap_end: known + 2,
        ..a.acknowledging()
    };
    a.send(&mut house, &gap);
    assert_eq!(a.acked, known + 1, "1 was sent again");
    house.announce("3");
    let out = house.announce("4");
    a.take(&out);
    assert_eq!(a.told()[a.seen.len() - 4..], ["!1", "!2", "!3", "!4"]);
    let long = "x".repeat(limits::UTTERANCE_BYTES);
    house.announce(&long);
    let out = house.announce(&long);
    assert_eq!(out.len(), 1);
    a.take(&out);
    assert_eq!(a.acked, known + 4, "the second one went alone");
    a.answer(&mut house);
    house.settle(&mut [&mut a]);
    assert_eq!(a.acked, known + 6);
}

#[test]
fn the_log_retains_so_many_bytes_and_always_the_newest() {
    let mut log = Log::new(1);
    let announce = |log: &mut Log, bytes: usize| {
        log.append(0, Happened::Announced, &"x".repeat(bytes));
    };
    let third = limits::LOG_BYTES / 3;
    for _ in 0..5 {
        announce(&mut log, third);
    }
    let (events, bytes) = log.sizes();
    assert_eq!((events, log.first(), log.end()), (2, 4, 6));
    assert!((2 * third..limits::LOG_BYTES).contains(&bytes));
    announce(&mut log, limits::LOG_BYTES + 1);
    assert_eq!((log.sizes().0, log.first()), (1, 6));
}

#[test]
fn each_session_of_a_slot_has_an_id_of_its_own() {
    let mut slots = member::Slots::new(Key::from_bytes([1; 16]), 1);
    let slot = slots.vacancy();
    let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| slots.next_session(slot)).collect();
    assert_eq!(ids.len(), 1000);
}

#[test]
fn other_settings_hold_for_whoever_comes_from_now_on() {
    let mut house = House::new(Config::default());
    house.member("小明", 1);
    house.room.set_config(Config {
        max_members: 1,
        history: 1,
        per_address: Some(2),
        rate: 3,
        idle_timeout: ms(5000),
        classic: Classic::Any,
        classic_idle: ms(5000),
        even: true,
        lang: Lang::En,
    });
    let out = Peer::new("小红", address(2)).try_enter(&mut house);
    assert_eq!(refusal(&out), Some(Refusal::Full));
    let Config {
        history,
        per_address,
        rate,
        ..
    } = house.room.config;
    assert_eq!((history, per_address, rate), (1, Some(2), 3));
    // What members were told, or how they are told it, stays.
    let kept = house.room.config;
    let kept = (
        kept.idle_timeout,
        kept.classic,
        kept.classic_idle,
        kept.even,
        kept.lang,
    );
    let (silence, classic_silence) = (limits::IDLE_TIMEOUT, limits::CLASSIC_IDLE);
    let lang = Lang::default();
    assert_eq!(
        kept,
        (silence, Classic::Nobody, classic_silence, false, lang)
    );
}

#[test]
fn full_datagrams_make_the_room_try_larger_ones() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let tries = |out: &Datagrams| out.iter().any(|(_, bytes)| bytes.len() > limits::DATAGRAM);
    assert!(!tries(&house.wait(ms(3000))), "there is no need");
    a.answer(&mut house);
    for _ in 0..20 {
        let text = "字".repeat(300);
        house
            .room
            .handle_announce(&mut house.users, house.now, &text);
    }
    let mut out = house.flush();
    out.extend(house.wait(ms(3000)));
    assert!(tries(&out));
}

#[test]
fn words_that_wait_for_their_fan_out_say_until_when_and_notices_do_not() {
    let mut house = House::new(Config::default());
    house.member("小明", 1);
    house.announce("一");
    let flush = &mut house.room.flush;
    assert_eq!(flush.poll_fan_out(), None, "nothing waits");
    flush.notice(1);
    assert!(flush.poll_timeout() > Some(house.now));
    assert_eq!(flush.poll_fan_out(), None, "a notice is in no haste");
    flush.words();
    let at = house.room.poll_fan_out().expect("words wait");
    assert!(at <= house.now + limits::FAN_OUT_PAUSE_MOST);
}

#[test]
fn what_would_not_fill_a_datagram_waits_for_more_behind_full_ones_alone() {
    let mut house = House::new(Config::default());
    house.member("小明", 1);
    let downs = |out: &Datagrams| {
        let is_down = |bytes: &[u8]| bytes[2] == Kind::Down as u8;
        out.iter().filter(|(_, bytes)| is_down(bytes)).count()
    };
    let say = |house: &mut House, count| {
        for _ in 0..count {
            let text = "x".repeat(60);
            house
                .room
                .handle_announce(&mut house.users, house.now, &text);
        }
    };
    for (count, datagrams) in [(5, [1, 0]), (30, [1, 1]), (40, [2, 1])] {
        house.now += ms(1000);
        say(&mut house, count);
        let full = downs(&house.flush_now());
        let waits_until = house.room.poll_fan_out();
        assert_eq!(waits_until.is_some(), datagrams[1] > 0, "{count}");
        house.now = waits_until.unwrap_or(house.now);
        let rest = downs(&house.flush_now());
        assert_eq!([full, rest], datagrams, "{count}");
        assert_eq!(house.room.poll_fan_out(), None, "{count}");
    }
    // Nothing more comes when the room closes.
    house.now += ms(1000);
    say(&mut house, 30);
    house.room.handle_close(&mut house.users, house.now);
    assert_eq!(downs(&house.flush_now()), 2);
}

#[test]
fn notices_go_together_whatever_they_fill() {
    let mut house = House::new(Config::default());
    let names: Vec<_> = (1..=45)
        .map(|n| format!("{}{n:02}", "m".repeat(30)))
        .collect();
    let mut members: Vec<Peer> = (1..)
        .zip(&names)
        .map(|(n, name)| house.member(name, n))
        .collect();
    // What came last is acknowledged, too.
    for _ in 0..2 {
        house.settle(&mut members.iter_mut().collect::<Vec<_>>());
    }
    for name in &names[1..] {
        let name = Name::new(name).expect("a name");
        assert!(
            house
                .room
                .handle_kick(&mut house.users, house.now, &name, "")
        );
    }
    house.now += limits::NOTICE_PAUSE_MOST;
    let out = house.flush_now();
    let is_down = |bytes: &[u8]| bytes[2] == Kind::Down as u8;
    let downs = out
        .iter()
        .filter(|(to, bytes)| *to == address(1) && is_down(bytes));
    assert_eq!(downs.count(), 2, "one is full");
    assert_eq!(house.room.flush.poll_timeout(), None, "nothing waits");
}

#[test]
fn a_member_whose_window_shrinks_to_what_is_under_way_is_asked_what_has_come() {
    let mut house = House::new(Config::default());
    let a = house.member("小明", 1);
    assert!(!house.announce("一").is_empty());
    let member = house.room.slots.member(0).expect("in the first slot");
    member.link.limit_window(1);
    house.room.touch(0);
    let out = house.flush();
    let [(to, bytes)] = &out[..] else {
        panic!("{out:?}");
    };
    let Ok(Datagram::Sealed(sealed)) = wire::decode(bytes) else {
        panic!("{bytes:?}");
    };
    let down = wire::decode_down(&sealed).expect("a Down");
    assert_eq!((*to, down.answer, down.events.len()), (a.address, true, 0));
    assert!(house.flush().is_empty(), "once is enough");
}

#[test]
fn a_room_is_quiet_when_nothing_went_out_for_a_while() {
    let mut house = House::new(Config::default());
    assert!(house.room.is_quiet(house.now), "nobody is here");
    let (mut a, mut b) = (house.member("小明", 1), house.member("小红", 2));
    house.settle(&mut [&mut a, &mut b]);
    assert!(!house.room.is_quiet(house.now), "someone has come");
    house.wait(limits::QUIET_AFTER);
    assert!(house.room.is_quiet(house.now));
    a.say(&mut house, &["x"]);
    for _ in 0..8 {
        house.wait(limits::QUIET_AFTER);
        let quiet = house.room.is_quiet(house.now);
        assert!(!quiet, "words, and resends of them");
    }
    house.settle(&mut [&mut a, &mut b]);
    house.wait(2 * limits::QUIET_AFTER);
    assert!(house.room.is_quiet(house.now));
    house.room.handle_close(&mut house.users, house.now);
    assert!(!house.room.is_quiet(house.now), "it closes");
}

#[test]
fn the_room_does_not_wake_for_who_was_served_meanwhile() {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    house.settle(&mut [&mut a]);
    house.announce("一");
    let first = house.room.poll_timeout().expect("an answer is awaited");
    house.now = first - ms(10);
    house.announce("二");
    assert_eq!(house.room.poll_timeout(), Some(first), "as far as it knows");
    house.room.handle_timeout(&mut house.users, house.now);
    let second = house.room.poll_timeout().expect("still");
    assert!(second > first + limits::RTO_LEAST);
    assert!(house.wait(second - house.now).len() > 1, "both go again");
}
