//! `--json`: what a program is told, and the README's two bots, as they stand there.

use crate::programs;
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A program on pipes, ended with the value.
struct Piped {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Piped {
    fn start(mut command: Command) -> Piped {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let output = child.stdout.take().expect("piped");
        Piped {
            input: child.stdin.take(),
            output: BufReader::new(output).lines(),
            child,
        }
    }

    fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("not ended");
        input
            .write_all(format!("{line}\n").as_bytes())
            .expect("it reads");
    }

    /// Reads on up to this line.
    fn until(&mut self, line: &str) {
        while self.output.next().expect("it goes on").expect("UTF-8") != line {}
    }

    fn object(&mut self) -> Value {
        let line = self.output.next().expect("it goes on").expect("UTF-8");
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"))
    }

    /// Reads on up to an event of this kind.
    fn event(&mut self, event: &str) -> Value {
        loop {
            let object = self.object();
            if object["event"] == event {
                return object;
            }
        }
    }
}

fn server() -> (Piped, String) {
    let mut command = programs::command(programs::SERVER);
    command.args(["--bind", "127.0.0.1:0"]);
    let mut server = Piped::start(command);
    let first = server.output.next().expect("it opens").expect("UTF-8");
    let address = first.rsplit(' ').next().expect("an address").to_owned();
    (server, address)
}

fn client(args: &[&str]) -> Piped {
    let mut command = programs::command(programs::CLIENT);
    command.args(args);
    Piped::start(command)
}

#[test]
fn events_and_states_are_objects_and_lines_are_said() {
    let (mut server, address) = server();
    let mut other = client(&["--name", "小明", &address]);
    server.until("小明 进入聊天室");
    let mut bot = client(&["--json", "--name", "机器人", &address]);
    let joined = bot.object();
    assert_eq!(
        (&joined["event"], &joined["how"]),
        (&"joined".into(), &"first".into())
    );
    assert_eq!(
        (&joined["name"], &joined["server"]),
        (&"机器人".into(), &address.as_str().into())
    );

    other.types("引号\" 与 \\ 与\u{1b}[2J");
    let said = bot.event("said");
    assert_eq!(
        (&said["name"], &said["history"]),
        (&"小明".into(), &false.into())
    );
    assert_eq!(said["text"], "引号\" 与 \\ 与\u{1b}[2J");
    for line in [1, 2] {
        bot.types("一句");
        let (ordered, logged) = (bot.event("ordered"), bot.event("logged"));
        assert_eq!(
            (&ordered["line"], &logged["line"]),
            (&line.into(), &line.into())
        );
        assert!(logged["number"].as_u64() > said["number"].as_u64());
    }
    bot.types("/who");
    let roster = bot.event("roster");
    let members = roster["members"].as_array().expect("a list");
    let names: Vec<&Value> = members.iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["小明", "机器人"]);
    bot.types("/msg 没人 喂");
    assert_eq!(bot.event("failed")["line"], 3);
    bot.types("/hwo");
    let error = bot.event("error");
    assert!(
        error["text"]
            .as_str()
            .is_some_and(|text| text.contains("/who")),
        "{error}"
    );

    bot.types("最后");
    drop(bot.input.take());
    let ended = bot.event("ended");
    assert_eq!(
        (&ended["exit"], &ended["undelivered"]),
        (&0.into(), &0.into())
    );
    assert!(bot.child.wait().expect("it ends").success());
    server.until("机器人 说：最后");
}

/// Exit 0 means that the server has ordered every line; else the program is told how many it has not.
#[test]
fn whoever_has_no_server_is_told_so() {
    let (mut server, address) = server();
    let mut bot = client(&["--json", "--name", "机器人", &address]);
    bot.event("joined");
    server.types("/kick 机器人 够了");
    let error = bot.event("error");
    assert!(
        error["text"]
            .as_str()
            .is_some_and(|text| text.contains("够了")),
        "{error}"
    );
    assert_eq!(bot.event("ended")["exit"], 5);
    assert_eq!(bot.child.wait().expect("it ends").code(), Some(5));
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
    let mut bot = Piped::start(command);
    server.until(&format!("{name} 进入聊天室"));
    let mut other = client(&["--name", "小明", &address]);
    server.until("小明 进入聊天室");
    other.types(said);
    server.until(&format!("小明 说：{said}"));
    let answer = server.output.next().expect("it goes on").expect("UTF-8");
    // The room closes, and with it the bot ends by itself.
    server.types("/quit");
    server.child.wait().expect("it ends");
    bot.child.wait().expect("it ends");
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
