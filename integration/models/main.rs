//! How the programs' threads hand things over and end, tried under many orders of their steps.
//!
//! The queue between the server's receive thread, its console and its router is the real one: the file is compiled here
//! once more, with locks whose orders can be tried, and with bounds so small that they are reached. What the threads around
//! it do, and those of the client, are models: the steps of `server/receive.rs`, `server/router.rs`, `client/threads.rs`
//! and `client/mod.rs` under the same names, without what they are done for, since sockets, clocks and standard streams
//! cannot be driven so. A wait that has a timeout may end at any time; only those without one can miss a wake-up.
//! `SCHEDULES=n` tries so many orders.

// A program has no public interface, and speaks on stdout.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::print_stdout)]

// The queue's file says `parking_lot`, and gets what is below.
extern crate self as parking_lot;

mod client;
mod server;

use chatroom::wire;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};
use std::ops::{Deref, DerefMut};
use std::time::Instant;

/// The bounds of the queue, as small as may be.
mod limits {
    pub const RECEIVE_QUEUE: usize = 3;
    pub const RECEIVE_QUEUE_STRANGERS: usize = 2;
    pub const RECEIVE_QUEUE_LONG: usize = 1;
    pub const COMMANDS: usize = 1;
    pub use chatroom::limits::{DATAGRAM, RECEIVE_QUEUE_KEPT, RECEIVE_QUEUE_PLACES};
}

/// As parking_lot has it.
#[derive(Default)]
pub struct Mutex<T>(shuttle::sync::Mutex<T>);

/// As parking_lot has it. Empty while it waits.
pub struct MutexGuard<'a, T>(Option<shuttle::sync::MutexGuard<'a, T>>);

/// As parking_lot has it.
#[derive(Default)]
pub struct Condvar(shuttle::sync::Condvar);

/// As parking_lot has it.
pub struct WaitTimeoutResult(bool);

impl<T> Mutex<T> {
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().expect("no thread has panicked")))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("it does not wait")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it does not wait")
    }
}

impl Condvar {
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let inner = guard.0.take().expect("it does not wait");
        guard.0 = Some(self.0.wait(inner).expect("no thread has panicked"));
    }

    /// The time never comes: who waits for long must be woken.
    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> WaitTimeoutResult {
        self.wait(guard);
        WaitTimeoutResult(false)
    }

    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

impl WaitTimeoutResult {
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

/// Orders that are tried of each model.
const SCHEDULES: usize = 50_000;

/// Tries it under random orders, and as often under orders in which few threads overtake others.
fn explore(name: &str, model: fn()) {
    let asked = std::env::var("SCHEDULES").ok();
    let schedules = asked.and_then(|asked| asked.parse().ok());
    let half = schedules.unwrap_or(SCHEDULES).div_ceil(2);
    let mut config = Config::new();
    config.silence_warnings = true;
    let random = Runner::new(RandomScheduler::new(half), config.clone()).run(model);
    let few = Runner::new(PctScheduler::new(3, half), config).run(model);
    println!("{name}: {} orders", random + few);
}

fn main() {
    explore("the client", client::one_of_all);
    explore("the server", server::serve);
    explore("the queue", server::queue);
}
