//! What an operator does with a server: the built program, its input, output, signals and files.

mod answers;
mod bans;
mod blocked;
mod discovery;
mod files;
mod settings;
#[cfg(feature = "terminal")]
mod signals;

use crate::programs;
pub(crate) use crate::programs::{PATIENCE, Program};
use std::net::SocketAddr;

/// A server on a free port, and where it is.
#[track_caller]
pub(crate) fn server(args: &[&str]) -> (Program, SocketAddr) {
    let all = [&["--bind", "127.0.0.1:0"], args].concat();
    let server = Program::start(programs::SERVER, &all);
    let line = server.line();
    let address = line.rsplit(' ').next().and_then(|word| word.parse().ok());
    (server, address.expect("an address"))
}

/// A client that is in.
#[track_caller]
fn client(address: SocketAddr, name: &str) -> Program {
    Program::start(programs::CLIENT, &["--name", name, &address.to_string()])
}
