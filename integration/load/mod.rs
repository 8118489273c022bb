//! What the tests of endurance and of attacks are made with: the built programs as processes, what `/proc` says of
//! them, and a crowd of real sessions over real sockets that checks everything it is shown.
//!
//! `FULL=1` makes these tests as large as RELIABILITY.md says; without it they take seconds. Figures go to stderr,
//! each behind the name of what was measured.

#![allow(dead_code, reason = "a box of tools")]

pub mod crowd;
pub mod flood;
pub mod program;
pub mod witness;

use std::io::Write;
use std::time::Duration;

/// Whether the tests are to be as large as promised.
pub fn is_full() -> bool {
    std::env::var("FULL").is_ok_and(|full| full != "0")
}

/// One size for `make prove`, another one for `make test`.
pub fn size<T>(full: T, reduced: T) -> T {
    if is_full() { full } else { reduced }
}

/// Says what was measured. Not captured by the test harness, so that it is seen while it grows.
pub fn figure(name: &str, what: &str) {
    let _ = writeln!(std::io::stderr(), "{name}: {what}");
}

/// Waits until a condition holds, looking each few milliseconds; false if it does not in time.
pub fn wait(most: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let ticks = crossbeam_channel::tick(Duration::from_millis(5));
    let began = std::time::Instant::now();
    while !holds() {
        if began.elapsed() > most || ticks.recv().is_err() {
            return holds();
        }
    }
    true
}
