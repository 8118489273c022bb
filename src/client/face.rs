//! What the threads tell whoever sits at the client, or the program that does: one trait, and a form of it for each.
//!
//! What always holds: nothing here decides what the session does, and what is told comes in the session's order.

use crate::cli::Exit;
use crate::session::{Joined, RosterEntry, Seen, Wish};
use crate::wire::Failure;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;

/// An event of the log: when, where, and whether it was before one came.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// Its number in the log.
    pub(super) number: u64,
    /// When, in milliseconds since 1970 by the server's clock.
    pub(super) unix_ms: u64,
    /// From before one came.
    pub(super) history: bool,
}

/// See the module. What a form has no words for it lets pass.
pub(super) trait Face: Debug + Send {
    /// Whether it shows history unless told otherwise.
    fn wants_history(&self) -> bool {
        false
    }

    /// Whether it would like to know who is here whenever it comes in.
    fn wants_roster(&self) -> bool {
        false
    }

    /// A name is awaited on stdin.
    fn name_wanted(&mut self) {}

    /// The input has ended where a name was awaited, and its line with nothing.
    fn name_missed(&mut self) {}

    /// In the room, under this name.
    fn joined(&mut self, now: Duration, joined: Joined, name: &str, server: SocketAddr);

    /// Something happened in the room.
    fn happened(&mut self, now: Duration, at: At, seen: &Seen);

    /// What was told of history is all of it.
    fn history_ends(&mut self) {}

    /// Everything of one's own up to this count is ordered.
    fn ordered(&mut self, _count: u64) {}

    /// One's own wish of this count has its place in the log here.
    fn logged(&mut self, _now: Duration, _count: u64, _at: At) {}

    /// One's own wish of this count came to nothing.
    fn failed(&mut self, count: u64, why: Failure, wish: Option<&Wish>);

    /// One has this name from now on.
    fn renamed(&mut self, name: &str);

    /// One is marked as away.
    fn away(&mut self);

    /// Who is here.
    fn roster(&mut self, entries: Vec<RosterEntry>);

    /// How many of how many others have what one said last.
    fn reach(&mut self, reach: Option<(u64, u64)>);

    /// The way to the server and back.
    fn pong(&mut self, round_trip: Duration);

    /// The server has been silent for so long.
    fn silent(&mut self, now: Duration, silence: Duration);

    /// The server is heard again.
    fn heard_again(&mut self, now: Duration);

    /// The session is lost, and asked for again.
    fn returning(&mut self) {}

    /// Says something about the program, which is no event of the room.
    fn notice(&mut self, what: &str);

    /// Says what went wrong.
    fn error(&mut self, what: &str);

    /// Lists the commands.
    fn help(&mut self);

    /// A command that is the face's own, or that nobody knows; false if it is another's.
    fn obey(&mut self, _name: &str, _argument: &str) -> bool {
        false
    }

    /// It is over, in this way and with so many lines undelivered.
    fn ended(&mut self, _exit: Exit, _undelivered: usize) {}

    /// Time passes.
    fn tick(&mut self, _now: Duration) {}

    /// Whether more can be told now; while not, nothing more is taken from the network.
    fn has_room(&self) -> bool {
        true
    }

    /// Shows what it was told; false once nobody sees it.
    fn flush(&mut self) -> bool;

    /// Whether showing failed, which is more than that its reader has gone.
    fn has_failed(&self) -> bool {
        false
    }

    /// The program ends: what is yet to be shown has a moment.
    fn drain(&mut self) {}

    /// The program ends while a line is being read.
    fn close(&mut self) {}
}
