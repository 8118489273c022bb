//! Scripts and their parser; the grammar is in [the module above](super).

use super::text::Text;
use crate::world::net::Faults;
use std::path::Path;
use std::time::Duration;

/// How long a step may take unless the script says otherwise.
const WITHIN: Duration = Duration::from_secs(5);

/// A script.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) steps: Vec<Step>,
    /// The players that play it, if not both.
    pub(crate) only: Option<Player>,
}

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Player {
    Real,
    Virtual,
}

/// A step, and where it stands.
#[derive(Debug)]
pub(crate) struct Step {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) only: Option<Player>,
    pub(crate) within: Duration,
    pub(crate) what: What,
}

/// What a step says.
#[derive(Debug, PartialEq)]
pub(crate) enum What {
    Server(Vec<String>),
    /// A client that is given its name, and is waited for until it is in.
    Join(String, Vec<String>),
    Refused {
        who: String,
        flags: Vec<String>,
        told: Text,
        exit: i32,
    },
    /// A client that is not waited for, and not given a name.
    Start(String, Vec<String>),
    Do(Act),
    /// The next unread lines, in any order.
    Lines(Vec<Expected>),
    /// Some later line.
    Later(String, Text),
    /// Some diagnostic that contains this.
    Told(String, Text),
    Exit(String, i32),
}

/// Lines of one process, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) line: usize,
    pub(crate) who: String,
    pub(crate) text: Text,
}

/// What is done to a process or to the network; names are of processes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Type(String, Vec<String>),
    Eof(String),
    Kill(String),
    Stop(String),
    Continue(String),
    /// Its output is no longer read.
    Deaf(String),
    Restart,
    Net(Faults),
    Partition(String),
    Heal(String),
    Move(String),
}

/// Which process a step means by `server`.
pub(crate) const SERVER: &str = "server";

impl Script {
    /// Reads a file of the folder `integration/scripts`.
    pub(crate) fn read(name: &str) -> Result<Script, String> {
        let path = folder().join(format!("{name}.chat"));
        let source = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Script::parse(name, &source)
    }

    /// Reads a script; an error names the file and the line.
    pub(crate) fn parse(name: &str, source: &str) -> Result<Script, String> {
        let mut script = Script {
            name: name.into(),
            source: source.into(),
            steps: Vec::new(),
            only: None,
        };
        let mut within = WITHIN;
        let mut together = None;
        for (index, line) in source.lines().enumerate() {
            let line = line.trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                script
                    .add(index + 1, line, &mut within, &mut together)
                    .map_err(|what| {
                        format!("integration/scripts/{name}.chat:{}: {what}", index + 1)
                    })?;
            }
        }
        if let Some(Step { line, .. }) = together {
            return Err(format!(
                "integration/scripts/{name}.chat:{line}: together without end"
            ));
        }
        Ok(script)
    }

    fn add(
        &mut self,
        line: usize,
        text: &str,
        within: &mut Duration,
        together: &mut Option<Step>,
    ) -> Result<(), String> {
        let (only, rest) = only(text);
        if only.is_some() && rest.is_empty() && self.steps.is_empty() {
            self.only = only;
            return Ok(());
        }
        let (own, rest) = bound(rest)?;
        if rest.is_empty() {
            *within = own.unwrap_or(*within);
            return Ok(());
        }
        let within = own.unwrap_or(*within);
        let step = |what| Step {
            line,
            only,
            within,
            what,
        };
        if rest == "together" && together.is_none() {
            *together = Some(step(What::Lines(Vec::new())));
        } else if let Some(open) = together {
            if rest == "end" {
                self.steps.extend(together.take());
                return Ok(());
            }
            let (What::Lines(all), What::Lines(new)) = (&mut open.what, parse_step(line, rest)?)
            else {
                return Err("only lines that are read stand between together and end".into());
            };
            all.extend(new);
        } else {
            self.steps.push(step(parse_step(line, rest)?));
        }
        Ok(())
    }

    /// Whether this player plays the step.
    pub(crate) fn steps_for(&self, player: Player) -> impl Iterator<Item = &Step> {
        let mine = move |only: &Option<Player>| only.is_none_or(|only| only == player);
        self.steps.iter().filter(move |step| mine(&step.only))
    }

    /// Whether a network of the player's own stands between the programs.
    pub(crate) fn needs_relay(&self) -> bool {
        self.acts().any(|act| {
            matches!(
                act,
                Act::Net(_) | Act::Partition(_) | Act::Heal(_) | Act::Move(_)
            )
        })
    }

    /// Whether chance decides anything that a reader of the script would notice.
    pub(crate) fn is_faulty(&self) -> bool {
        self.needs_relay() || self.acts().any(|act| *act == Act::Restart)
    }

    /// Whether the server's screen is read, and then it is read whole.
    pub(crate) fn reads_server(&self) -> bool {
        let of_server = |who: &String| who == SERVER;
        self.steps.iter().any(|step| match &step.what {
            What::Lines(all) => all.iter().any(|expected| of_server(&expected.who)),
            What::Later(who, _) => of_server(who),
            _ => false,
        })
    }

    fn acts(&self) -> impl Iterator<Item = &Act> {
        self.steps.iter().filter_map(|step| match &step.what {
            What::Do(act) => Some(act),
            _ => None,
        })
    }
}

