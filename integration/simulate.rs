//! `make sim`: the simulation by itself, with as many seeds as one likes.

// A program has no public interface, and speaks on stdout.
#![allow(unreachable_pub, clippy::print_stdout, dead_code)]

mod simulation;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    // As a test among others it is short.
    let bench = std::env::args().any(|arg| arg == "--bench");
    let seeds = simulation::seeds(if bench { 10_000 } else { 300 });
    let report = simulation::simulate(&seeds);
    let (played, seconds) = (report.played, report.seconds);
    let rate = played as f64 / seconds;
    println!("{played} seeds in {seconds:.1} s, {rate:.0} a second");
    if let Some(what) = report.failed {
        println!("{what}");
        return ExitCode::FAILURE;
    }
    // Of something that never happened in n tries, the chance is below 3/n with a confidence of 95 %.
    let bound = 3.0 / played as f64;
    println!("0/{played} failed: fewer than {bound:.1e} fail, with a confidence of 95 %");
    ExitCode::SUCCESS
}
