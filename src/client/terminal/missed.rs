//! Lines that were missed during a silence, counted as they come.
//!
//! Which ones were missed is told by the server's clock: those that it dates before the moment at which it was heard
//! again. How far this machine's clock is ahead of it is known from what came while it happened.

use super::clock;
use crate::limits;
use std::time::Duration;

/// Since the server was heard again.
#[derive(Debug)]
struct Filled {
    count: u64,
    /// When the last of them came, or the silence ended.
    at: Duration,
    /// What happened later than this, by the server's clock, was not missed. A second later than the resumption, since
    /// clocks are not that exact, and who speaks as one comes back is as well counted.
    until_ms: u64,
    /// How many is told; should more come all the same, it is told once more.
    told: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Missed {
    filled: Option<Filled>,
    /// At the least.
    ahead_ms: Option<i64>,
}

impl Missed {
    /// The server is heard again; false if that is known already.
    pub(super) fn resume(&mut self, now: Duration) -> bool {
        let news = self.filled.as_ref().is_none_or(|filled| filled.told);
        let ahead = self.ahead_ms.unwrap_or_default();
        self.filled = Some(Filled {
            count: 0,
            at: now,
            until_ms: clock::unix_ms().saturating_add_signed(1000 - ahead),
            told: false,
        });
        news
    }

    /// Silence again.
    pub(super) fn forget(&mut self) {
        self.filled = None;
    }

    /// Something happened at this moment of the server's, told as it came unless there was a silence. Gives how many
    /// were missed when this was not.
    pub(super) fn note(&mut self, now: Duration, unix_ms: u64, silent: bool) -> Option<u64> {
        let mut told = None;
        if let Some(filled) = &mut self.filled {
            if unix_ms < filled.until_ms {
                filled.count += 1;
                filled.at = now;
                return None;
            }
            told = filled.tell();
            self.filled = None;
        }
        if !silent {
            let signed = |ms| i64::try_from(ms).unwrap_or_default();
            let ahead = signed(clock::unix_ms()) - signed(unix_ms);
            self.ahead_ms = Some(self.ahead_ms.map_or(ahead, |known| known.min(ahead)));
        }
        told
    }

    /// How many were missed, once none has come for some time.
    pub(super) fn tick(&mut self, now: Duration) -> Option<u64> {
        let filled = self.filled.as_mut()?;
        if now < filled.at + limits::FILLED_IN {
            return None;
        }
        filled.tell()
    }
}

impl Filled {
    fn tell(&mut self) -> Option<u64> {
        let count = std::mem::take(&mut self.count);
        let first = !std::mem::replace(&mut self.told, true);
        (first || count > 0).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_dates_before_the_resumption_was_missed() {
        let (mut missed, second) = (Missed::default(), Duration::from_secs(1));
        let now_ms = clock::unix_ms();
        // The server's clock is an hour ahead.
        assert_eq!(missed.note(Duration::ZERO, now_ms + 3_600_000, false), None);
        assert!(missed.resume(second) && !missed.resume(second));
        assert_eq!(missed.note(second, now_ms + 3_500_000, false), None);
        assert_eq!(missed.note(second, now_ms + 3_500_001, false), None);
        assert_eq!(missed.tick(second * 2), None);
        assert_eq!(missed.tick(second * 9), Some(2));
        assert_eq!(missed.tick(second * 19), None);
        assert_eq!(missed.note(second * 20, now_ms + 3_599_000, false), None);
        assert_eq!(missed.note(second * 20, now_ms + 3_700_000, false), Some(1));
        assert_eq!(missed.tick(second * 99), None);
    }

    #[test]
    fn nothing_missed_is_told_once() {
        let (mut missed, second) = (Missed::default(), Duration::from_secs(1));
        missed.resume(second);
        assert_eq!(missed.tick(second * 9), Some(0));
        assert_eq!(missed.tick(second * 19), None);
    }
}
