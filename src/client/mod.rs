//! The client: threads around the session.
//!
//! | thread | does | waits for |
//! | --- | --- | --- |
//! | receive | hands datagrams to the session, shows what comes of it | a datagram |
//! | send | sends what the session has to send, keeps its time | the session's next timeout, or a change |
//! | main | reads the person's input into the session | a line, or room in the session's queue |
//!
//! What always holds here: no protocol decisions. The session is behind one mutex, never held while reading,
//! sending or printing. Whoever has events to show holds the screen's mutex from taking them to having shown
//! them, so their order is kept; a screen that takes no more stops the receive thread alone, and with it, through
//! the acknowledgements that do not go out, the server's cursor. To end: the send thread sees that the session is
//! over, joins the receive thread, and ends the process if the main thread is still waiting for input, from which
//! nothing can wake it.

mod classic;
mod doctor;
mod face;
pub mod find;
mod json;
mod keepsake;
mod output;
pub mod screen;
mod shown;
#[cfg(not(feature = "terminal"))]
#[path = "no_terminal.rs"]
mod terminal;
#[cfg(feature = "terminal")]
mod terminal;
mod threads;

use crate::cli::{self, ClientOptions, Exit, Typed};
use crate::commands::{self, Wanted};
use crate::lines::Lines;
use crate::session::Wish;
use crate::text::Lang;
use face::Face;
use json::Json;
use keepsake::Keepsake;
use parking_lot::{Condvar, Mutex};
use screen::Screen;
use shown::{Door, Shown};
use std::io::IsTerminal;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use threads::connect;

/// What the threads have in common.
struct Shared {
    state: Mutex<Shown>,
    /// The state has changed: there may be something to send, or to read on for.
    changed: Condvar,
    screen: Mutex<Box<dyn Face>>,
    /// The terminal with its line editor, if that is where the person sits.
    desk: Option<terminal::Handle>,
    signals: terminal::Signals,
    socket: Mutex<Arc<UdpSocket>>,
    /// The server's addresses, and which of them is in use.
    servers: Mutex<(Vec<SocketAddr>, usize)>,
    began: Instant,
    /// The main thread waits for input.
    reading: AtomicBool,
    /// Someone whose name is refused is asked for another one.
    asks: bool,
    /// What is left behind for a program that is to go on as this one.
    keepsake: Option<Mutex<Keepsake>>,
    lang: Lang,
}

/// Runs the client until the person leaves or the session ends.
pub fn run(options: &ClientOptions) -> Exit {
    if options.doctor {
        return doctor::run(options);
    }
    let terminal = std::io::stdin().is_terminal();
    let mut lines = Lines::new(std::io::stdin().lock());
    match find::settle(options, terminal && !options.json, &mut lines) {
        Ok(options) => enter(&options, terminal, lines),
        Err(exit) => exit,
    }
}

