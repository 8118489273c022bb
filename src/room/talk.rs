//! Being in: what a member's datagrams bring, and how it leaves.

use super::classic;
use super::door::Purpose;
use super::log::Happened;
use super::member::{Heard, Member};
use super::path::Path;
use super::{MemberRef, Proposal, Room, UserMap};
use crate::limits;
use crate::link::{Arrival, Urgency};
use crate::wire::{
    self, Challenge, Gone, GoneReason, Kind, Moved, Open, PacketNumber, Sealed, SessionId, Unknown,
    Up, says_bye,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

impl Room {
    pub(super) fn handle_sealed(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        sealed: &Sealed<'_>,
    ) {
        if !matches!(
            sealed.kind,
            Kind::Up | Kind::Ask | Kind::Moved | Kind::Probed
        ) {
            self.stats.stray += 1;
            return;
        }
        let Some((slot, member)) = self.slots.by_session(sealed.session) else {
            return self.handle_stray(now, from, sealed);
        };
        if !sealed.verify(member.secret) {
            self.stats.forged += 1;
            return;
        }
        let Some(arrival) = member.link.receive(now, sealed.packet) else {
            self.stats.replayed += 1;
            return;
        };
        let elsewhere = member.address != from && sealed.size() >= limits::CHALLENGE;
        if arrival == Arrival::Newest && elsewhere && sealed.kind != Kind::Moved {
            // Data moves there only after the new address has answered (RFC 9000, section 9.3).
            let nonce = sealed.packet.0;
            let cookie = self
                .door
                .cookie(now, from, nonce, Purpose::Move(sealed.session));
            self.reply_open(from, &Open::Challenge(Challenge { nonce, cookie }));
        }
        match sealed.kind {
            Kind::Moved => self.handle_moved(users, now, from, slot, sealed, arrival),
            Kind::Ask => self.handle_ask(now, slot, sealed),
            Kind::Probed => self.handle_probed(slot, sealed),
            _ => self.handle_up(users, now, slot, sealed),
        }
        self.touch(slot);
    }

    fn handle_up(&mut self, users: &mut UserMap, now: Duration, slot: u32, sealed: &Sealed<'_>) {
        let Ok(up) = Up::read(sealed) else {
            self.stats.malformed += 1;
            return;
        };
        let Some(member) = self.slots.member(slot) else {
            return;
        };
        if up.bye && self.closing_since.is_some() {
            self.bury(users, now, slot, GoneReason::Closed, "".into());
            return;
        }
        let acked = member.link.acked();
        if member
            .link
            .acknowledge(now, up.acked, up.gap_end, up.stamps)
            .is_err()
        {
            return self.remove(users, now, slot, GoneReason::Violation, "");
        }
        if member.link.acked() > acked {
            self.stats.delivered += member.link.acked() - acked;
            member.path.progressed();
            member.acked_at = now.into();
            self.pace.note(member.link.acked());
        }
        if member.leaving || self.closing_since.is_some() {
            return;
        }
        if up.answer {
            member.link.owe(now, Urgency::AtOnce);
        }
        if !up.utterances.is_empty() {
            self.hear(users, now, slot, &up);
        }
    }

    /// A member said something, perhaps once more.
    fn hear(&mut self, users: &mut UserMap, now: Duration, slot: u32, up: &Up<'_>) {
        let Some(member) = self.slots.member(slot) else {
            return;
        };
        // The event goes before, unless the room is under load.
        let mut urgency = Urgency::Within(limits::ACK_PROMPT);
        for (utterance, number) in up.utterances.iter().zip(up.first..) {
            if number < member.inbox.next() {
                // It was not acknowledged in time.
                urgency = Urgency::AtOnce;
            }
            if number <= member.ordered + limits::UTTERANCES_UNORDERED {
                member.inbox.insert(number, number + 1, utterance.into());
            }
        }
        while let Some((_, heard)) = member.inbox.pop() {
            member.rest.waiting.push_back(heard);
        }
        member.link.owe(now, urgency);
        let rate = self.rate(now);
        self.release(now, slot, rate);
        self.apply(users, now);
        // What is held back comes back as an event only later: say now that it need not be sent again.
        if let Some(member) = self.slots.member(slot)
            && !member.rest.waiting.is_empty()
        {
            member.link.owe(now, Urgency::AtOnce);
        }
    }

    /// Proposes what a member was heard saying, as fast as its rate allows.
    pub(super) fn release(&mut self, now: Duration, slot: u32, rate: u32) {
        let Some(member) = self.slots.member(slot) else {
            return;
        };
        let author = reference(slot, member);
        while !member.leaving
            && let Some(heard) = member.rest.waiting.front()
        {
            if !matches!(heard, Heard::Leave) && member.rest.rate.take(now, rate).is_err() {
                return;
            }
            let Some(heard) = member.rest.waiting.pop_front() else {
                return;
            };
            member.leaving = matches!(heard, Heard::Leave);
            self.ledger.propose(proposal(author, heard));
        }
    }

    /// Proposes that a member leaves, unless it does already.
    pub(super) fn remove(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        slot: u32,
        reason: GoneReason,
        why: &str,
    ) {
        let Some(member) = self.slots.member(slot).filter(|member| !member.leaving) else {
            return;
        };
        member.leaving = true;
        let author = reference(slot, member);
        self.propose(
            users,
            now,
            Proposal::Leave {
                author,
                reason,
                why: why.into(),
            },
        );
    }

    pub(super) fn leave(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        author: MemberRef,
        reason: GoneReason,
        why: Arc<str>,
    ) {
        if classic::is_place(author.slot) {
            return self.leave_classic(users, author, reason, &why);
        }
        let end = self.log.end();
        let Some(member) = self
            .slots
            .member(author.slot)
            .filter(|m| m.rest.author.member == author.member)
        else {
            return;
        };
        if reason == GoneReason::Left {
            member.ordered += 1;
        }
        member.last_apart = end;
        let who = member.rest.author.clone();
        self.append(Happened::Left(who), "");
        self.bury(users, now, author.slot, reason, why);
    }

    /// Takes a member out of the room, tells it so, and keeps what is needed to tell it again.
    fn bury(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        slot: u32,
        reason: GoneReason,
        why: Arc<str>,
    ) {
        let Some(mut member) = self.slots.take(slot) else {
            return;
        };
        users.remove(&member.rest.author.name);
        let renamed = self.renamed.remove(&slot);
        self.door.left(member.address.ip());
        let mut departed = member.depart(now, reason, why);
        departed.renamed = renamed;
        self.graveyard.put(member.session, departed);
        self.prune_timers();
        if reason != GoneReason::Closed {
            self.tell_gone(member.session, member.address, usize::MAX);
        }
    }

    /// Tells a departed member that its session is over, in fewer than `most` bytes.
    fn tell_gone(&mut self, session: SessionId, to: SocketAddr, most: usize) {
        let Some(departed) = self.graveyard.find(session) else {
            return;
        };
        let packet = PacketNumber(departed.next_packet);
        departed.next_packet = departed.next_packet.saturating_add(1);
        let why = if most == usize::MAX {
            &*departed.why
        } else {
            ""
        };
        let mut bytes = Vec::new();
        Gone {
            reason: departed.reason,
            ordered: departed.ordered,
            why,
        }
        .write(&mut bytes, session, packet, departed.secret);
        if bytes.len() < most {
            self.reply(to, bytes);
        }
    }

    /// A datagram of a session that is not here: over, or of another server, or never there.
    fn handle_stray(&mut self, now: Duration, from: SocketAddr, sealed: &Sealed<'_>) {
        let departed = self.graveyard.find(sealed.session);
        if departed.as_ref().is_some_and(|d| !sealed.verify(d.secret)) {
            // Damaged on its way, and no reason to come in again for one who has left.
            self.stats.forged += 1;
            return;
        }
        let was_at = departed.map(|departed| departed.address);
        self.stats.stray += 1;
        let answerable = sealed.size() > limits::UNKNOWN && !says_bye(sealed);
        if !answerable || !self.door.admits(now, from.ip()) {
            return;
        }
        match was_at {
            // Its last address is proved; another one may be anybody's, and gets less than it brought.
            Some(address) if address == from => self.tell_gone(sealed.session, from, usize::MAX),
            Some(_) => self.tell_gone(sealed.session, from, sealed.size()),
            None => {
                let unknown = Unknown {
                    session: sealed.session,
                    echo: sealed.tag,
                };
                self.reply_open(from, &Open::Unknown(unknown));
            }
        }
    }

    fn handle_moved(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        slot: u32,
        sealed: &Sealed<'_>,
        arrival: Arrival,
    ) {
        let Ok(moved) = Moved::read(sealed) else {
            self.stats.malformed += 1;
            return;
        };
        let purpose = Purpose::Move(sealed.session);
        let accepted = self
            .door
            .accepts(now, from, moved.nonce, purpose, moved.cookie);
        let banned = self.bans.has_address(from.ip(), self.unix_ms);
        if !accepted || banned || arrival != Arrival::Newest {
            self.stats.turned_away += 1;
            return;
        }
        self.relocate(users, slot, from);
        // The client should learn at once that the server is there.
        if let Some(member) = self.slots.member(slot) {
            member.link.owe(now, Urgency::AtOnce);
        }
    }

    /// From now on the member's datagrams go to this address, which was proved.
    pub(super) fn relocate(&mut self, users: &mut UserMap, slot: u32, to: SocketAddr) {
        let Some(member) = self
            .slots
            .member(slot)
            .filter(|member| member.address != to)
        else {
            return;
        };
        self.door.left(member.address.ip());
        self.door.entered(to.ip());
        member.address = to;
        member.link.handle_path_change();
        member.path = Path::new(to);
        member.link.limit_window(member.path.window());
        users.update(&member.rest.author.name, |user| user.address = to);
        self.touch(slot);
    }

    fn handle_probed(&mut self, slot: u32, sealed: &Sealed<'_>) {
        let Ok(size) = wire::read_probed(sealed) else {
            self.stats.malformed += 1;
            return;
        };
        let Some(member) = self.slots.member(slot) else {
            return;
        };
        if member.path.confirm(size) {
            member.link.limit_window(member.path.window());
        }
    }
}

/// What is proposed when a member was heard to ask for this.
fn proposal(author: MemberRef, heard: Heard) -> Proposal {
    match heard {
        Heard::Say(text) => Proposal::Say { author, text },
        Heard::Act(text) => Proposal::Act { author, text },
        Heard::Whisper(whisper) => {
            let (to, text) = *whisper;
            Proposal::Whisper { author, to, text }
        }
        Heard::Rename(name) => Proposal::Rename { author, name },
        Heard::Away(why) => Proposal::Away { author, why },
        Heard::Leave => Proposal::Leave {
            author,
            reason: GoneReason::Left,
            why: "".into(),
        },
    }
}

fn reference(slot: u32, member: &Member) -> MemberRef {
    MemberRef {
        slot,
        member: member.rest.author.member,
    }
}
