//! What the operator's commands do to the room, without the console around them: so the simulated server obeys as
//! the real one does.

use super::answers::{numbers, who};
use super::calendar;
use crate::cli::SERVER;
use crate::commands;
use crate::limits;
use crate::room::{Ban, Room, UserMap, Whom};
use crate::text::{Lang, Name, screen::harmless};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What came of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Lines to be shown.
    pub shown: String,
    /// What was wrong with it.
    pub complaint: Option<String>,
    /// The bans, if they are others now.
    pub bans: Option<Vec<Ban>>,
}

/// Where a command is obeyed.
pub struct Place<'a> {
    /// The room…
    pub room: &'a mut Room,
    /// …and who is in it.
    pub users: &'a mut UserMap,
    /// The driver's clock.
    pub now: Duration,
    /// Datagrams that found the queue to the router full.
    pub overrun: u64,
    /// The language of the answers.
    pub lang: Lang,
}

fn shown(lines: String) -> Answer {
    let shown = lines;
    Answer {
        shown,
        ..Answer::default()
    }
}

fn complaint(what: String) -> Answer {
    let complaint = Some(what);
    Answer {
        complaint,
        ..Answer::default()
    }
}

impl Place<'_> {
    /// Obeys a command and what follows it; `None` if there is no such command, or it is none of the room's.
    pub fn obey(&mut self, command: &str, words: &str) -> Option<Answer> {
        Some(match command {
            "who" => shown(who(&self.room.figures(self.users, self.now), self.lang)),
            "kick" if words.is_empty() => complaint(usage(command, self.lang)),
            "kick" => self.kick(words),
            "ban" if words.is_empty() => shown(self.bans()),
            "ban" => self.ban(words),
            "unban" | "unmute" if words.is_empty() => complaint(usage(command, self.lang)),
            "unban" => self.unban(words),
            "mute" if words.is_empty() => shown(self.mutes()),
            "mute" => self.mute(words),
            "unmute" => self.unmute(words),
            "stats" => shown(numbers(
                &self.room.stats(),
                self.users.len(),
                self.overrun,
                self.lang,
            )),
            "history" => self.history(words),
            _ => return None,
        })
    }

    /// Removes a member. A name may hold spaces: it stands in quotes, or the longest beginning of the words that is a member's
    /// name counts.
    fn kick(&mut self, words: &str) -> Answer {
        let ends = { words.match_indices(' ') }.map(|(at, _)| at);
        let beginnings = ends.chain([words.len()]).map(|end| words.split_at(end));
        let meant = match commands::quoted(words) {
            Some(quoted) => vec![quoted],
            None => beginnings.collect(),
        };
        for (name, why) in meant.into_iter().rev() {
            let Some(user) = Name::new(name)
                .ok()
                .and_then(|name| self.users.find(&name).cloned())
            else {
                continue;
            };
            if self
                .room
                .handle_kick(self.users, self.now, &user.name, why.trim())
            {
                return Answer::default();
            }
        }
        let name = commands::quoted(words).map_or(words, |(name, _)| name);
        complaint(no_member(name, self.lang))
    }

    fn ban(&mut self, words: &str) -> Answer {
        let (words, time) = timed(words);
        if let Some(told) = mistimed(words, self.lang) {
            return complaint(told);
        }
        let whom = match whom(words, "ban", self.lang) {
            Ok(whom) => whom,
            Err(what) => return complaint(what),
        };
        let ban = Ban {
            until: self.until(time),
            whom,
        };
        let told = self.banned(&ban);
        if self
            .room
            .handle_ban(self.users, self.now, ban, &self.why(time))
            .is_err()
        {
            return complaint(self.full());
        }
        Answer {
            shown: told,
            bans: Some(self.room.bans()),
            complaint: None,
        }
    }

    /// What a banned member is told: the operator's reason, in the operator's language.
    fn why(&self, time: Option<Duration>) -> String {
        let minutes = time.map(|time| time.as_secs().div_ceil(60));
        match minutes {
            None => self.lang.pick("已禁止进入", "banned").into(),
            Some(minutes) => self.lang.pick(
                format!("{minutes} 分钟内禁止进入"),
                format!("banned for {minutes} min"),
            ),
        }
    }

    fn banned(&self, ban: &Ban) -> String {
        let whom = shown_whom(&ban.whom);
        let until = self.until_when(ban.until);
        self.lang.pick(
            format!("禁止进入：{whom}，{until}\n"),
            format!("banned: {whom}, {until}\n"),
        )
    }

    fn until_when(&self, until: Option<u64>) -> String {
        match until {
            None => self.lang.pick("长期", "for good").into(),
            Some(until) => {
                let until = calendar::written(until);
                self.lang
                    .pick(format!("到 {until} 为止"), format!("until {until}"))
            }
        }
    }

    fn until(&self, time: Option<Duration>) -> Option<u64> {
        time.map(|time| {
            self.room
                .wall_clock()
                .saturating_add(time.as_millis() as u64)
        })
    }

    fn full(&self) -> String {
        let most = limits::BANS;
        self.lang.pick(
            format!("已有 {most} 条，不能再多；先用 /unban 或 /unmute 解除一些"),
            format!("there are {most} already: take some back first, with /unban or /unmute"),
        )
    }

    fn bans(&mut self) -> String {
        let bans = self.room.bans();
        if bans.is_empty() {
            return self
                .lang
                .pick("没有人被禁止进入\n", "nobody is banned\n")
                .into();
        }
        bans.iter().map(|ban| self.banned(ban)).collect()
    }

    fn unban(&mut self, words: &str) -> Answer {
        match whom(words, "unban", self.lang) {
            Err(what) => complaint(what),
            Ok(whom) if self.room.handle_unban(&whom) => {
                let whom = shown_whom(&whom);
                let lang = self.lang;
                Answer {
                    shown: lang.pick(
                        format!("可以进入：{whom}\n"),
                        format!("no longer banned: {whom}\n"),
                    ),
                    bans: Some(self.room.bans()),
                    complaint: None,
                }
            }
            Ok(whom) => {
                let whom = shown_whom(&whom);
                complaint(self.lang.pick(
                    format!("“{whom}”未被禁止进入；/ban 列出全部"),
                    format!("“{whom}” is not banned; /ban lists all who are"),
                ))
            }
        }
    }

    fn mutes(&mut self) -> String {
        let mutes = self.room.mutes();
        if mutes.is_empty() {
            return self.lang.pick("没有人被禁言\n", "nobody is mute\n").into();
        }
        mutes
            .iter()
            .map(|(name, until)| self.is_mute(name, *until))
            .collect()
    }

    fn is_mute(&self, name: &Name, until: Option<u64>) -> String {
        let (name, until) = (harmless(name.as_str()), self.until_when(until));
        self.lang.pick(
            format!("禁言：{name}，{until}\n"),
            format!("mute: {name}, {until}\n"),
        )
    }

    fn mute(&mut self, words: &str) -> Answer {
        let (words, time) = timed(words);
        let Some(user) = Name::new(commands::unquoted(words))
            .ok()
            .and_then(|name| self.users.find(&name))
        else {
            let mistimed = mistimed(words, self.lang);
            return complaint(mistimed.unwrap_or_else(|| no_member(words, self.lang)));
        };
        let name = user.name.clone();
        let until = self.until(time);
        if self.room.handle_mute(&name, until) {
            shown(self.is_mute(&name, until))
        } else {
            complaint(self.full())
        }
    }

    fn unmute(&mut self, words: &str) -> Answer {
        let words = commands::unquoted(words);
        let unmuted = Name::new(words).is_ok_and(|name| self.room.handle_unmute(&name));
        let words = harmless(words);
        if unmuted {
            return shown(self.lang.pick(
                format!("可以发言：{words}\n"),
                format!("may speak again: {words}\n"),
            ));
        }
        complaint(self.lang.pick(
            format!("“{words}”未被禁言；/mute 列出全部"),
            format!("“{words}” is not mute; /mute lists all who are"),
        ))
    }

    fn history(&mut self, words: &str) -> Answer {
        let on = match words {
            "on" => true,
            "off" => false,
            _ => return complaint(usage("history", self.lang)),
        };
        self.room.show_history(on);
        shown(
            self.lang
                .pick(
                    if on {
                        "新成员可看到先前的消息\n"
                    } else {
                        "新成员看不到先前的消息\n"
                    },
                    if on {
                        "newcomers are shown what was said before\n"
                    } else {
                        "newcomers are shown nothing from before\n"
                    },
                )
                .into(),
        )
    }
}

