//! The client on a terminal: a line editor below, the room above it.
//!
//! The main thread edits lines; the printer's thread, which ends with the program, shows others above them. Everything
//! else is as in every client: the session, the receive and the send thread, and the order in which things are told.

mod clock;
mod commands;
mod dress;
mod ignored;
mod missed;
mod own;
mod signals;
mod style;
mod view;
mod words;

pub(super) use signals::Signals;

use super::Shared;
use super::face::Face;
use crate::cli::{self, ClientOptions};
use crate::editor::{self, Interrupt, Read};
use crate::session::Wish;
use crate::text::Lang;
use own::Own;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use style::Style;
use view::View;
use words::Words;

/// What the prompt says of the connection: all that was said is ordered,
const WELL: &str = editor::PROMPT;
/// or something is not yet,
const WAITING: &str = ". ";
/// or the server is silent.
const SILENT: &str = "! ";

/// What the editor and the view share.
#[derive(Debug)]
struct Seat {
    desk: Arc<editor::Desk>,
    words: Arc<Words>,
    own: Mutex<Own>,
}

/// The line editor, and what it shares with the view.
pub(super) struct Editor {
    lines: editor::Editor,
    seat: Arc<Seat>,
    lang: Lang,
    style: Style,
}

/// What of it others hold.
#[derive(Debug)]
pub(super) struct Handle {
    seat: Arc<Seat>,
}

/// The terminal on stdin and stdout; `None` if it cannot be edited on, such as a dumb one.
pub(super) fn open(options: &ClientOptions) -> Option<Editor> {
    let words = Arc::new(Words::default());
    let complete = {
        let words = words.clone();
        Box::new(move |line: &str, pos| words.complete(line, pos))
    };
    let lines = editor::Editor::open(complete, Interrupt::ClearsFirst, "history")?;
    let seat = Arc::new(Seat {
        desk: lines.desk().clone(),
        words,
        own: Mutex::default(),
    });
    Some(Editor {
        lines,
        seat,
        lang: options.lang,
        style: Style::new(options.color),
    })
}

impl Editor {
    pub(super) fn face(&self) -> Box<dyn Face> {
        Box::new(View::new(self.seat.clone(), self.lang, self.style))
    }

    pub(super) fn handle(&self) -> Handle {
        let seat = self.seat.clone();
        Handle { seat }
    }

    /// The main thread: lines, until the person leaves or the session ends.
    pub(super) fn converse(&mut self, shared: &Shared) {
        while shared.state.lock().exit.is_none() {
            let Some(Read::Line(line)) = shared.while_reading(|| Some(self.lines.read())) else {
                shared.change(|shown, _| shown.session.handle_leave());
                break;
            };
            self.lines.take_away(&line);
            if line.trim().is_empty() {
                continue;
            }
            self.lines.remember(&line);
            shared.obey(cli::read_line(&line));
            if shared.state.lock().session.is_leaving() {
                break;
            }
        }
        self.seat.desk.printer.finish();
        if shared.state.lock().session.undelivered() > 0 {
            shared.tell(|face| face.notice(self.lang.leaving()));
        }
    }
}

impl Handle {
    /// What is shown of a wish of one's own, if anything.
    pub(super) fn line(&self, wish: &Wish, name: &str, lang: Lang) -> Option<String> {
        match wish {
            Wish::Say(text) => Some(lang.said(name, text)),
            Wish::Act(text) => Some(lang.acted(name, text)),
            Wish::Whisper(to, text) => Some(lang.whispering(name, to, text)),
            Wish::Rename(_) | Wish::Away(_) => None,
        }
    }

    /// The wish of this count was handed to the session.
    pub(super) fn sent(&self, now: Duration, count: u64, line: Option<String>) {
        self.seat.own.lock().sent(now, count, line);
        self.seat.desk.set_prompt(WAITING);
    }
}
