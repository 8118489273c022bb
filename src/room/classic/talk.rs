//! What classic clients ask, and what becomes of it.
//!
//! What always holds here: one answer at most to a datagram of one who is not in, and only to a login and to a goodbye;
//! beyond loopback and private networks it is no longer than the datagram. What a member says and how it leaves
//! counts only from the address that came in under that name.

use super::{ClassicMember, Closing, FIRST_PLACE, is_near, lines};
use crate::limits;
use crate::room::ledger::{Entry, MemberRef, Proposal};
use crate::room::log::{Author, Happened};
use crate::room::{Classic, Room, User, UserMap, users::NO_SESSION};
use crate::text::{Lang, Name, utterance};
use crate::wire::classic::{self, Request};
use crate::wire::{GoneReason, Refusal};
use std::net::SocketAddr;
use std::time::Duration;

impl Room {
    /// A datagram that is none of our own protocol.
    pub(in crate::room) fn handle_classic(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        bytes: &[u8],
    ) {
        if self.config.classic == Classic::Near && !is_near(from.ip()) {
            self.stats.turned_away += 1;
            return;
        }
        match Request::read(bytes) {
            Err(malformed) => self.count_malformed(from, malformed),
            Ok(Request::Login(name)) => self.handle_login(users, now, from, &name, bytes.len()),
            Ok(Request::Say(name, text)) => self.handle_say(users, now, from, name, text),
            Ok(Request::Quit(name)) => self.handle_quit(users, now, from, name, bytes.len()),
        }
    }

    fn handle_login(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        name: &str,
        size: usize,
    ) {
        if !self.door.admits(now, from.ip()) {
            self.stats.turned_away += 1;
            return;
        }
        let name = match Name::new(name) {
            Ok(name) => name,
            Err(error) => {
                return self.refuse_classic(from, size, self.config.lang.name_error(error));
            }
        };
        if let Some(minutes) = self.bans.minutes(&name, from.ip(), self.unix_ms) {
            return self.refuse_classic(from, size, self.config.lang.banned(minutes));
        }
        if self.is_known(now, from, &name) {
            return;
        }
        if let Some(reason) = self.has_no_place(users, from, &name) {
            return self.refuse_classic(from, size, refusal(reason, self.config.lang));
        }
        if let Some(place) = self.classics.at(from) {
            // Its socket is in use by someone else now, see `enter_classic`: said is what it was heard saying.
            self.release_classic(now, place, 0);
        }
        let entry = Entry {
            name,
            address: from,
            nonce: 0,
            cookie: 0,
            history: 0,
            resume: None,
            classic: true,
        };
        self.propose(users, now, Proposal::Enter(entry));
    }

    /// Whether this is a login of one who is in already; it is `OK` again.
    fn is_known(&mut self, now: Duration, from: SocketAddr, name: &Name) -> bool {
        let end = self.log.end();
        let Some(place) = self.classics.at(from) else {
            return false;
        };
        let Some(member) = self
            .classics
            .member(place)
            .filter(|member| member.author.name == *name && !member.gone)
        else {
            return false;
        };
        member.heard_at = now;
        member.owes_ok = true;
        if std::mem::take(&mut member.leaving) {
            (member.next, member.piece) = (end, 0);
            member.closing = Closing::Untold;
        }
        self.classics.touch(place);
        true
    }

    fn has_no_place(&self, users: &UserMap, from: SocketAddr, name: &Name) -> Option<Refusal> {
        match users.find(name) {
            Some(_) => Some(Refusal::NameTaken),
            None => self.has_no_place_for(from),
        }
    }

    /// Applies the entry of a classic member.
    pub(in crate::room) fn enter_classic(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        entry: &Entry,
    ) {
        let address = entry.address;
        if self.is_known(now, address, &entry.name) {
            return;
        }
        if let Some(reason) = self.has_no_place(users, address, &entry.name) {
            // The datagram is no more; a login is longer than the shortest refusal.
            let text = refusal(reason, self.config.lang);
            return self.refuse_classic(address, classic::NO.len(), text);
        }
        // Clients send from one socket: whoever was there under another name is there no more.
        if let Some(place) = self.classics.at(address)
            && let Some(old) = self.classics.member(place)
        {
            let old = reference(place, old);
            self.leave_classic(users, old, GoneReason::Left, "");
        }
        let author = Author {
            member: self.next_member(),
            name: entry.name.clone(),
            label: self.next_label(),
        };
        self.door.entered(address.ip());
        users.put(User {
            name: author.name.clone(),
            address,
            session: NO_SESSION,
            since: now.into(),
        });
        self.append(Happened::Entered(author.clone()), "");
        let next = self.log.end();
        self.classics
            .put(ClassicMember::new(now, author, address, next));
    }

    fn handle_say(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        name: &str,
        text: &str,
    ) {
        let place = self.classics.at(from);
        let Some((place, member)) = place.and_then(|at| Some((at, self.classics.member(at)?)))
        else {
            self.stats.stray += 1;
            return;
        };
        if member.author.name.as_str() != name {
            self.stats.forged += 1;
            return;
        }
        if member.leaving || member.gone || self.closing_since.is_some() {
            self.stats.stray += 1;
            return;
        }
        member.heard_at = now;
        let empty = text.is_empty().then_some("");
        // So that one utterance is one datagram for the others of its kind.
        let most = lines::fitting(&self.config.lang.said(name, ""));
        for part in utterance::split(text, most).chain(empty) {
            if member.waiting.len() < limits::CLASSIC_WAITING {
                member.waiting.push_back(part.into());
            } else {
                self.stats.too_fast += 1;
            }
        }
        let rate = self.rate(now);
        self.release_classic(now, place, rate);
        self.apply(users, now);
        self.classics.touch(place);
    }

