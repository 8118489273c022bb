//! The room's one log of events, of which the newest are retained.
//!
//! What always holds here: numbers have no holes; the retained events are a suffix of the log, bounded in
//! count and in bytes, and never empty once there was an event. What was said stands beside the event, in pages.

use super::member::MemberId;
use super::texts::{Place, Texts};
use crate::limits;
use crate::text::Name;
use crate::wire::{DownEncoder, Failure, Stored, What};
use std::collections::VecDeque;

/// Who did something: a member of the room, who may have left since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Author {
    pub(super) member: MemberId,
    pub(super) name: Name,
    /// Stands for member and name within a datagram: another one after each renaming.
    pub(super) label: u64,
}

/// What one member said to another alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whisper {
    pub(super) author: Author,
    pub(super) utterance: u64,
    pub(super) to: MemberId,
}

/// What happened, as the log keeps it; what was said, announced, done or whispered stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Entered(Author),
    Said {
        author: Author,
        utterance: u64,
    },
    Left(Author),
    Announced,
    Acted {
        author: Author,
        utterance: u64,
    },
    Whispered(Box<Whisper>),
    /// The author as it was until then.
    Renamed {
        author: Author,
        utterance: u64,
        name: Name,
    },
    /// What a member asked for did not happen; nobody else hears of it.
    Failed {
        member: MemberId,
        utterance: u64,
        failure: Failure,
    },
}

#[derive(Debug)]
struct Entry {
    unix_ms: u64,
    happened: Happened,
    text: Place,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Log {
    /// The number of the oldest retained event.
    first: u64,
    entries: VecDeque<Entry>,
    texts: Texts,
    bytes: usize,
}

impl Log {
    /// An empty log whose first event will have the number `first`.
    pub(super) fn new(first: u64) -> Log {
        Log {
            first,
            entries: VecDeque::new(),
            texts: Texts::default(),
            bytes: 0,
        }
    }

    /// How many events are retained, and the bytes that they are counted with.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }

    /// The number of the oldest retained event.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next event will have.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Where half of what may be retained lies behind: whoever has not come so far may soon miss something.
    pub(super) fn middle(&self) -> u64 {
        let by_count = self.end().saturating_sub(limits::LOG_EVENTS as u64 / 2);
        if self.bytes > limits::LOG_BYTES / 2 {
            by_count.max(self.first + self.entries.len() as u64 / 2)
        } else {
            by_count
        }
    }

    /// Appends an event and gives its number. Beyond the bounds the oldest ones go.
    pub(super) fn append(&mut self, unix_ms: u64, happened: Happened, text: &str) -> u64 {
        let number = self.end();
        let entry = Entry {
            unix_ms,
            happened,
            text: self.texts.keep(text),
        };
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        while self.entries.len() > limits::LOG_EVENTS
            || (self.bytes > limits::LOG_BYTES && self.entries.len() > 1)
        {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= oldest.bytes();
                self.first += 1;
            }
        }
        if let Some(oldest) = self.entries.front() {
            self.texts.forget_before(oldest.text);
        }
        number
    }

    /// The event of this number and its text, if it is retained.
    pub(super) fn event(&self, number: u64) -> Option<(&Happened, &str)> {
        let at = number.checked_sub(self.first)?;
        let entry = self.entries.get(usize::try_from(at).ok()?)?;
        Some((&entry.happened, self.texts.text(entry.text)))
    }

    /// Encodes the events from `first` to before `end`, as `reader` sees them, as far as they fit; gives the
    /// number after the last one. What is no longer retained is told as a gap.
    pub(super) fn encode(
        &self,
        (first, end): (u64, u64),
        reader: MemberId,
        encoder: &mut DownEncoder<'_>,
    ) -> u64 {
        let mut number = first;
        if first < self.first {
            let count = self.first.min(end) - first;
            let unix_ms = self.entries.front().map_or(0, |entry| entry.unix_ms);
            encoder.push(
                first,
                &Stored {
                    unix_ms,
                    author: 0,
                    utterance: 0,
                    what: What::Gap(count),
                },
            );
            number += count;
        }
        let Some(skip) = number.checked_sub(self.first) else {
            return number;
        };
        let mut entries = self
            .entries
            .range(skip as usize..)
            .take((end - number) as usize)
            .peekable();
        while let Some(entry) = entries.next() {
            let mut stored = entry.stored(reader, self.texts.text(entry.text));
            let mut count = 1;
            // What is hidden in a row is told in one mark.
            if let What::Hidden(hidden) = &mut stored.what {
                while entries.next_if(|next| next.is_hidden(reader)).is_some() {
                    count += 1;
                }
                *hidden = count;
            }
            if !encoder.push(number, &stored) {
                break;
            }
            number += count;
        }
        number
    }
}

