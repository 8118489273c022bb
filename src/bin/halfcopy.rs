//! Copies one file with two threads, each its half: `halfcopy SRC DST`.

use std::env;
use std::io;
use std::process::ExitCode;

use chatroom::halfcopy::cli;

fn main() -> ExitCode {
    cli::run(env::args_os().skip(1), &mut io::stdout(), &mut io::stderr()).into()
}
