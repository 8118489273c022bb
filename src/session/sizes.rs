//! How much a session holds, to be set against `limits`.

use super::{Session, State};

/// What a session holds at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Utterances that are not known to be in the log, the leaving among them.
    pub queue: usize,
    /// Tags of its newest datagrams.
    pub tags: usize,
    /// Runs that are under way or lost.
    pub flights: usize,
    /// Datagrams that came early.
    pub early: usize,
}

impl Session {
    /// What the session holds now.
    pub fn sizes(&self) -> Sizes {
        let (flights, early) = match &self.state {
            State::Present(presence) => presence.sizes(),
            _ => (0, 0),
        };
        Sizes {
            queue: self.queue.len(),
            tags: self.tags.len(),
            flights,
            early,
        }
    }
}
