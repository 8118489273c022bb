//! The classroom's text protocol, from both sides: a client and a server as a course has them, written from the facts in
//! PROTOCOL.md, against our server and our client.

mod client;
mod course;
mod server;

use crate::operator::server;
use crate::programs::{self, PATIENCE, Program};
use std::net::SocketAddr;

/// Our client at a classic server.
fn enter(name: &str, server: SocketAddr) -> Program {
    let server = server.to_string();
    let args = ["--classic", "--name", name, &server];
    Program::start(programs::CLIENT, &args)
}
