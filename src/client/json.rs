//! What a program is told: each event and each change of state as an object of JSON (RFC 8259), one a line.
//!
//! What always holds: a line is pure ASCII without control characters, whatever others say, so it is safe on a
//! screen; and what was read out of it is to the letter what was said. Members of an object come in a fixed order,
//! `event` first; programs should let pass what they do not know.

use super::face::{At, Face};
use super::output::Output;
use super::screen;
use crate::cli::Exit;
use crate::commands;
use crate::session::{Joined, RosterEntry, Seen, Wish};
use crate::text::Lang;
use crate::wire::Failure;
use std::net::SocketAddr;
use std::time::Duration;

/// See the module.
#[derive(Debug)]
pub(super) struct Json {
    lang: Lang,
    output: Output,
}

/// An object that is being written.
struct Object(String);

impl Object {
    fn new(event: &str) -> Object {
        Object(String::from("{")).text("event", event)
    }

    fn key(mut self, key: &str) -> Object {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0 += &format!("\"{key}\":");
        self
    }

    fn text(self, key: &str, text: &str) -> Object {
        let mut object = self.key(key);
        quote(&mut object.0, text);
        object
    }

    fn number(self, key: &str, number: u64) -> Object {
        let mut object = self.key(key);
        object.0 += &number.to_string();
        object
    }

    fn flag(self, key: &str, flag: bool) -> Object {
        let mut object = self.key(key);
        object.0 += if flag { "true" } else { "false" };
        object
    }

    fn at(self, at: At) -> Object {
        self.number("number", at.number)
            .number("unix_ms", at.unix_ms)
            .flag("history", at.history)
    }
}

/// `text` as a string of JSON: everything but printable ASCII is escaped.
fn quote(to: &mut String, text: &str) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                to.push('\\');
                to.push(c);
            }
            '\n' => to.push_str("\\n"),
            ' '..='~' => to.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    to.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    to.push('"');
}

impl Json {
    pub(super) fn new(lang: Lang) -> Json {
        Json {
            lang,
            output: Output::default(),
        }
    }

    fn add(&mut self, object: Object) {
        self.output.lines += &object.0;
        self.output.lines += "}\n";
    }
}

impl Face for Json {
    fn name_wanted(&mut self) {
        self.add(Object::new("name_wanted"));
    }

    fn joined(&mut self, _now: Duration, joined: Joined, name: &str, server: SocketAddr) {
        let how = match joined {
            Joined::First => "first",
            Joined::Again => "again",
            Joined::Anew => "anew",
        };
        let object = Object::new("joined").text("how", how).text("name", name);
        self.add(object.text("server", &server.to_string()));
    }

    fn happened(&mut self, _now: Duration, at: At, seen: &Seen) {
        let of = |event, name: &str| Object::new(event).at(at).text("name", name);
        self.add(match seen {
            Seen::Entered(name) => of("entered", name),
            Seen::Said(name, text) => of("said", name).text("text", text),
            Seen::Left(name) => of("left", name),
            Seen::Announced(text) => Object::new("announced").at(at).text("text", text),
            Seen::Acted(name, text) => of("acted", name).text("text", text),
            Seen::Whispered(name, text) => of("whispered", name).text("text", text),
            Seen::Renamed(name, other) => of("renamed", name).text("to", other),
            Seen::Gap(count) => Object::new("gap")
                .number("number", at.number)
                .number("count", *count),
        });
    }

    fn ordered(&mut self, count: u64) {
        self.add(Object::new("ordered").number("line", count));
    }

    fn logged(&mut self, _now: Duration, count: u64, at: At) {
        let object = Object::new("logged").number("line", count);
        self.add(
            object
                .number("number", at.number)
                .number("unix_ms", at.unix_ms),
        );
    }

    fn failed(&mut self, count: u64, why: Failure, wish: Option<&Wish>) {
        let told = screen::failed(why, wish, self.lang);
        self.add(
            Object::new("failed")
                .number("line", count)
                .text("text", &told),
        );
    }

    fn renamed(&mut self, name: &str) {
        self.add(Object::new("your_name").text("name", name));
    }

    fn away(&mut self) {
        self.add(Object::new("away"));
    }

