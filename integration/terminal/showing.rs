//! What is shown: states, times, marks, colours, and what rings.

use super::tty::untimed;
use super::{Program, Room, SERVER, Tty, signal};

fn has_row(tty: &Tty, row: &str) -> bool {
    tty.rows().iter().any(|there| untimed(there) == row)
}

#[test]
fn own_lines_wait_until_they_are_ordered() {
    let room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    tty.types("早\r");
    tty.until_row("✓ 小红 说：早");
    let server = room.server.child.id();
    signal("STOP", server);
    tty.types("听得到吗\r");
    tty.until_row("… 小红 说：听得到吗");
    assert!(!has_row(&tty, "✓ 小红 说：听得到吗"));
    tty.until("the prompt says that something waits", |tty| {
        tty.rows().last().is_some_and(|row| row == ".")
    });
    tty.until("the silence is told", |tty| {
        tty.rows()
            .iter()
            .any(|row| row.contains("秒未收到服务器消息"))
    });
    tty.until_prompt("!");
    signal("CONT", server);
    tty.until_row("✓ 小红 说：听得到吗");
    tty.until_row("- 已恢复与服务器的联系");
    tty.until_row("- 断开期间的消息已补上：0 条");
    tty.until_prompt(">");
    room.server.until("小红 说：听得到吗");
}

#[test]
fn whoever_is_named_hears_it() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    let mut tty = room.sits("小红", (80, 24));
    other.types("大家好");
    other.types("小红，在吗");
    tty.until_row("@ 小明 说：小红，在吗");
    assert!(has_row(&tty, "  小明 说：大家好"));
    assert_eq!(tty.bells(), 1);
    other.types("/msg 小红 悄悄话");
    tty.until_row("@ 小明（悄悄对你）说：悄悄话");
    assert_eq!(tty.bells(), 2);
    tty.types("/bell all\r");
    tty.types("/who\r");
    tty.until("who is here", |tty| {
        tty.rows().iter().any(|row| row.ends_with("小明、小红"))
    });
    other.types("又一句");
    tty.until_row("  小明 说：又一句");
    assert_eq!(tty.bells(), 3);
    tty.types("/bell off\r/who-got\r");
    tty.until("an answer", |tty| {
        tty.rows().iter().any(|row| row.contains("还没有说过话"))
    });
    other.types("小红！");
    tty.until_row("@ 小明 说：小红！");
    assert_eq!(tty.bells(), 3);
    // The highlighted name stands inverse.
    let raw = String::from_utf8_lossy(&tty.raw).into_owned();
    assert!(raw.contains("\x1b[1;7m小红\x1b[0m，在吗"), "{raw}");
}

#[test]
fn history_is_marked_and_never_rings() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    other.types("小红什么时候来");
    room.server.until("小明 说：小红什么时候来");
    let mut tty = room.sits("小红", (80, 24));
    tty.until_row("| 小明 说：小红什么时候来");
    other.types("来了");
    tty.until_row("  小明 说：来了");
    assert_eq!(tty.bells(), 0);
}

#[test]
fn the_clock_is_that_of_the_place() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    let time = |zone: &str| {
        let date = std::process::Command::new("date")
            .arg("+%H:%M")
            .env("TZ", zone)
            .output();
        String::from_utf8(date.expect("date runs").stdout)
            .expect("UTF-8")
            .trim()
            .to_owned()
    };
    for zone in ["CST-8", "XYZ+3:30"] {
        let before = time(zone);
        let mut tty = room.sits_with("小红", (80, 24), &[], &[("TZ", zone)]);
        other.types("几点了");
        tty.until("no time", |tty| {
            tty.rows()
                .iter()
                .any(|row| row.ends_with("  小明 说：几点了"))
        });
        let shown = tty
            .rows()
            .into_iter()
            .find(|row| row.ends_with("  小明 说：几点了"));
        let shown = shown.expect("just seen");
        assert!(
            shown.starts_with(&before) || shown.starts_with(&time(zone)),
            "{zone}: {shown}"
        );
        tty.types("/quit\r");
        assert_eq!(tty.exit(), 0);
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    for (flags, variables, colored) in [
        (&[][..], &[][..], true),
        (&[], &[("NO_COLOR", "1")], false),
        (&["--color", "never"], &[], false),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
    ] {
        let mut tty = room.sits_with("小红", (80, 24), flags, variables);
        other.types("小红，看得清吗");
        tty.until_row("@ 小明 说：小红，看得清吗");
        let raw = String::from_utf8_lossy(&tty.raw).into_owned();
        let has_colors = raw.split("\x1b[").skip(1).any(|rest| {
            rest.find(|c: char| c.is_ascii_alphabetic())
                .is_some_and(|at| rest[at..].starts_with('m'))
        });
        assert_eq!(has_colors, colored, "{flags:?} {variables:?}");
        tty.types("/quit\r");
        assert_eq!(tty.exit(), 0);
        room.server.until("小红 退出了聊天室");
    }
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    let variables = room.surroundings(&[("TERM", "dumb")]);
    let words = [super::CLIENT, "--name", "小红", &room.address];
    let mut tty = Tty::start((80, 24), &words, &variables);
    room.server.until("小红 进入聊天室");
    other.types("小红，在吗");
    tty.until("a plain line", |tty| {
        tty.rows().contains(&"小明 说：小红，在吗".to_owned())
    });
    tty.types("在\r");
    room.server.until("小红 说：在");
    assert!(!tty.raw.contains(&0x1B), "no escape sequence at all");
    tty.types("\x04");
    assert_eq!(tty.exit(), 0);
}

