//! How much the room holds, to be set against `limits`; and the numbers that its counts begin with.

use super::Room;

/// The numbers that a room's counts begin with: those of the programs by default, others to test counts near
/// their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The number of the first event.
    pub event: u64,
    /// The utterance that a newcomer's first one follows.
    pub utterance: u64,
    /// The packet number that a session's first one follows.
    pub packet: u64,
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers {
            event: 1,
            utterance: 0,
            packet: 0,
        }
    }
}

/// What the room holds at a time. Of members, the most that any one has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Members.
    pub members: usize,
    /// Events that the log retains.
    pub log_events: usize,
    /// Bytes that these are counted with.
    pub log_bytes: usize,
    /// Sessions that ended and are remembered.
    pub departed: usize,
    /// Entries of the timers, also those that are out of date.
    pub timers: usize,
    /// Replies that wait to be sent.
    pub replies: usize,
    /// Sources that members come from.
    pub sources: usize,
    /// Runs of one member that are under way or lost.
    pub flights: usize,
    /// Utterances of one member that came early.
    pub early: usize,
    /// Utterances of one member that are held back.
    pub waiting: usize,
}

impl Room {
    /// What the room holds now.
    pub fn sizes(&mut self) -> Sizes {
        let (log_events, log_bytes) = self.log.sizes();
        let mut sizes = Sizes {
            members: self.slots.live().len(),
            log_events,
            log_bytes,
            departed: self.graveyard.len(),
            timers: self.timers.len(),
            replies: self.replies.len(),
            sources: self.door.sources(),
            ..Sizes::default()
        };
        for at in 0..sizes.members {
            let slot = self.slots.live()[at];
            if let Some(member) = self.slots.member(slot) {
                sizes.flights = sizes.flights.max(member.link.flights());
                sizes.early = sizes.early.max(member.inbox.early());
                sizes.waiting = sizes.waiting.max(member.rest.waiting.len());
            }
        }
        sizes
    }
}
