//! What an operator does with a server: the built program, its input, output, signals and files.

mod bans;
mod discovery;
mod files;
mod settings;
#[cfg(feature = "terminal")]
mod signals;

use crate::programs;
use crossbeam_channel::{Receiver, unbounded};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program with its pipes, killed when the test is over.
pub(crate) struct Program {
    child: Child,
    pub(crate) input: Option<ChildStdin>,
    pub(crate) output: Receiver<String>,
    pub(crate) errors: Receiver<String>,
}

impl Program {
    pub(crate) fn start(program: &str, args: &[&str]) -> Program {
        Program::start_among(program, args, &[])
    }

    fn start_among(program: &str, args: &[&str], variables: &[(&str, &str)]) -> Program {
        let mut child = programs::command(program)
            .args(args)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Program {
            input: child.stdin.take(),
            output: lines(child.stdout.take()),
            errors: lines(child.stderr.take()),
            child,
        }
    }

    /// The next line of its output.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        let line = self.output.recv_timeout(PATIENCE);
        line.unwrap_or_else(|_| {
            panic!(
                "no line; on stderr: {:?}",
                self.errors.try_iter().collect::<Vec<_>>()
            )
        })
    }

    /// The next line that contains this.
    #[track_caller]
    pub(crate) fn line_with(&self, part: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The next line of stderr that contains this.
    #[track_caller]
    fn error_with(&self, part: &str) -> String {
        loop {
            let line = self.errors.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no {part} on stderr"));
            if line.contains(part) {
                return line;
            }
        }
    }

    #[track_caller]
    pub(crate) fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        input
            .write_all(format!("{line}\n").as_bytes())
            .expect("it reads");
    }

    /// Waits for its end; gives its exit code.
    #[track_caller]
    pub(crate) fn exit(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status.code();
            }
            assert!(Instant::now() < until, "it does not end");
            thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe, as they come.
fn lines(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = unbounded();
    thread::spawn(move || {
        let pipe = BufReader::new(pipe.expect("a pipe"));
        for line in pipe.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

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
