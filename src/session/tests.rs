//! The session by itself, against a server's datagrams written by hand.

use super::*;
use crate::seal::{self, Key};
use crate::wire::{
    Ask, Challenge, DownEncoder, Gone, GoneReason, Join, Kind, Moved, PacketNumber, Refusal,
    Refused, SessionId, Stored, Tell, Unknown, Up, Utterance, Welcome, What, seal_down,
};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A session, and the server that it takes the test for.
struct Desk {
    session: Session,
    now: Duration,
    welcome: Welcome,
    packet: u64,
    /// Times at which something was sent.
    sent_at: Vec<Duration>,
}

impl Desk {
    fn new(history: u16) -> Desk {
        let welcome = Welcome {
            nonce: 0,
            session: SessionId(5),
            secret: Key::from_bytes([1; 16]),
            resume: Key::from_bytes([2; 16]),
            epoch: 77,
            first: 1,
            live: 1,
            heard: 0,
            idle_timeout: 60,
        };
        Desk {
            session: Session::new(ms(1000), "小明", history, 9),
            now: ms(1000),
            welcome,
            packet: 0,
            sent_at: Vec::new(),
        }
    }

    fn joined() -> Desk {
        let mut desk = Desk::new(0);
        desk.let_in();
        assert_eq!(desk.events(), [Event::Joined(Joined::First)]);
        // The first word, that the Welcome has come.
        assert_eq!(desk.out().len(), 1);
        let answer = desk.down(0, 0, false, &[]);
        desk.give(&answer);
        desk
    }

    /// All that it sends now.
    fn out(&mut self) -> Vec<Vec<u8>> {
        let (mut out, mut bytes) = (Vec::new(), Vec::new());
        while self.session.poll_transmit(self.now, &mut bytes) {
            assert!(bytes.len() <= limits::DATAGRAM && out.len() < 1000);
            out.push(bytes.clone());
            self.sent_at.push(self.now);
        }
        out
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    fn give(&mut self, bytes: &[u8]) {
        self.session.handle_datagram(self.now, bytes);
    }

    fn open(&mut self, open: &Open<'_>) {
        let mut bytes = Vec::new();
        wire::encode(open, &mut bytes);
        self.give(&bytes);
    }

    /// Lets time pass, timer by timer; gives what was sent.
    fn wait(&mut self, time: Duration) -> Vec<Vec<u8>> {
        let until = self.now + time;
        let mut out = self.out();
        for _ in 0..10_000 {
            let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) else {
                self.now = until;
                return out;
            };
            self.now = at.max(self.now);
            self.session.handle_timeout(self.now);
            out.extend(self.out());
        }
        panic!("a timer spins");
    }

    /// The nonce of the Hello and the Join that answers a Challenge.
    fn handshake(&mut self) -> (u64, Vec<u8>) {
        let out = self.wait(limits::RTO_MOST);
        let nonce = out
            .iter()
            .rev()
            .find_map(|bytes| match wire::decode(bytes) {
                Ok(Datagram::Open(Open::Hello(hello))) => Some(hello.nonce),
                _ => None,
            })
            .expect("a Hello");
        self.open(&Open::Challenge(Challenge { nonce, cookie: 4 }));
        (nonce, self.out().remove(0))
    }

    fn let_in(&mut self) -> Vec<u8> {
        let (nonce, join) = self.handshake();
        self.welcome.nonce = nonce;
        self.packet = 0;
        self.open(&Open::Welcome(self.welcome));
        join
    }

    fn next_packet(&mut self) -> PacketNumber {
        self.packet += 1;
        PacketNumber(self.packet)
    }

