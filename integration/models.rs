//! How the programs' threads hand things over and end, tried under many orders of their steps.
//!
//! These are models: what the threads of `client/threads.rs`, `client/mod.rs`, `server/receive.rs` and
//! `server/router.rs` do with each other, step by step and under the same names, without what they do it for. The
//! sockets, clocks and standard streams of the programs themselves cannot be driven so. A wait that has a timeout is
//! one that may end at any time; only those without one can be missed a wake-up by. `SCHEDULES=n` tries so many orders.

mod client;
mod server;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// Orders that a test tries of each model.
const SCHEDULES: usize = 40_000;

/// Tries it under random orders, and as often under orders in which few threads overtake others.
fn explore(model: fn()) {
    let asked = std::env::var("SCHEDULES").ok();
    let schedules = asked.and_then(|asked| asked.parse().ok());
    let half = schedules.unwrap_or(SCHEDULES) / 2;
    let random = RandomScheduler::new(half);
    assert_eq!(Runner::new(random, Config::new()).run(model), half);
    let few = PctScheduler::new(3, half);
    assert_eq!(Runner::new(few, Config::new()).run(model), half);
}
