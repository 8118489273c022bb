//! The client in tmux, which is a terminal of its own: what it shows is compared with what should be there.

use super::tty::untimed;
use super::{CLIENT, Room};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A tmux server with one window, ended with the value.
struct Tmux<'a> {
    room: &'a Room,
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let _ = command(self.room).arg("kill-server").output();
    }
}

/// tmux, with its socket in the room's folder.
fn command(room: &Room) -> Command {
    let mut command = Command::new("tmux");
    command.env_clear().envs(room.surroundings(&[]));
    command
        .env("TMUX_TMPDIR", &room.home)
        .env("LC_ALL", "C.UTF-8");
    command.args(["-u", "-f", "/dev/null"]);
    command
}

impl<'a> Tmux<'a> {
    /// 小红's client in a window of 80 by 24; `None` where there is no tmux.
    fn start(room: &'a Room) -> Option<Tmux<'a>> {
        if let Err(error) = Command::new("tmux").arg("-V").output() {
            chatroom::cli::complain(&format!("not tested in tmux: {error}"));
            return None;
        }
        let tmux = Tmux { room };
        let client = format!("{CLIENT} --name 小红 {}", room.address);
        tmux.does(&["new-session", "-d", "-x", "80", "-y", "24", &client]);
        tmux.until("it comes in", |rows| {
            rows.last().is_some_and(|row| row == ">")
        });
        Some(tmux)
    }

    fn does(&self, words: &[&str]) -> Output {
        let output = command(self.room).args(words).output().expect("it runs");
        assert!(output.status.success(), "{words:?}: {output:?}");
        output
    }

    /// Types this as it is.
    fn types(&self, text: &str) {
        self.does(&["send-keys", "-l", text]);
    }

    fn pastes(&self, text: &str) {
        let mut load = command(self.room)
            .args(["load-buffer", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut input = load.stdin.take().expect("piped");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        assert!(load.wait().expect("it ends").success());
        // Marked as pasted, if the program has asked for that.
        self.does(&["paste-buffer", "-p"]);
    }

    /// What the window shows: rows without times, blanks at their ends, and empty rows at the end.
    fn rows(&self) -> Vec<String> {
        let shown = self.does(&["capture-pane", "-p"]).stdout;
        let shown = String::from_utf8(shown).expect("UTF-8");
        let rows = shown.trim_end().lines();
        rows.map(|row| untimed(row.trim_end()).to_owned()).collect()
    }

    /// Looks until the window is so.
    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&[String]) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let rows = self.rows();
            if holds(&rows) {
                return;
            }
            assert!(Instant::now() < until, "{what}:\n{}", rows.join("\n"));
        }
    }

    #[track_caller]
    fn shows(&self, expected: &[&str]) {
        self.until(&format!("not {expected:#?}"), |rows| rows == expected);
    }
}

#[test]
fn typed_and_pasted_chinese_is_whole_in_a_window_that_gets_narrow() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    let connected = format!("- 已连接 {}", room.address);
    let Some(tmux) = Tmux::start(&room) else {
        return;
    };
    let before = [connected.as_str(), "| 小明 进入聊天室", "- 2 人在线"];
    let typed = "今天晚上我们一起去看电影吧，你觉得怎么样？";
    tmux.types(typed);
    other.types("大家好，我来晚了");
    let line = format!("> {typed}");
    tmux.shows(&[&before[..], &["  小明 说：大家好，我来晚了", &line]].concat());

    tmux.does(&["resize-window", "-x", "40", "-y", "12"]);
    let narrow = ["> 今天晚上我们一起去看电影吧，你觉得怎么", "样？"];
    tmux.until("wrapped anew", |rows| {
        rows.ends_with(&narrow.map(str::to_owned))
    });
    tmux.does(&["send-keys", "Enter"]);
    // Its own words wrap too, and the line is gone.
    let own = [
        "✓ 小红 说：今天晚上我们一起去看电",
        "影吧，你觉得怎么样？",
        ">",
    ];
    tmux.until("said", |rows| rows.ends_with(&own.map(str::to_owned)));
    other.until(&format!("小红 说：{typed}"));

    tmux.does(&["send-keys", "C-l"]);
    tmux.shows(&[">"]);
    tmux.pastes("第一行\n  第二行");
    tmux.shows(&["> 第一行", "  第二行"]);
    other.types("等你");
    tmux.shows(&["  小明 说：等你", "> 第一行", "  第二行"]);
    tmux.does(&["send-keys", "BSpace", "Enter"]);
    tmux.shows(&["  小明 说：等你", "✓ 小红 说：第一行", "      第二", ">"]);
    other.until("小红 说：第一行");
    assert_eq!(other.line(), "      第二");

    tmux.does(&["resize-window", "-x", "80", "-y", "24"]);
    other.types("好");
    tmux.until("it goes on", |rows| {
        rows.ends_with(&["  小明 说：好".to_owned(), ">".to_owned()])
    });
}
