//! The flush: everything that waits goes out, to each member from its cursor on.
//!
//! What always holds here: a [`Body`] is encoded and digested once for all members at one cursor, who speaks among them too;
//! per member only head and tag are written, in front of the shared body, and nothing is copied.

use super::Room;
use super::body::Body;
use super::log::Log;
use super::member::{Member, NOBODY};
use crate::limits;
use crate::link::{Moment, Run};
use crate::seal;
use crate::wire::{self, Gone, GoneReason, Named, Own, seal_down};
use std::net::SocketAddr;
use std::time::Duration;

/// Who is to be flushed, and what was encoded for it.
#[derive(Debug)]
pub(super) struct Flush {
    /// The members of the flush under way, and how far it is.
    list: Vec<u32>,
    at: usize,
    /// When everyone is to be flushed, if that is to be.
    everyone_at: Option<Duration>,
    /// When everyone was last to be flushed, and until when words are to wait because of that.
    served_at: Duration,
    words_at: Duration,
    /// When events last went to a member.
    carried_at: Moment,
    /// Events to before this number may go out: the log's end when everyone was last flushed.
    horizon: u64,
    /// Members that are to be flushed next.
    dirty: Vec<u32>,
    /// Bodies for all who are told the same, by the first event.
    shared: Vec<Body>,
    /// The body for a member that is told something else than the others, and the empty one.
    apart: Body,
    authors: Vec<Named>,
    /// The reply that is going out.
    reply: Vec<u8>,
    /// Datagrams that went to classic members since the last flush.
    to_classics: usize,
    /// See [`Config::even`](super::Config::even).
    even: bool,
}

impl Flush {
    pub(super) fn new(even: bool) -> Flush {
        Flush {
            list: Vec::new(),
            at: 0,
            everyone_at: None,
            served_at: Duration::ZERO,
            words_at: Duration::ZERO,
            carried_at: Moment::NEVER,
            horizon: 0,
            dirty: Vec::new(),
            shared: (0..limits::BODIES).map(|_| Body::empty()).collect(),
            apart: Body::empty(),
            authors: Vec::new(),
            reply: Vec::new(),
            to_classics: 0,
            even,
        }
    }

    /// Something was said: it goes to everyone.
    pub(super) fn words(&mut self) {
        let at = self
            .everyone_at
            .map_or(self.words_at, |at| at.min(self.words_at));
        self.everyone_at = Some(at);
    }

    /// Someone came or left: it goes to everyone with the next words, or with other notices. These wait the longer for each
    /// other the more members there are by now, and not by when everyone was served: in a rush that would be few.
    pub(super) fn notice(&mut self, members: usize) {
        if self.poll_fan_out().is_none() {
            let pause = limits::NOTICE_PAUSE * members as u32;
            self.everyone_at = Some(self.served_at + pause.min(limits::NOTICE_PAUSE_MOST));
        }
    }

    pub(super) fn touch(&mut self, slot: u32, dirty: &mut bool) {
        if !std::mem::replace(dirty, true) {
            self.dirty.push(slot);
        }
    }