    fn handle_quit(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        name: &str,
        size: usize,
    ) {
        let place = self.classics.at(from);
        if let Some(place) = place
            && let Some(member) = self.classics.member(place)
            && member.author.name.as_str() == name
        {
            member.leaving = true;
            member.heard_at = now;
            self.reply(from, classic::EXIT.into());
            let rate = self.rate(now);
            self.release_classic(now, place, rate);
            self.apply(users, now);
            self.classics.touch(place);
            return;
        }
        // Some clients hang without the answer, who may have left already.
        self.stats.stray += 1;
        let short = is_near(from.ip()) || classic::EXIT.len() <= size;
        if short && self.door.admits(now, from.ip()) {
            self.reply(from, classic::EXIT.into());
        }
    }

    /// Proposes what a member was heard saying, as fast as its rate allows, and then its leaving if it asked for that.
    pub(super) fn release_classic(&mut self, now: Duration, place: u32, rate: u32) {
        let Some(member) = self.classics.member(place).filter(|member| !member.gone) else {
            return;
        };
        let author = reference(place, member);
        while !member.waiting.is_empty() {
            if member.rate.take(now, rate).is_err() {
                return;
            }
            let Some(text) = member.waiting.pop_front() else {
                return;
            };
            self.ledger.propose(Proposal::Say { author, text });
        }
        if member.leaving {
            member.gone = true;
            let (reason, why) = (GoneReason::Left, "".into());
            self.ledger.propose(Proposal::Leave {
                author,
                reason,
                why,
            });
        }
    }

    /// Proposes what all of them were heard saying, however fast.
    pub(in crate::room) fn release_classics(&mut self, now: Duration) {
        let places: Vec<u32> = self.classics.by_address.values().copied().collect();
        for place in places {
            self.release_classic(now, place, 0);
        }
    }

    /// Applies what a classic member says: also nothing at all, which is a line in their rooms.
    pub(in crate::room) fn say_classic(&mut self, author: MemberRef, text: &str) {
        let Some(member) = self.classics.by_ref(author) else {
            return;
        };
        member.said += 1;
        let (author, utterance, to) = (member.author.clone(), member.said, member.address);
        if let Some(minutes) = self.mutes.minutes(&author.name, self.unix_ms) {
            // Replies go before what the member is owed.
            if std::mem::take(&mut member.owes_ok) {
                self.reply(to, classic::OK.into());
            }
            let told = self.config.lang.muted(minutes);
            return self.reply(to, format!("\n{told}").into());
        }
        self.append(Happened::Said { author, utterance }, text);
    }

    /// Proposes that a classic member leaves, unless it does already.
    pub(in crate::room) fn remove_classic(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        place: u32,
        reason: GoneReason,
        why: &str,
    ) {
        let Some(member) = self.classics.member(place).filter(|member| !member.gone) else {
            return;
        };
        member.gone = true;
        let author = reference(place, member);
        let why = why.into();
        let leave = Proposal::Leave {
            author,
            reason,
            why,
        };
        self.propose(users, now, leave);
    }

    /// Applies the leaving of a classic member.
    pub(in crate::room) fn leave_classic(
        &mut self,
        users: &mut UserMap,
        author: MemberRef,
        reason: GoneReason,
        why: &str,
    ) {
        if self.classics.by_ref(author).is_none() {
            return;
        }
        let Some(member) = self.classics.take(author.slot) else {
            return;
        };
        users.remove(&member.author.name);
        self.door.left(member.address.ip());
        self.append(Happened::Left(member.author), "");
        let lang = self.config.lang;
        let told = match reason {
            GoneReason::Kicked => lang.kicked(why),
            GoneReason::Silent => lang.too_silent(self.config.classic_idle.as_secs() / 60),
            // It was told when it asked; or another one is at its address.
            _ => return,
        };
        self.reply(member.address, format!("\n{told}").into());
        self.reply(member.address, classic::EXIT.into());
    }

    /// Refuses the login of so many bytes.
    fn refuse_classic(&mut self, to: SocketAddr, size: usize, text: impl Into<String>) {
        let text = text.into();
        debug_assert!(text.len() <= limits::CLASSIC_ANSWER, "{text}");
        if is_near(to.ip()) || text.len() <= size {
            self.reply(to, text.into());
        } else if classic::NO.len() <= size {
            self.reply(to, classic::NO.into());
        }
    }
}

fn reference(place: u32, member: &ClassicMember) -> MemberRef {
    debug_assert!(place >= FIRST_PLACE);
    MemberRef {
        slot: place,
        member: member.id(),
    }
}

fn refusal(reason: Refusal, lang: Lang) -> &'static str {
    match reason {
        Refusal::Full => lang.room_full(),
        Refusal::TooManyFromAddress => lang.too_many_from_address(),
        Refusal::Closing => lang.room_closing(),
        _ => lang.name_taken(),
    }
}
