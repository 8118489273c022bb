//! What the peer is known to have, and what follows from it for what it does not have.

use super::flights::Landed;
use super::moment::Moment;
use super::{Impossible, Link};
use crate::limits;
use std::time::Duration;

impl Link {
    /// The peer has every item up to `acked`, and if `gap_end` is not 0, the first that it has after that is
    /// `gap_end`. It held this back for `held_ms`. An acknowledgement older than another one says nothing.
    pub fn acknowledge(
        &mut self,
        now: Duration,
        acked: u64,
        gap_end: u64,
        held_ms: u64,
    ) -> Result<(), Impossible> {
        if acked > self.sent || gap_end > self.sent {
            return Err(Impossible);
        }
        if acked < self.acked {
            return Ok(());
        }
        self.gap_end = gap_end;
        self.retire(now, acked, held_ms);
        if gap_end > acked {
            self.find_lost(now, gap_end);
        }
        if self.prompt_peer {
            self.find_overdue(now);
        }
        Ok(())
    }

    /// Drops the flights that have landed, measures the round trip by them, and opens the window.
    fn retire(&mut self, now: Duration, acked: u64, held_ms: u64) {
        let advanced = acked > self.acked;
        let Landed { count, sent_at } = self.flights.land(self.acked, acked);
        self.acked = acked;
        if let Some(sent_at) = sent_at {
            let held = Duration::from_millis(held_ms);
            self.rtt.measured(sent_at.until(now).saturating_sub(held));
        }
        if !advanced {
            return;
        }
        self.backoff = 0;
        self.asked = false;
        self.rto_at = if self.flights.is_empty() {
            Moment::NEVER
        } else {
            (now + self.timeout()).into()
        };
        self.window.grow(count);
    }

    /// What lies before `gap_end` and is still in flight was overtaken: take it for lost. A resend gets a
    /// round trip's time, for the report may be older than it.
    fn find_lost(&mut self, now: Duration, gap_end: u64) {
        let patience = self.rtt.smoothed().unwrap_or(limits::ACK_ALLOWANCE);
        let newest_lost = self.flights.overtaken(self.acked, gap_end, |flight| {
            !flight.resent || flight.sent_at.until(now) >= patience
        });
        if let Some(newest_lost) = newest_lost {
            self.wary = limits::WARY;
            self.window.halve(newest_lost, now);
        }
    }

    /// What a prompt peer does not acknowledge though it was heard a round trip and some reordering after, is lost (as in
    /// RFC 8985, section 6.2): the retransmission timeout would come later.
    fn find_overdue(&mut self, now: Duration) {
        if let Some(smoothed) = self.rtt.smoothed() {
            let patience = smoothed + (smoothed / 4).max(limits::REORDERING_LEAST);
            if let Some(newest_lost) = self.flights.overdue(now, self.acked, patience) {
                self.window.halve(newest_lost, now);
            }
        }
    }
}
