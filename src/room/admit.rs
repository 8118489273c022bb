//! Coming in: Hello, Join, and the continuing of a session.

use super::door::Purpose;
use super::log::{Author, Happened};
use super::member::{Departed, Member, NOBODY, Rest, Welcomed};
use super::path::Path;
use super::reads::Standing;
use super::{Entry, Proposal, Room, User, UserMap};
use crate::limits;
use crate::link::{Inbox, Link, Moment, Rate};
use crate::seal::Key;
use crate::text::Name;
use crate::wire::{Challenge, GoneReason, Hello, Join, Open, Refusal, Refused, Resume, Welcome};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// What becomes of an entry, were it applied now.
enum Admission {
    /// It was applied before: the Welcome was lost, or the Join came twice.
    Known(u32),
    /// A session that goes on, in another incarnation of its client.
    Resumed(u32, u64),
    /// Someone new, or one who departed and comes back.
    Enters,
    Refused(Refusal),
}

impl Room {
    pub(super) fn handle_hello(&mut self, now: Duration, from: SocketAddr, hello: Hello) {
        if !self.door.admits(now, from.ip()) {
            self.stats.turned_away += 1;
            return;
        }
        let cookie = self.door.cookie(now, from, hello.nonce, Purpose::Join);
        self.reply_open(
            from,
            &Open::Challenge(Challenge {
                nonce: hello.nonce,
                cookie,
            }),
        );
    }

    pub(super) fn handle_join(
        &mut self,
        users: &mut UserMap,
        now: Duration,
        from: SocketAddr,
        join: &Join<'_>,
    ) {
        if !self.door.admits(now, from.ip())
            || !self
                .door
                .accepts(now, from, join.nonce, Purpose::Join, join.cookie)
            // A copy that was long on its way would bring back one who has left, or a session from before.
            || self.graveyard.has_welcomed(join.nonce)
        {
            self.stats.turned_away += 1;
            return;
        }
        let name = match Name::new(join.name) {
            Ok(name) => name,
            Err(error) => {
                return self.refuse(from, join.nonce, Refusal::NameNotAllowed(error.code()));
            }
        };
        if let Some(minutes) = self.bans.minutes(&name, from.ip(), self.unix_ms) {
            return self.refuse(from, join.nonce, Refusal::Banned(minutes));
        }
        let entry = Entry {
            name,
            address: from,
            nonce: join.nonce,
            cookie: join.cookie,
            history: join.history,
            resume: join.resume,
            classic: false,
        };
        match self.admission(users, &entry) {
            // Only the ledger decides who is the first of a name; what is refused today need not go there.
            Admission::Enters => self.propose(users, now, Proposal::Enter(entry)),
            _ => self.enter(users, now, &entry),
        }
    }

    /// Applies an entry.
    pub(super) fn enter(&mut self, users: &mut UserMap, now: Duration, entry: &Entry) {
        if entry.classic {
            return self.enter_classic(users, now, entry);
        }
        match self.admission(users, entry) {
            Admission::Refused(reason) => self.refuse(entry.address, entry.nonce, reason),
            Admission::Known(slot) => {
                let unheard = self
                    .slots
                    .member(slot)
                    .is_some_and(|m| !m.link.has_received());
                // Once the session is in use, this can only be a Join that was long under way.
                if unheard {
                    self.relocate(users, slot, entry.address);
                }
                self.welcome(slot);
            }
            Admission::Resumed(slot, next) => {
                self.resume(users, now, slot, next, entry);
                self.welcome(slot);
            }
            Admission::Enters => {
                let slot = self.settle(users, now, entry);
                self.welcome(slot);
            }
        }
    }

    fn admission(&mut self, users: &UserMap, entry: &Entry) -> Admission {
        let resume = entry.resume.filter(|resume| resume.epoch == self.epoch);
        if let Some(admission) = self.under_former_name(entry, resume) {
            return admission;
        }
        let holder = users
            .find(&entry.name)
            .map(|user| (user.session, user.name.clone()));
        if let Some((session, name)) = holder {
            let Some((slot, member)) = self.slots.by_session(session) else {
                return Admission::Refused(Refusal::NameTaken);
            };
            // Nobody else knows the nonce, and this address has proved itself by the cookie.
            if member.rest.welcome.nonce == entry.nonce {
                return Admission::Known(slot);
            }
            return match resume {
                Some(resume)
                    if name == entry.name
                        && !member.leaving
                        && proves(&resume, entry, member.rest.welcome.resume) =>
                {
                    Admission::Resumed(slot, resume.next)
                }
                _ => Admission::Refused(Refusal::NameTaken),
            };
        }
        self.has_no_place_for(entry.address)
            .map_or(Admission::Enters, Admission::Refused)
    }

