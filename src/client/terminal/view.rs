//! What a person sees on a terminal: each line with its time, a mark, and colours.
//!
//! ```text
//! 12:03   小明 说：大家好          somebody else's
//! 12:03 @ 小明 说：小红，在吗      it names you, or is for you alone
//! 12:04 ✓ 小红 说：在              your own, ordered by the server, in its place in the log
//! 12:04 … 小红 说：等一下          your own, not yet ordered
//! 12:09 ✗ 小红 说：喂              your own, and it came to nothing
//! 12:01 | 小明 说：早              from before you came
//! 12:05 - 已恢复与服务器的联系     about the connection, or an answer
//! 12:05 ! 没有命令 /hwo…           something is wrong
//! ```
//!
//! What always holds here: nobody's words begin a line, since further lines of theirs are indented.

use super::clock::{self, Clock};
use super::commands::{self, Kind};
use super::dress::Dress;
use super::ignored::Ignored;
use super::missed::Missed;
use super::style::Style;
use super::{SILENT, Seat, WAITING, WELL};
use crate::cli::Exit;
use crate::client::face::{At, Face};
use crate::client::screen;
use crate::commands::{CLIENT, usage};
use crate::limits;
use crate::session::{Joined, RosterEntry, Seen, Wish};
use crate::text::{Lang, screen::harmless};
use crate::wire::Failure;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// When to ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bell {
    Off,
    Mention,
    All,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Other,
    Mention,
    Ordered,
    Waiting,
    Failed,
    Past,
    Notice,
    Wrong,
}

/// See the module.
#[derive(Debug)]
pub(super) struct View {
    seat: Arc<Seat>,
    lang: Lang,
    style: Style,
    dress: Dress,
    clock: Clock,
    clock_is_shown: bool,
    bell: Bell,
    ignored: Ignored,
    lines: String,
    silent: bool,
    missed: Missed,
    /// Rosters that the person did not ask for.
    unasked: u32,
}

impl View {
    pub(super) fn new(seat: Arc<Seat>, lang: Lang, style: Style) -> View {
        View {
            seat,
            lang,
            style,
            dress: Dress::new(style),
            clock: Clock::new(),
            clock_is_shown: true,
            bell: Bell::Mention,
            ignored: Ignored::default(),
            lines: String::new(),
            silent: false,
            missed: Missed::default(),
            unasked: 0,
        }
    }

    fn put(&mut self, mark: Mark, unix_ms: Option<u64>, line: &str) {
        let (time, day) = self.clock.read(unix_ms.unwrap_or_else(clock::unix_ms));
        if self.clock_is_shown {
            if let Some(day) = day {
                self.lines += &self.style.quiet(&format!("—— {day} ——"));
                self.lines.push('\n');
            }
            self.lines += &self.style.quiet(&time);
            self.lines.push(' ');
        }
        self.lines += &match mark {
            Mark::Other => " ".into(),
            Mark::Mention => self.style.strong("@"),
            Mark::Ordered => self.style.right("✓"),
            Mark::Waiting => self.style.quiet("…"),
            Mark::Failed => self.style.wrong("✗"),
            Mark::Past => self.style.quiet("|"),
            Mark::Notice => self.style.quiet("-"),
            Mark::Wrong => self.style.wrong("!"),
        };
        self.lines.push(' ');
        self.lines += line;
        self.lines.push('\n');
    }

    fn put_own(&mut self, mark: Mark, unix_ms: Option<u64>, text: &str) {
        let text = match mark {
            Mark::Waiting => self.style.quiet(text),
            _ => self.dress.own(text),
        };
        self.put(mark, unix_ms, &text);
    }

    /// The prompt tells the truth when it is drawn next.
    fn stand(&self) {
        let waiting = self.seat.own.lock().is_waiting();
        self.seat.desk.set_prompt(match (self.silent, waiting) {
            (true, _) => SILENT,
            (false, true) => WAITING,
            (false, false) => WELL,
        });
    }

