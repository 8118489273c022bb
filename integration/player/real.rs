//! The real player: the built programs, their pipes, and sockets on loopback.
//!
//! Nothing is slept for: threads read the pipes into one channel, and the player waits on that. Whatever happens,
//! every process is killed by its id and waited for when the stage is dropped.

use super::cast::{Cast, Stream};
use super::relay::Relay;
use super::run::Stage;
use super::script::{Act, SERVER};
use crate::programs;
use crate::world::net::Faults;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Lines that the threads may be ahead of the player; then they wait, and with them the programs.
const LINES: usize = 65_536;

/// How long a server may take to open.
const OPENING: Duration = Duration::from_secs(5);

/// What a thread has read.
struct Chunk {
    process: usize,
    stream: Stream,
    /// `None`: the end.
    line: Option<String>,
}

/// What belongs to a process of the cast.
struct Running {
    child: Child,
    /// Lines to be typed; `None` after the end of input.
    stdin: Option<Sender<String>>,
    relay: Option<Relay>,
    deaf: Arc<AtomicBool>,
    open_pipes: usize,
}

/// See the module.
pub(crate) struct Real {
    cast: Cast,
    running: Vec<Running>,
    began: Instant,
    reading: Sender<Chunk>,
    reads: Receiver<Chunk>,
    server: Option<SocketAddr>,
    server_flags: Vec<String>,
    /// The network, if there is one in between.
    faults: Option<Faults>,
    seed: u64,
}

impl Real {
    pub(crate) fn new(seed: u64, relays: bool) -> Real {
        let (reading, reads) = bounded(LINES);
        Real {
            cast: Cast::default(),
            running: Vec::new(),
            began: Instant::now(),
            reading,
            reads,
            server: None,
            server_flags: Vec::new(),
            faults: relays.then(Faults::none),
            seed,
        }
    }

    fn spawn(&mut self, who: &str, program: &str, args: &[String]) -> Result<usize, String> {
        let at = self.cast.add(who)?;
        let mut child = programs::command(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let (typing, typed) = unbounded();
        let deaf = Arc::new(AtomicBool::new(false));
        if let Some(stdin) = child.stdin.take() {
            thread::spawn(move || type_lines(stdin, &typed));
        }
        let out = child
            .stdout
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        let err = child
            .stderr
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        for (stream, pipe) in [(Stream::Out, out), (Stream::Err, err)] {
            let (reading, deaf) = (self.reading.clone(), deaf.clone());
            thread::spawn(move || {
                let is_deaf = || stream == Stream::Out && deaf.load(Ordering::Acquire);
                read_lines(at, stream, pipe, &reading, is_deaf);
            });
        }
        self.running.push(Running {
            child,
            stdin: Some(typing),
            relay: None,
            deaf,
            open_pipes: 2,
        });
        Ok(at)
    }

    fn running(&mut self, who: &str) -> Result<&mut Running, String> {
        let at = self.cast.index(who)?;
        Ok(&mut self.running[at])
    }

    fn relay(&mut self, who: &str) -> Result<&Relay, String> {
        let relay = self.running(who)?.relay.as_ref();
        relay.ok_or_else(|| format!("no network to speak of before {who}"))
    }

    /// Opens the server, on its port of before if it had one.
    fn open_server(&mut self) -> Result<(), String> {
        let bind = self.server.unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
        let mut args = vec!["--bind".to_owned(), bind.to_string()];
        args.extend(self.server_flags.iter().cloned());
        let at = self.spawn(SERVER, programs::SERVER, &args)?;
        let deadline = self.now() + OPENING;
        while self.cast.processes[at].out.is_empty() {
            if !self.step(deadline) || self.cast.processes[at].has_ended() {
                return Err("the server does not open".into());
            }
        }
        let process = &mut self.cast.processes[at];
        process.read = 1;
        let line = &process.out[0];
        let address = line.rsplit(' ').next().and_then(|word| word.parse().ok());
        self.server = Some(address.ok_or_else(|| format!("no address at the end of {line}"))?);
        Ok(())
    }

    fn signal(&mut self, who: &str, signal: &str) -> Result<(), String> {
        let id = self.running(who)?.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            other => Err(format!("kill {signal} of {who}: {other:?}")),
        }
    }

