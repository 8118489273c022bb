//! The room: one log of events, and a cursor into it for each member.
//!
//! A state machine without sockets, threads, clock or randomness of its own: the same code runs under real
//! sockets and under a simulator. What always holds here: only `Room::apply` changes the log and who is in
//! the room, and only by what the ledger has committed; a member's cursor moves forward only; nothing is kept
//! for an address that has not proved that it receives; a datagram costs the same however many members
//! there are, and an idle member costs nothing but its timers.
//!
//! The driver's order, for each batch: [`Room::set_wall_clock`]; [`Room::handle_standstill`] if there was one;
//! [`Room::handle_datagram`] for each datagram and `handle_*` for what the operator does; [`Room::handle_timeout`]; then
//! [`Room::poll_transmit`] until there is nothing to send, or until so much has gone that the driver looks what has come,
//! [`Room::poll_shown`] until there is nothing to show, and [`Room::poll_timeout`] for when to come back. `now` never goes back; it counts from any moment that the driver likes.

mod admit;
mod bans;
mod body;
mod classic;
mod door;
mod figures;
mod flush;
mod ledger;
mod log;
mod member;
mod mutes;
mod operator;
mod order;
mod pace;
mod path;
mod reads;
mod seek;
mod sizes;
mod talk;
#[cfg(test)]
mod tests;
mod texts;
mod timers;
mod users;

pub use bans::{Ban, TooMany, Whom};
pub use figures::Figures;
pub use ledger::{Entry, InMemory, Ledger, MemberRef, Proposal};
pub use operator::{Classic, Config, Shown, Stats};
pub use sizes::{Numbers, Sizes};
pub use users::{User, UserMap};

use crate::limits;
use crate::link::Moment;
use crate::seal::Secrets;
use crate::wire::{self, Datagram, Malformed, Open, Refusal, Refused};
use bans::Bans;
use classic::ClassicMembers;
use door::Door;
use flush::Flush;
use log::{Happened, Log};
use member::{Graveyard, MemberId, Slots};
use mutes::Mutes;
use pace::Pace;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// See the module.
pub struct Room {
    config: Config,
    epoch: u64,
    unix_ms: u64,
    numbers: Numbers,
    log: Log,
    ledger: Box<dyn Ledger>,
    slots: Slots,
    classics: ClassicMembers,
    graveyard: Graveyard,
    door: Door,
    bans: Bans,
    mutes: Mutes,
    history_hidden: bool,
    secrets: Secrets,
    last_member: u32,
    last_label: u64,
    /// Slots of members that have had another name: they may come again under it.
    renamed: BTreeSet<u32>,
    /// When a member has something to do: the earliest first. An entry that is no longer its member's `wake`
    /// is passed over.
    timers: BinaryHeap<Reverse<(Moment, u32)>>,
    flush: Flush,
    pace: Pace,
    replies: VecDeque<(SocketAddr, Vec<u8>)>,
    /// The operator's cursor into the log.
    shown: u64,
    closing_since: Option<Duration>,
    /// What the room is called, if it is to be found.
    title: Option<Box<str>>,
    stats: Stats,
}

impl Room {
    /// An empty room. `seed` comes from the operating system and is used for nothing else.
    pub fn new(config: Config, seed: [u8; 32], ledger: Box<dyn Ledger>) -> Room {
        Room::with_numbers(config, seed, ledger, Numbers::default())
    }

    /// A room whose counts begin with these numbers.
    pub fn with_numbers(
        config: Config,
        seed: [u8; 32],
        ledger: Box<dyn Ledger>,
        numbers: Numbers,
    ) -> Room {
        let mut secrets = Secrets::new(seed);
        let epoch = secrets.key().hash(&[]);
        let door = Door::new(secrets.key(), secrets.key(), config.per_address);
        Room {
            config,
            epoch,
            unix_ms: 0,
            numbers,
            log: Log::new(numbers.event),
            ledger,
            slots: Slots::new(secrets.key(), config.max_members),
            classics: ClassicMembers::default(),
            graveyard: Graveyard::default(),
            door,
            bans: Bans::default(),
            mutes: Mutes::default(),
            history_hidden: false,
            secrets,
            last_member: 0,
            last_label: 0,
            renamed: BTreeSet::new(),
            timers: BinaryHeap::new(),
            flush: Flush::new(config.even),
            pace: Pace::default(),
            replies: VecDeque::new(),
            shown: numbers.event,
            closing_since: None,
            title: None,
            stats: Stats::default(),
        }
    }

    /// Tells the wall clock's time, with which events are stamped: milliseconds since 1970.
    pub fn set_wall_clock(&mut self, unix_ms: u64) {
        self.unix_ms = unix_ms;
    }

    /// Names the room's log among those of other starts of the server.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What came and went so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// A datagram has come.
    pub fn handle_datagram(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        bytes: &[u8],
    ) {
        self.stats.received += 1;
        self.stats.bytes_received += bytes.len() as u64;
        match wire::decode(bytes) {
            Err(Malformed::Magic) if self.config.classic != Classic::Nobody => {
                self.handle_classic(users, now, from, bytes);
            }
            Err(malformed) => self.count_malformed(from, malformed),
            Ok(Datagram::Foreign(nonce)) if self.door.admits(now, from.ip()) => {
                let reason = Refusal::Version(wire::VERSION);
                self.reply_open(from, &Open::Refused(Refused { nonce, reason }));
            }
            Ok(Datagram::Foreign(_)) => self.stats.turned_away += 1,
            Ok(Datagram::Open(Open::Hello(hello))) => self.handle_hello(now, from, hello),
            Ok(Datagram::Open(Open::Join(join))) => self.handle_join(users, now, from, &join),
            Ok(Datagram::Open(Open::Seek(seek))) => self.handle_seek(now, from, seek),
            // What servers say is never answered: two servers cannot be set upon each other.
            Ok(Datagram::Open(_)) => self.stats.stray += 1,
            Ok(Datagram::Sealed(sealed)) => self.handle_sealed(users, now, from, &sealed),
        }
    }

