//! Being in the room: one session with the server, from its Welcome to its end.

mod arrive;

use super::Seen;
use super::wishes::{Item, Outcome};
use crate::limits;
use crate::link::Run;
use crate::link::{Inbox, Link, Random};
use crate::seal::{Key, Tag};
use crate::wire::{self, Ask, Challenge, Moved, SessionId, Up, UpEncoder, Welcome, What};
use std::collections::vec_deque;
use std::time::Duration;

/// What is kept of a session, so that the next one can continue it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// Which log it was in.
    pub epoch: u64,
    /// Proves who one is. Whoever knows it can be in the room under one's name.
    pub resume: Key,
    /// The event to go on with.
    pub next: u64,
}

/// An event that came, perhaps early.
#[derive(Debug)]
struct Arrived {
    number: u64,
    unix_ms: u64,
    what: Told,
}

/// What the server tells of an event.
#[derive(Debug)]
enum Told {
    /// What others did.
    Seen(Seen),
    /// One's own: what became of an utterance.
    Own(u64, Outcome),
    /// So many that are between others.
    Hidden(u64),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Presence {
    session: SessionId,
    secret: Key,
    resume: Key,
    epoch: u64,
    /// Events from this one on are no history.
    live: u64,
    link: Link,
    inbox: Inbox<Vec<Arrived>, { limits::EARLY_DATAGRAMS }>,
    /// The gap that was reported last, so that a new one is reported at once.
    reported_gap: u64,
    keep_alive: Duration,
    keep_alive_at: Duration,
    /// Events have come since the server was last asked for an answer.
    talked: bool,
    /// The server asks whether we are at this address: answered until it is heard again.
    challenged: Option<Challenge>,
    answered: bool,
    /// The size of a probe that has arrived, to be confirmed.
    probed: Option<usize>,
}

impl Presence {
    pub(super) fn new(
        now: Duration,
        welcome: &Welcome,
        (next, last_packet): (u64, u64),
        round_trip: Option<Duration>,
        random: &mut Random,
    ) -> Presence {
        let idle_timeout = Duration::from_secs(u64::from(welcome.idle_timeout));
        let keep_alive = (idle_timeout / 4).clamp(limits::KEEP_ALIVE_LEAST, limits::KEEP_ALIVE);
        let mut presence = Presence {
            session: welcome.session,
            secret: welcome.secret,
            resume: welcome.resume,
            epoch: welcome.epoch,
            live: welcome.live,
            link: Link::new(now, welcome.heard)
                .with_last_packet(last_packet)
                .with_prompt_peer()
                .with_round_trip(round_trip),
            inbox: Inbox::new(next),
            reported_gap: 0,
            keep_alive,
            keep_alive_at: now,
            talked: false,
            challenged: None,
            answered: false,
            probed: None,
        };
        presence.plan_keep_alive(now, random);
        presence
    }

    /// Lets the server know at once that the Welcome has come.
    pub(super) fn announce(&mut self) {
        self.link.probe();
    }

    /// Runs under way or lost, and runs that came early.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.link.flights(), self.inbox.early())
    }

    pub(super) fn session(&self) -> SessionId {
        self.session
    }

    pub(super) fn past(&self) -> Past {
        Past {
            epoch: self.epoch,
            resume: self.resume,
            next: self.inbox.next(),
        }
    }

    /// Whether the session has no packet number left; the person goes on in another one.
    pub(super) fn is_spent(&self) -> bool {
        self.link.is_spent()
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.link.is_waiting()
    }

    pub(super) fn handle_challenge(&mut self, challenge: Challenge) {
        self.challenged = Some(challenge);
        self.answered = false;
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        { self.link.poll_timeout().into_iter() }
            .chain([self.keep_alive_at])
            .min()
    }

    pub(super) fn handle_timeout(&mut self, now: Duration, random: &mut Random) {
        self.link.handle_timeout(now);
        if now < self.keep_alive_at {
            return;
        }
        if self.talked || now >= self.link.sent_at() + self.keep_alive * 9 / 10 {
            self.talked = false;
            self.link.probe();
        }
        self.plan_keep_alive(now, random);
    }

    /// There is talk: soon after its end the server is asked whether there was more, since what it sent last
    /// may have gone to an address that is ours no longer.
    fn note_talk(&mut self, now: Duration, random: &mut Random) {
        self.talked = true;
        self.plan_keep_alive(now, random);
    }

    /// Ten per cent more or less, so that a thousand clients do not speak at once.
    fn plan_keep_alive(&mut self, now: Duration, random: &mut Random) {
        let (from, pause) = if self.talked {
            (now, self.keep_alive.min(limits::KEEP_ALIVE_AFTER_TALK))
        } else {
            (self.link.sent_at(), self.keep_alive)
        };
        let tenth = pause / 10;
        self.keep_alive_at = (from + random.between(pause - tenth, pause + tenth)).max(now + tenth);
    }