    /// Hides this one's words, or shows them again; without a name, tells whose are hidden.
    fn ignore(&mut self, name: &str) {
        if name.is_empty() {
            let names: Vec<&str> = self.ignored.names().collect();
            return self.notice(&self.lang.ignored(&names.join(self.lang.pick("、", ", "))));
        }
        let name = name.trim_matches(['"', '“', '”']);
        let (name, hidden) = self.ignored.toggle(name);
        self.notice(&self.lang.ignoring(&name, hidden));
    }

    /// What is ordered but whose place in the log will not come is shown here.
    fn give_up_places(&mut self) {
        let ordered = self.seat.own.lock().take_ordered();
        for text in ordered {
            self.put_own(Mark::Ordered, None, &text);
        }
    }

    fn is_ignored(&self, seen: &Seen) -> bool {
        match seen {
            Seen::Said(name, _) | Seen::Acted(name, _) | Seen::Whispered(name, _) => {
                self.ignored.contains(name)
            }
            _ => false,
        }
    }

    fn note_names(&mut self, seen: &Seen) {
        match seen {
            Seen::Entered(name) | Seen::Said(name, _) => self.seat.words.add(name),
            Seen::Left(name) => self.seat.words.remove(name),
            Seen::Renamed(name, other) => {
                self.seat.words.remove(name);
                self.seat.words.add(other);
                self.ignored.rename(name, other);
            }
            _ => (),
        }
    }

    /// Something happened at this moment of the server's: was it missed, during a silence?
    fn note_time(&mut self, now: Duration, unix_ms: u64) {
        if let Some(count) = self.missed.note(now, unix_ms, self.silent) {
            self.notice(&self.lang.filled_in(count));
        }
    }
}

impl Face for View {
    fn wants_history(&self) -> bool {
        true
    }

    fn wants_roster(&self) -> bool {
        true
    }

    fn name_wanted(&mut self) {
        self.flush();
        self.drain();
        screen::prompt_for_name(self.lang);
    }

    fn name_missed(&mut self) {
        screen::write_now("\n");
    }

    fn flush(&mut self) -> bool {
        self.stand();
        self.seat.desk.printer.push(std::mem::take(&mut self.lines))
    }

    fn has_room(&self) -> bool {
        self.seat.desk.printer.has_room()
    }

    fn joined(&mut self, now: Duration, joined: Joined, name: &str, server: SocketAddr) {
        self.dress.own_name = name.to_owned();
        self.unasked += 1;
        match joined {
            Joined::First => {
                self.notice(&self.lang.connected(server));
            }
            Joined::Again => self.heard_again(now),
            Joined::Anew => {
                self.silent = false;
                self.give_up_places();
                self.notice(self.lang.room_anew());
            }
        }
    }

    fn happened(&mut self, now: Duration, at: At, seen: &Seen) {
        self.note_names(seen);
        if matches!(seen, Seen::Gap(_)) {
            self.give_up_places();
        } else if !at.history {
            self.note_time(now, at.unix_ms);
        }
        if self.is_ignored(seen) {
            return;
        }
        let (line, for_me) = self.dress.event(seen, self.lang);
        let mark = match (at.history, for_me) {
            (true, _) => Mark::Past,
            (false, true) => Mark::Mention,
            (false, false) => Mark::Other,
        };
        let spoken = matches!(
            seen,
            Seen::Said(..) | Seen::Acted(..) | Seen::Whispered(..) | Seen::Announced(_)
        );
        let rings = match self.bell {
            Bell::Off => false,
            Bell::Mention => for_me,
            Bell::All => spoken,
        };
        if rings && !at.history {
            self.lines.push('\x07');
        }
        let time = (!matches!(seen, Seen::Gap(_))).then_some(at.unix_ms);
        self.put(mark, time, &line);
    }

    fn ordered(&mut self, count: u64) {
        self.seat.own.lock().ordered(count);
    }

    fn logged(&mut self, now: Duration, count: u64, at: At) {
        self.note_time(now, at.unix_ms);
        let text = self.seat.own.lock().take(count);
        if let Some(text) = text {
            self.put_own(Mark::Ordered, Some(at.unix_ms), &text);
        }
    }

