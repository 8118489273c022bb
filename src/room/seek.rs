//! Being found: the answer to whoever looks for a room on the network.
//!
//! Nothing is kept of who asks, and the answer is no larger than the question; the door's bound for one source
//! holds here too.

use super::Room;
use crate::limits;
use crate::wire::{self, Found, Open, Seek};
use std::net::SocketAddr;
use std::time::Duration;

impl Room {
    /// What the room is called when it is looked for, cut to [`limits::TITLE_BYTES`]; `None`, as it is at first:
    /// it is not to be found.
    pub fn set_title(&mut self, title: Option<&str>) {
        self.title = title.map(|title| {
            let mut end = title.len().min(limits::TITLE_BYTES);
            while !title.is_char_boundary(end) {
                end -= 1;
            }
            title[..end].into()
        });
    }

    pub(super) fn handle_seek(&mut self, now: Duration, from: SocketAddr, seek: Seek) {
        let is_open = self.title.is_some() && self.closing_since.is_none();
        if !is_open || !self.door.admits(now, from.ip()) {
            self.stats.turned_away += 1;
            return;
        }
        let mut bytes = Vec::new();
        let found = Found {
            nonce: seek.nonce,
            version: wire::VERSION,
            members: (self.slots.live().len() + self.classics.len()) as u32,
            capacity: self.config.max_members.min(limits::MEMBERS_MOST) as u32,
            title: self.title.as_deref().unwrap_or_default(),
        };
        wire::encode(&Open::Found(found), &mut bytes);
        self.reply(from, bytes);
    }
}
