//! The built programs as processes: what they write, how they end, and what `/proc` says of them.

use crossbeam_channel::{Receiver, unbounded};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long what should happen at once may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A running program, which is killed when dropped.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    pub out: Receiver<String>,
    pub err: Receiver<String>,
}

pub fn server_program() -> Command {
    Command::new(
        std::env::var_os("SERVER_PROGRAM").unwrap_or(env!("CARGO_BIN_EXE_chat-server").into()),
    )
}

pub fn client_program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_chat-client"))
}

/// The lines of a pipe, until it ends.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = unbounded();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while pipe
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|size| size > 0)
        {
            let line = String::from_utf8_lossy(&bytes);
            if sender.send(line.trim_end_matches('\n').to_owned()).is_err() {
                return;
            }
            bytes.clear();
        }
    });
    lines
}

impl Program {
    pub fn start(mut command: Command) -> Program {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdin = child.stdin.take();
        let out = lines(child.stdout.take().expect("a pipe"));
        let err = lines(child.stderr.take().expect("a pipe"));
        Program {
            child,
            stdin,
            out,
            err,
        }
    }

    /// As its pipes are, which the caller has set.
    pub fn start_with(mut command: Command) -> Program {
        let mut child = command.spawn().expect("the program starts");
        let stdin = child.stdin.take();
        let (_, none) = unbounded();
        let out = child.stdout.take().map_or(none.clone(), lines);
        let err = child.stderr.take().map_or(none, lines);
        Program {
            child,
            stdin,
            out,
            err,
        }
    }

    /// Someone who is in the room, or on the way there.
    pub fn client(name: &str, server: SocketAddr, flags: &[&str]) -> Program {
        let mut command = client_program();
        command
            .args(["--name", name])
            .args(flags)
            .arg(server.to_string());
        Program::start(command)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn types(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its input is open");
        // What has ended takes no more; that it has is found out elsewhere.
        let _ = stdin.write_all(format!("{line}\n").as_bytes());
    }

    /// Its input, to be written from elsewhere.
    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("its input is open")
    }

    pub fn ends_input(&mut self) {
        self.stdin = None;
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
    pub fn until(&self, most: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + most;
        let mut passed = Vec::new();
        loop {
            match self.out.recv_deadline(deadline) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => passed.push(line),
                Err(error) => {
                    let from = passed.len().saturating_sub(8);
                    let told: Vec<String> = self.err.try_iter().collect();
                    panic!("{error}, after {:?}; stderr: {told:?}", &passed[from..]);
                }
            }
        }
    }

    #[track_caller]
    pub fn sees(&self, line: &str) {
        self.until(PATIENCE, |seen| seen == line);
    }

    pub fn has_ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().expect("it can be waited for")?;
        Some(status.code().unwrap_or(-1))
    }

    /// Its exit code.
    #[track_caller]
    pub fn exit(&mut self, most: Duration) -> i32 {
        let mut code = None;
        super::wait(most, || {
            code = self.has_ended();
            code.is_some()
        });
        code.expect("it ends")
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

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
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
        command.env_remove("RUST_LOG");
        Server::start_command(command)
    }

    pub fn start_command(command: Command) -> Server {
        let program = Program::start(command);
        let address = Server::opened(&program);
        Server { program, address }
    }

    fn opened(program: &Program) -> SocketAddr {
        let line = program.out.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|_| {
            let told: Vec<String> = program.err.try_iter().collect();
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
        self.program.until(PATIENCE, |line| {
            line.contains("收到") || line.contains("eceived")
        })
    }
}
