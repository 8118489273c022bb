//! Who may not speak, for a time or for good.
//!
//! A mute is of a name, and whoever has the name cannot change it: who leaves and comes in again under it is mute still.

use super::Room;
use crate::limits;
use crate::text::{Name, NameKey};
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Mutes {
    names: BTreeMap<NameKey, (Name, Option<u64>)>,
}

impl Mutes {
    /// For how long yet, as a Failed says it: minutes, 255 for more, 0 for good. `None`: not at all.
    pub(super) fn minutes(&self, name: &Name, unix_ms: u64) -> Option<u8> {
        if self.names.is_empty() {
            return None;
        }
        match self.names.get(&name.key())?.1 {
            None => Some(0),
            Some(until) => {
                let left = until.checked_sub(unix_ms).filter(|left| *left > 0)?;
                Some(left.div_ceil(60_000).min(255) as u8)
            }
        }
    }

    fn forget_expired(&mut self, unix_ms: u64) {
        self.names
            .retain(|_, (_, until)| until.is_none_or(|until| until > unix_ms));
    }
}

impl Room {
    /// Whoever has this name cannot speak until then, by the wall clock in milliseconds since 1970, or `None`: until
    /// it may again. False if too many are mute already.
    pub fn handle_mute(&mut self, name: &Name, until: Option<u64>) -> bool {
        self.mutes.forget_expired(self.unix_ms);
        let has_room = self.mutes.names.len() < limits::BANS;
        if has_room {
            self.mutes.names.insert(name.key(), (name.clone(), until));
        }
        has_room
    }

    /// Whoever has this name may speak again; false if it could.
    pub fn handle_unmute(&mut self, name: &Name) -> bool {
        self.mutes.forget_expired(self.unix_ms);
        self.mutes.names.remove(&name.key()).is_some()
    }

    /// Who cannot speak, and until when.
    pub fn mutes(&mut self) -> Vec<(Name, Option<u64>)> {
        self.mutes.forget_expired(self.unix_ms);
        self.mutes.names.values().cloned().collect()
    }
}
