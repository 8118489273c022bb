//! The operator's screen: the room as plain lines on stdout, and what the operator asked for between them.
//!
//! What always holds here: lines come in the log's order, and an answer behind everything that it knows of, unless the
//! screen lags. One thread shows: where nobody reads, it alone waits, and the next command is read all the same.

use crate::cli;
#[cfg(feature = "terminal")]
use crate::editor::Desk;
use crate::limits;
use crate::text::Lang;
use crate::wire::{What, decode_events};
use crossbeam_channel::{Receiver, Select, Sender, TryRecvError, bounded};
#[cfg(feature = "terminal")]
use std::io::IsTerminal;
use std::io::Write;
#[cfg(feature = "terminal")]
use std::sync::Arc;
use std::sync::Once;
use std::thread;

/// Something for the operator that is no event.
enum Notice {
    /// Whole lines.
    Answer(String),
    /// A diagnostic, on stderr.
    Complaint(String),
}

/// What the operator is to see, besides the room, is given here.
#[derive(Clone)]
pub(super) struct Screen {
    notices: Sender<Notice>,
    /// Where stdout is a terminal with a line editor: what is above the typed line.
    #[cfg(feature = "terminal")]
    pub(super) desk: Option<Arc<Desk>>,
}

/// What the screen's thread has.
pub(super) struct Writer {
    /// What has happened and is not yet shown, see [`Room::view`](crate::room::Room::view).
    batches: Receiver<Vec<u8>>,
    notices: Receiver<Notice>,
    lang: Lang,
    #[cfg(feature = "terminal")]
    desk: Option<Arc<Desk>>,
}

impl Screen {
    /// A screen for what comes in batches.
    pub(super) fn new(
        batches: Receiver<Vec<u8>>,
        lang: Lang,
        #[cfg(feature = "terminal")] desk: Option<Arc<Desk>>,
    ) -> (Screen, Writer) {
        let (notices_in, notices) = bounded(limits::COMMANDS);
        let writer = Writer {
            batches,
            notices,
            lang,
            #[cfg(feature = "terminal")]
            desk: desk.clone(),
        };
        let screen = Screen {
            notices: notices_in,
            #[cfg(feature = "terminal")]
            desk,
        };
        (screen, writer)
    }

    /// Whole lines, behind what has happened by now.
    pub(super) fn show(&self, lines: &str) {
        self.give(Notice::Answer(lines.to_owned()));
    }

    /// A diagnostic, behind what was shown before.
    pub(super) fn complain(&self, what: &str) {
        self.give(Notice::Complaint(what.to_owned()));
    }

    /// Whoever gives something has the next line to read: it does not wait for long.
    fn give(&self, notice: Notice) {
        if self
            .notices
            .send_timeout(notice, limits::SCREEN_DRAIN)
            .is_err()
        {
            log::warn!("nobody reads stdout: an answer is not shown");
        }
    }

    /// The program ends: what was given is shown, and the terminal is as it was found.
    pub(super) fn close(&self) {
        #[cfg(feature = "terminal")]
        if let Some(desk) = &self.desk {
            desk.close();
        }
    }
}

impl Writer {
    /// The screen's thread: shows what happens until nothing more can.
    pub(super) fn run(&self) {
        loop {
            let mut waiting = Select::new();
            waiting.recv(&self.batches);
            waiting.recv(&self.notices);
            waiting.ready();
            self.wait();
            if !self.show() {
                // What was given while the last events were taken.
                self.show();
                return;
            }
            // To wake for each event would cost as much as to deliver it to several members.
            thread::sleep(limits::SCREEN_PAUSE);
        }
    }

    /// Shows what waits; false once nothing more can happen.
    fn show(&self) -> bool {
        // They were given before the events are taken, so that all that they know of is among these.
        let notices: Vec<_> = self.notices.try_iter().collect();
        let mut lines = String::new();
        let more = loop {
            match self.batches.try_recv() {
                Ok(batch) => {
                    let seen = decode_events(&batch).unwrap_or_default();
                    let seen = seen.iter().filter_map(|event| line(event.what, self.lang));
                    seen.for_each(|line| lines.extend([&*line, "\n"]));
                }
                Err(end) => break end == TryRecvError::Empty,
            }
        };
        for notice in notices {
            match notice {
                Notice::Answer(answer) => lines.push_str(&answer),
                Notice::Complaint(what) => self.complain(&what, &mut lines),
            }
        }
        // What waits goes out in one write.
        self.write(lines);
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

    /// Behind the lines before it. It may not go through a line that is being typed.
    fn complain(&self, what: &str, lines: &mut String) {
        #[cfg(feature = "terminal")]
        if self.desk.is_some() && std::io::stderr().is_terminal() {
            lines.extend([what, "\n"]);
            return;
        }
        self.write(std::mem::take(lines));
        cli::complain(what);
    }

    /// Waits until the terminal takes more.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::RecvTimeoutError;
    use std::time::Duration;

    #[test]
    fn whoever_gives_more_than_is_kept_waits_for_a_moment_only() {
        let (_batches_in, batches) = bounded(1);
        #[cfg(feature = "terminal")]
        let (screen, writer) = Screen::new(batches, Lang::En, None);
        #[cfg(not(feature = "terminal"))]
        let (screen, writer) = Screen::new(batches, Lang::En);
        let (given_in, given) = bounded::<()>(0);
        let giver = thread::spawn(move || {
            for _ in 0..=limits::COMMANDS {
                screen.show("0 here\n");
            }
            drop(given_in);
        });
        let end = given.recv_timeout(Duration::from_secs(20));
        assert_eq!(end, Err(RecvTimeoutError::Disconnected), "it waits on");
        giver.join().expect("it ends");
        assert_eq!(writer.notices.len(), limits::COMMANDS);
    }
}
