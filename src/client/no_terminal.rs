//! What stands for the terminal in a build without it: there is none.

use super::Shared;
use super::face::Face;
use crate::cli::ClientOptions;
use crate::session::Wish;
use crate::text::Lang;
use std::time::Duration;

/// The line editor, which this build has not.
#[derive(Debug)]
pub(super) enum Editor {}

/// What of it others hold.
#[derive(Debug)]
pub(super) enum Handle {}

/// Signals, which do here what they do to any program.
#[derive(Debug)]
pub(super) struct Signals;

pub(super) fn open(_options: &ClientOptions) -> Option<Editor> {
    None
}

impl Editor {
    pub(super) fn face(&self) -> Box<dyn Face> {
        match *self {}
    }

    pub(super) fn handle(&self) -> Handle {
        match *self {}
    }

    pub(super) fn converse(&mut self, _shared: &Shared) {
        match *self {}
    }
}

impl Handle {
    pub(super) fn line(&self, _wish: &Wish, _name: &str, _lang: Lang) -> Option<String> {
        match *self {}
    }

    pub(super) fn sent(&self, _now: Duration, _count: u64, _line: Option<String>) {
        match *self {}
    }
}

impl Signals {
    pub(super) fn new() -> Signals {
        Signals
    }

    /// How often the program was asked to end.
    pub(super) fn poll(&self) -> usize {
        0
    }
}
