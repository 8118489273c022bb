//! What is asked for beside words, and what comes of it.

use super::*;
use crate::wire::{Failure, Told};

fn whisper(to: &str) -> Wish {
    Wish::Whisper(to.into(), "在吗".into())
}

#[test]
fn an_outcome_comes_after_its_having_been_ordered_and_knows_its_wish() {
    let mut desk = Desk::joined();
    assert_eq!(desk.session.handle_wish(Wish::Away("茶".into())), 1);
    assert_eq!(desk.session.handle_wish(whisper("小红")), 2);
    assert_eq!(desk.session.handle_wish(whisper("小强")), 3);
    assert_eq!(desk.session.handle_wish(Wish::Rename("大明".into())), 4);
    let out = desk.out();
    let said = [
        Utterance::Away("茶"),
        Utterance::Whisper("小红", "在吗"),
        Utterance::Whisper("小强", "在吗"),
        Utterance::Rename("大明"),
    ];
    assert_eq!(ups(&out)[0].utterances, said);
    let why = Failure::Nobody;
    let told = [
        (1, What::YourName(0, "小明")),
        (2, What::Yours(2)),
        (3, What::Hidden(4)),
        (7, What::Failed(3, why)),
        (8, What::YourName(4, "大明")),
        (9, What::Whispered("小红", "在")),
        (10, What::Renamed("小红", "大红")),
        (11, What::Acted("大红", "挥手")),
    ];
    desk.events_come(4, &told);
    let mut events = desk.events();
    assert_eq!(numbers(&events), [9, 10, 11]);
    events.truncate(7);
    let failed = Event::Failed {
        count: 3,
        why,
        wish: Some(whisper("小强")),
    };
    let expected = [
        Event::Ordered(1),
        Event::Away,
        Event::Ordered(2),
        Event::Ordered(3),
        Event::Ordered(4),
        failed,
        Event::Renamed("大明".into()),
    ];
    assert_eq!(events, expected);
    assert_eq!(desk.session.name(), "大明");
    assert_eq!(desk.session.seen_up_to(), Some(11));
}

#[test]
fn counts_go_on_where_the_numbering_begins_anew() {
    let mut desk = Desk::joined();
    desk.session.handle_say("一");
    desk.session.handle_wish(whisper("小强"));
    desk.out();
    desk.events_come(1, &[(1, What::Yours(1))]);
    desk.gone(GoneReason::Silent, 1, "");
    desk.welcome.epoch = 78;
    desk.welcome.session = SessionId(6);
    desk.let_in();
    desk.out();
    desk.events();
    let why = Failure::Nobody;
    desk.events_come(1, &[(1, What::Failed(1, why))]);
    let (count, wish) = (2, Some(whisper("小强")));
    assert_eq!(
        desk.events(),
        [Event::Ordered(2), Event::Failed { count, why, wish }]
    );
    // What no server would say does no harm.
    desk.events_come(
        1,
        &[(2, What::Failed(u64::MAX - 1, why)), (3, What::Yours(77))],
    );
    assert!(matches!(
        desk.events()[..],
        [Event::Failed { wish: None, .. }]
    ));
}

#[test]
fn leaving_waits_for_what_becomes_of_what_was_said() {
    for (wish, outcome) in [
        (whisper("小强"), What::Yours(1)),
        (whisper("小强"), What::Failed(1, Failure::Nobody)),
        (whisper("小强"), What::Gap(3)),
        (Wish::Rename("大明".into()), What::YourName(1, "大明")),
        (Wish::Say("再见".into()), What::Yours(1)),
        (Wish::Say("再见".into()), What::Failed(1, Failure::Muted(5))),
        (Wish::Act("走了".into()), What::Yours(1)),
    ] {
        let mut desk = Desk::joined();
        desk.session.handle_wish(wish);
        desk.session.handle_leave();
        assert_eq!(ups(&desk.out())[0].utterances.len(), 1);
        // Ordered, but not a word of what came of it.
        let bytes = desk.down(1, 0, false, &[]);
        desk.give(&bytes);
        let leaves = |out: &[Vec<u8>]| {
            ups(out)
                .iter()
                .any(|up| up.utterances.contains(&Utterance::Leave))
        };
        assert!(!leaves(&desk.wait(ms(900))));
        desk.events_come(1, &[(1, outcome)]);
        assert!(leaves(&desk.out()), "{outcome:?}");
    }
    // Nothing comes of being away.
    let mut desk = Desk::joined();
    desk.session.handle_wish(Wish::Away("茶".into()));
    desk.session.handle_leave();
    let out = desk.out();
    assert_eq!(
        ups(&out)[0].utterances,
        [Utterance::Away("茶"), Utterance::Leave]
    );
}

fn asked(out: &[Vec<u8>]) -> Vec<Ask> {
    let asks = out.iter().filter_map(|bytes| match wire::decode(bytes) {
        Ok(Datagram::Sealed(sealed)) if sealed.kind == Kind::Ask => Ask::read(&sealed).ok(),
        _ => None,
    });
    asks.collect()
}

