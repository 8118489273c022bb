//! Whose words a person does not want to see.
//!
//! What always holds here: names are compared as the room compares them; what is no name, as it was typed.

use crate::text::{Name, NameKey};
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ignored(BTreeMap<Result<NameKey, String>, String>);

impl Ignored {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// Begins or ends it; gives the name as it was typed first, and whether it is hidden now.
    pub(super) fn toggle(&mut self, name: &str) -> (String, bool) {
        if let Some(known) = self.0.remove(&key(name)) {
            return (known, false);
        }
        self.0.insert(key(name), name.to_owned());
        (name.to_owned(), true)
    }

    pub(super) fn rename(&mut self, name: &str, other: &str) {
        if self.0.remove(&key(name)).is_some() {
            self.0.insert(key(other), other.to_owned());
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.contains_key(&key(name))
    }
}

fn key(name: &str) -> Result<NameKey, String> {
    Name::new(name)
        .map(|name| name.key())
        .map_err(|_| name.to_owned())
}
