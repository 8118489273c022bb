//! The line that is being typed: it survives what comes meanwhile, and its keys do what they do elsewhere.

use super::tty::untimed;
use super::{Room, signal};
use std::os::unix::fs::PermissionsExt;

#[test]
fn half_a_line_of_chinese_survives_a_hundred_messages() {
    for size in [(80, 24), (40, 12)] {
        let mut room = Room::open(&["--rate", "0"]);
        let mut other = room.piped("小明");
        let mut tty = room.sits("小红", size);
        let typed = "今天晚上我们一起去看电影吧，你觉得怎么样？";
        let mut keys = typed.chars();
        for number in 0..100 {
            other.types(&format!("第{number}句：大家好"));
            if number % 5 == 0 {
                tty.types(&keys.by_ref().take(1).collect::<String>());
            }
        }
        tty.types(keys.as_str());
        tty.until("the hundredth message", |tty| {
            tty.rows()
                .iter()
                .any(|row| untimed(row) == "  小明 说：第99句：大家好")
        });
        // 42 columns of text behind a prompt of two.
        let line = match size {
            (80, _) => vec![format!("> {typed}")],
            _ => vec![
                "> 今天晚上我们一起去看电影吧，你觉得怎么".into(),
                "样？".into(),
            ],
        };
        let ends = |tty: &mut super::Tty| tty.rows().ends_with(&line);
        tty.until("the typed line is not whole", ends);
        let cursor = (tty.cursor().0, usize::from(tty.cursor().1) + 1);
        let column = if size.0 == 80 { 44 } else { 4 };
        assert_eq!(cursor, (column, tty.rows().len()));
        let seen = tty.all_rows();
        let said: Vec<&str> = seen
            .iter()
            .map(|row| untimed(row))
            .filter(|row| row.contains("第"))
            .collect();
        let expected: Vec<String> = (0..100)
            .map(|number| format!("  小明 说：第{number}句：大家好"))
            .collect();
        assert_eq!(said, expected, "{size:?}");
        tty.types("\r");
        room.server.until(&format!("小红 说：{typed}"));
        tty.until_prompt(">");
    }
}

#[test]
fn backspace_takes_one_character_of_two_columns() {
    let room = Room::open(&[]);
    let mut tty = room.sits("小红", (40, 12));
    tty.types("你好a吗");
    tty.until_prompt("> 你好a吗");
    for (left, column) in [("> 你好a", 7), ("> 你好", 6), ("> 你", 4), (">", 2)] {
        tty.types("\x7f");
        tty.until_prompt(left);
        tty.until("the cursor", |tty| tty.cursor().0 == column);
    }
    // In the middle, and over the edge of the screen.
    tty.types("一二三\x1b[D\x1b[D\x7f");
    tty.until_prompt("> 二三");
    tty.types("\x15\x0b");
    tty.until_prompt(">");
    tty.types(&"字".repeat(20));
    tty.until("the second row", |tty| {
        tty.rows().last().is_some_and(|row| row == "字")
    });
    tty.types("\x7f");
    tty.until_prompt(&format!("> {}", "字".repeat(19)));
}

#[test]
fn a_burst_as_of_an_input_method_arrives_whole() {
    let room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    // Several characters and several lines in one read: nothing of what is behind a line is lost.
    tty.types("中文输入法一次提交\r第二行\r半");
    room.server.until("小红 说：中文输入法一次提交");
    room.server.until("小红 说：第二行");
    tty.until_prompt("> 半");
    tty.until_row("✓ 小红 说：第二行");
}

#[test]
fn a_pasted_block_is_one_utterance() {
    let mut room = Room::open(&[]);
    let other = room.piped("小明");
    let mut tty = room.sits("小红", (40, 12));
    tty.types("\x1b[200~第一行\r\n  第二行\r第三行\x1b[201~");
    tty.until_prompt("第三行");
    assert!(tty.rows().contains(&"> 第一行".to_owned()));
    tty.types("！\r");
    other.until("小红 说：第一行");
    assert_eq!(other.line(), "      第二行");
    assert_eq!(other.line(), "    第三行！");
    tty.until_row("✓ 小红 说：第一行");
    tty.until_prompt(">");
    let rows = tty.rows();
    let from = rows
        .iter()
        .position(|row| row.ends_with("第一行"))
        .expect("shown");
    assert_eq!(rows[from + 1..], ["      第二行", "    第三行！", ">"]);
}

