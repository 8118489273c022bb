//! The chat room's server: parse, run, exit code.

use chatroom::{cli, server};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::start("chat-server", cli::server_options(cli::args()), |options| {
        server::run(&options)
    })
}
