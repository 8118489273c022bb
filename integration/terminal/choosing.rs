//! Of several rooms, a person at a terminal chooses one.

use super::{CLIENT, Room, Tty};

/// A client that looks at both rooms, once it has shown them; and which number the second one has.
fn looks(one: &Room, two: &Room) -> (Tty, usize) {
    let places = format!("{},{}", one.address, two.address);
    let words = [CLIENT, "--name", "小红", "--find", &places];
    let mut tty = Tty::start((80, 24), &words, &one.surroundings(&[]));
    tty.until_prompt("chat-client: 请输入 1 到 2 的序号：");
    let rows = tty.rows();
    assert_eq!(rows[0], "chat-client: 找到 2 个聊天室：");
    let row = |room: &Room, title: &str| {
        let end = format!("  “{title}” {}（0/4096 人）", room.address);
        let at = rows.iter().position(|row| row.ends_with(&end));
        at.unwrap_or_else(|| panic!("no {title}: {rows:?}"))
    };
    let (first, second) = (row(one, "甲"), row(two, "乙"));
    assert_eq!(first + second, 3);
    assert!(rows[second].starts_with(&format!("  {second}  ")));
    (tty, second)
}

#[test]
fn a_number_names_the_room() {
    let (one, two) = (
        Room::open(&["--title", "甲"]),
        Room::open(&["--title", "乙"]),
    );
    let (mut tty, number) = looks(&one, &two);
    // What is no number of theirs is asked again.
    tty.types("3\r");
    tty.until("it asks again", |tty| {
        let asks = |row: &&String| row.contains("请输入 1 到 2 的序号：");
        tty.rows().iter().filter(asks).count() == 2
    });
    tty.types(&format!("{number}\r"));
    two.server.until("小红 进入聊天室");
    tty.until_row(&format!("- 已连接 {}", two.address));
    tty.until_prompt(">");
    tty.types("到了\r");
    two.server.until("小红 说：到了");
    tty.types("/quit\r");
    assert_eq!(tty.exit(), 0);
}

#[test]
fn who_chooses_none_enters_none() {
    let (one, two) = (
        Room::open(&["--title", "甲"]),
        Room::open(&["--title", "乙"]),
    );
    let (mut tty, _) = looks(&one, &two);
    tty.types("\x04");
    assert_eq!(tty.exit(), 2);
    let named = |row: &String| row.starts_with("chat-client: 请写明其中一个：");
    assert!(tty.rows().iter().any(named));
}
