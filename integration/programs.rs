//! The built programs, free of whatever the person who runs the tests has said to them.

use crossbeam_channel::{Receiver, unbounded};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

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
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
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
        input
            .write_all(format!("{line}\n").as_bytes())
            .expect("it reads");
    }

    /// Waits for its end; gives its exit code.
    #[track_caller]
    pub(crate) fn exit(&mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status.code();
            }
            assert!(Instant::now() < until, "it does not end");
            thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe, as they come.
fn lines(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = unbounded();
    thread::spawn(move || {
        let pipe = BufReader::new(pipe.expect("a pipe"));
        for line in pipe.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
