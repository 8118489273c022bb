//! What a person would like the room to order, on its way there, and what becomes of it.
//!
//! What always holds here: wishes are ordered in the order in which they were handed in; what may fail is
//! remembered until its outcome has come, and a leaving waits for that: the server forgets who has left.

use super::{Event, Session, State, Wish};
use crate::limits;
use crate::wire::{Failure, Utterance};
use std::collections::VecDeque;

/// What goes up, in its order: leaving is the last.
#[derive(Debug)]
pub(super) enum Item {
    Wish(Wish),
    Leave,
}

impl Item {
    pub(super) fn utterance(&self) -> Utterance<'_> {
        match self {
            Item::Wish(Wish::Say(text)) => Utterance::Say(text),
            Item::Wish(Wish::Act(text)) => Utterance::Act(text),
            Item::Wish(Wish::Whisper(to, text)) => Utterance::Whisper(to, text),
            Item::Wish(Wish::Rename(name)) => Utterance::Rename(name),
            Item::Wish(Wish::Away(why)) => Utterance::Away(why),
            Item::Leave => Utterance::Leave,
        }
    }
}

/// What the log says of one's own utterance.
#[derive(Debug)]
pub(super) enum Outcome {
    Done,
    /// One has this name from now on.
    Name(String),
    Failed(Failure),
}

/// What becomes of wishes, until it is known; and the wishes themselves where the word of a failure names them.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// Those that were ordered and are named in a failure, by their counts.
    waiting: VecDeque<(u64, Wish)>,
    /// The newest that was handed in, and up to which they are known.
    newest: u64,
    known: u64,
}

impl Outcomes {
    /// Whether an outcome is still to come.
    pub(super) fn are_due(&self) -> bool {
        self.known < self.newest
    }

    /// Up to this count they are known, or will not be: what told them is not to be had.
    pub(super) fn miss(&mut self, count: u64) {
        self.known = self.known.max(count);
    }

    /// The outcome of this count has come; gives the wish, if a failure names it.
    fn take(&mut self, count: u64) -> Option<Wish> {
        self.known = self.known.max(count);
        while self.waiting.front().is_some_and(|(at, _)| *at < count) {
            self.waiting.pop_front();
        }
        self.waiting.front().filter(|(at, _)| *at == count)?;
        self.waiting.pop_front().map(|(_, wish)| wish)
    }
}

/// Whether the word of its failure names what was wished.
fn is_named(wish: &Wish) -> bool {
    matches!(wish, Wish::Whisper(..) | Wish::Rename(_))
}

impl Session {
    /// Whether [`Session::handle_wish`] may be called: the queue is not full.
    pub fn has_room(&self) -> bool {
        self.queue.len() < limits::UTTERANCES_QUEUED
    }

    /// Wishes that are not yet ordered, as far as is known.
    pub fn undelivered(&self) -> usize {
        let leaves = matches!(self.queue.back(), Some(Item::Leave));
        self.queue.len() - usize::from(leaves)
    }

    /// The person says something: see [`Wish::Say`]; not after leaving.
    pub fn handle_say(&mut self, text: &str) {
        self.handle_wish(Wish::Say(text.to_owned()));
    }

    /// The person would like something ordered; not after leaving. Gives its count, from 1 on.
    pub fn handle_wish(&mut self, wish: Wish) -> u64 {
        let fits = |text: &str, most| text.len() <= most;
        let is_text = |text: &str| !text.is_empty() && fits(text, limits::UTTERANCE_BYTES);
        debug_assert!(match &wish {
            Wish::Say(text) | Wish::Act(text) => is_text(text),
            Wish::Whisper(to, text) => fits(to, limits::NAME_BYTES) && is_text(text),
            Wish::Rename(name) => fits(name, limits::NAME_SENT),
            Wish::Away(why) => fits(why, limits::WHY_BYTES),
        });
        if !self.leaving {
            // Words fail where one may not speak; being away is no event.
            let has_outcome = !matches!(wish, Wish::Away(_));
            self.queue.push_back(Item::Wish(wish));
            if has_outcome {
                self.outcomes.newest = self.count_of_queued();
            }
        }
        self.count_of_queued()
    }

    /// The count of the newest wish.
    fn count_of_queued(&self) -> u64 {
        self.ordered_in_all + self.undelivered() as u64
    }

    /// The person leaves, after what was said has been delivered.
    pub fn handle_leave(&mut self) {
        if std::mem::replace(&mut self.leaving, true) || self.is_over() {
            return;
        }
        if matches!(self.state, State::Nameless) {
            return self.give_up();
        }
        self.queue.push_back(Item::Leave);
        let cut_off = self.has_entered() && !matches!(self.state, State::Present(_));
        if cut_off && self.queue.len() == 1 {
            self.end(super::End::Left);
        }
    }

    /// Everything up to this number of the present session is ordered.
    pub(super) fn note_ordered(&mut self, ordered: u64) {
        while self.ordered < ordered && matches!(self.queue.front(), Some(Item::Wish(_))) {
            let Some(Item::Wish(wish)) = self.queue.pop_front() else {
                return;
            };
            self.ordered += 1;
            self.ordered_in_all += 1;
            self.events.push_back(Event::Ordered(self.ordered_in_all));
            if matches!(wish, Wish::Away(_)) {
                self.events.push_back(Event::Away);
            }
            if is_named(&wish) {
                let waiting = &mut self.outcomes.waiting;
                waiting.push_back((self.ordered_in_all, wish));
                if waiting.len() > limits::OUTCOMES {
                    waiting.pop_front();
                }
            }
        }
    }

    /// The log says what became of an utterance, by its number in the present session; 0: of one's entering.
    pub(super) fn note_outcome(
        &mut self,
        utterance: u64,
        outcome: Outcome,
        number: u64,
        unix_ms: u64,
    ) {
        let count = match utterance {
            0 => 0,
            // What the session's process before this one has said counts for none of this one's.
            _ => { self.ordered_in_all }.saturating_sub(self.ordered.saturating_sub(utterance)),
        };
        let wish = self.outcomes.take(count);
        match outcome {
            Outcome::Done if count == 0 => (),
            Outcome::Done => self.events.push_back(Event::Logged {
                count,
                number,
                unix_ms,
            }),
            Outcome::Name(name) => {
                if self.name != name {
                    self.name.clone_from(&name);
                    self.events.push_back(Event::Renamed(name));
                }
            }
            Outcome::Failed(why) => self.events.push_back(Event::Failed { count, why, wish }),
        }
    }
}
