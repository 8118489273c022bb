//! Being in the room.

use super::*;

#[test]
fn what_is_said_is_sent_until_it_is_heard_and_told_when_it_is_ordered() {
    let mut desk = Desk::joined();
    desk.session.handle_say("一");
    desk.session.handle_say("二");
    let out = desk.out();
    let said = [Utterance::Say("一"), Utterance::Say("二")];
    assert_eq!(
        (ups(&out)[0].first, &ups(&out)[0].utterances[..]),
        (1, &said[..])
    );
    assert_eq!(desk.session.undelivered(), 2);
    let again = desk.wait(ms(1500));
    assert_eq!(ups(&again)[0].utterances, said);
    assert_ne!(again[0], out[0], "under another packet number");
    let bytes = desk.down(2, 2, false, &[]);
    desk.give(&bytes);
    assert!(desk.events().is_empty() && desk.session.undelivered() == 2);
    assert!(
        ups(&desk.wait(ms(3000))).iter().all(|up| up.first == 0),
        "held back: not again"
    );
    desk.events_come(2, &[(1, What::Yours(1)), (2, What::Yours(2))]);
    let logged = |count, number| Event::Logged {
        count,
        number,
        unix_ms: 5,
    };
    let ordered = [Event::Ordered(1), Event::Ordered(2)];
    let told = desk.all_events();
    assert_eq!(told[..2], ordered);
    assert_eq!(told[2..], [logged(1, 1), logged(2, 2)]);
    assert_eq!(desk.session.undelivered(), 0);
    desk.events_come(9, &[]);
    desk.session.handle_say("三");
    assert_eq!(
        ups(&desk.out())[0].first,
        3,
        "what was never sent can't be acknowledged"
    );
}

#[test]
fn no_more_is_under_way_than_may_be_unordered() {
    let mut desk = Desk::joined();
    for _ in 0..100 {
        desk.session.handle_say("x");
    }
    let count = |out: &[Vec<u8>]| ups(out).iter().map(|up| up.utterances.len()).sum::<usize>();
    assert_eq!(count(&desk.out()) as u64, limits::UTTERANCES_UNORDERED);
    let bytes = desk.down(32, 30, false, &[]);
    desk.give(&bytes);
    assert_eq!(count(&desk.out()), 2);
}

#[test]
fn events_come_once_each_and_in_order() {
    let mut desk = Desk::joined();
    let said = |text| What::Said("小红", text);
    desk.events_come(0, &[(3, said("三"))]);
    assert_eq!(desk.events(), []);
    let out = desk.out();
    assert_eq!(
        (ups(&out)[0].acked, ups(&out)[0].gap_end),
        (0, 3),
        "a gap is reported at once"
    );
    desk.events_come(0, &[(1, What::Entered("小红")), (2, What::Announced("二"))]);
    let events = desk.events();
    assert_eq!(numbers(&events), [1, 2, 3]);
    let three = Seen::Said("小红".into(), "三".into());
    assert!(
        matches!(&events[2], Event::Happened { what, history: false, unix_ms: 5, .. } if *what == three)
    );
    assert_eq!(ups(&desk.out())[0].gap_end, 0, "and so is that it closed");
    for _ in 0..3 {
        // Each asks, as what is sent again does.
        let bytes = desk.down(0, 0, true, &[(2, What::Announced("二"))]);
        desk.give(&bytes);
    }
    assert!(desk.events().is_empty() && desk.out().is_empty());
    let out = desk.wait(limits::ACK_DELAY_LEAST);
    let acked: Vec<_> = ups(&out).iter().map(|up| up.acked).collect();
    assert_eq!(acked, [3], "it came again: our word was lost");
    desk.events_come(0, &[(4, What::Left("小红"))]);
    assert!(desk.out().is_empty(), "alone, an acknowledgement waits");
    let out = desk.wait(limits::ACK_DELAY_MOST);
    assert_eq!(ups(&out)[0].acked, 4);
    let bytes = desk.down(0, 0, true, &[(5, What::Left("x"))]);
    desk.give(&bytes);
    assert_eq!(ups(&desk.out())[0].acked, 5, "wanted at once");
    desk.give(&bytes);
    assert_eq!(
        desk.out().len(),
        0,
        "a copy of a datagram is nothing at all"
    );
}

#[test]
fn only_so_many_early_datagrams_are_kept() {
    let mut desk = Desk::joined();
    for number in 0..200 {
        desk.events_come(0, &[(10 + 2 * number, What::Announced("x"))]);
    }
    desk.events_come(0, &[(1, What::Gap(9))]);
    desk.events();
    for number in 0..200 {
        desk.events_come(0, &[(11 + 2 * number, What::Announced("y"))]);
    }
    let last = 10 + 2 * limits::EARLY_DATAGRAMS as u64 - 1;
    assert_eq!(desk.session.seen_up_to(), Some(last));
}

