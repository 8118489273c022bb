//! The server: receive thread, router, screen, and the console, around the real queue.

use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use shuttle::sync::mpsc::{SyncSender, sync_channel};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

#[path = "../../src/server/queue.rs"]
mod real;

mod console {
    /// The router has ended.
    #[derive(Debug)]
    pub(in crate::server) struct Gone;
}

use real::{ClosesWithMe, Datagrams, Put, Queue};

/// What the console asks of the router.
enum Command {
    Announce,
    /// To be answered.
    Ask(SyncSender<()>),
    Close,
}

/// Datagrams that come from outside; the queue holds fewer.
const DATAGRAMS: usize = 5;
/// Batches that wait for the screen at most.
const BATCHES: usize = 1;
/// Datagrams of one batch at most.
const BATCH: usize = 2;

#[derive(Default)]
struct Shared {
    queue: Queue,
    ended: AtomicBool,
    overrun: AtomicUsize,
    handled: AtomicUsize,
    announced: AtomicUsize,
    /// What has come to the socket. An empty one is its own.
    socket: Mutex<VecDeque<Vec<u8>>>,
    /// Who holds the user map.
    users: Mutex<usize>,
    last: Mutex<Option<usize>>,
}

fn from() -> SocketAddr {
    ([127, 0, 0, 1], 1000).into()
}

/// Of a session, as far as the queue can tell; with its number.
fn datagram(number: usize) -> Vec<u8> {
    vec![crate::wire::MAGIC, crate::wire::VERSION, 7, number as u8]
}

