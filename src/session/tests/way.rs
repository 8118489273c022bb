//! The way in, out, and back.

use super::*;

#[test]
fn a_handshake_is_retried_and_given_up_after_its_time() {
    let mut desk = Desk::new(0);
    let out = desk.wait(limits::CONNECT_TIMEOUT - ms(1));
    assert!((20..40).contains(&out.len()), "{}", out.len());
    let pauses: Vec<_> = desk
        .sent_at
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    assert_eq!(pauses[0], limits::HANDSHAKE_RETRY);
    assert!(
        pauses
            .iter()
            .all(|pause| *pause <= limits::HANDSHAKE_RETRY_MOST)
    );
    assert!(desk.events().iter().all(|event| *event == Event::Rebind));
    desk.wait(ms(1));
    assert_eq!(desk.events(), [Event::Ended(End::Unreachable)]);
    assert!(desk.session.is_over() && desk.session.poll_timeout().is_none());
}

#[test]
fn a_join_that_is_not_answered_starts_over() {
    let mut desk = Desk::new(3);
    let (_, first) = desk.handshake();
    assert_eq!((join(&first).history, join(&first).name), (3, "小明"));
    let again = desk.wait(ms(5000));
    let joins = again.iter().take_while(|bytes| **bytes == first).count();
    assert_eq!(joins as u32, limits::JOIN_TRIES - 1);
    assert!(matches!(
        wire::decode(&again[joins]),
        Ok(Datagram::Open(Open::Hello(_)))
    ));
}

#[test]
fn answers_to_another_nonce_are_not_believed() {
    let mut desk = Desk::new(0);
    desk.out();
    desk.open(&Open::Challenge(Challenge {
        nonce: 1,
        cookie: 4,
    }));
    assert!(desk.out().is_empty());
    let (nonce, _) = desk.handshake();
    desk.open(&Open::Refused(Refused {
        nonce: nonce ^ 1,
        reason: Refusal::Full,
    }));
    desk.welcome.nonce = nonce ^ 1;
    desk.open(&Open::Welcome(desk.welcome));
    assert_eq!(desk.events(), []);
}

#[test]
fn after_a_refused_name_another_one_is_tried() {
    let mut desk = Desk::new(0);
    let (nonce, _) = desk.handshake();
    desk.open(&Open::Refused(Refused {
        nonce,
        reason: Refusal::NameTaken,
    }));
    assert_eq!(desk.events(), [Event::Refused(Refusal::NameTaken)]);
    assert!(desk.wait(ms(100_000)).is_empty(), "it waits for the person");
    desk.session.handle_name(desk.now, "小红");
    let (other, bytes) = desk.handshake();
    assert_eq!(join(&bytes).name, "小红");
    assert_ne!(other, nonce);
    desk.open(&Open::Refused(Refused {
        nonce: other,
        reason: Refusal::Full,
    }));
    assert_eq!(desk.events(), [Event::Refused(Refusal::Full)]);
    assert!(desk.session.is_over());
    let mut desk = Desk::new(0);
    let (nonce, _) = desk.handshake();
    desk.open(&Open::Refused(Refused {
        nonce,
        reason: Refusal::NameNotAllowed(1),
    }));
    desk.session.handle_leave();
    assert!(
        desk.session.is_over(),
        "without a name there is nothing to leave"
    );
}

#[test]
fn an_unknown_is_believed_only_with_a_right_echo() {
    let mut desk = Desk::joined();
    desk.session.handle_say("x");
    let out = desk.out();
    let Ok(Datagram::Sealed(sealed)) = wire::decode(&out[0]) else {
        panic!()
    };
    let (session, echo) = (sealed.session, sealed.tag);
    for (session, echo) in [(session, Tag(echo.0 ^ 1)), (SessionId(6), echo)] {
        desk.open(&Open::Unknown(Unknown { session, echo }));
        assert!(desk.out().is_empty());
    }
    desk.open(&Open::Unknown(Unknown { session, echo }));
    let bytes = desk.let_in();
    let resume = join(&bytes).resume.expect("it wants to continue");
    assert_eq!((resume.epoch, resume.next), (77, 1));
    assert_eq!(
        resume.proof,
        wire::Resume::prove(Key::from_bytes([2; 16]), desk.welcome.nonce, 4)
    );
    assert_eq!(desk.events(), [Event::Joined(Joined::Again)]);
}

