//! How fast members may speak: as fast as the operator allows, but where that is faster than the default, no faster
//! than the default while somebody who listens is about to fall off the retained log.
//!
//! What always holds here: `floor` is no higher than what any member has acknowledged that did so lately, so the members
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
}

impl Pace {
    /// Someone has acknowledged this much and no more, and may have been out of sight before.
    pub(super) fn note(&mut self, acked: u64) {
        self.floor = self.floor.min(acked);
    }
}

impl Room {
    /// Utterances per second that a member may say now; 0: no limit.
    pub(super) fn rate(&mut self, now: Duration) -> u32 {
        let rate = self.config.rate;
        if (1..=limits::RATE).contains(&rate) || self.pace.floor >= self.log.middle() {
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

    /// What the slowest of those has acknowledged that have acknowledged something lately.
    fn slowest(&mut self, now: Duration) -> u64 {
        let tail = self.log.end() - 1;
        let listens = |member: &&Member| member.acked_at.until(now) < limits::LAG_PATIENCE;
        let acked = self
            .slots
            .members()
            .filter(listens)
            .map(|member| member.link.acked());
        acked.fold(tail, u64::min)
    }
}
