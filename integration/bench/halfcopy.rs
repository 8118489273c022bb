//! `halfcopy` beside `cp`: one file, page cache warm, run in turn, as a ratio.
//!
//! Prints one Markdown row under its head. `HALFCOPY_BENCH_MIB` (1024) and `HALFCOPY_BENCH_RUNS` (9) make it smaller.
//! Works in one directory under `target`, so that both programs write to the disk that the build is on, and removes
//! it at the end, also after a failure; a run that was killed is cleaned up by the next one.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            let _ = writeln!(io::stderr(), "bench halfcopy: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    // `cargo test --all-targets` runs this too, without --bench: then it only has to work.
    let measured = env::args().any(|arg| arg == "--bench");
    let size = number("HALFCOPY_BENCH_MIB", if measured { 1024 } else { 1 })?.saturating_mul(MIB);
    let runs = number("HALFCOPY_BENCH_RUNS", if measured { 9 } else { 1 })?;

    let directory = Scratch::create()?;
    check_space(&directory.0, size)?;
    let (src, dst) = (directory.0.join("source"), directory.0.join("copy"));
    write_source(&src, size)?;

    let programs = [
        PathBuf::from("cp"),
        PathBuf::from(env!("CARGO_BIN_EXE_halfcopy")),
    ];
    for program in &programs {
        // Not counted: fills the caches.
        time(program, &src, &dst)?;
    }
    let mut rounds = Vec::new();
    for round in 0..runs {
        let mut times = [Duration::ZERO; 2];
        // Who goes first changes, so that whatever the first leaves to the second evens out.
        for turn in 0..2 {
            let who = usize::from((round + turn) % 2 == 1);
            times[who] = time(&programs[who], &src, &dst)?;
        }
        rounds.push(times);
    }
    let synced = time_synced(&src, &dst)?;

    let cp = median(rounds.iter().map(|[cp, _]| cp.as_secs_f64()));
    let half = median(rounds.iter().map(|[_, half]| half.as_secs_f64()));
    let ratio = median(
        rounds
            .iter()
            .map(|[cp, half]| half.as_secs_f64() / cp.as_secs_f64()),
    );
    let mib = size / MIB;
    let rate = |seconds: f64| size as f64 / MIB as f64 / seconds;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| file, page cache warm | runs | cp | halfcopy | halfcopy / cp | what the disk limits |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    writeln!(
        out,
        "| {mib} MiB | {runs} | {:.0} ms | {:.0} ms | {ratio:.2} | nothing here: both write to the page cache \
         ({:.0} MiB/s); until the copy is on the disk (fsync) it goes at {:.0} MiB/s |",
        cp * 1e3,
        half * 1e3,
        rate(half),
        rate(synced.as_secs_f64()),
    )?;
    Ok(())
}

/// How long one program takes for one copy to a new name, from start to exit.
fn time(program: &Path, src: &Path, dst: &Path) -> Result<Duration> {
    let started = Instant::now();
    let status = Command::new(program).args([src, dst]).status()?;
    let elapsed = started.elapsed();
    if !status.success() || fs::metadata(dst)?.len() != fs::metadata(src)?.len() {
        return Err(format!("{} did not copy: {status}", program.display()).into());
    }
    // With the file goes what it still has to write, so that it does not burden the next run.
    fs::remove_file(dst)?;
    Ok(elapsed)
}

fn time_synced(src: &Path, dst: &Path) -> Result<Duration> {
    let started = Instant::now();
    fs::copy(src, dst)?;
    File::open(dst)?.sync_all()?;
    Ok(started.elapsed())
}

/// Content without zero pages, which a disk or a file system could treat specially; on the disk when this returns.
fn write_source(path: &Path, size: u64) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = vec![0; MIB as usize];
    for _ in 0..size / MIB {
        for word in block.chunks_exact_mut(8) {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    file.sync_all()
}

/// Refuses before it fills the disk. Where `df` does not answer, the copies themselves will tell.
fn check_space(directory: &Path, size: u64) -> Result<()> {
    let Ok(df) = Command::new("df").arg("-Pk").arg(directory).output() else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(&df.stdout);
    let free = text
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(3))
        .and_then(|n| n.parse::<u64>().ok());
    let (free, needed) = (
        free.map_or(u64::MAX, |kib| kib.saturating_mul(1024)),
        size.saturating_mul(3),
    );
    if free < needed {
        let (free, needed) = (free / MIB, needed / MIB);
        return Err(format!(
            "{needed} MiB are needed and {free} MiB free; set HALFCOPY_BENCH_MIB lower"
        )
        .into());
    }
    Ok(())
}

fn number(variable: &str, default: u64) -> Result<u64> {
    match env::var(variable) {
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{variable} is {text:?}; set it to a number above 0").into()),
        },
        Err(_) => Ok(default),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}

/// A directory that is removed with everything in it.
struct Scratch(PathBuf);

impl Scratch {
    fn create() -> io::Result<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("halfcopy-bench");
        match fs::remove_dir_all(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
