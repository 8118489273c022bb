//! Settings that are checked, and settings that hold.

use super::{Program, client, server};
use crate::programs;

/// A folder that is gone when the test is over.
pub(super) struct Folder(std::path::PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Folder {
        let name = format!("chatroom-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    pub(super) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn settings_are_checked_without_opening_the_room() {
    let folder = Folder::new("checked");
    let config = folder.file("config");
    let check = || Program::start(programs::SERVER, &["--check-config", "--config", &config]);
    std::fs::write(&config, "lang = en\nserver.history = 9\n").unwrap();
    let mut checked = check();
    checked.line_with(&format!("server.history = 9  # {config}:2"));
    assert_eq!(checked.exit(), Some(0));
    std::fs::write(&config, "lang = en\n\nserver.history = many\n").unwrap();
    let mut checked = check();
    checked.error_with(&format!("{config}:3: server.history many"));
    assert_eq!(checked.exit(), Some(2));
}

#[test]
fn a_name_of_a_file_does_nothing_to_the_screen() {
    for flag in ["--config", "--bans", "--transcript", "--metrics"] {
        let args = ["--bind", "127.0.0.1:0", flag, "none\x1b[2J/file"];
        Program::start(programs::SERVER, &args).error_with("none␛[2J/file");
    }
    let args = ["--name", "Ann", "--resume", "none\x1b[2J/file", "[::1]:9"];
    Program::start(programs::CLIENT, &args).error_with("none␛[2J/file");
}

#[test]
fn the_config_file_holds_for_both_programs() {
    let folder = Folder::new("both");
    let config = folder.file("config");
    std::fs::write(&config, "lang = en\nclient.name = Ann\n").unwrap();
    let (mut server, address) = server(&["--config", &config]);
    let _ann = Program::start(
        programs::CLIENT,
        &["--config", &config, &address.to_string()],
    );
    server.line_with("Ann entered the room");
    let _ben = client(address, "小明");
    server.line_with("小明 entered the room");
    server.types("/quit");
    assert_eq!(server.exit(), Some(0));
}

#[test]
fn as_much_history_is_shown_as_the_server_allows() {
    let (mut server, address) = server(&["--history", "230", "--rate", "0"]);
    let mut ann = client(address, "Ann");
    server.line_with("Ann 进入聊天室");
    for number in 0..250 {
        ann.types(&format!("{number}"));
    }
    server.line_with("Ann 说：249");
    for (history, first) in [("220", 30), ("10000", 22)] {
        let mut ben = Program::start(
            programs::CLIENT,
            &["--name", "Ben", "--history", history, &address.to_string()],
        );
        assert_eq!(ben.line(), format!("Ann 说：{first}"));
        ben.types("/quit");
        ben.line_with("Ann 说：249");
        assert_eq!(ben.exit(), Some(0));
        server.line_with("Ben 退出了聊天室");
    }
    server.types("/quit");
    assert_eq!(server.exit(), Some(0));
}
