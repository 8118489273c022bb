//! A path that loses and delays, between the crowd's sockets and its peers.

use chatroom::link::Random;
use std::collections::VecDeque;
use std::time::Duration;

/// The same delay for all, so what went in first comes out first.
pub struct Path {
    delay: Duration,
    /// Of a thousand datagrams, each way.
    loss: u64,
    random: Random,
    under_way: VecDeque<Packet>,
}

/// A datagram of or for a member.
pub struct Packet {
    pub at: Duration,
    pub member: usize,
    pub bytes: Vec<u8>,
}

impl Path {
    pub fn new(delay: Duration, loss: u64) -> Path {
        Path {
            delay,
            loss,
            random: Random::new(5),
            under_way: VecDeque::new(),
        }
    }

    pub fn put(&mut self, now: Duration, member: usize, bytes: &[u8]) {
        if self.random.below(1000) >= self.loss {
            self.under_way.push_back(Packet {
                at: now + self.delay,
                member,
                bytes: bytes.to_vec(),
            });
        }
    }

    pub fn next_at(&self) -> Option<Duration> {
        self.under_way.front().map(|packet| packet.at)
    }

    pub fn take(&mut self, now: Duration) -> Option<Packet> {
        self.next_at().filter(|at| *at <= now)?;
        self.under_way.pop_front()
    }
}