    fn kill(&mut self, who: &str) -> Result<(), String> {
        let running = self.running(who)?;
        running
            .child
            .kill()
            .map_err(|error| format!("kill {who}: {error}"))?;
        // Its port is free, and its last line written, when it is waited for.
        running
            .child
            .wait()
            .map_err(|error| format!("wait for {who}: {error}"))?;
        // Not before: the end of its input would let it leave in peace.
        running.stdin = None;
        self.cast.process(who)?.killed = true;
        Ok(())
    }

    fn handle(&mut self, read: Chunk) {
        let Some(line) = read.line else {
            let running = &mut self.running[read.process];
            running.open_pipes -= 1;
            if running.open_pipes == 0 {
                let status = running.child.wait();
                let code = status.ok().and_then(|status| status.code());
                self.cast.processes[read.process].exit = Some(code.unwrap_or(-1));
            }
            return;
        };
        self.cast.wrote(read.process, read.stream, line);
    }
}

/// Types lines until there are no more; what the program does not take, it does not want.
fn type_lines(mut stdin: ChildStdin, typed: &Receiver<String>) {
    while let Ok(line) = typed.recv() {
        if stdin.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_lines(
    process: usize,
    stream: Stream,
    pipe: Option<Box<dyn Read + Send>>,
    reading: &Sender<Chunk>,
    is_deaf: impl Fn() -> bool,
) {
    let mut pipe = pipe.map(BufReader::new);
    let mut bytes = Vec::new();
    while let Some(open) = &mut pipe {
        bytes.clear();
        let size = open.read_until(b'\n', &mut bytes).unwrap_or(0);
        if size == 0 || is_deaf() {
            break;
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.strip_suffix('\n').unwrap_or(&line).to_owned();
        let read = Chunk {
            process,
            stream,
            line: Some(line),
        };
        if reading.send(read).is_err() {
            return;
        }
    }
    drop(pipe);
    let _ = reading.send(Chunk {
        process,
        stream,
        line: None,
    });
}

impl Stage for Real {
    fn cast(&mut self) -> &mut Cast {
        &mut self.cast
    }

    fn start_server(&mut self, flags: &[String]) -> Result<(), String> {
        self.server_flags = flags.to_vec();
        self.open_server()
    }

    fn start_client(&mut self, who: &str, flags: &[String]) -> Result<(), String> {
        let server = self.server.ok_or("there is no server")?;
        let seed = self.seed + self.running.len() as u64;
        let relay = match self.faults {
            Some(faults) => {
                Some(Relay::new(server, seed, faults).map_err(|error| error.to_string())?)
            }
            None => None,
        };
        let address = relay.as_ref().map_or(server, |relay| relay.address);
        let mut args = flags.to_vec();
        args.push(address.to_string());
        let at = self.spawn(who, programs::CLIENT, &args)?;
        self.running[at].relay = relay;
        Ok(())
    }

    fn perform(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Type(who, lines) => {
                let at = self.cast.index(who)?;
                let stdin = self.running[at].stdin.as_ref();
                let stdin = stdin.ok_or_else(|| format!("the input of {who} has ended"))?;
                for line in lines {
                    self.cast.processes[at].note(">", line);
                    let _ = stdin.send(format!("{line}\n"));
                }
            }
            Act::Eof(who) => self.running(who)?.stdin = None,
            Act::Deaf(who) => self.running(who)?.deaf.store(true, Ordering::Release),
            Act::Kill(who) => self.kill(who)?,
            Act::Stop(who) => self.signal(who, "-STOP")?,
            Act::Continue(who) => self.signal(who, "-CONT")?,
            Act::Restart => {
                if self.cast.server().is_some_and(|server| !server.has_ended()) {
                    self.kill(SERVER)?;
                }
                self.open_server()?;
            }
            Act::Net(faults) => {
                self.faults = Some(*faults);
                for relay in self
                    .running
                    .iter()
                    .filter_map(|running| running.relay.as_ref())
                {
                    relay.set_faults(*faults);
                }
            }
            Act::Partition(who) => self.relay(who)?.cut(true),
            Act::Heal(who) => self.relay(who)?.cut(false),
            Act::Move(who) => {
                let moved = self.relay(who)?.change_address();
                moved.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn step(&mut self, deadline: Duration) -> bool {
        match self.reads.recv_deadline(self.began + deadline) {
            Ok(read) => {
                self.handle(read);
                true
            }
            Err(_) => false,
        }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        for running in &mut self.running {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}