#[test]
fn in_a_new_epoch_what_was_not_ordered_is_said_again() {
    let mut desk = Desk::joined();
    for text in ["一", "二", "三"] {
        desk.session.handle_say(text);
    }
    desk.out();
    let bytes = desk.down(3, 2, false, &[(1, What::Yours(1))]);
    desk.give(&bytes);
    desk.events();
    desk.gone(GoneReason::Silent, 1, "");
    desk.welcome.epoch = 78;
    desk.welcome.session = SessionId(6);
    desk.let_in();
    assert_eq!(desk.events(), [Event::Joined(Joined::Anew)]);
    let out = desk.out();
    let said = [Utterance::Say("二"), Utterance::Say("三")];
    assert_eq!(
        (ups(&out)[0].first, &ups(&out)[0].utterances[..]),
        (1, &said[..])
    );
    desk.events_come(2, &[(1, What::Announced("x"))]);
    let events = desk.events();
    assert_eq!(numbers(&events), [1], "the log begins anew");
    assert_eq!(events[..2], [Event::Ordered(2), Event::Ordered(3)]);
}

#[test]
fn a_session_goes_on_where_it_was() {
    let mut desk = Desk::joined();
    for text in ["一", "二", "三"] {
        desk.session.handle_say(text);
    }
    desk.out();
    desk.events_come(1, &[(1, What::Yours(1)), (2, What::Announced("x"))]);
    desk.events();
    desk.gone(GoneReason::Silent, 1, "");
    // The server has heard one more than we know, and cannot begin before 5.
    (desk.welcome.heard, desk.welcome.first) = (2, 5);
    let bytes = desk.let_in();
    assert_eq!(join(&bytes).resume.map(|resume| resume.next), Some(3));
    let events = desk.events();
    assert_eq!(events[0], Event::Joined(Joined::Again));
    assert!(matches!(
        events[1],
        Event::Happened {
            number: 3,
            what: Seen::Gap(2),
            ..
        }
    ));
    let out = desk.out();
    assert_eq!(
        (ups(&out)[0].first, &ups(&out)[0].utterances[..]),
        (3, &[Utterance::Say("三")][..])
    );
    desk.events_come(3, &[(5, What::Announced("y"))]);
    assert_eq!(desk.events()[..2], [Event::Ordered(2), Event::Ordered(3)]);
}

#[test]
fn a_removal_ends_it_and_is_confirmed() {
    for reason in [
        GoneReason::Kicked,
        GoneReason::Closed,
        GoneReason::Violation,
    ] {
        let mut desk = Desk::joined();
        desk.gone(reason, 0, "太吵");
        assert_eq!(
            desk.events(),
            [Event::Ended(End::Removed(reason, "太吵".into()))]
        );
        let out = desk.out();
        assert!(out.len() == 1 && ups(&out)[0].bye);
        assert!(desk.wait(ms(100_000)).is_empty());
    }
}

/// What everybody saw is not called undelivered because the word of it came no more.
#[test]
fn the_word_of_a_removal_says_what_was_ordered() {
    let mut desk = Desk::joined();
    for text in ["一", "二", "三"] {
        desk.session.handle_say(text);
    }
    desk.out();
    desk.gone(GoneReason::Kicked, 2, "");
    assert_eq!(desk.events()[..2], [Event::Ordered(1), Event::Ordered(2)]);
    assert_eq!(desk.session.undelivered(), 1);
}

#[test]
fn leaving_waits_until_everything_is_delivered() {
    let mut desk = Desk::joined();
    desk.session.handle_say("再见");
    desk.session.handle_leave();
    desk.session.handle_say("zu spät");
    assert_eq!(ups(&desk.out())[0].utterances, [Utterance::Say("再见")]);
    desk.events_come(1, &[(1, What::Yours(1))]);
    assert_eq!(ups(&desk.out())[0].utterances, [Utterance::Leave]);
    assert_eq!(desk.events(), [Event::Ordered(1)]);
    desk.gone(GoneReason::Left, 2, "");
    assert_eq!(desk.events(), [Event::Ended(End::Left)]);
    assert!(desk.out().is_empty(), "nothing more to say");
}

#[test]
fn who_leaves_does_not_come_in_again_because_of_a_silence() {
    let mut desk = Desk::joined();
    desk.session.handle_say("再见");
    desk.session.handle_leave();
    let out = desk.wait(limits::RETURN_AFTER * 2);
    assert!(out.len() > 5);
    assert_eq!(ups(&out).len(), out.len(), "and no Hello");
    // The server has let it go long since.
    desk.gone(GoneReason::Left, 2, "");
    assert_eq!(desk.events().last(), Some(&Event::Ended(End::Left)));
    assert!(desk.session.is_over());
}

