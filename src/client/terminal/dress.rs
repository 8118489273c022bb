//! An event's line, with the colours of names and with one's own name highlighted in what others say.
//!
//! What always holds: without colours the line is to the letter what every client shows.

use super::style::Style;
use crate::client::screen;
use crate::session::Seen;
use crate::text::{Lang, screen::harmless};

/// See the module.
#[derive(Debug)]
pub(super) struct Dress {
    style: Style,
    /// One's own name.
    pub(super) own_name: String,
}

impl Dress {
    pub(super) fn new(style: Style) -> Dress {
        Dress {
            style,
            own_name: String::new(),
        }
    }

    /// One's own line.
    pub(super) fn own(&self, text: &str) -> String {
        let name = harmless(&self.own_name);
        match text.strip_prefix(name.as_ref()) {
            Some(rest) => self.style.strong(&name) + rest,
            None => text.to_owned(),
        }
    }

    /// An event's line with its colours, and whether it is meant for whoever sits here.
    pub(super) fn event(&self, seen: &Seen, lang: Lang) -> (String, bool) {
        let line = screen::line(seen, lang);
        let (name, text) = match seen {
            Seen::Said(name, text) | Seen::Acted(name, text) => (name, Some(text)),
            Seen::Whispered(name, _) | Seen::Entered(name) | Seen::Left(name) => (name, None),
            Seen::Renamed(name, _) => (name, None),
            Seen::Announced(_) => {
                let (who, rest) = line.split_at(line.find(['：', ':']).unwrap_or_default());
                let (rest, named) = self.mentions(rest);
                return (self.style.strong(who) + &rest, named);
            }
            Seen::Gap(_) => return (line, false),
        };
        let shown = harmless(name);
        let at = line.find(shown.as_ref()).unwrap_or_default();
        let (before, rest) = line.split_at(at);
        let rest = rest.get(shown.len()..).unwrap_or_default();
        let whispered = matches!(seen, Seen::Whispered(..));
        let (rest, named) = match text {
            Some(_) => self.mentions(rest),
            None if whispered => (self.style.strong(rest), true),
            None => (self.style.quiet(rest), false),
        };
        (format!("{before}{}{rest}", self.name(name)), named)
    }

    /// A name in its colour; one's own has none.
    pub(super) fn name(&self, name: &str) -> String {
        let shown = harmless(name);
        if name == self.own_name {
            return self.style.strong(&shown);
        }
        self.style.name(&shown)
    }

    /// `text` with one's own name highlighted, and whether it was there.
    fn mentions(&self, text: &str) -> (String, bool) {
        let mut dressed = String::new();
        let mut rest = text;
        let mut before = None;
        let mut found = false;
        while let Some(c) = rest.chars().next() {
            if let Some(named) = begins_with_name(rest, &self.own_name, before) {
                dressed += &self.style.mention(named);
                found = true;
                before = named.chars().next_back();
                rest = rest.get(named.len()..).unwrap_or_default();
            } else {
                dressed.push(c);
                before = Some(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
        (dressed, found)
    }
}

/// The beginning of `text`, if it is `name`, in whatever case, and not a part of a longer word.
fn begins_with_name<'a>(text: &'a str, name: &str, before: Option<char>) -> Option<&'a str> {
    let named = text.get(..name.len()).filter(|_| !name.is_empty())?;
    let goes_on = |a: Option<char>, b: Option<char>| {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        is_word(a) && is_word(b)
    };
    let after = text.get(name.len()..).and_then(|rest| rest.chars().next());
    let whole = !goes_on(before, name.chars().next()) && !goes_on(name.chars().next_back(), after);
    (named.eq_ignore_ascii_case(name) && whole).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dress(own_name: &str) -> Dress {
        Dress {
            style: Style::Plain,
            own_name: own_name.into(),
        }
    }

    #[test]
    fn who_is_named() {
        for (own_name, text, named) in [
            ("小红", "小红，在吗", true),
            ("小红", "大家好", false),
            ("Ann", "hi ann!", true),
            ("Ann", "Annie is here", false),
            ("Ann", "問Ann嗎", true),
            ("Ann", "Jo-Ann", true),
            ("A", "", false),
        ] {
            let seen = Seen::Said("小明".into(), text.into());
            let (line, for_me) = dress(own_name).event(&seen, Lang::Zh);
            assert_eq!((line, for_me), (format!("小明 说：{text}"), named));
        }
        // A name in front of its own line is no mention.
        let seen = Seen::Said("小红".into(), "好".into());
        assert!(!dress("小红").event(&seen, Lang::Zh).1);
    }

    #[test]
    fn colours_go_around_the_words_and_change_none() {
        let colored = Dress {
            style: Style::Many,
            own_name: "小红".into(),
        };
        for seen in [
            Seen::Said("小明".into(), "小红 好\n再见".into()),
            Seen::Acted("小明".into(), "看小红".into()),
            Seen::Whispered("小明".into(), "嘘".into()),
            Seen::Entered("小明".into()),
            Seen::Left("小明".into()),
            Seen::Renamed("小明".into(), "大明".into()),
            Seen::Announced("停机".into()),
            Seen::Gap(3),
        ] {
            for lang in [Lang::Zh, Lang::En] {
                let mut plain = String::new();
                let line = colored.event(&seen, lang).0;
                for part in line.split('\x1b') {
                    plain += part.split_once('m').map_or(part, |(codes, rest)| {
                        if codes.starts_with('[') { rest } else { part }
                    });
                }
                assert_eq!(plain, screen::line(&seen, lang));
            }
        }
    }
}
