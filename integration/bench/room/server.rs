//! A server as a process of its own, and what `/proc` says of it.

use super::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// A running server; dropped, it is ended.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// The real one, without limits of rate and source.
    pub fn chat(members: usize) -> Result<Server> {
        let this = env!("CARGO_BIN_EXE_chat-server").into();
        let mut command = Command::new(std::env::var_os("SERVER").unwrap_or(this));
        command.args(["--bind", "127.0.0.1:0", "--rate", "0", "--per-address", "0"]);
        // Discovery has a socket of its own, for which the room's would be mistaken.
        command.args(["--no-discovery", "--max-members", &members.to_string()]);
        command.env("CHATROOM_CONFIG", "/dev/null");
        Server::start(command)
    }

    /// This program, in the part of a reference.
    pub fn reference(part: &str) -> Result<Server> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(part);
        Server::start(command)
    }

    fn start(mut command: Command) -> Result<Server> {
        // Its input stays open; what it shows is written, as it would be, and not read.
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let child = spawn_apart(&mut command)?;
        let mut server = Server {
            child,
            address: ([127, 0, 0, 1], 0).into(),
        };
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if let Some(port) = server.port() {
                server.address.set_port(port);
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(2));
        }
        Err("the server has opened no socket".into())
    }

    /// The port of its UDP socket: what it has open, looked up among all of the machine's.
    fn port(&self) -> Option<u16> {
        let open: Vec<String> = fs::read_dir(self.file("fd"))
            .ok()?
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter_map(|link| {
                let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
                Some(inode.to_owned())
            })
            .collect();
        let sockets = fs::read_to_string("/proc/net/udp").ok()?;
        sockets.lines().skip(1).find_map(|line| {
            let mut fields = line.split_whitespace();
            let (local, inode) = (fields.nth(1)?, fields.nth(7)?);
            let port = local.split_once(':')?.1;
            open.iter()
                .any(|known| known == inode)
                .then(|| u16::from_str_radix(port, 16).ok())?
        })
    }

    fn file(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }

    /// Processor time of all its threads so far.
    pub fn cpu(&self) -> Result<Duration> {
        cpu(&self.file("task"))
    }

    /// Memory in KiB: what it has now, and the most that it had.
    pub fn memory(&self) -> Result<(u64, u64)> {
        let status = fs::read_to_string(self.file("status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        field("VmRSS:")
            .zip(field("VmHWM:"))
            .ok_or_else(|| "no memory in /proc".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts what is to be measured on the first core, and goes on on the last one. Left to the scheduler, a program that sends
/// at once when it is woken stays on the core of who woke it, and another one does not: the same `send_to` costs up to
/// twice as much then.
pub fn spawn_apart(command: &mut Command) -> Result<Child> {
    static CORES: OnceLock<(CpuSet, CpuSet)> = OnceLock::new();
    let all = sched_getaffinity(None)?;
    let (first, last) = CORES.get_or_init(|| {
        let cores = || (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
        (only(cores().next()), only(cores().next_back()))
    });
    sched_setaffinity(None, first)?;
    let child = command.spawn();
    sched_setaffinity(None, last)?;
    Ok(child?)
}

fn only(core: Option<usize>) -> CpuSet {
    let mut cores = CpuSet::new();
    cores.set(core.unwrap_or_default());
    cores
}

/// Processor time of all threads in a directory of `/proc`, in the scheduler's nanoseconds.
pub fn cpu(task: &str) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(task)? {
        let line = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += line
            .split_whitespace()
            .next()
            .map_or(Ok(0), str::parse::<u64>)?;
    }
    Ok(Duration::from_nanos(nanos))
}