/// Where the scripts are.
pub(crate) fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/scripts")
}

fn only(text: &str) -> (Option<Player>, &str) {
    if let Some(rest) = text.strip_prefix("real only") {
        (Some(Player::Real), rest.trim_start())
    } else if let Some(rest) = text.strip_prefix("virtual only") {
        (Some(Player::Virtual), rest.trim_start())
    } else {
        (None, text)
    }
}

/// `within 40s` in front.
fn bound(text: &str) -> Result<(Option<Duration>, &str), String> {
    let Some(rest) = text.strip_prefix("within ") else {
        return Ok((None, text));
    };
    let (time, rest) = word(rest);
    let seconds = time
        .strip_suffix('s')
        .and_then(|number| number.parse().ok());
    match seconds {
        Some(seconds) => Ok((Some(Duration::from_secs(seconds)), rest)),
        None => Err(format!("{time} is no time such as 40s")),
    }
}

/// The first word and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn parse_step(line: usize, text: &str) -> Result<What, String> {
    if let Some(what) = parse_line(line, text)? {
        return Ok(what);
    }
    let (keyword, rest) = word(text);
    let named = || match word(rest) {
        ("", _) => Err(format!("{keyword} whom?")),
        (name, "") => Ok(name.to_owned()),
        (_, more) => Err(format!("{keyword} takes one name; {more} is too much")),
    };
    let act = match keyword {
        "server" => return Ok(What::Server(words(rest)?)),
        "join" => return parse_join(rest),
        "start" => {
            let (who, flags) = word(rest);
            return Ok(What::Start(who.into(), words(flags)?));
        }
        "exit" => {
            let (who, code) = word(rest);
            let code = code.trim_end().parse();
            return match code {
                Ok(code) if !who.is_empty() => Ok(What::Exit(who.into(), code)),
                _ => Err("exit takes a name and a code".into()),
            };
        }
        "restart" if rest.trim_end() == SERVER => Act::Restart,
        "net" => Act::Net(parse_net(rest)?),
        "eof" => Act::Eof(named()?),
        "kill" => Act::Kill(named()?),
        "stop" => Act::Stop(named()?),
        "continue" => Act::Continue(named()?),
        "deaf" => Act::Deaf(named()?),
        "partition" => Act::Partition(named()?),
        "heal" => Act::Heal(named()?),
        "move" => Act::Move(named()?),
        _ => return Err(format!("there is no step {keyword}")),
    };
    Ok(What::Do(act))
}

