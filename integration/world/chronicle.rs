//! What must hold of the log and of every transcript, checked event by event, where what is said is
//! `{actor}-{count} …`: it says of itself whose it is, and which one of those.

use super::Actor;
use super::watch::LogView;
use chatroom::limits;
use chatroom::room::Shown;
use chatroom::session::{Joined, Seen, Wish};
use chatroom::text::{Name, NameKey};
use std::collections::{BTreeMap, BTreeSet};

type Verdict = Result<(), String>;

/// The log: who is here by it, and what each one has said.
#[derive(Default)]
pub struct Chronicle {
    here: BTreeMap<NameKey, Name>,
    /// For each actor and the name that it last spoke under, which of its utterances may come next in this life's
    /// log. Under another name one is another member, which says again what it does not know to be in the log.
    next: Vec<(String, u64)>,
    /// For each actor, which of its utterances are in the log of any life.
    said: Vec<Vec<bool>>,
}

impl Chronicle {
    /// Another log begins.
    pub(super) fn begin(&mut self) {
        self.here.clear();
        self.next.clear();
    }

    /// How many are here.
    pub(super) fn here(&self) -> usize {
        self.here.len()
    }

    /// An event was appended.
    pub(super) fn note(&mut self, shown: &Shown, actors: &[Actor]) -> Verdict {
        match shown {
            Shown::Entered(name) => match self.here.insert(name.key(), name.clone()) {
                Some(holder) => Err(format!("{name} enters, and {holder} is here")),
                None => Ok(()),
            },
            Shown::Left(name) => match self.here.remove(&name.key()) {
                None => Err(format!("{name} leaves, and was not here")),
                Some(_) => Ok(()),
            },
            Shown::Said(name, text) | Shown::Acted(name, text) => {
                self.note_said(name, text, actors)
            }
            Shown::Renamed(before, after) => self.note_renamed(before, after),
            Shown::Announced(_) | Shown::Hidden => Ok(()),
            Shown::Gap(count) => Err(format!("{count} events were not shown to the operator")),
        }
    }

    fn note_renamed(&mut self, before: &Name, after: &Name) -> Verdict {
        if self.here.remove(&before.key()).is_none() {
            return Err(format!("{before} takes another name, and was not here"));
        }
        if let Some(holder) = self.here.insert(after.key(), after.clone()) {
            return Err(format!("{before} becomes {after}, and {holder} is here"));
        }
        for (under, _) in &mut self.next {
            if under == before.as_str() {
                *under = after.as_str().to_owned();
            }
        }
        Ok(())
    }

    fn note_said(&mut self, name: &Name, text: &str, actors: &[Actor]) -> Verdict {
        let Some((actor, count)) = said_by(text) else {
            return Err(format!("{name} never said {text:?}"));
        };
        let Some(author) = actors.get(actor) else {
            return Err(format!("{text:?} is nobody's"));
        };
        if author.said.get(count as usize).map(String::as_str) != Some(text) {
            return Err(format!("{name} never said {text:?}"));
        }
        // One that it has asked for it may have sooner than it knows.
        let asked = |wish: &Wish| matches!(wish, Wish::Rename(other) if other == name.as_str());
        let own = author.names.contains(name.as_str())
            || author.reader.former.iter().any(|n| n == name.as_str())
            || author.private.values().any(asked);
        if !own || !self.here.contains_key(&name.key()) {
            return Err(format!("{name} says what {} said: {text:?}", author.name));
        }
        grow(&mut self.next, actor);
        grow(&mut self.said, actor);
        let (under, next) = &mut self.next[actor];
        if under != name.as_str() {
            (*under, *next) = (name.as_str().to_owned(), 0);
        }
        if count < *next {
            return Err(format!("{name}: {text:?} again, or out of order"));
        }
        *next = count + 1;
        let said = &mut self.said[actor];
        grow(said, count as usize);
        said[count as usize] = true;
        Ok(())
    }

    /// Whether this utterance of this actor is in any log.
    pub(super) fn holds(&self, actor: usize, count: u64) -> bool {
        let said = self
            .said
            .get(actor)
            .and_then(|said| said.get(count as usize));
        said == Some(&true)
    }

    /// Whether this utterance of this actor, or a later one, is in this life's log under the name that it has.
    pub(super) fn has_come_to(&self, actor: usize, name: &str, count: u64) -> bool {
        let last = self.next.get(actor);
        last.is_some_and(|(under, next)| under == name && *next > count)
    }
}

fn grow<T: Default>(list: &mut Vec<T>, at: usize) {
    while list.len() <= at {
        list.push(T::default());
    }
}

/// Whose text it is, and which.
fn said_by(text: &str) -> Option<(usize, u64)> {
    let (number, _) = text.split_once(' ')?;
    let (actor, count) = number.split_once('-')?;
    Some((actor.parse().ok()?, count.parse().ok()?))
}

/// A transcript: how far somebody was shown the log of which life.
#[derive(Default)]
pub struct Reader {
    life: usize,
    next: u64,
    in_room: bool,
    /// Names that its events went under before.
    pub former: Vec<String>,
}

impl Reader {
    /// It is in, and waits for the event `next`.
    pub(super) fn joins(&mut self, joined: Joined, life: usize, next: u64, first: u64) {
        match joined {
            // What it missed, it has to be told.
            Joined::Again if self.in_room && self.life == life => (),
            Joined::Anew => self.next = first,
            _ => self.next = next,
        }
        self.life = life;
        self.in_room = true;
    }

    /// It is shown an event: none before it is left out but its own.
    pub(super) fn sees(
        &mut self,
        names: &BTreeSet<String>,
        number: u64,
        seen: &Seen,
        log: LogView<'_>,
    ) -> Verdict {
        if number < self.next {
            return Err(format!("{names:?}: {number} is shown after {}", self.next));
        }
        self.skips(names, number, log)?;
        if let Seen::Gap(count) = seen {
            let end = number.saturating_add(*count);
            let newest = limits::LOG_EVENTS as u64;
            if end + newest > log.end() {
                return Err(format!("{names:?}: a gap to {end}, of {}", log.end()));
            }
            self.next = end;
            return Ok(());
        }
        match log.event(number) {
            Some(event) if super::matches(event, seen) => {
                self.next = number + 1;
                Ok(())
            }
            other => Err(format!("{names:?}: {number} is {other:?}, shown {seen:?}")),
        }
    }

    /// The events to before `number` are its own, as they are not shown.
    fn skips(&self, names: &BTreeSet<String>, number: u64, log: LogView<'_>) -> Verdict {
        for missing in self.next..number {
            let event = log.event(missing);
            let author = event.and_then(super::author);
            let own =
                |author: &str| names.contains(author) || self.former.iter().any(|f| f == author);
            if !author.is_some_and(own) && event != Some(&Shown::Hidden) {
                return Err(format!("{names:?}: not shown: {missing} {event:?}"));
            }
        }
        Ok(())
    }

    /// There is no more in the log.
    pub(super) fn ends(&self, names: &BTreeSet<String>, life: usize, log: LogView<'_>) -> Verdict {
        if self.life != life {
            return Err(format!("{names:?}: still in life {} of {life}", self.life));
        }
        self.skips(names, log.end(), log)
    }
}
