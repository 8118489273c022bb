//! The seam between proposing an event and committing it.
//!
//! The room proposes what it would like to happen, and applies what the ledger has committed, in the order in
//! which the ledger gives it. Whether a name is free is decided when a proposal is applied: the first in the
//! ledger wins. Today's ledger is in memory and commits at once; with a durable or replicated one the commit
//! comes later than the proposal, and the room does not notice.

use super::member::MemberId;
use crate::text::Name;
use crate::wire::{GoneReason, Resume};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

/// Something that should happen to the room.
#[derive(Clone, Debug)]
pub enum Proposal {
    /// Someone enters.
    Enter(Entry),
    /// A member says something.
    Say {
        /// Who.
        author: MemberRef,
        /// What.
        text: Box<str>,
    },
    /// A member does something.
    Act {
        /// Who.
        author: MemberRef,
        /// What.
        text: Box<str>,
    },
    /// A member says something to one other alone.
    Whisper {
        /// Who.
        author: MemberRef,
        /// To whom: who has this name when it is applied.
        to: Box<str>,
        /// What.
        text: Box<str>,
    },
    /// A member wants another name.
    Rename {
        /// Who.
        author: MemberRef,
        /// The name, not yet checked.
        name: Box<str>,
    },
    /// A member is away until it speaks again.
    Away {
        /// Who.
        author: MemberRef,
        /// Why.
        why: Arc<str>,
    },
    /// A member leaves, or is made to.
    Leave {
        /// Who.
        author: MemberRef,
        /// How.
        reason: GoneReason,
        /// What the operator said of it.
        why: Arc<str>,
    },
    /// The operator says something.
    Announce(Box<str>),
}

/// A member at the time of a proposal: if the slot is another's by the time of the commit, nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRef {
    pub(super) slot: u32,
    pub(super) member: MemberId,
}

/// A Join whose cookie and name were found right.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Under which name.
    pub name: Name,
    /// From where.
    pub address: SocketAddr,
    /// The nonce of the Join.
    pub nonce: u64,
    /// The cookie of the Join, which the proof of resuming covers.
    pub cookie: u64,
    /// How much history is wanted.
    pub history: u16,
    /// The member to continue as.
    pub resume: Option<Resume>,
    /// By the classroom's text protocol: there is no nonce, no cookie, no history and nothing to resume.
    pub classic: bool,
}

/// Puts proposals into their one order, and keeps them.
pub trait Ledger: Send {
    /// Takes a proposal, to be committed now or later.
    fn propose(&mut self, proposal: Proposal);
    /// The next proposal that is committed, in the order of the commits.
    fn poll_committed(&mut self) -> Option<Proposal>;
}

/// The ledger that keeps nothing and commits at once.
#[derive(Debug, Default)]
pub struct InMemory {
    committed: VecDeque<Proposal>,
}

impl Ledger for InMemory {
    fn propose(&mut self, proposal: Proposal) {
        self.committed.push_back(proposal);
    }

    fn poll_committed(&mut self) -> Option<Proposal> {
        self.committed.pop_front()
    }
}