/// Enters the room at the server of these options.
fn enter<R: std::io::BufRead>(
    options: &ClientOptions,
    terminal: bool,
    mut lines: Lines<R>,
) -> Exit {
    let lang = options.lang;
    let seed = match seed(lang) {
        Ok(seed) => seed,
        Err(what) => return fail(Exit::Failure, &what),
    };
    let servers = match cli::resolve(&options.server) {
        Ok(servers) => servers,
        Err(error) => {
            let what = lang.bad_address(lang.pick("服务器", "server"), &options.server, error);
            return fail(Exit::Unreachable, &what);
        }
    };
    let keepsake = match keepsake::begin(options) {
        Ok(keepsake) => keepsake,
        Err(what) => return fail(Exit::Failure, &what),
    };
    let kept = keepsake.as_ref().and_then(Keepsake::written).cloned();
    let (kept_name, past) = kept.unzip();
    let known = kept_name.or_else(|| options.name.clone());
    let asks = known.is_none() || terminal;
    let (mut editor, mut face) = face_of(options, terminal);
    let Some(name) = known.or_else(|| ask_name(&mut *face, &mut lines)) else {
        face.ended(Exit::Usage, 0);
        face.flush();
        let what = lang.pick(
            "没有姓名：请用 --name 指定",
            "no name: give one with --name",
        );
        return fail(Exit::Usage, what);
    };
    if options.classic {
        let screen = Screen::new(lang, terminal && std::io::stdout().is_terminal());
        return classic::run(options, servers, (screen, &mut lines), (name, asks));
    }
    let socket = match servers.first().map(|server| connect(*server)) {
        Some(Ok(socket)) => socket,
        Some(Err(error)) => {
            let what = lang.bad_address(lang.pick("服务器", "server"), &options.server, error);
            return fail(Exit::Unreachable, &what);
        }
        None => return fail(Exit::Unreachable, &options.server),
    };
    let session = keepsake::session(options, &*face, &name, seed, past);
    let shared = Arc::new(Shared {
        state: Mutex::new(Shown::new(session)),
        changed: Condvar::new(),
        screen: Mutex::new(face),
        desk: editor.as_ref().map(terminal::Editor::handle),
        signals: terminal::Signals::new(),
        socket: Mutex::new(Arc::new(socket)),
        servers: Mutex::new((servers, 0)),
        began: Instant::now(),
        reading: AtomicBool::new(false),
        asks,
        keepsake: keepsake.map(Mutex::new),
        lang,
    });
    match start(&shared) {
        Ok(send) => converse(&shared, &mut lines, editor.as_mut(), send),
        Err(error) => fail(Exit::Failure, &format!("cannot start a thread: {error}")),
    }
}

fn seed(lang: Lang) -> Result<u64, String> {
    let random = cli::os_random::<8>().map(u64::from_be_bytes);
    random.map_err(|error| {
        let what = lang.pick(
            "无法从操作系统取得随机数",
            "no randomness from the operating system",
        );
        format!("{what}: /dev/urandom: {error}")
    })
}

/// Whoever sits there, and the line editor if it is a terminal that has one.
fn face_of(options: &ClientOptions, terminal: bool) -> (Option<terminal::Editor>, Box<dyn Face>) {
    let tty = terminal && std::io::stdout().is_terminal();
    let edits = tty && !options.json && !options.classic;
    let editor = if edits { terminal::open(options) } else { None };
    let face: Box<dyn Face> = match &editor {
        Some(editor) => editor.face(),
        None if options.json => Box::new(Json::new(options.lang)),
        None => Box::new(Screen::new(options.lang, tty)),
    };
    (editor, face)
}

/// Asks for a name, as often as the answer is empty; `None` at the end of input.
fn ask_name<R: std::io::BufRead>(face: &mut dyn Face, lines: &mut Lines<R>) -> Option<String> {
    loop {
        face.name_wanted();
        face.flush();
        let line = lines.next();
        if line.is_none() || lines.have_ended() {
            // What is shown next is not to stand behind the prompt.
            face.name_missed();
        }
        let line = line?;
        let name = line.text.trim();
        // What a line has beyond its first part is no name of its own.
        if !name.is_empty() && !line.continued {
            return Some(name.to_owned());
        }
    }
}

fn fail(exit: Exit, what: &str) -> Exit {
    cli::complain(&format!("chat-client: {what}"));
    exit
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
            shared.screen.lock().close();
            std::process::exit(shared.exit() as i32);
        }
    })
}

/// The main thread: the person's input, until it ends or the session does.
fn converse<R: std::io::BufRead>(
    shared: &Shared,
    lines: &mut Lines<R>,
    editor: Option<&mut terminal::Editor>,
    send: JoinHandle<()>,
) -> Exit {
    if !shared.get_in(lines) {
        // It is over before it began.
    } else if let Some(editor) = editor {
        editor.converse(shared);
    } else {
        loop {
            let Some(line) = shared.while_reading(|| lines.next()) else {
                shared.change(|shown, _| shown.session.handle_leave());
                break;
            };
            shared.obey(cli::typed(&line));
            if shared.state.lock().is_ending() {
                break;
            }
        }
    }
    if send.join().is_err() {
        return Exit::Failure;
    }
    log::debug!("joined send");
    let mut face = shared.screen.lock();
    face.drain();
    match shared.exit() {
        // What was shown last could not be written.
        Exit::Done if face.has_failed() => Exit::Failure,
        exit => exit,
    }
}

