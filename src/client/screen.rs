//! What a person sees: events as lines on stdout; what is not of the room on stderr, unless it is a terminal.

use super::face::{At, Face};
use super::output::Output;
use crate::cli::{self, Exit};
use crate::commands;
use crate::session::{End, Joined, RosterEntry, Seen, Wish};
use crate::text::{Lang, NameError, screen::harmless, screen::relayed};
use crate::wire::{Failure, GoneReason, Refusal};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// See the module.
#[derive(Debug)]
pub(super) struct Screen {
    lang: Lang,
    terminal: bool,
    output: Output,
}

/// An event as a line.
pub fn line(seen: &Seen, lang: Lang) -> String {
    match seen {
        Seen::Entered(name) => lang.entered(name),
        Seen::Said(name, text) => lang.said(name, text),
        Seen::Left(name) => lang.left(name),
        Seen::Announced(text) => lang.announced(text),
        Seen::Acted(name, text) => lang.acted(name, text),
        Seen::Whispered(name, text) => lang.whispered(name, text),
        Seen::Renamed(name, other) => lang.renamed(name, other),
        Seen::Gap(count) => lang.gap(*count),
    }
}

impl Screen {
    pub(super) fn new(lang: Lang, terminal: bool) -> Screen {
        Screen {
            lang,
            terminal,
            output: Output::default(),
        }
    }

    /// Adds a line that a server wrote.
    pub(super) fn relayed(&mut self, text: &str) {
        self.output.lines += &relayed(text);
        self.output.lines.push('\n');
    }

    /// Adds the answer to a question.
    pub(super) fn answer(&mut self, line: &str) {
        self.output.lines += line;
        self.output.lines.push('\n');
    }
}

impl Face for Screen {
    fn wants_history(&self) -> bool {
        self.terminal
    }

    fn name_wanted(&mut self) {
        if self.terminal {
            prompt_for_name(self.lang);
        }
    }

    fn name_missed(&mut self) {
        if self.terminal {
            write_now("\n");
        }
    }

    fn joined(&mut self, _now: Duration, joined: Joined, _name: &str, _server: SocketAddr) {
        if joined == Joined::Anew {
            self.notice(self.lang.room_anew());
        }
    }

    fn happened(&mut self, _now: Duration, _at: At, seen: &Seen) {
        self.output.lines += &line(seen, self.lang);
        self.output.lines.push('\n');
    }

    fn history_ends(&mut self) {
        if self.terminal {
            self.output.lines += self.lang.pick(
                "—— 以上是你进入之前的消息 ——\n",
                "—— above: before you came ——\n",
            );
        }
    }

    fn failed(&mut self, _count: u64, why: Failure, wish: Option<&Wish>) {
        self.error(&failed(why, wish, self.lang));
    }

    fn renamed(&mut self, name: &str) {
        self.notice(&self.lang.your_name(name));
    }

    fn away(&mut self) {
        self.notice(self.lang.you_are_away());
    }

    fn roster(&mut self, entries: Vec<RosterEntry>) {
        self.output.lines += &roster(entries, self.lang);
    }

    fn reach(&mut self, reach: Option<(u64, u64)>) {
        self.answer(&self.lang.reach(reach));
    }

    fn pong(&mut self, round_trip: Duration) {
        self.answer(&self.lang.pong(round_trip));
    }

    fn silent(&mut self, _now: Duration, silence: Duration) {
        self.notice(&self.lang.silent(silence.as_secs()));
    }

    fn heard_again(&mut self, _now: Duration) {
        self.notice(self.lang.heard_again());
    }

    fn flush(&mut self) -> bool {
        self.output.flush()
    }

    fn has_failed(&self) -> bool {
        self.output.has_failed()
    }

    fn notice(&mut self, what: &str) {
        if self.terminal {
            // No name holds a parenthesis, and what somebody does begins with an asterisk.
            self.output.lines += &self
                .lang
                .pick(format!("（{what}）\n"), format!("({what})\n"));
        } else {
            self.flush();
            cli::complain(&format!("chat-client: {what}"));
        }
    }

    fn error(&mut self, what: &str) {
        self.flush();
        cli::complain(&format!("chat-client: {what}"));
    }

    fn help(&mut self) {
        self.output.lines += &commands::help(commands::CLIENT, self.lang);
        self.flush();
    }
}

