//! The server: threads around the room.
//!
//! | thread | owns | waits for |
//! | --- | --- | --- |
//! | receive | the socket's receiving side | a datagram |
//! | router | the room; lends it the user map for a batch | datagrams, commands, the room's next timeout |
//! | screen | stdout | events to show, answers of the console |
//! | transcript, if there is one | its file | events to write |
//! | metrics, if there are any | their file | the time to write them again |
//! | signals, with the feature `terminal` | signals; the console has a thread of its own then | a signal |
//! | discover, with the feature `terminal` | the socket for those who look for a room | a datagram |
//! | main: the console | stdin | a line |
//!
//! What always holds here: no protocol decisions. Every queue is bounded: what the receive thread cannot hand
//! on is dropped and counted, as the network would; a screen that is slow lags behind the log like any member.
//! To end: the router ends when the room is closed, closes the queue, wakes the receive thread with an empty datagram to its
//! own socket, and drops the screen's queue; the main thread joins them all, but a screen that nobody reads.

mod answers;
mod bans;
pub mod calendar;
mod console;
mod discover;
mod files;
mod metrics;
pub mod orders;
mod outbox;
mod queue;
mod receive;
mod router;
pub mod screen;
#[cfg(feature = "terminal")]
mod signals;
#[cfg(feature = "terminal")]
mod terminal;
mod transcript;

use crate::cli::{self, Exit, ServerOptions};
use crate::limits;
use crate::room::{Ban, Config, InMemory, Room, Stats, UserMap};
use crate::text::Lang;
use console::Console;
use crossbeam_channel::{Receiver, Sender, bounded};
use metrics::Metrics;
use orders::Answer;
use parking_lot::Mutex;
use queue::Queue;
use screen::Screen;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use transcript::Transcript;

/// What the console asks of the router.
enum Command {
    Announce(String),
    /// A command and what follows it; the answer is in this language.
    Obey(String, String, Lang, Sender<Option<Answer>>),
    Do(Act),
    Close,
}

/// Something to be done with the room.
type Act = Box<dyn FnOnce(&mut Room, &mut UserMap, Duration) + Send>;

/// What the threads have in common.
struct Shared {
    socket: UdpSocket,
    queue: Queue,
    users: Mutex<UserMap>,
    /// The threads' clock counts from here.
    began: Instant,
    ended: AtomicBool,
    /// The router sleeps, nothing has happened for a while, and little comes.
    quiet: AtomicBool,
    /// Datagrams that found the queue to the router full.
    overrun: AtomicU64,
    /// Events that the transcript could not take.
    lost: AtomicU64,
    /// The room's numbers when it ended.
    last: Mutex<Stats>,
}

/// Runs the server until the operator ends it.
pub fn run(options: &ServerOptions) -> Exit {
    if let Some(settings) = &options.check {
        return files::check(options, settings);
    }
    match open(options) {
        Ok((room, shared, address)) => serve(room, &Arc::new(shared), address, options),
        Err(why) => {
            cli::complain(&format!("chat-server: {why}"));
            Exit::Failure
        }
    }
}