    /// When everyone is to be flushed.
    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.everyone_at
    }

    /// The same, if words are among what waits for that.
    pub(super) fn poll_fan_out(&self) -> Option<Duration> {
        self.everyone_at.filter(|at| *at <= self.words_at)
    }

    /// Whether no events went out for a while, and none are to go.
    pub(super) fn is_quiet(&self, now: Duration) -> bool {
        let long_ago =
            self.carried_at == Moment::NEVER || self.carried_at.until(now) >= limits::QUIET_AFTER;
        long_ago && self.everyone_at.is_none()
    }

    /// The member to flush now, if the flush under way is not at its end.
    fn current(&self) -> Option<u32> {
        self.list.get(self.at).copied()
    }

    /// Begins the next flush; whether there is anyone in it.
    fn begin(&mut self, now: Duration, live: &[u32], end: u64) -> bool {
        self.at = 0;
        self.list.clear();
        // Those who were touched may be gone by now, so they are no part of `live` then.
        self.list.append(&mut self.dirty);
        if self.everyone_at.is_some_and(|at| at <= now) {
            self.everyone_at = None;
            let events = end - self.horizon;
            let pause = if events <= limits::FAN_OUT_FEW {
                limits::FAN_OUT_PAUSE
            } else {
                let events = u32::try_from(events).unwrap_or(u32::MAX);
                (limits::FAN_OUT_PAUSE_EVENT * events)
                    .clamp(limits::FAN_OUT_PAUSE_LOADED, limits::FAN_OUT_PAUSE_FULL)
            };
            let members = live.len() as u32;
            self.served_at = now;
            self.words_at = now + (pause * members).min(limits::FAN_OUT_PAUSE_MOST);
            self.horizon = end;
            self.list.extend_from_slice(live);
        }
        !self.list.is_empty()
    }

    /// Leaves for the next flush of everyone what would begin a datagram to this member and not fill it, if there are full
    /// ones before: a datagram costs about the same however little it carries, and under load more comes soon. Most members
    /// have the same cursor and size; to the others part of a datagram may go all the same.
    fn leave_rest(&mut self, log: &Log, from: u64, member: &Member) {
        let begin = from.max(log.first());
        let mut first = begin;
        loop {
            let end = self.horizon;
            let (place, _) = self.encode(log, Run { first, end }, member);
            let body = self.body(place);
            if !body.full {
                break;
            }
            first = body.end;
        }
        if first > begin {
            self.horizon = first;
            self.everyone_at = Some(self.words_at);
        }
    }

    /// Encodes a run for a member, unless it lies ready; gives where it is, shared or apart, and what in it is the member's
    /// own by the head.
    fn encode(&mut self, log: &Log, run: Run, member: &Member) -> (Place, Own) {
        let (path, size) = (&member.path, member.path.size());
        if member.last_apart < run.first && run.first >= log.first() {
            let at = Body::place(run.first, path.step());
            let body = &mut self.shared[at];
            if !body.serves(run, size) {
                body.encode(log, (run, size), NOBODY, &mut self.authors, self.even);
            }
            if let Some(own) = body.own(member) {
                return (Place::Shared(at), own);
            }
        }
        let reader = member.rest.author.member;
        let authors = &mut self.authors;
        self.apart
            .encode(log, (run, size), reader, authors, self.even);
        (Place::Apart, Own::default())
    }

    /// Has a body ready that carries this run to the member, or the beginning of it, and perhaps repeats what went before it.
    fn carry(&mut self, log: &Log, run: Run, member: &Member) -> (Place, Own) {
        let first = member.link.repeat_from(run).max(log.first());
        if first < run.first {
            let (place, own) = self.encode(log, Run { first, ..run }, member);
            if self.body(place).end > run.first {
                return (place, own);
            }
            // What was repeated has left no room.
        }
        self.encode(log, run, member)
    }

    fn body(&mut self, place: Place) -> &mut Body {
        match place {
            Place::Shared(at) => &mut self.shared[at],
            _ => &mut self.apart,
        }
    }
}

/// Which of the buffers holds the datagram.
#[derive(Clone, Copy)]
enum Place {
    Reply,
    Apart,
    Shared(usize),
    /// What the classic members hold ready.
    Classic,
}

impl Room {
    /// The next datagram to send, and to whom.
    pub fn poll_transmit(&mut self, now: Duration) -> Option<(SocketAddr, &[u8])> {
        let (to, place) = self.next_datagram(now)?;
        let bytes = match place {
            Place::Reply => &self.flush.reply,
            Place::Apart => &self.flush.apart.frame,
            Place::Shared(at) => &self.flush.shared[at].frame,
            Place::Classic => self.classics.bytes(),
        };
        self.stats.sent += 1;
        self.stats.bytes_sent += bytes.len() as u64;
        Some((to, bytes))
    }

    fn next_datagram(&mut self, now: Duration) -> Option<(SocketAddr, Place)> {
        if let Some((to, bytes)) = self.replies.pop_front() {
            self.flush.reply = bytes;
            return Some((to, Place::Reply));
        }
        loop {
            while let Some(slot) = self.flush.current() {
                if let Some(found) = self.transmit(now, slot) {
                    return Some(found);
                }
                if let Some(member) = self.slots.member(slot) {
                    member.dirty = false;
                }
                self.schedule(now, slot);
                self.flush.at += 1;
            }
            // Before the next flush, which may already be due; but it comes although they are owed more than can be sent.
            let has_turn = self.flush.to_classics < limits::BATCH_SENT;
            if has_turn && let Some(to) = self.transmit_classic(now) {
                self.flush.to_classics += 1;
                return Some((to, Place::Classic));
            }
            self.flush.to_classics = 0;
            let (from, end) = (self.flush.horizon, self.log.end());
            // Where mere notices go, or the room closes, nothing more comes soon.
            let more = self.flush.poll_fan_out().is_some() && self.closing_since.is_none();
            if !self.flush.begin(now, self.slots.live(), end) && has_turn {
                return None;
            }
            if more
                && self.flush.horizon > from
                && let Some(slot) = self.slots.live().first().copied()
                && let Some(member) = self.slots.member(slot)
            {
                self.flush.leave_rest(&self.log, from, member);
            }
        }
    }

