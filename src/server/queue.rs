//! What waits for the router: datagrams, in the order in which they came, and the operator's commands.
//!
//! The router takes everything at once: the datagrams lie in one buffer, which it exchanges for its own empty one, so a
//! datagram costs no allocation and a batch one lock. It sleeps without spinning first, as a channel's receiver would: in a
//! quiet room that would be most of what a datagram costs. To be woken costs as much as several datagrams, so nobody is who
//! would find nothing to do.
//!
//! What always holds here: no more waits than [`limits::RECEIVE_QUEUE`] datagrams, of those no session sent few, and
//! [`limits::COMMANDS`] commands; whoever waits is woken when the queue is closed.

use super::Command;
use super::console::Gone;
use crate::{limits, wire};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

/// See the module.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Something waits.
    filled: Condvar,
    /// The commands that waited were taken.
    taken: Condvar,
    /// A command waits.
    commanded: Condvar,
}

#[derive(Default)]
struct Waiting {
    datagrams: Datagrams,
    commands: VecDeque<Command>,
    /// The router waits, and is to be woken.
    asleep: bool,
    closed: bool,
}

/// Datagrams, one behind the other.
#[derive(Default)]
pub(super) struct Datagrams {
    bytes: Vec<u8>,
    /// Of each: whose it is, and where it ends.
    ends: Vec<(SocketAddr, usize)>,
}

impl Datagrams {
    fn push(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push((from, self.bytes.len()));
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        // What a flood has taken is given back.
        self.bytes.shrink_to(limits::RECEIVE_QUEUE_KEPT);
        self.ends.shrink_to(limits::RECEIVE_QUEUE_PLACES);
    }

    /// The datagram at this place, if there are so many.
    pub(super) fn get(&self, at: usize) -> Option<(SocketAddr, &[u8])> {
        let (from, end) = *self.ends.get(at)?;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some((from, &self.bytes[begin..end]))
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// The router was asleep, and is at it.
    Handed,
    /// It waits until the router comes by.
    Waits,
    /// There was no place for it.
    Dropped,
}

impl Queue {
    /// Takes in a datagram, if there is a place for it.
    pub(super) fn put(&self, from: SocketAddr, bytes: &[u8]) -> Put {
        let mut waiting = self.waiting.lock();
        if !has_place(bytes, waiting.datagrams.len()) {
            return Put::Dropped;
        }
        waiting.datagrams.push(from, bytes);
        if self.wake(waiting) {
            Put::Handed
        } else {
            Put::Waits
        }
    }

    /// Takes in a command, once there is a place for it.
    pub(super) fn command(&self, command: Command) -> Result<(), Gone> {
        let mut waiting = self.waiting.lock();
        while !waiting.closed && waiting.commands.len() >= limits::COMMANDS {
            self.taken.wait(&mut waiting);
        }
        if waiting.closed {
            return Err(Gone);
        }
        waiting.commands.push_back(command);
        self.wake(waiting);
        self.commanded.notify_one();
        Ok(())
    }

    /// Waits until then, or for a command: the members may have much to answer to what comes of it.
    pub(super) fn rest(&self, until: Instant) {
        let mut waiting = self.waiting.lock();
        if waiting.commands.is_empty() {
            self.commanded.wait_until(&mut waiting, until);
        }
    }

    /// Wakes the router, if it waits for something; whether it did.
    fn wake(&self, mut waiting: MutexGuard<'_, Waiting>) -> bool {
        let asleep = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if asleep {
            self.filled.notify_one();
        }
        asleep
    }

    /// Hands over all datagrams that wait, in exchange for these, and all commands; waits for one or the other, at most
    /// until then.
    pub(super) fn take(&self, datagrams: &mut Datagrams, until: Instant) -> VecDeque<Command> {
        datagrams.clear();
        let mut waiting = self.waiting.lock();
        while waiting.datagrams.len() == 0 && waiting.commands.is_empty() {
            waiting.asleep = true;
            if self.filled.wait_until(&mut waiting, until).timed_out() {
                break;
            }
        }
        waiting.asleep = false;
        std::mem::swap(&mut waiting.datagrams, datagrams);
        self.take_commands(waiting)
    }

