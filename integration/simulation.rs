//! Random talk over a faulty network, in virtual time: whatever happens, what PROTOCOL.md promises holds at every
//! step, and soon after the faults have healed everyone has everything.
//!
//! `SEED=n` plays one seed, `SEEDS=n` so many from `FROM=n` on; a fresh one is played each time. `THREADS=n` takes no
//! more than so many processors. A seed that fails is printed as the shortest scenario that was found to fail, or with
//! `TELL=no` by its number alone.

mod play;
mod scenario;
mod shrink;

use scenario::Scenario;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Instant;

/// Counts what the library warns of: that a server acknowledged what was never sent, for one.
struct Warnings;

thread_local! {
    static WARNINGS: Cell<u64> = const { Cell::new(0) };
}

impl log::Log for Warnings {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn && metadata.target().starts_with("chatroom::session")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            WARNINGS.set(WARNINGS.get() + 1);
        }
    }

    fn flush(&self) {}
}

fn watch_warnings() {
    static ONCE: Once = Once::new();
    // Another test may have its own; then this one goes without.
    ONCE.call_once(|| {
        if log::set_logger(&Warnings).is_ok() {
            log::set_max_level(log::LevelFilter::Warn);
        }
    });
}

/// Plays a scenario; a panic is a failure like any other.
fn run(scenario: &Scenario) -> Result<u64, String> {
    WARNINGS.set(0);
    let played = panic::catch_unwind(AssertUnwindSafe(|| play::play(scenario)));
    let trace = played.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| {
            payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
        });
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })?;
    match WARNINGS.get() {
        0 => Ok(trace),
        _ => Err("a session has warned".into()),
    }
}

/// Seeds to play: from the first to before the last, and others beside.
pub struct Seeds {
    pub from: u64,
    pub to: u64,
    pub beside: Vec<u64>,
}

/// What was played.
pub struct Report {
    pub played: u64,
    pub seconds: f64,
    /// The lowest seed that failed, told as the shortest scenario that was found.
    pub failed: Option<String>,
}

/// Plays seeds on all processors, each `TWICE` times so often twice.
pub fn simulate(seeds: &Seeds) -> Report {
    watch_warnings();
    let began = Instant::now();
    let (next, played) = (AtomicU64::new(seeds.from), AtomicU64::new(0));
    let failed: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let end = seeds.to + seeds.beside.len() as u64;
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= end || lock(&failed).is_some() {
                return;
            }
            let seed = at
                .checked_sub(seeds.to)
                .map_or(at, |at| seeds.beside[at as usize]);
            if let Err(what) = play_seed(seed) {
                let mut failed = lock(&failed);
                if failed.as_ref().is_none_or(|(lower, _)| seed < *lower) {
                    *failed = Some((seed, what));
                }
            }
            let played = played.fetch_add(1, Ordering::Relaxed) + 1;
            if played.is_multiple_of(NEWS) {
                tell_progress(played, began.elapsed().as_secs());
            }
        }
    };
    let quiet = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    std::thread::scope(|scope| {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        let most = number("THREADS").map_or(all, |most| most as usize);
        for _ in 0..all.min(most) {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failed = failed.map(|(seed, what)| tell(seed, what));
    panic::set_hook(quiet);
    Report {
        played: played.into_inner(),
        seconds: began.elapsed().as_secs_f64(),
        failed,
    }
}

/// A long run says how far it is, after so many seeds each.
const NEWS: u64 = 50_000;

#[expect(
    clippy::print_stdout,
    reason = "a program's own word, which a test captures"
)]
fn tell_progress(played: u64, seconds: u64) {
    println!("{played} seeds in {seconds} s");
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One of so many seeds is played twice.
const TWICE: u64 = 50;

fn play_seed(seed: u64) -> Result<(), String> {
    let scenario = Scenario::new(seed);
    let trace = run(&scenario)?;
    if seed.is_multiple_of(TWICE) && run(&scenario)? != trace {
        return Err("the same seed gives another trace".into());
    }
    Ok(())
}

fn tell(seed: u64, what: String) -> String {
    let scenario = Scenario::new(seed);
    if std::env::var_os("TELL").is_some() {
        return format!("make sim SEED={seed}\n{what}");
    }
    let steps = scenario.steps.len();
    let (short, told) = shrink::shrink(scenario, what.clone());
    let left = short.steps.len();
    format!(
        "make sim SEED={seed}\n{what}\nThe shortest scenario found, {left} of {steps} steps:\n{short}\n{told}"
    )
}

/// What the environment says of a number.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the environment asks for, or so many seeds.
pub fn seeds(default: u64) -> Seeds {
    if let Some(seed) = number("SEED") {
        return Seeds {
            from: seed,
            to: seed + 1,
            beside: Vec::new(),
        };
    }
    let fresh = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos() as u64);
    let from = number("FROM").unwrap_or(0);
    Seeds {
        from,
        to: from + number("SEEDS").unwrap_or(default),
        beside: vec![fresh],
    }
}

#[test]
fn every_seed_keeps_what_is_promised() {
    let report = simulate(&seeds(10_000));
    if let Some(what) = report.failed {
        panic!(
            "{what}\nafter {} seeds in {:.0} s",
            report.played, report.seconds
        );
    }
}

/// Another trace of the same seed would mean that something iterates what has no order, or looks at a clock.
#[test]
fn the_same_seed_gives_the_same_trace() {
    watch_warnings();
    for seed in 0..20 {
        let scenario = Scenario::new(seed);
        let trace = run(&scenario);
        assert!(trace.is_ok(), "{seed}: {trace:?}");
        assert_eq!(trace, run(&scenario));
        assert_ne!(trace, run(&Scenario::new(seed + 1_000_000)));
    }
}