    fn failed(&mut self, count: u64, why: Failure, wish: Option<&Wish>) {
        let text = self.seat.own.lock().take(count);
        if let Some(text) = text {
            self.put_own(Mark::Failed, None, &text);
        }
        self.error(&screen::failed(why, wish, self.lang));
    }

    fn renamed(&mut self, name: &str) {
        self.dress.own_name = name.to_owned();
        self.notice(&self.lang.your_name(name));
    }

    fn away(&mut self) {
        self.notice(self.lang.you_are_away());
    }

    fn roster(&mut self, mut entries: Vec<RosterEntry>) {
        self.seat
            .words
            .set(entries.iter().map(|entry| entry.name.clone()));
        let count = entries.len();
        let told = self.lang.present(count);
        if self.unasked > 0 {
            self.unasked -= 1;
            return self.notice(&told);
        }
        entries.sort();
        let names = entries.iter().map(|RosterEntry { name, away }| match away {
            None => self.dress.name(name),
            Some(why) => {
                let line = self.lang.away(name, why);
                let rest = line.get(harmless(name).len()..).unwrap_or_default();
                self.dress.name(name) + &self.style.quiet(rest)
            }
        });
        let names = names.collect::<Vec<_>>().join(self.lang.pick("、", ", "));
        let colon = self.lang.pick("：", ": ");
        self.put(Mark::Notice, None, &format!("{told}{colon}{names}"));
    }

    fn silent(&mut self, now: Duration, silence: Duration) {
        self.silent = true;
        self.missed.forget();
        self.tick(now);
        self.error(&self.lang.silent(silence.as_secs()));
    }

    fn returning(&mut self) {
        self.notice(self.lang.returning());
    }

    fn heard_again(&mut self, now: Duration) {
        self.silent = false;
        if self.missed.resume(now) {
            self.notice(self.lang.heard_again());
        }
    }

    fn ended(&mut self, _exit: Exit, _undelivered: usize) {
        // Those are in the log, though nobody tells any more where.
        self.give_up_places();
        let rest = self.seat.own.lock().take_rest();
        for text in rest {
            self.put_own(Mark::Failed, None, &text);
        }
    }

    fn notice(&mut self, what: &str) {
        let what = self.style.quiet(what);
        self.put(Mark::Notice, None, &what);
    }

    fn error(&mut self, what: &str) {
        self.put(Mark::Wrong, None, what);
    }

    fn tick(&mut self, now: Duration) {
        let late = self.seat.own.lock().late(now, self.silent);
        for text in late {
            self.put_own(Mark::Waiting, None, &text);
        }
        if let Some(count) = self.missed.tick(now) {
            self.notice(&self.lang.filled_in(count));
        }
    }

    fn reach(&mut self, reach: Option<(u64, u64)>) {
        self.notice(&self.lang.reach(reach));
    }

    fn pong(&mut self, round_trip: Duration) {
        self.notice(&self.lang.pong(round_trip));
    }

    fn help(&mut self) {
        self.lines += &super::commands::help(self.lang);
    }

    fn obey(&mut self, name: &str, argument: &str) -> bool {
        let Some(command) = commands::find(name) else {
            let known = CLIENT.iter().any(|command| command.name == name);
            if !known {
                self.error(&commands::unknown(name, self.lang));
            }
            return !known;
        };
        match (command.kind, argument) {
            (Kind::Bell, "off") => self.bell = Bell::Off,
            (Kind::Bell, "mention") => self.bell = Bell::Mention,
            (Kind::Bell, "all") => self.bell = Bell::All,
            (Kind::Time, "on") => self.clock_is_shown = true,
            (Kind::Time, "off") => self.clock_is_shown = false,
            (Kind::Clear, "") => self.lines += "\x1b[H\x1b[J",
            (Kind::Ignore, name) => self.ignore(name),
            _ => self.error(&usage(command.name, command.arguments, self.lang)),
        }
        true
    }

    fn drain(&mut self) {
        self.seat.desk.printer.drain(limits::SCREEN_DRAIN);
    }

    fn close(&mut self) {
        self.seat.desk.close();
    }
}