fn tell(desk: &mut Desk, request: u64, what: Told<'_>) {
    let (session, secret) = (desk.welcome.session, desk.welcome.secret);
    let mut bytes = Vec::new();
    let packet = desk.next_packet();
    Tell { request, what }.write(&mut bytes, (session, packet, secret));
    desk.give(&bytes);
}

#[test]
fn a_page_of_the_roster_that_does_not_go_on_is_no_answer() {
    let mut desk = Desk::joined();
    desk.session.handle_who(desk.now);
    let page = |after, next| Told::Who {
        after,
        next,
        names: vec![("小红", None)],
    };
    let request = asked(&desk.out())[0].request;
    tell(&mut desk, request, page(0, 2));
    assert_eq!(asked(&desk.out())[0].what, Asked::Who(2));
    for next in [1, 2] {
        tell(&mut desk, request, page(2, next));
        assert_eq!(asked(&desk.out()), []);
    }
    tell(&mut desk, request, page(2, 0));
    let [Event::Roster(names)] = &desk.events()[..] else {
        panic!("no roster");
    };
    assert_eq!(names.len(), 2);
}

#[test]
fn leaving_waits_for_answers_but_not_for_a_silent_server() {
    let leaves = |out: &[Vec<u8>]| {
        let mut ups = ups(out).into_iter();
        ups.any(|up| up.utterances.contains(&Utterance::Leave))
    };
    let mut desk = Desk::joined();
    desk.session.handle_ping(desk.now);
    desk.session.handle_leave();
    let out = desk.wait(ms(100));
    assert!(!leaves(&out));
    tell(&mut desk, asked(&out)[0].request, Told::Ping);
    // What is asked by now comes too late.
    desk.session.handle_who(desk.now);
    let out = desk.out();
    assert!(leaves(&out) && asked(&out).is_empty());
    assert_eq!(desk.events(), [Event::Pong(ms(100))]);

    let mut desk = Desk::joined();
    desk.session.handle_ping(desk.now);
    desk.session.handle_leave();
    desk.wait(limits::SILENCE_NOTICE + ms(1));
    assert_eq!(desk.events().last(), Some(&Event::Ended(End::Left)));
}

#[test]
fn questions_are_asked_one_after_the_other_until_they_are_answered() {
    let mut desk = Desk::joined();
    desk.session.handle_say("好");
    desk.session.handle_reach(desk.now);
    desk.session.handle_ping(desk.now);
    assert_eq!(asked(&desk.wait(ms(300))), [], "not before it is ordered");
    desk.events_come(1, &[(1, What::Yours(1))]);
    desk.events();
    let reach = asked(&desk.out())[0];
    assert_eq!(reach.what, Asked::Reach);
    assert!(asked(&desk.wait(ms(1100))).contains(&reach), "asked again");
    let answer = |event| Told::Reach {
        event,
        have: 3,
        others: 4,
    };
    tell(&mut desk, reach.request + 1, answer(1));
    assert_eq!(desk.events(), []);
    tell(&mut desk, reach.request, answer(1));
    assert_eq!(desk.events(), [Event::Reach(Some((3, 4)))]);
    // The first of several pings may be answered late.
    let first = asked(&desk.out())[0];
    assert_eq!(first.what, Asked::Ping);
    let again = asked(&desk.wait(ms(700)));
    assert!(again.iter().all(|ask| ask.request > first.request) && !again.is_empty());
    tell(&mut desk, first.request, Told::Ping);
    assert_eq!(desk.events(), [Event::Pong(ms(700))]);
    tell(&mut desk, again[0].request, Told::Ping);
    assert_eq!(desk.events(), []);
    // A question outlives the session.
    desk.session.handle_reach(desk.now);
    desk.out();
    desk.gone(GoneReason::Silent, 0, "");
    desk.let_in();
    let reach = asked(&desk.wait(ms(10)))[0];
    tell(&mut desk, reach.request, answer(0));
    let events = desk.events();
    assert_eq!(events.last(), Some(&Event::Reach(None)), "nothing was said");
}

#[test]
fn a_session_tells_that_it_is_leaving() {
    let mut desk = Desk::joined();
    assert!(!desk.session.is_leaving());
    desk.session.handle_leave();
    assert!(desk.session.is_leaving());
}

#[test]
fn what_the_process_before_has_said_is_taken_for_nothing_of_this_one() {
    let mut desk = Desk::new(0);
    let past = Past {
        epoch: 77,
        resume: Key::from_bytes([2; 16]),
        next: 1,
    };
    desk.session = Session::new(desk.now, "小明", 0, 9).with_past(past);
    desk.welcome.heard = 10;
    desk.let_in();
    desk.session.handle_wish(whisper("小红"));
    desk.out();
    desk.all_events();
    // Both were held back when it came, and are told together with the first of its own.
    let why = Failure::Nobody;
    let told = [
        (1, What::Yours(9)),
        (2, What::Failed(10, why)),
        (3, What::Failed(11, why)),
    ];
    desk.events_come(11, &told);
    let failed = |count, wish| Event::Failed { count, why, wish };
    let own = failed(1, Some(whisper("小红")));
    assert_eq!(desk.all_events(), [Event::Ordered(1), failed(0, None), own]);
}
