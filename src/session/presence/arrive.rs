//! What the server's datagrams bring while one is in the room.

use super::{Arrived, Told};
use crate::limits;
use crate::link::Urgency;
use crate::session::{End, Event, Seen, Session, State};
use crate::wire::{Down, Gone, GoneReason, Kind, Sealed, Tell, decode_down};
use std::time::Duration;

impl Session {
    pub(in crate::session) fn handle_sealed(&mut self, now: Duration, sealed: &Sealed<'_>) {
        let State::Present(presence) = &mut self.state else {
            return;
        };
        if presence.session != sealed.session || !sealed.verify(presence.secret) {
            return self.note_dropped("a wrong tag");
        }
        if presence.link.receive(now, sealed.packet).is_none() {
            return;
        }
        presence.challenged = None;
        match sealed.kind {
            Kind::Down => {
                if let Ok(down) = decode_down(sealed) {
                    self.handle_down(now, &down);
                }
            }
            Kind::Probe => presence.probed = Some(sealed.size()),
            Kind::Tell => {
                if let Ok(tell) = Tell::read(sealed) {
                    self.handle_tell(now, &tell);
                }
            }
            Kind::Gone => {
                if let Ok(gone) = Gone::read(sealed) {
                    return self.handle_gone(now, gone);
                }
            }
            _ => (),
        }
        self.note_heard(now);
    }

    fn handle_down(&mut self, now: Duration, down: &Down<'_>) {
        let State::Present(presence) = &mut self.state else {
            return;
        };
        let link = &mut presence.link;
        if link.acknowledge(now, down.heard, 0, down.stamps).is_err() {
            return self.note_dropped("an acknowledgement of what was never sent");
        }
        let mut repeated = false;
        if let Some(first) = down.events.first() {
            let arrived = down.events.iter().map(Arrived::from).collect();
            repeated = !presence.inbox.insert(first.number.0, down.end(), arrived);
            presence.note_talk(now, &mut self.random);
        }
        let live = presence.live;
        let mut happened = Vec::new();
        while let Some((from, run)) = presence.inbox.pop() {
            let new = run.into_iter().filter(|arrived| arrived.end() > from);
            happened.extend(new.map(|arrived| arrived.since(from)));
        }
        if !down.events.is_empty() || down.answer {
            let gap = presence.inbox.gap_end();
            let urgency = if repeated {
                // Our acknowledgement was lost, or we were away: others may have been too, and several copies wait.
                let (least, most) = (limits::GAP_REPEAT, limits::ACK_DELAY_LEAST);
                Urgency::Within(self.random.between(least, most))
            } else if down.answer || gap != presence.reported_gap {
                Urgency::AtOnce
            } else if gap > 0 {
                // That report may have been lost.
                Urgency::Within(limits::GAP_REPEAT)
            } else {
                let (least, most) = (limits::ACK_DELAY_LEAST, limits::ACK_DELAY_MOST);
                Urgency::Quiet(self.random.between(least, most))
            };
            presence.link.owe(now, urgency);
        }
        // First, so that what became of an utterance is told after its having been ordered.
        self.note_ordered(down.heard - down.waiting);
        for Arrived {
            number,
            unix_ms,
            what,
        } in happened
        {
            let history = number < live;
            if !history && std::mem::take(&mut self.in_history) {
                self.events.push_back(Event::HistoryEnds);
            }
            match what {
                Told::Seen(Seen::Gap(count)) => self.tell_gap(number, count),
                Told::Seen(what) => {
                    self.in_history = history;
                    self.events.push_back(Event::Happened {
                        number,
                        unix_ms,
                        history,
                        what,
                    });
                }
                Told::Own(utterance, outcome) => {
                    self.note_outcome(utterance, outcome, number, unix_ms);
                }
                Told::Hidden(_) => (),
            }
        }
    }

    /// Gaps that follow each other are told as one.
    pub(in crate::session) fn tell_gap(&mut self, number: u64, count: u64) {
        self.outcomes.miss(self.ordered_in_all);
        if let Some(Event::Happened {
            number: first,
            what: Seen::Gap(known),
            ..
        }) = self.events.back_mut()
            && first.checked_add(*known) == Some(number)
        {
            *known = known.saturating_add(count);
            return;
        }
        let what = Seen::Gap(count);
        self.events.push_back(Event::Happened {
            number,
            unix_ms: 0,
            history: false,
            what,
        });
    }

    fn handle_tell(&mut self, now: Duration, tell: &Tell<'_>) {
        let answer = self.asks.handle_tell(now, tell);
        self.events.extend(answer);
    }

    fn handle_gone(&mut self, now: Duration, gone: Gone<'_>) {
        self.note_heard(now);
        self.note_ordered(gone.ordered);
        match gone.reason {
            GoneReason::Silent => self.return_to_room(now),
            GoneReason::Left if self.leaving => self.end(End::Left),
            reason => {
                if let State::Present(presence) = &mut self.state {
                    let mut bye = Vec::new();
                    presence.transmit_up(now, &mut bye, true, 0, std::iter::empty());
                    self.farewell = Some(bye);
                }
                let why = gone.why.to_owned();
                self.end(End::Removed(reason, why));
            }
        }
    }
}
