//! Who may not come in: names, and addresses, for a time or for good.
//!
//! What always holds here: whoever is banned is not in the room. Names count by what they look like, IPv6 addresses
//! by their network of 64 bits, as everywhere at the door.

use super::door::network;
use super::{Room, UserMap};
use crate::limits;
use crate::text::{Name, NameKey};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whom {
    /// Whoever has this name, or one that looks like it.
    Name(Name),
    /// Whoever comes from this address.
    Address(IpAddr),
}

/// A ban: whom, and until when by the wall clock, in milliseconds since 1970; `None`: for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ban {
    /// Who may not come in.
    pub whom: Whom,
    /// Until when.
    pub until: Option<u64>,
}

/// There are [`limits::BANS`] bans already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Bans {
    names: BTreeMap<NameKey, (Name, Option<u64>)>,
    addresses: BTreeMap<IpAddr, Option<u64>>,
}

impl Bans {
    fn add(&mut self, ban: Ban) {
        match ban.whom {
            Whom::Name(name) => drop(self.names.insert(name.key(), (name, ban.until))),
            Whom::Address(address) => drop(self.addresses.insert(network(address), ban.until)),
        }
    }

    fn len(&self) -> usize {
        self.names.len() + self.addresses.len()
    }

    fn forget_expired(&mut self, unix_ms: u64) {
        let holds = |until: &Option<u64>| until.is_none_or(|until| until > unix_ms);
        self.names.retain(|_, (_, until)| holds(until));
        self.addresses.retain(|_, until| holds(until));
    }

    /// For how long someone is kept out, as a Refused says it: minutes, 255 for more, 0 for good. `None`: not at all.
    pub(super) fn minutes(&self, name: &Name, from: IpAddr, unix_ms: u64) -> Option<u8> {
        if self.len() == 0 {
            return None;
        }
        let by_name = self.names.get(&name.key()).map(|(_, until)| *until);
        let by_address = self.addresses.get(&network(from)).copied();
        let left = [by_name, by_address]
            .into_iter()
            .flatten()
            .filter_map(|until| match until {
                None => Some(u64::MAX),
                Some(until) => until.checked_sub(unix_ms).filter(|left| *left > 0),
            });
        left.max().map(|left| match left {
            u64::MAX => 0,
            left => left.div_ceil(60_000).min(255) as u8,
        })
    }

    /// Whether what is said to last until then still does.
    fn holds(until: Option<&Option<u64>>, unix_ms: u64) -> bool {
        until.is_some_and(|until| until.is_none_or(|until| until > unix_ms))
    }

    /// Whether nobody may have this name.
    pub(super) fn has_name(&self, name: &Name, unix_ms: u64) -> bool {
        let until = self.names.get(&name.key()).map(|(_, until)| until);
        Bans::holds(until, unix_ms)
    }

    /// Whether nobody may come from there.
    pub(super) fn has_address(&self, from: IpAddr, unix_ms: u64) -> bool {
        Bans::holds(self.addresses.get(&network(from)), unix_ms)
    }
}

impl Room {
    /// Bans someone, and removes whom that concerns; `why` is told to them. What was said of the same one before
    /// counts no more.
    pub fn handle_ban(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        ban: Ban,
        why: &str,
    ) -> Result<(), TooMany> {
        self.bans.forget_expired(self.unix_ms);
        if self.bans.len() >= limits::BANS {
            return Err(TooMany);
        }
        self.bans.add(ban);
        self.remove_banned(users, now, why);
        Ok(())
    }

    /// Takes a ban back; false if there is none.
    pub fn handle_unban(&mut self, whom: &Whom) -> bool {
        self.bans.forget_expired(self.unix_ms);
        match whom {
            Whom::Name(name) => self.bans.names.remove(&name.key()).is_some(),
            Whom::Address(address) => self.bans.addresses.remove(&network(*address)).is_some(),
        }
    }

    /// Puts these bans in the place of all that there are, as far as they are not too many.
    pub fn set_bans(&mut self, users: &mut UserMap, now: Duration, bans: Vec<Ban>, why: &str) {
        self.bans = Bans::default();
        for ban in bans.into_iter().take(limits::BANS) {
            self.bans.add(ban);
        }
        self.remove_banned(users, now, why);
    }

    /// All bans that hold, names first.
    pub fn bans(&mut self) -> Vec<Ban> {
        self.bans.forget_expired(self.unix_ms);
        let names = self.bans.names.values().map(|(name, until)| Ban {
            whom: Whom::Name(name.clone()),
            until: *until,
        });
        let addresses = self.bans.addresses.iter().map(|(address, until)| Ban {
            whom: Whom::Address(*address),
            until: *until,
        });
        names.chain(addresses).collect()
    }

    fn remove_banned(&mut self, users: &mut UserMap, now: Duration, why: &str) {
        let banned = |name: &Name, from| self.bans.minutes(name, from, self.unix_ms).is_some();
        let users_banned: Vec<_> = users
            .iter()
            .filter(|user| banned(&user.name, user.address.ip()))
            .map(|user| (user.session, user.address))
            .collect();
        for (session, address) in users_banned {
            self.remove_user(users, now, (session, address), why);
        }
    }
}
