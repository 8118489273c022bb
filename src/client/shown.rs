//! What the client's threads share behind one mutex: the session, and what the person's side of it has come to.

use crate::cli::Exit;
use crate::commands::Correspondent;
use crate::session::Session;
use std::time::Duration;

/// The session, and what the person's side of it has come to.
pub(super) struct Shown {
    pub(super) session: Session,
    pub(super) correspondent: Correspondent,
    pub(super) door: Door,
    pub(super) exit: Option<Exit>,
    /// How often it was heard that a port is closed, before one was in.
    pub(super) refusals: usize,
    /// By a signal.
    pub(super) asked_to_end: bool,
    /// Lines that were read when one was leaving already.
    pub(super) late: usize,
}

impl Shown {
    pub(super) fn new(session: Session) -> Shown {
        Shown {
            session,
            correspondent: Correspondent::default(),
            door: Door::Waiting,
            exit: None,
            refusals: 0,
            asked_to_end: false,
            late: 0,
        }
    }

    /// Lines that were read and are not in the log, as far as is known.
    pub(super) fn undelivered(&self) -> usize {
        self.session.undelivered() + self.late
    }

    /// Under this name, since another was refused.
    pub(super) fn ask_to_enter(&mut self, now: Duration, name: &str) {
        self.door = Door::Waiting;
        self.session.handle_name(now, name);
    }

    /// Nothing more is to be read.
    pub(super) fn is_ending(&self) -> bool {
        self.exit.is_some() || self.session.is_leaving()
    }
}

/// Where the person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Waiting,
    In,
    NameRefused,
}
