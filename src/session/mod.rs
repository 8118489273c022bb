//! The session: a client's side of the room, as a state machine.
//!
//! No sockets, threads, clock or randomness of its own: the same code runs under real sockets and under a
//! simulator. What always holds here: what was said is kept until the server has ordered it, through loss,
//! changes of address, and restarts of the server; events come out once each and in the log's order, and what
//! the log no longer held comes out as a gap.
//!
//! The driver's order: `handle_*` for what has happened; then [`Session::poll_transmit`] until there is nothing
//! to send, [`Session::poll_event`] until there is nothing to tell, and [`Session::poll_timeout`] for when to
//! call [`Session::handle_timeout`]. After [`Event::Ended`] there is nothing more to do but to send what is left.
//! `now` never goes back; it counts from any moment that the driver likes.

mod asks;
pub mod classic;
mod event;
mod handshake;
mod presence;
mod silence;
mod sizes;
#[cfg(test)]
mod tests;
mod wishes;

pub use event::{End, Event, Joined, RosterEntry, Seen, Wish};
pub use sizes::Sizes;

use crate::limits;
use crate::link::Random;
use crate::seal::Tag;
use crate::wire::{self, Datagram, Open};
use asks::Asks;
pub use presence::Past;
use presence::Presence;
use std::collections::VecDeque;
use std::time::Duration;
use wishes::{Item, Outcomes};

/// Where the session stands.
#[derive(Debug)]
enum State {
    /// A name was refused; waiting for another.
    Nameless,
    /// A Hello goes out until a Challenge comes.
    Greeting,
    /// A Join goes out until a Welcome comes, or it was tried often enough.
    Joining { cookie: u64, tries: u32 },
    /// In the room.
    Present(Box<Presence>),
    /// Over.
    Over,
}

/// See the module.
#[derive(Debug)]
pub struct Session {
    state: State,
    name: String,
    history: u16,
    /// What was told last was from before one came.
    in_history: bool,
    random: Random,
    /// The packet number that the first session's first one follows.
    last_packet: u64,
    nonce: u64,
    began_at: Duration,
    /// While not present: when to send again, and how long to wait after that.
    retry_at: Duration,
    retry_pause: Duration,
    /// When the present cookie's only Join went out.
    asked_once_at: Option<Duration>,
    /// The session before this one, to be resumed.
    past: Option<Past>,
    /// That session was another program's, which did not say what it had said.
    restored: bool,
    queue: VecDeque<Item>,
    /// The number, in the present session, of the last utterance before the queue.
    ordered: u64,
    /// Utterances ordered since the beginning, over all sessions.
    ordered_in_all: u64,
    outcomes: Outcomes,
    asks: Asks,
    leaving: bool,
    /// Since when an answer is awaited, and nothing at all was heard.
    asked_at: Option<Duration>,
    heard_at: Duration,
    notice_at: Duration,
    rebind_at: Duration,
    noticed: bool,
    paused_at: Option<Duration>,
    /// Datagrams that were none of the server's.
    dropped: u64,
    /// Tags of the newest datagrams, by which an Unknown is believed.
    tags: VecDeque<Tag>,
    /// The word to the server that we know that the session is over.
    farewell: Option<Vec<u8>>,
    events: VecDeque<Event>,
}

impl Session {
    /// A session that asks to come in under `name`, to be shown at most `history` of the events before.
    /// `seed` should come from the operating system: who guesses it can forge the server's first answers.
    pub fn new(now: Duration, name: &str, history: u16, seed: u64) -> Session {
        let mut session = Session {
            state: State::Greeting,
            name: name.to_owned(),
            history,
            in_history: false,
            random: Random::new(seed),
            last_packet: 0,
            nonce: 0,
            began_at: now,
            retry_at: now,
            retry_pause: limits::HANDSHAKE_RETRY,
            asked_once_at: None,
            past: None,
            restored: false,
            queue: VecDeque::new(),
            ordered: 0,
            ordered_in_all: 0,
            outcomes: Outcomes::default(),
            asks: Asks::default(),
            leaving: false,
            asked_at: None,
            heard_at: now,
            notice_at: Duration::MAX,
            rebind_at: Duration::MAX,
            noticed: false,
            paused_at: None,
            dropped: 0,
            tags: VecDeque::new(),
            farewell: None,
            events: VecDeque::new(),
        };
        session.greet(now);
        session
    }

