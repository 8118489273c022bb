//! The operator's console: lines of stdin, announced or obeyed.

use super::{Command, Shared, screen};
use crate::cli::{self, Typed};
use crate::limits;
use crate::lines::Lines;
use crate::room::{Stats, UserMap};
use crate::text::{Lang, screen::harmless, utterance};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::time::Duration;

/// Reads stdin until `/quit`. At its end the room serves on, until the process is ended from outside.
pub(super) fn run(shared: &Shared, commands: &Sender<Command>, lang: Lang) {
    for line in Lines::new(std::io::stdin().lock()) {
        let typed = if line.continued {
            Typed::Text(&line.text)
        } else {
            cli::read_line(&line.text)
        };
        let sent = match typed {
            Typed::Nothing => continue,
            Typed::Text(text) => announce(commands, text),
            Typed::Command("quit", _) => {
                let _ = commands.send(Command::Close);
                return;
            }
            Typed::Command("who", _) => {
                let list = who(&shared.users.lock(), shared.began.elapsed(), lang);
                screen::show(&list);
                true
            }
            Typed::Command("kick", words) => kick(commands, words, lang),
            Typed::Command("stats", _) => stats(commands, shared, lang),
            Typed::Command("help", _) => {
                screen::show(help(lang));
                true
            }
            Typed::Command(unknown, _) => {
                cli::complain(&unknown_command(unknown, lang));
                true
            }
        };
        // The router is gone: something ended it.
        if !sent {
            return;
        }
    }
    log::info!("stdin has ended; the room serves on");
}

fn announce(commands: &Sender<Command>, text: &str) -> bool {
    utterance::split(text, limits::UTTERANCE_BYTES)
        .all(|part| commands.send(Command::Announce(part.to_owned())).is_ok())
}

fn kick(commands: &Sender<Command>, words: &str, lang: Lang) -> bool {
    let (answer_in, answer) = bounded(1);
    if commands
        .send(Command::Kick(words.to_owned(), answer_in))
        .is_err()
    {
        return false;
    }
    let Some(kicked) = wait(&answer) else {
        return false;
    };
    match kicked {
        Some(name) => log::info!("removed {}", harmless(&name)),
        None => cli::complain(&no_member(words, lang)),
    }
    true
}

/// What to say of a `/kick` that found nobody.
pub fn no_member(words: &str, lang: Lang) -> String {
    let words = harmless(words);
    lang.pick(
        format!("没有名为“{words}”的成员；/who 列出所有人。用法：/kick NAME [why]"),
        format!("no member is named “{words}”; /who lists everyone. Usage: /kick NAME [why]"),
    )
}

fn stats(commands: &Sender<Command>, shared: &Shared, lang: Lang) -> bool {
    let (answer_in, answer) = bounded(1);
    if commands.send(Command::Stats(answer_in)).is_err() {
        return false;
    }
    let Some(stats) = wait(&answer) else {
        return false;
    };
    let members = shared.users.lock().len();
    screen::show(&numbers(&stats, members, shared.overrun(), lang));
    true
}

/// The router's answer; `None` if it has ended.
fn wait<T>(answer: &Receiver<T>) -> Option<T> {
    answer.recv().ok()
}

/// The answer to `/who`, as lines; `now` by the clock of the room.
pub fn who(users: &UserMap, now: Duration, lang: Lang) -> String {
    let mut list = lang.pick(
        format!("{} 人在线\n", users.len()),
        format!("{} here\n", users.len()),
    );
    for user in users.iter() {
        let minutes = now.saturating_sub(user.since).as_secs() / 60;
        let (name, address) = (harmless(user.name.as_str()), user.address);
        list += &lang.pick(
            format!("{name}  {address}  {minutes} 分钟\n"),
            format!("{name}  {address}  {minutes} min\n"),
        );
    }
    list
}

/// The answer to `/stats`, as a line.
pub fn numbers(stats: &Stats, members: usize, overrun: u64, lang: Lang) -> String {
    let Stats {
        received,
        malformed,
        forged,
        replayed,
        stray,
        turned_away,
        dropped,
        sent,
        resent,
        events,
    } = stats;
    let names = lang.pick(
        [
            "成员",
            "事件",
            "收到",
            "发出",
            "重发",
            "残缺",
            "伪造",
            "重复",
            "无主",
            "拒之门外",
            "未能答复",
            "溢出",
        ],
        [
            "members",
            "events",
            "received",
            "sent",
            "resent",
            "malformed",
            "forged",
            "repeated",
            "stray",
            "turned away",
            "unanswered",
            "overrun",
        ],
    );
    let values = [
        members as u64,
        *events,
        *received,
        *sent,
        *resent,
        *malformed,
        *forged,
        *replayed,
        *stray,
        *turned_away,
        *dropped,
        overrun,
    ];
    let parts: Vec<String> = names
        .iter()
        .zip(values)
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    parts.join("  ") + "\n"
}

fn help(lang: Lang) -> &'static str {
    lang.pick(
        "\
直接输入：对所有人说话（//x 说 /x）
/who               谁在聊天室
/kick NAME [why]   请出一位成员
/stats             计数
/quit              关闭聊天室
/help              本说明
",
        "\
a line             is announced to everyone (//x announces /x)
/who               who is here
/kick NAME [why]   removes a member
/stats             counters
/quit              closes the room
/help              this
",
    )
}

/// What to say of a command that there is none of.
pub fn unknown_command(command: &str, lang: Lang) -> String {
    let command = harmless(command);
    lang.pick(
        format!("没有命令 /{command}；/help 列出命令；要说 /{command} 请输入 //{command}"),
        format!(
            "there is no /{command}; /help lists the commands; to say /{command} type //{command}"
        ),
    )
}
