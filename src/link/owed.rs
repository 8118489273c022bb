//! The acknowledgement that is owed, and when it has to go.

use super::moment::Moment;
use std::time::Duration;

/// When an acknowledgement that is owed has to go, if nothing takes it along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Now.
    AtOnce,
    /// After this time, whatever comes meanwhile.
    Within(Duration),
    /// When nothing has come for this time: while datagrams flow, the sender asks when it needs to know.
    Quiet(Duration),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Owed {
    at: Moment,
    /// What comes meanwhile postpones it.
    quiet: bool,
}

impl Default for Owed {
    fn default() -> Owed {
        Owed {
            at: Moment::NEVER,
            quiet: false,
        }
    }
}

impl Owed {
    /// Something came.
    pub(super) fn owe(&mut self, now: Duration, urgency: Urgency) {
        let (at, quiet) = match urgency {
            Urgency::AtOnce => (now, false),
            Urgency::Within(delay) => (now + delay, false),
            Urgency::Quiet(delay) => (now + delay, true),
        };
        let postponed = quiet && self.quiet;
        if postponed || self.at >= at.into() {
            (self.at, self.quiet) = (at.into(), quiet);
        }
    }

    /// It has gone.
    pub(super) fn settle(&mut self) {
        *self = Owed::default();
    }

    pub(super) fn at(&self) -> Moment {
        self.at
    }
}
