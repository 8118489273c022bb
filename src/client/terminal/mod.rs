//! The client on a terminal: a line editor below, the room above it.
//!
//! The main thread edits lines; the printer's thread, which ends with the program, shows others above them. Everything
//! else is as in every client: the session, the receive and the send thread, and the order in which things are told.

mod clock;
mod commands;
mod dress;
mod editor;
mod history;
mod missed;
mod mode;
mod own;
mod printer;
mod signals;
mod style;
mod view;
mod words;

pub(super) use signals::Signals;

use super::Shared;
use super::face::Face;
use crate::cli::{self, ClientOptions, Surroundings};
use crate::session::Wish;
use crate::text::Lang;
use editor::{Desk, LineEditor};
use rustyline::error::ReadlineError;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use style::Style;
use view::View;

/// The line editor, and what it shares with the view.
pub(super) struct Editor {
    lines: LineEditor,
    desk: Arc<Desk>,
    history: Option<PathBuf>,
    lang: Lang,
    style: Style,
}

/// What of it others hold.
#[derive(Debug)]
pub(super) struct Handle {
    desk: Arc<Desk>,
}

/// The terminal on stdin and stdout; `None` if it cannot be edited on, such as a dumb one.
pub(super) fn open(options: &ClientOptions) -> Option<Editor> {
    if std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty()) {
        return None;
    }
    let desk = Arc::new(Desk::new());
    let mut lines = editor::editor(&desk).ok()?;
    let mut printer = lines.create_external_printer().ok()?;
    let run = thread::Builder::new().name("printer".into()).spawn({
        let desk = desk.clone();
        move || desk.printer.run(&mut printer)
    });
    run.ok()?;
    let history = history::file(&Surroundings::of_process());
    if let Some(Err(error)) = history.as_ref().map(|path| lines.load_history(path)) {
        log::debug!("no history: {error}");
    }
    Some(Editor {
        lines,
        desk,
        history,
        lang: options.lang,
        style: Style::new(options.color),
    })
}

impl Editor {
    pub(super) fn face(&self) -> Box<dyn Face> {
        Box::new(View::new(self.desk.clone(), self.lang, self.style))
    }

    pub(super) fn handle(&self) -> Handle {
        let desk = self.desk.clone();
        Handle { desk }
    }

    /// The main thread: lines, until the person leaves or the session ends.
    pub(super) fn converse(&mut self, shared: &Shared) {
        while shared.state.lock().exit.is_none() {
            let Some(line) = self.read(shared) else {
                shared.change(|shown, _| shown.session.handle_leave());
                break;
            };
            if line.trim().is_empty() {
                continue;
            }
            self.remember(&line);
            shared.obey(cli::read_line(&line));
            if shared.state.lock().session.is_leaving() {
                break;
            }
        }
        self.desk.printer.finish();
        if shared.state.lock().session.undelivered() > 0 {
            shared.tell(|face| face.notice(self.lang.leaving()));
        }
    }

    /// A line; `None` when the person leaves.
    fn read(&mut self, shared: &Shared) -> Option<String> {
        let (lines, desk) = (&mut self.lines, &self.desk);
        let read = shared.while_reading(|| {
            desk.begin();
            let read = lines.readline(editor::PROMPT);
            desk.end();
            Some(read)
        })?;
        match read {
            Ok(line) => {
                self.take_away(&line);
                Some(line)
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => None,
            // Bytes that are no UTF-8, such as those of another keyboard's meta key.
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                Some(String::new())
            }
            Err(error) => {
                log::debug!("cannot read the terminal: {error}");
                None
            }
        }
    }

    /// The typed line makes room: it is shown where the log has it.
    fn take_away(&mut self, line: &str) {
        let (columns, _) = self.lines.dimensions().unwrap_or((80, 24));
        let rows = editor::rows(line, columns);
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(format!("\x1b[{rows}A\r\x1b[J").as_bytes());
        let _ = stdout.flush();
    }

    /// The line can be called back, also by the next client.
    fn remember(&mut self, line: &str) {
        let added = self.lines.add_history_entry(line);
        if let (Ok(true), Some(path)) = (added, &self.history)
            && let Err(error) = self.lines.append_history(path)
        {
            log::debug!("cannot keep the history: {error}");
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
        self.desk.own.lock().sent(now, count, line);
        self.desk.stand(editor::Standing::Waiting);
    }
}