impl Entry {
    fn stored<'a>(&'a self, reader: MemberId, text: &'a str) -> Stored<'a> {
        let (author, what) = match &self.happened {
            Happened::Entered(author) => (Some(author), What::Entered(author.name.as_str())),
            Happened::Said { author, .. } => (Some(author), What::Said(author.name.as_str(), text)),
            Happened::Left(author) => (Some(author), What::Left(author.name.as_str())),
            Happened::Announced => (None, What::Announced(text)),
            Happened::Acted { author, .. } => {
                (Some(author), What::Acted(author.name.as_str(), text))
            }
            Happened::Whispered(whisper) => {
                let author = &whisper.author;
                let what = if whisper.to == reader {
                    What::Whispered(author.name.as_str(), text)
                } else {
                    What::Hidden(1)
                };
                (Some(author), what)
            }
            Happened::Renamed { author, name, .. } => (
                Some(author),
                What::Renamed(author.name.as_str(), name.as_str()),
            ),
            Happened::Failed { .. } => (None, What::Hidden(1)),
        };
        let own = author.is_some_and(|author| author.member == reader);
        Stored {
            unix_ms: self.unix_ms,
            author: author.map_or(0, |author| author.label),
            utterance: self.happened.words(),
            what: self.happened.own(reader, own).unwrap_or(what),
        }
    }

    /// Whether this reader is told no more than that there is something.
    fn is_hidden(&self, reader: MemberId) -> bool {
        self.happened.is_hidden(reader)
    }

    /// Bytes that it is counted with: its text, its name, and its place.
    fn bytes(&self) -> usize {
        self.text.len() + self.happened.bytes() + size_of::<Entry>()
    }
}

impl Happened {
    /// Whose doing it was; `None`: the operator's.
    pub(super) fn author(&self) -> Option<MemberId> {
        match self {
            Happened::Entered(author)
            | Happened::Left(author)
            | Happened::Said { author, .. }
            | Happened::Acted { author, .. }
            | Happened::Renamed { author, .. } => Some(author.member),
            Happened::Whispered(whisper) => Some(whisper.author.member),
            Happened::Failed { member, .. } => Some(*member),
            Happened::Announced => None,
        }
    }

    /// Whether this reader is told no more than that there is something.
    pub(super) fn is_hidden(&self, reader: MemberId) -> bool {
        match self {
            Happened::Whispered(whisper) => whisper.to != reader && whisper.author.member != reader,
            Happened::Failed { member, .. } => *member != reader,
            _ => false,
        }
    }

    /// The number of the utterance, if it was words that all may hear; else 0.
    fn words(&self) -> u64 {
        match self {
            Happened::Said { utterance, .. } | Happened::Acted { utterance, .. } => *utterance,
            _ => 0,
        }
    }

    /// The mark by which a reader is told its own event; `own`: the reader is the author.
    fn own(&self, reader: MemberId, own: bool) -> Option<What<'_>> {
        match self {
            Happened::Failed {
                member,
                utterance,
                failure,
            } if *member == reader => Some(What::Failed(*utterance, *failure)),
            _ if !own => None,
            Happened::Entered(author) => Some(What::YourName(0, author.name.as_str())),
            Happened::Renamed {
                utterance, name, ..
            } => Some(What::YourName(*utterance, name.as_str())),
            Happened::Said { utterance, .. } | Happened::Acted { utterance, .. } => {
                Some(What::Yours(*utterance))
            }
            Happened::Whispered(whisper) => Some(What::Yours(whisper.utterance)),
            _ => Some(What::Yours(0)),
        }
    }

    /// Bytes that it has beside its place and its text.
    fn bytes(&self) -> usize {
        match self {
            Happened::Entered(author)
            | Happened::Left(author)
            | Happened::Said { author, .. }
            | Happened::Acted { author, .. } => author.name.as_str().len(),
            Happened::Whispered(whisper) => {
                size_of::<Whisper>() + whisper.author.name.as_str().len()
            }
            Happened::Renamed { author, name, .. } => {
                author.name.as_str().len() + name.as_str().len()
            }
            Happened::Announced | Happened::Failed { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_with_their_events() {
        let mut log = Log::new(1);
        for number in 0..4 * limits::LOG_EVENTS {
            log.append(0, Happened::Announced, &number.to_string());
            let (events, bytes) = log.sizes();
            let texts = bytes - events * size_of::<Entry>();
            assert!(log.texts.held() <= texts + (1 << 16), "at {number}");
        }
    }
}
