//! A line editor on a terminal, and lines shown above the one that is being typed: for the client, and for the server's
//! console. Only with the feature `terminal`.

mod history;
mod keys;
mod mode;
mod printer;
pub mod words;

pub use keys::Interrupt;
pub use printer::Printer;

use crate::cli::Surroundings;
use keys::Keys;
use mode::Mode;
use parking_lot::Mutex;
use rustyline::config::{BellStyle, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, Config};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The prompt that the editor measures, once: others must be as wide as this one.
pub const PROMPT: &str = "> ";

/// Where the word before a place in the line begins, and what it may become.
pub type Complete = Box<dyn Fn(&str, usize) -> (usize, Vec<String>) + Send + Sync>;

/// What the editor and the others share.
#[derive(Debug)]
pub struct Desk {
    /// What is shown above the line.
    pub printer: Printer,
    terminal: Mode,
    prompt: Mutex<&'static str>,
    /// The editor reads a line, and has not come to its end.
    reading: AtomicBool,
    /// The editor has the terminal.
    editing: AtomicBool,
}

impl Desk {
    fn new() -> Desk {
        Desk {
            printer: Printer::new(),
            terminal: Mode::new(),
            prompt: Mutex::new(PROMPT),
            reading: AtomicBool::new(false),
            editing: AtomicBool::new(false),
        }
    }

    /// The prompt is this when it is drawn next.
    pub fn set_prompt(&self, prompt: &'static str) {
        *self.prompt.lock() = prompt;
    }

    /// The program ends: what is still to be shown is, if it is shown soon, and the terminal is as it was found. A line
    /// that is being typed stays where it is.
    pub fn close(&self) {
        self.printer.drain(crate::limits::SCREEN_DRAIN);
        if self.editing.load(Ordering::Acquire) {
            self.terminal.restore();
        }
    }

    /// The editor is about to read.
    fn begin(&self) {
        self.printer.close();
        self.editing.store(true, Ordering::Release);
        self.reading.store(true, Ordering::Release);
    }

    /// The editor comes to the end of its line.
    fn end(&self) {
        self.reading.store(false, Ordering::Release);
        self.printer.close();
    }
}

/// What came of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// This was typed; it may have several lines, of a pasted block.
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D on an empty line, or there is no terminal any more.
    Ended,
}

/// See the module.
pub struct Editor {
    lines: rustyline::Editor<Keys, FileHistory>,
    desk: Arc<Desk>,
    history: Option<PathBuf>,
}

impl Editor {
    /// The terminal on stdin and stdout, and the file of this name for the lines of before; `None` if it cannot be
    /// edited on, such as a dumb one.
    pub fn open(complete: Complete, interrupt: Interrupt, history: &str) -> Option<Editor> {
        if std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty()) {
            return None;
        }
        let desk = Arc::new(Desk::new());
        let mut lines = lines(&desk, complete, interrupt).ok()?;
        let mut printer = lines.create_external_printer().ok()?;
        let run = thread::Builder::new().name("printer".into()).spawn({
            let desk = desk.clone();
            move || desk.printer.run(&mut printer)
        });
        run.ok()?;
        let history = history::file(&Surroundings::of_process(), history);
        if let Some(Err(error)) = history.as_ref().map(|path| lines.load_history(path)) {
            log::debug!("no history: {error}");
        }
        Some(Editor {
            lines,
            desk,
            history,
        })
    }

    /// What it shares.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Reads a line.
    pub fn read(&mut self) -> Read {
        self.desk.begin();
        let read = self.lines.readline(PROMPT);
        self.desk.end();
        self.desk.editing.store(false, Ordering::Release);
        match read {
            Ok(line) => Read::Line(line),
            Err(ReadlineError::Interrupted) => Read::Interrupted,
            Err(ReadlineError::Eof) => Read::Ended,
            // Bytes that are no UTF-8, such as those of another keyboard's meta key.
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                Read::Line(String::new())
            }
            Err(error) => {
                log::debug!("cannot read the terminal: {error}");
                Read::Ended
            }
        }
    }

    /// The line that was just read makes room: it is shown where the log has it.
    pub fn take_away(&mut self, line: &str) {
        let (columns, _) = self.lines.dimensions().unwrap_or((80, 24));
        let rows = rows(line, columns);
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(format!("\x1b[{rows}A\r\x1b[J").as_bytes());
        let _ = stdout.flush();
    }

    /// The line can be called back, also by the next program.
    pub fn remember(&mut self, line: &str) {
        let added = self.lines.add_history_entry(line);
        if let (Ok(true), Some(path)) = (added, &self.history)
            && let Err(error) = self.lines.append_history(path)
        {
            log::debug!("cannot keep the history: {error}");
        }
    }
}

/// An editor that shares `desk`.
fn lines(
    desk: &Arc<Desk>,
    complete: Complete,
    interrupt: Interrupt,
) -> rustyline::Result<rustyline::Editor<Keys, FileHistory>> {
    let config = Config::builder()
        // Lists would be written past the printer.
        .completion_type(CompletionType::Circular)
        // The highlighter tells when the line is drawn, also where nothing is coloured.
        .color_mode(ColorMode::Forced)
        .bell_style(BellStyle::None)
        .bracketed_paste(true)
        .auto_add_history(false)
        .max_history_size(crate::limits::HISTORY_LINES)?
        .build();
    let mut editor = rustyline::Editor::with_config(config)?;
    editor.set_helper(Some(Keys::new(desk.clone(), complete)));
    keys::bind(&mut editor, desk, interrupt);
    Ok(editor)
}

/// How many rows the editor's prompt and `line` take on a screen of so many columns, measured as the editor does.
fn rows(line: &str, columns: u16) -> u16 {
    use rustyline::GraphemeClusterMode;
    use unicode_segmentation::UnicodeSegmentation;
    let mode = GraphemeClusterMode::from_env();
    let (mut row, mut column) = (0_u16, mode.width(PROMPT));
    for cluster in line.graphemes(true) {
        if cluster == "\n" {
            (row, column) = (row.saturating_add(1), 0);
            continue;
        }
        let width = match cluster {
            "\t" => 8 - column % 8,
            _ => mode.width(cluster),
        };
        column = column.saturating_add(width);
        if column > columns {
            (row, column) = (row.saturating_add(1), width);
        }
    }
    row.saturating_add(u16::from(column >= columns))
        .saturating_add(1)
}
