//! Signals, and other ways to leave: each with its exit code, and with the terminal as it was.

use super::{CLIENT, Room, Tty, assert_restored, signal};

#[test]
fn signals_leave_properly_while_a_line_is_typed() {
    for name in ["TERM", "HUP", "INT"] {
        let room = Room::open(&[]);
        let mut tty = room.sits("小红", (80, 24));
        tty.types("半句");
        tty.until_prompt("> 半句");
        signal(name, tty.id());
        assert_eq!(tty.exit(), 0, "{name}");
        room.server.until("小红 退出了聊天室");
        assert_restored(&tty);
    }
}

#[test]
fn the_mode_of_the_terminal_is_put_back() {
    let room = Room::open(&[]);
    let shell = format!(
        "before=$(stty -g); {} --name 小红 {}; echo code $?; [ \"$before\" = \"$(stty -g)\" ] && echo as before",
        CLIENT, room.address
    );
    let variables = room.surroundings(&[]);
    let mut tty = Tty::start((80, 24), &["/bin/sh", "-c", &shell], &variables);
    tty.until_prompt(">");
    let children = format!("/proc/{0}/task/{0}/children", tty.id());
    let client = std::fs::read_to_string(children).expect("the shell's child");
    signal("TERM", client.trim().parse().expect("one"));
    tty.until("the shell goes on", |tty| {
        tty.rows().contains(&"as before".to_owned())
    });
    assert!(tty.rows().contains(&"code 0".to_owned()));
}

#[test]
fn asked_twice_it_does_not_wait_for_a_dead_server() {
    let mut room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    room.server.child.kill().expect("it runs");
    tty.types("听得到吗\r");
    tty.until_row("… 小红 说：听得到吗");
    signal("TERM", tty.id());
    tty.until("it says that it waits", |tty| {
        tty.rows().iter().any(|row| row.contains("正在离开"))
    });
    signal("TERM", tty.id());
    assert_eq!(tty.exit(), 4);
    let rows = tty.all_rows();
    assert!(
        rows.iter().any(|row| row.ends_with("✗ 小红 说：听得到吗")),
        "{rows:?}"
    );
    assert!(
        rows.iter().any(|row| row.contains("有 1 条发言未送达")),
        "{rows:?}"
    );
    assert_restored(&tty);
}

#[test]
fn a_kick_ends_the_program_while_a_line_is_typed() {
    let mut room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    tty.types("半句");
    tty.until_prompt("> 半句");
    room.server.types("/kick 小红 太吵");
    assert_eq!(tty.exit(), 5);
    let rows = tty.rows();
    assert!(
        rows.iter()
            .any(|row| row.ends_with("! 你被管理员请出了聊天室：太吵")),
        "{rows:?}"
    );
    assert_restored(&tty);
}

#[test]
fn what_is_told_of_a_missing_name_stands_on_a_line_of_its_own() {
    let room = Room::open(&[]);
    for term in ["dumb", "xterm-256color"] {
        // Nothing, and a line that is not finished.
        for (typed, begin, code) in [
            ("\x04", "chat-client: 没有姓名", 2),
            ("管理员\x04\x04", "chat-client: ", 3),
        ] {
            let variables = room.surroundings(&[("TERM", term)]);
            let mut tty = Tty::start((80, 24), &[CLIENT, &room.address], &variables);
            tty.until_prompt("请输入你的名字：");
            tty.types(typed);
            assert_eq!(tty.exit(), code, "{term}");
            let rows = tty.rows();
            let told = rows[1].starts_with(begin) || super::tty::untimed(&rows[1]).starts_with("!");
            assert!(told && !rows[0].contains("chat-client"), "{rows:?}");
        }
    }
}
