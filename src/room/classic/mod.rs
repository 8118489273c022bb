//! Members that speak the classroom's text protocol: a cursor into the log like anyone's, and no link.
//!
//! What always holds here: a member is known by its address, an address has one member at most, and what goes there
//! goes in the order of the log, behind the `OK`. Nobody acknowledges anything: the cursor moves when a datagram is
//! sent, at a pace that a default receive buffer stands; a member that is further behind than the log reaches is told of the
//! gap. Native members do not notice: slots, timers and flush of theirs are not used.

mod lines;
mod talk;

use super::ledger::MemberRef;
use super::log::Author;
use super::member::MemberId;
use super::{Room, UserMap};
use crate::limits;
use crate::link::Rate;
use crate::wire::{GoneReason, classic};
use lines::Lines;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Places of classic members are numbered from here on, where no slot is.
const FIRST_PLACE: u32 = 1 << limits::SLOT_BITS;

/// Whether this is the number of a classic member's place.
pub(super) fn is_place(slot: u32) -> bool {
    slot >= FIRST_PLACE
}

/// Loopback and private networks: whence nobody can turn the room's traffic on a stranger far away.
pub(super) fn is_near(source: IpAddr) -> bool {
    match source.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local(),
    }
}

/// See the module.
#[derive(Debug)]
struct ClassicMember {
    author: Author,
    address: SocketAddr,
    heard_at: Duration,
    /// What was heard and is held back by the rate.
    waiting: VecDeque<Box<str>>,
    said: u64,
    rate: Rate,
    /// The next event, and the next datagram of it.
    next: u64,
    piece: usize,
    pace: Rate,
    /// An `OK` is owed, before anything else.
    owes_ok: bool,
    /// It asked to leave: nothing more is heard of it or sent to it; it has left when it has said what is held back.
    leaving: bool,
    /// Its leaving was proposed.
    gone: bool,
    /// What it was told of the closing of the room.
    closing: Closing,
    queued: bool,
    wake: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    Untold,
    Told,
    Knows,
}

/// Everyone in the room who speaks the text protocol.
#[derive(Debug, Default)]
pub(super) struct ClassicMembers {
    places: Vec<Option<ClassicMember>>,
    free: Vec<u32>,
    by_address: BTreeMap<SocketAddr, u32>,
    timers: BinaryHeap<Reverse<(Duration, u32)>>,
    /// Everyone may have something to be sent.
    everyone: bool,
    /// Members that may have something to be sent.
    queue: VecDeque<u32>,
    lines: Lines,
    going_out: Piece,
    /// The line that is no event's.
    line: String,
}

/// A datagram for a classic member.
#[derive(Clone, Copy, Debug, Default)]
enum Piece {
    #[default]
    Ok,
    Exit,
    /// Of an event: where its datagrams are, and which.
    Event(usize, usize),
    /// The line that is no event's.
    Line,
}

impl ClassicMembers {
    pub(super) fn len(&self) -> usize {
        self.by_address.len()
    }

    /// Silence until now says nothing of anyone.
    pub(super) fn excuse_silence(&mut self, now: Duration) {
        for member in self.places.iter_mut().flatten() {
            member.heard_at = now;
        }
    }

    /// Something was appended.
    pub(super) fn everyone(&mut self) {
        self.everyone = true;
    }

    /// Whether everyone was told that the room closes.
    pub(super) fn all_know(&self) -> bool {
        let mut members = self.places.iter().flatten();
        members.all(|member| member.closing == Closing::Knows)
    }

