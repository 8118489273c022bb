//! What the operator sets, counts and sees.

use super::member::NOBODY;
use super::users::NO_SESSION;
use super::{Room, UserMap};
use crate::limits;
use crate::text::{Lang, Name};
use crate::wire::{DownEncoder, GoneReason, SessionId, What, decode_events};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Whom the room lets in by the classroom's text protocol, whose logins prove nothing about their sender's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Classic {
    /// Nobody.
    #[default]
    Nobody,
    /// Who comes from loopback or a private network.
    Near,
    /// Anyone.
    Any,
}

/// What the operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Events that a joining member is shown, at most.
    pub history: usize,
    /// Members at once.
    pub max_members: usize,
    /// Members of one source address; `None`: [`limits::PER_ADDRESS`], and no limit for loopback; 0: no limit.
    pub per_address: Option<usize>,
    /// Utterances per second of one member; 0: no limit.
    pub rate: u32,
    /// Silence after which a member has left.
    pub idle_timeout: Duration,
    /// Whether classic clients are let in.
    pub classic: Classic,
    /// Silence after which a classic member has left.
    pub classic_idle: Duration,
    /// Full datagrams are filled up to one size, so that they can be handed to the kernel together; holds from the beginning.
    pub even: bool,
    /// The language in which classic members are told what happens.
    pub lang: Lang,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            history: limits::HISTORY,
            max_members: limits::MEMBERS,
            per_address: None,
            rate: limits::RATE,
            idle_timeout: limits::IDLE_TIMEOUT,
            classic: Classic::Nobody,
            classic_idle: limits::CLASSIC_IDLE,
            even: false,
            lang: Lang::default(),
        }
    }
}

impl Room {
    /// The operator removes a member; false if there is none of this name.
    pub fn handle_kick(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        name: &Name,
        why: &str,
    ) -> bool {
        let Some(user) = users.find(name).map(|user| (user.session, user.address)) else {
            return false;
        };
        let mut cut = why.len().min(limits::WHY_BYTES);
        while !why.is_char_boundary(cut) {
            cut -= 1;
        }
        self.remove_user(users, now, user, &why[..cut])
    }

    /// Removes who has this session at this address, of whichever kind; false if nobody has.
    pub(super) fn remove_user(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        (session, address): (SessionId, SocketAddr),
        why: &str,
    ) -> bool {
        let reason = GoneReason::Kicked;
        if session == NO_SESSION {
            let place = self.classics.at(address);
            place.inspect(|place| self.remove_classic(users, now, *place, reason, why))
        } else {
            let slot = self.slots.by_session(session).map(|(slot, _)| slot);
            slot.inspect(|slot| self.remove(users, now, *slot, reason, why))
        }
        .is_some()
    }
}

/// What came and went, in numbers that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams handed to the room.
    pub received: u64,
    /// Datagrams that were none of ours, or damaged.
    pub malformed: u64,
    /// Datagrams of a session whose tag was wrong.
    pub forged: u64,
    /// Datagrams of a session that came before.
    pub replayed: u64,
    /// Datagrams of no session that we have.
    pub stray: u64,
    /// Datagrams that a source sent beyond its limit, Joins whose cookie was wrong, and copies of the Join of one
    /// who has left.
    pub turned_away: u64,
    /// Replies that found no room in the queue.
    pub dropped: u64,
    /// Utterances of classic members beyond those that are held back.
    pub too_fast: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Of these, events sent again.
    pub resent: u64,
    /// Events appended to the log.
    pub events: u64,
    /// Events that members have acknowledged, each as often as there are members that did.
    pub delivered: u64,
    /// Bytes of the datagrams handed to the room.
    pub bytes_received: u64,
    /// Bytes of the datagrams sent.
    pub bytes_sent: u64,
}

/// What the operator sees of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the events of the log are")]
pub enum Shown {
    Entered(Name),
    Said(Name, Arc<str>),
    Left(Name),
    Announced(Arc<str>),
    Acted(Name, Arc<str>),
    Renamed(Name, Name),
    /// Something between others, which has a number and nothing to show.
    Hidden,
    /// So many events were gone before they could be shown.
    Gap(u64),
}

impl Shown {
    /// What a reader is told who is nobody.
    fn new(what: What<'_>) -> Option<Shown> {
        let name = |name| Name::new(name).ok();
        Some(match what {
            What::Entered(who) => Shown::Entered(name(who)?),
            What::Said(who, text) => Shown::Said(name(who)?, text.into()),
            What::Left(who) => Shown::Left(name(who)?),
            What::Announced(text) => Shown::Announced(text.into()),
            What::Acted(who, text) => Shown::Acted(name(who)?, text.into()),
            What::Renamed(who, other) => Shown::Renamed(name(who)?, name(other)?),
            What::Hidden(_) => Shown::Hidden,
            What::Gap(count) => Shown::Gap(count),
            _ => return None,
        })
    }
}

impl Room {
    /// The next event for the operator's screen, by itself.
    pub fn poll_shown(&mut self) -> Option<Shown> {
        let body = self.view(&mut self.shown.clone(), limits::DATAGRAM);
        let event = *decode_events(&body).ok()?.first()?;
        self.shown = match event.what {
            What::Hidden(_) => event.number.0 + 1,
            _ => event.end(),
        };
        Shown::new(event.what)
    }

    /// Where one begins who wants to see all that the log holds.
    pub fn first_seen(&self) -> u64 {
        self.numbers.event
    }

    /// What all may see of the events from `cursor` on, which moves on, as the body of a Down and no longer than `most`: for
    /// [`decode_events`]. Empty if there are none.
    pub fn view(&self, cursor: &mut u64, most: usize) -> Vec<u8> {
        let (mut body, mut authors) = (Vec::new(), Vec::new());
        let mut encoder = DownEncoder::new(&mut body, &mut authors, most);
        *cursor = self
            .log
            .encode((*cursor, self.log.end()), NOBODY, &mut encoder);
        body
    }

    /// The wall clock as it was told last.
    pub fn wall_clock(&self) -> u64 {
        self.unix_ms
    }

    /// Whether newcomers are shown what the operator's setting lets them see, or nothing from before.
    pub fn show_history(&mut self, on: bool) {
        self.history_hidden = !on;
    }

    /// Events that a newcomer is shown, at most.
    pub(super) fn history(&self) -> u64 {
        if self.history_hidden {
            0
        } else {
            self.config.history as u64
        }
    }

    /// Other settings, for whoever comes or speaks from now on. The rest stays as it is: how long silence may last, since
    /// the members were told, and what decides on how events are told, since some are told in part.
    pub fn set_config(&mut self, config: Config) {
        self.door.set_per_address(config.per_address);
        self.config = Config {
            history: config.history,
            max_members: config.max_members,
            per_address: config.per_address,
            rate: config.rate,
            ..self.config
        };
    }
}