    /// Why nobody can come in from this address, whatever its name; `None` if there is a place.
    pub(super) fn has_no_place_for(&self, address: SocketAddr) -> Option<Refusal> {
        let members = self.slots.live().len() + self.classics.len();
        if self.closing_since.is_some() {
            Some(Refusal::Closing)
        } else if members >= self.config.max_members.min(limits::MEMBERS_MOST) {
            Some(Refusal::Full)
        } else if !self.door.has_room_for(address.ip()) {
            Some(Refusal::TooManyFromAddress)
        } else {
            None
        }
    }

    /// A member that has another name by now, of which its client has not heard: a renaming or the word of it was
    /// under way when the Join was.
    fn under_former_name(&mut self, entry: &Entry, resume: Option<Resume>) -> Option<Admission> {
        let slots = &self.slots;
        let members = { self.renamed.iter() }.filter_map(|slot| Some((*slot, slots.look(*slot)?)));
        for (slot, member) in members {
            if member.rest.welcome.nonce == entry.nonce {
                return Some(Admission::Known(slot));
            }
            if let Some(resume) = resume
                && proves(&resume, entry, member.rest.welcome.resume)
            {
                return Some(if member.leaving {
                    Admission::Refused(Refusal::NameTaken)
                } else {
                    Admission::Resumed(slot, resume.next)
                });
            }
        }
        None
    }

    /// Makes a member of someone who is not in the room, and says that it entered.
    fn settle(&mut self, users: &mut UserMap, now: Duration, entry: &Entry) -> u32 {
        let departed = self.revived(entry);
        let tail = self.log.end() - 1;
        let begin = self.numbers.event - 1;
        let history = u64::from(entry.history).min(self.history());
        // The cursor: as far back as history goes; or at the beginning of a log that began while the client
        // was away; or where the client was.
        let cursor = match entry.resume {
            None => tail.saturating_sub(history).max(self.log.first() - 1),
            Some(resume) if resume.epoch != self.epoch => begin,
            Some(resume) => resume.next.saturating_sub(1).clamp(begin, tail),
        };
        let author = Author {
            member: match &departed {
                Some(departed) => departed.author.member,
                None => self.next_member(),
            },
            name: entry.name.clone(),
            label: self.next_label(),
        };
        let ordered = departed
            .as_ref()
            .map_or(self.numbers.utterance, |departed| departed.ordered);
        let renamed = departed.as_ref().is_some_and(|departed| departed.renamed);
        let slot = self.slots.vacancy();
        let entered = self.log.end();
        let mut member = self.member(now, slot, entry, author.clone(), cursor, entered, ordered);
        if entry.resume.is_none() {
            member.rest.welcome.live = entered;
        }
        if let Some(departed) = departed {
            member.rest.welcome.resume = departed.resume;
        }
        if renamed {
            self.renamed.insert(slot);
        }
        self.door.entered(entry.address.ip());
        users.put(User {
            name: member.rest.author.name.clone(),
            address: member.address,
            session: member.session,
            since: now.into(),
        });
        self.slots.put(slot, member);
        self.append(Happened::Entered(author), "");
        slot
    }

