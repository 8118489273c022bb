//! The server's console on a terminal: a line is edited below, the room goes on above it.

use super::{CLIENT, Program, SERVER, Tty, assert_restored, home, signal, surroundings};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// An operator at a terminal, and the folder of its files.
struct Operator {
    tty: Tty,
    address: String,
    home: PathBuf,
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

impl Operator {
    fn sits(size: (u16, u16), flags: &[&str]) -> Operator {
        Operator::sits_in(home(), size, flags)
    }

    fn sits_in(home: PathBuf, size: (u16, u16), flags: &[&str]) -> Operator {
        let words = [&[SERVER, "--bind", "127.0.0.1:0"], flags].concat();
        let variables = surroundings(home.to_str().expect("UTF-8"), &[]);
        let mut tty = Tty::start(size, &words, &variables);
        tty.until_row_with("聊天室已开放");
        tty.until_prompt(">");
        let first = tty.rows().swap_remove(0);
        let address = first.strip_prefix("聊天室已开放 ").expect("the address");
        Operator {
            address: address.to_owned(),
            tty,
            home,
        }
    }

    /// Someone on pipes, who is in.
    fn lets_in(&mut self, name: &str) -> Program {
        let client = Program::start(CLIENT, &["--name", name, &self.address]);
        self.tty.until_row(&format!("{name} 进入聊天室"));
        client
    }

    /// Types a line, and waits for this row.
    #[track_caller]
    fn obeyed(&mut self, line: &str, row: &str) {
        self.tty.types(&format!("{line}\r"));
        self.tty.until_row(row);
    }

