//! How many datagrams may be under way: slow start, congestion avoidance, and a cut for each loss (RFC 5681).

use crate::limits;

/// Always at least [`limits::WINDOW_LEAST`] and at most what the path was found to take.
#[derive(Debug)]
pub(super) struct Window {
    size: u32,
    most: u32,
    pub(super) threshold: u32,
    /// Acknowledged datagrams since the window grew by one, in congestion avoidance.
    credit: u32,
    /// The newest packet number when the window was last cut: losses up to it are the same loss.
    recovery: u64,
}

impl Default for Window {
    fn default() -> Window {
        Window {
            size: limits::WINDOW_FIRST,
            most: limits::WINDOW_MOST,
            threshold: limits::WINDOW_MOST,
            credit: 0,
            recovery: 0,
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

    /// Packets up to `newest_lost` were lost on the way, when `last` was the last one sent.
    pub(super) fn halve(&mut self, newest_lost: u64, last: u64) {
        if newest_lost > self.recovery {
            // Talk is small: on a path that loses at random, less would stall it.
            let least = limits::WINDOW_CUT_LEAST.min(self.size);
            self.size = (self.size / 2).max(least);
            self.threshold = self.size;
            self.recovery = last;
        }
    }

    /// Nothing came back in time.
    pub(super) fn collapse(&mut self, last: u64) {
        self.threshold = (self.size / 2).max(limits::WINDOW_LEAST);
        self.size = limits::WINDOW_LEAST;
        self.recovery = last;
    }

    /// The path is another one, of which nothing is known.
    pub(super) fn restart(&mut self) {
        self.size = limits::WINDOW_FIRST.min(self.most);
        self.threshold = limits::WINDOW_MOST;
    }
}
