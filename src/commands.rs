//! What a person may type, beside words: the one table of the client's commands, and what a line comes to.
//!
//! What always holds here: `/help`, completion and the README's table have what this table has; a command that
//! there is none of is never said to the room.

use crate::limits;
use crate::session::{Seen, Wish};
use crate::text::{Lang, screen::harmless, utterance};

/// A command, for people and for the program.
#[derive(Clone, Copy, Debug)]
pub struct Command<K> {
    /// Its word, without the slash.
    pub name: &'static str,
    /// What follows it, where `[…]` may be left out.
    pub arguments: &'static str,
    /// What it does.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// Which it is.
    pub kind: K,
}

/// The client's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum Kind {
    Help,
    Who,
    WhoGot,
    Me,
    Msg,
    Reply,
    Nick,
    Away,
    Ping,
    Quit,
}

/// A row of a table.
pub const fn command<K: Copy>(
    (name, arguments): (&'static str, &'static str),
    zh: &'static str,
    en: &'static str,
    kind: K,
) -> Command<K> {
    Command {
        name,
        arguments,
        zh,
        en,
        kind,
    }
}

/// The table, in the order in which people read it.
pub const CLIENT: &[Command<Kind>] = &[
    command(("help", ""), "本说明", "this", Kind::Help),
    command(("who", ""), "谁在聊天室", "who is here", Kind::Who),
    command(
        ("who-got", ""),
        "多少人已收到你最后一句话",
        "how many have what you said last",
        Kind::WhoGot,
    ),
    command(
        ("me", "text"),
        "描述动作：* 名字 text",
        "says what you do: * name text",
        Kind::Me,
    ),
    command(
        ("msg", "NAME text"),
        "只对一人说；名字含空格时加引号",
        "says it to one alone; a NAME with spaces in quotes",
        Kind::Msg,
    ),
    command(
        ("reply", "text"),
        "回复上一位对你说悄悄话的人",
        "answers who last whispered to you",
        Kind::Reply,
    ),
    command(("nick", "NAME"), "改名", "changes your name", Kind::Nick),
    command(
        ("away", "[why]"),
        "标记为离开，直到再次说话",
        "marks you as away until you speak again",
        Kind::Away,
    ),
    command(
        ("ping", ""),
        "到服务器的往返时间",
        "how long to the server and back",
        Kind::Ping,
    ),
    command(("quit", ""), "离开", "leaves", Kind::Quit),
];

/// Those of them that the classroom's text protocol has room for.
pub const CLASSIC: &[Command<Kind>] = &[CLIENT[0], CLIENT[CLIENT.len() - 1]];

/// A typed line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// Nothing.
    Nothing,
    /// Words for the room.
    Text(&'a str),
    /// A command, and what follows it.
    Command(&'a str, &'a str),
}

/// Takes a typed line apart: `/x` is a command, `//x` says `/x`.
pub fn read_line(line: &str) -> Typed<'_> {
    match line.strip_prefix('/') {
        _ if line.is_empty() => Typed::Nothing,
        None => Typed::Text(line),
        Some(rest) if rest.starts_with('/') => Typed::Text(rest),
        Some(rest) => {
            let (command, argument) = rest.split_once(' ').unwrap_or((rest, ""));
            Typed::Command(command, argument.trim())
        }
    }
}

/// What a line of the client comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// Wishes for the session, in this order.
    Order(Vec<Wish>),
    /// To know who is here.
    Who,
    /// To know who has what was said last.
    Reach,
    /// To know how long the way to the server is.
    Ping,
    /// To be shown the commands.
    Help,
    /// To leave.
    Quit,
    /// To be told that this cannot be.
    Wrong(String),
}