    /// The next datagram, and its tag.
    pub(super) fn transmit(
        &mut self,
        now: Duration,
        queue: vec_deque::Iter<'_, Item>,
        ordered: u64,
        to: &mut Vec<u8>,
    ) -> Option<Tag> {
        if let Some(Challenge { nonce, cookie }) = self.challenged
            && !self.answered
        {
            self.answered = true;
            let due = self.link.is_probe_due();
            let packet = self.link.next_bare_packet(now);
            self.link.on_probe_sent(now);
            if due {
                // The Challenge may be anybody's: what is to be asked is asked all the same.
                self.link.probe();
            }
            return Some(Moved { nonce, cookie }.write(to, self.session, packet, self.secret));
        }
        if let Some(size) = self.probed.take() {
            let packet = self.link.next_bare_packet(now);
            let session = (self.session, packet, self.secret);
            return Some(wire::write_probed(to, session, size as u64));
        }
        let last = ordered.saturating_add((queue.len() as u64).min(limits::UTTERANCES_UNORDERED));
        let run = self
            .link
            .poll_send(last.saturating_add(1))
            .filter(|run| run.first > ordered);
        if let Some(run) = run {
            let items = queue.skip((run.first - ordered - 1) as usize);
            let most = (run.end - run.first) as usize;
            return Some(self.transmit_up(now, to, false, run.first, items.take(most)));
        }
        if self.link.is_ack_due(now) || self.link.is_probe_due() {
            self.answered &= !self.link.is_probe_due();
            return Some(self.transmit_up(now, to, false, 0, std::iter::empty()));
        }
        None
    }

    pub(super) fn transmit_ask(&mut self, now: Duration, ask: Ask, to: &mut Vec<u8>) -> Tag {
        let packet = self.link.next_bare_packet(now);
        self.link.on_probe_sent(now);
        ask.write(to, self.session, packet, self.secret)
    }

    fn transmit_up<'q>(
        &mut self,
        now: Duration,
        to: &mut Vec<u8>,
        bye: bool,
        first: u64,
        items: impl Iterator<Item = &'q Item>,
    ) -> Tag {
        let answer = self.link.is_probe_due() && first == 0;
        let up = Up {
            answer,
            bye,
            acked: self.inbox.next() - 1,
            gap_end: self.inbox.gap_end(),
            stamps: self.link.stamps(now),
            first,
            utterances: Vec::new(),
        };
        self.reported_gap = up.gap_end;
        let packet = self.link.next_packet(now);
        let mut encoder = UpEncoder::new(to, self.session, packet, &up);
        let mut end = first;
        for item in items {
            if !encoder.push(item.utterance()) {
                break;
            }
            end += 1;
        }
        let tag = encoder.finish(self.secret);
        if end > first {
            self.link.on_sent(now, Run { first, end });
        } else if answer {
            self.link.on_probe_sent(now);
        }
        tag
    }
}

impl Arrived {
    /// What of it is not before `first`: a gap may have begun earlier.
    fn since(mut self, first: u64) -> Arrived {
        if let Told::Seen(Seen::Gap(count)) = &mut self.what
            && self.number < first
        {
            *count = count.saturating_sub(first - self.number);
            self.number = first;
        }
        self
    }

    fn end(&self) -> u64 {
        let count = match self.what {
            Told::Seen(Seen::Gap(count)) | Told::Hidden(count) => count,
            _ => 1,
        };
        self.number.saturating_add(count)
    }
}

impl From<&crate::wire::Event<'_>> for Arrived {
    fn from(event: &crate::wire::Event<'_>) -> Arrived {
        let seen = |kind: fn(String, String) -> Seen, name: &str, text: &str| {
            Told::Seen(kind(name.to_owned(), text.to_owned()))
        };
        let what = match event.what {
            What::Entered(name) => Told::Seen(Seen::Entered(name.to_owned())),
            What::Said(name, text) => seen(Seen::Said, name, text),
            What::Left(name) => Told::Seen(Seen::Left(name.to_owned())),
            What::Announced(text) => Told::Seen(Seen::Announced(text.to_owned())),
            What::Acted(name, text) => seen(Seen::Acted, name, text),
            What::Whispered(name, text) => seen(Seen::Whispered, name, text),
            What::Renamed(name, other) => seen(Seen::Renamed, name, other),
            What::Gap(count) => Told::Seen(Seen::Gap(count)),
            What::Yours(utterance) => Told::Own(utterance, Outcome::Done),
            What::YourName(utterance, name) => Told::Own(utterance, Outcome::Name(name.to_owned())),
            What::Failed(utterance, why) => Told::Own(utterance, Outcome::Failed(why)),
            What::Hidden(count) => Told::Hidden(count),
        };
        Arrived {
            number: event.number.0,
            unix_ms: event.unix_ms,
            what,
        }
    }
}
