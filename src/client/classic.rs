//! The client of a server that speaks the classroom's text protocol: the same three threads around another state
//! machine, [`ClassicSession`].
//!
//! What always holds here: what does for the other client: the session's mutex is never held while reading, sending or
//! printing, and events are shown in their order under the screen's.

use super::face::Face;
use super::screen::{self, Screen};
use super::{Door, connect, fail};
use crate::cli::{self, ClientOptions, Exit, Typed};
use crate::commands::{self, Command, Kind};
use crate::limits;
use crate::lines::Lines;
use crate::session::End;
use crate::session::classic::{ClassicEnd, ClassicEvent, ClassicSession};
use crate::text::{Lang, screen::harmless};
use parking_lot::{Condvar, Mutex};
use std::io::{BufRead, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What the threads have in common.
struct Shared {
    state: Mutex<State>,
    /// The state has changed: there may be something to send, or to read on for.
    changed: Condvar,
    screen: Mutex<Screen>,
    socket: Mutex<(SocketAddr, Arc<UdpSocket>)>,
    began: Instant,
    /// The main thread waits for input.
    reading: AtomicBool,
    lang: Lang,
}

/// The session, and what the person's side of it has come to.
struct State {
    session: ClassicSession,
    name: String,
    /// Addresses of the server that were not tried.
    others: Vec<SocketAddr>,
    door: Door,
    exit: Option<Exit>,
}

/// Runs the client until the person leaves or the session ends.
pub(super) fn run<R: BufRead>(
    options: &ClientOptions,
    servers: Vec<SocketAddr>,
    (mut screen, lines): (Screen, &mut Lines<R>),
    (name, asks): (String, bool),
) -> Exit {
    let (given, lang) = (&options.server, options.lang);
    let Some(name) = usable(name, asks, &mut screen, lines, lang) else {
        return Exit::NameRefused;
    };
    // From the back: course programs listen on IPv4.
    let mut others = servers;
    others.reverse();
    others.sort_by_key(SocketAddr::is_ipv4);
    let Some(server) = others.pop() else {
        return fail(Exit::Unreachable, given);
    };
    let socket = match connect(server) {
        Ok(socket) => socket,
        Err(error) => {
            let what = lang.bad_address(lang.pick("服务器", "server"), given, error);
            return fail(Exit::Unreachable, &what);
        }
    };
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            session: ClassicSession::new(&name),
            name,
            others,
            door: Door::Waiting,
            exit: None,
        }),
        changed: Condvar::new(),
        screen: Mutex::new(screen),
        socket: Mutex::new((server, Arc::new(socket))),
        began: Instant::now(),
        reading: AtomicBool::new(false),
        lang,
    });
    match start(&shared) {
        Ok(send) => shared.converse(lines, asks, send),
        Err(error) => fail(Exit::Failure, &format!("cannot start a thread: {error}")),
    }
}

/// The name, or another one that the person gives, if it can be said in the protocol.
fn usable<R: BufRead>(
    mut name: String,
    asks: bool,
    screen: &mut Screen,
    lines: &mut Lines<R>,
    lang: Lang,
) -> Option<String> {
    while !ClassicSession::takes(&name) {
        cli::complain(&format!("chat-client: {}", lang.classic_name()));
        name = if asks {
            super::ask_name(screen, lines)?
        } else {
            return None;
        };
    }
    Some(name)
}

/// Starts the threads; the send thread joins the receive thread.
fn start(shared: &Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    let receive = thread::Builder::new().name("receive".into()).spawn({
        let shared = shared.clone();
        move || shared.receive()
    })?;
    let shared = shared.clone();
    thread::Builder::new().name("send".into()).spawn(move || {
        shared.send();
        if receive.join().is_err() {
            std::process::exit(Exit::Failure as i32);
        }
        log::debug!("joined receive");
        if shared.reading.load(Ordering::Acquire) {
            // Nothing can wake a thread from reading stdin.
            std::process::exit(shared.exit() as i32);
        }
    })
}

