//! The server: threads around the room.
//!
//! | thread | owns | waits for |
//! | --- | --- | --- |
//! | receive | the socket's receiving side | a datagram |
//! | router | the room; lends it the user map for a batch | datagrams, commands, the room's next timeout |
//! | screen | stdout, shared with the console's answers | events to show |
//! | discover, with the feature `terminal` | the socket for those who look for a room | a datagram |
//! | main: the console | stdin | a line |
//!
//! What always holds here: no protocol decisions. Every queue is bounded: what the receive thread cannot hand
//! on is dropped and counted, as the network would; a screen that is slow lags behind the log like any member.
//! To end: the router ends when the room is closed, wakes the receive thread with an empty datagram to its
//! own socket, and drops the screen's queue; the main thread joins them all.

mod answers;
mod bans;
pub mod calendar;
mod console;
mod discover;
mod files;
pub mod orders;
mod receive;
mod router;
pub mod screen;

use crate::cli::{self, Exit, ServerOptions};
use crate::limits;
use crate::room::{Ban, InMemory, Room, UserMap};
use crate::text::Lang;
use console::Console;
use crossbeam_channel::{Receiver, Sender, bounded};
use orders::Answer;
use parking_lot::Mutex;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A datagram between the receive thread and the router.
struct Datagram {
    from: SocketAddr,
    bytes: Box<[u8]>,
}

/// What the console asks of the router.
enum Command {
    Announce(String),
    /// A command and what follows it; the answer is in this language.
    Obey(String, String, Lang, Sender<Option<Answer>>),
    Close,
}

/// What the threads have in common.
struct Shared {
    socket: UdpSocket,
    users: Mutex<UserMap>,
    /// The threads' clock counts from here.
    began: Instant,
    ended: AtomicBool,
    /// Datagrams that found the queue to the router full.
    overrun: AtomicU64,
}

/// Runs the server until the operator ends it.
pub fn run(options: &ServerOptions) -> Exit {
    if let Some(settings) = &options.check {
        return check(options, settings);
    }
    match open(options) {
        Ok((room, shared)) => serve(room, &Arc::new(shared), options),
        Err(why) => {
            cli::complain(&format!("chat-server: {why}"));
            Exit::Failure
        }
    }
}

/// Whether the room could be opened so, without opening it.
fn check(options: &ServerOptions, settings: &str) -> Exit {
    if let Err(what) = kept_bans(options) {
        cli::complain(&format!("chat-server: {what}"));
        return Exit::Usage;
    }
    screen::show(settings);
    Exit::Done
}

fn open(options: &ServerOptions) -> Result<(Room, Shared), String> {
    let lang = options.lang;
    let socket = UdpSocket::bind(&options.bind).map_err(|error| {
        let taken = error.kind() == std::io::ErrorKind::AddrInUse;
        if taken {
            let remedy = lang.pick(
                "该端口已被占用：请用 --bind 换一个端口，或先结束占用它的程序",
                "the port is in use: choose another one with --bind, or end the program that has it",
            );
            format!("--bind {}: {remedy}", options.bind)
        } else {
            lang.bad_address("--bind", &options.bind, error)
        }
    })?;
    let seed = cli::os_random::<32>().map_err(|error| {
        let what = lang.pick(
            "无法从操作系统取得随机数",
            "no randomness from the operating system",
        );
        format!("{what}: /dev/urandom: {error}")
    })?;
    let mut room = Room::new(options.config, seed, Box::new(InMemory::default()));
    if options.discovery {
        room.set_title(Some(
            &options.title.clone().unwrap_or_else(discover::machine),
        ));
    }
    let bans = kept_bans(options)?;
    room.set_wall_clock(calendar::unix_ms());
    room.set_bans(&mut UserMap::default(), Duration::ZERO, bans, "");
    let shared = Shared {
        socket,
        users: Mutex::default(),
        began: Instant::now(),
        ended: AtomicBool::new(false),
        overrun: AtomicU64::new(0),
    };
    Ok((room, shared))
}

/// The bans that were kept.
fn kept_bans(options: &ServerOptions) -> Result<Vec<Ban>, String> {
    let Some(path) = &options.bans else {
        return Ok(Vec::new());
    };
    bans::read(path).map_err(|what| format!("--bans {what}"))
}

fn serve(room: Room, shared: &Arc<Shared>, options: &ServerOptions) -> Exit {
    let lang = options.lang;
    let address = match shared.socket.local_addr() {
        Ok(address) => address,
        Err(error) => {
            cli::complain(&format!("chat-server: {error}"));
            return Exit::Failure;
        }
    };
    let (datagrams_in, datagrams) = bounded(limits::RECEIVE_QUEUE);
    let (commands_in, commands) = bounded(limits::COMMANDS);
    let (batches_in, batches) = bounded(limits::SCREEN_BATCHES);
    let mut threads = Threads::default();
    if options.discovery {
        discover::join_groups(&shared.socket, address);
        #[cfg(feature = "terminal")]
        if let Some(socket) = discover::listen(address) {
            let (shared, datagrams) = (shared.clone(), datagrams_in.clone());
            threads.start("discover", move || {
                discover::run(&shared, address, &socket, &datagrams);
            });
        }
    }
    // Whoever reads this may look for the room, or come in.
    screen::show(&format!(
        "{} {address}\n",
        lang.pick("聊天室已开放", "The room is open at")
    ));
    threads.start("receive", {
        let shared = shared.clone();
        move || receive::run(&shared, &datagrams_in)
    });
    threads.start("router", {
        let shared = shared.clone();
        move || router::Router::new(room, shared, datagrams, commands, batches_in).run()
    });
    threads.start("screen", move || screen::run(&batches, lang));
    if threads.exit == Exit::Done {
        let console = Console {
            commands: commands_in.clone(),
            lang,
            bans: options.bans.clone(),
        };
        console.run();
    } else {
        shared.end(address);
        let _ = commands_in.try_send(Command::Close);
    }
    // The commands' channel stays open meanwhile: the end of stdin is not the end of the room.
    threads.join()
}

/// The server's threads, and how it goes with them.
struct Threads {
    running: Vec<thread::JoinHandle<()>>,
    exit: Exit,
}

impl Default for Threads {
    fn default() -> Threads {
        Threads {
            running: Vec::new(),
            exit: Exit::Done,
        }
    }
}

impl Threads {
    fn start(&mut self, name: &str, run: impl FnOnce() + Send + 'static) {
        match thread::Builder::new().name(name.into()).spawn(run) {
            Ok(thread) => self.running.push(thread),
            Err(error) => {
                cli::complain(&format!("chat-server: cannot start a thread: {error}"));
                self.exit = Exit::Failure;
            }
        }
    }

    fn join(self) -> Exit {
        let mut exit = self.exit;
        for thread in self.running {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            match thread.join() {
                Ok(()) => log::debug!("joined {name}"),
                Err(_) => exit = Exit::Failure,
            }
        }
        exit
    }
}

impl Shared {
    /// Makes the threads end.
    fn end(&self, address: SocketAddr) {
        self.ended.store(true, Ordering::Release);
        // To its own socket, so that the receive thread looks; should it be lost, its timeout comes.
        let mut own = address;
        if own.ip().is_unspecified() {
            own.set_ip(match own {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        let _ = self.socket.send_to(&[], own);
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn overrun(&self) -> u64 {
        self.overrun.load(Ordering::Relaxed)
    }
}

type Datagrams = Receiver<Datagram>;