    /// The operator says something, at most [`limits::UTTERANCE_BYTES`] of it.
    pub fn handle_announce(&mut self, users: &mut UserMap, now: Duration, text: &str) {
        debug_assert!(text.len() <= limits::UTTERANCE_BYTES);
        self.propose(users, now, Proposal::Announce(text.into()));
    }

    /// The operator closes the room: members are told until they know, see [`Room::is_closed`].
    pub fn handle_close(&mut self, users: &mut UserMap, now: Duration) {
        // What was heard and is held back is said now: who said it is told how much of it was.
        for slot in self.slots.live().to_vec() {
            self.release(now, slot, 0);
        }
        self.release_classics(now);
        self.apply(users, now);
        self.closing_since.get_or_insert(now);
        self.flush.words();
        self.classics.everyone();
    }

    /// Whether the room is closed and every member knows, or had time enough to.
    pub fn is_closed(&self, now: Duration) -> bool {
        self.closing_since.is_some_and(|since| {
            let all_know = self.slots.live().is_empty() && self.classics.all_know();
            all_know || now >= since + limits::CLOSE_TIMEOUT
        })
    }

    /// When what was said goes to everyone, if it waits for that: until then no datagram calls for haste.
    pub fn poll_fan_out(&self) -> Option<Duration> {
        self.flush.poll_fan_out()
    }

    /// Whether for a while nobody was sent anything that is to be acknowledged: what comes can wait a little then.
    pub fn is_quiet(&self, now: Duration) -> bool {
        self.closing_since.is_none() && self.flush.is_quiet(now)
    }

    /// Replies that go before everything else that is to be sent.
    pub fn replies(&self) -> usize {
        self.replies.len()
    }

    /// When [`Room::handle_timeout`] should be called next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let timer = self
            .timers
            .peek()
            .map(|Reverse((at, _))| Duration::from(*at));
        let others = [self.flush.poll_timeout(), self.classics.poll_timeout()];
        let timer = timer.into_iter().chain(others.into_iter().flatten()).min();
        match self.closing_since {
            Some(since) => {
                let end = since + limits::CLOSE_TIMEOUT;
                Some(timer.map_or(end, |at| at.min(end)))
            }
            None => timer,
        }
    }

    /// Does what has come due.
    pub fn handle_timeout(&mut self, users: &mut UserMap, now: Duration) {
        self.wake_due(users, now);
        while let Some(slot) = self.classics.poll_due(now) {
            self.wake_classic(users, now, slot);
        }
        self.apply(users, now);
    }

    /// The member may have something to send.
    fn touch(&mut self, slot: u32) {
        if let Some(member) = self.slots.member(slot) {
            self.flush.touch(slot, &mut member.dirty);
        }
    }

    fn propose(&mut self, users: &mut UserMap, now: Duration, proposal: Proposal) {
        self.ledger.propose(proposal);
        self.apply(users, now);
    }

    /// Makes happen what the ledger has committed.
    fn apply(&mut self, users: &mut UserMap, now: Duration) {
        while let Some(proposal) = self.ledger.poll_committed() {
            match proposal {
                Proposal::Enter(entry) => self.enter(users, now, &entry),
                Proposal::Say { author, text } => self.say(author, &text, false),
                Proposal::Act { author, text } => self.say(author, &text, true),
                Proposal::Whisper { author, to, text } => self.whisper(users, author, &to, &text),
                Proposal::Rename { author, name } => self.rename(users, author, &name),
                Proposal::Away { author, why } => self.away(author, why),
                Proposal::Leave {
                    author,
                    reason,
                    why,
                } => {
                    self.leave(users, now, author, reason, why);
                }
                Proposal::Announce(text) => {
                    self.append(Happened::Announced, &text);
                }
            }
        }
    }

    /// Appends to the log; everyone is to have it.
    fn append(&mut self, happened: Happened, text: &str) -> u64 {
        self.stats.events += 1;
        match happened {
            Happened::Entered(_) | Happened::Left(_) => {
                self.flush.notice(self.slots.live().len());
            }
            _ => self.flush.words(),
        }
        self.classics.everyone();
        self.log.append(self.unix_ms, happened, text)
    }

    fn reply_open(&mut self, to: SocketAddr, open: &Open<'_>) {
        let mut bytes = Vec::new();
        wire::encode(open, &mut bytes);
        self.reply(to, bytes);
    }

    fn reply(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        if self.replies.len() < limits::REPLIES {
            self.replies.push_back((to, bytes));
        } else {
            self.stats.dropped += 1;
        }
    }

    fn count_malformed(&mut self, from: SocketAddr, malformed: Malformed) {
        self.stats.malformed += 1;
        let count = self.stats.malformed;
        if limits::is_told(count) {
            ::log::debug!("dropped {count} malformed datagrams, now from {from}: {malformed:?}");
        }
    }

    fn next_member(&mut self) -> MemberId {
        self.last_member = self.last_member.wrapping_add(1).max(1);
        MemberId(self.last_member)
    }

    /// Used once: two authors of one label would be taken for one.
    fn next_label(&mut self) -> u64 {
        self.last_label += 1;
        self.last_label
    }
}