    /// Ids, behind those of all slots, and names, for the roster.
    pub(super) fn roster(&self, after: u64) -> impl Iterator<Item = (u64, (&str, Option<&str>))> {
        let ids = u64::from(FIRST_PLACE) + 1..;
        let all = ids.zip(&self.places);
        all.skip_while(move |(id, _)| *id <= after)
            .filter_map(|(id, member)| Some((id, (member.as_ref()?.author.name.as_str(), None))))
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// The next member whose time has come.
    pub(super) fn poll_due(&mut self, now: Duration) -> Option<u32> {
        while let Some(Reverse((at, place))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            if let Some(member) = self.member(place)
                && member.wake == at
            {
                member.wake = Duration::MAX;
                return Some(place);
            }
        }
        None
    }

    /// The datagram that is going out.
    pub(super) fn bytes(&self) -> &[u8] {
        match self.going_out {
            Piece::Ok => classic::OK.as_bytes(),
            Piece::Exit => classic::EXIT.as_bytes(),
            Piece::Event(at, piece) => self.lines.bytes(at, piece),
            Piece::Line => self.line.as_bytes(),
        }
    }

    fn member(&mut self, place: u32) -> Option<&mut ClassicMember> {
        let at = place.checked_sub(FIRST_PLACE)?;
        self.places.get_mut(at as usize)?.as_mut()
    }

    fn by_ref(&mut self, who: MemberRef) -> Option<&mut ClassicMember> {
        self.member(who.slot)
            .filter(|member| member.author.member == who.member)
    }

    /// The place of who came in from this address.
    pub(super) fn at(&self, address: SocketAddr) -> Option<u32> {
        self.by_address.get(&address).copied()
    }

    /// How many events up to the last one were not sent to who is at this address.
    pub(super) fn lag(&mut self, address: SocketAddr, tail: u64) -> Option<u64> {
        let place = self.at(address)?;
        let next = self.member(place)?.next;
        Some((tail + 1).saturating_sub(next))
    }

    /// Who came in from this address.
    pub(super) fn member_at(&mut self, address: SocketAddr) -> Option<MemberId> {
        let place = self.at(address)?;
        self.member(place).map(|member| member.id())
    }

    fn put(&mut self, member: ClassicMember) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            FIRST_PLACE + self.places.len() as u32 - 1
        });
        self.by_address.insert(member.address, place);
        self.places[(place - FIRST_PLACE) as usize] = Some(member);
        self.touch(place);
        place
    }

    fn take(&mut self, place: u32) -> Option<ClassicMember> {
        let at = place.checked_sub(FIRST_PLACE)?;
        let member = self.places.get_mut(at as usize)?.take()?;
        self.by_address.remove(&member.address);
        self.free.push(place);
        Some(member)
    }

    /// The member may have something to be sent, or another time to be woken.
    fn touch(&mut self, place: u32) {
        if let Some(member) = self.member(place)
            && !std::mem::replace(&mut member.queued, true)
        {
            self.queue.push_back(place);
        }
    }

    /// The member whose turn it is.
    fn current(&mut self) -> Option<u32> {
        if std::mem::take(&mut self.everyone) {
            for at in 0..self.places.len() {
                self.touch(FIRST_PLACE + at as u32);
            }
        }
        self.queue.front().copied()
    }

    /// Makes sure that the member is woken at this time, or before.
    fn wake_at(&mut self, place: u32, at: Duration) {
        let Some(member) = self.member(place).filter(|member| at < member.wake) else {
            return;
        };
        member.wake = at;
        self.timers.push(Reverse((at, place)));
        if self.timers.len() > 2 * self.by_address.len() + limits::STALE_TIMERS {
            let places = &self.places;
            self.timers.retain(|Reverse((at, place))| {
                let member = places.get((*place - FIRST_PLACE) as usize);
                member.is_some_and(|m| m.as_ref().is_some_and(|m| m.wake == *at))
            });
        }
    }
}

impl ClassicMember {
    fn new(now: Duration, author: Author, address: SocketAddr, next: u64) -> ClassicMember {
        ClassicMember {
            author,
            address,
            heard_at: now,
            waiting: VecDeque::new(),
            said: 0,
            rate: Rate::default(),
            next,
            piece: 0,
            pace: Rate::default(),
            owes_ok: true,
            leaving: false,
            gone: false,
            closing: Closing::Untold,
            queued: false,
            wake: Duration::MAX,
        }
    }

    fn id(&self) -> MemberId {
        self.author.member
    }

    /// Whether one more datagram may go now; else when.
    fn may_send(&mut self, now: Duration) -> Result<(), Duration> {
        self.pace
            .take_of(now, limits::CLASSIC_PACE, limits::CLASSIC_BURST)
    }
}

