//! A client's side of a room that speaks the classroom's text protocol, as a state machine.
//!
//! What always holds here: one login for each name, one goodbye at most, and nothing else but what was said; the first
//! datagram after a login is its answer. Nothing is acknowledged or sent again: what is lost is lost. What is said
//! goes out as fast as our own server takes it, so that a pasted page does not overrun anyone.
//!
//! The driver's order is that of [`super::Session`].

use crate::limits;
use crate::link::Rate;
use crate::text::utterance;
use crate::wire::classic::{self, Request};
use std::collections::VecDeque;
use std::time::Duration;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassicEvent {
    /// In the room.
    Joined,
    /// Not let in; the server says why.
    Refused(String),
    /// A line of the room.
    Line(String),
    /// It is over.
    Ended(ClassicEnd),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassicEnd {
    /// As wished.
    Left,
    /// The server said EXIT without having been asked.
    Removed,
    /// There was no answer.
    Unreachable,
    /// The server is there no more.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The login is to go out.
    Asking,
    /// It went out at this time.
    Asked(Duration),
    /// A name was refused; waiting for another.
    Nameless,
    In,
    /// The goodbye went out at this time.
    Leaving(Duration),
    Over,
}

/// See the module.
#[derive(Debug)]
pub struct ClassicSession {
    state: State,
    name: String,
    unsaid: VecDeque<String>,
    rate: Rate,
    leaves: bool,
    events: VecDeque<ClassicEvent>,
}

impl ClassicSession {
    /// A session that asks to come in under this name; [`ClassicSession::takes`] it.
    pub fn new(name: &str) -> ClassicSession {
        ClassicSession {
            state: State::Asking,
            name: name.to_owned(),
            unsaid: VecDeque::new(),
            rate: Rate::default(),
            leaves: false,
            events: VecDeque::new(),
        }
    }

    /// Whether a name can be said in the text protocol: it ends at the first space.
    pub fn takes(name: &str) -> bool {
        let fits = !name.is_empty() && name.len() <= limits::NAME_BYTES;
        fits && !name.contains(|c: char| c.is_whitespace() || c.is_control())
    }

    /// Another name, or the same at another address, after the one before had no success.
    pub fn handle_name(&mut self, name: &str) {
        if matches!(self.state, State::Nameless | State::Asked(_)) {
            self.name = name.to_owned();
            self.state = State::Asking;
        }
    }

    /// Whether more can be said without waiting.
    pub fn has_room(&self) -> bool {
        self.unsaid.len() < limits::UTTERANCES_QUEUED
    }

    /// The person says something; it may be nothing at all.
    pub fn handle_say(&mut self, text: &str) {
        if self.leaves || self.state == State::Over {
            return;
        }
        let empty = text.is_empty().then_some("");
        let parts = utterance::split(text, limits::CLASSIC_TEXT).chain(empty);
        self.unsaid.extend(parts.map(str::to_owned));
    }

    /// The person leaves, when everything is said.
    pub fn handle_leave(&mut self) {
        self.leaves = true;
    }

    /// What was said and has not gone out.
    pub fn unsaid(&self) -> usize {
        self.unsaid.len()
    }

    /// Whether the login has gone out and was not answered.
    pub fn is_asking(&self) -> bool {
        matches!(self.state, State::Asking | State::Asked(_))
    }

    /// A datagram of the server has come.
    pub fn handle_datagram(&mut self, bytes: &[u8]) {
        let text = classic::until_zero(bytes);
        let is_exit = text == classic::EXIT.as_bytes();
        match self.state {
            State::Leaving(_) if is_exit => self.end(ClassicEnd::Left),
            State::Asked(_) | State::In if is_exit => self.end(ClassicEnd::Removed),
            State::Asked(_) if text == classic::OK.as_bytes() => {
                self.state = State::In;
                self.events.push_back(ClassicEvent::Joined);
            }
            State::Asked(_) => {
                self.state = State::Nameless;
                let why = classic::line(bytes).into_owned();
                self.events.push_back(ClassicEvent::Refused(why));
            }
            State::In | State::Leaving(_) => {
                let line = classic::line(bytes).into_owned();
                if !line.is_empty() {
                    self.events.push_back(ClassicEvent::Line(line));
                }
            }
            State::Asking | State::Nameless | State::Over => (),
        }
    }

    /// The server's port is closed: whoever was there has forgotten us, and nothing more will come.
    pub fn handle_port_closed(&mut self) {
        self.end(match self.state {
            State::Leaving(_) => ClassicEnd::Left,
            State::In => ClassicEnd::Lost,
            _ => ClassicEnd::Unreachable,
        });
    }

    /// Does what has come due.
    pub fn handle_timeout(&mut self, now: Duration) {
        match self.state {
            State::Asked(at) if now >= at + limits::CONNECT_TIMEOUT => {
                self.end(ClassicEnd::Unreachable);
            }
            State::Leaving(at) if now >= at + limits::CLASSIC_EXIT => self.end(ClassicEnd::Left),
            _ => (),
        }
    }

    /// When [`ClassicSession::handle_timeout`] and [`ClassicSession::poll_transmit`] should be called next.
    pub fn poll_timeout(&self, now: Duration) -> Option<Duration> {
        match self.state {
            State::Asking => Some(now),
            State::Asked(at) => Some(at + limits::CONNECT_TIMEOUT),
            State::In if !self.unsaid.is_empty() => {
                Some({ self.rate }.take(now, limits::RATE).err().unwrap_or(now))
            }
            State::In if self.leaves => Some(now),
            State::Leaving(at) => Some(at + limits::CLASSIC_EXIT),
            State::In | State::Nameless | State::Over => None,
        }
    }

    /// Writes the next datagram in place of what is in `to`; false if there is none.
    pub fn poll_transmit(&mut self, now: Duration, to: &mut Vec<u8>) -> bool {
        match self.state {
            State::Asking => {
                self.state = State::Asked(now);
                Request::Login(self.name.as_str().into()).write(to);
            }
            State::In => {
                if let Some(text) = self.unsaid.front() {
                    if self.rate.take(now, limits::RATE).is_err() {
                        return false;
                    }
                    Request::Say(&self.name, text).write(to);
                    self.unsaid.pop_front();
                } else if self.leaves {
                    self.state = State::Leaving(now);
                    Request::Quit(&self.name).write(to);
                } else {
                    return false;
                }
            }
            _ => return false,
        }
        true
    }

    /// The next thing to tell.
    pub fn poll_event(&mut self) -> Option<ClassicEvent> {
        self.events.pop_front()
    }

    fn end(&mut self, end: ClassicEnd) {
        if self.state != State::Over {
            self.state = State::Over;
            self.events.push_back(ClassicEvent::Ended(end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(session: &mut ClassicSession, now: Duration) -> Vec<String> {
        let mut bytes = Vec::new();
        std::iter::from_fn(|| {
            let any = session.poll_transmit(now, &mut bytes);
            assert!(bytes.len() < 1024);
            any.then(|| String::from_utf8(bytes.clone()).unwrap())
        })
        .collect()
    }

    fn told(session: &mut ClassicSession) -> Vec<ClassicEvent> {
        std::iter::from_fn(|| session.poll_event()).collect()
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn present(name: &str) -> ClassicSession {
        let mut session = ClassicSession::new(name);
        assert_eq!(sent(&mut session, ms(0)), [format!("L {name}")]);
        session.handle_datagram(b"OK");
        assert_eq!(told(&mut session), [ClassicEvent::Joined]);
        session
    }

    #[test]
    fn so_much_can_wait_and_no_more() {
        let mut session = ClassicSession::new("Tom");
        for _ in 0..limits::UTTERANCES_QUEUED {
            assert!(session.has_room());
            session.handle_say("hi");
        }
        assert!(!session.has_room());
    }

    #[test]
    fn a_whole_stay_byte_by_byte() {
        let mut session = present("小明");
        assert_eq!(session.poll_timeout(ms(1)), None);
        session.handle_datagram("\n小红 说：你好".as_bytes());
        session.handle_datagram(b"\n");
        let line = ClassicEvent::Line("小红 说：你好".into());
        assert_eq!(told(&mut session), [line]);
        session.handle_say("a  b ");
        session.handle_say("");
        session.handle_leave();
        session.handle_say("too late");
        assert_eq!(
            sent(&mut session, ms(2)),
            ["C 小明 a  b ", "C 小明 ", "Q 小明"]
        );
        session.handle_leave();
        session.handle_timeout(ms(1001));
        assert_eq!(
            (sent(&mut session, ms(1001)), told(&mut session)),
            (vec![], vec![])
        );
        session.handle_datagram(b"EXIT");
        assert_eq!(told(&mut session), [ClassicEvent::Ended(ClassicEnd::Left)]);
        assert_eq!(session.poll_timeout(ms(1001)), None);
    }

    #[test]
    fn anything_but_ok_is_a_refusal() {
        for answer in ["OK ", "ok", "OKAY", "\nOK", "OK\n", "名字已有", ""] {
            let mut session = ClassicSession::new("Tom");
            sent(&mut session, ms(0));
            session.handle_datagram(answer.as_bytes());
            let why = answer.trim_matches('\n').to_owned();
            assert_eq!(told(&mut session), [ClassicEvent::Refused(why)]);
            session.handle_timeout(ms(60_000));
            assert_eq!(sent(&mut session, ms(60_000)), [""; 0], "it asks once");
            session.handle_name("Ann");
            assert_eq!(sent(&mut session, ms(60_000)), ["L Ann"]);
        }
        let mut session = ClassicSession::new("Tom");
        sent(&mut session, ms(0));
        session.handle_datagram(b"OK\0\0\0");
        assert_eq!(told(&mut session), [ClassicEvent::Joined], "as C writes it");
    }

    #[test]
    fn exit_ends_it_asked_for_or_not() {
        let mut session = present("Tom");
        session.handle_datagram(b"EXIT");
        let removed = [ClassicEvent::Ended(ClassicEnd::Removed)];
        assert_eq!(told(&mut session), removed);
        session.handle_leave();
        assert_eq!(sent(&mut session, ms(1)), [""; 0]);
        let mut session = ClassicSession::new("Tom");
        sent(&mut session, ms(0));
        session.handle_datagram(b"EXIT");
        assert_eq!(told(&mut session), removed);
    }

    #[test]
    fn without_an_answer_it_ends_by_itself() {
        let mut session = ClassicSession::new("Tom");
        sent(&mut session, ms(0));
        assert_eq!(session.poll_timeout(ms(1)), Some(limits::CONNECT_TIMEOUT));
        session.handle_timeout(limits::CONNECT_TIMEOUT);
        let ended = |end| [ClassicEvent::Ended(end)];
        assert_eq!(told(&mut session), ended(ClassicEnd::Unreachable));
        let mut session = present("Tom");
        session.handle_leave();
        assert_eq!(sent(&mut session, ms(5)), ["Q Tom"]);
        assert_eq!(session.poll_timeout(ms(6)), Some(ms(1005)));
        session.handle_timeout(ms(1004));
        assert_eq!(told(&mut session), []);
        session.handle_timeout(ms(1005));
        assert_eq!(told(&mut session), ended(ClassicEnd::Left));
        for (leaves, end) in [(false, ClassicEnd::Lost), (true, ClassicEnd::Left)] {
            let mut session = present("Tom");
            if leaves {
                session.handle_leave();
            }
            sent(&mut session, ms(0));
            session.handle_port_closed();
            assert_eq!(told(&mut session), ended(end));
        }
    }

    #[test]
    fn long_text_is_cut_at_characters() {
        let name = "名".repeat(21);
        let mut session = present(&name);
        let text = "字 ".repeat(600);
        session.handle_say(&text);
        let sent = sent(&mut session, ms(0));
        let said: String = sent
            .iter()
            .map(|said| said.strip_prefix(&format!("C {name} ")).unwrap())
            .collect();
        assert_eq!((sent.len(), said), (3, text));
    }

    #[test]
    fn a_pasted_page_goes_out_at_a_rate() {
        let mut session = present("Tom");
        for number in 0..30 {
            session.handle_say(&number.to_string());
        }
        session.handle_leave();
        let burst = limits::RATE_BURST as usize;
        assert_eq!(sent(&mut session, ms(0)).len(), burst);
        let (mut now, mut later) = (ms(0), Vec::new());
        while let Some(at) = session.poll_timeout(now).filter(|_| later.len() <= 10) {
            assert!(at > now, "a timer spins");
            now = at;
            later.extend(sent(&mut session, now));
        }
        assert_eq!(later.len(), 11);
        assert_eq!(
            (later[9].as_str(), later[10].as_str()),
            ("C Tom 29", "Q Tom")
        );
        assert!(now >= ms(900) && now <= ms(1100), "{now:?}");
    }

    #[test]
    fn names_that_the_protocol_can_say() {
        for name in ["小明", "Tom", "a-b"] {
            assert!(ClassicSession::takes(name));
        }
        for name in ["", "a b", "a\tb", "a\nb", "a\u{3000}b", &"x".repeat(65)] {
            assert!(!ClassicSession::takes(name), "{name:?}");
        }
    }
}
