//! The door: before an address has proved that it receives, nothing is kept of it.
//!
//! What always holds here: one reply per datagram at most, and none larger than the datagram. A cookie is
//! a keyed hash of the address, so the server need not remember that it gave one (RFC 6013, RFC 9000
//! section 8.1); a table of fixed size limits what one source may cost.

use crate::limits;
use crate::seal::Key;
use crate::wire::SessionId;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What the address proves by giving the cookie back.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// To join.
    Join,
    /// To have this session's datagrams from now on.
    Move(SessionId),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Door {
    cookie_key: Key,
    table_key: Key,
    /// For each bucket, when it will have all its tokens again, in milliseconds of the driver's clock.
    full_at: Vec<u64>,
    /// Members of each source.
    members: BTreeMap<IpAddr, usize>,
    /// Members that a source may have; `None`: the default, and none for loopback.
    per_address: Option<usize>,
}

impl Door {
    pub(super) fn new(cookie_key: Key, table_key: Key, per_address: Option<usize>) -> Door {
        let full_at = vec![0; limits::SOURCE_BUCKETS];
        Door {
            cookie_key,
            table_key,
            full_at,
            members: BTreeMap::new(),
            per_address,
        }
    }

    pub(super) fn set_per_address(&mut self, per_address: Option<usize>) {
        self.per_address = per_address;
    }

    /// The cookie for this address at this time.
    pub(super) fn cookie(
        &self,
        now: Duration,
        address: SocketAddr,
        nonce: u64,
        purpose: Purpose,
    ) -> u64 {
        self.cookie_of(slot(now), address, nonce, purpose)
    }

    /// Whether this cookie was given to this address not long ago.
    pub(super) fn accepts(
        &self,
        now: Duration,
        address: SocketAddr,
        nonce: u64,
        purpose: Purpose,
        cookie: u64,
    ) -> bool {
        let slot = slot(now);
        [slot, slot.wrapping_sub(1)]
            .into_iter()
            .any(|slot| self.cookie_of(slot, address, nonce, purpose) == cookie)
    }

    fn cookie_of(&self, slot: u64, address: SocketAddr, nonce: u64, purpose: Purpose) -> u64 {
        let (code, session) = match purpose {
            Purpose::Join => (0, 0),
            Purpose::Move(session) => (1, session.0),
        };
        let mut bytes = [0; 16 + 2 + 8 + 8 + 1 + 4];
        let parts: [&[u8]; 6] = [
            &octets(address.ip()),
            &address.port().to_be_bytes(),
            &nonce.to_be_bytes(),
            &slot.to_be_bytes(),
            &[code],
            &session.to_be_bytes(),
        ];
        let mut rest = &mut bytes[..];
        for part in parts {
            let (place, after) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = after;
        }
        self.cookie_key.hash(&bytes)
    }

    /// Whether a datagram without a session from this source may cost us a reply.
    pub(super) fn admits(&mut self, now: Duration, source: IpAddr) -> bool {
        if self.is_exempt(source) {
            return true;
        }
        let bucket =
            self.table_key.hash(&octets(network(source))) as usize % limits::SOURCE_BUCKETS;
        let now = now.as_millis() as u64;
        let each = 1000 / u64::from(limits::SOURCE_RATE);
        let full_at = self.full_at[bucket].max(now) + each;
        let admitted = full_at - now <= each * u64::from(limits::SOURCE_BURST);
        if admitted {
            self.full_at[bucket] = full_at;
        }
        admitted
    }

    /// Whether one more member may come from this source.
    pub(super) fn has_room_for(&self, source: IpAddr) -> bool {
        let most = self.per_address.unwrap_or(limits::PER_ADDRESS);
        self.is_exempt(source)
            || self
                .members
                .get(&network(source))
                .is_none_or(|count| *count < most)
    }

    /// How many sources have members.
    pub(super) fn sources(&self) -> usize {
        self.members.len()
    }

    pub(super) fn entered(&mut self, source: IpAddr) {
        *self.members.entry(network(source)).or_default() += 1;
    }

    pub(super) fn left(&mut self, source: IpAddr) {
        if let Some(count) = self.members.get_mut(&network(source)) {
            *count -= 1;
            if *count == 0 {
                self.members.remove(&network(source));
            }
        }
    }

    /// Loopback is this machine: not limited, unless the operator names a limit. A limit of 0 is none.
    fn is_exempt(&self, source: IpAddr) -> bool {
        match self.per_address {
            Some(most) => most == 0,
            None => source.to_canonical().is_loopback(),
        }
    }
}

fn slot(now: Duration) -> u64 {
    now.as_secs() / limits::COOKIE_SLOT.as_secs()
}

/// What counts as one source: an IPv4 address, or an IPv6 network of 64 bits, as one subscriber has it.
pub(super) fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}