    /// The next datagram for one member.
    fn transmit(&mut self, now: Duration, slot: u32) -> Option<(SocketAddr, Place)> {
        let member = self.slots.member(slot)?;
        if let Some(size) = member.path.poll_probe(now) {
            let packet = member.link.next_bare_packet(now);
            let session = (member.session, packet, member.secret);
            wire::write_probe(&mut self.flush.reply, session, size);
            return Some((member.address, Place::Reply));
        }
        let run = match member.link.poll_send(self.flush.horizon) {
            Some(run) => Some(run),
            None if member.link.is_ack_due(now) || member.link.is_probe_due() => None,
            None => return self.transmit_gone(now, slot),
        };
        let (place, own) = match run {
            Some(run) => {
                self.flush.carried_at = now.into();
                self.flush.carry(&self.log, run, member)
            }
            None => {
                let body = &mut self.flush.apart;
                body.frame.truncate(limits::DOWN_HEAD);
                body.digest = seal::digest(&[]);
                (Place::Apart, Own::default())
            }
        };
        let body = self.flush.body(place);
        let mut answer = false;
        let packet = member.link.next_packet(now);
        if let Some(run) = run {
            let sent = Run {
                end: body.end,
                ..run
            };
            let again = u32::from(run.first <= member.link.sent());
            self.stats.resent += u64::from(again);
            member.resent = member.resent.saturating_add(again);
            member.sent = member.sent.saturating_add(1);
            answer = member.link.on_sent(now, sent);
            if body.full {
                member.path.was_full();
            }
        } else if member.link.is_probe_due() {
            member.link.on_probe_sent(now);
            answer = true;
        }
        let received = member.received();
        seal_down(
            &mut body.frame,
            (member.session, packet, member.secret),
            (received, received - member.ordered),
            (answer, member.link.stamps(now)),
            (own, body.digest),
        );
        Some((member.address, place))
    }

    /// While the room closes: the word that it does, once a member has everything or time is short.
    fn transmit_gone(&mut self, now: Duration, slot: u32) -> Option<(SocketAddr, Place)> {
        let since = self.closing_since?;
        let tail = self.log.end() - 1;
        let member = self.slots.member(slot)?;
        let told = member.rest.tell_gone_at;
        let ready = if told == Moment::NEVER {
            let has_everything = member.link.acked() == tail && member.received() == member.ordered;
            has_everything || now >= since + limits::CLOSE_DELIVER
        } else {
            // Whatever has happened since.
            told <= now.into()
        };
        if !ready {
            return None;
        }
        member.rest.tell_gone_at = (now + limits::CLOSE_REPEAT).into();
        let packet = member.link.next_bare_packet(now);
        let gone = Gone {
            reason: GoneReason::Closed,
            ordered: member.ordered,
            why: "",
        };
        gone.write(&mut self.flush.reply, member.session, packet, member.secret);
        Some((member.address, Place::Reply))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wait_the_longer_the_more_went_out_before() {
        for (events, pause) in [
            (1, limits::FAN_OUT_PAUSE),
            (limits::FAN_OUT_FEW, limits::FAN_OUT_PAUSE),
            (limits::FAN_OUT_FEW + 1, limits::FAN_OUT_PAUSE_LOADED),
            (80, limits::FAN_OUT_PAUSE_EVENT * 80),
            (1000, limits::FAN_OUT_PAUSE_FULL),
        ] {
            let mut flush = Flush::new(false);
            flush.words();
            flush.begin(Duration::ZERO, &[0; 200], events);
            flush.words();
            assert_eq!(flush.poll_fan_out(), Some(pause * 200), "{events}");
        }
    }

    #[test]
    fn a_large_room_under_load_waits_for_no_longer_than_it_may() {
        let mut flush = Flush::new(false);
        let live = vec![0; limits::MEMBERS_MOST];
        flush.words();
        flush.begin(Duration::ZERO, &live, limits::FAN_OUT_FEW + 1);
        flush.words();
        assert_eq!(flush.poll_fan_out(), Some(limits::FAN_OUT_PAUSE_MOST));
    }

    #[test]
    fn in_a_rush_notices_wait_by_how_many_are_there_by_now() {
        let mut flush = Flush::new(false);
        flush.notice(1);
        let first = Duration::from_secs(1);
        assert!(flush.begin(first, &[0], 2));
        for (members, pause) in [
            (2, limits::NOTICE_PAUSE * 2),
            (1000, limits::NOTICE_PAUSE * 1000),
            (limits::MEMBERS_MOST, limits::NOTICE_PAUSE_MOST),
        ] {
            flush.notice(members);
            assert_eq!(flush.poll_timeout(), Some(first + pause));
        }
        flush.words();
        let words = flush.poll_fan_out();
        assert!(words < Some(first + limits::NOTICE_PAUSE * 2));
        flush.notice(limits::MEMBERS_MOST);
        assert_eq!(flush.poll_timeout(), words, "they go along with words");
    }

    #[test]
    fn a_room_is_not_quiet_while_notices_wait_for_each_other() {
        let mut flush = Flush::new(false);
        flush.notice(0);
        flush.begin(Duration::ZERO, &[0; 10_000], 2);
        assert!(flush.is_quiet(limits::QUIET_AFTER));
        flush.notice(10_000);
        assert!(!flush.is_quiet(limits::NOTICE_PAUSE_MOST));
    }
}
