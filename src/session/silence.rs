//! How long the server has been silent.
//!
//! What always holds here: only that silence counts in which an answer is awaited and could be read.

use super::{Event, Session, State};
use crate::limits;
use std::time::Duration;

impl Session {
    /// The screen takes no more (`paused`), so that nothing is read from the socket for now: silence says nothing about
    /// the server, and is not counted. What was counted before still is, or pause after pause would put off giving up.
    pub fn handle_pause(&mut self, now: Duration, paused: bool) {
        if paused {
            self.paused_at.get_or_insert(now);
            return;
        }
        let Some(since) = self.paused_at.take() else {
            return;
        };
        let put_off = |at: Duration| now - since.saturating_sub(at);
        self.heard_at = put_off(self.heard_at);
        if let Some(asked_at) = &mut self.asked_at {
            let pause = put_off(*asked_at) - *asked_at;
            for at in [asked_at, &mut self.notice_at, &mut self.rebind_at] {
                *at = at.saturating_add(pause);
            }
        }
    }

    /// The server was heard.
    pub(super) fn note_heard(&mut self, now: Duration) {
        self.heard_at = now;
        self.asked_at = None;
        self.note_waiting(now);
        if std::mem::take(&mut self.noticed) {
            self.events.push_back(Event::HeardAgain);
        }
    }

    /// If an answer is awaited, silence counts from now, unless it does already.
    pub(super) fn note_waiting(&mut self, now: Duration) {
        let waiting = match &self.state {
            State::Present(presence) => presence.is_waiting() || self.asks.are_due(),
            State::Greeting | State::Joining { .. } => true,
            State::Nameless | State::Over => false,
        };
        if !waiting {
            self.asked_at = None;
        } else if self.asked_at.is_none() {
            self.asked_at = Some(now);
            self.notice_at = now + limits::SILENCE_NOTICE;
            self.rebind_at = now + limits::REBIND_AFTER;
        }
    }
}
