//! The line editor: what the keys do, and when its prompt is drawn.

use super::mode::Mode;
use super::own::Own;
use super::printer::Printer;
use super::words::Words;
use parking_lot::Mutex;
use rustyline::completion::Completer;
use rustyline::config::{BellStyle, CompletionType};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ColorMode, ConditionalEventHandler, Config, Context, Editor, EventContext, EventHandler,
    KeyEvent, Movement, RepeatCount,
};
use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// A line editor of this program's.
pub(super) type LineEditor = Editor<Keys, FileHistory>;

/// What the prompt says of the connection. All its forms are as wide as each other: the editor measures it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Standing {
    /// All that was said is ordered.
    Well = 0,
    /// Something said is not yet ordered.
    Waiting = 1,
    /// The server is silent.
    Silent = 2,
}

/// The prompts of [`Standing`], in its order.
const PROMPTS: [&str; 3] = ["> ", ". ", "! "];

/// What the editor and the others share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) printer: Printer,
    pub(super) words: Words,
    pub(super) own: Mutex<Own>,
    pub(super) terminal: Mode,
    standing: AtomicU8,
    /// The editor reads a line, and has not come to its end.
    reading: AtomicBool,
}

impl Desk {
    pub(super) fn new() -> Desk {
        Desk {
            printer: Printer::new(),
            words: Words::default(),
            own: Mutex::default(),
            terminal: Mode::new(),
            standing: AtomicU8::new(Standing::Well as u8),
            reading: AtomicBool::new(false),
        }
    }

    /// The prompt shows this when it is drawn next.
    pub(super) fn stand(&self, standing: Standing) {
        self.standing.store(standing as u8, Ordering::Release);
    }

    /// The editor is about to read.
    pub(super) fn begin(&self) {
        self.reading.store(true, Ordering::Release);
    }

    /// The editor comes to the end of its line.
    pub(super) fn end(&self) {
        self.reading.store(false, Ordering::Release);
        self.printer.close();
    }

    fn prompt(&self) -> &'static str {
        let standing = usize::from(self.standing.load(Ordering::Acquire));
        PROMPTS.get(standing).copied().unwrap_or(PROMPTS[0])
    }
}

/// An editor that shares `desk`.
pub(super) fn editor(desk: &Arc<Desk>) -> rustyline::Result<LineEditor> {
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
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Keys {
        desk: desk.clone(),
        by_key: AtomicBool::new(false),
    }));
    let leave = |key| {
        EventHandler::Conditional(Box::new(Leave {
            key,
            desk: desk.clone(),
        }))
    };
    editor.bind_sequence(KeyEvent::ctrl('C'), leave(Key::Interrupt));
    editor.bind_sequence(KeyEvent::ctrl('D'), leave(Key::End));
    editor.bind_sequence(KeyEvent::ctrl('Z'), leave(Key::Suspend));
    Ok(editor)
}

/// The prompt that the editor measures.
pub(super) const PROMPT: &str = PROMPTS[0];

/// What the editor asks while it edits.
pub(super) struct Keys {
    desk: Arc<Desk>,
    /// The line is being drawn because of a key; else it is drawn below lines that were printed.
    by_key: AtomicBool,
}

impl Hinter for Keys {
    type Hint = String;

    fn hint(&self, _line: &str, _pos: usize, _context: &Context<'_>) -> Option<String> {
        self.by_key.store(true, Ordering::Release);
        None
    }
}

impl Highlighter for Keys {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        default: bool,
    ) -> Cow<'b, str> {
        if !self.by_key.swap(false, Ordering::AcqRel) {
            self.desk.printer.seen();
        }
        if self.desk.reading.load(Ordering::Acquire) {
            self.desk.printer.open();
        }
        Cow::Borrowed(if default { self.desk.prompt() } else { prompt })
    }

    /// Always: then every key draws the whole line, and what is drawn without a key was drawn for the printer.
    fn highlight_char(&self, _line: &str, _pos: usize, _kind: CmdKind) -> bool {
        self.by_key.store(true, Ordering::Release);
        true
    }
}

impl Validator for Keys {
    /// Enter: the editor ends.
    fn validate(
        &self,
        _context: &mut ValidationContext<'_>,
    ) -> rustyline::Result<ValidationResult> {
        self.desk.end();
        Ok(ValidationResult::Valid(None))
    }
}

impl Completer for Keys {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.desk.words.complete(line, pos))
    }
}

impl rustyline::Helper for Keys {}

/// The keys that leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// Ctrl-C: clears the line, and leaves when there is nothing to clear.
    Interrupt,
    /// Ctrl-D: leaves when there is nothing behind the cursor to delete.
    End,
    /// Ctrl-Z: the shell goes on below the line, which is drawn again after `fg`.
    Suspend,
}

struct Leave {
    key: Key,
    desk: Arc<Desk>,
}

impl ConditionalEventHandler for Leave {
    fn handle(
        &self,
        _event: &rustyline::Event,
        _count: RepeatCount,
        _positive: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        match (self.key, context.line().is_empty()) {
            (Key::Suspend, _) => {
                let mut stdout = std::io::stdout().lock();
                let _ = stdout.write_all(b"\n").and_then(|()| stdout.flush());
                Some(Cmd::Suspend)
            }
            (Key::Interrupt, false) => Some(Cmd::Kill(Movement::WholeBuffer)),
            (Key::End, false) => None,
            (key, true) => {
                self.desk.end();
                Some(if key == Key::Interrupt {
                    Cmd::Interrupt
                } else {
                    Cmd::EndOfFile
                })
            }
        }
    }
}

/// How many rows the editor's prompt and `line` take on a screen of so many columns, measured as the editor does.
pub(super) fn rows(line: &str, columns: u16) -> u16 {
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
