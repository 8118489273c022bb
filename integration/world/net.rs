//! A network that loses, doubles, delays, reorders and damages datagrams.

use chatroom::link::Random;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How bad the network is; the chances are of a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    pub loss: u64,
    pub duplicate: u64,
    pub reorder: u64,
    pub flip: u64,
    pub delay: (Duration, Duration),
    /// Larger datagrams vanish without a word; 0: none do.
    pub mtu: usize,
}

impl Faults {
    /// A network that only takes its time.
    pub fn none() -> Faults {
        Faults {
            delay: (Duration::from_micros(100), Duration::from_micros(200)),
            ..Faults::default()
        }
    }

    /// What becomes of a datagram: the copies that arrive, each after its delay.
    pub fn fate(&self, random: &mut Random, bytes: &[u8]) -> Vec<(Duration, Vec<u8>)> {
        if chance(random, self.loss) || (self.mtu > 0 && bytes.len() > self.mtu) {
            return Vec::new();
        }
        let copies = if chance(random, self.duplicate) { 2 } else { 1 };
        let copy = |_| {
            let mut bytes = bytes.to_vec();
            if chance(random, self.flip) && !bytes.is_empty() {
                let bit = random.below(bytes.len() as u64 * 8) as usize;
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            let mut delay = random.between(self.delay.0, self.delay.1);
            if chance(random, self.reorder) {
                delay += self.delay.1 * 2;
            }
            (delay, bytes)
        };
        (0..copies).map(copy).collect()
    }
}

fn chance(random: &mut Random, of_thousand: u64) -> bool {
    of_thousand > 0 && random.below(1000) < of_thousand
}

/// A datagram under way.
pub struct Packet {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

/// See the module.
pub struct Net {
    pub faults: Faults,
    random: Random,
    under_way: BTreeMap<(Duration, u64), Packet>,
    count: u64,
    /// Bytes and datagrams that were given to it.
    pub sent: u64,
}

impl Net {
    pub fn new(seed: u64, faults: Faults) -> Net {
        Net {
            faults,
            random: Random::new(seed),
            under_way: BTreeMap::new(),
            count: 0,
            sent: 0,
        }
    }

    pub fn next_at(&self) -> Option<Duration> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn take(&mut self) -> Option<Packet> {
        self.under_way.pop_first().map(|(_, packet)| packet)
    }

    pub fn send(&mut self, now: Duration, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.sent += 1;
        for (delay, bytes) in self.faults.fate(&mut self.random, bytes) {
            self.count += 1;
            self.under_way
                .insert((now + delay, self.count), Packet { from, to, bytes });
        }
    }
}