#[test]
fn the_terminals_own_commands() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    let mut tty = room.sits("小红", (80, 24));
    tty.types("/ignore 小明\r");
    tty.until_row("- 不再显示 小明 的话");
    other.types("听不见");
    other.types("/nick 大明");
    tty.until_row("  小明 改名为 大明");
    other.types("还是听不见");
    room.server.until("大明 说：还是听不见");
    room.server.types("下一句");
    tty.until_row("  管理员说：下一句");
    tty.types("/ignore\r");
    tty.until_row("- 已屏蔽：大明");
    // As with all names, separators count for nothing.
    tty.types("/ignore 大 明\r");
    tty.until_row("- 重新显示 大明 的话");
    other.types("听见了");
    tty.until_row("  大明 说：听见了");
    assert!(!tty.all_rows().iter().any(|row| row.contains("听不见")));
    tty.types("/time off\r/ping\r");
    tty.until("an answer without a time", |tty| {
        tty.rows()
            .iter()
            .any(|row| row.starts_with("- 到服务器往返"))
    });
    tty.types("/time maybe\r");
    tty.until("how it is used", |tty| {
        tty.rows().iter().any(|row| row == "! 用法：/time on|off")
    });
    tty.types("/igmore x\r");
    tty.until("the nearest", |tty| {
        tty.rows()
            .iter()
            .any(|row| row.contains("是不是 /ignore？"))
    });
    tty.types("/clear\r");
    tty.until("a clear screen", |tty| {
        tty.rows().iter().all(|row| row.is_empty() || row == ">")
    });
    tty.types("//quit\r");
    room.server.until("小红 说：/quit");
    tty.until_row("✓ 小红 说：/quit");
}

#[test]
fn what_everybody_can_type_is_shown_as_the_log_has_it() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    let mut tty = room.sits("小红", (80, 24));
    tty.types("/reply 谁\r");
    tty.until_row_with("! 还没有人对你说悄悄话");
    tty.types("/me 挥手\r");
    tty.until_row("✓ * 小红 挥手");
    other.until("* 小红 挥手");
    tty.types("/msg 小明 在吗\r");
    tty.until_row("✓ 小红（悄悄对 小明）说：在吗");
    other.until("小红（悄悄对你）说：在吗");
    other.types("/msg 小红 在");
    tty.until_row("@ 小明（悄悄对你）说：在");
    tty.types("/reply 好\r");
    other.until("小红（悄悄对你）说：好");
    tty.types("/nick 小明\r");
    tty.until_row_with("姓名已被使用");
    tty.types("/nick 大红\r");
    tty.until_row("- 你现在的名字是 大红");
    other.until("小红 改名为 大红");
    tty.types("/away 吃饭\r");
    tty.until_row("- 已标记为离开，再次说话即恢复");
    tty.types("/who\r");
    tty.until_row_with("大红（离开：吃饭）");
    tty.types("/help\r");
    tty.until_row_with("/clear");
    assert!(tty.all_rows().iter().any(|row| row.starts_with("/who-got")));
}

#[test]
fn a_restart_of_the_server_is_told_from_its_beginning_to_its_end() {
    let mut room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    tty.types("早\r");
    tty.until_row("✓ 小红 说：早");
    room.server.child.kill().expect("it runs");
    room.server.exit();
    tty.types("还在吗\r");
    tty.until_row("… 小红 说：还在吗");
    tty.until_prompt("!");
    room.server = Program::start(SERVER, &["--bind", &room.address]);
    tty.until_row("- 正在重新连接");
    tty.until_row("- 服务器已重新启动，已回到聊天室");
    tty.until_row("✓ 小红 说：还在吗");
    tty.until_prompt(">");
    room.server.until("小红 说：还在吗");
}
