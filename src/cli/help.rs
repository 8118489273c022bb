//! `--help`, from the table, and the wordings that man pages share with it.

use super::table::{Default, Flag, Program, Scope, Value, Words, words};
use crate::text::Lang;

/// Columns of the whole, and of the flags.
const WIDTH: usize = 96;
const LEFT: usize = 22;

/// What `--version` prints.
pub(super) fn version(program: &Program) -> String {
    format!("{} {}\n", program.name, env!("CARGO_PKG_VERSION"))
}

/// What `--help` prints.
pub(super) fn help(program: &Program, lang: Lang) -> String {
    let Program { name, about, .. } = program;
    let mut help = format!("{name}：{} / {}\n\n", about.zh, about.en);
    help += &usage(program);
    help.push('\n');
    for flag in program.flags {
        help += &row(&head(flag), &meaning(flag, lang));
    }
    help.push('\n');
    for verb in program.verbs {
        let head = format!("/{} {}", verb.name, verb.arguments);
        help += &row(head.trim_end(), verb.says.pick(lang));
    }
    let exits: Vec<String> = program
        .exits
        .iter()
        .map(|(exit, says)| format!("{} {}", *exit as u8, says.pick(lang)))
        .collect();
    let exits = exits.join(lang.pick("，", ", "));
    for paragraph in [program.notes, ELSEWHERE] {
        help.push('\n');
        help += &wrapped(paragraph.pick(lang), 0);
    }
    // On one line, however long.
    help += &lang.pick(
        format!("\n退出码 / Exit codes: {exits}。\n"),
        format!("\nExit codes: {exits}.\n"),
    );
    help
}

/// Where a flag can be said beside the command line.
pub const ELSEWHERE: Words = words(
    "各选项也可写在环境变量（--bind 即 CHATROOM_BIND）和配置文件 $XDG_CONFIG_HOME/chatroom/config（每行 key = value，bind 或 server.bind，name 或 client.name）中；命令行优先，其次环境变量，再次配置文件。",
    "A flag can also be said in the environment (--bind is CHATROOM_BIND) and in the config file $XDG_CONFIG_HOME/chatroom/config (lines of key = value: bind or server.bind, name or client.name). The command line counts before the environment, and that before the config file.",
);

/// The flags in brackets, as one would write them.
fn usage(program: &Program) -> String {
    let said = program.flags.iter().filter(|flag| flag.short.is_none());
    // What is no flag is written last.
    let (last, flags): (Vec<&Flag>, Vec<&Flag>) =
        said.partition(|flag| flag.value == Value::Server);
    let words = flags
        .iter()
        .chain(&last)
        .map(|flag| format!("[{}]", written(flag)));
    let words: Vec<String> = words.collect();
    let indent = " ".repeat(program.name.len());
    let mut usage = program.name.to_owned();
    let mut column = usage.len();
    for word in words {
        if column + 1 + word.len() > WIDTH {
            usage += &format!("\n{indent}");
            column = indent.len();
        }
        usage += &format!(" {word}");
        column += 1 + word.len();
    }
    usage + "\n"
}

/// `--bind ADDR:PORT`
fn written(flag: &Flag) -> String {
    match flag.value {
        Value::Switch | Value::Server => flag.written(),
        Value::Mode(modes) => format!("{}[={}]", flag.written(), modes.join("|")),
        _ => format!("{} {}", flag.written(), flag.hint),
    }
}

fn head(flag: &Flag) -> String {
    match flag.short {
        Some(short) => format!("-{short}, {}", written(flag)),
        None => written(flag),
    }
}

/// What a flag means, and in brackets what holds without it.
pub fn meaning(flag: &Flag, lang: Lang) -> String {
    let says = flag.says.pick(lang);
    let default = match flag.default {
        Default::Is(text) => text.to_owned(),
        Default::Number(number) => number.to_string(),
        Default::Words(words) => words.pick(lang).to_owned(),
        Default::None if flag.scope == Scope::Everywhere => lang.pick("无", "off").to_owned(),
        Default::None => return says.to_owned(),
    };
    format!("{says} [{default}]")
}

/// A row of two columns.
fn row(head: &str, says: &str) -> String {
    let says = wrapped(says, LEFT + 2);
    let gap = (LEFT + 2).saturating_sub(2 + width(head));
    if gap < 2 {
        format!("  {head}\n{says}")
    } else {
        format!("  {head}{}{}", " ".repeat(gap), says.trim_start())
    }
}

/// Text in lines of the page's width. Lines break at spaces, and behind any wide character.
fn wrapped(text: &str, indent: usize) -> String {
    let (mut lines, mut line, mut word) = (String::new(), String::new(), String::new());
    let mut end = |line: &mut String| {
        lines += &format!("{}{}\n", " ".repeat(indent), line.trim_end());
        line.clear();
    };
    for c in text.chars().chain([' ']) {
        word.push(c);
        if c != ' ' && !is_wide(c) {
            continue;
        }
        if indent + width(&line) + width(word.trim_end()) > WIDTH {
            end(&mut line);
        }
        line += &std::mem::take(&mut word);
    }
    end(&mut line);
    lines
}

fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// Whether a character of the help takes two columns.
fn is_wide(c: char) -> bool {
    c >= '\u{2E80}'
}

#[cfg(test)]
mod tests {
    use super::super::{CLIENT, SERVER};
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_page() {
        for (program, lang) in [
            (&SERVER, Lang::Zh),
            (&SERVER, Lang::En),
            (&CLIENT, Lang::Zh),
            (&CLIENT, Lang::En),
        ] {
            for line in help(program, lang)
                .lines()
                .filter(|line| !line.contains("Exit codes"))
            {
                assert!(width(line) <= WIDTH + 2, "{line}");
            }
        }
    }

    #[test]
    fn every_flag_has_its_row() {
        for program in [&SERVER, &CLIENT] {
            let help = help(program, Lang::En);
            for flag in program.flags {
                let row = help
                    .lines()
                    .filter(|line| line.starts_with(&format!("  {}", head(flag))));
                assert_eq!(row.count(), 1, "{}", flag.name);
            }
        }
    }
}
