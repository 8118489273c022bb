//! A network that loses, doubles, delays, reorders and damages datagrams.

use chatroom::link::Random;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
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

/// One direction of one member's own line, beside what the network does; the chances are of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    pub loss: u64,
    /// That a time begins in which everything is lost.
    pub burst: u64,
    /// Larger datagrams vanish; 0: none do.
    pub mtu: usize,
    pub delay: Duration,
    pub cut: bool,
    dark_until: Duration,
}

impl Line {
    /// Whether a datagram of this size gets through now.
    pub fn passes(&mut self, now: Duration, random: &mut Random, size: usize) -> bool {
        if self.cut || now < self.dark_until || (self.mtu > 0 && size > self.mtu) {
            return false;
        }
        if chance(random, self.burst) {
            self.dark_until = now + Duration::from_millis(50 + random.below(2000));
            return false;
        }
        !chance(random, self.loss)
    }
}

/// A datagram under way.
#[derive(Clone)]
pub struct Packet {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Rc<[u8]>,
    /// It is as it was sent.
    pub intact: bool,
}

/// See the module.
pub struct Net {
    pub faults: Faults,
    random: Random,
    under_way: BTreeMap<(Duration, u64), Packet>,
    count: u64,
    /// Datagrams that were given to it.
    pub sent: u64,
    /// The newest that have arrived, for who would like to see one again.
    captured: VecDeque<Packet>,
}

/// Datagrams that are kept for [`Net::replay`].
const CAPTURED: usize = 200;

impl Net {
    pub fn new(seed: u64, faults: Faults) -> Net {
        Net {
            faults,
            random: Random::new(seed),
            under_way: BTreeMap::new(),
            count: 0,
            sent: 0,
            captured: VecDeque::new(),
        }
    }

    pub fn next_at(&self) -> Option<Duration> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn take(&mut self) -> Option<Packet> {
        let (_, packet) = self.under_way.pop_first()?;
        if self.captured.len() == CAPTURED {
            self.captured.pop_front();
        }
        self.captured.push_back(packet.clone());
        Some(packet)
    }

    /// Takes a datagram, which the member's line holds up for `delay`.
    pub fn send(
        &mut self,
        now: Duration,
        delay: Duration,
        (from, to): (SocketAddr, SocketAddr),
        bytes: &[u8],
    ) {
        self.sent += 1;
        for (later, copy) in self.faults.fate(&mut self.random, bytes) {
            let intact = copy == bytes;
            let packet = Packet {
                from,
                to,
                bytes: copy.into(),
                intact,
            };
            self.put(now + delay + later, packet);
        }
    }

    /// Somebody sends one of the newest datagrams again, from its sender's address or another one.
    pub fn replay(&mut self, now: Duration, elsewhere: Option<SocketAddr>) {
        let count = self.captured.len() as u64;
        if count == 0 {
            return;
        }
        let at = self.random.below(count) as usize;
        if let Some(mut packet) = self.captured.get(at).cloned() {
            packet.from = elsewhere.unwrap_or(packet.from);
            self.put(now, packet);
        }
    }

    fn put(&mut self, at: Duration, packet: Packet) {
        self.count += 1;
        self.under_way.insert((at, self.count), packet);
    }
}
