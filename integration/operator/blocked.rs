//! A server whose output, or transcript, nobody reads.

use super::settings::Folder;
use super::{Program, client, server};
use crate::programs;
use crossbeam_channel::never;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn who_does_not_read_its_output_keeps_a_server_neither_from_serving_nor_from_ending() {
    let mut child = programs::command(programs::SERVER)
        .args(["--bind", "127.0.0.1:0", "--rate", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    let mut server = Program {
        input: child.stdin.take(),
        output: never(),
        errors: never(),
        child,
    };
    let mut first = String::new();
    output.read_line(&mut first).expect("a line");
    let address = first.trim().rsplit(' ').next().expect("an address");
    let mut ann = client(address.parse().expect("an address"), "Ann");
    // More than a pipe and a reader's buffer hold.
    for _ in 0..200 {
        ann.types(&"x".repeat(1000));
    }
    ann.input = None;
    assert_eq!(ann.exit(), Some(0));
    // Neither an answer nor a diagnostic, which come behind what waits, keeps the next line from being read.
    server.types("/who\n/nonsense\n/help\n/quit");
    assert_eq!(server.exit(), Some(0));
}

#[test]
fn a_transcript_that_takes_no_more_keeps_a_server_neither_from_serving_nor_from_ending() {
    let folder = Folder::new("blocked");
    let pipe = folder.file("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("it runs").success());
    // Held open, and not read.
    let reader = File::options().read(true).write(true).open(&pipe);
    let _reader = reader.expect("both ends");
    let (mut server, address) = server(&["--rate", "0", "--transcript", &pipe]);
    // More than a pipe holds.
    for _ in 0..200 {
        server.types(&"x".repeat(1000));
    }
    let mut ann = client(address, "Ann");
    ann.types("hello");
    ann.input = None;
    assert_eq!(ann.exit(), Some(0));
    server.types("/quit");
    assert_eq!(server.exit(), Some(0));
}
