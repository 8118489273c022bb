//! What was said to a program: on its command line, in its environment, in the config file; the first of these that
//! says something counts, and else the default of the table.

use super::config;
use super::help;
use super::table::{Default, Flag, Program, Scope, Value, switch};
use super::{Request, UsageError};
use crate::text::{
    Lang,
    screen::{self, harmless_path},
};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

/// What a program can know of where it was started.
#[derive(Clone, Debug, std::default::Default)]
pub struct Surroundings {
    variables: BTreeMap<String, String>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Surroundings {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Surroundings {
            variables: std::env::vars_os().filter_map(text).collect(),
        }
    }

    /// An environment with these variables only.
    pub fn with(variables: &[(&str, &str)]) -> Surroundings {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Surroundings {
            variables: variables.iter().map(own).collect(),
        }
    }

    /// A variable, unless it is unset or empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?;
        (!value.is_empty()).then_some(value)
    }

    /// A folder of the XDG base directory specification: where its variable says, or below the home.
    pub fn folder(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let named = self.variable(variable).map(PathBuf::from);
        named
            // What is not absolute is to be ignored.
            .filter(|path| path.is_absolute())
            .or_else(|| Some(PathBuf::from(self.variable("HOME")?).join(below_home)))
    }

    /// Where a service keeps its state, if its manager gives it a folder (systemd's StateDirectory).
    pub(super) fn state(&self) -> Option<PathBuf> {
        let folders = self.variable("STATE_DIRECTORY")?;
        folders.split(':').next().map(PathBuf::from)
    }

    /// The language that help is wanted in, before anything else is known.
    fn lang(&self) -> Lang {
        let said = self.variable("CHATROOM_LANG").and_then(Lang::from_code);
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| self.variable(name));
        let local = match locale {
            Some(name) if name.starts_with("zh") => Lang::Zh,
            _ => Lang::En,
        };
        said.unwrap_or(local)
    }
}

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// On the command line.
    CommandLine,
    /// In the environment, under this name.
    Environment(String),
    /// In this file, in this line, under this key.
    Config(PathBuf, usize, String),
}

/// What was said, and where.
#[derive(Clone, Debug)]
struct Said {
    text: String,
    origin: Origin,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Given {
    program: &'static Program,
    said: BTreeMap<&'static str, Said>,
}

impl Given {
    /// Reads everything that was said to `program`.
    pub(super) fn read(
        program: &'static Program,
        args: impl Iterator<Item = String>,
        surroundings: &Surroundings,
    ) -> Result<Request<Given>, UsageError> {
        let said = BTreeMap::new();
        let mut given = Given { program, said };
        if let Some(text) = given.command_line(args, surroundings)? {
            return Ok(Request::Print(text));
        }
        for flag in program.flags {
            let name = flag.variable().unwrap_or_default();
            if let Some(text) = surroundings.variable(&name) {
                check(flag, &name, text)?;
                given.say(flag, text, Origin::Environment(name));
            }
        }
        given.config(surroundings)?;
        Ok(Request::Run(given))
    }

    /// The command line; gives what to print in place of running, if that is asked for.
    fn command_line(
        &mut self,
        args: impl Iterator<Item = String>,
        surroundings: &Surroundings,
    ) -> Result<Option<String>, UsageError> {
        let mut args = Args { args, value: None };
        while let Some(arg) = args.next() {
            let argument = (!arg.starts_with('-'))
                .then(|| self.program.argument())
                .flatten();
            let argument = argument.filter(|flag| !self.said.contains_key(flag.name));
            let flag = self.program.flag_of(&arg).or(argument);
            let flag = flag.ok_or_else(|| unknown(&arg))?;
            let text = match flag.value {
                Value::Server => arg.clone(),
                Value::Switch if args.value.is_some() => {
                    return Err(unknown(&args.next().unwrap_or_default()));
                }
                Value::Switch => "on".into(),
                // A word behind a space is not its own.
                Value::Mode(_) if args.value.is_none() => "on".into(),
                _ => args.value(&arg)?,
            };
            if !flag.works_here() {
                return Err(UsageError(format!(
                    "{arg}：此程序未带终端功能，请用 cargo build --release --features terminal 构建 / this build is without the feature terminal: build it with cargo build --release --features terminal"
                )));
            }
            let named = match flag.value {
                Value::Server => flag.hint,
                _ => &arg,
            };
            check(flag, named, &text)?;
            let lang = || {
                let said = self
                    .said
                    .get("lang")
                    .and_then(|said| Lang::from_code(&said.text));
                said.unwrap_or_else(|| surroundings.lang())
            };
            match flag.name {
                "help" => return Ok(Some(help::help(self.program, lang()))),
                "version" => return Ok(Some(help::version(self.program))),
                _ => (),
            }
            // Said twice, the last one counts.
            self.said.remove(flag.name);
            self.say(flag, &text, Origin::CommandLine);
        }
        Ok(None)
    }