#[test]
fn who_leaves_is_not_asked_for_another_name() {
    let mut desk = Desk::joined();
    desk.session.handle_say("再见");
    desk.session.handle_leave();
    desk.out();
    desk.gone(GoneReason::Silent, 0, "");
    let (nonce, _) = desk.handshake();
    desk.open(&Open::Refused(Refused {
        nonce,
        reason: Refusal::NameTaken,
    }));
    assert_eq!(
        desk.events(),
        [
            Event::Refused(Refusal::NameTaken),
            Event::Ended(End::Undelivered(1))
        ]
    );
}

#[test]
fn leaving_a_silent_server_has_its_time() {
    let mut desk = Desk::joined();
    desk.session.handle_leave();
    desk.wait(limits::SILENCE_NOTICE + ms(1));
    assert_eq!(
        desk.events().last(),
        Some(&Event::Ended(End::Left)),
        "nothing is lost"
    );
    let mut desk = Desk::joined();
    desk.session.handle_say("x");
    desk.session.handle_leave();
    desk.wait(limits::LEAVE_TIMEOUT - ms(1));
    assert!(!desk.session.is_over());
    desk.wait(ms(2));
    assert_eq!(
        desk.events().last(),
        Some(&Event::Ended(End::Undelivered(1)))
    );
}

#[test]
fn who_leaves_while_the_screen_is_stuck_does_not_blame_the_server() {
    let mut desk = Desk::joined();
    desk.session.handle_say("x");
    desk.session.handle_leave();
    desk.session.handle_pause(desk.now, true);
    desk.wait(2 * limits::LEAVE_TIMEOUT);
    assert_eq!(desk.events(), []);
    desk.session.handle_pause(desk.now, false);
    desk.wait(limits::LEAVE_TIMEOUT + ms(1));
    assert_eq!(
        desk.events().last(),
        Some(&Event::Ended(End::Undelivered(1)))
    );
}

#[test]
fn a_screen_that_is_stuck_again_and_again_does_not_keep_who_leaves() {
    let mut desk = Desk::joined();
    desk.session.handle_say("x");
    desk.session.handle_leave();
    let (mut free, step) = (Duration::ZERO, ms(1000));
    while !desk.session.is_over() {
        assert!(free < limits::LEAVE_TIMEOUT, "it does not end");
        desk.wait(step);
        free += step;
        desk.session.handle_pause(desk.now, true);
        desk.wait(step);
        desk.session.handle_pause(desk.now, false);
    }
    assert_eq!(free, limits::LEAVE_TIMEOUT);
    let events = desk.events();
    let silences = events
        .iter()
        .filter(|event| matches!(event, Event::Silent(_)));
    assert_eq!(silences.count(), 6);
    assert_eq!(events.last(), Some(&Event::Ended(End::Undelivered(1))));
}

#[test]
fn a_silence_is_told_the_socket_renewed_and_the_way_back_tried() {
    let mut desk = Desk::joined();
    desk.session.handle_say("x");
    desk.wait(limits::REBIND_AFTER - ms(1));
    assert_eq!(desk.events(), []);
    desk.wait(ms(1));
    assert_eq!(desk.events(), [Event::Rebind]);
    desk.wait(limits::SILENCE_NOTICE - limits::REBIND_AFTER);
    assert_eq!(desk.events(), [Event::Silent(limits::SILENCE_NOTICE)]);
    let out = desk.wait(limits::RETURN_AFTER - limits::SILENCE_NOTICE - ms(1));
    assert!(
        out.iter().all(|bytes| bytes.len() < limits::DATAGRAM),
        "no Hello yet"
    );
    let out = desk.wait(ms(1));
    assert!(matches!(
        wire::decode(&out[0]),
        Ok(Datagram::Open(Open::Hello(_)))
    ));
    desk.wait(ms(300_000));
    assert!(!desk.session.is_over(), "it never gives up");
    let silences = desk.events();
    assert!(
        silences
            .iter()
            .filter(|event| matches!(event, Event::Silent(_)))
            .count()
            >= 28
    );
    desk.let_in();
    let events = desk.events();
    assert!(events.contains(&Event::HeardAgain) && events.contains(&Event::Joined(Joined::Again)));
}
