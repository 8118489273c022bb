//! The datagrams in flight: which items each carries, and which of them are taken for lost.
//!
//! What always holds here: the flights are disjoint, in the order of their items, and without holes between
//! them.

use super::Run;
use super::moment::Moment;
use std::collections::VecDeque;
use std::time::Duration;

/// A datagram in flight, or lost and to be sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    run: Run,
    packet: u64,
    pub(super) sent_at: Moment,
    lost: bool,
    pub(super) resent: bool,
}

/// What an acknowledgement has covered.
pub(super) struct Landed {
    /// Datagrams.
    pub(super) count: u32,
    /// When the newest of them was sent, if that measures a round trip.
    pub(super) sent_at: Option<Moment>,
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

    /// Nothing has happened for a while: gives back the space that many flights took.
    pub(super) fn rest(&mut self) {
        if self.flights.is_empty() {
            self.flights = VecDeque::new();
        }
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
    pub(super) fn push(&mut self, now: Duration, run: Run, packet: u64) {
        if self.flights.capacity() == 0 {
            // In a quiet room there is never more than one.
            self.flights.reserve_exact(1);
        }
        self.flights.push_back(Flight {
            run,
            packet,
            sent_at: now.into(),
            lost: false,
            resent: false,
        });
    }

    /// A datagram with items of a lost one, from its first on, has gone out. What it did not take stays lost.
    pub(super) fn resend(&mut self, now: Duration, run: Run, packet: u64) {
        let Some(at) = self
            .flights
            .iter()
            .position(|f| f.lost && f.run.first == run.first)
        else {
            return;
        };
        let flight = self.flights[at];
        self.flights[at] = Flight {
            run,
            packet,
            sent_at: now.into(),
            lost: false,
            resent: true,
        };
        self.lost -= 1;
        if run.end < flight.run.end {
            let rest = Run {
                first: run.end,
                ..flight.run
            };
            self.flights.insert(
                at + 1,
                Flight {
                    run: rest,
                    ..flight
                },
            );
            self.lost += 1;
        }
    }

    /// The next run to send again; only the very first flight's if `only_first`.
    pub(super) fn next_lost(&self, only_first: bool) -> Option<Run> {
        if self.lost == 0 {
            return None;
        }
        let mut flights = self
            .flights
            .iter()
            .take(if only_first { 1 } else { usize::MAX });
        flights.find(|flight| flight.lost).map(|flight| flight.run)
    }

    /// Every item up to `acked` has arrived.
    pub(super) fn land(&mut self, acked: u64) -> Landed {
        let mut landed = Landed {
            count: 0,
            sent_at: None,
        };
        let mut ambiguous = false;
        while let Some(flight) = self.flights.front_mut() {
            if flight.run.end - 1 > acked {
                flight.run.first = flight.run.first.max(acked + 1);
                break;
            }
            // Karn's rule (RFC 6298, section 3), for the whole run: an acknowledgement that had to wait for a
            // resend measures that wait.
            ambiguous |= flight.resent || flight.lost;
            landed.sent_at = Some(flight.sent_at).filter(|_| !ambiguous);
            self.lost -= u32::from(flight.lost);
            landed.count += 1;
            self.flights.pop_front();
        }
        landed
    }

    /// Takes for lost what begins before `gap_end`, where `impatient` says so, for what comes from there on may have been
    /// repeated by a later datagram; gives the newest packet number among what was lost just now, or 0.
    pub(super) fn overtaken(&mut self, gap_end: u64, impatient: impl Fn(&Flight) -> bool) -> u64 {
        let mut newest = 0;
        for flight in self
            .flights
            .iter_mut()
            .take_while(|flight| flight.run.first < gap_end)
        {
            if !flight.lost && impatient(flight) {
                flight.lost = true;
                self.lost += 1;
                newest = newest.max(flight.packet);
            }
        }
        newest
    }

    /// Takes for lost what is older than `patience`, unless something that was sent again still has its time; gives the
    /// newest packet number among it, or 0.
    pub(super) fn overdue(&mut self, now: Duration, patience: Duration) -> u64 {
        let old = |flight: &Flight| flight.sent_at.until(now) >= patience;
        if self
            .flights
            .iter()
            .any(|flight| flight.resent && !old(flight))
        {
            return 0;
        }
        self.overtaken(u64::MAX, old)
    }

    /// Takes everything for lost, as far as the peer, which has everything up to `acked`, did not say that
    /// it has what comes from `gap_end` on.
    pub(super) fn give_up(&mut self, acked: u64, gap_end: u64) {
        let known = if gap_end > acked { gap_end } else { u64::MAX };
        if self.overtaken(known, |_| true) == 0 && !self.has_lost() {
            self.overtaken(u64::MAX, |_| true);
        }
    }
}