    fn roster(&mut self, mut entries: Vec<RosterEntry>) {
        entries.sort();
        let mut object = Object::new("roster").key("members");
        object.0.push('[');
        for (place, RosterEntry { name, away }) in entries.iter().enumerate() {
            let mut member = Object(String::from("{")).text("name", name);
            if let Some(why) = away {
                member = member.text("away", why);
            }
            if place > 0 {
                object.0.push(',');
            }
            object.0 += &member.0;
            object.0.push('}');
        }
        object.0.push(']');
        self.add(object);
    }

    fn reach(&mut self, reach: Option<(u64, u64)>) {
        let object = Object::new("reach");
        self.add(match reach {
            Some((have, others)) => object.number("have", have).number("others", others),
            None => object,
        });
    }

    fn pong(&mut self, round_trip: Duration) {
        let micros = u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX);
        self.add(Object::new("pong").number("micros", micros));
    }

    fn silent(&mut self, _now: Duration, silence: Duration) {
        self.add(Object::new("silent").number("seconds", silence.as_secs()));
    }

    fn heard_again(&mut self, _now: Duration) {
        self.add(Object::new("heard_again"));
    }

    fn returning(&mut self) {
        self.add(Object::new("reconnecting"));
    }

    fn notice(&mut self, what: &str) {
        self.add(Object::new("notice").text("text", what));
    }

    fn error(&mut self, what: &str) {
        self.add(Object::new("error").text("text", what));
    }

    fn help(&mut self) {
        self.add(Object::new("help").text("text", &commands::help(commands::CLIENT, self.lang)));
    }

    fn ended(&mut self, exit: Exit, undelivered: usize) {
        let object = Object::new("ended").number("exit", exit as u64);
        self.add(object.number("undelivered", undelivered as u64));
    }

    fn flush(&mut self) -> bool {
        self.output.flush()
    }

    fn has_failed(&self) -> bool {
        self.output.has_failed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: At = At {
        number: 7,
        unix_ms: 1000,
        history: false,
    };

    fn told(tell: impl FnOnce(&mut Json)) -> serde_json::Value {
        let mut json = Json::new(Lang::En);
        tell(&mut json);
        let line = json.output.lines.strip_suffix('\n').expect("a line");
        assert!(
            line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "{line}"
        );
        serde_json::from_str(line).expect("JSON")
    }

    #[test]
    fn whatever_is_said_comes_out_to_the_letter() {
        for c in '\0'..=char::MAX {
            let text = format!("a{c}\"\\");
            let mut quoted = String::new();
            quote(&mut quoted, &text);
            assert!(quoted.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            assert_eq!(serde_json::from_str::<String>(&quoted).expect("JSON"), text);
        }
    }

    #[test]
    fn every_event_is_an_object() {
        let name = || "小明".to_owned();
        for seen in [
            Seen::Entered(name()),
            Seen::Said(name(), "好\n再见".into()),
            Seen::Left(name()),
            Seen::Announced("停机".into()),
            Seen::Acted(name(), "笑".into()),
            Seen::Whispered(name(), "嘘".into()),
            Seen::Renamed(name(), "大明".into()),
            Seen::Gap(3),
        ] {
            let object = told(|json| json.happened(Duration::ZERO, AT, &seen));
            assert!(
                object["event"].is_string() && object["number"] == 7,
                "{object}"
            );
        }
        let said = Seen::Said(name(), "好\n再见".into());
        let said = told(|json| json.happened(Duration::ZERO, AT, &said));
        assert_eq!(
            (said["name"].as_str(), said["text"].as_str()),
            (Some("小明"), Some("好\n再见"))
        );
        let roster = |away: Option<&str>| RosterEntry {
            name: name(),
            away: away.map(str::to_owned),
        };
        let members = told(|json| json.roster(vec![roster(None), roster(Some("吃饭"))]));
        assert_eq!(members["members"][1]["away"], "吃饭");
        assert_eq!(
            told(|json| json.roster(vec![]))["members"],
            serde_json::json!([])
        );
        let end = told(|json| json.ended(Exit::Unreachable, 2));
        assert_eq!((&end["exit"], &end["undelivered"]), (&4.into(), &2.into()));
        assert_eq!(told(|json| json.reach(None)).get("have"), None);
        told(|json| {
            json.joined(
                Duration::ZERO,
                Joined::Again,
                "a",
                ([127, 0, 0, 1], 1).into(),
            )
        });
    }
}