    /// Hands over the commands that wait.
    pub(super) fn commands(&self) -> VecDeque<Command> {
        self.take_commands(self.waiting.lock())
    }

    fn take_commands(&self, mut waiting: MutexGuard<'_, Waiting>) -> VecDeque<Command> {
        let commands = std::mem::take(&mut waiting.commands);
        if !commands.is_empty() {
            self.taken.notify_all();
        }
        commands
    }

    /// Nobody takes anything out any more: whoever waits for what a command brings learns that too.
    pub(super) fn end(&self) {
        self.close();
        // Dropped when the lock is free again: that may wake other threads.
        drop(self.commands());
    }

    /// No further command is taken in; the last one is to close the room.
    pub(super) fn close(&self) {
        let mut waiting = self.waiting.lock();
        if !std::mem::replace(&mut waiting.closed, true) {
            waiting.commands.push_back(Command::Close);
        }
        self.wake(waiting);
        self.taken.notify_all();
        self.commanded.notify_one();
    }

    /// Datagrams that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().datagrams.len()
    }
}

/// Whether a datagram is handed on while so many wait already.
fn has_place(bytes: &[u8], waiting: usize) -> bool {
    if bytes.len() > limits::DATAGRAM {
        !wire::is_ours(bytes) && waiting < limits::RECEIVE_QUEUE_LONG
    } else {
        let most = if wire::is_open(bytes) {
            limits::RECEIVE_QUEUE_STRANGERS
        } else {
            limits::RECEIVE_QUEUE
        };
        waiting < most
    }
}

/// Closes the queue when the thread that holds it ends, however it does.
pub(super) struct ClosesWithMe<'a>(pub(super) &'a Queue);

