//! What a command line consists of, as tables: parsing, `--help`, the config file and the environment are all read
//! off the same rows, so that none of them can say what another does not.

use crate::text::Lang;
use std::net::Ipv6Addr;

/// A wording in each of the two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// Both wordings.
pub const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh, en }
}

impl Words {
    /// The wording in one language.
    pub fn pick(self, lang: Lang) -> &'static str {
        lang.pick(self.zh, self.en)
    }
}

/// A program's command line, and what its `--help` says beside the flags.
#[derive(Debug)]
pub struct Program {
    /// The name of the executable.
    pub name: &'static str,
    /// In front of a key of the config file that is for this program alone, with a dot between them.
    pub section: &'static str,
    /// What it is, in one line.
    pub about: Words,
    /// Its flags, in the order in which they are shown.
    pub flags: &'static [Flag],
    /// What one can type while it runs.
    pub verbs: &'static [Verb],
    /// How it is used, in whole sentences.
    pub notes: Words,
    /// The exit codes that it ends with.
    pub exits: &'static [(super::Exit, Words)],
}

/// A flag, or the one argument that is none.
#[derive(Debug)]
pub struct Flag {
    /// Its name without dashes; of an argument that is no flag, in lower case.
    pub name: &'static str,
    /// The other way to write it.
    pub short: Option<char>,
    /// What it takes.
    pub value: Value,
    /// What stands for its value in the help.
    pub hint: &'static str,
    /// What holds without it.
    pub default: Default,
    /// What it means.
    pub says: Words,
    /// Where else it can be said.
    pub scope: Scope,
    /// It does something only in a build with the feature `terminal`; elsewhere the command line refuses it, and
    /// the environment and the config file, which serve several builds, may hold it without effect.
    pub terminal: bool,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing. In the environment and the config file: on or off.
    Switch,
    /// Nothing, or behind `=` one of these words. In the environment and the config file: on, off, or the word.
    Mode(&'static [&'static str]),
    /// Anything.
    Text,
    /// A line of so many bytes, at most.
    Line(usize),
    /// A whole number from the first to the second.
    Number(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The name of a file.
    File,
    /// `HOST:PORT`, where to listen.
    Bind,
    /// `HOST:PORT`. This one is the argument that is no flag.
    Server,
}

/// What holds if nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// This value.
    Is(&'static str),
    /// This number.
    Number(u64),
    /// No value: the program does what these words say.
    Words(Words),
    /// Off, or nothing.
    None,
}

/// Where a flag can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On the command line alone.
    CommandLine,
    /// There and in the environment.
    Environment,
    /// There and in the config file too.
    Everywhere,
}

/// A command that can be typed while a program runs.
#[derive(Debug)]
pub struct Verb {
    /// Its name without the slash.
    pub name: &'static str,
    /// What follows it.
    pub arguments: &'static str,
    /// What it does.
    pub says: Words,
}

impl Program {
    /// The flag of this name, which has to be one of the table.
    pub fn flag(&self, name: &str) -> Option<&'static Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    /// Which flag a word of the command line is, if any.
    pub(super) fn flag_of(&self, word: &str) -> Option<&'static Flag> {
        self.flags.iter().find(|flag| flag.is_written(word))
    }

    /// The argument that is no flag.
    pub(super) fn argument(&self) -> Option<&'static Flag> {
        self.flags.iter().find(|flag| flag.value == Value::Server)
    }
}

impl Flag {
    /// A row that most rows are like: with a value, no short form, sayable everywhere.
    pub const fn new(
        name: &'static str,
        value: Value,
        hint: &'static str,
        default: Default,
        says: Words,
    ) -> Flag {
        Flag {
            name,
            short: None,
            value,
            hint,
            default,
            says,
            scope: Scope::Everywhere,
            terminal: false,
        }
    }

    /// A row for something that is on or off.
    pub const fn switch(name: &'static str, says: Words) -> Flag {
        Flag::new(name, Value::Switch, "", Default::None, says)
    }

    /// The same with a short form.
    pub const fn or(mut self, short: char) -> Flag {
        self.short = Some(short);
        self
    }

