//! A moment as a link and a member keep it: half the size of a `Duration`, for there are many of them.

use std::time::Duration;

/// Nanoseconds on the driver's clock, enough for 584 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Later than any other.
    pub const NEVER: Moment = Moment(u64::MAX);

    /// Nothing, if it is never.
    pub fn time(self) -> Option<Duration> {
        (self != Moment::NEVER).then_some(Duration::from_nanos(self.0))
    }

    /// So much later.
    pub fn after(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(Moment::from(time).0))
    }

    /// The first multiple of this time, on the driver's clock, that is no earlier.
    pub fn round_up(self, grain: Duration) -> Moment {
        let multiple = self.0.checked_next_multiple_of(Moment::from(grain).0);
        multiple.map_or(Moment::NEVER, Moment)
    }

    /// The time since then, on the driver's clock; none if it is yet to come.
    pub fn until(self, now: Duration) -> Duration {
        Duration::from_nanos(Moment::from(now).0.saturating_sub(self.0))
    }
}

impl From<Duration> for Moment {
    fn from(time: Duration) -> Moment {
        // The last one is never.
        Moment(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX - 1))
    }
}

impl From<Moment> for Duration {
    fn from(moment: Moment) -> Duration {
        Duration::from_nanos(moment.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_move_on_and_stay_in_their_range() {
        let (at, grain) = (Moment(7), Duration::from_nanos(4));
        assert_eq!(at.after(grain), Moment(11));
        assert_eq!(
            [at.round_up(grain), Moment(8).round_up(grain)],
            [Moment(8); 2]
        );
        assert_eq!(Moment(u64::MAX - 1).after(grain), Moment::NEVER);
        assert_eq!(Moment(u64::MAX - 1).round_up(grain), Moment::NEVER);
    }
}