impl Drop for ClosesWithMe<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Kind, MAGIC, VERSION};
    use std::time::Duration;

    fn from(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    fn datagram(kind: Kind, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        bytes[..3].copy_from_slice(&[MAGIC, VERSION, kind as u8]);
        bytes
    }

    fn takes(queue: &Queue, bytes: &[u8]) -> bool {
        queue.put(from(1), bytes) != Put::Dropped
    }

    #[test]
    fn everything_is_handed_over_at_once_and_in_order() {
        let queue = Queue::default();
        for port in 1..=1000u16 {
            let bytes = port.to_be_bytes().repeat(port as usize % 7);
            assert_eq!(queue.put(from(port), &bytes), Put::Waits);
        }
        queue.command(Command::Announce("late".into())).unwrap();
        let mut datagrams = Datagrams::default();
        let commands = queue.take(&mut datagrams, soon());
        assert_eq!((datagrams.len(), commands.len()), (1000, 1));
        for port in 1..=1000u16 {
            let expected = port.to_be_bytes().repeat(port as usize % 7);
            assert_eq!(
                datagrams.get(port as usize - 1),
                Some((from(port), &expected[..]))
            );
        }
        assert_eq!(datagrams.get(1000), None);
        assert!(queue.take(&mut datagrams, Instant::now()).is_empty());
        assert_eq!(datagrams.len(), 0);
    }

    #[test]
    fn strangers_leave_places_for_members() {
        let queue = Queue::default();
        let strangers = (0..limits::RECEIVE_QUEUE)
            .filter(|_| takes(&queue, &datagram(Kind::Hello, 1200)))
            .count();
        assert_eq!(strangers, limits::RECEIVE_QUEUE_STRANGERS);
        let members = (0..2 * limits::RECEIVE_QUEUE)
            .filter(|_| takes(&queue, &datagram(Kind::Up, 60)))
            .count();
        assert_eq!(strangers + members, limits::RECEIVE_QUEUE);
        assert_eq!(queue.len(), limits::RECEIVE_QUEUE);
    }

    #[test]
    fn what_a_flood_has_taken_is_given_back() {
        let queue = Queue::default();
        while takes(&queue, &datagram(Kind::Up, limits::DATAGRAM)) {}
        let mut datagrams = Datagrams::default();
        queue.take(&mut datagrams, soon());
        assert!(datagrams.bytes.capacity() > limits::RECEIVE_QUEUE_KEPT);
        assert!(datagrams.ends.capacity() > limits::RECEIVE_QUEUE_PLACES);
        queue.take(&mut datagrams, Instant::now());
        queue.take(&mut datagrams, Instant::now());
        for buffer in [&datagrams, &queue.waiting.lock().datagrams] {
            assert!(buffer.bytes.capacity() <= limits::RECEIVE_QUEUE_KEPT);
            assert!(buffer.ends.capacity() <= limits::RECEIVE_QUEUE_PLACES);
        }
    }

    #[test]
    fn long_datagrams_are_text_and_few() {
        let queue = Queue::default();
        assert!(!takes(&queue, &datagram(Kind::Up, limits::DATAGRAM + 1)));
        let long = (0..1000).filter(|_| takes(&queue, &[b'C'; 60_000])).count();
        assert_eq!(long, limits::RECEIVE_QUEUE_LONG);
    }

    #[test]
    fn a_command_waits_for_its_place_and_a_closed_queue_takes_none() {
        let queue = Queue::default();
        std::thread::scope(|scope| {
            let operator = scope.spawn(|| {
                (0..)
                    .take_while(|_| queue.command(Command::Close).is_ok())
                    .count()
            });
            let mut datagrams = Datagrams::default();
            let mut taken = 0;
            while taken < 3 * limits::COMMANDS {
                let commands = queue.take(&mut datagrams, soon());
                assert!((1..=limits::COMMANDS).contains(&commands.len()));
                taken += commands.len();
            }
            drop(ClosesWithMe(&queue));
            let said = operator.join().unwrap();
            // The rest lies there, and one more that closes the room.
            assert_eq!(said + 1, taken + queue.commands().len());
        });
    }

    #[test]
    fn a_rest_ends_with_its_time_or_with_a_command() {
        let queue = Queue::default();
        let until = Instant::now() + Duration::from_millis(1);
        queue.rest(until);
        assert!(Instant::now() >= until);
        // The command comes before the rest, or in it.
        for round in 0..100 {
            let (queue, until) = (&queue, soon());
            std::thread::scope(|scope| {
                let resting = scope.spawn(move || queue.rest(until));
                (0..round).for_each(|_| std::thread::yield_now());
                queue.command(Command::Close).unwrap();
                resting.join().unwrap();
            });
            assert!(Instant::now() < until);
            assert_eq!(queue.commands().len(), 1);
        }
    }

    #[test]
    fn whoever_puts_something_in_learns_whether_the_router_is_at_it() {
        let queue = Queue::default();
        let mut datagrams = Datagrams::default();
        queue.take(&mut datagrams, Instant::now());
        assert_eq!(queue.put(from(1), b"1"), Put::Waits, "it no longer waits");
        queue.take(&mut datagrams, soon());
        std::thread::scope(|scope| {
            let router = scope.spawn(|| {
                queue.take(&mut datagrams, soon());
                datagrams.len()
            });
            while !queue.waiting.lock().asleep {
                std::thread::yield_now();
            }
            assert_eq!(queue.put(from(1), b"2"), Put::Handed);
            assert_ne!(router.join().unwrap(), 0, "within ten seconds");
        });
    }

    #[test]
    fn who_waits_for_datagrams_is_woken() {
        let queue = Queue::default();
        std::thread::scope(|scope| {
            let router = scope.spawn(|| {
                let mut datagrams = Datagrams::default();
                let mut seen = 0;
                while seen < 10_000 {
                    queue.take(&mut datagrams, soon());
                    assert_ne!(datagrams.len(), 0, "within ten seconds");
                    for at in 0..datagrams.len() {
                        let (_, bytes) = datagrams.get(at).unwrap();
                        assert_eq!(bytes, u32::to_be_bytes(seen));
                        seen += 1;
                    }
                }
            });
            for number in 0..10_000u32 {
                while !takes(&queue, &number.to_be_bytes()) {
                    std::thread::yield_now();
                }
            }
            router.join().unwrap();
        });
    }
}
