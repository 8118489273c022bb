//! What a session tells its driver.

use crate::wire::{GoneReason, Refusal};
use std::time::Duration;

/// What the driver is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// In the room.
    Joined(Joined),
    /// Not let in. After a refused name, [`super::Session::handle_name`] with another one goes on.
    Refused(Refusal),
    /// Something happened in the room.
    Happened {
        /// Its number in the log.
        number: u64,
        /// When, in milliseconds since 1970 by the server's clock.
        unix_ms: u64,
        /// Whether it was before this client came.
        history: bool,
        /// What.
        what: Seen,
    },
    /// The utterance of this count, in the order of [`super::Session::handle_say`], is in the log.
    Ordered(u64),
    /// Who is here.
    Roster(Vec<String>),
    /// Nothing was heard of the server for so long, though it was asked.
    Silent(Duration),
    /// The server is heard again after a silence.
    HeardAgain,
    /// The socket should be made anew: this one may be of a network that is gone.
    Rebind,
    /// It is over.
    Ended(End),
}

/// How one came to be in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// For the first time.
    First,
    /// After having been cut off; the log goes on where one was.
    Again,
    /// After the server was started anew: another log, from its beginning.
    Anew,
}

/// Something that happened in the room, to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the events of the log are")]
pub enum Seen {
    Entered(String),
    Said(String, String),
    Left(String),
    Announced(String),
    /// So many events are no longer to be had.
    Gap(u64),
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As wished: everything said was ordered, and the server has confirmed the leaving.
    Left,
    /// The server ended it, and what the operator said of it.
    Removed(GoneReason, String),
    /// No server answered.
    Unreachable,
    /// Leaving, the server fell silent; so many utterances were not delivered.
    Undelivered(usize),
}
