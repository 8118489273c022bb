//! Bans that outlive the server.

use super::settings::Folder;
use super::{Program, client, server};
use crate::programs;

#[test]
fn bans_outlive_the_server_and_can_be_edited() {
    let folder = Folder::new("bans");
    let file = folder.file("bans");
    let (mut first, _) = server(&["--bans", &file]);
    first.types("/ban 小明");
    first.line_with("禁止进入：小明，长期");
    first.types("/ban 10.1.2.3 2h");
    first.line_with("禁止进入：10.1.2.3，到 ");
    // The file is written before the next command is read.
    first.types("/quit");
    assert_eq!(first.exit(), Some(0));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("always name 小明\n") && text.contains("Z address 10.1.2.3\n"),
        "{text}"
    );

    std::fs::write(&file, format!("{text}always name 小红\n")).unwrap();
    let (mut second, address) = server(&["--bans", &file]);
    for name in ["小明", "小红"] {
        let mut banned = client(address, name);
        banned.error_with("管理员已禁止你进入聊天室");
        assert_eq!(banned.exit(), Some(1));
    }
    second.types("/unban 小明");
    second.line_with("可以进入：小明");
    let _in_again = client(address, "小明");
    second.line_with("小明 进入聊天室");
    second.types("/quit");
    assert_eq!(second.exit(), Some(0));
    assert!(!std::fs::read_to_string(&file).unwrap().contains("小明"));
}

#[test]
fn the_folder_that_systemd_gives_keeps_the_bans() {
    let folder = Folder::new("state");
    // Several folders are told with colons between them: the first is ours.
    let folders = format!("{}:/nowhere", folder.file(""));
    let start = || {
        let flags = ["--bind", "127.0.0.1:0"];
        let variables = [("STATE_DIRECTORY", folders.as_str())];
        let server = Program::start_among(programs::SERVER, &flags, &variables);
        let first = server.line();
        let address = first.rsplit(' ').next().and_then(|word| word.parse().ok());
        (server, address.expect("an address"))
    };
    let (mut server, _) = start();
    server.types("/ban 小明");
    server.line_with("禁止进入：小明，长期");
    server.types("/quit");
    assert_eq!(server.exit(), Some(0));
    assert!(server.errors.try_iter().next().is_none());
    let kept = std::fs::read_to_string(folder.file("bans")).expect("a file");
    assert!(kept.contains("always name 小明\n"), "{kept}");
    let (_server, address) = start();
    assert_eq!(client(address, "小明").exit(), Some(1));
}

#[test]
fn a_file_of_bans_that_cannot_be_read_is_named() {
    let folder = Folder::new("wrong-bans");
    let file = folder.file("bans");
    std::fs::write(&file, "always name 小明\nfor ever and ever\n").unwrap();
    for (flags, code) in [
        (vec!["--check-config"], 2),
        (vec!["--bind", "127.0.0.1:0"], 1),
    ] {
        let flags = [flags, vec!["--bans", &file]].concat();
        let mut server = Program::start(programs::SERVER, &flags);
        server.error_with(&format!("{file}:2: “for ever and ever”"));
        assert_eq!(server.exit(), Some(code));
    }
}
