//! The operator's screen: the room as plain lines on stdout, and what the operator asked for between them.
//!
//! What always holds here: lines come in the log's order, and an answer behind everything that it knows of, unless the
//! screen lags. Whoever shows something has the turn, and shows first what waits.

use crate::cli;
#[cfg(feature = "terminal")]
use crate::editor::Desk;
use crate::limits;
use crate::text::Lang;
use crate::wire::{What, decode_events};
use crossbeam_channel::{Receiver, Select, TryRecvError};
use parking_lot::Mutex;
#[cfg(feature = "terminal")]
use std::io::IsTerminal;
use std::io::Write;
use std::sync::{Arc, Once};
use std::thread;

/// Where the operator looks: stdout, or, where that is a terminal with a line editor, what is above the typed line.
#[derive(Clone)]
pub(super) struct Screen {
    /// What has happened and is not yet shown, see [`Room::view`](crate::room::Room::view).
    pub(super) batches: Receiver<Vec<u8>>,
    pub(super) lang: Lang,
    /// Who holds it takes of that, and shows it.
    pub(super) turn: Arc<Mutex<()>>,
    #[cfg(feature = "terminal")]
    pub(super) desk: Option<Arc<Desk>>,
}

impl Screen {
    /// The screen thread: shows what happens until nothing more can.
    pub(super) fn run(&self) {
        loop {
            let mut waiting = Select::new();
            waiting.recv(&self.batches);
            waiting.ready();
            self.wait();
            if !self.show("") {
                return;
            }
            // To wake for each event would cost as much as to deliver it to several members.
            thread::sleep(limits::SCREEN_PAUSE);
        }
    }

    /// Whole lines, behind what has happened by now; false once nothing more can happen.
    pub(super) fn show(&self, lines: &str) -> bool {
        let _turn = self.turn.lock();
        let mut all = String::new();
        let more = loop {
            match self.batches.try_recv() {
                Ok(batch) => {
                    let seen = decode_events(&batch).unwrap_or_default();
                    let lines = seen.iter().filter_map(|event| line(event.what, self.lang));
                    lines.for_each(|line| all.extend([&*line, "\n"]));
                }
                Err(end) => break end == TryRecvError::Empty,
            }
        };
        all.push_str(lines);
        // What waits goes out in one write.
        self.write(all);
        more
    }

    fn write(&self, lines: String) {
        #[cfg(feature = "terminal")]
        if let Some(desk) = &self.desk {
            desk.printer.push(lines);
            return;
        }
        write(&lines);
    }

    /// A diagnostic, on stderr; it may not go through a line that is being typed.
    pub(super) fn complain(&self, what: &str) {
        #[cfg(feature = "terminal")]
        if self.desk.is_some() && std::io::stderr().is_terminal() {
            self.show(&format!("{what}\n"));
            return;
        }
        cli::complain(what);
    }

    /// The program ends: what was given is shown, and the terminal is as it was found.
    pub(super) fn close(&self) {
        #[cfg(feature = "terminal")]
        if let Some(desk) = &self.desk {
            desk.close();
        }
    }

    /// Waits until it takes more. Nobody may who has to read the next line for that.
    fn wait(&self) {
        #[cfg(feature = "terminal")]
        if let Some(desk) = &self.desk {
            desk.printer.wait_for_room();
        }
    }
}

/// An event as the operator sees it; `None` if it is between others.
pub fn line(what: What<'_>, lang: Lang) -> Option<String> {
    Some(match what {
        What::Entered(name) => lang.entered(name),
        What::Said(name, text) => lang.said(name, text),
        What::Left(name) => lang.left(name),
        What::Announced(text) => lang.announced(text),
        What::Acted(name, text) => lang.acted(name, text),
        What::Renamed(name, other) => lang.renamed(name, other),
        What::Gap(count) => lang.gap(count),
        _ => return None,
    })
}

/// Whole lines to stdout, as they are. Where nobody reads, the room goes on all the same.
pub(super) fn write(lines: &str) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout
        .write_all(lines.as_bytes())
        .and_then(|()| stdout.flush())
    {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| log::warn!("cannot write to stdout: {error}"));
    }
}
