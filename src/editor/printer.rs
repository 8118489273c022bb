//! Lines on their way to the terminal, while a person types on it.
//!
//! The editor draws the line that is being typed, and shows others above it only while it reads: one at a time,
//! from a slot. What it has not taken from the slot when it stops reading it shows when it reads again, and what is
//! printed meanwhile goes past it. What always holds here: lines come out in the order in which they went in, since
//! the next one is handed over only when the last one was seen on the screen, and none while the editor is about to
//! stop. Nobody holds a lock while printing, and nobody has to join the thread that prints.

use crate::limits;
use parking_lot::{Condvar, Mutex};
use rustyline::ExternalPrinter;
use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

/// Who has the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody reads: lines are written as they are.
    Direct,
    /// The editor begins or ends, or its line is being taken away: nothing is printed.
    Closed,
    /// The editor reads: it prints.
    Open,
}

/// See the module.
#[derive(Debug)]
struct State {
    phase: Phase,
    queue: VecDeque<String>,
    /// Handed to the editor, and not yet on the screen; since when.
    unseen: Option<(String, Instant)>,
    /// The thread is at it.
    busy: bool,
    failed: bool,
    /// The program is about to end.
    ending: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Printer {
    state: Mutex<State>,
    changed: Condvar,
}

impl Printer {
    pub(super) fn new() -> Printer {
        Printer {
            state: Mutex::new(State {
                phase: Phase::Direct,
                queue: VecDeque::new(),
                unseen: None,
                busy: false,
                failed: false,
                ending: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Whether more should be given to print: fewer lines wait than may.
    pub fn has_room(&self) -> bool {
        self.state.lock().queue.len() < limits::SCREEN_LINES
    }

    /// Waits until there is room; when the program ends, not for long.
    pub fn wait_for_room(&self) {
        let mut state = self.state.lock();
        while state.queue.len() >= limits::SCREEN_LINES && !state.failed {
            if !state.ending {
                self.changed.wait(&mut state);
            } else if self
                .changed
                .wait_for(&mut state, limits::SCREEN_DRAIN)
                .timed_out()
            {
                return;
            }
        }
    }

    /// The program ends: nobody waits for long for a terminal that takes nothing.
    pub fn hasten(&self) {
        self.state.lock().ending = true;
        self.changed.notify_all();
    }

    /// Adds lines, each with its line break; false once the terminal is gone.
    pub fn push(&self, lines: String) -> bool {
        let mut state = self.state.lock();
        if !lines.is_empty() && !state.failed {
            state.queue.push_back(lines);
            self.changed.notify_all();
        }
        !state.failed
    }

    /// The editor has drawn its line: from here on it prints.
    pub(super) fn open(&self) {
        self.enter(Phase::Open);
    }

    /// The editor has shown what it was given.
    pub(super) fn seen(&self) {
        let mut state = self.state.lock();
        state.unseen = None;
        self.changed.notify_all();
    }

    /// Nothing is printed until the editor reads again, and nothing is being printed any more.
    pub(super) fn close(&self) {
        self.enter(Phase::Closed);
        let mut state = self.state.lock();
        let until = Instant::now() + limits::SCREEN_PATIENCE;
        while state.busy && !self.changed.wait_until(&mut state, until).timed_out() {}
    }

    /// The editor will not read again: lines are written as they are, first the one that it did not get to.
    pub fn finish(&self) {
        self.close();
        let mut state = self.state.lock();
        if let Some((lines, _)) = state.unseen.take() {
            state.queue.push_front(lines);
        }
        state.phase = Phase::Direct;
        self.changed.notify_all();
    }

    /// Waits until everything is printed, so long at most.
    pub fn drain(&self, most: Duration) {
        let until = Instant::now() + most;
        let mut state = self.state.lock();
        while (state.busy || state.unseen.is_some() || !state.queue.is_empty()) && !state.failed {
            if self.changed.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state.lock();
        if state.phase != phase {
            state.phase = phase;
            self.changed.notify_all();
        }
    }

    /// The thread that prints; it ends with the program, or with the terminal.
    pub(super) fn run(&self, editor: &mut impl ExternalPrinter) {
        loop {
            let (lines, phase) = self.next();
            let printed = match phase {
                Phase::Open => editor.print(lines).is_ok(),
                Phase::Direct | Phase::Closed => {
                    let mut stdout = std::io::stdout().lock();
                    let written = stdout.write_all(lines.as_bytes());
                    written.and_then(|()| stdout.flush()).is_ok()
                }
            };
            let mut state = self.state.lock();
            state.busy = false;
            state.failed |= !printed;
            self.changed.notify_all();
            if state.failed {
                return;
            }
        }
    }

    /// The lines to be printed next, and by whom; waits until there are any and it is their turn.
    fn next(&self) -> (String, Phase) {
        let mut state = self.state.lock();
        loop {
            let until = match (state.phase, &state.unseen) {
                (Phase::Open, Some((_, since))) => *since + limits::SCREEN_PATIENCE,
                _ => Instant::now(),
            };
            let turn = state.phase != Phase::Closed && until <= Instant::now();
            if turn && !state.queue.is_empty() {
                break;
            }
            if turn || state.phase == Phase::Closed {
                self.changed.wait(&mut state);
            } else {
                self.changed.wait_until(&mut state, until);
            }
        }
        let mut lines = String::new();
        while let Some(next) = state.queue.front() {
            if !lines.is_empty() && lines.len() + next.len() > limits::SCREEN_PIECE {
                break;
            }
            lines += next;
            state.queue.pop_front();
        }
        if state.phase == Phase::Open {
            state.unseen = Some((lines.clone(), Instant::now()));
        }
        state.busy = true;
        self.changed.notify_all();
        (lines, state.phase)
    }
}
