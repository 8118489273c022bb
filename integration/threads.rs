//! Which threads the programs have, and that each is joined: neither program leaves a thread or a child behind.
#![cfg(target_os = "linux")]

use crate::programs;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

/// A program that is ended when the test is over, however that goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn start(program: &str, args: &[&str]) -> (Running, ChildStdin, BufReader<impl Read + use<>>) {
        let mut child = programs::command(program)
            .args(args)
            .env("RUST_LOG", "debug")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        (Running(child), stdin, BufReader::new(stdout))
    }

    /// The names of its threads but the main one, once they are these. A thread is there before it has its name.
    fn threads(&self, expected: &BTreeSet<String>) -> BTreeSet<String> {
        let until = Instant::now() + Duration::from_secs(5);
        let id = self.0.id();
        loop {
            let mut names = BTreeSet::new();
            for task in fs::read_dir(format!("/proc/{id}/task")).unwrap().flatten() {
                let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
                if task.file_name().to_string_lossy() != id.to_string() {
                    names.insert(name.trim().to_owned());
                }
            }
            if names == *expected || Instant::now() > until {
                return names;
            }
            std::thread::yield_now();
        }
    }

    /// Processes whose parent it is.
    fn children(&self) -> usize {
        let parent = format!(" {} ", self.0.id());
        let stats = fs::read_dir("/proc").unwrap().flatten();
        stats
            .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
            // Behind the name in brackets: the state, and the parent.
            .filter(|stat| {
                stat.rsplit(')')
                    .next()
                    .is_some_and(|rest| rest.get(2..).is_some_and(|rest| rest.starts_with(&parent)))
            })
            .count()
    }

    /// Waits for its end, which has to be a good one, and gives the threads that it says it has joined.
    fn joined(mut self) -> BTreeSet<String> {
        let mut told = String::new();
        let mut stderr = self.0.stderr.take().unwrap();
        stderr.read_to_string(&mut told).unwrap();
        assert!(self.0.wait().unwrap().success(), "{told}");
        let joined = told.lines().filter_map(|line| line.rsplit_once("joined "));
        joined.map(|(_, name)| name.to_owned()).collect()
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_programs_join_their_threads_and_have_no_children() {
    let (server, mut console, mut shown) =
        Running::start(programs::SERVER, &["--bind", "127.0.0.1:0"]);
    let mut of_server = names(&["receive", "router", "screen"]);
    if cfg!(feature = "terminal") {
        of_server.extend(names(&["discover", "signals", "console"]));
    }
    let mut line = String::new();
    shown.read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().to_owned();

    let (client, input, _output) = Running::start(programs::CLIENT, &["--name", "小明", &address]);
    line.clear();
    shown.read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "小明 进入聊天室");

    assert_eq!(server.threads(&of_server), of_server);
    let of_client = names(&["receive", "send"]);
    assert_eq!(client.threads(&of_client), of_client);
    assert_eq!((server.children(), client.children()), (0, 0));

    drop(input);
    assert_eq!(client.joined(), of_client);
    console.write_all("/quit\n".as_bytes()).unwrap();
    assert_eq!(server.joined(), of_server);
}

#[test]
fn the_client_of_a_classic_server_joins_them_too() {
    let (server, mut console, mut shown) =
        Running::start(programs::SERVER, &["--bind", "127.0.0.1:0", "--classic"]);
    let mut line = String::new();
    shown.read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().to_owned();
    let flags = ["--classic", "--name", "小明", &address];
    let (client, input, _output) = Running::start(programs::CLIENT, &flags);
    line.clear();
    shown.read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "小明 进入聊天室");
    let of_client = names(&["receive", "send"]);
    assert_eq!(client.threads(&of_client), of_client);
    drop(input);
    assert_eq!(client.joined(), of_client);
    console.write_all("/quit\n".as_bytes()).unwrap();
    assert!(server.joined().contains("router"));
}
