//! The round trip, told by clocks: a datagram carries its sender's, and the receiver's as it would stand at the sender
//! (timestamps, RFC 7323, section 4). So what was sent again measures like anything else, on a path that has become slow
//! too, and the time for which an acknowledgement waited does not count.

use crate::wire::Stamps;
use std::time::Duration;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// The peer's clock less ours, when it was last heard: behind by the way from there.
    offset: u16,
}

impl Clocks {
    /// What a datagram carries that goes now.
    pub(super) fn stamps(&self, now: Duration) -> Stamps {
        let value = ticks(now);
        let echo = value.wrapping_add(self.offset);
        Stamps { value, echo }
    }

    /// A datagram has come; the way there and back, if an earlier one of ours had come there.
    pub(super) fn heard(&mut self, now: Duration, stamps: Stamps) -> Duration {
        let value = ticks(now);
        self.offset = stamps.value.wrapping_sub(value);
        // Whole ticks on both sides may come to one too few.
        let round_trip = { value.wrapping_sub(stamps.echo).wrapping_add(1) }.saturating_sub(1);
        Stamps::TICK * u32::from(round_trip)
    }
}

/// A clock as it travels.
fn ticks(now: Duration) -> u16 {
    (now.as_nanos() as u64 / Stamps::TICK.as_nanos() as u64) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The round trip that is measured where each way takes so long, and the answer waits so long.
    fn measured(sent: Duration, way: Duration, held: Duration) -> Duration {
        // The peer's clock is another one.
        let other = Duration::from_micros(123_456_789);
        let (mut own, mut peer) = (Clocks::default(), Clocks::default());
        peer.heard(sent + way + other, own.stamps(sent));
        let answer = peer.stamps(sent + way + held + other);
        own.heard(sent + 2 * way + held, answer)
    }

    #[test]
    fn the_way_there_and_back_is_measured_and_no_wait() {
        let mut furthest = Duration::ZERO;
        for micros in (0..100_000).step_by(77) {
            // The low bits of the clocks overflow within these.
            let sent = Duration::from_millis(16_300) + Duration::from_micros(micros);
            for way in [0, 90, 125, 10_000, 1_500_000].map(Duration::from_micros) {
                for held in [0, 60, 25_000].map(Duration::from_micros) {
                    let measured = measured(sent, way, held);
                    furthest = furthest.max(measured.abs_diff(2 * way));
                }
            }
        }
        assert!(furthest < 2 * Stamps::TICK, "{furthest:?}");
    }

    #[test]
    fn what_does_not_fit_is_told_short() {
        let most = Stamps::TICK * u32::from(u16::MAX);
        let way = most / 2 + Duration::from_secs(1);
        assert!(measured(Duration::ZERO, way, Duration::ZERO) < Duration::from_secs(3));
    }
}
