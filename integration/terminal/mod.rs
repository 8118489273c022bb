//! The client and the server's console on a terminal: real programs, a pseudo terminal, and the screen as it would look.

mod choosing;
mod console;
mod leaving;
mod showing;
mod tmux;
mod tty;
mod typing;

use crate::programs::{CLIENT, Program, SERVER};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use tty::Tty;

/// A room of its own, a folder for those who come, and the address.
struct Room {
    server: Program,
    address: String,
    home: PathBuf,
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

impl Room {
    fn open(flags: &[&str]) -> Room {
        let mut args = vec!["--bind", "127.0.0.1:0"];
        args.extend(flags);
        let server = Program::start(SERVER, &args);
        let first = server.line();
        let address = first.rsplit(' ').next().expect("an address").to_owned();
        let home = home();
        Room {
            server,
            address,
            home,
        }
    }

    /// Someone on pipes, who is in.
    fn piped(&mut self, name: &str) -> Program {
        let client = Program::start(CLIENT, &["--name", name, &self.address]);
        self.server.until(&format!("{name} 进入聊天室"));
        client
    }

    /// The environment of someone on a terminal, and more.
    fn surroundings<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        surroundings(self.home.to_str().expect("UTF-8"), more)
    }

    /// Someone on a terminal of this size, who is in and sees the prompt.
    fn sits(&self, name: &str, size: (u16, u16)) -> Tty {
        self.sits_with(name, size, &[], &[])
    }

    /// The same with these flags and variables.
    fn sits_with(
        &self,
        name: &str,
        size: (u16, u16),
        flags: &[&str],
        variables: &[(&str, &str)],
    ) -> Tty {
        let mut words = vec![CLIENT, "--name", name];
        words.extend(flags);
        words.push(&self.address);
        let mut tty = Tty::start(size, &words, &self.surroundings(variables));
        tty.until("it does not come in", |tty| {
            let rows = tty.rows();
            rows.iter().any(|row| row.ends_with("人在线"))
                && rows.last().is_some_and(|row| row == ">")
        });
        tty
    }
}

/// A folder of its own.
fn home() -> PathBuf {
    static HOMES: AtomicU32 = AtomicU32::new(0);
    let number = HOMES.fetch_add(1, Ordering::Relaxed);
    let name = format!("chatroom-terminal-{}-{number}", std::process::id());
    let home = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&home).expect("a folder");
    home
}

/// The environment of someone on a terminal whose files are in this folder, and more.
fn surroundings<'a>(home: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut variables = vec![
        ("TERM", "xterm-256color"),
        ("TZ", "UTC"),
        ("PATH", "/usr/bin:/bin"),
        ("XDG_STATE_HOME", home),
        ("XDG_CONFIG_HOME", home),
    ];
    variables.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    variables.extend(more);
    variables
}

/// The terminal's mode is that of before, and pasted blocks are marked no more.
fn assert_restored(tty: &Tty) {
    let raw = String::from_utf8_lossy(&tty.raw);
    let (on, off) = (raw.rfind("\x1b[?2004h"), raw.rfind("\x1b[?2004l"));
    assert!(on < off, "pasting is still bracketed: {on:?} {off:?}");
}

/// Sends a signal to a process.
fn signal(name: &str, id: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}