fn open(options: &ServerOptions) -> Result<(Room, Shared, SocketAddr), String> {
    let lang = options.lang;
    // What is opened for a moment comes before the socket, so that it takes no descriptor more.
    let seed = cli::os_random::<32>().map_err(|error| {
        let what = lang.pick(
            "无法从操作系统取得随机数",
            "no randomness from the operating system",
        );
        format!("{what}: /dev/urandom: {error}")
    })?;
    files::have_places(options)?;
    let bans = kept_bans(options)?;
    let addresses = cli::resolve(&options.bind);
    let socket = addresses.and_then(|found| UdpSocket::bind(&*found));
    let socket = socket.map_err(|error| {
        if error.kind() == ErrorKind::AddrNotAvailable {
            let remedy = lang.pick(
                "这不是本机的地址：请用 0.0.0.0 表示本机的所有地址，或写本机的某个地址",
                "this machine has no such address: write 0.0.0.0 for all that it has, or one of them",
            );
            format!("--bind {}: {remedy}", options.bind)
        } else if error.kind() == ErrorKind::AddrInUse {
            let remedy = lang.pick(
                "该端口已被占用：请用 --bind 换一个端口，或先结束占用它的程序",
                "the port is in use: choose another one with --bind, or end the program that has it",
            );
            format!("--bind {}: {remedy}", options.bind)
        } else {
            lang.bad_address("--bind", &options.bind, error)
        }
    })?;
    let address = socket
        .local_addr()
        .map_err(|error| lang.bad_address("--bind", &options.bind, error))?;
    let config = Config {
        even: outbox::EVEN,
        ..options.config
    };
    let mut room = Room::new(config, seed, Box::new(InMemory::default()));
    if options.discovery {
        room.set_title(Some(
            &options.title.clone().unwrap_or_else(discover::machine),
        ));
    }
    room.set_wall_clock(calendar::unix_ms());
    room.set_bans(&mut UserMap::default(), Duration::ZERO, bans, "");
    let shared = Shared {
        socket,
        queue: Queue::default(),
        users: Mutex::default(),
        began: Instant::now(),
        ended: AtomicBool::new(false),
        quiet: AtomicBool::new(false),
        overrun: AtomicU64::new(0),
        lost: AtomicU64::new(0),
        last: Mutex::default(),
    };
    Ok((room, shared, address))
}

/// The bans that were kept.
fn kept_bans(options: &ServerOptions) -> Result<Vec<Ban>, String> {
    let Some(path) = &options.bans else {
        return Ok(Vec::new());
    };
    bans::read(path).map_err(|what| format!("--bans {what}"))
}

fn serve(room: Room, shared: &Arc<Shared>, address: SocketAddr, options: &ServerOptions) -> Exit {
    let lang = options.lang;
    let (batches_in, batches) = bounded(limits::SCREEN_BATCHES);
    // Nothing is sent here: it is closed when the router has ended.
    let (ended_in, ended) = bounded::<()>(0);
    #[cfg(feature = "terminal")]
    let editor = terminal::open(shared);
    let (screen, writer) = Screen::new(
        batches,
        lang,
        #[cfg(feature = "terminal")]
        editor.as_ref().map(|editor| editor.desk().clone()),
    );
    let console = Console {
        shared: shared.clone(),
        screen,
        lang,
        bans: options.bans.clone(),
    };
    let mut threads = Threads::default();
    let mut viewers = vec![batches_in];
    let again = match threads.transcript(options, shared, &mut viewers) {
        Ok(again) => again,
        Err(what) => {
            cli::complain(&format!("chat-server: {what}"));
            return Exit::Failure;
        }
    };
    threads.discover(options, shared, address);
    #[cfg(feature = "terminal")]
    let signals = signals::watch();
    // Whoever reads this may look for the room, or come in, or close it.
    console.screen.show(&opened(address, lang));
    threads.metrics(options, shared, &console, &ended);
    threads.start("receive", {
        let shared = shared.clone();
        move || receive::run(&shared)
    });
    threads.start("router", {
        let shared = shared.clone();
        move || {
            router::Router::new(room, shared, viewers).run();
            drop(ended_in);
        }
    });
    threads.write("screen", move || writer.run());
    if threads.exit != Exit::Done {
        shared.end(address);
        shared.queue.close();
        return threads.join();
    }
    #[cfg(feature = "terminal")]
    signals::attend(
        signals,
        (&console, editor),
        (options, &again),
        &ended,
        &mut threads,
    );
    #[cfg(not(feature = "terminal"))]
    console.run();
    let exit = threads.join();
    drop(again);
    console.screen.close();
    exit
}

fn opened(address: SocketAddr, lang: Lang) -> String {
    let opened = lang.pick("聊天室已开放", "The room is open at");
    format!("{opened} {address}\n")
}

