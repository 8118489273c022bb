//! The session by itself, against a server's datagrams written by hand.

mod presence;
mod way;
mod wishes;

use super::*;
use crate::seal::{self, Key};
use crate::wire::{
    Ask, Asked, Challenge, DownEncoder, Gone, GoneReason, Join, Kind, Moved, Own, PacketNumber,
    Refusal, Refused, SessionId, Stamps, Stored, Tell, Unknown, Up, Utterance, Welcome, What,
    seal_down,
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

    fn all_events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    /// Without what only tells where one's own is, and that one asks to be let in again.
    fn events(&mut self) -> Vec<Event> {
        let mut events = self.all_events();
        events.retain(|event| !matches!(event, Event::Logged { .. } | Event::Returning));
        events
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
            let author = at as u64 + 1;
            assert!(encoder.push(
                *number,
                &Stored {
                    unix_ms: 5,
                    author,
                    utterance: 0,
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
        // It comes at once.
        let clock = (self.now.as_nanos() / Stamps::TICK.as_nanos()) as u16;
        let stamps = Stamps {
            value: clock,
            echo: clock,
        };
        seal_down(
            &mut frame,
            session,
            (heard, waiting),
            (answer, stamps),
            (Own::default(), body),
        );
        frame
    }

    fn events_come(&mut self, heard: u64, events: &[(u64, What<'_>)]) {
        let bytes = self.down(heard, 0, false, events);
        self.give(&bytes);
    }

    fn gone(&mut self, reason: GoneReason, ordered: u64, why: &str) {
        let mut bytes = Vec::new();
        let packet = self.next_packet();
        Gone {
            reason,
            ordered,
            why,
        }
        .write(
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
