//! How large a datagram the path to a member carries: packetization layer path MTU discovery (RFC 8899).
//!
//! What always holds here: nothing larger than [`limits::DATAGRAM`] carries events before a probe of that size has
//! been answered, be it anew after two timeouts in a row (a black hole, section 4.3). Probes go out
//! only where there is more to send than a datagram takes. The standard library cannot forbid fragmenting, so a
//! size beyond the common link's is tried on loopback alone, where the link is known.

use crate::limits;
use crate::link::Moment;
use std::net::SocketAddr;
use std::time::Duration;

/// Which of the sizes is the largest that is tried where the link is not known.
const BEYOND_LOOPBACK: u8 = 1;

/// See the module.
#[derive(Debug)]
pub(super) struct Path {
    /// Which of the sizes is confirmed, and which is the largest to be tried.
    step: u8,
    most: u8,
    /// Probes of the next size that were not answered.
    tries: u8,
    timeouts: u8,
    /// No probe before this time; never: no need for one.
    probe_at: Moment,
    earliest: Moment,
}

impl Path {
    /// A path to this address, of which nothing is known.
    pub(super) fn new(to: SocketAddr) -> Path {
        let loopback = to.ip().to_canonical().is_loopback();
        let last = limits::DATAGRAM_SIZES.len() as u8 - 1;
        Path {
            step: 0,
            most: if loopback { last } else { BEYOND_LOOPBACK },
            tries: 0,
            timeouts: 0,
            probe_at: Moment::NEVER,
            earliest: Duration::ZERO.into(),
        }
    }

    /// Bytes of a datagram that carries events.
    pub(super) fn size(&self) -> usize {
        limits::DATAGRAM_SIZES[usize::from(self.step)]
    }

    /// Which of the sizes that is.
    pub(super) fn step(&self) -> usize {
        usize::from(self.step)
    }

    /// Datagrams of this size in flight, at most: so many fit a receive buffer, which counts more than their bytes.
    pub(super) fn window(&self) -> u32 {
        let counted = (self.size() + limits::AROUND_DATAGRAM).next_power_of_two();
        ((limits::IN_FLIGHT_BYTES / counted) as u32)
            .clamp(limits::WINDOW_LEAST, limits::WINDOW_MOST)
    }

    /// A datagram was full: a larger one would have carried more.
    pub(super) fn was_full(&mut self) {
        if self.step < self.most && self.probe_at == Moment::NEVER {
            self.probe_at = self.earliest;
        }
    }

    /// The size to probe now, if one is to be.
    pub(super) fn poll_probe(&mut self, now: Duration) -> Option<usize> {
        if self.probe_at > now.into() {
            return None;
        }
        self.probe_at = Moment::NEVER;
        if self.tries == limits::PATH_PROBES {
            self.tries = 0;
            self.earliest = (now + limits::PATH_RETRY).into();
            return None;
        }
        // Each waits twice as long for its answer as the one before.
        self.earliest = (now + limits::RTO_FIRST * (1 << self.tries)).into();
        self.tries += 1;
        Some(limits::DATAGRAM_SIZES[usize::from(self.step) + 1])
    }

    /// A probe of this size has arrived, if one went out since the path is this one: whether it carries more than was known.
    pub(super) fn confirm(&mut self, size: u64) -> bool {
        let next = limits::DATAGRAM_SIZES.get(usize::from(self.step) + 1);
        let probed = self.tries > 0 && self.step < self.most;
        let larger = probed && next.is_some_and(|next| *next as u64 == size);
        if larger {
            self.step += 1;
            self.tries = 0;
            self.probe_at = Moment::NEVER;
            self.earliest = Duration::ZERO.into();
        }
        larger
    }

    /// What was sent is getting through.
    pub(super) fn progressed(&mut self) {
        self.timeouts = 0;
    }

    /// What was sent was not acknowledged in time: whether the path is taken for a black hole, from now on.
    pub(super) fn timed_out(&mut self, now: Duration) -> bool {
        self.timeouts = self.timeouts.saturating_add(1);
        let black = self.step > 0 && self.timeouts >= 2;
        if black {
            self.step = 0;
            self.tries = 0;
            self.probe_at = Moment::NEVER;
            // Perhaps nothing at all came through, or the member stood still: the search begins anew (section 5.2).
            self.earliest = (now + limits::RTO_MOST).into();
        }
        black
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 1);
    const ELSEWHERE: ([u8; 4], u16) = ([192, 168, 1, 1], 1);

    fn probe(path: &mut Path, now: u64) -> Option<usize> {
        path.was_full();
        path.poll_probe(Duration::from_secs(now))
    }

    #[test]
    fn grows_by_answered_probes_where_there_is_need() {
        let mut path = Path::new(LOOPBACK.into());
        assert_eq!(path.poll_probe(Duration::ZERO), None, "no need");
        for size in limits::DATAGRAM_SIZES.into_iter().skip(1) {
            assert_eq!(probe(&mut path, 1), Some(size));
            assert!(!path.confirm(size as u64 + 1), "another size");
            assert!(path.confirm(size as u64));
            assert_eq!(path.size(), size);
            assert_eq!(path.window(), if size == 1452 { 64 } else { 10 });
            assert!(!path.confirm(size as u64), "again");
        }
        assert_eq!(probe(&mut path, 100), None);
    }

    #[test]
    fn beyond_the_common_link_only_on_loopback() {
        let mut path = Path::new(ELSEWHERE.into());
        assert_eq!(probe(&mut path, 0), Some(limits::DATAGRAM_SIZES[1]));
        assert!(path.confirm(limits::DATAGRAM_SIZES[1] as u64));
        assert_eq!(probe(&mut path, 9), None);
        assert!(!path.confirm(limits::DATAGRAM_SIZES[2] as u64));
    }

    #[test]
    fn unanswered_probes_are_few() {
        let mut path = Path::new(LOOPBACK.into());
        let tried = (0..300).filter(|now| probe(&mut path, *now).is_some());
        assert_eq!(tried.collect::<Vec<u64>>(), [0, 1, 3]);
        let later = limits::PATH_RETRY.as_secs() + 300;
        assert!(probe(&mut path, later).is_some());
    }

    #[test]
    fn a_late_answer_does_not_leave_a_probe_beyond_the_last_size() {
        let mut path = Path::new(ELSEWHERE.into());
        let size = probe(&mut path, 0).unwrap();
        path.was_full();
        assert!(path.confirm(size as u64));
        assert_eq!(path.poll_probe(Duration::from_secs(9)), None);
    }

    #[test]
    fn two_timeouts_in_a_row_are_a_black_hole() {
        let mut path = Path::new(LOOPBACK.into());
        probe(&mut path, 0);
        path.confirm(limits::DATAGRAM_SIZES[1] as u64);
        assert!(!path.timed_out(Duration::from_secs(1)));
        path.progressed();
        assert!(!path.timed_out(Duration::from_secs(2)));
        assert!(path.timed_out(Duration::from_secs(3)));
        assert_eq!(path.size(), limits::DATAGRAM);
        assert_eq!(probe(&mut path, 5), None);
        let late = limits::DATAGRAM_SIZES[1] as u64;
        assert!(!path.confirm(late), "an answer to a probe from before");
        assert_eq!(probe(&mut path, 6), Some(limits::DATAGRAM_SIZES[1]));
        assert!(path.confirm(late));
    }
}
