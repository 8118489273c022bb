//! Reads: what a member may ask of the room, and what is kept to answer it.
//!
//! What always holds here: a read changes nothing that anyone else could see, and is answered to the address that
//! was proved last. The one that looks at all members is held to the asker's rate.

use super::Room;
use crate::wire::{Ask, Asked, Sealed, Tell, Told};
use std::sync::Arc;
use std::time::Duration;

/// What a member has come to in the room, for who asks.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// The event of its entering.
    entered: u64,
    /// It is away, and why.
    pub(super) away: Option<Arc<str>>,
}

impl Standing {
    pub(super) fn new(entered: u64) -> Standing {
        Standing {
            entered,
            ..Standing::default()
        }
    }
}

impl Room {
    pub(super) fn handle_ask(&mut self, now: Duration, slot: u32, sealed: &Sealed<'_>) {
        let Ok(Ask { request, what }) = Ask::read(sealed) else {
            self.stats.malformed += 1;
            return;
        };
        let rate = self.rate(now);
        let Some(member) = self.slots.member(slot) else {
            return;
        };
        // Not answered, it is asked again.
        if what == Asked::Reach && member.rest.rate.take(now, rate).is_err() {
            return;
        }
        let to = member.address;
        let packet = member.link.next_bare_packet(now);
        let session = (member.session, packet, member.secret);
        let tell = match what {
            Asked::Who(after) => Tell::page(request, after, self.roster(after)),
            Asked::Reach => {
                let what = self.reach(slot);
                Tell { request, what }
            }
            Asked::Ping => {
                let what = Told::Ping;
                Tell { request, what }
            }
        };
        let mut bytes = Vec::new();
        tell.write(&mut bytes, session);
        self.reply(to, bytes);
    }

    /// Who is at a place, and where to go on after it.
    pub(super) fn roster(&self, after: u64) -> impl Iterator<Item = (u64, (&str, Option<&str>))> {
        let slots = (after..self.slots.places()).filter_map(|slot| {
            let member = self.slots.look(slot as u32)?;
            let entry = (
                member.rest.author.name.as_str(),
                member.rest.standing.away.as_deref(),
            );
            Some((slot + 1, entry))
        });
        slots.chain(self.classics.roster(after))
    }

    /// Who of those who were there has acknowledged what a member said last.
    fn reach(&self, asker: u32) -> Told<'static> {
        let event = { self.slots.look(asker) }.map_or(0, |member| member.last_words);
        let (mut have, mut others) = (0, 0);
        for slot in self.slots.live().iter().filter(|slot| **slot != asker) {
            if let Some(member) = self
                .slots
                .look(*slot)
                .filter(|m| m.rest.standing.entered < event)
            {
                others += 1;
                have += u64::from(member.link.acked() >= event);
            }
        }
        Told::Reach {
            event,
            have,
            others,
        }
    }
}