#[test]
fn another_size_wraps_the_line_anew() {
    let mut room = Room::open(&[]);
    let mut other = room.piped("小明");
    let mut tty = room.sits("小红", (80, 24));
    let typed = "一二三四五六七八九十".repeat(3);
    tty.types(&typed);
    tty.until_prompt(&format!("> {typed}"));
    tty.resize(40, 12);
    let narrow = [
        format!("> {}", &typed[..19 * 3]),
        typed[19 * 3..].to_owned(),
    ];
    tty.until("wrapped for 40 columns", |tty| {
        tty.rows().ends_with(&narrow)
    });
    other.types("还在吗");
    tty.until_row("  小明 说：还在吗");
    tty.until("still whole", |tty| tty.rows().ends_with(&narrow));
    tty.resize(100, 30);
    tty.until_prompt(&format!("> {typed}"));
    tty.types("\r");
    room.server.until(&format!("小红 说：{typed}"));
}

#[test]
fn up_brings_back_ones_own_lines_also_those_of_before() {
    let room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    tty.types("第一\r");
    tty.until_row("✓ 小红 说：第一");
    tty.types("第二\r");
    tty.until_row("✓ 小红 说：第二");
    tty.types("\x1b[A");
    tty.until_prompt("> 第二");
    tty.types("\x1b[A");
    tty.until_prompt("> 第一");
    tty.types("\x1b[B\r");
    room.server.until("小红 说：第二");
    room.server.until("小红 说：第二");
    tty.types("/quit\r");
    assert_eq!(tty.exit(), 0);
    let file = room.home.join("chatroom/history");
    let mode = std::fs::metadata(&file)
        .expect("a history")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let folder = std::fs::metadata(room.home.join("chatroom")).expect("a folder");
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    let mut tty = room.sits("小红", (80, 24));
    tty.types("\x1b[A\x1b[A");
    tty.until_prompt("> 第二");
}

#[test]
fn tab_completes_names_and_commands() {
    let mut room = Room::open(&[]);
    let _others = [
        room.piped("小明"),
        room.piped("小刚"),
        room.piped("Ann Lee"),
    ];
    let mut tty = room.sits("小红", (80, 24));
    tty.types("小明\t");
    tty.until_prompt("> 小明：");
    tty.types("\x15an\t");
    tty.until_prompt("> Ann Lee：");
    tty.types("\x15/msg an\t在吗");
    tty.until_prompt("> /msg \"Ann Lee\" 在吗");
    tty.types("\x15问 小\t");
    tty.until_prompt("> 问 小刚");
    tty.types("\t");
    tty.until_prompt("> 问 小明");
    tty.types("\x15/who-\t");
    tty.until_prompt("> /who-got");
    tty.types("\x15/bell \tx");
    tty.until("choices", |tty| {
        tty.rows()
            .last()
            .is_some_and(|row| row.starts_with("> /bell"))
    });
}

#[test]
fn ctrl_c_clears_a_line_and_then_leaves() {
    let room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    tty.types("不说了");
    tty.until_prompt("> 不说了");
    tty.types("\x03");
    tty.until_prompt(">");
    tty.types("再说\r");
    room.server.until("小红 说：再说");
    tty.types("\x03");
    assert_eq!(tty.exit(), 0);
    room.server.until("小红 退出了聊天室");
    assert!(!String::from_utf8_lossy(&tty.raw).contains("^C"));
}

#[test]
fn ctrl_d_deletes_in_a_line_and_leaves_from_an_empty_one() {
    let room = Room::open(&[]);
    let mut tty = room.sits("小红", (80, 24));
    tty.types("一二\x01\x04");
    tty.until_prompt("> 二");
    tty.types("\x05\x04");
    tty.until_prompt("> 二");
    tty.types("\x7f\x04");
    assert_eq!(tty.exit(), 0);
    room.server.until("小红 退出了聊天室");
}

#[test]
fn ctrl_z_and_fg_come_back_with_what_was_missed() {
    let mut room = Room::open(&["--idle-timeout", "2"]);
    let mut other = room.piped("小明");
    let mut tty = super::Tty::start(
        (80, 24),
        &["/bin/sh", "-i"],
        &room.surroundings(&[("PS1", "$ ")]),
    );
    tty.until_prompt("$");
    tty.types(&format!("{} --name 小红 {}\r", super::CLIENT, room.address));
    tty.until_prompt(">");
    room.server.until("小红 进入聊天室");
    tty.types("半句\x1a");
    tty.until_prompt("$");
    room.server.until("小红 退出了聊天室");
    for number in 1..=3 {
        other.types(&format!("错过的{number}"));
    }
    room.server.until("小明 说：错过的3");
    tty.types("fg\r");
    tty.until_row("  小明 说：错过的3");
    // On a slow machine the other may have been taken for gone meanwhile too, and have come back.
    tty.until("how many lines were missed is not told", |tty| {
        let told = |row: &str| {
            let count = row
                .split_once("断开期间的消息已补上：")?
                .1
                .strip_suffix(" 条")?;
            count.parse().ok()
        };
        tty.rows()
            .iter()
            .filter_map(|row| told(row))
            .any(|count: u32| count >= 3)
    });
    tty.until_prompt("> 半句");
    tty.types("话\r");
    room.server.until("小红 说：半句话");
    signal("CONT", tty.id());
}
