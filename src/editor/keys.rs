//! What the keys do, and when the prompt is drawn.

use super::{Complete, Desk};
use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ConditionalEventHandler, Context, EventContext, EventHandler, KeyEvent, Movement,
    RepeatCount,
};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What Ctrl-C does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// It clears the line, and ends the reading where there is nothing to clear.
    ClearsFirst,
    /// It ends the reading, whatever is typed.
    Ends,
}

/// What the editor asks while it edits.
pub(super) struct Keys {
    desk: Arc<Desk>,
    complete: Complete,
    /// The line is being drawn because of a key; else it is drawn below lines that were printed.
    by_key: AtomicBool,
}

impl Keys {
    pub(super) fn new(desk: Arc<Desk>, complete: Complete) -> Keys {
        Keys {
            desk,
            complete,
            by_key: AtomicBool::new(false),
        }
    }
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
        Cow::Borrowed(if default {
            *self.desk.prompt.lock()
        } else {
            prompt
        })
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
        Ok((self.complete)(line, pos))
    }
}

impl rustyline::Helper for Keys {}

/// The keys that leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// Ctrl-C.
    Interrupt(Interrupt),
    /// Ctrl-D: leaves when there is nothing behind the cursor to delete.
    End,
    /// Ctrl-Z: the shell goes on below the line, which is drawn again after `fg`.
    Suspend,
}

struct Leave {
    key: Key,
    desk: Arc<Desk>,
}

/// Has the editor know these keys.
pub(super) fn bind(
    editor: &mut rustyline::Editor<Keys, FileHistory>,
    desk: &Arc<Desk>,
    interrupt: Interrupt,
) {
    for (letter, key) in [
        ('C', Key::Interrupt(interrupt)),
        ('D', Key::End),
        ('Z', Key::Suspend),
    ] {
        let desk = desk.clone();
        let leave = EventHandler::Conditional(Box::new(Leave { key, desk }));
        editor.bind_sequence(KeyEvent::ctrl(letter), leave);
    }
}

impl ConditionalEventHandler for Leave {
    fn handle(
        &self,
        _event: &rustyline::Event,
        _count: RepeatCount,
        _positive: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let cmd = match (self.key, context.line().is_empty()) {
            (Key::Suspend, _) => {
                self.desk.terminal.suspend();
                return Some(Cmd::Repaint);
            }
            (Key::Interrupt(Interrupt::ClearsFirst), false) => {
                return Some(Cmd::Kill(Movement::WholeBuffer));
            }
            (Key::End, false) => return None,
            (Key::Interrupt(_), _) => Cmd::Interrupt,
            (Key::End, true) => Cmd::EndOfFile,
        };
        self.desk.end();
        Some(cmd)
    }
}
