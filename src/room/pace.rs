//! How fast members may speak: as fast as the operator allows, but where that is faster than the default, no faster
//! than the default while somebody who listens is about to fall off the retained log.
//!
//! What always holds here: `floor` is no higher than what any member has acknowledged that listens, so the members
//! are looked through only when half of the log has passed since, and then no more often than
//! [`limits::LAG_LOOK`]. Whoever acknowledges nothing holds nobody up for longer than [`limits::LAG_PATIENCE`], and
//! whoever acknowledges too little slows the room down to the default pace, not below.

use super::Room;
use super::member::Member;
use crate::limits;
use std::time::Duration;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Everyone who listens has acknowledged everything up to this event.
    floor: u64,
    look_at: Duration,
    /// Where the log ended when that was last noted, and when that was; and where when it was noted before.
    end: u64,
    noted_at: Duration,
    old_end: u64,
}

impl Pace {
    /// Someone has acknowledged this much and no more, and may have been out of sight before.
    pub(super) fn note(&mut self, acked: u64) {
        self.floor = self.floor.min(acked);
    }

    /// Keeps `old_end` where the log ended a third of [`limits::LAG_PATIENCE`] ago or longer, but not longer than all of it.
    fn note_end(&mut self, now: Duration, end: u64) {
        let third = limits::LAG_PATIENCE / 3;
        if now >= self.noted_at + third {
            let quiet = now >= self.noted_at + 2 * third;
            // Nobody has asked to speak for long: what is there has been there.
            self.old_end = if quiet { end } else { self.end };
            (self.noted_at, self.end) = (now, end);
        }
    }
}

impl Room {
    /// Utterances per second that a member may say now; 0: no limit.
    pub(super) fn rate(&mut self, now: Duration) -> u32 {
        let rate = self.config.rate;
        if (1..=limits::RATE).contains(&rate) {
            return rate;
        }
        self.pace.note_end(now, self.log.end());
        if self.pace.floor >= self.log.middle() {
            return rate;
        }
        if now >= self.pace.look_at {
            self.pace.look_at = now + limits::LAG_LOOK;
            self.pace.floor = self.slowest(now);
        }
        if self.pace.floor >= self.log.middle() {
            rate
        } else {
            limits::RATE
        }
    }

    /// What the slowest of those has acknowledged that have acknowledged something lately, or had everything until lately.
    fn slowest(&mut self, now: Duration) -> u64 {
        let tail = self.log.end() - 1;
        let old_end = self.pace.old_end;
        let listens = |member: &&Member| {
            member.acked_at.until(now) < limits::LAG_PATIENCE || member.link.acked() + 1 >= old_end
        };
        let acked = self
            .slots
            .members()
            .filter(listens)
            .map(|member| member.link.acked());
        acked.fold(tail, u64::min)
    }
}
