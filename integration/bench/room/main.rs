//! The server under load: the real program in a process of its own, real sessions over real sockets, one per
//! member, and every delivery checked.
//!
//! Prints a Markdown table and writes `target/bench/latest.json`; how it goes is said on stderr. `QUICK=1` takes less
//! than 90 s. `ROWS=paced,steady` measures only these, `N=200` only with so many members, `SERVER=path` another build of
//! the server; `ROWS=chart` measures nothing and draws `integration/bench/latest.svg` from the JSON. The figures are per
//! second of the *server's* processor time, since the crowd shares the machine with it: the server has the first core, the
//! crowd the last one. Compare those of one run.

#![expect(
    unreachable_pub,
    reason = "a program: what is public is public within it"
)]

mod chart;
mod crowd;
mod path;
mod peer;
mod reference;
mod report;
mod rows;
mod server;
mod tally;

use chatroom::limits;
use reference::Receiver;
use report::{Row, median};
use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Files that are open beside the crowd's sockets.
const OTHER_FILES: usize = 64;
/// As many sockets as the largest row needs.
const SOCKETS: usize = 5000;

/// How long the rows take.
#[derive(Clone, Copy)]
struct Scale {
    flood: Duration,
    windows: &'static [usize],
    paced: Duration,
    steady: Duration,
    idle: Duration,
    /// Runs of which the middle one counts: of rows that are compared with another, or are short.
    runs: usize,
}

impl Scale {
    fn new(quick: bool) -> Scale {
        let millis = |quickly, fully| Duration::from_millis(if quick { quickly } else { fully });
        Scale {
            flood: millis(400, 3000),
            windows: if quick {
                &[8, 32]
            } else {
                &[1, 8, 16, 32, 64, 128]
            },
            paced: millis(500, 2000),
            steady: millis(4000, 20_000),
            // Every member is heard once in 15 s, all of them at about the same time: whole rounds.
            idle: millis(15_000, 60_000),
            runs: if quick { 1 } else { 3 },
        }
    }
}

fn main() -> ExitCode {
    let part = env::args().nth(1);
    let done = match part.as_deref() {
        Some("naive") => reference::be_naive(),
        Some("raw") => reference::be_raw(),
        _ => run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("bench room: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Says how it goes, beside the table.
fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn run() -> Result<()> {
    let wanted = env::var("ROWS").unwrap_or_default();
    let wants = |row: &str| wanted.is_empty() || wanted.split(',').any(|name| name == row);
    if wanted != "chart" {
        let files = raise_files()?;
        let rows = measure(
            Scale::new(env::var("QUICK").is_ok_and(|quick| quick != "0")),
            files,
            wants,
        )?;
        writeln!(io::stdout(), "{}", report::table(&rows))?;
        note(&format!("written to {}", report::save(&rows)?.display()));
    }
    if wanted == "chart" {
        note(&format!(
            "drawn to {}",
            chart::draw(&report::load()?)?.display()
        ));
    }
    Ok(())
}

/// Lets this process open as many files as it may, by being started once more; gives how many.
fn raise_files() -> Result<usize> {
    const RAISED: &str = "CHATROOM_BENCH_FILES_RAISED";
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .ok_or("no limit of open files in /proc")?;
    let mut numbers = line
        .split_whitespace()
        .map(|word| word.parse().unwrap_or(usize::MAX));
    let (soft, hard) = numbers
        .next()
        .zip(numbers.next())
        .ok_or("no limit of open files in /proc")?;
    if soft >= SOCKETS + OTHER_FILES || soft == hard || env::var_os(RAISED).is_some() {
        return Ok(soft);
    }
    let error = Command::new("sh")
        .args(["-c", "ulimit -n \"$(ulimit -H -n)\"; exec \"$0\" \"$@\""])
        .arg(env::current_exe()?)
        .args(env::args_os().skip(1))
        .env(RAISED, "1")
        .exec();
    Err(error.into())
}

fn measure(scale: Scale, files: usize, wants: impl Fn(&str) -> bool) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let only: Option<usize> = env::var("N").ok().and_then(|n| n.parse().ok());
    let sizes = |all: &[usize]| -> Vec<usize> {
        let all = all.iter().filter(|n| only.is_none_or(|only| only == **n));
        let (fit, not): (Vec<_>, Vec<_>) = all.partition(|n| **n + OTHER_FILES <= files);
        for n in not {
            note(&format!(
                "left out: {n} members need a higher limit of open files than {files} (ulimit -n)"
            ));
        }
        fit
    };
    for (row, size) in [
        ("flood-1200", limits::DATAGRAM),
        ("flood", limits::DATAGRAM_SIZES[3]),
    ] {
        for n in sizes(&[20, 200, 1000, 5000]) {
            if wants(row) {
                rows.push(rows::flood(scale, n, row)?);
                let full = reference::raw(n, size, scale.flood / 2, Receiver::Busy)?;
                note(&format!("{size} bytes, only sent: {}", full.line()));
            }
        }
    }
    if wants("paced") {
        for n in sizes(&[200, 1000]) {
            rows.extend(paced(scale, n)?);
        }
    }
    if wants("steady") {
        rows.extend(steady(scale, 200)?);
    }
    if wants("joins") {
        for n in sizes(&[1000, 4000]) {
            let runs = (0..scale.runs).map(|_| rows::joins(n));
            rows.extend(median(runs.collect::<Result<_>>()?));
        }
    }
    if wants("idle") {
        for n in sizes(&[4000]) {
            rows.push(rows::idle(scale, n)?);
        }
    }
    if wants("lossy") {
        rows.push(rows::steady(scale, 200, true)?);
    }
    Ok(rows)
}

/// Talk as it is, beside a relay that only passes on, in turns.
fn steady(scale: Scale, members: usize) -> Result<Vec<Row>> {
    let (mut ours, mut naive) = (Vec::new(), Vec::new());
    for _ in 0..scale.runs {
        ours.push(rows::steady(scale, members, false)?);
        naive.push(reference::naive_steady(scale, members)?);
    }
    Ok([ours, naive].into_iter().filter_map(median).collect())
}

/// One message at a time, beside datagrams that are only sent and a relay that only passes on: in turns, so that all
/// meet the same machine. What is only sent to whom it wakes, as it does the members, is said beside.
fn paced(scale: Scale, members: usize) -> Result<Vec<Row>> {
    let (server, mut crowd) = rows::room(members, None)?;
    let (mut ours, mut raw, mut naive) = (Vec::new(), Vec::new(), Vec::new());
    let mut waking = Vec::new();
    for _ in 0..scale.runs {
        let meter = rows::Meter::start(&server, &mut crowd)?;
        rows::pace(&mut crowd, scale.paced)?;
        ours.push(Row {
            window: Some(1),
            ..meter.row("paced", &server, &crowd)?
        });
        let only_sent =
            |receiver| reference::raw(members, reference::ONE_EVENT, scale.paced, receiver);
        raw.push(only_sent(Receiver::Busy)?);
        waking.push(only_sent(Receiver::Waiting)?);
        naive.push(reference::naive_paced(scale, members)?);
    }
    if let Some(waking) = median(waking) {
        let line = waking.line();
        note(&format!(
            "only sent, to sockets that are waited for: {line}"
        ));
    }
    Ok([ours, raw, naive].into_iter().filter_map(median).collect())
}
