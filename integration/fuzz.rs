//! `make fuzz`: made-up input for so many `MINUTES`, from seeds that no other run had.

// A program has no public interface, and speaks on stdout.
#![allow(unreachable_pub, clippy::print_stdout, dead_code)]

mod bodies;
mod mutator;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let value = |name| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse::<f64>().ok())
    };
    let time = Duration::from_secs_f64(60.0 * value("MINUTES").unwrap_or(1.0));
    let fresh = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos() as u64);
    let seed = AtomicU64::new(value("SEED").map_or(fresh, |seed| seed as u64));
    let (began, executions) = (Instant::now(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while began.elapsed() < time {
                    let seed = seed.fetch_add(1, Ordering::Relaxed);
                    let played = std::panic::catch_unwind(|| mutator::run(seed, 100_000));
                    match played {
                        Ok(count) => executions.fetch_add(count, Ordering::Relaxed),
                        Err(_) => panic!("make fuzz SEED={seed}"),
                    };
                }
            });
        }
    });
    let (count, seconds) = (executions.into_inner(), began.elapsed().as_secs_f64());
    println!("{count} executions in {seconds:.0} s, 0 panics");
}
