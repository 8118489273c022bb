//! Questions to the server, one after the other: each is sent again until it is answered.
//!
//! What always holds here: an answer counts only if it is to the question under way; a question outlives the
//! session that it was first asked in.

use super::{Event, RosterEntry, Session};
use crate::limits;
use crate::wire::{Ask, Asked, Tell, Told};
use std::collections::VecDeque;
use std::time::Duration;

/// What a person may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Who,
    /// Who has what one said last: asked when so much is ordered.
    Reach(u64),
    Ping,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// The first one is under way.
    waiting: VecDeque<Question>,
    request: u64,
    /// Where the roster goes on.
    after: u64,
    roster: Vec<RosterEntry>,
    retry_at: Duration,
    /// The newest pings, and when each was sent: any of them may be answered.
    pings: VecDeque<(u64, Duration)>,
}

impl Asks {
    fn ask(&mut self, now: Duration, question: Question) {
        if self.waiting.len() < limits::ASKS {
            self.waiting.push_back(question);
        }
        if self.waiting.len() == 1 {
            self.begin_again(now);
        }
    }

    /// Whether an answer is awaited.
    pub(super) fn are_due(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Asks the first question from its beginning.
    pub(super) fn begin_again(&mut self, now: Duration) {
        self.request += 1;
        self.after = 0;
        self.roster.clear();
        self.retry_at = now;
    }

    /// The question that may be asked, where so much is ordered.
    fn current(&self, ordered: u64) -> Option<Asked> {
        match *self.waiting.front()? {
            Question::Who => Some(Asked::Who(self.after)),
            Question::Reach(count) => (count <= ordered).then_some(Asked::Reach),
            Question::Ping => Some(Asked::Ping),
        }
    }

    pub(super) fn poll_timeout(&self, ordered: u64) -> Option<Duration> {
        self.current(ordered).map(|_| self.retry_at)
    }

    /// What to ask now.
    pub(super) fn poll_ask(&mut self, now: Duration, ordered: u64) -> Option<Ask> {
        let what = self.current(ordered).filter(|_| self.retry_at <= now)?;
        if what == Asked::Ping {
            // Sent twice as one, it could not be told which one is answered.
            self.request += 1;
            self.pings.push_back((self.request, now));
            if self.pings.len() > limits::ASKS {
                self.pings.pop_front();
            }
        }
        self.retry_at = now + limits::HANDSHAKE_RETRY_MOST;
        let request = self.request;
        Some(Ask { request, what })
    }

    /// Whether a page of the roster may say that the next one begins there: no roster is without end.
    fn goes_on(&self, next: u64) -> bool {
        next == 0 || (next > self.after && self.roster.len() < limits::MEMBERS_MOST)
    }

    /// What to tell the person, if that was the answer.
    pub(super) fn handle_tell(&mut self, now: Duration, tell: &Tell<'_>) -> Option<Event> {
        let current = tell.request == self.request;
        let event = match (self.waiting.front()?, &tell.what) {
            (Question::Ping, Told::Ping) => {
                let sent = self.pings.iter().find(|(sent, _)| *sent == tell.request);
                let (_, sent_at) = *sent?;
                self.pings.clear();
                Event::Pong(now.saturating_sub(sent_at))
            }
            (Question::Who, Told::Who { after, next, names })
                if current && *after == self.after && self.goes_on(*next) =>
            {
                let entries = names.iter().map(|(name, away)| RosterEntry {
                    name: (*name).to_owned(),
                    away: away.map(str::to_owned),
                });
                self.roster.extend(entries);
                self.after = *next;
                self.retry_at = now;
                if *next != 0 {
                    return None;
                }
                Event::Roster(std::mem::take(&mut self.roster))
            }
            (
                Question::Reach(_),
                Told::Reach {
                    event,
                    have,
                    others,
                },
            ) if current => Event::Reach((*event != 0).then_some((*have, *others))),
            _ => return None,
        };
        self.waiting.pop_front();
        self.begin_again(now);
        Some(event)
    }
}

impl Session {
    /// The person asks who is here; like the other questions, not after leaving.
    pub fn handle_who(&mut self, now: Duration) {
        self.ask(now, Question::Who);
    }

    /// The person asks who has what it said last: once that is ordered.
    pub fn handle_reach(&mut self, now: Duration) {
        let count = self.ordered_in_all + self.undelivered() as u64;
        self.ask(now, Question::Reach(count));
    }

    /// The person asks how long the way to the server and back is.
    pub fn handle_ping(&mut self, now: Duration) {
        self.ask(now, Question::Ping);
    }

    fn ask(&mut self, now: Duration, question: Question) {
        // A leaving that is under way cannot be held back any more.
        if !self.leaving {
            self.asks.ask(now, question);
        }
    }
}