/// What to say of a name that nobody here has.
pub fn no_member(words: &str, lang: Lang) -> String {
    let words = harmless(commands::unquoted(words));
    lang.pick(
        format!("没有名为“{words}”的成员；/who 列出所有人"),
        format!("no member is named “{words}”; /who lists everyone"),
    )
}

/// The words in front of a time, and the time: `小明 10m`.
fn timed(words: &str) -> (&str, Option<Duration>) {
    match words.rsplit_once(' ') {
        Some((before, last)) if !before.trim().is_empty() => match calendar::time(last) {
            Some(time) => (before.trim_end(), Some(time)),
            None => (words, None),
        },
        _ => (words, None),
    }
}

/// What to say of what was meant for a time and is none: digits with letters behind them, after a name that is not in quotes.
fn mistimed(words: &str, lang: Lang) -> Option<String> {
    let (_, last) = words.rsplit_once(' ')?;
    let unit = last.trim_start_matches(|c: char| c.is_ascii_digit());
    let meant = unit.len() < last.len() && !unit.is_empty();
    let time = (meant && unit.chars().all(|c| c.is_ascii_alphabetic())).then(|| harmless(last))?;
    Some(lang.pick(
        format!("“{time}”不是时间（如 10m、2h、7d）；若是姓名的一部分，请将姓名放在引号中"),
        format!(
            "“{time}” is no time like 10m, 2h or 7d; if it belongs to the name, put that in quotes"
        ),
    ))
}

