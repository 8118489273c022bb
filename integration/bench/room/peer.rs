//! What a member of the crowd speaks: the room's protocol, by the library's own session, or the naive relay's.

use chatroom::session::{Event, Seen as Happened, Session};
use std::time::Duration;

/// Members that speak in every row.
pub const SENDERS: usize = 10;
/// Bytes of each text.
pub const TEXT: usize = 60;

/// One side of a conversation with a server, without its socket.
pub trait Peer {
    fn handle_datagram(&mut self, now: Duration, bytes: &[u8]);
    fn handle_timeout(&mut self, now: Duration);
    fn poll_timeout(&self) -> Option<Duration>;
    /// The next datagram, in `to`; false if there is none.
    fn poll_transmit(&mut self, now: Duration, to: &mut Vec<u8>) -> bool;
    fn poll_seen(&mut self) -> Option<Seen>;
    fn say(&mut self, text: &str);
    /// The newest event up to which everything has come, where events are numbered.
    fn seen_up_to(&self) -> Option<u64>;
}

/// What a member was shown.
pub enum Seen {
    Joined,
    /// A text of another, with its number in the log if it has one.
    Said(Option<u64>, Mark),
    /// The next of its own texts is in order.
    Own,
    Other,
    /// It is out, and should not be.
    Failed(String),
}

/// By what a text is known again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub author: usize,
    pub counter: usize,
}

impl Mark {
    pub fn text(self) -> String {
        let text = format!("{:02} {:09} {:->47}", self.author, self.counter, "");
        debug_assert_eq!(text.len(), TEXT);
        text
    }

    pub fn read(text: &str) -> Option<Mark> {
        Some(Mark {
            author: text.get(..2)?.parse().ok()?,
            counter: text.get(3..12)?.parse().ok()?,
        })
    }
}

impl Peer for Session {
    fn handle_datagram(&mut self, now: Duration, bytes: &[u8]) {
        Session::handle_datagram(self, now, bytes);
    }

    fn handle_timeout(&mut self, now: Duration) {
        Session::handle_timeout(self, now);
    }

    fn poll_timeout(&self) -> Option<Duration> {
        Session::poll_timeout(self)
    }

    fn poll_transmit(&mut self, now: Duration, to: &mut Vec<u8>) -> bool {
        Session::poll_transmit(self, now, to)
    }

    fn poll_seen(&mut self) -> Option<Seen> {
        Some(match self.poll_event()? {
            Event::Joined(_) => Seen::Joined,
            Event::Ordered(_) => Seen::Own,
            Event::Happened {
                number,
                what: Happened::Said(_, text),
                ..
            } => match Mark::read(&text) {
                Some(mark) => Seen::Said(Some(number), mark),
                None => Seen::Other,
            },
            Event::Happened {
                what: Happened::Gap(count),
                ..
            } => Seen::Failed(format!("a gap of {count}")),
            Event::Refused(refusal) => Seen::Failed(format!("refused: {refusal:?}")),
            Event::Ended(end) => Seen::Failed(format!("ended: {end:?}")),
            _ => Seen::Other,
        })
    }

    fn say(&mut self, text: &str) {
        self.handle_say(text);
    }

    fn seen_up_to(&self) -> Option<u64> {
        Session::seen_up_to(self)
    }
}

/// What a client of the naive relay registers with, and gets back.
pub const REGISTER: &[u8] = b"+";

/// A client of the naive relay: every datagram is a text, and its own comes back like any other's.
#[derive(Default)]
pub struct Naive {
    author: Option<usize>,
    out: Vec<Vec<u8>>,
    seen: Option<Seen>,
}

impl Naive {
    /// A client that registers; it knows its own texts by `author`.
    pub fn new(author: Option<usize>) -> Naive {
        let out = vec![REGISTER.to_vec()];
        Naive {
            author,
            out,
            seen: None,
        }
    }
}

impl Peer for Naive {
    fn handle_datagram(&mut self, _: Duration, bytes: &[u8]) {
        let mark = std::str::from_utf8(bytes).ok().and_then(Mark::read);
        self.seen = Some(match mark {
            None if bytes == REGISTER => Seen::Joined,
            None => Seen::Other,
            Some(mark) if Some(mark.author) == self.author => Seen::Own,
            Some(mark) => Seen::Said(None, mark),
        });
    }

    fn handle_timeout(&mut self, _: Duration) {}

    fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    fn poll_transmit(&mut self, _: Duration, to: &mut Vec<u8>) -> bool {
        self.out.pop().map(|bytes| *to = bytes).is_some()
    }

    fn poll_seen(&mut self) -> Option<Seen> {
        self.seen.take()
    }

    fn say(&mut self, text: &str) {
        self.out.push(text.as_bytes().to_vec());
    }

    fn seen_up_to(&self) -> Option<u64> {
        None
    }
}
