//! The chat room's client: parse, run, exit code.

use chatroom::{cli, client};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::start("chat-client", cli::client_options(cli::args()), |options| {
        client::run(&options)
    })
}