/// What a typed line comes to, for one who would reply to this correspondent.
pub fn read(typed: Typed<'_>, correspondent: &Correspondent, lang: Lang) -> Wanted {
    let (name, argument) = match typed {
        Typed::Nothing => return Wanted::Nothing,
        Typed::Text(text) => return order(text, |part| Wish::Say(part.to_owned())),
        Typed::Command(name, argument) => (name, argument),
    };
    let Some(command) = CLIENT.iter().find(|command| command.name == name) else {
        return Wanted::Wrong(unknown(names(CLIENT), name, lang));
    };
    let wanted = match command.kind {
        Kind::Help => Some(Wanted::Help),
        Kind::Who => Some(Wanted::Who),
        Kind::WhoGot => Some(Wanted::Reach),
        Kind::Ping => Some(Wanted::Ping),
        Kind::Quit => Some(Wanted::Quit),
        Kind::Me if argument.is_empty() => None,
        Kind::Me => Some(order(argument, |part| Wish::Act(part.to_owned()))),
        Kind::Msg => name_and_text(argument).map(|(name, text)| whisper(name, text, lang)),
        Kind::Reply if argument.is_empty() => None,
        Kind::Reply => Some(match &correspondent.name {
            Some(name) => whisper(name, argument, lang),
            None => Wanted::Wrong(lang.nobody_to_reply_to().into()),
        }),
        Kind::Nick => Some(unquoted(argument))
            .filter(|name| !name.is_empty())
            .map(|name| {
                if name.len() > limits::NAME_SENT {
                    Wanted::Wrong(lang.name_error(crate::text::NameError::TooLong))
                } else {
                    Wanted::Order(vec![Wish::Rename(name.to_owned())])
                }
            }),
        Kind::Away => {
            let why = utterance::split(argument, limits::WHY_BYTES).next();
            let why = why.unwrap_or_default().to_owned();
            Some(Wanted::Order(vec![Wish::Away(why)]))
        }
    };
    wanted.unwrap_or_else(|| Wanted::Wrong(usage(command.name, command.arguments, lang)))
}

/// A text of any length, as wishes that fit.
fn order(text: &str, wish: impl FnMut(&str) -> Wish) -> Wanted {
    let parts = utterance::split(text, limits::UTTERANCE_BYTES);
    Wanted::Order(parts.map(wish).collect())
}

fn whisper(name: &str, text: &str, lang: Lang) -> Wanted {
    if name.len() > limits::NAME_BYTES {
        return Wanted::Wrong(lang.nobody(name));
    }
    order(text, |part| Wish::Whisper(name.to_owned(), part.to_owned()))
}

/// The quotes that a name may stand in; none of them is part of any name.
const QUOTES: [(char, char); 2] = [('"', '"'), ('“', '”')];

/// `NAME text`, or `"NAME WITH SPACES" text`; no other part of the text is ever taken for the name, or somebody
/// could have a name by which to read what was meant for another.
fn name_and_text(argument: &str) -> Option<(&str, &str)> {
    let (name, text) = quoted(argument).or_else(|| argument.split_once(' '))?;
    let text = text.trim();
    (!name.is_empty() && !text.is_empty()).then_some((name, text))
}

/// A name in quotes, and what follows it.
pub fn quoted(argument: &str) -> Option<(&str, &str)> {
    QUOTES
        .into_iter()
        .find_map(|(open, close)| argument.strip_prefix(open)?.split_once(close))
}

/// A name that is the whole argument, in quotes or without.
pub fn unquoted(argument: &str) -> &str {
    match quoted(argument) {
        Some((name, "")) => name,
        _ => argument,
    }
}

/// Who whispered last, and so is answered by `/reply`: under the name that it has now, and nobody once it has left,
/// since the name may be another's then.
#[derive(Clone, Debug, Default)]
pub struct Correspondent {
    name: Option<String>,
}

impl Correspondent {
    /// This has happened in the room.
    pub fn note(&mut self, seen: &Seen) {
        match seen {
            Seen::Whispered(name, _) => self.name = Some(name.clone()),
            Seen::Renamed(name, other) if self.name.as_ref() == Some(name) => {
                self.name = Some(other.clone());
            }
            Seen::Left(name) if self.name.as_ref() == Some(name) => self.name = None,
            // It may have left in there.
            Seen::Gap(_) => self.name = None,
            _ => (),
        }
    }
}

/// The names of a table's commands.
pub fn names<K>(table: &[Command<K>]) -> impl Iterator<Item = &'static str> {
    table.iter().map(|command| command.name)
}

/// The table as a person reads it, a command a line.
pub fn help<K>(table: &[Command<K>], lang: Lang) -> String {
    let begin = |command: &Command<K>| format!("/{} {}", command.name, command.arguments);
    let width = table.iter().map(|command| begin(command).len()).max();
    let mut lines = lang
        .pick(
            "直接输入：说话（//x 说 /x）\n",
            "a line is said (//x says /x)\n",
        )
        .to_owned();
    for command in table {
        let (begin, width) = (begin(command), width.unwrap_or_default() + 1);
        lines += &format!("{begin:width$} {}\n", lang.pick(command.zh, command.en));
    }
    lines
}