/// The server's threads, and how it goes with them.
struct Threads {
    running: Vec<thread::JoinHandle<()>>,
    /// Those that write what happens, until nothing more can. To each nothing is ever sent: when that is closed, it has ended.
    writers: Vec<(thread::JoinHandle<()>, Receiver<()>)>,
    exit: Exit,
}

impl Default for Threads {
    fn default() -> Threads {
        Threads {
            running: Vec::new(),
            writers: Vec::new(),
            exit: Exit::Done,
        }
    }
}

impl Threads {
    /// The thread of the transcript, if there is one, becomes a viewer; a word to what is given, and it opens its
    /// file anew.
    fn transcript(
        &mut self,
        options: &ServerOptions,
        shared: &Arc<Shared>,
        viewers: &mut Vec<Sender<Vec<u8>>>,
    ) -> Result<Option<Sender<()>>, String> {
        let Some((path, json)) = options.transcript.clone() else {
            return Ok(None);
        };
        let transcript = Transcript::open(path, json, options.lang)?;
        let (sights_in, sights) = bounded(limits::SCREEN_BATCHES);
        let (again_in, again) = bounded(1);
        let shared = shared.clone();
        self.write("transcript", move || {
            transcript.run(&sights, &again, &shared.lost);
        });
        viewers.push(sights_in);
        Ok(Some(again_in))
    }

    /// Lets the room be found, if it is to be.
    fn discover(&mut self, options: &ServerOptions, shared: &Arc<Shared>, address: SocketAddr) {
        if !options.discovery {
            return;
        }
        discover::join_groups(&shared.socket, address);
        #[cfg(feature = "terminal")]
        if let Some(socket) = discover::listen(address) {
            let shared = shared.clone();
            self.start("discover", move || discover::run(&shared, address, &socket));
        }
    }

    /// A thread that may wait for ever for somebody to read what it writes.
    fn write(&mut self, name: &str, run: impl FnOnce() + Send + 'static) {
        let (written_in, written) = bounded(0);
        let thread = self.spawn(name, move || {
            run();
            drop(written_in);
        });
        self.writers.extend(thread.map(|thread| (thread, written)));
    }

    /// The thread of the metrics, if there is one.
    fn metrics(
        &mut self,
        options: &ServerOptions,
        shared: &Arc<Shared>,
        console: &Console,
        ended: &Receiver<()>,
    ) {
        if let Some(path) = options.metrics.clone() {
            let metrics = Metrics {
                path,
                console: console.clone(),
            };
            let (shared, ended) = (shared.clone(), ended.clone());
            self.start("metrics", move || metrics.run(&shared, &ended));
        }
    }

    fn start(&mut self, name: &str, run: impl FnOnce() + Send + 'static) {
        let thread = self.spawn(name, run);
        self.running.extend(thread);
    }

    fn spawn(
        &mut self,
        name: &str,
        run: impl FnOnce() + Send + 'static,
    ) -> Option<thread::JoinHandle<()>> {
        let spawned = thread::Builder::new().name(name.into()).spawn(run);
        spawned
            .inspect_err(|error| {
                cli::complain(&format!("chat-server: cannot start a thread: {error}"));
                self.exit = Exit::Failure;
            })
            .ok()
    }

    fn join(self) -> Exit {
        let mut exit = self.exit;
        let mut join = |thread: thread::JoinHandle<()>| {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            match thread.join() {
                Ok(()) => log::debug!("joined {name}"),
                Err(_) => exit = Exit::Failure,
            }
        };
        self.running.into_iter().for_each(&mut join);
        // By now the router has given them all that there is.
        let late = Err(crossbeam_channel::RecvTimeoutError::Timeout);
        for (thread, written) in self.writers {
            if written.recv_timeout(limits::VIEWER_PATIENCE) == late {
                // Whoever reads nothing keeps nobody: it ends with the program.
                let name = thread.thread().name().unwrap_or_default();
                log::debug!("nobody takes what the {name} writes");
            } else {
                join(thread);
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
