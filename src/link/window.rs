//! How many datagrams may be under way: slow start, congestion avoidance, and a cut for each loss (RFC 5681).

use super::moment::Moment;
use crate::limits;
use std::time::Duration;

/// Always at least [`limits::WINDOW_LEAST`] and at most what the path was found to take.
#[derive(Debug)]
pub(super) struct Window {
    size: u32,
    most: u32,
    pub(super) threshold: u32,
    /// Acknowledged datagrams since the window grew by one, in congestion avoidance.
    credit: u32,
    /// When the window was last cut, or never yet: what was sent until then and is lost is the same loss (RFC 9002,
    /// section 7.3.2).
    cut_at: Moment,
}

impl Default for Window {
    fn default() -> Window {
        Window {
            size: limits::WINDOW_FIRST,
            most: limits::WINDOW_MOST,
            threshold: limits::WINDOW_MOST,
            credit: 0,
            cut_at: Moment::NEVER,
        }
    }
}

impl Window {
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// Datagrams have another size: so many at most, from now on.
    pub(super) fn limit(&mut self, most: u32) {
        self.most = most;
        self.size = self.size.min(most);
    }

    /// So many datagrams were acknowledged.
    pub(super) fn grow(&mut self, count: u32) {
        for _ in 0..count {
            if self.size < self.threshold {
                self.size += 1;
            } else {
                self.credit += 1;
                if self.credit >= self.size {
                    self.credit = 0;
                    self.size += 1;
                }
            }
        }
        self.size = self.size.min(self.most);
    }

    /// The newest of what is now found lost was sent then.
    pub(super) fn halve(&mut self, newest_lost: Moment, now: Duration) {
        if self.cut_at == Moment::NEVER || newest_lost > self.cut_at {
            // Talk is small: on a path that loses at random, less would stall it.
            let least = limits::WINDOW_CUT_LEAST.min(self.size);
            self.size = (self.size / 2).max(least);
            self.threshold = self.size;
            self.cut_at = now.into();
        }
    }

    /// Nothing came back in time.
    pub(super) fn collapse(&mut self, now: Duration) {
        self.threshold = (self.size / 2).max(limits::WINDOW_LEAST);
        self.size = limits::WINDOW_LEAST;
        self.cut_at = now.into();
    }

    /// The path is another one, of which nothing is known.
    pub(super) fn restart(&mut self) {
        self.size = limits::WINDOW_FIRST.min(self.most);
        self.threshold = limits::WINDOW_MOST;
    }
}