/// How a command is used.
pub fn usage(name: &str, arguments: &str, lang: Lang) -> String {
    let begin = lang.pick("用法：", "usage: ");
    format!("{begin}/{name} {arguments}").trim_end().to_owned()
}

/// What to say of a command that there is none of: those that there are have these names.
pub fn unknown<'a>(names: impl Iterator<Item = &'a str>, typed: &str, lang: Lang) -> String {
    let told = harmless(typed);
    let nearest = match nearest(names, typed) {
        Some(name) => lang.pick(
            format!("是不是 /{name}？"),
            format!("did you mean /{name}? "),
        ),
        None => String::new(),
    };
    lang.pick(
        format!("没有命令 /{told}；{nearest}/help 列出命令；要说 /{told} 请输入 //{told}"),
        format!(
            "there is no /{told}; {nearest}/help lists the commands; to say /{told} type //{told}"
        ),
    )
}

/// The word that was most likely meant: at most two slips away, and fewer than it has letters; capitals are none.
pub fn nearest<'a>(words: impl Iterator<Item = &'a str>, typed: &str) -> Option<&'a str> {
    // Longer than any command and two slips: nothing is near, however much was typed.
    let typed: Vec<char> = { typed.chars().take(32) }
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let near = words.map(|word| (slips(word, &typed), word));
    near.filter(|(slips, word)| *slips <= 2 && *slips < word.len().min(typed.len()))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, word)| word)
}