    fn config(&mut self, surroundings: &Surroundings) -> Result<(), UsageError> {
        for entry in config::read(self.text("config"), surroundings)? {
            let Some(flag) = entry.flag_of(self.program) else {
                continue;
            };
            let (path, line, key) = (entry.path, entry.line, entry.key);
            let named = format!("{}:{line}: {key}", harmless_path(&path));
            check(flag, &named, &entry.text)?;
            self.say(flag, &entry.text, Origin::Config(path, line, key));
        }
        Ok(())
    }

    /// Notes what was said, unless something was said before it.
    fn say(&mut self, flag: &'static Flag, text: &str, origin: Origin) {
        let text = text.to_owned();
        self.said.entry(flag.name).or_insert(Said { text, origin });
    }

    fn flag(&self, name: &str) -> Option<&'static Flag> {
        let flag = self.program.flag(name);
        debug_assert!(flag.is_some(), "{name} is not in the table");
        flag
    }

    /// Whether anything was said of a flag anywhere.
    pub(super) fn is_said(&self, name: &str) -> bool {
        self.said.contains_key(name)
    }

    /// What a flag comes to, as text; `None` if there is neither a value nor a default that is one.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let default = || match self.flag(name)?.default {
            Default::Is(text) => Some(text),
            _ => None,
        };
        let said = self.said.get(name).map(|said| said.text.as_str());
        said.or_else(default)
    }

    /// What a flag comes to, as a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let default = || match self.flag(name)?.default {
            Default::Number(number) => Some(number),
            _ => None,
        };
        let said = self.said.get(name).and_then(|said| said.text.parse().ok());
        said.or_else(default)
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        debug_assert!(self.flag(name).is_some());
        self.said
            .get(name)
            .and_then(|said| switch(&said.text))
            .unwrap_or(false)
    }

    /// The language of the screen.
    pub(super) fn lang(&self) -> Lang {
        self.text("lang")
            .and_then(Lang::from_code)
            .unwrap_or_default()
    }

    /// Everything that holds, as lines of a config file, each with where it was said.
    pub(super) fn listing(&self) -> String {
        let mut listing = String::new();
        for flag in self.program.flags {
            if flag.scope != Scope::Everywhere {
                continue;
            }
            let key = format!("{}.{}", self.program.section, flag.name);
            let said = self.said.get(flag.name);
            let (text, from) = match (said, flag.default) {
                (Some(said), _) => (said.text.clone(), said.origin.to_string()),
                (None, Default::Is(text)) => (text.into(), DEFAULT.into()),
                (None, Default::Number(number)) => (number.to_string(), DEFAULT.into()),
                (None, Default::Words(words)) => {
                    (format!("({})", words.pick(self.lang())), DEFAULT.into())
                }
                (None, Default::None) => continue,
            };
            listing += &format!("{key} = {}  # {from}\n", screen::harmless(&text));
        }
        listing
    }
}

const DEFAULT: &str = "default";

impl Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::CommandLine => f.write_str("command line"),
            Origin::Environment(name) => f.write_str(name),
            Origin::Config(path, line, _) => write!(f, "{}:{line}", harmless_path(path)),
        }
    }
}

/// Refuses a value that will not do; `named` is what the person called it.
fn check(flag: &Flag, named: &str, text: &str) -> Result<(), UsageError> {
    match flag.value.complaint(text) {
        None => Ok(()),
        Some(what) => {
            let text = screen::harmless(text);
            Err(UsageError(format!("{named} {text}：{what}")))
        }
    }
}

fn unknown(arg: &str) -> UsageError {
    let arg = screen::harmless(arg);
    UsageError(format!("不认识 {arg} / unknown argument {arg}"))
}

/// The words of a command line; `--flag=value` is `--flag value`.
struct Args<I> {
    args: I,
    value: Option<(String, String)>,
}

impl<I: Iterator<Item = String>> Args<I> {
    fn next(&mut self) -> Option<String> {
        // A value that no flag took belongs to a flag that takes none.
        if let Some((flag, value)) = self.value.take() {
            return Some(format!("{flag}={value}"));
        }
        let arg = self.args.next()?;
        match arg.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => {
                self.value = Some((flag.to_owned(), value.to_owned()));
                Some(flag.to_owned())
            }
            _ => Some(arg),
        }
    }

    fn value(&mut self, flag: &str) -> Result<String, UsageError> {
        let given = self
            .value
            .take()
            .map(|(_, value)| value)
            .or_else(|| self.args.next());
        given.ok_or_else(|| UsageError(format!("{flag} 缺少取值 / {flag} needs a value")))
    }
}
