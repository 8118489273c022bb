//! When a member next has something to do.
//!
//! What always holds here: of a member's entries in the room's timers, the earliest is its `wake`, and that is no later
//! than [`limits::WAKE_GRAIN`] after the first timer of its link, its rate or its silence.

use super::{Room, UserMap};
use crate::limits;
use crate::link::Moment;
use crate::wire::GoneReason;
use std::cmp::Reverse;
use std::time::Duration;

impl Room {
    /// A member's time has come: a timeout of its link, its silence, its rate, or the closing of the room.
    pub(super) fn wake(&mut self, users: &mut UserMap, now: Duration, slot: u32) {
        let Some(member) = self.slots.member(slot) else {
            return;
        };
        member.wake = Moment::NEVER;
        if member.link.heard_at().until(now) >= self.config.idle_timeout {
            // What it was heard saying is said before it leaves.
            self.release(now, slot, 0);
            self.remove(users, now, slot, GoneReason::Silent, "");
            return;
        }
        if member.link.handle_timeout(now) && member.path.timed_out(now) {
            member.link.limit_window(member.path.window());
        }
        let rate = self.rate(now);
        self.release(now, slot, rate);
        self.touch(slot);
    }

    /// Makes sure that the member is woken when it next has something to do. Called when the flush is done
    /// with the member, so that nothing is due already.
    pub(super) fn schedule(&mut self, now: Duration, slot: u32) {
        let at = self.next_at(now, slot).round_up(limits::WAKE_GRAIN);
        if let Some(member) = self.slots.member(slot)
            && at < member.wake
        {
            member.wake = at;
            self.timers.push(Reverse((at, slot)));
            self.prune_timers();
        }
    }

    /// When the member next has something to do; the room's timers are rounded, so that members that were served together
    /// are woken together.
    fn next_at(&mut self, now: Duration, slot: u32) -> Moment {
        let idle_timeout = self.config.idle_timeout;
        let closing_since = self.closing_since;
        let Some(member) = self.slots.member(slot) else {
            return Moment::NEVER;
        };
        let silent_at = member.link.heard_at().after(idle_timeout);
        let mut at = member.link.next_at().min(silent_at);
        if let Some(since) = closing_since {
            // Told once, it is told again; until then it is told when it has everything, or at the latest.
            let told = member.rest.tell_gone_at.time();
            at = at.min(told.unwrap_or(since + limits::CLOSE_DELIVER).into());
        }
        // What waits was received and has no place in the order yet: most often one need not look there.
        if member.received() > member.ordered && !member.leaving && !member.rest.waiting.is_empty()
        {
            let mut tokens = member.rest.rate;
            // The time may have moved on since the last token was asked for.
            let next = tokens.take(now, self.rate(now)).err().unwrap_or(now);
            at = at.min(next.into());
        }
        at
    }

    /// The driver stood still until now: what the members said meanwhile it could not hear, so their silence begins anew. To be
    /// called before what has come since is handled.
    pub fn handle_standstill(&mut self, now: Duration) {
        let slots = &mut self.slots;
        for slot in slots.live().to_vec() {
            if let Some(member) = slots.member(slot) {
                member.link.excuse_silence(now);
            }
        }
        self.classics.excuse_silence(now);
    }

    /// Wakes the members whose time has come.
    pub(super) fn wake_due(&mut self, users: &mut UserMap, now: Duration) {
        while let Some(Reverse((at, slot))) = self.timers.peek().copied()
            && at <= (now + limits::TIMERS_AHEAD).into()
        {
            let next = self.next_at(now, slot);
            let rounded = next.round_up(limits::WAKE_GRAIN);
            let Some(member) = self.slots.member(slot).filter(|m| m.wake == at) else {
                self.timers.pop();
                continue;
            };
            if next > now.into() && rounded > at {
                // By now it has time: the router need not wake to find that out.
                member.wake = rounded;
                self.timers.pop();
                self.timers.push(Reverse((rounded, slot)));
            } else if at <= now.into() {
                self.timers.pop();
                self.wake(users, now, slot);
            } else {
                break;
            }
        }
    }

    /// Forgets the entries that are to be passed over, once they are more than the others.
    pub(super) fn prune_timers(&mut self) {
        if self.timers.len() > 2 * self.slots.live().len() + limits::STALE_TIMERS {
            let slots = &mut self.slots;
            self.timers
                .retain(|Reverse((at, slot))| slots.member(*slot).is_some_and(|m| m.wake == *at));
        }
    }
}
