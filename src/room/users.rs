//! The user map: who is in the room, under which name, at which address.
//!
//! The server keeps it behind a mutex: the router lends it to the room for a batch, the operator's console
//! looks into it in between.

use crate::link::Moment;
use crate::text::{Name, NameKey};
use crate::wire::SessionId;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Stands in place of the session of a classic member, which has none: no slot has this number.
pub(super) const NO_SESSION: SessionId = SessionId(u32::MAX);

/// One who is in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// As shown.
    pub name: Name,
    /// Where its datagrams go.
    pub address: SocketAddr,
    /// The session, whose slot is where the room keeps the rest; a classic member has none.
    pub session: SessionId,
    /// When the member entered, on the driver's clock.
    pub since: Moment,
}

/// Everyone in the room, by what their names look like: two names that look alike are one.
#[derive(Debug, Default)]
pub struct UserMap {
    by_key: BTreeMap<NameKey, User>,
}

impl UserMap {
    /// Who has this name, or one that looks like it.
    pub fn find(&self, name: &Name) -> Option<&User> {
        self.by_key.get(&name.key())
    }

    /// Everyone, in the order of their names' keys.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.by_key.values()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether the room is empty.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(super) fn put(&mut self, user: User) {
        self.by_key.insert(user.name.key(), user);
    }

    /// Something about someone is different now.
    pub(super) fn update(&mut self, name: &Name, change: impl FnOnce(&mut User)) {
        if let Some(mut user) = self.by_key.remove(&name.key()) {
            change(&mut user);
            self.put(user);
        }
    }

    pub(super) fn remove(&mut self, name: &Name) {
        self.by_key.remove(&name.key());
    }
}