/// `a> text`, `a< text`, `a<< text` or `a! text`; `None` for another step.
fn parse_line(line: usize, text: &str) -> Result<Option<What>, String> {
    let (first, _) = word(text);
    let Some(at) = first.find(['>', '<', '!']).filter(|at| *at > 0) else {
        return Ok(None);
    };
    let (who, rest) = text.split_at(at);
    let who = who.to_owned();
    let (sign, rest) = match rest.strip_prefix("<<") {
        Some(rest) => ("<<", rest),
        None => rest.split_at(1),
    };
    // One space belongs to the sign.
    let text = Text::parse(rest.strip_prefix(' ').unwrap_or(rest))?;
    Ok(Some(match sign {
        ">" => What::Do(Act::Type(who, text.lines()?)),
        "<" => What::Lines(vec![Expected { line, who, text }]),
        "<<" => What::Later(who, text),
        _ => What::Told(who, text),
    }))
}

fn parse_join(rest: &str) -> Result<What, String> {
    let (who, rest) = word(rest);
    if who.is_empty() {
        return Err("join whom?".into());
    }
    let who = who.to_owned();
    let (flags, refused) = match rest.split_once("refused ") {
        Some((flags, refused)) => (flags, Some(refused)),
        None => (rest, None),
    };
    let mut flags = words(flags)?;
    if !flags.iter().any(|flag| flag == "--name") {
        flags.splice(0..0, ["--name".to_owned(), who.clone()]);
    }
    let Some(told) = refused else {
        return Ok(What::Join(who, flags));
    };
    let (told, exit) = match told.rsplit_once(" exit ") {
        Some((told, code)) => (told, code.trim().parse().map_err(|_| "no exit code")?),
        None => (told, 3),
    };
    Ok(What::Refused {
        who,
        flags,
        told: Text::parse(told.trim())?,
        exit,
    })
}

/// Words as a shell would see them, as far as double quotes go.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("a \" without its other")?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        let lines = Text::parse(word)?.lines()?;
        words.extend(lines);
        rest = after.trim_start();
    }
    Ok(words)
}

fn parse_net(text: &str) -> Result<Faults, String> {
    let mut faults = Faults::none();
    for setting in text.split_whitespace() {
        let wrong =
            || format!("{setting} is none of loss=20% dup=5% reorder=10% flip=1% delay=5..40ms");
        let (name, value) = setting.split_once('=').ok_or_else(wrong)?;
        if name == "delay" {
            let times = value
                .strip_suffix("ms")
                .and_then(|range| range.split_once(".."));
            let (least, most) = times.ok_or_else(wrong)?;
            let time = |text: &str| text.parse().map(Duration::from_millis).map_err(|_| wrong());
            faults.delay = (time(least)?, time(most)?);
            continue;
        }
        let percent: u64 = value
            .strip_suffix('%')
            .and_then(|number| number.parse().ok())
            .filter(|percent| *percent <= 100)
            .ok_or_else(wrong)?;
        let place = match name {
            "loss" => &mut faults.loss,
            "dup" => &mut faults.duplicate,
            "reorder" => &mut faults.reorder,
            "flip" => &mut faults.flip,
            _ => return Err(wrong()),
        };
        *place = percent * 10;
    }
    Ok(faults)
}

#[test]
fn errors_name_the_file_and_the_line() {
    for (source, told) in [
        ("server\nfrob", "x.chat:2: there is no step frob"),
        ("a> {*}", "x.chat:1: {*} cannot be typed"),
        ("together\na< b", "x.chat:1: together without end"),
        ("together\na> b\nend", "x.chat:2: only lines"),
        ("net loss=x", "x.chat:1: loss=x is none of"),
        ("exit a", "x.chat:1: exit takes"),
        ("within 4", "x.chat:1: 4 is no time"),
        ("kill", "x.chat:1: kill whom?"),
    ] {
        let error = Script::parse("x", source).unwrap_err();
        assert!(error.contains(told), "{source:?}: {error}");
    }
}