impl Shared {
    fn exit(&self) -> Exit {
        self.state.lock().exit.unwrap_or(Exit::Failure)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Changes the state, and wakes whoever waits for that.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock());
        self.changed.notify_all();
        result
    }

    /// The receive thread.
    fn receive(&self) {
        let mut buffer = vec![0; limits::RECEIVE_BUFFER];
        while self.state.lock().exit.is_none() {
            let (_, socket) = self.socket.lock().clone();
            match socket.recv(&mut buffer) {
                Ok(size) => self.change(|state| state.session.handle_datagram(&buffer[..size])),
                Err(error) => self.handle_error(error.kind()),
            }
            self.show();
        }
    }

    /// The send thread.
    fn send(&self) {
        let mut bytes = Vec::with_capacity(limits::DATAGRAM);
        loop {
            let mut state = self.state.lock();
            let now = self.now();
            state.session.handle_timeout(now);
            while state.session.poll_transmit(now, &mut bytes) {
                parking_lot::MutexGuard::unlocked(&mut state, || {
                    let (_, socket) = self.socket.lock().clone();
                    if let Err(error) = socket.send(&bytes) {
                        log::debug!("cannot send: {error}");
                        self.handle_error(error.kind());
                    }
                });
            }
            drop(state);
            self.changed.notify_all();
            let mut state = self.state.lock();
            if state.exit.is_some() {
                drop(state);
                self.changed.notify_all();
                return;
            }
            let now = self.now();
            let pause = match state.session.poll_timeout(now) {
                Some(at) if at <= now => continue,
                Some(at) => (at - now).min(limits::SOCKET_POLL),
                None => limits::SOCKET_POLL,
            };
            self.changed
                .wait_for(&mut state, pause.max(Duration::from_millis(1)));
        }
    }

    /// A closed port is the end: nobody there knows us any more, and nothing is sent again. Unless it was never open, and
    /// the server has another address.
    fn handle_error(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => (),
            ErrorKind::ConnectionRefused => {
                while let Some(other) = self.another_address() {
                    if let Ok(socket) = connect(other) {
                        *self.socket.lock() = (other, Arc::new(socket));
                        return self.change(|state| {
                            let name = state.name.clone();
                            state.session.handle_name(&name);
                        });
                    }
                }
                self.change(|state| state.session.handle_port_closed());
            }
            _ => thread::sleep(limits::SOCKET_POLL),
        }
    }

    fn another_address(&self) -> Option<SocketAddr> {
        let mut state = self.state.lock();
        let asking = state.session.is_asking();
        state.others.pop().filter(|_| asking)
    }

    /// Shows what the session has to tell, in its order; the screen is held from taking to showing.
    fn show(&self) {
        let mut screen = self.screen.lock();
        loop {
            let events: Vec<_> = {
                let mut state = self.state.lock();
                std::iter::from_fn(|| state.session.poll_event()).collect()
            };
            if events.is_empty() {
                return;
            }
            for event in events {
                self.handle_event(&mut screen, event);
            }
            if !screen.flush() {
                // Nobody reads what we show: leave as if the input had ended.
                self.change(|state| state.session.handle_leave());
            }
        }
    }

    fn handle_event(&self, screen: &mut Screen, event: ClassicEvent) {
        match event {
            ClassicEvent::Joined => self.change(|state| state.door = Door::In),
            ClassicEvent::Refused(why) => {
                screen.error(&harmless(&why));
                self.change(|state| state.door = Door::NameRefused);
            }
            ClassicEvent::Line(line) => screen.relayed(&line),
            ClassicEvent::Ended(end) => self.handle_end(screen, end),
        }
    }

    fn handle_end(&self, screen: &mut Screen, end: ClassicEnd) {
        let (server, _) = *self.socket.lock();
        let unsaid = self.state.lock().session.unsaid();
        let (told, exit) = match end {
            ClassicEnd::Left if screen.has_failed() => (None, Exit::Failure),
            ClassicEnd::Left => (None, Exit::Done),
            ClassicEnd::Removed => {
                let told = self.lang.pick(
                    "服务器结束了会话：EXIT",
                    "the server ended the session: EXIT",
                );
                (Some(told.to_owned()), Exit::Removed)
            }
            ClassicEnd::Unreachable => screen::ended(&End::Unreachable, server, self.lang),
            ClassicEnd::Lost => {
                let told = self.lang.pick(
                    format!("{server} 上的服务器已关闭：请待它重新启动后再次进入"),
                    format!("the server at {server} is gone: come in again when it is back"),
                );
                (Some(told), Exit::Unreachable)
            }
        };
        if let Some(told) = told {
            screen.error(&told);
        }
        if unsaid > 0 {
            screen.error(&self.lang.undelivered(unsaid));
        }
        self.change(|state| state.exit = Some(exit));
    }

    /// The main thread: the person's input, until it ends or the session does.
    fn converse<R: BufRead>(&self, lines: &mut Lines<R>, asks: bool, send: JoinHandle<()>) -> Exit {
        if self.get_in(lines, asks) {
            loop {
                self.reading.store(true, Ordering::Release);
                // It may have ended before it was known that nobody would end a wait for input.
                let over = self.state.lock().exit.is_some();
                let line = if over { None } else { lines.next() };
                self.reading.store(false, Ordering::Release);
                let Some(line) = line else {
                    self.change(|state| state.session.handle_leave());
                    break;
                };
                self.obey(cli::typed(&line));
                if self.state.lock().exit.is_some() {
                    break;
                }
            }
        }
        if send.join().is_err() {
            return Exit::Failure;
        }
        log::debug!("joined send");
        self.exit()
    }

    /// Waits until one is in, asking for other names after a refusal; false if it is over.
    fn get_in<R: BufRead>(&self, lines: &mut Lines<R>, asks: bool) -> bool {
        loop {
            {
                let mut state = self.state.lock();
                while state.exit.is_none() && state.door == Door::Waiting {
                    self.changed.wait(&mut state);
                }
                if state.exit.is_some() || state.door == Door::In {
                    return state.exit.is_none();
                }
            }
            let name = {
                let screen = &mut *self.screen.lock();
                let name = asks.then(|| super::ask_name(screen, lines)).flatten();
                name.and_then(|name| usable(name, asks, screen, lines, self.lang))
            };
            self.change(|state| match name {
                Some(name) => {
                    state.door = Door::Waiting;
                    state.session.handle_name(&name);
                    state.name = name;
                }
                None => state.exit = Some(Exit::NameRefused),
            });
        }
    }

    fn obey(&self, typed: Typed<'_>) {
        match typed {
            // In their rooms nothing at all is a line too.
            Typed::Nothing => self.say(""),
            Typed::Text(text) => self.say(text),
            Typed::Command(name, _) => self.obey_command(name),
        }
    }

    fn obey_command(&self, name: &str) {
        let kind = |table: &[Command<Kind>]| {
            let mut commands = table.iter();
            commands.find(|c| c.name == name).map(|c| c.kind)
        };
        match (kind(commands::CLASSIC), kind(commands::CLIENT)) {
            (Some(Kind::Quit), _) => self.change(|state| state.session.handle_leave()),
            (Some(_), _) => {
                let help = commands::help(commands::CLASSIC, self.lang);
                let mut screen = self.screen.lock();
                screen.answer(help.trim_end());
                screen.flush();
            }
            (None, Some(_)) => self.screen.lock().error(&self.lang.not_in_classic(name)),
            (None, None) => {
                let told = commands::unknown(commands::names(commands::CLASSIC), name, self.lang);
                self.screen.lock().error(&told);
            }
        }
    }

    /// Waits for room in the queue: what is typed or piped meanwhile stays where it is.
    fn say(&self, text: &str) {
        let mut state = self.state.lock();
        while state.exit.is_none() && !state.session.has_room() {
            self.changed.wait(&mut state);
        }
        state.session.handle_say(text);
        drop(state);
        self.changed.notify_all();
    }
}