fn receive(shared: &Shared) {
    let _closes = ClosesWithMe(&shared.queue);
    while !shared.ended.load(Ordering::Acquire) {
        let came = shared.socket.lock().unwrap().pop_front();
        match came {
            Some(bytes) => {
                if shared.queue.put(from(), &bytes) == Put::Dropped {
                    shared.overrun.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Its timeout.
            None => thread::yield_now(),
        }
    }
}

struct Router {
    shared: Arc<Shared>,
    datagrams: Datagrams,
    handled: usize,
    screen: SyncSender<Vec<usize>>,
    /// Events of the log, and the screen's cursor into it.
    events: usize,
    cursor: usize,
    newest: u8,
    closing: bool,
}

impl Router {
    fn run(mut self) {
        loop {
            let commands = self.wait();
            self.handle(commands);
            self.show();
            if self.closing {
                break;
            }
        }
        while let Some(sights) = self.next() {
            self.screen.send(sights).expect("the screen takes it");
        }
        *self.shared.last.lock().unwrap() = Some(self.events);
        self.shared.ended.store(true, Ordering::Release);
        self.shared.socket.lock().unwrap().push_back(Vec::new());
    }

    fn wait(&mut self) -> VecDeque<Command> {
        if self.handled < self.datagrams.len() {
            return self.shared.queue.commands();
        }
        self.handled = 0;
        self.shared.queue.take(&mut self.datagrams, Instant::now())
    }

    fn handle(&mut self, commands: VecDeque<Command>) {
        let shared = self.shared.clone();
        let mut users = shared.users.lock().unwrap();
        for _ in 0..BATCH {
            let Some((_, bytes)) = self.datagrams.get(self.handled) else {
                break;
            };
            self.handled += 1;
            *users += 1;
            if let Some(number) = bytes.get(3) {
                assert!(*number > self.newest, "in order, and once");
                self.newest = *number;
                shared.handled.fetch_add(1, Ordering::Relaxed);
                self.events += 1;
            }
        }
        for command in commands {
            match command {
                Command::Announce => {
                    shared.announced.fetch_add(1, Ordering::Relaxed);
                    self.events += 1;
                }
                Command::Ask(answer) => answer.send(()).expect("whoever asked waits"),
                Command::Close => self.closing = true,
            }
        }
    }

    fn next(&mut self) -> Option<Vec<usize>> {
        let sights: Vec<usize> = (self.cursor..self.events).take(2).collect();
        self.cursor += sights.len();
        Some(sights).filter(|sights| !sights.is_empty())
    }

    /// What the screen does not take stays in the log.
    fn show(&mut self) {
        let before = self.cursor;
        if let Some(sights) = self.next()
            && self.screen.try_send(sights).is_err()
        {
            self.cursor = before;
        }
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.shared.queue.end();
    }
}

/// Asks as the metrics do, as long as somebody answers.
fn ask(queue: &Queue) {
    for _ in 0..2 {
        let (answer, answers) = sync_channel(1);
        if queue.command(Command::Ask(answer)).is_err() || answers.recv().is_err() {
            return;
        }
    }
}

/// All of them, until the operator closes the room.
pub fn serve() {
    let shared = Arc::new(Shared::default());
    let (screen_in, screen) = sync_channel::<Vec<usize>>(BATCHES);
    let router = Router {
        shared: shared.clone(),
        datagrams: Datagrams::default(),
        handled: 0,
        screen: screen_in,
        events: 0,
        cursor: 0,
        newest: 0,
        closing: false,
    };
    let receive = thread::spawn({
        let shared = shared.clone();
        move || receive(&shared)
    });
    let route = thread::spawn(move || router.run());
    let network = thread::spawn({
        let shared = shared.clone();
        move || {
            for number in 1..=DATAGRAMS {
                let mut socket = shared.socket.lock().unwrap();
                socket.push_back(datagram(number));
            }
        }
    });
    let metrics = thread::spawn({
        let shared = shared.clone();
        move || ask(&shared.queue)
    });
    let shown = thread::spawn(move || {
        let mut shown = Vec::new();
        while let Ok(sights) = screen.recv() {
            shown.extend(sights);
        }
        shown
    });
    // The console, which also looks at the user map.
    for _ in 0..2 {
        shared
            .queue
            .command(Command::Announce)
            .expect("the room is open");
    }
    drop(shared.users.lock().unwrap());
    shared
        .queue
        .command(Command::Close)
        .expect("the room is open");
    // One more would wait for its place, and is refused when the router has gone.
    while shared.queue.command(Command::Announce).is_ok() {}
    for thread in [receive, route, network, metrics] {
        thread.join().expect("it ends");
    }
    let shown = shown.join().expect("it ends");
    let events = shared.last.lock().unwrap().expect("the router has ended");
    assert_eq!(
        shown,
        (0..events).collect::<Vec<_>>(),
        "once each, in order"
    );
    let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
    let (handled, announced) = (count(&shared.handled), count(&shared.announced));
    assert!(announced >= 2 && events == handled + announced);
    // Each was handled, or dropped and counted, or waited still.
    let waited = shared.queue.len() + shared.socket.lock().unwrap().len();
    let all = handled + count(&shared.overrun) + waited;
    assert!(handled + count(&shared.overrun) <= DATAGRAMS + 1 && all + BATCH >= DATAGRAMS);
}

/// The queue alone: what is not counted as dropped arrives, in order; who waits is woken.
pub fn queue() {
    let queue = Arc::new(Queue::default());
    let overrun = Arc::new(AtomicUsize::new(0));
    let receive = thread::spawn({
        let (queue, overrun) = (queue.clone(), overrun.clone());
        move || {
            let _closes = ClosesWithMe(&queue);
            for number in 1..=DATAGRAMS {
                if queue.put(from(), &datagram(number)) == Put::Dropped {
                    overrun.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });
    let operator = thread::spawn({
        let queue = queue.clone();
        move || {
            let said = (0..3).take_while(|_| queue.command(Command::Announce).is_ok());
            said.count()
        }
    });
    let (mut taken, mut announced, mut closing) = (Vec::new(), 0, false);
    let mut datagrams = Datagrams::default();
    while !closing {
        for command in queue.take(&mut datagrams, Instant::now()) {
            match command {
                Command::Announce => announced += 1,
                Command::Ask(_) => (),
                Command::Close => closing = true,
            }
        }
        let all = (0..datagrams.len()).filter_map(|at| datagrams.get(at));
        taken.extend(all.map(|(_, bytes)| bytes[3]));
    }
    receive.join().expect("it ends");
    assert_eq!(operator.join().expect("it ends"), announced);
    assert!(taken.is_sorted_by(|a, b| a < b) && !taken.is_empty());
    assert_eq!(taken.len() + overrun.load(Ordering::Relaxed), DATAGRAMS);
    assert_eq!(queue.len(), 0);
}
