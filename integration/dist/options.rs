//! The options of each program as shells and man pages see them, from the table of flags; those of `halfcopy`, which
//! has no table, from its help.

use chatroom::cli::table::{Flag, Program, Value};
use chatroom::cli::{CLIENT, SERVER, help};
use chatroom::halfcopy::cli::HELP;
use chatroom::text::Lang;

/// What follows an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    /// One of these words, or nothing; only behind `=`.
    Maybe(&'static [&'static str]),
    OneOf(&'static [&'static str]),
    File,
    Text,
}

/// An option.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) short: Option<char>,
    pub(crate) takes: Takes,
    /// What stands for its value.
    pub(crate) hint: &'static str,
    /// What it means, in a few words.
    pub(crate) says: String,
}

/// What the arguments that are no options are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operands {
    None,
    Host,
    Files,
}

/// A command line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) program: &'static str,
    pub(crate) choices: Vec<Choice>,
    pub(crate) operands: Operands,
}

/// Those of all programs.
pub(crate) fn lines() -> [Line; 3] {
    [of_table(&SERVER), of_table(&CLIENT), halfcopy()]
}

fn of_table(program: &'static Program) -> Line {
    let is_operand = |flag: &&Flag| flag.value == Value::Server;
    let operands = match program.flags.iter().find(is_operand) {
        Some(_) => Operands::Host,
        None => Operands::None,
    };
    let flags = program.flags.iter().filter(|flag| !is_operand(flag));
    Line {
        program: program.name,
        choices: flags.map(of_flag).collect(),
        operands,
    }
}

fn of_flag(flag: &Flag) -> Choice {
    Choice {
        name: flag.name.to_owned(),
        short: flag.short,
        takes: match flag.value {
            Value::Switch => Takes::Nothing,
            Value::Mode(words) => Takes::Maybe(words),
            Value::Choice(words) => Takes::OneOf(words),
            Value::File => Takes::File,
            _ => Takes::Text,
        },
        hint: flag.hint,
        says: help::meaning(flag, Lang::En),
    }
}

fn halfcopy() -> Line {
    let choice = |(head, says): (&str, &str)| Choice {
        name: long(head).to_owned(),
        short: head
            .strip_prefix('-')
            .and_then(|rest| rest.chars().next())
            .filter(|short| *short != '-'),
        takes: Takes::Nothing,
        hint: "",
        says: says.to_owned(),
    };
    Line {
        program: "halfcopy",
        choices: halfcopy_rows().map(choice).collect(),
        operands: Operands::Files,
    }
}

/// The rows of its help that are about an option: how that is written, and what it means.
pub(crate) fn halfcopy_rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = HELP.lines().map(str::trim);
    rows.filter(|row| row.starts_with('-'))
        .filter_map(|row| row.split_once("  "))
        .map(|(head, says)| (head, says.trim()))
}

fn long(head: &str) -> &str {
    let (_, name) = head.rsplit_once("--").expect("a long form");
    name
}
