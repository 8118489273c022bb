//! The client on a terminal: real programs, a pseudo terminal, and the screen as it would look.

mod leaving;
mod showing;
mod tty;
mod typing;

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tty::Tty;

const CLIENT: &str = env!("CARGO_BIN_EXE_chat-client");

/// A program on pipes, ended with the value.
struct Piped {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Piped {
    fn start(program: &str, args: &[&str]) -> Piped {
        let mut child = Command::new(program)
            .args(args)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let output = child.stdout.take().expect("piped");
        Piped {
            input: child.stdin.take(),
            output: BufReader::new(output).lines(),
            child,
        }
    }

    fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("not ended");
        input
            .write_all(format!("{line}\n").as_bytes())
            .expect("it reads");
    }

    fn next(&mut self) -> String {
        self.output.next().expect("it goes on").expect("UTF-8")
    }

    /// Reads on up to this line.
    fn until(&mut self, line: &str) {
        while self.next() != line {}
    }
}

/// A room of its own, a folder for those who come, and the address.
struct Room {
    server: Piped,
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
        static ROOMS: AtomicU32 = AtomicU32::new(0);
        let mut args = vec!["--bind", "127.0.0.1:0"];
        args.extend(flags);
        let mut server = Piped::start(env!("CARGO_BIN_EXE_chat-server"), &args);
        let first = server.next();
        let address = first.rsplit(' ').next().expect("an address").to_owned();
        let number = ROOMS.fetch_add(1, Ordering::Relaxed);
        let name = format!("chatroom-terminal-{}-{number}", std::process::id());
        let home = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&home).expect("a folder");
        Room {
            server,
            address,
            home,
        }
    }

    /// Someone on pipes, who is in.
    fn piped(&mut self, name: &str) -> Piped {
        let client = Piped::start(CLIENT, &["--name", name, &self.address]);
        self.server.until(&format!("{name} 进入聊天室"));
        client
    }

    /// The environment of someone on a terminal, and more.
    fn surroundings<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let home = self.home.to_str().expect("UTF-8");
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

/// Sends a signal to a process.
fn signal(name: &str, id: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}