    fn down(
        &mut self,
        heard: u64,
        waiting: u64,
        answer: bool,
        events: &[(u64, What<'_>)],
    ) -> Vec<u8> {
        let (mut frame, mut authors) = (vec![0; limits::DOWN_HEAD], Vec::new());
        let mut encoder = DownEncoder::new(&mut frame, &mut authors, limits::DATAGRAM);
        for (at, (number, what)) in events.iter().enumerate() {
            let author = at as u32 + 1;
            assert!(encoder.push(
                *number,
                &Stored {
                    unix_ms: 5,
                    author,
                    what: *what
                }
            ));
        }
        let body = seal::digest(&frame[limits::DOWN_HEAD..]);
        let session = (
            self.welcome.session,
            self.next_packet(),
            self.welcome.secret,
        );
        seal_down(&mut frame, session, (heard, waiting), answer, body);
        frame
    }

    fn events_come(&mut self, heard: u64, events: &[(u64, What<'_>)]) {
        let bytes = self.down(heard, 0, false, events);
        self.give(&bytes);
    }

    fn gone(&mut self, reason: GoneReason, why: &str) {
        let mut bytes = Vec::new();
        let packet = self.next_packet();
        Gone { reason, why }.write(
            &mut bytes,
            self.welcome.session,
            packet,
            self.welcome.secret,
        );
        self.give(&bytes);
    }
}

/// The Ups among them.
fn ups(out: &[Vec<u8>]) -> Vec<Up<'_>> {
    out.iter()
        .filter_map(|bytes| match wire::decode(bytes) {
            Ok(Datagram::Sealed(sealed)) if sealed.kind == Kind::Up => Up::read(&sealed).ok(),
            _ => None,
        })
        .collect()
}

fn join(bytes: &[u8]) -> Join<'_> {
    match wire::decode(bytes) {
        Ok(Datagram::Open(Open::Join(join))) => join,
        other => panic!("{other:?}"),
    }
}

fn numbers(events: &[Event]) -> Vec<u64> {
    let number = |event: &Event| match event {
        Event::Happened { number, .. } => Some(*number),
        _ => None,
    };
    events.iter().filter_map(number).collect()
}

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
    assert_eq!(desk.events(), [Event::Ordered(1), Event::Ordered(2)]);
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
    desk.events_come(0, &[(2, What::Announced("二"))]);
    assert!(desk.events().is_empty());
    assert_eq!(
        ups(&desk.out())[0].acked,
        3,
        "it came twice: our word was lost"
    );
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
        .map(|event| matches!(event, Event::Happened { history: true, .. }))
        .collect();
    assert_eq!(marked, [true, true, false]);
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
    desk.gone(GoneReason::Silent, "");
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
    assert_eq!(events[1..], [Event::Ordered(2), Event::Ordered(3)]);
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
    desk.gone(GoneReason::Silent, "");
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
    assert_eq!(desk.events()[1..], [Event::Ordered(2), Event::Ordered(3)]);
}

#[test]
fn a_removal_ends_it_and_is_confirmed() {
    for reason in [
        GoneReason::Kicked,
        GoneReason::Closed,
        GoneReason::Violation,
    ] {
        let mut desk = Desk::joined();
        desk.gone(reason, "太吵");
        assert_eq!(
            desk.events(),
            [Event::Ended(End::Removed(reason, "太吵".into()))]
        );
        let out = desk.out();
        assert!(out.len() == 1 && ups(&out)[0].bye);
        assert!(desk.wait(ms(100_000)).is_empty());
    }
}

#[test]
fn leaving_waits_until_everything_is_delivered() {
    let mut desk = Desk::joined();
    desk.session.handle_say("再见");
    desk.session.handle_leave();
    desk.session.handle_say("zu spät");
    let out = desk.out();
    assert_eq!(
        ups(&out)[0].utterances,
        [Utterance::Say("再见"), Utterance::Leave]
    );
    let bytes = desk.down(2, 2, false, &[]);
    desk.give(&bytes);
    assert!(desk.events().is_empty());
    desk.gone(GoneReason::Left, "");
    assert_eq!(desk.events(), [Event::Ordered(1), Event::Ended(End::Left)]);
    assert!(desk.out().is_empty(), "nothing more to say");
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
    let mut tell = |desk: &mut Desk, ask, names: &[(u64, &str)]| {
        let mut bytes = Vec::new();
        let session = (
            desk.welcome.session,
            desk.next_packet(),
            desk.welcome.secret,
        );
        Tell::write(&mut bytes, session, ask, names.iter().copied());
        desk.give(&bytes);
    };
    let asked = |out: &[Vec<u8>]| {
        let asks = out.iter().filter_map(|bytes| match wire::decode(bytes) {
            Ok(Datagram::Sealed(sealed)) if sealed.kind == Kind::Ask => Ask::read(&sealed).ok(),
            _ => None,
        });
        asks.collect::<Vec<_>>()
    };
    let first = Ask {
        request: 1,
        after: 0,
    };
    assert_eq!(asked(&desk.out()), [first]);
    assert!(asked(&desk.wait(ms(1000))).contains(&first), "asked again");
    let long = "名".repeat(21);
    let page: Vec<_> = (1..40).map(|place| (place, long.as_str())).collect();
    tell(&mut desk, first, &page);
    let next = asked(&desk.out());
    assert!(next.len() == 1 && next[0].after > 0, "{next:?}");
    assert_eq!(desk.events(), []);
    tell(&mut desk, first, &page);
    tell(&mut desk, next[0], &[(40, "小红")]);
    let [Event::Roster(names)] = &desk.events()[..] else {
        panic!()
    };
    assert_eq!(names.len() as u64, next[0].after + 1);
    assert_eq!(names.last().map(String::as_str), Some("小红"));
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