    /// A session whose packet numbers begin behind this one, for tests of numbers near their end; one that resumes
    /// it begins anew.
    pub fn with_last_packet(mut self, packet: u64) -> Session {
        self.last_packet = packet;
        self
    }

    /// A session that goes on where one of another program ended, which was killed. To be called at the beginning.
    pub fn with_past(mut self, past: Past) -> Session {
        (self.past, self.restored) = (Some(past), true);
        self
    }

    /// What another program would need to go on as this session.
    pub fn past(&self) -> Option<Past> {
        match &self.state {
            State::Present(presence) => Some(presence.past()),
            _ => self.past,
        }
    }

    /// The name that was asked for last, or that one was given since.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the person has left, or is about to.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// The newest event up to which everything has come; `None` while not in the room.
    pub fn seen_up_to(&self) -> Option<u64> {
        match &self.state {
            State::Present(presence) => Some(presence.past().next - 1),
            _ => None,
        }
    }

    /// Which log the event numbers are of; `None` before the first Welcome.
    pub fn epoch(&self) -> Option<u64> {
        self.past.as_ref().map(|past| past.epoch)
    }

    /// The person gives another name after a refusal.
    pub fn handle_name(&mut self, now: Duration, name: &str) {
        if matches!(self.state, State::Nameless) {
            self.name = name.to_owned();
            self.began_at = now;
            self.greet(now);
        }
    }

    /// A datagram has come.
    pub fn handle_datagram(&mut self, now: Duration, bytes: &[u8]) {
        match wire::decode(bytes) {
            Ok(Datagram::Open(Open::Challenge(challenge))) => self.handle_challenge(now, challenge),
            Ok(Datagram::Open(Open::Welcome(welcome))) => self.handle_welcome(now, &welcome),
            Ok(Datagram::Open(Open::Refused(refused))) => self.handle_refused(now, refused),
            Ok(Datagram::Open(Open::Unknown(unknown))) => self.handle_unknown(now, unknown),
            Ok(Datagram::Sealed(sealed)) => self.handle_sealed(now, &sealed),
            // What a server is asked, and what is answered to whoever looks for one.
            Ok(Datagram::Open(Open::Hello(_) | Open::Join(_) | Open::Seek(_) | Open::Found(_)))
            | Ok(Datagram::Foreign(_)) => (),
            Err(_) => self.note_dropped("not of this protocol, or damaged"),
        }
    }

    /// Whatever comes, and however much of it, the log says little of it.
    fn note_dropped(&mut self, why: &str) {
        self.dropped += 1;
        if limits::is_told(self.dropped) {
            log::debug!("dropped {} datagrams, now: {why}", self.dropped);
        }
    }

