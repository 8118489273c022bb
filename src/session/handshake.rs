//! Coming in, for the first time and again.

use super::presence::Presence;
use super::{End, Event, Joined, Session, State};
use crate::limits;
use crate::text::NameError;
use crate::wire::{self, Challenge, Hello, Join, Open, Refusal, Refused, Resume, Unknown, Welcome};
use std::time::Duration;

impl Session {
    /// Begins a handshake, under a nonce of its own.
    pub(super) fn greet(&mut self, now: Duration) {
        if self.name.len() > limits::NAME_SENT {
            // It would not fit a Join, and no server would take it.
            let reason = Refusal::NameNotAllowed(NameError::TooLong.code());
            self.state = State::Nameless;
            self.events.push_back(Event::Refused(reason));
            return;
        }
        self.nonce = self.random.bits();
        self.state = State::Greeting;
        self.retry_at = now;
        self.retry_pause = limits::HANDSHAKE_RETRY;
        self.note_waiting(now);
    }

    /// Comes back after the session was lost, unless there is nothing more to come back for.
    pub(super) fn return_to_room(&mut self, now: Duration) {
        if let State::Present(presence) = &self.state {
            self.past = Some(presence.past());
        }
        if self.leaving && self.undelivered() == 0 {
            return self.end(End::Left);
        }
        self.events.push_back(Event::Returning);
        self.greet(now);
    }

    pub(super) fn transmit_handshake(&mut self, now: Duration, to: &mut Vec<u8>) -> bool {
        if self.retry_at > now {
            return false;
        }
        self.retry_at = now + self.retry_pause;
        let most = match &self.past {
            None => limits::HANDSHAKE_RETRY_MOST,
            Some(_) => limits::RTO_MOST,
        };
        self.retry_pause = (self.retry_pause * 3 / 2).min(most);
        if let State::Joining { cookie, tries } = &mut self.state
            && *tries < limits::JOIN_TRIES
        {
            *tries += 1;
            // Asked twice, it cannot be told which one was answered.
            self.asked_once_at = Some(now).filter(|_| *tries == 1);
            let (nonce, cookie) = (self.nonce, *cookie);
            let resume = self.past.as_ref().map(|past| Resume {
                epoch: past.epoch,
                next: past.next,
                proof: Resume::prove(past.resume, nonce, cookie),
            });
            let join = Join {
                nonce,
                cookie,
                history: self.history,
                resume,
                name: &self.name,
            };
            wire::encode(&Open::Join(join), to);
        } else {
            self.state = State::Greeting;
            wire::encode(&Open::Hello(Hello { nonce: self.nonce }), to);
        }
        true
    }

    pub(super) fn handle_challenge(&mut self, now: Duration, challenge: Challenge) {
        match &mut self.state {
            State::Greeting if challenge.nonce == self.nonce => {
                self.state = State::Joining {
                    cookie: challenge.cookie,
                    tries: 0,
                };
                self.retry_at = now;
                self.retry_pause = limits::HANDSHAKE_RETRY;
            }
            // The server asks whether we are at this address.
            State::Present(presence) => presence.handle_challenge(challenge),
            _ => (),
        }
    }

    pub(super) fn handle_welcome(&mut self, now: Duration, welcome: &Welcome) {
        let joining = matches!(self.state, State::Joining { .. } | State::Greeting);
        if !joining || welcome.nonce != self.nonce || welcome.first == 0 {
            return;
        }
        let continues = self
            .past
            .as_ref()
            .is_some_and(|past| past.epoch == welcome.epoch);
        let said = self.ordered.saturating_add(self.queue.len() as u64);
        let numbered = !std::mem::take(&mut self.restored) && continues;
        if !(numbered && (self.ordered..=said).contains(&welcome.heard)) {
            // Another log: what it does not have yet is said in it, with numbers of its own.
            self.ordered = welcome.heard;
            self.outcomes.miss(self.ordered_in_all);
        }
        let mut next = welcome.first;
        if let Some(past) = self.past.as_ref().filter(|_| continues) {
            next = next.max(past.next);
        }
        let missed = match &self.past {
            Some(past) if continues && welcome.first > past.next => welcome.first - past.next,
            _ => 0,
        };
        let joined = match &self.past {
            None => Joined::First,
            Some(_) if continues => Joined::Again,
            Some(_) => Joined::Anew,
        };
        let measured = self
            .asked_once_at
            .map(|asked_at| now.saturating_sub(asked_at));
        let numbers = (next, std::mem::take(&mut self.last_packet));
        let mut presence = Presence::new(now, welcome, numbers, measured, &mut self.random);
        presence.announce();
        self.asks.begin_again(now);
        self.past = Some(presence.past());
        self.state = State::Present(Box::new(presence));
        self.note_heard(now);
        self.events.push_back(Event::Joined(joined));
        if missed > 0 {
            self.tell_gap(welcome.first - missed, missed);
        }
    }

    pub(super) fn handle_refused(&mut self, now: Duration, refused: Refused) {
        let asking = matches!(self.state, State::Joining { .. } | State::Greeting);
        if !asking || refused.nonce != self.nonce {
            return;
        }
        let by_name = matches!(
            refused.reason,
            Refusal::NameTaken | Refusal::NameNotAllowed(_)
        );
        self.note_heard(now);
        self.state = if by_name {
            State::Nameless
        } else {
            State::Over
        };
        self.asked_at = None;
        self.events.push_back(Event::Refused(refused.reason));
        // Who leaves is not asked for another name.
        if by_name && self.leaving {
            self.give_up();
        }
    }

    pub(super) fn handle_unknown(&mut self, now: Duration, unknown: Unknown) {
        let State::Present(presence) = &self.state else {
            return;
        };
        // Only who has seen one of our datagrams knows its tag.
        if presence.session() == unknown.session && self.tags.contains(&unknown.echo) {
            self.note_heard(now);
            self.return_to_room(now);
        }
    }
}
