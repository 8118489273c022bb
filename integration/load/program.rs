//! The built programs as processes: what they write, how they end, and what `/proc` says of them.

use crate::programs::{CLIENT, SERVER, command};
pub(crate) use crate::programs::{PATIENCE, Program};
use std::fs;
use std::net::SocketAddr;
use std::process::{ChildStdin, Command};
use std::time::{Duration, Instant};

pub fn server_program() -> Command {
    let other = std::env::var("SERVER_PROGRAM");
    command(other.as_deref().unwrap_or(SERVER))
}

pub fn client_program() -> Command {
    command(CLIENT)
}

impl Program {
    /// Someone who is in the room, or on the way there.
    pub fn client(name: &str, server: SocketAddr, flags: &[&str]) -> Program {
        let mut command = client_program();
        command
            .args(["--name", name])
            .args(flags)
            .arg(server.to_string());
        Program::of(command)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its input, to be written from elsewhere.
    pub fn take_input(&mut self) -> ChildStdin {
        self.input.take().expect("its input is open")
    }

    pub fn ends_input(&mut self) {
        self.input = None;
    }

    pub fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal}");
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The next line that this holds for; those before it are passed over.
    #[track_caller]
    pub fn finds(&self, most: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + most;
        let mut passed = Vec::new();
        loop {
            match self.output.recv_deadline(deadline) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => passed.push(line),
                Err(error) => {
                    let from = passed.len().saturating_sub(8);
                    let told: Vec<String> = self.errors.try_iter().collect();
                    panic!("{error}, after {:?}; stderr: {told:?}", &passed[from..]);
                }
            }
        }
    }

    #[track_caller]
    pub fn sees(&self, line: &str) {
        self.finds(PATIENCE, |seen| seen == line);
    }

    pub fn has_ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().expect("it can be waited for")?;
        Some(status.code().unwrap_or(-1))
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.id())
    }

    /// Resident memory in KiB: a field of `/proc/PID/status`.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("its memory")
    }

    pub fn descriptors(&self) -> usize {
        fs::read_dir(self.proc("fd")).expect("it runs").count()
    }

    pub fn threads(&self) -> usize {
        fs::read_dir(self.proc("task")).expect("it runs").count()
    }

    /// Processor time so far: user and system, in the kernel's hundredths of a second.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(self.proc("stat")).expect("it runs");
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = { fields.split_whitespace() }
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Duration::from_millis(ticks * 10)
    }
}

/// A server in a process of its own.
pub struct Server {
    pub program: Program,
    pub address: SocketAddr,
}

impl Server {
    /// A server without limits of rate and source, whose screen is read by nobody but the test.
    pub fn start(flags: &[&str]) -> Server {
        let mut command = server_program();
        command.args(["--bind", "127.0.0.1:0"]).args(flags);
        Server::start_command(command)
    }

    pub fn start_command(command: Command) -> Server {
        let program = Program::of(command);
        let address = Server::opened(&program);
        Server { program, address }
    }

    fn opened(program: &Program) -> SocketAddr {
        let line = program.output.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|_| {
            let told: Vec<String> = program.errors.try_iter().collect();
            panic!("the server does not open: {told:?}");
        });
        let address = line.rsplit(' ').next().and_then(|word| word.parse().ok());
        address.unwrap_or_else(|| panic!("no address at the end of {line}"))
    }

    /// Datagrams that the kernel dropped since its socket was opened, because the receive buffer was full.
    pub fn dropped_by_kernel(&self) -> u64 {
        let port = format!(":{:04X}", self.address.port());
        let table = fs::read_to_string("/proc/net/udp").expect("the kernel's table");
        let line = table.lines().find(|line| {
            let local = line.split_whitespace().nth(1);
            local.is_some_and(|local| local.ends_with(&port))
        });
        let field = line.and_then(|line| line.split_whitespace().last()?.parse().ok());
        field.expect("its socket")
    }

    /// What the operator is told of the room: the numbers in it, by their names.
    pub fn stats(&mut self) -> String {
        self.program.types("/stats");
        self.program.finds(PATIENCE, |line| {
            line.contains("收到") || line.contains("eceived")
        })
    }
}
