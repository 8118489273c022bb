//! The classroom's text protocol, from both sides: a client and a server as a course has them, written from the facts in
//! PROTOCOL.md, against our server and our client.

mod client;
mod course;
mod server;

use crate::programs;
use crossbeam_channel::{Receiver, unbounded};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take that is to happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// One of our programs; killed when dropped.
struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(program: &str, args: &[&str]) -> Program {
        let mut child = programs::command(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Program {
            child,
            stdin,
            out,
            err,
        }
    }

    /// Our server, open to classic clients, and where it listens.
    fn server(flags: &[&str]) -> (Program, SocketAddr) {
        let flags = [&["--bind", "127.0.0.1:0"], flags].concat();
        let program = Program::start(programs::SERVER, &flags);
        let line = program.line();
        let address = line.rsplit(' ').next().unwrap().parse().unwrap();
        (program, address)
    }

    /// Our client at a classic server.
    fn client(name: &str, server: SocketAddr) -> Program {
        let server = server.to_string();
        let args = ["--classic", "--name", name, &server];
        Program::start(programs::CLIENT, &args)
    }

    #[track_caller]
    fn line(&self) -> String {
        self.out.recv_timeout(PATIENCE).expect("a line")
    }

    #[track_caller]
    fn complaint(&self) -> String {
        self.err.recv_timeout(PATIENCE).expect("a complaint")
    }

    #[track_caller]
    fn types(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("its input is open");
        stdin.write_all(text.as_bytes()).unwrap();
    }

    fn ends_input(&mut self) {
        self.stdin = None;
    }

    /// Its exit code, when it has ended by itself.
    #[track_caller]
    fn exit(&mut self) -> i32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < until, "it does not end");
            thread::yield_now();
        }
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (lines_in, lines) = unbounded();
    thread::spawn(move || {
        let read = BufReader::new(pipe).lines().map_while(Result::ok);
        read.for_each(|line| drop(lines_in.send(line)));
    });
    lines
}
