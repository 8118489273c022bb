//! Events as the datagrams that classic members get: the lines of the plain client, each behind a line break.
//!
//! What always holds here: no datagram is longer than [`limits::CLASSIC_DATAGRAM`], none is cut within a character, and
//! each piece of what someone says begins with the speaker, so that no piece can be taken for a notice. The break in
//! front ends the prompt that course clients leave on the screen, and keeps every line from reading as a request.

use crate::limits;
use crate::room::log::Happened;
use crate::text::{Lang, screen, utterance};

/// The text of the newest events, encoded once for all classic members.
#[derive(Debug)]
pub(super) struct Lines {
    entries: Vec<Entry>,
}

/// The datagrams of one event, one behind the other.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// Of the event; 0: none.
    number: u64,
    bytes: String,
    /// Where each datagram ends.
    ends: Vec<usize>,
}

/// Bytes of text that fit one datagram behind a speaker such as `小明 说：`.
pub(super) fn fitting(speaker: &str) -> usize {
    limits::CLASSIC_DATAGRAM - 1 - speaker.len()
}

impl Default for Lines {
    fn default() -> Lines {
        Lines {
            entries: vec![Entry::default(); limits::CLASSIC_LINES],
        }
    }
}

impl Lines {
    /// Where the event's datagrams are, and how many.
    pub(super) fn find(
        &mut self,
        number: u64,
        event: (&Happened, &str),
        lang: Lang,
    ) -> (usize, usize) {
        let at = number as usize % limits::CLASSIC_LINES;
        let entry = &mut self.entries[at];
        if entry.number != number {
            entry.number = number;
            entry.encode(event, lang);
        }
        (at, entry.ends.len())
    }

    /// One datagram of those at a place that [`Lines::find`] gave.
    pub(super) fn bytes(&self, at: usize, piece: usize) -> &[u8] {
        let Some(entry) = self.entries.get(at) else {
            return &[];
        };
        let begin = match piece {
            0 => 0,
            _ => entry.ends[piece - 1],
        };
        &entry.bytes.as_bytes()[begin..entry.ends[piece]]
    }
}

impl Entry {
    fn encode(&mut self, (happened, text): (&Happened, &str), lang: Lang) {
        self.bytes.clear();
        self.ends.clear();
        match happened {
            Happened::Entered(author) => self.push(&lang.entered(author.name.as_str()), ""),
            Happened::Left(author) => self.push(&lang.left(author.name.as_str()), ""),
            Happened::Said { author, .. } => {
                self.push_said(&lang.said(author.name.as_str(), ""), text);
            }
            Happened::Announced => self.push_said(&lang.announced(""), text),
            Happened::Acted { author, .. } => {
                self.push_said(&lang.acted(author.name.as_str(), ""), text);
            }
            Happened::Whispered(whisper) => {
                let name = whisper.author.name.as_str();
                self.push_said(&lang.whispered(name, ""), text);
            }
            Happened::Renamed { author, name, .. } => {
                self.push(&lang.renamed(author.name.as_str(), name.as_str()), "");
            }
            // Told by our own protocol alone.
            Happened::Failed { .. } => (),
        }
    }

    fn push_said(&mut self, speaker: &str, text: &str) {
        let most = fitting(speaker);
        let text = screen::block(&[], text);
        if text.is_empty() {
            return self.push(speaker, "");
        }
        for part in utterance::split(&text, most) {
            self.push(speaker, part);
        }
    }

    fn push(&mut self, line: &str, more: &str) {
        self.bytes.extend(["\n", line, more]);
        self.ends.push(self.bytes.len());
    }
}
