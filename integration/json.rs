//! `--json`: what a program is told, and the README's two bots, as they stand there.

use crate::operator;
use crate::programs::{self, Program};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The next thing that a bot is told.
#[track_caller]
fn object(bot: &Program) -> Value {
    let line = bot.line();
    serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"))
}

/// Reads on up to an event of this kind.
#[track_caller]
fn event(bot: &Program, event: &str) -> Value {
    loop {
        let object = object(bot);
        if object["event"] == event {
            return object;
        }
    }
}

fn server() -> (Program, String) {
    let (server, address) = operator::server(&[]);
    (server, address.to_string())
}

fn client(args: &[&str]) -> Program {
    Program::start(programs::CLIENT, args)
}

#[test]
fn events_and_states_are_objects_and_lines_are_said() {
    let (server, address) = server();
    let mut other = client(&["--name", "小明", &address]);
    server.until("小明 进入聊天室");
    let mut bot = client(&["--json", "--name", "机器人", &address]);
    let joined = object(&bot);
    assert_eq!(
        (&joined["event"], &joined["how"]),
        (&"joined".into(), &"first".into())
    );
    assert_eq!(
        (&joined["name"], &joined["server"]),
        (&"机器人".into(), &address.as_str().into())
    );

    other.types("引号\" 与 \\ 与\u{1b}[2J");
    let said = event(&bot, "said");
    assert_eq!(
        (&said["name"], &said["history"]),
        (&"小明".into(), &false.into())
    );
    assert_eq!(said["text"], "引号\" 与 \\ 与\u{1b}[2J");
    for line in [1, 2] {
        bot.types("一句");
        let (ordered, logged) = (event(&bot, "ordered"), event(&bot, "logged"));
        assert_eq!(
            (&ordered["line"], &logged["line"]),
            (&line.into(), &line.into())
        );
        assert!(logged["number"].as_u64() > said["number"].as_u64());
    }
    bot.types("/who");
    let roster = event(&bot, "roster");
    let members = roster["members"].as_array().expect("a list");
    let names: Vec<&Value> = members.iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["小明", "机器人"]);
    bot.types("/msg 没人 喂");
    assert_eq!(event(&bot, "failed")["line"], 3);
    bot.types("/hwo");
    let error = event(&bot, "error");
    assert!(
        error["text"]
            .as_str()
            .is_some_and(|text| text.contains("/who")),
        "{error}"
    );

    bot.types("最后");
    drop(bot.input.take());
    let ended = event(&bot, "ended");
    assert_eq!(
        (&ended["exit"], &ended["undelivered"]),
        (&0.into(), &0.into())
    );
    assert_eq!(bot.exit(), Some(0));
    server.until("机器人 说：最后");
}

/// Exit 0 means that the server has ordered every line; else the program is told how many it has not.
#[test]
fn whoever_has_no_server_is_told_so() {
    let (mut server, address) = server();
    let mut bot = client(&["--json", "--name", "机器人", &address]);
    event(&bot, "joined");
    server.types("/kick 机器人 够了");
    let error = event(&bot, "error");
    assert!(
        error["text"]
            .as_str()
            .is_some_and(|text| text.contains("够了")),
        "{error}"
    );
    assert_eq!(event(&bot, "ended")["exit"], 5);
    assert_eq!(bot.exit(), Some(5));
}

/// However it ends, the last object says so.
#[test]
fn whoever_never_came_in_is_told_so() {
    let (_server, address) = server();
    for (flags, exit) in [(vec!["--json", "--name", "admin"], 3), (vec!["--json"], 2)] {
        let mut bot = client(&[&flags[..], &[&address]].concat());
        drop(bot.input.take());
        assert_eq!(event(&bot, "ended")["exit"], exit);
        assert_eq!(bot.exit(), Some(exit));
    }
}

/// A block of the README in this language.
fn example(language: &str) -> String {
    let readme = include_str!("../README.md");
    let begin = format!("```{language}\n");
    let (_, rest) = readme
        .split_once(&begin)
        .expect("the README has the example");
    rest.split_once("```").expect("it ends").0.to_owned()
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a bot of the README, talks to it, and gives its answer.
fn answer_of(language: &str, interpreter: &str, name: &str, said: &str) -> String {
    let (mut server, address) = server();
    let folder = std::env::temp_dir().join(format!("chatroom-{language}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let folder = Folder(folder);
    let script = folder.0.join("bot");
    std::fs::write(&script, example(language)).expect("written");
    let programs = Path::new(programs::CLIENT).parent().expect("a folder");
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").expect("a path")
    );
    let mut command = programs::command(interpreter);
    command.arg(&script).arg(&address).env("PATH", path);
    let mut bot = Program::of(command);
    server.until(&format!("{name} 进入聊天室"));
    let mut other = client(&["--name", "小明", &address]);
    server.until("小明 进入聊天室");
    other.types(said);
    server.until(&format!("小明 说：{said}"));
    let answer = server.line();
    // The room closes, and with it the bot ends by itself.
    server.types("/quit");
    server.exit();
    bot.exit();
    answer
}

#[test]
fn the_readmes_shell_bot_answers() {
    assert_eq!(answer_of("sh", "sh", "回声", "!ping"), "回声 说：pong");
}

#[test]
fn the_readmes_python_bot_counts() {
    assert_eq!(
        answer_of("python", "python3", "计数", "!count"),
        "计数 说：小明：1"
    );
}
