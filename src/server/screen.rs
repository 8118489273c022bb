//! The operator's screen: the room as plain lines on stdout.

use crate::cli;
#[cfg(feature = "terminal")]
use crate::editor::Desk;
use crate::limits;
use crate::room::{Shown, Sight};
use crate::text::Lang;
use crossbeam_channel::Receiver;
use std::io::Write;
#[cfg(feature = "terminal")]
use std::{io::IsTerminal, sync::Arc};

/// Where the operator looks: stdout, or, where that is a terminal with a line editor, what is above the typed line.
#[derive(Clone, Default)]
pub(super) struct Screen {
    #[cfg(feature = "terminal")]
    pub(super) desk: Option<Arc<Desk>>,
}

impl Screen {
    /// Whole lines.
    pub(super) fn show(&self, lines: &str) {
        #[cfg(feature = "terminal")]
        if let Some(desk) = &self.desk {
            desk.printer.push(lines.to_owned());
            return;
        }
        show(lines);
    }

    /// A diagnostic, on stderr; it may not go through a line that is being typed.
    pub(super) fn complain(&self, what: &str) {
        #[cfg(feature = "terminal")]
        if self.desk.is_some() && std::io::stderr().is_terminal() {
            return self.show(&format!("{what}\n"));
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
use std::sync::Once;

/// The screen thread: shows batches until there will be no more.
pub(super) fn run(batches: &Receiver<Vec<Sight>>, screen: &Screen, lang: Lang) {
    let mut lines = String::new();
    while let Ok(batch) = batches.recv() {
        lines.clear();
        // What waits goes out in one write.
        for Sight { shown, .. } in std::iter::once(batch).chain(batches.try_iter()).flatten() {
            if let Some(line) = line(&shown, lang) {
                lines.push_str(&line);
                lines.push('\n');
            }
        }
        screen.wait();
        screen.show(&lines);
        // To wake for each event would cost as much as to deliver it to several members.
        std::thread::sleep(limits::SCREEN_PAUSE);
    }
}

/// An event as the operator sees it; `None` if it is between others.
pub fn line(shown: &Shown, lang: Lang) -> Option<String> {
    Some(match shown {
        Shown::Entered(name) => lang.entered(name.as_str()),
        Shown::Said(name, text) => lang.said(name.as_str(), text),
        Shown::Left(name) => lang.left(name.as_str()),
        Shown::Announced(text) => lang.announced(text),
        Shown::Acted(name, text) => lang.acted(name.as_str(), text),
        Shown::Renamed(name, other) => lang.renamed(name.as_str(), other.as_str()),
        Shown::Hidden => return None,
        Shown::Gap(count) => lang.gap(*count),
    })
}

/// Whole lines to stdout, as they are. Where nobody reads, the room goes on all the same.
pub(super) fn show(lines: &str) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout
        .write_all(lines.as_bytes())
        .and_then(|()| stdout.flush())
    {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| log::warn!("cannot write to stdout: {error}"));
    }
}
