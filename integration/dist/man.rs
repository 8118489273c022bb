//! Man pages, in the macros of man(7).

use super::options::halfcopy_rows;
use chatroom::cli::table::{Flag, Program, Value, Words, words};
use chatroom::cli::{CLIENT, SERVER, help};
use chatroom::halfcopy::cli::HELP;
use chatroom::text::Lang;
use std::fmt::Write;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The pages in one language, each with its program's name.
pub(crate) fn pages(lang: Lang) -> Vec<(&'static str, String)> {
    let mut pages: Vec<_> = [&SERVER, &CLIENT]
        .map(|program| (program.name, page(program, lang)))
        .into();
    if lang == Lang::En {
        // Its help is in no other language.
        pages.push(("halfcopy", halfcopy()));
    }
    pages
}

fn page(program: &Program, lang: Lang) -> String {
    let section = |zh, en| format!(".SH {}\n", words(zh, en).pick(lang));
    let say = |words: Words| text(words.pick(lang), lang);
    let about = program.about.pick(lang);
    let mut page = head(program.name, about, &section("名称", "NAME"));
    page += &section("语法", "SYNOPSIS");
    page += &synopsis(program);
    page += &section("说明", "DESCRIPTION");
    page += &format!("{}\n", say(program.notes));
    page += &section("选项", "OPTIONS");
    for flag in program.flags {
        page += &format!(
            ".TP\n{}\n{}\n",
            written(flag),
            text(&meaning(flag, lang), lang)
        );
    }
    page += &section("命令", "COMMANDS");
    for verb in program.verbs {
        let call = format!(
            "\\fB/{}\\fR {}",
            escaped(verb.name),
            escaped(verb.arguments)
        );
        page += &format!(".TP\n{}\n{}\n", call.trim_end(), say(verb.says));
    }
    page += &section("环境变量与配置文件", "ENVIRONMENT AND CONFIG FILE");
    page += &format!("{}\n", say(help::ELSEWHERE));
    for flag in program.flags {
        if let Some(variable) = flag.variable() {
            let as_flag = format!("{} {}", words("同", "as").pick(lang), flag.written());
            page += &format!(".TP\n\\fB{variable}\\fR\n{}\n", text(&as_flag, lang));
        }
    }
    page += &section("退出码", "EXIT STATUS");
    for (exit, says) in program.exits {
        page += &format!(".TP\n\\fB{}\\fR\n{}\n", *exit as u8, say(*says));
    }
    page += &section("另见", "SEE ALSO");
    let others = ["chat-server", "chat-client", "halfcopy"];
    page + &see_also(others.into_iter().filter(|other| *other != program.name))
}

fn head(program: &str, about: &str, name: &str) -> String {
    let upper = escaped(&program.to_uppercase());
    let program = escaped(program);
    format!(
        ".\\\" Made by `make dist` from the program's table of flags.\n\
         .TH {upper} 1 \"\" \"chatroom {VERSION}\" \"chatroom\"\n\
         .nh\n.ad l\n{name}{program} \\- {}\n",
        escaped(about)
    )
}

fn see_also<'a>(others: impl Iterator<Item = &'a str>) -> String {
    let others: Vec<String> = others
        .map(|other| format!("\\fB{}\\fR(1)", escaped(other)))
        .collect();
    format!("{}\n", others.join(", "))
}

fn synopsis(program: &Program) -> String {
    let mut synopsis = format!("\\fB{}\\fR\n", escaped(program.name));
    // What is no flag is written last.
    let (last, flags): (Vec<&Flag>, Vec<&Flag>) = program
        .flags
        .iter()
        .partition(|flag| flag.value == Value::Server);
    for flag in flags.into_iter().chain(last) {
        let _ = writeln!(synopsis, "[{}]", written(flag));
    }
    synopsis
}

/// `-h, --help` or `--bind ADDR:PORT`, the literal parts in bold.
fn written(flag: &Flag) -> String {
    let long = format!("\\fB{}\\fR", escaped(&flag.written()));
    let long = match flag.value {
        Value::Server => format!("\\fI{}\\fR", escaped(flag.hint)),
        Value::Switch => long,
        Value::Mode(modes) => format!("{long}[\\fB={}\\fR]", escaped(&modes.join("|"))),
        Value::Choice(_) => format!("{long} \\fB{}\\fR", escaped(flag.hint)),
        _ => format!("{long} \\fI{}\\fR", escaped(flag.hint)),
    };
    match flag.short {
        Some(short) => format!("\\fB\\-{short}\\fR, {long}"),
        None => long,
    }
}

fn meaning(flag: &Flag, lang: Lang) -> String {
    let mut meaning = help::meaning(flag, lang);
    match flag.value {
        Value::Number(least, most) => {
            meaning += &lang.pick(
                format!("；{least} 到 {most}"),
                format!("; {least} to {most}"),
            );
        }
        Value::Line(most) => {
            meaning += &lang.pick(
                format!("；至多 {most} 字节"),
                format!("; {most} bytes at most"),
            );
        }
        _ => (),
    }
    if flag.terminal {
        meaning += lang.pick("；须带终端功能构建", "; needs the feature terminal");
    }
    meaning
}

fn halfcopy() -> String {
    let mut paragraphs = HELP.split("\n\n");
    let about = paragraphs.next().unwrap_or_default().trim_end_matches('.');
    let usage = paragraphs.next().unwrap_or_default();
    let exits = HELP.trim_end().rsplit("\n\n").next().unwrap_or_default();
    // A name is followed by what it does in lower case.
    let about = about.replacen("Copies", "copies", 1);
    let mut page = head("halfcopy", &about, ".SH NAME\n");
    let usage = usage.trim_start_matches("usage: ");
    page += &format!(".SH SYNOPSIS\n{}\n.SH OPTIONS\n", escaped(usage));
    for (head, says) in halfcopy_rows() {
        page += &format!(".TP\n\\fB{}\\fR\n{}\n", escaped(head), escaped(says));
    }
    let exits = exits.trim_start_matches("exit code: ");
    page += &format!(".SH EXIT STATUS\n{}\n.SH SEE ALSO\n", escaped(exits));
    page + &see_also(["chat-server", "chat-client"].into_iter())
}

/// Running text, which may break behind any wide character.
fn text(text: &str, lang: Lang) -> String {
    let escaped = escaped(text);
    if lang == Lang::En {
        return escaped;
    }
    let mut broken = String::new();
    for c in escaped.chars() {
        broken.push(c);
        if c >= '\u{2E80}' {
            broken += "\\:";
        }
    }
    broken
}

/// What troff is to take literally.
pub(crate) fn escaped(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    let special = escaped.starts_with(['.', '\'']);
    format!("{}{escaped}", if special { "\\&" } else { "" })
}