    fn has(&self, part: &str) -> bool {
        self.tty.rows().iter().any(|row| row.contains(part))
    }
}

#[test]
fn half_a_line_survives_a_hundred_messages() {
    for size in [(80, 24), (40, 12)] {
        let mut operator = Operator::sits(size, &["--rate", "0"]);
        let mut ann = operator.lets_in("小明");
        let typed = "今天晚上我们一起去看电影吧，你觉得怎么样？";
        let mut keys = typed.chars();
        for number in 0..100 {
            ann.types(&format!("第{number}句：大家好"));
            if number % 5 == 0 {
                let key = keys.by_ref().take(1).collect::<String>();
                operator.tty.types(&key);
            }
        }
        operator.tty.types(keys.as_str());
        operator.tty.until_row("小明 说：第99句：大家好");
        let line = match size {
            (80, _) => vec![format!("> {typed}")],
            _ => vec![
                "> 今天晚上我们一起去看电影吧，你觉得怎么".into(),
                "样？".into(),
            ],
        };
        let tty = &mut operator.tty;
        tty.until("the typed line is whole", |tty| tty.rows().ends_with(&line));
        let seen = tty.all_rows();
        let said: Vec<&String> = seen.iter().filter(|row| row.contains("第")).collect();
        let expected: Vec<String> = (0..100)
            .map(|number| format!("小明 说：第{number}句：大家好"))
            .collect();
        assert_eq!(said, expected.iter().collect::<Vec<_>>(), "{size:?}");
        // The half-typed line is whole in another size too, and arrives as it was typed.
        tty.resize(100, 30);
        tty.until_prompt(&format!("> {typed}"));
        tty.types("\r");
        ann.until(&format!("管理员说：{typed}"));
        tty.until_prompt(">");
        assert!(!operator.has(&format!("> {typed}")));
    }
}

#[test]
fn every_command_does_what_it_says() {
    let mut operator = Operator::sits((80, 24), &[]);
    let mut ann = operator.lets_in("Ann");
    let mut ben = operator.lets_in("Ben Li");
    operator.obeyed("/who", "2 人在线");
    let line = format!("Ann  {}:", "127.0.0.1");
    operator.tty.until("who they are", |tty| {
        tty.rows().iter().any(|row| {
            let columns = ["滞后 ", "重发 ", "往返 ", "分钟"];
            row.starts_with(&line) && columns.iter().all(|column| row.contains(column))
        })
    });
    operator.obeyed("/say 各位好", "管理员说：各位好");
    operator.obeyed("//say", "管理员说：/say");
    ann.until("管理员说：各位好");
    operator.obeyed("/mute Ann 10m", "> /mute Ann 10m");
    operator.tty.until_row_with("禁言：Ann，到 ");
    ann.types("听得到吗");
    // It is told so, and what it said is gone, before it may speak again.
    ann.error_with("禁言");
    operator.obeyed("/unmute Ann", "可以发言：Ann");
    ann.types("现在呢");
    operator.tty.until_row("Ann 说：现在呢");
    assert!(!operator.has("听得到吗"));
    operator.obeyed("/history off", "新成员看不到先前的消息");
    let mut cid = Program::start(
        CLIENT,
        &["--name", "Cid", "--history", "9", &operator.address],
    );
    operator.tty.until_row("Cid 进入聊天室");
    operator.obeyed("大家早", "管理员说：大家早");
    assert_eq!(cid.line(), "管理员说：大家早");
    operator.obeyed("/history on", "新成员可看到先前的消息");
    operator.obeyed("/kick Ben Li 太吵", "Ben Li 退出了聊天室");
    assert_eq!(ben.exit(), Some(5));
    operator.tty.types("/ban Cid 10m\r");
    operator.tty.until_row("Cid 退出了聊天室");
    assert_eq!(cid.exit(), Some(5));
    let mut again = Program::start(CLIENT, &["--name", "Cid", &operator.address]);
    assert_eq!(again.exit(), Some(1));
    operator.obeyed("/unban Cid", "可以进入：Cid");
    operator.lets_in("Cid");
    operator.tty.types("/stats\r");
    operator.tty.until_row_with("成员 ");
    operator.tty.types("/ban 127.0.0.1\r");
    operator.tty.until_row("Ann 退出了聊天室");
    assert_eq!(ann.exit(), Some(5));
    operator.obeyed("/unban 127.0.0.1", "可以进入：127.0.0.1");
    operator.tty.types("/frob\r");
    operator.tty.until_row_with("没有命令 /frob；/help");
    operator.tty.types("/hlep\r");
    operator
        .tty
        .until_row_with("没有命令 /hlep；是不是 /help？");
    operator.tty.types("/quit\r");
    assert_eq!(operator.tty.exit(), 0);
    assert_restored(&operator.tty);
}

#[test]
fn tab_completes_commands_and_names() {
    let mut operator = Operator::sits((80, 24), &[]);
    let _ann = operator.lets_in("Ann Lee");
    let _ming = operator.lets_in("小明");
    let _timed = operator.lets_in("小王 3m");
    let _address = operator.lets_in("10.9.8.7");
    let tty = &mut operator.tty;
    for (typed, row) in [
        ("/his\t", "> /history"),
        ("/kick an\t太吵", "> /kick Ann Lee 太吵"),
        ("/unm\t", "> /unmute"),
        ("小明\t请安静", "> 小明：请安静"),
        ("请 小明\t", "> 请 小明"),
        // What the command would take for a time or an address stands in quotes.
        ("/mute 小王\t5m", "> /mute \"小王 3m\" 5m"),
        ("/kick 小王\t", "> /kick 小王 3m"),
        ("/ban 10.\t", "> /ban \"10.9.8.7\""),
        ("/mute 10.\t", "> /mute 10.9.8.7"),
    ] {
        tty.types(typed);
        tty.until_prompt(row);
        tty.types("\x15");
        tty.until_prompt(">");
    }
    operator.obeyed("/ban 192.0.2.7", "禁止进入：192.0.2.7，长期");
    operator.tty.types("/unban 192\t\r");
    operator.tty.until_row("可以进入：192.0.2.7");
    operator.obeyed("/ban \"10.9.8.7\"", "禁止进入：\"10.9.8.7\"，长期");
    operator.tty.types("/unban 10.\t\r");
    operator.tty.until_row("可以进入：\"10.9.8.7\"");
}

#[test]
fn up_brings_back_what_was_typed_also_by_the_server_before() {
    let folder = home();
    let mut operator = Operator::sits_in(folder.clone(), (80, 24), &[]);
    operator.obeyed("第一", "管理员说：第一");
    operator.tty.types("/who\r");
    operator.tty.until_row("0 人在线");
    operator.tty.types("\x1b[A\x1b[A");
    operator.tty.until_prompt("> 第一");
    operator.tty.types("\x15/quit\r");
    assert_eq!(operator.tty.exit(), 0);
    let file = folder.join("chatroom/console");
    let mode = std::fs::metadata(&file).expect("a history").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    // The folder is the next one's.
    let kept = home();
    std::fs::create_dir(kept.join("chatroom")).expect("a folder");
    std::fs::copy(&file, kept.join("chatroom/console")).expect("copied");
    let mut next = Operator::sits_in(kept, (80, 24), &[]);
    next.tty.types("\x1b[A\x1b[A\x1b[A");
    next.tty.until_prompt("> 第一");
}

#[test]
fn ctrl_c_and_the_signals_close_the_room_in_peace_whatever_is_typed() {
    for end in ["\x03", "INT", "TERM"] {
        let mut operator = Operator::sits((80, 24), &[]);
        let mut ann = operator.lets_in("Ann");
        operator.tty.types("半句");
        operator.tty.until_prompt("> 半句");
        match end {
            "\x03" => operator.tty.types(end),
            name => signal(name, operator.tty.id()),
        }
        ann.until("管理员说：聊天室即将关闭");
        assert_eq!(ann.exit(), Some(5), "{end:?}");
        assert_eq!(operator.tty.exit(), 0, "{end:?}");
        assert!(operator.has("管理员说：聊天室即将关闭"), "{end:?}");
        assert_restored(&operator.tty);
    }
}

#[test]
fn after_ctrl_d_the_room_serves_on() {
    let mut operator = Operator::sits((80, 24), &[]);
    // In a line it deletes.
    operator.tty.types("一二\x01\x04");
    operator.tty.until_prompt("> 二");
    operator.tty.types("\x04");
    operator.tty.until_prompt(">");
    operator.tty.types("\x04");
    operator.tty.until_row_with("聊天室继续服务");
    let mut ann = operator.lets_in("Ann");
    ann.types("有人吗");
    operator.tty.until_row("Ann 说：有人吗");
    assert_restored(&operator.tty);
    // The terminal is in its ordinary mode: it makes a signal of the key.
    operator.tty.types("\x03");
    ann.until("管理员说：聊天室即将关闭");
    assert_eq!(operator.tty.exit(), 0);
}

/// A server that a shell has started: the end of its terminal would not end it.
struct Orphan(u32);

impl Drop for Orphan {
    fn drop(&mut self) {
        let id = self.0.to_string();
        let _ = std::process::Command::new("kill")
            .args(["-KILL", &id])
            .status();
    }
}

#[test]
fn ctrl_z_and_fg_come_back_with_the_typed_line() {
    let folder = home();
    let variables = surroundings(folder.to_str().expect("UTF-8"), &[("PS1", "$ ")]);
    let mut tty = Tty::start((80, 24), &["/bin/sh", "-i"], &variables);
    tty.until_prompt("$");
    tty.types(&format!("{SERVER} --bind 127.0.0.1:0\r"));
    tty.until_row_with("聊天室已开放");
    tty.until_prompt(">");
    let children = format!("/proc/{0}/task/{0}/children", tty.id());
    let server = std::fs::read_to_string(children).expect("the shell's child");
    let server = Orphan(server.trim().parse().expect("one"));
    tty.types("半句\x1a");
    tty.until_prompt("$");
    tty.types("fg\r");
    tty.until_prompt("> 半句");
    tty.types("话\r");
    tty.until_row("管理员说：半句话");
    tty.types("/quit\r");
    tty.until_prompt("$");
    std::mem::forget(server);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn ctrl_z_is_nothing_where_no_shell_could_go_on() {
    let mut operator = Operator::sits((80, 24), &[]);
    operator.tty.types("半句\x1a话");
    operator.tty.until_prompt("> 半句话");
    operator.tty.types("\r");
    operator.tty.until_row("管理员说：半句话");
}

#[test]
fn settings_are_read_again_while_a_line_is_typed() {
    let folder = home();
    let config = folder.join("settings");
    std::fs::write(&config, "server.max-members = 1\n").expect("written");
    let path = config.to_str().expect("UTF-8").to_owned();
    let mut operator = Operator::sits_in(folder, (80, 24), &["--config", &path]);
    let _ann = operator.lets_in("Ann");
    operator.tty.types("半句");
    operator.tty.until_prompt("> 半句");
    std::fs::write(&config, "server.max-members = few\n").expect("written");
    signal("HUP", operator.tty.id());
    operator.tty.until_row_with("max-members few");
    operator.tty.until_prompt("> 半句");
    std::fs::write(&config, "server.max-members = 2\n").expect("written");
    signal("HUP", operator.tty.id());
    // The second one is let in as soon as there is room.
    let mut ben = Program::start(CLIENT, &["--name", "Ben", &operator.address]);
    while !operator.has("Ben 进入聊天室") {
        if ben.child.try_wait().expect("ours").is_some() {
            ben = Program::start(CLIENT, &["--name", "Ben", &operator.address]);
        }
        operator.tty.glance();
    }
    operator.tty.until_prompt("> 半句");
}

#[test]
fn a_pasted_block_is_announced_as_one() {
    let mut operator = Operator::sits((40, 12), &[]);
    let ann = operator.lets_in("Ann");
    operator.tty.types("\x1b[200~第一行\r  第二行\x1b[201~");
    operator.tty.until_prompt("  第二行");
    operator.tty.types("\r");
    ann.until("管理员说：第一行");
    assert_eq!(ann.line(), "      第二行");
    let shown = ["管理员说：第一行", "      第二行", ">"].map(str::to_owned);
    let tty = &mut operator.tty;
    tty.until("it is shown once", |tty| tty.rows().ends_with(&shown));
    assert_eq!(
        tty.rows()
            .iter()
            .filter(|row| row.contains("第一行"))
            .count(),
        1
    );
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let folder = home();
    let variables = surroundings(folder.to_str().expect("UTF-8"), &[("TERM", "dumb")]);
    let mut tty = Tty::start((80, 24), &[SERVER, "--bind", "127.0.0.1:0"], &variables);
    tty.until_row_with("聊天室已开放");
    tty.types("大家好\r");
    tty.until_row("管理员说：大家好");
    assert!(!tty.raw.contains(&0x1B), "no escape sequence at all");
    // The terminal makes a signal of it.
    tty.types("\x03");
    assert_eq!(tty.exit(), 0);
    let _ = std::fs::remove_dir_all(&folder);
}
