//! `make planted`: each bug of `planted.txt`, planted into a copy of the source, must be found by the simulation
//! within a thousand seeds.
//!
//! `ONLY=words` tries those whose title holds the words.

// A program speaks on stdout.
#![allow(clippy::print_stdout)]

mod bugs;

use bugs::{Bug, bugs};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Runs the simulation of the copy.
fn simulate(scratch: &Path) -> std::io::Result<Output> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args([
            "bench",
            "--quiet",
            "--profile",
            "sim",
            "--bench",
            "simulate",
        ])
        .current_dir(scratch)
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        // Little of the source changes from one to the next.
        .env("CARGO_INCREMENTAL", "1")
        .env("SEEDS", "1000")
        .env("TELL", "no")
        .output()
}

/// Plants one; whether it was found, and how.
fn plant(scratch: &Path, bug: &Bug) -> Result<String, String> {
    let path = scratch.join(&bug.file);
    let source = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", bug.file))?;
    let planted = bug.planted(&source)?;
    let run = fs::write(&path, planted).and_then(|()| simulate(scratch));
    fs::write(&path, source).map_err(|error| error.to_string())?;
    let output = run.map_err(|error| error.to_string())?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = told
        .lines()
        .skip_while(|line| !line.starts_with("make sim"));
    match (lines.next(), lines.next()) {
        (Some(seed), Some(what)) if !output.status.success() => {
            Ok(format!("{}: {what}", seed.trim_start_matches("make sim ")))
        }
        _ if output.status.success() => Err("not found in 1000 seeds".to_owned()),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch: PathBuf = root.join("target/planted");
    for part in ["src", "integration", "Cargo.toml", "Cargo.lock"] {
        copy(&root.join(part), &scratch.join(part)).expect("a copy of the source");
    }
    let only = std::env::var("ONLY").unwrap_or_default();
    let bugs = bugs();
    let chosen: Vec<&Bug> = bugs
        .iter()
        .filter(|bug| bug.title.contains(&only))
        .collect();
    let mut missed = 0;
    for bug in &chosen {
        match plant(&scratch, bug) {
            Ok(how) => println!("found   {}\n        {how}", bug.title),
            Err(why) => {
                missed += 1;
                println!("MISSED  {}\n        {why}", bug.title);
            }
        }
    }
    println!("{} of {} found", chosen.len() - missed, chosen.len());
    ExitCode::from(u8::from(missed > 0))
}