/// Asks for a name, on a terminal in its ordinary mode.
pub(super) fn prompt_for_name(lang: Lang) {
    write_now(lang.pick("请输入你的名字：", "Your name: "));
}

/// Writes this to stdout, past whatever waits to be shown.
pub(super) fn write_now(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    let _ = written.and_then(|()| stdout.flush());
}

/// Nobody listens at the server's address.
pub(super) fn port_closed(server: SocketAddr, lang: Lang) -> String {
    lang.pick(
        format!("{server} 上没有服务器在监听：请检查地址和端口，服务器是否已启动；继续尝试中"),
        format!("nobody listens at {server}: check address and port, and that the server runs; trying on"),
    )
}

/// The answer to `/who`, as lines.
pub fn roster(mut entries: Vec<RosterEntry>, lang: Lang) -> String {
    entries.sort();
    let count = entries.len();
    let mut lines = lang.pick(format!("{count} 人在线\n"), format!("{count} here\n"));
    for RosterEntry { name, away } in entries {
        lines += &match away {
            None => harmless(&name).into_owned(),
            Some(why) => lang.away(&name, &why),
        };
        lines.push('\n');
    }
    lines
}

/// What to say of a wish that came to nothing.
pub fn failed(why: Failure, wish: Option<&Wish>, lang: Lang) -> String {
    match (why, wish) {
        (Failure::Nobody, Some(Wish::Whisper(to, _))) => lang.nobody(to),
        (Failure::Nobody, _) => lang.nobody("…"),
        (Failure::NameTaken, _) => lang.name_taken().into(),
        (Failure::NameNotAllowed(code), _) => not_allowed(code, lang),
        (Failure::SameName, _) => lang.same_name().into(),
        (Failure::Muted(minutes), Some(Wish::Rename(_))) => lang.muted_name(minutes),
        (Failure::Muted(minutes), _) => lang.muted(minutes),
    }
}

fn not_allowed(code: u8, lang: Lang) -> String {
    let told = NameError::from_code(code).map(|error| lang.name_error(error));
    told.unwrap_or_else(|| lang.pick("姓名不可用", "not a usable name").into())
}

/// What to say of a refusal, and how to exit unless another name is given.
pub fn refused(refusal: Refusal, lang: Lang) -> (String, Option<Exit>) {
    match refusal {
        Refusal::NameTaken => (lang.name_taken().into(), None),
        Refusal::NameNotAllowed(code) => (not_allowed(code, lang), None),
        Refusal::Full => (lang.room_full().into(), Some(Exit::Failure)),
        Refusal::TooManyFromAddress => (lang.too_many_from_address().into(), Some(Exit::Failure)),
        Refusal::Version(version) => {
            let told = lang.pick(
                format!("服务器使用协议版本 {version}，与本程序不符：请换用相同版本"),
                format!(
                    "the server speaks version {version} of the protocol: use the same on both sides"
                ),
            );
            (told, Some(Exit::Failure))
        }
        Refusal::Banned(minutes) => (lang.banned(minutes), Some(Exit::Failure)),
        Refusal::Closing => (lang.room_closing().into(), Some(Exit::Failure)),
    }
}

/// What to say of the end, and how to exit.
pub fn ended(end: &End, server: SocketAddr, lang: Lang) -> (Option<String>, Exit) {
    match end {
        End::Left => (None, Exit::Done),
        End::Removed(GoneReason::Closed, _) => (Some(lang.room_closed().into()), Exit::Removed),
        End::Removed(GoneReason::Kicked, why) => (Some(lang.kicked(why)), Exit::Removed),
        End::Removed(..) => (
            Some(
                lang.pick("服务器结束了会话", "the server ended the session")
                    .into(),
            ),
            Exit::Removed,
        ),
        End::Unreachable => {
            let told = lang.pick(
                format!("{server} 没有应答：请检查地址和端口、服务器是否已启动、防火墙是否放行 UDP"),
                format!(
                    "{server} does not answer: check address and port, that the server runs, and that no firewall stops UDP"
                ),
            );
            (Some(told), Exit::Unreachable)
        }
        End::Undelivered(count) => {
            let told = lang.pick(
                format!("服务器没有应答，有 {count} 条发言未送达"),
                format!("the server does not answer; {count} lines were not delivered"),
            );
            (Some(told), Exit::Unreachable)
        }
    }
}
