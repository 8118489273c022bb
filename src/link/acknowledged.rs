//! What the peer is known to have, and what follows from it for what it does not have.

use super::moment::Moment;
use super::{Impossible, Link};
use crate::limits;
use crate::wire::Stamps;
use std::time::Duration;

impl Link {
    /// The peer has every item up to `acked`, and if `gap_end` is not 0, the first that it has after that is
    /// `gap_end`. An acknowledgement older than another one says nothing.
    pub fn acknowledge(
        &mut self,
        now: Duration,
        acked: u64,
        gap_end: u64,
        stamps: Stamps,
    ) -> Result<(), Impossible> {
        let round_trip = self.clocks.heard(now, stamps);
        if acked > self.sent || gap_end > self.sent {
            return Err(Impossible);
        }
        if acked < self.acked {
            return Ok(());
        }
        self.gap_end = gap_end;
        if acked > self.acked {
            // What it has now it had from something that came there: the clocks have met.
            self.rtt.measured(round_trip);
            self.retire(now, acked);
        }
        if gap_end > acked {
            self.find_lost(now, gap_end);
        }
        if self.prompt_peer {
            self.find_overdue(now);
        }
        Ok(())
    }

    /// Drops the flights that have landed, and opens the window.
    fn retire(&mut self, now: Duration, acked: u64) {
        let landed = self.flights.land(self.acked, acked);
        self.acked = acked;
        self.backoff = 0;
        self.asked = false;
        self.rto_at = if self.flights.is_empty() {
            Moment::NEVER
        } else {
            (now + self.timeout()).into()
        };
        self.window.grow(landed);
    }

    /// What lies before `gap_end` and is still in flight was overtaken: take it for lost. A resend gets a
    /// round trip's time, for the report may be older than it.
    fn find_lost(&mut self, now: Duration, gap_end: u64) {
        // As far as the clocks tell it.
        let round_trip = self.rtt.smoothed().map(|rtt| rtt + Stamps::TICK);
        let patience = round_trip.unwrap_or(limits::ACK_ALLOWANCE);
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
