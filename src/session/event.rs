//! What a session tells its driver.

use crate::wire::{Failure, GoneReason, Refusal};
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
    /// What was told of history is all of it: what comes now has happened since.
    HistoryEnds,
    /// The wish of this count, in the order of [`super::Session::handle_wish`], was ordered by the server: it is in
    /// the log, or, see the next, came to nothing.
    Ordered(u64),
    /// The wish of this count, told as ordered before, has its place in the log here: between the events that were
    /// told before and those that will be. Not told where that part of the log is no longer to be had.
    Logged {
        /// Which.
        count: u64,
        /// Its number in the log.
        number: u64,
        /// When, in milliseconds since 1970 by the server's clock.
        unix_ms: u64,
    },
    /// The wish of this count came to nothing. Told after its [`Event::Ordered`]; of count 0 it is one that the same
    /// session's process before this one had handed in.
    Failed {
        /// Which.
        count: u64,
        /// Why.
        why: Failure,
        /// The wish itself, unless so many others have failed meanwhile that it is forgotten.
        wish: Option<Wish>,
    },
    /// One has this name from now on: one's own renaming was ordered.
    Renamed(String),
    /// One is marked as away, until one's next words.
    Away,
    /// Who is here.
    Roster(Vec<RosterEntry>),
    /// Who has what one said last: so many of so many others who were there; `None`: nothing was said yet.
    Reach(Option<(u64, u64)>),
    /// The server has answered a ping, after so long.
    Pong(Duration),
    /// Nothing was heard of the server for so long, though it was asked.
    Silent(Duration),
    /// The server is heard again after a silence.
    HeardAgain,
    /// The session is lost, and the server is asked to be let in again.
    Returning,
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
    Acted(String, String),
    /// Said to this client alone.
    Whispered(String, String),
    /// The name until now, and the name from now on.
    Renamed(String, String),
    /// So many events are no longer to be had.
    Gap(u64),
}

/// Something that a person would like the room to order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To say this to all, at most [`crate::limits::UTTERANCE_BYTES`], not nothing.
    Say(String),
    /// To be shown doing this, within the same bounds.
    Act(String),
    /// To say this to the one of this name alone: a name of at most [`crate::limits::NAME_BYTES`], a text as above.
    Whisper(String, String),
    /// To have this name, of at most [`crate::limits::NAME_SENT`] bytes.
    Rename(String),
    /// To be marked as away until the next words, and why: at most [`crate::limits::WHY_BYTES`].
    Away(String),
}

/// One who is here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RosterEntry {
    /// The name.
    pub name: String,
    /// Why it is away, if it is.
    pub away: Option<String>,
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
