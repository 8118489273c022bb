//! The client: main thread, send thread and receive thread around one session and one screen.

use shuttle::rand::Rng;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};
use shuttle::thread;
use std::collections::VecDeque;

/// What the session may hold that was typed and not delivered.
const ROOM: usize = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Joined,
    Happened(usize),
    Ended,
}

/// The session, and what the person's side of it has come to.
#[derive(Default)]
struct State {
    /// Utterances that are not delivered.
    queue: usize,
    leaving: bool,
    /// The server was told of it.
    left: bool,
    events: VecDeque<Event>,
    happened: usize,
    is_in: bool,
    exit: bool,
}

#[derive(Default)]
struct Screen {
    shown: Vec<Event>,
    /// Nobody reads it any more.
    closed: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    screen: Mutex<Screen>,
    reading: AtomicBool,
    /// Datagrams from the server.
    socket: Mutex<VecDeque<Event>>,
    /// The process has ended: nobody waits for input any more.
    gone: Mutex<bool>,
    went: Condvar,
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        result
    }

    fn receive(&self) {
        while !self.state.lock().unwrap().exit {
            let datagram = self.socket.lock().unwrap().pop_front();
            match datagram {
                Some(event) => self.change(|state| state.events.push_back(event)),
                // Its timeout.
                None => thread::yield_now(),
            }
            self.show(Some(self.screen.lock().unwrap()));
        }
    }

    fn send(&self) {
        loop {
            let mut state = self.state.lock().unwrap();
            // Whether the screen is stuck.
            drop(self.screen.try_lock());
            while state.queue > 0 {
                drop(state);
                // The server has it, and tells of something.
                let mut socket = self.socket.lock().unwrap();
                state = self.state.lock().unwrap();
                state.queue -= 1;
                socket.push_back(Event::Happened(state.happened));
                state.happened += 1;
            }
            if state.leaving && !state.left {
                state.left = true;
                self.socket.lock().unwrap().push_back(Event::Ended);
            }
            drop(state);
            self.changed.notify_all();
            self.show(self.screen.try_lock().ok());
            if self.state.lock().unwrap().exit {
                self.changed.notify_all();
                return;
            }
            // Until the session's next timeout, or a change.
            thread::yield_now();
        }
    }

    fn show(&self, screen: Option<MutexGuard<'_, Screen>>) {
        let Some(mut screen) = screen else { return };
        loop {
            let events: Vec<Event> = self.state.lock().unwrap().events.drain(..).collect();
            if events.is_empty() {
                return;
            }
            for event in events {
                screen.shown.push(event);
                match event {
                    Event::Joined => self.change(|state| state.is_in = true),
                    Event::Ended => self.change(|state| state.exit = true),
                    Event::Happened(_) => (),
                }
            }
            if screen.closed {
                self.change(|state| state.leaving = true);
            }
        }
    }

    /// Waits until one is in; false if it is over.
    fn get_in(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        while !state.exit && !state.is_in {
            state = self.changed.wait(state).unwrap();
        }
        !state.exit
    }

    /// A line, if one comes; `None` at the end of input, or if the process has ended meanwhile.
    fn read(&self, comes: Option<bool>) -> Option<()> {
        self.reading.store(true, Ordering::Release);
        let over = self.state.lock().unwrap().exit;
        let line = match comes {
            _ if over => None,
            Some(comes) => comes.then_some(()),
            None => {
                let mut gone = self.gone.lock().unwrap();
                while !*gone {
                    gone = self.went.wait(gone).unwrap();
                }
                None
            }
        };
        self.reading.store(false, Ordering::Release);
        line
    }

    /// Waits for room in the queue.
    fn order(&self) {
        let mut state = self.state.lock().unwrap();
        while !state.exit && state.queue >= ROOM {
            state = self.changed.wait(state).unwrap();
        }
        if state.leaving {
            return;
        }
        state.queue += 1;
        drop(state);
        self.changed.notify_all();
    }

    fn is_ending(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.exit || state.leaving
    }

    fn exit_process(&self) {
        *self.gone.lock().unwrap() = true;
        self.went.notify_all();
    }
}

/// The person types so many lines, and then ends the input, or lets it be; the server removes the client, or not.
fn converse(lines: usize, ends: bool, removes: bool) {
    let shared = Arc::new(Shared::default());
    shared.screen.lock().unwrap().closed = !ends && !removes;
    let receive = thread::spawn({
        let shared = shared.clone();
        move || shared.receive()
    });
    let send = thread::spawn({
        let shared = shared.clone();
        move || {
            shared.send();
            receive.join().expect("it ends");
            if shared.reading.load(Ordering::Acquire) {
                shared.exit_process();
            }
        }
    });
    let server = thread::spawn({
        let shared = shared.clone();
        move || {
            shared.socket.lock().unwrap().push_back(Event::Joined);
            if removes {
                shared.socket.lock().unwrap().push_back(Event::Ended);
            }
        }
    });
    if shared.get_in() {
        for _ in 0..lines {
            if shared.read(Some(true)).is_none() {
                break;
            }
            shared.order();
            // A command that shows something.
            drop(shared.screen.lock().unwrap());
            if shared.is_ending() {
                break;
            }
        }
        let last = if ends { Some(false) } else { None };
        if !shared.is_ending() && shared.read(last).is_none() {
            shared.change(|state| state.leaving = true);
        }
    }
    send.join().expect("it ends");
    server.join().expect("it ends");
    let shown = &shared.screen.lock().unwrap().shown;
    let happened = shown.iter().filter_map(|event| match event {
        Event::Happened(number) => Some(*number),
        _ => None,
    });
    let happened: Vec<usize> = happened.collect();
    assert_eq!(
        happened,
        (0..happened.len()).collect::<Vec<_>>(),
        "{shown:?}"
    );
    assert_eq!(shown.first(), Some(&Event::Joined));
    assert!(shown.contains(&Event::Ended));
    if ends && !removes {
        assert_eq!(
            happened.len(),
            lines,
            "all that was typed was delivered, and shown"
        );
    }
}

pub fn one_of_all() {
    let ways = [(true, false), (true, true), (false, true), (false, false)];
    let mut random = shuttle::rand::thread_rng();
    let (ends, removes) = ways[random.gen_range(0..ways.len())];
    converse(random.gen_range(0..4), ends, removes);
}