    /// When [`Session::handle_timeout`] should be called next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let own = match &self.state {
            State::Over | State::Nameless => return None,
            State::Greeting | State::Joining { .. } => Some(self.retry_at),
            State::Present(presence) => { presence.poll_timeout().into_iter() }
                .chain(self.asks.poll_timeout(self.ordered_in_all))
                .min(),
        };
        let may_return = self.may_return();
        // While the screen takes nothing, silence says nothing.
        let silence = self
            .asked_at
            .filter(|_| self.paused_at.is_none())
            .map(|asked_at| {
                let notice = self.notice_at.min(self.rebind_at);
                if may_return {
                    notice.min(asked_at + limits::RETURN_AFTER)
                } else {
                    notice
                }
            });
        own.into_iter()
            .chain(silence)
            .chain(self.give_up_at())
            .min()
    }

    /// Does what has come due.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.give_up_at().is_some_and(|at| at <= now) {
            return self.give_up();
        }
        if let State::Present(presence) = &mut self.state {
            presence.handle_timeout(now, &mut self.random);
        }
        if self.asked_at.is_none()
            || self.paused_at.is_some()
            || matches!(self.state, State::Over | State::Nameless)
        {
            return;
        }
        if self.notice_at <= now {
            self.notice_at = now + limits::SILENCE_REPEAT;
            // Before the first Welcome there is nothing that one could be cut off from.
            if self.has_entered() {
                self.noticed = true;
                self.events.push_back(Event::Silent(now - self.heard_at));
            }
        }
        if self.rebind_at <= now {
            self.rebind_at = now + limits::REBIND_AFTER;
            self.events.push_back(Event::Rebind);
        }
        let patience = self
            .asked_at
            .map(|asked_at| asked_at + limits::RETURN_AFTER);
        if patience.is_some_and(|at| at <= now) && self.may_return() {
            self.return_to_room(now);
        }
    }

    /// Whether silence is a reason to come in again. Not for who leaves: it may have left already, and the word of
    /// that was lost, and would be seen to enter and to leave once more. A server that lives tells it what has
    /// become of its session.
    fn may_return(&self) -> bool {
        matches!(self.state, State::Present(_)) && !self.leaving
    }

    /// The next datagram to send, in `to`, which is emptied; false if there is none.
    pub fn poll_transmit(&mut self, now: Duration, to: &mut Vec<u8>) -> bool {
        to.clear();
        if let Some(farewell) = self.farewell.take() {
            *to = farewell;
            return true;
        }
        if matches!(&self.state, State::Present(presence) if presence.is_spent()) {
            self.return_to_room(now);
        }
        let tag = match &mut self.state {
            State::Over | State::Nameless => None,
            State::Greeting | State::Joining { .. } => return self.transmit_handshake(now, to),
            State::Present(presence) => {
                let awaits = self.outcomes.are_due() || self.asks.are_due();
                let held = usize::from(self.leaving && awaits);
                let end = self.queue.len().saturating_sub(held);
                let sent = presence.transmit(now, self.queue.range(..end), self.ordered, to);
                let ask = match sent {
                    Some(_) => None,
                    None => self.asks.poll_ask(now, self.ordered_in_all),
                };
                sent.or_else(|| Some(presence.transmit_ask(now, ask?, to)))
            }
        };
        let Some(tag) = tag else { return false };
        if self.tags.len() == limits::RECENT_TAGS {
            self.tags.pop_front();
        }
        self.tags.push_back(tag);
        self.note_waiting(now);
        true
    }

    /// What there is to tell.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether one was ever in the room.
    pub fn has_entered(&self) -> bool {
        self.past.is_some() && !self.restored
    }

    /// When there is no more point in trying.
    fn give_up_at(&self) -> Option<Duration> {
        if self.is_over() {
            None
        } else if !self.has_entered() && !matches!(self.state, State::Nameless) {
            Some(self.began_at + limits::CONNECT_TIMEOUT)
        } else if self.leaving && self.asked_at.is_some() && self.paused_at.is_none() {
            let patience = if self.undelivered() > 0 {
                limits::LEAVE_TIMEOUT
            } else {
                limits::SILENCE_NOTICE
            };
            self.asked_at.map(|asked_at| asked_at + patience)
        } else {
            None
        }
    }

    fn give_up(&mut self) {
        let end = match self.undelivered() {
            _ if !self.has_entered() => End::Unreachable,
            0 => End::Left,
            undelivered => End::Undelivered(undelivered),
        };
        self.end(end);
    }

    fn end(&mut self, end: End) {
        self.state = State::Over;
        self.events.push_back(Event::Ended(end));
    }
}
