//! A member: a cursor into the log, the small state of one link, and the utterances on their way into order.

use super::log::Author;
use super::path::Path;
use super::reads::Standing;
use crate::limits;
use crate::link::{Inbox, Link, Moment, Rate};
use crate::seal::Key;
use crate::wire::{GoneReason, SessionId, Utterance};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Tells the members of one room apart, also over several sessions. 0 is nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MemberId(pub(super) u32);

/// Nobody: a reader to whom no event is its own.
pub(super) const NOBODY: MemberId = MemberId(0);

/// An utterance that the room has received.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    Say(Box<str>),
    Act(Box<str>),
    /// To whom, and what.
    Whisper(Box<(Box<str>, Box<str>)>),
    Rename(Box<str>),
    Away(Arc<str>),
    Leave,
}

impl From<&Utterance<'_>> for Heard {
    fn from(utterance: &Utterance<'_>) -> Heard {
        match *utterance {
            Utterance::Say(text) => Heard::Say(text.into()),
            Utterance::Leave => Heard::Leave,
            Utterance::Act(text) => Heard::Act(text.into()),
            Utterance::Whisper(to, text) => Heard::Whisper(Box::new((to.into(), text.into()))),
            Utterance::Rename(name) => Heard::Rename(name.into()),
            Utterance::Away(why) => Heard::Away(why.into()),
        }
    }
}

/// See the module. What a flush looks at stands in front, see [`Link`], and what it does not in [`Rest`].
#[derive(Debug)]
#[repr(C)]
pub(super) struct Member {
    pub(super) session: SessionId,
    pub(super) dirty: bool,
    /// Its leaving was proposed; nothing more is heard of it.
    pub(super) leaving: bool,
    pub(super) path: Path,
    pub(super) secret: Key,
    pub(super) address: SocketAddr,
    /// The newest event of what it said to all; 0: none.
    pub(super) last_words: u64,
    /// The newest event that it is told otherwise than the others: bodies from before it are not shared.
    pub(super) last_apart: u64,
    /// Utterances that the ledger has committed.
    pub(super) ordered: u64,
    /// The earliest entry for this member in the room's timers.
    pub(super) wake: Moment,
    /// Datagrams with events that went to it, and those of them that went again.
    pub(super) sent: u32,
    pub(super) resent: u32,
    /// Utterances that came early; what is in order waits in `rest.waiting`.
    pub(super) inbox: Inbox<Heard, { limits::UTTERANCES_UNORDERED as usize }>,
    pub(super) link: Link,
    /// When it last acknowledged what it had not before.
    pub(super) acked_at: Moment,
    pub(super) rest: Box<Rest>,
}

/// What neither a flush nor an acknowledgement looks at. It lies elsewhere: what they do look at is then read in one piece from
/// member to member, which in a room larger than the caches is a sixth of their time.
#[derive(Debug)]
pub(super) struct Rest {
    /// Utterances in order that the rate has not let pass yet.
    pub(super) waiting: VecDeque<Heard>,
    pub(super) rate: Rate,
    pub(super) author: Author,
    pub(super) standing: Standing,
    /// While the room closes, and it was told: when to tell it again.
    pub(super) tell_gone_at: Moment,
    /// The Welcome of this session, to be repeated as it was.
    pub(super) welcome: Welcomed,
}

/// What a Welcome says that the room or the rest of the member does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Welcomed {
    pub(super) nonce: u64,
    pub(super) resume: Key,
    pub(super) first: u64,
    pub(super) live: u64,
    pub(super) heard: u64,
}

impl Member {
    /// Utterances of this member that the room has, in order.
    pub(super) fn received(&self) -> u64 {
        self.inbox.next() - 1
    }

    /// An utterance has taken its number and made no event: a body's words of this member's, up to the log's end, are not
    /// numbered one after the other.
    pub(super) fn skip(&mut self, end: u64) {
        self.last_apart = end - 1;
    }

    /// What a departed member leaves behind.
    pub(super) fn depart(&mut self, now: Duration, reason: GoneReason, why: Arc<str>) -> Departed {
        Departed {
            author: self.rest.author.clone(),
            secret: self.secret,
            resume: self.rest.welcome.resume,
            nonce: self.rest.welcome.nonce,
            welcomed: self.link.has_received(),
            address: self.address,
            ordered: self.ordered,
            reason,
            why,
            next_packet: self.link.next_packet(now).0,
            renamed: false,
        }
    }
}

/// A session that ended: enough to tell its client why, and to let it be resumed.
#[derive(Debug)]
pub(super) struct Departed {
    pub(super) author: Author,
    pub(super) secret: Key,
    pub(super) resume: Key,
    /// The nonce of its Join, and whether its Welcome is known to have come.
    pub(super) nonce: u64,
    pub(super) welcomed: bool,
    pub(super) address: SocketAddr,
    pub(super) ordered: u64,
    pub(super) reason: GoneReason,
    pub(super) why: Arc<str>,
    pub(super) next_packet: u64,
    /// It has had another name, and may come again under that.
    pub(super) renamed: bool,
}

