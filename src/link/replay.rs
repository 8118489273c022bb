//! Which datagrams came already: the newest packet number and a bitmap of those before it (RFC 4303,
//! section 3.4.3, as IPsec does it).

use super::Arrival;
use crate::limits::REPLAY_WINDOW;

const WORDS: usize = (REPLAY_WINDOW / 64) as usize;

/// Accepts each packet number once, if it is not too far behind the newest.
#[derive(Debug, Default)]
pub(super) struct Replay {
    newest: u64,
    /// Bit `n % REPLAY_WINDOW` stands for the packet number `n` of the last `REPLAY_WINDOW` ones.
    seen: [u64; WORDS],
}

impl Replay {
    /// The newest number so far; 0 before the first.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn accept(&mut self, packet: u64) -> Option<Arrival> {
        if packet > self.newest {
            // The words that the window has moved over stand for new numbers now.
            let (from, to) = (self.newest / 64, packet / 64);
            for word in (from + 1..=to).take(WORDS) {
                self.seen[word as usize % WORDS] = 0;
            }
            self.newest = packet;
            self.mark(packet);
            return Some(Arrival::Newest);
        }
        // A whole word less than the bitmap holds: the newest word is not yet full.
        let behind = self.newest / 64 - packet / 64;
        if packet == 0 || behind >= WORDS as u64 || !self.mark(packet) {
            return None;
        }
        Some(Arrival::Late)
    }

    /// Sets the bit; false if it was set.
    fn mark(&mut self, packet: u64) -> bool {
        let word = &mut self.seen[(packet / 64) as usize % WORDS];
        let bit = 1 << (packet % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_number_once() {
        let mut replay = Replay::default();
        assert_eq!(replay.accept(0), None);
        assert_eq!(replay.accept(1), Some(Arrival::Newest));
        assert_eq!(replay.accept(1), None);
        assert_eq!(replay.accept(5), Some(Arrival::Newest));
        assert_eq!(replay.accept(3), Some(Arrival::Late));
        assert_eq!(replay.accept(3), None);
        assert_eq!(replay.accept(5 + REPLAY_WINDOW), Some(Arrival::Newest));
        assert_eq!(replay.accept(2), None, "too old to tell");
        assert_eq!(replay.accept(REPLAY_WINDOW), Some(Arrival::Late));
        assert_eq!(replay.accept(u64::MAX), Some(Arrival::Newest));
        assert_eq!(replay.accept(u64::MAX), None);
        assert_eq!(replay.accept(u64::MAX - 1), Some(Arrival::Late));
    }

    #[test]
    fn agrees_with_a_set_of_all_numbers() {
        let mut random = Random::new(1);
        for round in 0..200 {
            let (mut replay, mut seen) = (Replay::default(), BTreeSet::new());
            let mut newest = random.below(1 << 40) + 1;
            for _ in 0..500 {
                let stride = if random.below(20) == 0 {
                    3 * REPLAY_WINDOW
                } else {
                    40
                };
                let packet = (newest + random.below(stride))
                    .saturating_sub(random.below(900))
                    .max(1);
                newest = newest.max(packet);
                let near = newest - packet < REPLAY_WINDOW - 64;
                let fresh = seen.insert(packet);
                let accepted = replay.accept(packet).is_some();
                assert!(!accepted || fresh, "round {round}: {packet} twice");
                assert!(
                    accepted || !fresh || !near,
                    "round {round}: {packet} refused at {newest}"
                );
            }
        }
    }
}