/// Whom a command means: an address, with or without its port, or a name; one in quotes is a name, whatever it looks like.
fn whom(words: &str, command: &str, lang: Lang) -> Result<Whom, String> {
    if let Some(address) = address(words) {
        return Ok(Whom::Address(address.to_canonical()));
    }
    let words = commands::unquoted(words);
    Name::new(words).map(Whom::Name).map_err(|error| {
        let (what, words) = (lang.name_error(error), harmless(words));
        let usage = usage(command, lang);
        lang.pick(
            format!("“{words}”不是地址，也不是姓名：{what}；{usage}"),
            format!("“{words}” is no address, nor a name: {what}; {usage}"),
        )
    })
}

/// The address that these words are, with or without its port.
fn address(words: &str) -> Option<IpAddr> {
    let with_port = || words.parse::<SocketAddr>().map(|at| at.ip());
    words.parse().or_else(|_| with_port()).ok()
}

fn shown_whom(whom: &Whom) -> String {
    match whom {
        Whom::Name(name) => harmless(&written("unban", name)).into_owned(),
        Whom::Address(address) => address.to_string(),
    }
}

/// A name as it is to be written behind a command: in quotes where it would be an address, or its end a time.
pub(super) fn written(command: &str, name: &Name) -> String {
    let name = name.as_str();
    let is_address = || address(name).is_some();
    let is_timed = || timed(name).1.is_some() || mistimed(name, Lang::default()).is_some();
    let is_misread = match command {
        "ban" => is_address() || is_timed(),
        "mute" => is_timed(),
        "unban" => is_address(),
        _ => false,
    };
    match is_misread {
        true => format!("\"{name}\""),
        false => name.to_owned(),
    }
}

/// How a command is used.
pub(super) fn usage(command: &str, lang: Lang) -> String {
    let verb = SERVER.verbs.iter().find(|verb| verb.name == command);
    commands::usage(command, verb.map_or("", |verb| verb.arguments), lang)
}

/// What to say of a command that there is none of.
pub fn unknown_command(command: &str, lang: Lang) -> String {
    let names = SERVER.verbs.iter().map(|verb| verb.name);
    commands::unknown(names, command, lang)
}
