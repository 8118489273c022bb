//! The round-trip time and what timeout follows from it (RFC 6298).

use crate::limits;
use std::time::Duration;

/// A smoothed round-trip time and its variation; nothing before the first measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rtt {
    /// In nanoseconds.
    state: Option<(u32, u32)>,
}

impl Rtt {
    /// Takes in one measurement (RFC 6298, section 2: alpha 1/8, beta 1/4).
    pub(super) fn measured(&mut self, sample: Duration) {
        let sample = sample.min(limits::RTO_MOST).as_nanos() as u32;
        // Each is at most a sample, so that it fits again.
        let mean =
            |weight, old, new| ((weight * u64::from(old) + u64::from(new)) / (weight + 1)) as u32;
        self.state = Some(match self.state {
            None => (sample, sample / 2),
            Some((smoothed, variation)) => (
                mean(7, smoothed, sample),
                mean(3, variation, smoothed.abs_diff(sample)),
            ),
        });
    }

    pub(super) fn smoothed(&self) -> Option<Duration> {
        self.state
            .map(|(smoothed, _)| Duration::from_nanos(u64::from(smoothed)))
    }

    /// The retransmission timeout before any backoff, of a peer that may hold an acknowledgement back for
    /// `allowance`.
    pub(super) fn timeout(&self, allowance: Duration) -> Duration {
        let Some((smoothed, variation)) = self.state else {
            return limits::RTO_FIRST;
        };
        // In whole nanoseconds: this is reckoned for each datagram that is sent.
        let margin = (4 * u64::from(variation)).max(1_000_000);
        let timeout = Duration::from_nanos(u64::from(smoothed) + margin) + allowance;
        timeout.clamp(limits::RTO_LEAST, limits::RTO_MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeout_follows_the_measurements() {
        let mut rtt = Rtt::default();
        assert_eq!(rtt.timeout(limits::ACK_ALLOWANCE), limits::RTO_FIRST);
        rtt.measured(Duration::from_millis(80));
        // 80 + 4 * 40 + 100.
        assert_eq!(
            rtt.timeout(limits::ACK_ALLOWANCE),
            Duration::from_millis(340)
        );
        for _ in 0..100 {
            rtt.measured(Duration::from_millis(80));
        }
        assert!(
            rtt.timeout(limits::ACK_ALLOWANCE) < Duration::from_millis(182),
            "{:?}",
            rtt.timeout(limits::ACK_ALLOWANCE)
        );
        rtt.measured(Duration::from_secs(3600));
        assert_eq!(rtt.timeout(limits::ACK_ALLOWANCE), limits::RTO_MOST);
    }
}
