//! Command lines: flags, help, exit codes, and what both programs share at their edges.
//!
//! Each program has one [table](table::Program) of flags. Parsing, `--help`, the environment and the config file
//! come from it, and so must whatever else speaks of flags.

mod client;
mod config;
mod given;
pub mod help;
mod server;
pub mod table;
#[cfg(test)]
mod tests;

pub use client::{CLIENT, ClientOptions, Color, Find, client_options, client_options_in};
pub use given::Surroundings;
pub use server::{SERVER, ServerOptions, server_options, server_options_in};

pub use crate::commands::{Typed, read_line};

use crate::lines::Line;
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

/// How a program ended, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// As wished.
    Done = 0,
    /// Something failed that no other code names.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The name was refused.
    NameRefused = 3,
    /// The server does not answer, or fell silent before everything was delivered.
    Unreachable = 4,
    /// The server ended the session.
    Removed = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Request<T> {
    /// To run with these options.
    Run(T),
    /// To print this and end.
    Print(String),
}

/// A command line that is wrong, in words that name the flag and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

/// The port of a server that is named without one.
pub const DEFAULT_PORT: u16 = 8888;

/// The addresses of `HOST:PORT`, or of `HOST` at the default port.
pub fn resolve(text: &str) -> std::io::Result<Vec<SocketAddr>> {
    let (host, port) = table::host_and_port(text).ok_or(std::io::ErrorKind::InvalidInput)?;
    // std takes an interface in brackets by its number alone, and the resolver takes no brackets.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let found = (host, port.unwrap_or(DEFAULT_PORT)).to_socket_addrs()?;
    Ok(found.collect())
}

/// A line of input, taken apart. In what goes on where a line that was too long left off no command begins.
pub fn typed(line: &Line) -> Typed<'_> {
    match line.continued {
        true => Typed::Text(&line.text),
        false => read_line(&line.text),
    }
}

/// What a program that ends is to say and return: prints help to stdout, a usage error to stderr.
pub fn start<T>(
    program: &str,
    request: Result<Request<T>, UsageError>,
    run: impl FnOnce(T) -> Exit,
) -> ExitCode {
    let exit = match request {
        Ok(Request::Run(options)) => {
            env_logger::init();
            run(options)
        }
        Ok(Request::Print(text)) => {
            // A reader that has seen enough is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            Exit::Done
        }
        Err(UsageError(what)) => {
            complain(&format!(
                "{program}: {what}\n用 {program} --help 查看用法 / see {program} --help"
            ));
            Exit::Usage
        }
    };
    exit.into()
}

/// The command line's words, those that are not UTF-8 made so.
pub fn args() -> impl Iterator<Item = String> {
    std::env::args_os()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
}

/// A diagnostic, on stderr. If nobody reads that, nobody misses it.
pub fn complain(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{what}");
}

/// Bytes that the operating system's random source gave.
///
/// One byte of `/dev/random` first: it waits until the source is seeded, which `/dev/urandom` does not.
pub fn os_random<const N: usize>() -> std::io::Result<[u8; N]> {
    use std::io::Read;
    let mut bytes = [0; N];
    std::fs::File::open("/dev/random")?.read_exact(&mut [0])?;
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
