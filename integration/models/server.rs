//! The server: receive thread, router, screen, and the console that closes the room.

use super::explore;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use shuttle::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

/// Datagrams that come from outside; the queue to the router holds fewer.
const DATAGRAMS: usize = 6;
const QUEUE: usize = 2;
/// Batches that wait for the screen at most.
const BATCHES: usize = 1;
/// Datagrams of one batch at most.
const BATCH: usize = 2;

enum Command {
    Announce,
    Close,
}

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    overrun: AtomicUsize,
    handled: AtomicUsize,
    /// What has come to the socket. An empty one is its own.
    socket: Mutex<Vec<bool>>,
    /// Who holds the user map.
    users: Mutex<usize>,
    last: Mutex<Option<usize>>,
}

fn receive(shared: &Shared, datagrams: &SyncSender<bool>) {
    while !shared.ended.load(Ordering::Acquire) {
        let Some(datagram) = shared.socket.lock().unwrap().pop() else {
            // Its timeout.
            thread::yield_now();
            continue;
        };
        match datagrams.try_send(datagram) {
            Ok(()) => (),
            Err(TrySendError::Full(_)) => drop(shared.overrun.fetch_add(1, Ordering::Relaxed)),
            Err(TrySendError::Disconnected(_)) => return,
        }
    }
}

struct Router {
    shared: Arc<Shared>,
    datagrams: Receiver<bool>,
    commands: Receiver<Command>,
    screen: SyncSender<Vec<usize>>,
    /// Events of the log, and the screen's cursor into it.
    events: usize,
    cursor: usize,
    closing: bool,
}

impl Router {
    fn run(mut self) {
        loop {
            self.handle();
            self.show();
            if self.closing {
                break;
            }
        }
        // With patience, that is.
        while let Some(sights) = self.next() {
            self.screen.send(sights).expect("the screen takes it");
        }
        *self.shared.last.lock().unwrap() = Some(self.events);
        self.shared.ended.store(true, Ordering::Release);
        self.shared.socket.lock().unwrap().push(false);
    }

    fn handle(&mut self) {
        let shared = self.shared.clone();
        let mut users = shared.users.lock().unwrap();
        let mut idle = true;
        for _ in 0..BATCH {
            let Ok(datagram) = self.datagrams.try_recv() else {
                break;
            };
            idle = false;
            *users += 1;
            if datagram {
                shared.handled.fetch_add(1, Ordering::Relaxed);
                self.events += 1;
            }
        }
        loop {
            match self.commands.try_recv() {
                Ok(Command::Announce) => self.events += 1,
                Ok(Command::Close) | Err(TryRecvError::Disconnected) => self.closing = true,
                Err(TryRecvError::Empty) => break,
            }
            idle = false;
            if self.closing {
                break;
            }
        }
        drop(users);
        if idle {
            thread::yield_now();
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

fn serve() {
    let shared = Arc::new(Shared::default());
    let (datagrams_in, datagrams) = sync_channel(QUEUE);
    let (commands_in, commands) = sync_channel(4);
    let (screen_in, screen) = sync_channel::<Vec<usize>>(BATCHES);
    let router = Router {
        shared: shared.clone(),
        datagrams,
        commands,
        screen: screen_in,
        events: 0,
        cursor: 0,
        closing: false,
    };
    let threads = [
        thread::spawn({
            let shared = shared.clone();
            move || receive(&shared, &datagrams_in)
        }),
        thread::spawn(move || router.run()),
        thread::spawn({
            let shared = shared.clone();
            move || {
                for _ in 0..DATAGRAMS {
                    shared.socket.lock().unwrap().push(true);
                }
            }
        }),
    ];
    let shown = thread::spawn(move || {
        let mut shown = Vec::new();
        while let Ok(sights) = screen.recv() {
            shown.extend(sights);
        }
        shown
    });
    // The console, which also looks at the user map.
    commands_in
        .send(Command::Announce)
        .expect("the router takes it");
    drop(shared.users.lock().unwrap());
    commands_in
        .send(Command::Close)
        .expect("the router takes it");
    for thread in threads {
        thread.join().expect("it ends");
    }
    let shown = shown.join().expect("it ends");
    let events = shared.last.lock().unwrap().expect("the router has ended");
    assert_eq!(
        shown,
        (0..events).collect::<Vec<_>>(),
        "once each, in order"
    );
    let (handled, overrun) = (
        shared.handled.load(Ordering::Relaxed),
        shared.overrun.load(Ordering::Relaxed),
    );
    let unread = shared.socket.lock().unwrap().len();
    // Each was handled, or dropped and counted, or was still waiting when the room closed.
    let all = handled + overrun + unread;
    assert!(events == handled + 1 && all <= DATAGRAMS + 1 && all + QUEUE + 1 >= DATAGRAMS);
}

#[test]
fn the_server_ends_and_shows_every_event_once() {
    explore(serve);
}

/// The queue alone: what is not counted as dropped arrives, in order.
fn queue() {
    let (queue_in, queue) = sync_channel(QUEUE);
    let overrun = Arc::new(AtomicUsize::new(0));
    let receive = thread::spawn({
        let overrun = overrun.clone();
        move || {
            for datagram in 0..DATAGRAMS {
                match queue_in.try_send(datagram) {
                    Ok(()) => (),
                    Err(_) => drop(overrun.fetch_add(1, Ordering::Relaxed)),
                }
            }
        }
    });
    let mut taken = Vec::new();
    while let Ok(datagram) = queue.recv() {
        taken.push(datagram);
    }
    receive.join().expect("it ends");
    assert!(taken.is_sorted() && taken.len() >= QUEUE);
    assert_eq!(taken.len() + overrun.load(Ordering::Relaxed), DATAGRAMS);
}

#[test]
fn the_queue_to_the_router_counts_what_it_drops() {
    explore(queue);
}
