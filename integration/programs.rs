//! The built programs, free of whatever the person who runs the tests has said to them.

use crate::load::wait;
use crossbeam_channel::{Receiver, unbounded};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

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

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A program with its pipes, killed when the test is over.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) input: Option<ChildStdin>,
    pub(crate) output: Receiver<String>,
    pub(crate) errors: Receiver<String>,
}

impl Program {
    pub(crate) fn start(program: &str, args: &[&str]) -> Program {
        Program::start_among(program, args, &[])
    }

    pub(crate) fn start_among(program: &str, args: &[&str], variables: &[(&str, &str)]) -> Program {
        let mut command = command(program);
        command.args(args).envs(variables.iter().copied());
        Program::of(command)
    }

    pub(crate) fn of(mut command: Command) -> Program {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Program::as_is(command)
    }

    /// With the pipes that the caller has set.
    pub(crate) fn as_is(mut command: Command) -> Program {
        let mut child = command.spawn().expect("the program starts");
        Program {
            input: child.stdin.take(),
            output: lines(child.stdout.take()),
            errors: lines(child.stderr.take()),
            child,
        }
    }

    /// The next line of its output.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        let line = self.output.recv_timeout(PATIENCE);
        line.unwrap_or_else(|_| {
            panic!(
                "no line; on stderr: {:?}",
                self.errors.try_iter().collect::<Vec<_>>()
            )
        })
    }

    /// The next line that contains this.
    #[track_caller]
    pub(crate) fn line_with(&self, part: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Reads on up to this line.
    #[track_caller]
    pub(crate) fn until(&self, line: &str) {
        while self.line() != line {}
    }

    /// The next line of stderr.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        self.errors
            .recv_timeout(PATIENCE)
            .expect("a line on stderr")
    }

    /// The next line of stderr that contains this.
    #[track_caller]
    pub(crate) fn error_with(&self, part: &str) -> String {
        loop {
            let line = self.error();
            if line.contains(part) {
                return line;
            }
        }
    }

    #[track_caller]
    pub(crate) fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        // What has ended takes no more; that it has is found out elsewhere.
        let _ = input.write_all(format!("{line}\n").as_bytes());
    }

    /// Waits for its end; gives its exit code.
    #[track_caller]
    pub(crate) fn exit(&mut self) -> Option<i32> {
        let mut status = None;
        wait(PATIENCE, || {
            status = self.child.try_wait().expect("a child of ours");
            status.is_some()
        });
        status.expect("it ends").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe, as they come; none where there is no pipe.
fn lines(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = unbounded();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe?);
        let mut bytes = Vec::new();
        while pipe.read_until(b'\n', &mut bytes).ok()? > 0 {
            let line = String::from_utf8_lossy(&bytes);
            sender.send(line.trim_end_matches('\n').to_owned()).ok()?;
            bytes.clear();
        }
        Some(())
    });
    receiver
}