impl Shared {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn exit(&self) -> Exit {
        self.state.lock().exit.unwrap_or(Exit::Failure)
    }

    /// Changes the state, and wakes whoever waits for that.
    fn change<T>(&self, change: impl FnOnce(&mut Shown, Duration) -> T) -> T {
        let now = self.now();
        let result = change(&mut self.state.lock(), now);
        self.changed.notify_all();
        result
    }

    /// Waits until one is in, asking for other names if that helps; false if it is over.
    fn get_in<R: std::io::BufRead>(&self, lines: &mut Lines<R>) -> bool {
        loop {
            {
                let mut shown = self.state.lock();
                while shown.exit.is_none() && shown.door == Door::Waiting {
                    self.changed.wait(&mut shown);
                }
                if shown.exit.is_some() || shown.door == Door::In {
                    return shown.exit.is_none();
                }
            }
            let name = if self.asks {
                ask_name(&mut **self.screen.lock(), lines)
            } else {
                None
            };
            let Some(name) = name else {
                let exit = Exit::NameRefused;
                self.tell(|face| face.ended(exit, self.state.lock().undelivered()));
                self.change(|shown, _| shown.exit = Some(exit));
                return false;
            };
            self.change(|shown, now| shown.ask_to_enter(now, &name));
        }
    }

    fn obey(&self, typed: Typed<'_>) {
        if let Typed::Command(name, argument) = typed {
            let mut face = self.screen.lock();
            if face.obey(name, argument) {
                face.flush();
                return;
            }
        }
        let wanted = commands::read(typed, &self.state.lock().correspondent, self.lang);
        match wanted {
            Wanted::Nothing => (),
            Wanted::Order(wishes) => wishes.into_iter().for_each(|wish| self.order(wish)),
            Wanted::Quit => self.change(|shown, _| shown.session.handle_leave()),
            Wanted::Who => self.change(|shown, now| shown.session.handle_who(now)),
            Wanted::Reach => self.change(|shown, now| shown.session.handle_reach(now)),
            Wanted::Ping => self.change(|shown, now| shown.session.handle_ping(now)),
            Wanted::Help => self.tell(|face| face.help()),
            Wanted::Wrong(why) => self.tell(|face| face.error(&why)),
        }
    }

    /// Reads, unless it is over: then nobody would end the program if that waited.
    fn while_reading<T>(&self, read: impl FnOnce() -> Option<T>) -> Option<T> {
        self.reading.store(true, Ordering::Release);
        let over = self.state.lock().exit.is_some();
        let line = if over { None } else { read() };
        self.reading.store(false, Ordering::Release);
        line
    }

    fn tell(&self, tell: impl FnOnce(&mut dyn Face)) {
        let mut face = self.screen.lock();
        tell(&mut **face);
        face.flush();
    }

    /// Waits for room in the queue: what is typed or piped meanwhile stays where it is.
    fn order(&self, wish: Wish) {
        let mut shown = self.state.lock();
        while shown.exit.is_none() && !shown.session.has_room() {
            self.changed.wait(&mut shown);
        }
        if let (Door::NameRefused, Wish::Rename(name)) = (shown.door, &wish) {
            shown.ask_to_enter(self.now(), name);
            drop(shown);
            self.changed.notify_all();
            return;
        }
        if shown.session.is_leaving() {
            shown.late += 1;
            drop(shown);
            return self.tell(|face| face.error(&self.lang.undelivered(1)));
        }
        match &self.desk {
            // Noted before anybody can hear of its having been ordered.
            Some(desk) => {
                let line = desk.line(&wish, shown.session.name(), self.lang);
                let count = shown.session.handle_wish(wish);
                desk.sent(self.now(), count, line);
            }
            None => {
                shown.session.handle_wish(wish);
            }
        }
        drop(shown);
        self.changed.notify_all();
    }
}