/// Letters to add, drop, change, or swap with their neighbour until one word is the other (optimal string alignment).
fn slips(word: &str, typed: &[char]) -> usize {
    let word: Vec<char> = word.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=typed.len()).collect()];
    for (i, a) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in typed.iter().enumerate() {
            let changed = rows[i][j] + usize::from(a != b);
            let mut least = changed.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == typed[j - 1] && word[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[word.len()][typed.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_the_text_protocol_can_ask_for_help_and_leave() {
        let kinds: Vec<Kind> = CLASSIC.iter().map(|command| command.kind).collect();
        assert_eq!(kinds, [Kind::Help, Kind::Quit]);
    }

    fn wanted(line: &str) -> Wanted {
        read(read_line(line), &Correspondent::default(), Lang::En)
    }

    fn whispers(name: &str, text: &str) -> Wanted {
        Wanted::Order(vec![Wish::Whisper(name.into(), text.into())])
    }

    #[test]
    fn typed_lines() {
        assert_eq!(read_line(""), Typed::Nothing);
        assert_eq!(read_line("你好"), Typed::Text("你好"));
        assert_eq!(read_line("//quit"), Typed::Text("/quit"));
        assert_eq!(
            read_line("/kick 小明 太吵"),
            Typed::Command("kick", "小明 太吵")
        );
        assert_eq!(read_line(" /quit"), Typed::Text(" /quit"));
        assert_eq!(read_line("/"), Typed::Command("", ""));
    }

    #[test]
    fn every_command_of_the_table_is_known_and_has_its_words() {
        for command in CLIENT {
            let told = wanted(&format!("/{} x y", command.name));
            let unknown = unknown(names(CLIENT), command.name, Lang::En);
            assert_ne!(told, Wanted::Wrong(unknown), "/{}", command.name);
            assert!(!command.zh.is_empty() && !command.en.is_empty());
            for lang in [Lang::Zh, Lang::En] {
                let line = help(CLIENT, lang);
                assert!(line.contains(&format!("\n/{} {}", command.name, command.arguments)));
            }
        }
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../README.md");
        let section = readme
            .split("\n## ")
            .find(|part| part.starts_with("chat-client"));
        let rows = section.expect("a section of the client's").lines();
        let told: Vec<&str> = rows.filter(|line| line.starts_with("| `/")).collect();
        let expected = CLIENT.iter().map(|command| {
            let call = format!("/{} {}", command.name, command.arguments);
            format!("| `{}` | {} |", call.trim_end(), command.en)
        });
        assert_eq!(told, expected.collect::<Vec<_>>());
    }

    #[test]
    fn words_for_one_alone() {
        assert_eq!(wanted("/msg 小明 你好 啊"), whispers("小明", "你好 啊"));
        assert_eq!(wanted("/msg \"Ann Lee\" hi"), whispers("Ann Lee", "hi"));
        assert_eq!(wanted("/msg “Ann Lee” hi"), whispers("Ann Lee", "hi"));
        // Not the longest name that may be meant: somebody could call itself so.
        assert_eq!(wanted("/msg Ann Lee is odd"), whispers("Ann", "Lee is odd"));
        for wrong in ["/msg", "/msg 小明", "/msg \"Ann Lee\"", "/msg \"\" hi"] {
            let told = Wanted::Wrong("usage: /msg NAME text".into());
            assert_eq!(wanted(wrong), told, "{wrong}");
        }
        let Wanted::Wrong(told) = wanted(&format!("/msg {} hi", "x".repeat(65))) else {
            panic!("nobody has such a name");
        };
        assert!(told.contains("nobody"), "{told}");
        let Wanted::Order(parts) = wanted(&format!("/msg 小明 {}", "字".repeat(1000))) else {
            panic!("a long text goes as several");
        };
        assert_eq!(parts.len(), 3);
    }

    #[test]
    fn a_reply_goes_to_who_whispered_last_under_its_present_name() {
        let mut correspondent = Correspondent::default();
        let reply =
            |correspondent: &Correspondent| read(read_line("/reply 好"), correspondent, Lang::En);
        assert!(matches!(reply(&correspondent), Wanted::Wrong(_)));
        correspondent.note(&Seen::Whispered("小明".into(), "在吗".into()));
        correspondent.note(&Seen::Said("小红".into(), "嗯".into()));
        assert_eq!(reply(&correspondent), whispers("小明", "好"));
        correspondent.note(&Seen::Renamed("小明".into(), "大明".into()));
        assert_eq!(reply(&correspondent), whispers("大明", "好"));
        correspondent.note(&Seen::Left("大明".into()));
        assert!(matches!(reply(&correspondent), Wanted::Wrong(_)));
    }

    #[test]
    fn other_commands() {
        let order = |wish| Wanted::Order(vec![wish]);
        assert_eq!(wanted("/me 点头"), order(Wish::Act("点头".into())));
        assert_eq!(wanted("/nick 小 红"), order(Wish::Rename("小 红".into())));
        assert_eq!(
            wanted("/nick \"小 红\""),
            order(Wish::Rename("小 红".into()))
        );
        assert_eq!(wanted("/away"), order(Wish::Away(String::new())));
        assert_eq!(wanted("/away 吃饭"), order(Wish::Away("吃饭".into())));
        let Wanted::Order(away) = wanted(&format!("/away {}", "字".repeat(100))) else {
            panic!("cut to what fits");
        };
        assert_eq!(away, [Wish::Away("字".repeat(66))]);
        for (line, told) in [
            ("/who", Wanted::Who),
            ("/who-got", Wanted::Reach),
            ("/ping", Wanted::Ping),
            ("/help", Wanted::Help),
            ("/quit", Wanted::Quit),
            ("", Wanted::Nothing),
            ("//me", order(Wish::Say("/me".into()))),
            ("/me", Wanted::Wrong("usage: /me text".into())),
            ("/nick", Wanted::Wrong("usage: /nick NAME".into())),
        ] {
            assert_eq!(wanted(line), told, "{line}");
        }
    }

    #[test]
    fn the_nearest_command_is_suggested() {
        let near = |typed| nearest(names(CLIENT), typed);
        for (typed, meant) in [
            ("qiut", Some("quit")),
            ("exit", Some("quit")),
            ("hlep", Some("help")),
            ("h", None),
            ("whogot", Some("who-got")),
            ("mgs", Some("msg")),
            ("pign", Some("ping")),
            ("nikc", Some("nick")),
            ("WHO", Some("who")),
            ("frobnicate", None),
            ("", None),
            ("离开", None),
        ] {
            assert_eq!(near(typed), meant, "{typed}");
        }
        assert_eq!(near(&"who".repeat(100_000)), None);
        assert!(unknown(names(CLIENT), "qiut", Lang::Zh).contains("是不是 /quit？"));
        assert!(!unknown(names(CLIENT), "frob\u{1b}", Lang::Zh).contains('\u{1b}'));
    }
}