    /// The same, to be said in fewer places.
    pub const fn only(mut self, scope: Scope) -> Flag {
        self.scope = scope;
        self
    }

    /// The same, for the feature `terminal` alone.
    pub const fn in_terminal(mut self) -> Flag {
        self.terminal = true;
        self
    }

    /// The environment's name for it, if it has one.
    pub fn variable(&self) -> Option<String> {
        let name = self.name.to_ascii_uppercase().replace('-', "_");
        (self.scope != Scope::CommandLine).then(|| format!("CHATROOM_{name}"))
    }

    /// The config file's key for it, if it has one, without the program in front.
    pub fn key(&self) -> Option<&'static str> {
        (self.scope == Scope::Everywhere).then_some(self.name)
    }

    /// As it is written on the command line: `--bind`.
    pub fn written(&self) -> String {
        match self.value {
            Value::Server => self.hint.to_owned(),
            _ => format!("--{}", self.name),
        }
    }

    /// Whether this build does what the flag says.
    pub fn works_here(&self) -> bool {
        !self.terminal || cfg!(feature = "terminal")
    }

    fn is_written(&self, word: &str) -> bool {
        let long = word
            .strip_prefix("--")
            .is_some_and(|name| name == self.name);
        let short = self.short.is_some_and(|short| {
            word.strip_prefix('-')
                .is_some_and(|rest| rest.chars().eq([short]))
        });
        self.value != Value::Server && (long || short)
    }
}

impl Value {
    /// What is wrong with a value, in words for a person; nothing if it will do.
    pub(super) fn complaint(self, text: &str) -> Option<String> {
        match self {
            Value::Switch => switch(text)
                .is_none()
                .then(|| "须为 on 或 off / takes on or off".into()),
            Value::Mode(modes) => {
                let good = switch(text).is_some() || modes.contains(&text);
                let modes = modes.join("|");
                (!good).then(|| format!("须为 on、off 或 {modes} / takes on, off or {modes}"))
            }
            Value::Number(least, most) => {
                let number = text.parse().ok();
                let good = number.is_some_and(|number: u64| (least..=most).contains(&number));
                (!good).then(|| {
                    format!("须为 {least} 到 {most} 的整数 / takes a whole number from {least} to {most}")
                })
            }
            Value::Choice(words) => (!words.contains(&text)).then(|| {
                let (zh, en) = (words.join(" 或 "), words.join(" or "));
                format!("须为 {zh} / takes {en}")
            }),
            Value::File => text
                .is_empty()
                .then(|| "须为文件名 / takes the name of a file".into()),
            Value::Line(most) => {
                let good = (1..=most).contains(&text.len()) && !text.contains(char::is_control);
                (!good).then(|| {
                    format!("须为 1 到 {most} 字节的一行 / takes a line of 1 to {most} bytes")
                })
            }
            Value::Bind => {
                let good = host_and_port(text).is_some_and(|(_, port)| port.is_some());
                (!good).then(|| "请写成 主机:端口，例如 0.0.0.0:8888、[::1]:8888 / takes HOST:PORT, for example 0.0.0.0:8888 or [::1]:8888".into())
            }
            Value::Server => {
                let good = host_and_port(text).is_some_and(|(_, port)| port != Some(0));
                (!good).then(|| "请写成 主机 或 主机:端口（1 到 65535），例如 192.168.1.5:8888、[::1]:8888 / takes HOST or HOST:PORT with a port from 1 to 65535, for example 192.168.1.5:8888 or [::1]:8888".into())
            }
            Value::Text => None,
        }
    }
}

/// `HOST[:PORT]`, taken apart; `None` if it can be no address, whatever a name server may know. An IPv6 address stands in
/// brackets: without them nobody could tell its last number from a port.
pub(super) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let good = match host.strip_prefix('[') {
        Some(address) => {
            // An interface may follow the address.
            let address = address.strip_suffix(']')?.split('%').next()?;
            address.parse::<Ipv6Addr>().is_ok()
        }
        None => !host.is_empty() && !host.contains([':', ']']),
    };
    good.then_some((host, port))
}

/// On or off.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text {
        "on" | "yes" | "true" | "1" => Some(true),
        "off" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}