#[test]
fn gaps_that_follow_each_other_are_one_and_count_nothing_twice() {
    let mut desk = Desk::joined();
    desk.events_come(0, &[(1, What::Gap(4)), (5, What::Gap(3))]);
    desk.events_come(0, &[(8, What::Gap(2))]);
    let gap = |number, count| Event::Happened {
        number,
        unix_ms: 0,
        history: false,
        what: Seen::Gap(count),
    };
    assert_eq!(desk.events(), [gap(1, 9)]);
    desk.events_come(0, &[(10, What::Announced("x"))]);
    desk.events_come(0, &[(8, What::Gap(6)), (14, What::Announced("y"))]);
    let events = desk.events();
    assert_eq!(numbers(&events), [10, 11, 14]);
    assert_eq!(events[1], gap(11, 3), "what was shown is not missing");
}

#[test]
fn history_is_marked() {
    let mut desk = Desk::new(5);
    desk.welcome.live = 3;
    desk.let_in();
    desk.events();
    let announced = What::Announced("x");
    desk.events_come(
        0,
        &[
            (1, announced),
            (2, announced),
            (3, What::Yours(0)),
            (4, announced),
        ],
    );
    let marked: Vec<_> = desk
        .events()
        .iter()
        .map(|event| match event {
            Event::Happened { history, .. } => Some(*history),
            Event::HistoryEnds => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(marked, [Some(true), Some(true), None, Some(false)]);
    let first = What::Announced("y");
    desk.events_come(0, &[(5, first)]);
    assert_eq!(desk.events().len(), 1, "it ends once");
}

#[test]
fn while_paused_silence_says_nothing_and_no_timer_spins() {
    let mut desk = Desk::joined();
    desk.session.handle_say("x");
    desk.out();
    desk.session.handle_pause(desk.now, true);
    desk.wait(ms(60_000));
    assert_eq!(desk.events(), []);
    desk.session.handle_pause(desk.now, false);
    desk.wait(limits::REBIND_AFTER - ms(1));
    assert_eq!(desk.events(), []);
    desk.wait(ms(2));
    assert_eq!(desk.events(), [Event::Rebind]);
}

/// Pauses between the keep-alives of an hour, each of which is answered.
fn keep_alives(idle_timeout: u16) -> Vec<Duration> {
    let mut desk = Desk::new(0);
    desk.welcome.idle_timeout = idle_timeout;
    desk.let_in();
    desk.out();
    let answer = desk.down(0, 0, false, &[]);
    desk.give(&answer);
    desk.sent_at.clear();
    for _ in 0..60_000 {
        for bytes in desk.wait(ms(50)) {
            if ups(&[bytes])[0].answer {
                let answer = desk.down(0, 0, false, &[]);
                desk.give(&answer);
            }
        }
    }
    assert!(
        desk.events()
            .iter()
            .all(|event| matches!(event, Event::Joined(_)))
    );
    desk.sent_at
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect()
}

#[test]
fn keep_alives_come_about_as_often_as_they_should() {
    for (idle_timeout, pause) in [
        (60, limits::KEEP_ALIVE),
        (600, limits::KEEP_ALIVE),
        (4, ms(1000)),
    ] {
        let pauses = keep_alives(idle_timeout);
        assert!(pauses.len() > 100);
        let range = pause * 9 / 10..=pause * 11 / 10 + ms(1);
        assert!(
            pauses.iter().all(|pause| range.contains(pause)),
            "{idle_timeout}: {pauses:?}"
        );
    }
}

#[test]
fn a_challenge_is_answered_from_where_one_is() {
    let mut desk = Desk::joined();
    desk.open(&Open::Challenge(Challenge {
        nonce: 1,
        cookie: 99,
    }));
    let out = desk.out();
    let Ok(Datagram::Sealed(sealed)) = wire::decode(&out[0]) else {
        panic!()
    };
    assert_eq!(
        Moved::read(&sealed),
        Ok(Moved {
            nonce: 1,
            cookie: 99
        })
    );
    assert!(sealed.verify(desk.welcome.secret));
}

#[test]
fn moving_and_asking_swallow_no_acknowledgement() {
    let mut desk = Desk::joined();
    desk.events_come(0, &[(1, What::Announced("x"))]);
    desk.open(&Open::Challenge(Challenge {
        nonce: 1,
        cookie: 99,
    }));
    desk.session.handle_who(desk.now);
    let out = desk.wait(limits::ACK_DELAY_MOST);
    assert!(ups(&out).iter().any(|up| up.acked == 1), "{out:?}");
}

#[test]
fn the_roster_is_put_together_from_its_pages() {
    let mut desk = Desk::joined();
    desk.session.handle_who(desk.now);
    let tell = |desk: &mut Desk, ask: Ask, names: &[(u64, (&str, Option<&str>))]| {
        let mut bytes = Vec::new();
        let session = (
            desk.welcome.session,
            desk.next_packet(),
            desk.welcome.secret,
        );
        let Asked::Who(after) = ask.what else {
            panic!("{ask:?}");
        };
        Tell::page(ask.request, after, names.iter().copied()).write(&mut bytes, session);
        desk.give(&bytes);
    };
    let asked = |out: &[Vec<u8>]| {
        let asks = out.iter().filter_map(|bytes| match wire::decode(bytes) {
            Ok(Datagram::Sealed(sealed)) if sealed.kind == Kind::Ask => Ask::read(&sealed).ok(),
            _ => None,
        });
        asks.collect::<Vec<_>>()
    };
    let place = |ask: &Ask| match ask.what {
        Asked::Who(after) => after,
        _ => panic!("{ask:?}"),
    };
    let first = asked(&desk.out())[0];
    assert_eq!(place(&first), 0);
    assert!(asked(&desk.wait(ms(1000))).contains(&first), "asked again");
    let long = "名".repeat(21);
    let page: Vec<_> = (1..40)
        .map(|place| (place, (long.as_str(), None)))
        .collect();
    tell(&mut desk, first, &page);
    let next = asked(&desk.out());
    assert!(next.len() == 1 && place(&next[0]) > 0, "{next:?}");
    assert_eq!(desk.events(), []);
    tell(&mut desk, first, &page);
    tell(&mut desk, next[0], &[(40, ("小红", Some("茶")))]);
    let [Event::Roster(names)] = &desk.events()[..] else {
        panic!()
    };
    assert_eq!(names.len() as u64, place(&next[0]) + 1);
    let last = RosterEntry {
        name: "小红".into(),
        away: Some("茶".into()),
    };
    assert_eq!(names.last(), Some(&last));
}

#[test]
fn datagrams_without_the_secret_change_nothing() {
    let mut desk = Desk::joined();
    let before = (desk.session.poll_timeout(), desk.session.seen_up_to());
    let mut random = Random::new(4);
    let mut forged = desk.down(0, 0, false, &[(1, What::Announced("x"))]);
    *forged.last_mut().expect("bytes") ^= 1;
    desk.give(&forged);
    for size in (0..60).chain([1200, 65_000]) {
        for kind in 0..14 {
            let mut bytes: Vec<u8> = (0..size).map(|_| random.bits() as u8).collect();
            let head = [wire::MAGIC, wire::VERSION, kind, 0, 0, 0, 5];
            bytes
                .iter_mut()
                .zip(head)
                .for_each(|(place, byte)| *place = byte);
            desk.give(&bytes);
        }
    }
    assert_eq!(
        (desk.session.poll_timeout(), desk.session.seen_up_to()),
        before
    );
    assert!(desk.out().is_empty() && desk.events().is_empty());
}

#[test]
fn what_another_process_would_need_is_known_in_the_room_and_cut_off_from_it() {
    let mut desk = Desk::new(0);
    assert_eq!(desk.session.past(), None);
    desk.let_in();
    desk.events_come(
        0,
        &[(1, What::YourName(0, "小明")), (2, What::Announced("好"))],
    );
    let past = Past {
        epoch: 77,
        resume: Key::from_bytes([2; 16]),
        next: 3,
    };
    assert_eq!(desk.session.past(), Some(past));
    desk.gone(GoneReason::Silent, 0, "");
    assert_eq!(desk.session.seen_up_to(), None, "cut off");
    assert_eq!(desk.session.past(), Some(past));
}

#[test]
fn what_is_dropped_is_counted() {
    let mut desk = Desk::joined();
    for count in 1..4 {
        desk.give(b"?");
        assert_eq!(desk.session.dropped, count);
    }
}

#[test]
fn soon_after_talk_the_server_is_asked_whether_there_was_more() {
    let mut desk = Desk::joined();
    let asks = |out: &[Vec<u8>]| ups(out).iter().any(|up| up.answer);
    assert!(!asks(&desk.wait(limits::KEEP_ALIVE_AFTER_TALK * 5 / 4)));
    desk.events_come(0, &[(1, What::Announced("好"))]);
    assert!(asks(&desk.wait(limits::KEEP_ALIVE_AFTER_TALK * 5 / 4)));
}

#[test]
fn so_much_can_wait_and_no_more() {
    let mut desk = Desk::new(0);
    for _ in 0..limits::UTTERANCES_QUEUED {
        assert!(desk.session.has_room());
        desk.session.handle_say("好");
    }
    assert!(!desk.session.has_room());
}
