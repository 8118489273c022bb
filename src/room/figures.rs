//! How it goes with each member, for the operator who asks: nothing of this is kept ready.

use super::{Room, UserMap};
use crate::text::Name;
use std::net::SocketAddr;
use std::time::Duration;

/// How it goes with one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// As shown.
    pub name: Name,
    /// Where its datagrams go.
    pub address: SocketAddr,
    /// For how long it has been in the room.
    pub stay: Duration,
    /// Events that it has not acknowledged; that were not sent to it, of a classic member.
    pub lag: u64,
    /// Of a thousand datagrams with events, those that had to be sent again.
    pub loss: u64,
    /// The smoothed round-trip time, once measured.
    pub round_trip: Option<Duration>,
}

impl Room {
    /// Everyone in the room, in the order of the user map.
    pub fn figures(&mut self, users: &UserMap, now: Duration) -> Vec<Figures> {
        let tail = self.log.end() - 1;
        let figures = |user: &super::User| {
            let Some((_, member)) = self.slots.by_session(user.session) else {
                let lag = self.classics.lag(user.address, tail)?;
                return Some(Figures {
                    name: user.name.clone(),
                    address: user.address,
                    stay: user.since.until(now),
                    lag,
                    loss: 0,
                    round_trip: None,
                });
            };
            Some(Figures {
                name: user.name.clone(),
                address: user.address,
                stay: user.since.until(now),
                lag: tail.saturating_sub(member.link.acked()),
                loss: (u64::from(member.resent) * 1000)
                    .checked_div(member.sent.into())
                    .unwrap_or(0),
                round_trip: member.link.round_trip(),
            })
        };
        users.iter().filter_map(figures).collect()
    }
}
