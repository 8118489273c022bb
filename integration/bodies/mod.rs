//! What is done with made-up input, whoever makes it up: the mutator, the fuzzer, and the test that takes the kept
//! inputs once more. Each body takes any bytes, and panics if something is wrong.

mod room;
mod session;
mod talk;
mod wire;

pub use room::room;
pub use session::session;
pub use talk::talk;
pub use wire::{decode, round_trip, seal};

use chatroom::cli::{self, Surroundings, Typed};
use chatroom::commands::{self, Correspondent, Wanted};
use chatroom::limits;
use chatroom::session::Wish;
use chatroom::text::{Lang, Name, screen, utterance};
use std::time::Duration;

/// A body.
pub type Body = fn(&[u8]);

/// All of them, under the names of the fuzzer's targets.
pub const ALL: [(&str, Body); 8] = [
    ("decode", decode),
    ("round_trip", round_trip),
    ("room", room),
    ("session", session),
    ("talk", talk),
    ("names", names),
    ("filter", filter),
    ("command_lines", command_lines),
];

/// An input that is read as choices, from its front to its end; then every choice is the first one.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// One of so many.
    fn of(&mut self, many: usize) -> usize {
        usize::from(self.byte()) % many
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// Nothing to 17 minutes, more closely the shorter.
    fn time(&mut self) -> Duration {
        let byte = u64::from(self.byte());
        Duration::from_millis((byte & 0xF) << (byte >> 4))
    }

    /// Bytes behind their length, and never more than there are.
    fn bytes(&mut self) -> &'a [u8] {
        let size = usize::from(self.byte()) << self.of(4);
        let (bytes, rest) = self.0.split_at(size.min(self.0.len()));
        self.0 = rest;
        bytes
    }
}

/// A name is within its bounds, and is the same by whichever way of writing it.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut keys = Vec::new();
    for line in text.split('\n') {
        let Ok(name) = Name::new(line) else { continue };
        assert!(name.as_str().len() <= limits::NAME_BYTES);
        assert!(name.as_str().chars().count() <= limits::NAME_CHARS);
        assert_eq!(screen::harmless(name.as_str()), name.as_str());
        let again = Name::new(name.as_str()).map(|again| again.key());
        assert_eq!(again, Ok(name.key()));
        keys.push(name.key());
    }
    keys.sort();
}

/// What goes to a screen has nothing in it that moves the cursor, and a text that is cut is all there.
pub fn filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let shown = screen::harmless(&text);
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert_eq!(screen::harmless(&shown), shown);
    for most in [limits::UTTERANCE_BYTES, 7] {
        let mut joined = String::new();
        for piece in utterance::split(&text, most) {
            assert!(!piece.is_empty() && piece.len() <= most);
            joined += piece;
        }
        assert_eq!(joined, text);
    }
}

/// Command lines, and what a person types: understood, or refused in words.
pub fn command_lines(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // No file but the one that nobody has is looked at.
    let words = || {
        let words = text.split(['\0', ' ', '\n']);
        words.map(|word| word.replace('/', "").replace("--config", "--confi"))
    };
    let _ = cli::server_options_in(words(), &Surroundings::default());
    let _ = cli::client_options_in(words(), &Surroundings::default());
    for line in text.lines() {
        let typed = cli::read_line(line);
        if let Typed::Text(text) = typed {
            assert!(line.ends_with(text));
        }
        if let Wanted::Order(wishes) = commands::read(typed, &Correspondent::default(), Lang::Zh) {
            wishes.iter().for_each(fits);
        }
    }
}

/// A wish is within the bounds of the wire.
fn fits(wish: &Wish) {
    let (name, text) = match wish {
        Wish::Say(text) | Wish::Act(text) => ("", text.as_str()),
        Wish::Whisper(name, text) => (name.as_str(), text.as_str()),
        Wish::Rename(name) => {
            assert!(name.len() <= limits::NAME_SENT);
            return;
        }
        Wish::Away(why) => {
            assert!(why.len() <= limits::WHY_BYTES);
            return;
        }
    };
    assert!(name.len() <= limits::NAME_BYTES && text.len() <= limits::UTTERANCE_BYTES);
}