/// The newest sessions that ended, at most [`limits::DEPARTED`].
#[derive(Debug, Default)]
pub(super) struct Graveyard {
    by_session: BTreeMap<SessionId, Departed>,
    order: VecDeque<SessionId>,
    /// The nonces of sessions that other ones have continued, as many at most.
    continued: VecDeque<u64>,
}

impl Graveyard {
    pub(super) fn put(&mut self, session: SessionId, departed: Departed) {
        if self.by_session.insert(session, departed).is_some() {
            // Its slot has had all its session ids since: this one is the newest again.
            self.order.retain(|known| *known != session);
        }
        self.order.push_back(session);
        if self.order.len() > limits::DEPARTED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_session.remove(&oldest);
        }
    }

    pub(super) fn len(&self) -> usize {
        let sessions = self.by_session.len().max(self.order.len());
        sessions.max(self.continued.len())
    }

    pub(super) fn find(&mut self, session: SessionId) -> Option<&mut Departed> {
        self.by_session.get_mut(&session)
    }

    /// A session goes on in another one.
    pub(super) fn put_continued(&mut self, nonce: u64) {
        self.continued.push_back(nonce);
        if self.continued.len() > limits::DEPARTED {
            self.continued.pop_front();
        }
    }

    /// Whether this is the nonce of one that had its Welcome: it asks under another one if it comes again.
    pub(super) fn has_welcomed(&self, nonce: u64) -> bool {
        self.continued.contains(&nonce) || { self.by_session.values() }
            .any(|departed| departed.welcomed && departed.nonce == nonce)
    }

    /// Takes the first one that is wanted.
    pub(super) fn take(&mut self, wanted: impl Fn(&Departed) -> bool) -> Option<Departed> {
        let at = self
            .order
            .iter()
            .position(|session| self.by_session.get(session).is_some_and(&wanted))?;
        let session = self.order.remove(at)?;
        self.by_session.remove(&session)
    }
}

/// Where members live: a slot keeps its place for a member's whole stay.
#[derive(Debug)]
pub(super) struct Slots {
    /// Where the ids of each slot's sessions begin: after another start of the server elsewhere, so that a
    /// session from before is not taken for one of now.
    key: Key,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// The slots that are taken, in no particular order that matters.
    live: Vec<u32>,
}

#[derive(Debug)]
struct Slot {
    /// Counts the sessions that this slot has had; their ids differ by it.
    sessions: u32,
    /// Where `live` names this slot.
    place: u32,
    member: Option<Member>,
}

impl Slots {
    /// Room for so many, in one piece: it takes no memory before they come, and nothing has to be moved when they do.
    pub(super) fn new(key: Key, most: usize) -> Slots {
        let mut slots = Vec::new();
        // Without it, it grows when it has to.
        let _ = slots.try_reserve_exact(most.min(limits::MEMBERS_MOST));
        Slots {
            key,
            slots,
            free: Vec::new(),
            live: Vec::new(),
        }
    }

    /// The taken slots.
    pub(super) fn live(&self) -> &[u32] {
        &self.live
    }

    /// The slot that the next [`Slots::put`] is to fill.
    pub(super) fn vacancy(&mut self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| {
            let slot = self.slots.len() as u32;
            let sessions = self.key.hash(&slot.to_be_bytes()) as u32;
            self.slots.push(Slot {
                sessions,
                place: 0,
                member: None,
            });
            self.free.push(slot);
            slot
        })
    }

    /// An id for the next session in this slot.
    pub(super) fn next_session(&mut self, slot: u32) -> SessionId {
        let sessions = &mut self.slots[slot as usize].sessions;
        *sessions = sessions.wrapping_add(1) % (1 << (32 - limits::SLOT_BITS));
        SessionId(*sessions << limits::SLOT_BITS | slot)
    }

    /// Puts a member into the slot that [`Slots::vacancy`] gave.
    pub(super) fn put(&mut self, slot: u32, member: Member) {
        let vacancy = self.free.pop();
        debug_assert_eq!(vacancy, Some(slot));
        let place = self.live.len() as u32;
        self.live.push(slot);
        let entry = &mut self.slots[slot as usize];
        entry.place = place;
        entry.member = Some(member);
    }

    pub(super) fn take(&mut self, slot: u32) -> Option<Member> {
        let entry = self.slots.get_mut(slot as usize)?;
        let member = entry.member.take()?;
        let place = entry.place;
        self.live.swap_remove(place as usize);
        if let Some(moved) = self.live.get(place as usize) {
            self.slots[*moved as usize].place = place;
        }
        self.free.push(slot);
        Some(member)
    }

    pub(super) fn member(&mut self, slot: u32) -> Option<&mut Member> {
        self.slots.get_mut(slot as usize)?.member.as_mut()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.slots.iter().filter_map(|slot| slot.member.as_ref())
    }

    pub(super) fn by_session(&mut self, session: SessionId) -> Option<(u32, &mut Member)> {
        let slot = session.0 & ((1 << limits::SLOT_BITS) - 1);
        let member = self.member(slot)?;
        (member.session == session).then_some((slot, member))
    }

    /// How many slots there are, taken or not.
    pub(super) fn places(&self) -> u64 {
        self.slots.len() as u64
    }

    pub(super) fn look(&self, slot: u32) -> Option<&Member> {
        self.slots.get(slot as usize)?.member.as_ref()
    }
}
