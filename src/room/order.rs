//! Utterances whose turn has come: what the ledger has committed of them becomes events.
//!
//! What always holds here: an utterance counts as ordered exactly once, whether or not an event comes of it; who
//! has a name, and whether it is free, is decided now and not when it was asked for; what failed is told to its
//! author by an event of its own, so that the word of it is as reliable as everything else.

use super::classic;
use super::log::{Author, Happened, Whisper};
use super::member::Member;
use super::{MemberRef, Room, UserMap};
use crate::text::{Name, NameError};
use crate::wire::Failure;
use std::sync::Arc;

impl Room {
    /// The author, if it is still here, whose next utterance is ordered by this.
    fn author_of_next(&mut self, author: MemberRef) -> Option<&mut Member> {
        let member = self
            .slots
            .member(author.slot)
            .filter(|member| member.rest.author.member == author.member)?;
        member.ordered += 1;
        Some(member)
    }

    /// What is told to one who may not speak, if this one may not.
    fn is_mute(&mut self, author: MemberRef) -> Option<Failure> {
        let name = &self.slots.member(author.slot)?.rest.author.name;
        self.mutes.minutes(name, self.unix_ms).map(Failure::Muted)
    }

    /// A member says something, or does it.
    pub(super) fn say(&mut self, author: MemberRef, text: &str, act: bool) {
        if classic::is_place(author.slot) {
            return self.say_classic(author, text);
        }
        let (end, mute) = (self.log.end(), self.is_mute(author));
        let Some(member) = self.author_of_next(author) else {
            return;
        };
        // Nothing said is nothing to show, but it has its number.
        if text.is_empty() {
            return member.skip(end);
        }
        if let Some(mute) = mute {
            member.last_apart = end;
            let (author, utterance) = (member.rest.author.clone(), member.ordered);
            return self.fail(&author, utterance, mute);
        }
        member.last_words = end;
        member.rest.standing.away = None;
        let (author, utterance) = (member.rest.author.clone(), member.ordered);
        let said = if act {
            Happened::Acted { author, utterance }
        } else {
            Happened::Said { author, utterance }
        };
        self.append(said, text);
    }

    /// A member says something to one other alone.
    pub(super) fn whisper(&mut self, users: &UserMap, author: MemberRef, to: &str, text: &str) {
        let (end, mute) = (self.log.end(), self.is_mute(author));
        let Some(member) = self.author_of_next(author) else {
            return;
        };
        if text.is_empty() {
            return member.skip(end);
        }
        member.last_apart = end;
        let (author, utterance) = (member.rest.author.clone(), member.ordered);
        if let Some(mute) = mute {
            return self.fail(&author, utterance, mute);
        }
        member.rest.standing.away = None;
        let reader = Name::new(to).ok().and_then(|name| users.find(&name));
        let to = reader.and_then(|user| match self.slots.by_session(user.session) {
            Some((_, reader)) => {
                // What others are told of this event is not what its reader is told.
                reader.last_apart = end;
                Some(reader.rest.author.member)
            }
            None => self.classics.member_at(user.address),
        });
        let Some(to) = to else {
            return self.fail(&author, utterance, Failure::Nobody);
        };
        let whisper = Whisper {
            author,
            utterance,
            to,
        };
        self.append(Happened::Whispered(Box::new(whisper)), text);
    }

    /// A member wants another name: the first in the log has it.
    pub(super) fn rename(&mut self, users: &mut UserMap, author: MemberRef, name: &str) {
        let (slot, end) = (author.slot, self.log.end());
        let mute = self.is_mute(author);
        let banned = Name::new(name).is_ok_and(|name| self.bans.has_name(&name, self.unix_ms));
        let label = self.next_label();
        let Some(member) = self.author_of_next(author) else {
            return;
        };
        member.last_apart = end;
        let (author, utterance) = (member.rest.author.clone(), member.ordered);
        // The name is what is mute.
        if let Some(mute) = mute {
            return self.fail(&author, utterance, mute);
        }
        let name = match Name::new(name) {
            Err(error) => Err(Failure::NameNotAllowed(error.code())),
            Ok(name) if name == author.name => Err(Failure::SameName),
            Ok(_) if banned => Err(Failure::NameNotAllowed(NameError::Reserved.code())),
            Ok(name) => match users.find(&name) {
                Some(holder) if holder.session != member.session => Err(Failure::NameTaken),
                // Free, or only written in another way than until now.
                _ => Ok(name),
            },
        };
        let name = match name {
            Ok(name) => name,
            Err(failure) => return self.fail(&author, utterance, failure),
        };
        users.update(&author.name, |user| user.name = name.clone());
        member.rest.author.name = name.clone();
        member.rest.author.label = label;
        self.renamed.insert(slot);
        let renamed = Happened::Renamed {
            author,
            utterance,
            name,
        };
        self.append(renamed, "");
    }

    /// A member is away until it speaks again: seen by who asks who is here.
    pub(super) fn away(&mut self, author: MemberRef, why: Arc<str>) {
        let end = self.log.end();
        if let Some(member) = self.author_of_next(author) {
            member.skip(end);
            member.rest.standing.away = Some(why);
        }
    }

    /// Tells a member that what it asked for did not happen.
    fn fail(&mut self, author: &Author, utterance: u64, failure: Failure) {
        let failed = Happened::Failed {
            member: author.member,
            utterance,
            failure,
        };
        self.append(failed, "");
    }
}
