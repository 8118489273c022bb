//! The datagrams in flight: which items each carries, and which of them are taken for lost.
//!
//! What always holds here: the flights are in the order of their items and without holes, from the first item on that is
//! not acknowledged. So each keeps no more than how many it has: a room has many members, and under load each has many flights.

use super::Run;
use super::moment::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// A datagram in flight, or lost and to be sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) sent_at: Moment,
    /// How many items it carries that are not acknowledged.
    items: u32,
    lost: bool,
    pub(super) resent: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Flights {
    flights: VecDeque<Flight>,
    lost: u32,
}

impl Flights {
    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    /// Datagrams that are neither acknowledged nor taken for lost.
    pub(super) fn under_way(&self) -> u32 {
        self.flights.len() as u32 - self.lost
    }

    pub(super) fn has_lost(&self) -> bool {
        self.lost > 0
    }

    /// A datagram with new items has gone out.
    pub(super) fn push(&mut self, now: Duration, run: Run) {
        let len = self.flights.len();
        if len == self.flights.capacity() {
            // In a quiet room there is never more than one, in a rush many members have a few at the same time, and in a
            // talk each has soon as many as its window takes.
            let more = match len {
                0 => 1,
                1 => 3,
                _ => len,
            };
            self.flights.reserve_exact(more);
        }
        self.flights.push_back(Flight {
            sent_at: now.into(),
            items: run.items(),
            lost: false,
            resent: false,
        });
    }

    /// A datagram with items of a lost one, from its first on, has gone out. What it did not take stays lost.
    pub(super) fn resend(&mut self, now: Duration, acked: u64, run: Run) {
        let Some(at) = self
            .runs(acked)
            .position(|(r, flight)| flight.lost && r.first == run.first)
        else {
            return;
        };
        let flight = self.flights[at];
        let items = run.items().min(flight.items);
        self.flights[at] = Flight {
            sent_at: now.into(),
            items,
            lost: false,
            resent: true,
        };
        self.lost -= 1;
        if items < flight.items {
            let items = flight.items - items;
            self.flights.insert(at + 1, Flight { items, ..flight });
            self.lost += 1;
        }
    }

    /// The flights, each with what it carries.
    fn runs(&self, acked: u64) -> impl Iterator<Item = (Run, &Flight)> {
        let mut end = acked.saturating_add(1);
        self.flights.iter().map(move |flight| {
            let first = end;
            end += u64::from(flight.items);
            (Run { first, end }, flight)
        })
    }

    /// The next run to send again; only the very first flight's if `only_first`.
    pub(super) fn next_lost(&self, acked: u64, only_first: bool) -> Option<Run> {
        if self.lost == 0 {
            return None;
        }
        let mut runs = self
            .runs(acked)
            .take(if only_first { 1 } else { usize::MAX });
        runs.find(|(_, flight)| flight.lost).map(|(run, _)| run)
    }

    /// Every item up to `acked` has arrived, as before every one up to `before` had; gives how many datagrams that were.
    pub(super) fn land(&mut self, before: u64, acked: u64) -> u32 {
        let mut landed = 0;
        let mut items = acked - before;
        while let Some(flight) = self.flights.front_mut() {
            let Some(rest) = items.checked_sub(flight.items.into()) else {
                flight.items -= items as u32;
                break;
            };
            items = rest;
            self.lost -= u32::from(flight.lost);
            landed += 1;
            self.flights.pop_front();
        }
        if self.flights.is_empty() && self.flights.capacity() > 1 {
            // A member has many flights or none, and in a rush the lists of those that have none would be half of all.
            self.flights = VecDeque::new();
        }
        landed
    }

    /// Takes for lost what begins before `gap_end`, where `impatient` says so, for what comes from there on may have been
    /// repeated by a later datagram; gives when the newest of what was lost just now was sent.
    pub(super) fn overtaken(
        &mut self,
        acked: u64,
        gap_end: u64,
        impatient: impl Fn(&Flight) -> bool,
    ) -> Option<Moment> {
        let mut newest = None;
        let mut first = acked.saturating_add(1);
        for flight in &mut self.flights {
            if first >= gap_end {
                break;
            }
            first += u64::from(flight.items);
            if !flight.lost && impatient(flight) {
                flight.lost = true;
                self.lost += 1;
                newest = newest.max(Some(flight.sent_at));
            }
        }
        newest
    }

    /// Takes for lost what is older than `patience`, unless something that was sent again still has its time; gives when
    /// the newest of it was sent.
    pub(super) fn overdue(
        &mut self,
        now: Duration,
        acked: u64,
        patience: Duration,
    ) -> Option<Moment> {
        let old = |flight: &Flight| flight.sent_at.until(now) >= patience;
        let mut flights = self.flights.iter();
        if flights.any(|flight| flight.resent && !old(flight)) {
            return None;
        }
        self.overtaken(acked, u64::MAX, old)
    }

    /// Takes everything for lost, as far as the peer, which has everything up to `acked`, did not say that
    /// it has what comes from `gap_end` on.
    pub(super) fn give_up(&mut self, acked: u64, gap_end: u64) {
        let known = if gap_end > acked { gap_end } else { u64::MAX };
        let newest = self.overtaken(acked, known, |_| true);
        if newest.is_none() && !self.has_lost() {
            self.overtaken(acked, u64::MAX, |_| true);
        }
    }
}