impl Room {
    /// The next datagram for a classic member.
    pub(super) fn transmit_classic(&mut self, now: Duration) -> Option<SocketAddr> {
        while let Some(place) = self.classics.current() {
            match self.next_piece(now, place) {
                Ok((to, piece)) => {
                    self.classics.going_out = piece;
                    return Some(to);
                }
                Err(pause) => {
                    self.classics.queue.pop_front();
                    self.schedule_classic(now, place, pause);
                }
            }
        }
        None
    }

    /// What a member is to be sent; else when to look again, if there is more.
    fn next_piece(
        &mut self,
        now: Duration,
        place: u32,
    ) -> Result<(SocketAddr, Piece), Option<Duration>> {
        let lang = self.config.lang;
        let (first, end) = (self.log.first(), self.log.end());
        let closing_since = self.closing_since;
        let ClassicMembers {
            places,
            lines,
            line,
            ..
        } = &mut self.classics;
        let member = places.get_mut((place - FIRST_PLACE) as usize);
        let member = member.and_then(Option::as_mut).ok_or(None)?;
        let address = member.address;
        if std::mem::take(&mut member.owes_ok) {
            return Ok((address, Piece::Ok));
        }
        if member.leaving {
            member.closing = Closing::Knows;
            return Err(None);
        }
        let hurry = closing_since.is_some_and(|since| now >= since + limits::CLOSE_DELIVER);
        while member.next < end && !hurry {
            if member.next < first {
                member.may_send(now).map_err(Some)?;
                *line = format!("\n{}", lang.gap(first - member.next));
                (member.next, member.piece) = (first, 0);
                return Ok((address, Piece::Line));
            }
            let Some((happened, text)) = self.log.event(member.next) else {
                break;
            };
            if happened.author() == Some(member.id()) || happened.is_hidden(member.id()) {
                member.next += 1;
                continue;
            }
            member.may_send(now).map_err(Some)?;
            let (at, count) = lines.find(member.next, (happened, text), lang);
            let piece = Piece::Event(at, member.piece);
            member.piece += 1;
            if member.piece >= count {
                (member.next, member.piece) = (member.next + 1, 0);
            }
            return Ok((address, piece));
        }
        match (closing_since, member.closing) {
            (Some(_), Closing::Untold) => {
                member.closing = Closing::Told;
                *line = format!("\n{}", lang.room_closed());
                Ok((address, Piece::Line))
            }
            (Some(_), Closing::Told) => {
                member.closing = Closing::Knows;
                Ok((address, Piece::Exit))
            }
            _ => Err(None),
        }
    }

    /// Called when nothing is to be sent now. `pause`: when there will be.
    fn schedule_classic(&mut self, now: Duration, place: u32, pause: Option<Duration>) {
        let rate = self.rate(now);
        let mut at = self.config.classic_idle;
        let Some(member) = self.classics.member(place) else {
            return;
        };
        member.queued = false;
        if member.closing == Closing::Knows && self.closing_since.is_some() {
            return;
        }
        at += member.heard_at;
        if !member.waiting.is_empty() {
            at = at.min({ member.rate }.take(now, rate).err().unwrap_or(now));
        }
        // Who has not heard that the room closes waits for its pace: no longer than a datagram's turn.
        at = at.min(pause.unwrap_or(at));
        self.classics.wake_at(place, at);
    }

    /// A member's time has come: its rate, its pace, or its silence.
    pub(super) fn wake_classic(&mut self, users: &mut UserMap, now: Duration, place: u32) {
        let idle = self.config.classic_idle;
        let Some(member) = self.classics.member(place) else {
            return;
        };
        if now.saturating_sub(member.heard_at) >= idle && self.closing_since.is_none() {
            // What it was heard saying is said before it leaves.
            self.release_classic(now, place, 0);
            self.remove_classic(users, now, place, GoneReason::Silent, "");
            return;
        }
        let rate = self.rate(now);
        self.release_classic(now, place, rate);
        self.classics.touch(place);
    }
}
