//! A bound on how often something may be done: the generic cell rate algorithm (ITU-T I.371), a token bucket in one
//! number.

use super::Moment;
use crate::limits;
use std::time::Duration;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// When the bucket will be full again.
    full_at: Moment,
}

impl Default for Rate {
    fn default() -> Rate {
        let full_at = Duration::ZERO.into();
        Rate { full_at }
    }
}

impl Rate {
    /// Takes a token for an utterance, or says when there will be one. A `rate` of 0 per second is no limit.
    pub fn take(&mut self, now: Duration, rate: u32) -> Result<(), Duration> {
        if rate == 0 {
            return Ok(());
        }
        self.take_of(now, rate, limits::RATE_BURST.max(rate))
    }

    /// The same from a bucket that holds `burst` tokens; the `rate` is not 0.
    pub fn take_of(&mut self, now: Duration, rate: u32, burst: u32) -> Result<(), Duration> {
        let each = Duration::from_secs(1) / rate;
        let depth = each * burst;
        // It was emptied at another rate, perhaps: no bucket takes longer to fill than an empty one.
        self.full_at = self.full_at.min((now + depth).into());
        let full_at = Duration::from(self.full_at).max(now) + each;
        match full_at.checked_sub(now + depth) {
            Some(wait) if !wait.is_zero() => Err(now + wait),
            _ => {
                self.full_at = full_at.into();
                Ok(())
            }
        }
    }
}