    /// The departed member that the entry continues, by proof the same. Its name is the one that it asks for now: it
    /// may not have heard that it was given another. Most went by their silence; whoever went otherwise comes back only if it never heard of that, and must not say again what it said.
    fn revived(&mut self, entry: &Entry) -> Option<Departed> {
        let resume = entry.resume.filter(|resume| resume.epoch == self.epoch);
        let mut departed = self.graveyard.take(|departed| match &resume {
            Some(resume) => {
                (departed.renamed || departed.author.name == entry.name)
                    && proves(resume, entry, departed.resume)
            }
            // It stood still before it read its Welcome, which it may find later.
            None => {
                !departed.welcomed
                    && departed.nonce == entry.nonce
                    && departed.author.name == entry.name
                    && departed.reason == GoneReason::Silent
            }
        })?;
        if departed.nonce != entry.nonce {
            self.graveyard.put_continued(departed.nonce);
        }
        if departed.reason == GoneReason::Left {
            // Its leaving was its last utterance, and is to come once more.
            departed.ordered -= 1;
        }
        Some(departed)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the one place where a member is made"
    )]
    fn member(
        &mut self,
        now: Duration,
        slot: u32,
        entry: &Entry,
        author: Author,
        cursor: u64,
        last_apart: u64,
        ordered: u64,
    ) -> Member {
        debug_assert_ne!(author.member, NOBODY);
        self.pace.note(cursor);
        let session = self.slots.next_session(slot);
        let secret = self.secrets.key();
        let welcome = Welcomed {
            nonce: entry.nonce,
            resume: self.secrets.key(),
            first: cursor + 1,
            live: cursor + 1,
            heard: ordered,
        };
        Member {
            session,
            secret,
            address: entry.address,
            link: Link::new(now, cursor)
                .with_turn(slot / limits::ASKED_TOGETHER)
                .with_last_packet(self.numbers.packet),
            path: Path::new(entry.address),
            inbox: Inbox::new(ordered + 1),
            ordered,
            acked_at: now.into(),
            last_words: 0,
            last_apart,
            leaving: false,
            wake: Moment::NEVER,
            dirty: false,
            sent: 0,
            resent: 0,
            rest: Box::new(Rest {
                author,
                welcome,
                waiting: VecDeque::new(),
                rate: Rate::default(),
                standing: Standing::new(last_apart),
                tell_gone_at: Moment::NEVER,
            }),
        }
    }

    /// Gives a member that is here a new session, from another incarnation of its client: what it was heard
    /// saying stays, and the log goes on where the client was.
    fn resume(&mut self, users: &mut UserMap, now: Duration, slot: u32, next: u64, entry: &Entry) {
        let tail = self.log.end() - 1;
        let cursor = next.saturating_sub(1).clamp(self.numbers.event - 1, tail);
        let Some(old) = self.slots.member(slot) else {
            return;
        };
        let (author, apart, received) = (old.rest.author.clone(), old.last_apart, old.received());
        let mut member = self.member(now, slot, entry, author, cursor, apart, received);
        let Some(old) = self.slots.member(slot) else {
            return;
        };
        self.graveyard.put_continued(old.rest.welcome.nonce);
        member.rest.welcome.resume = old.rest.welcome.resume;
        (member.sent, member.resent) = (old.sent, old.resent);
        member.rest.waiting = std::mem::take(&mut old.rest.waiting);
        member.ordered = old.ordered;
        member.last_words = old.last_words;
        member.rest.rate = old.rest.rate;
        member.rest.standing = std::mem::take(&mut old.rest.standing);
        // The timers and the flush know the slot, and find the new session in it.
        member.wake = old.wake;
        member.dirty = old.dirty;
        self.door.left(old.address.ip());
        self.door.entered(member.address.ip());
        users.update(&member.rest.author.name, |user| {
            (user.address, user.session) = (member.address, member.session);
        });
        *old = member;
        self.touch(slot);
    }

    fn welcome(&mut self, slot: u32) {
        let Some(member) = self.slots.member(slot) else {
            return;
        };
        let Welcomed {
            nonce,
            resume,
            first,
            live,
            heard,
        } = member.rest.welcome;
        let welcome = Welcome {
            nonce,
            session: member.session,
            secret: member.secret,
            resume,
            epoch: self.epoch,
            first,
            live,
            heard,
            idle_timeout: self.config.idle_timeout.as_secs().min(u64::from(u16::MAX)) as u16,
        };
        let to = member.address;
        self.reply_open(to, &Open::Welcome(welcome));
    }

    fn refuse(&mut self, to: SocketAddr, nonce: u64, reason: Refusal) {
        self.reply_open(to, &Open::Refused(Refused { nonce, reason }));
    }
}

fn proves(resume: &Resume, entry: &Entry, key: Key) -> bool {
    Resume::prove(key, entry.nonce, entry.cookie) == resume.proof
}
