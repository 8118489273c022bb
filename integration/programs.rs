//! The built programs, free of whatever the person who runs the tests has said to them.

use std::process::Command;

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_chat-server");
pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_chat-client");
pub(crate) const HALFCOPY: &str = env!("CARGO_BIN_EXE_halfcopy");

/// A program, with an empty config file and nothing of the environment that is for it.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHATROOM_") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG");
    command.env("CHATROOM_CONFIG", "/dev/null");
    command.env("LC_ALL", "C.UTF-8");
    command
}
