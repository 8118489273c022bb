//! Why each thread opens the files itself: a duplicated handle shares the offset of the first, as a descriptor that
//! lives across a fork does.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::thread;

use super::scratch::Scratch;

#[test]
fn cloned_handles_share_an_offset_between_threads() {
    let scratch = Scratch::new();
    let mut first = File::open(scratch.file("source", b"abcdefgh")).unwrap();
    let mut second = first.try_clone().unwrap();

    let read = thread::spawn(move || {
        second.seek(SeekFrom::Start(4)).unwrap();
        let mut read = [0; 2];
        second.read_exact(&mut read).unwrap();
        read
    });
    assert_eq!(&read.join().unwrap(), b"ef");

    // The first handle was never touched, and has moved.
    assert_eq!(first.stream_position().unwrap(), 6);
    let mut read = [0; 2];
    first.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"gh", "it reads on behind the other thread's bytes");
}

#[test]
fn cloned_handles_write_behind_one_another_between_threads() {
    let scratch = Scratch::new();
    let path = scratch.at("copy");
    let mut first = File::create(&path).unwrap();
    let mut second = first.try_clone().unwrap();

    // Each means to write its half at the place where its handle was: the first at 0, the second at 4.
    second.seek(SeekFrom::Start(4)).unwrap();
    thread::spawn(move || second.write_all(b"efgh").unwrap())
        .join()
        .unwrap();
    first.write_all(b"abcd").unwrap();

    assert_eq!(std::fs::read(&path).unwrap(), b"\0\0\0\0efghabcd");
}

#[test]
fn separately_opened_handles_have_an_offset_each() {
    let scratch = Scratch::new();
    let path = scratch.file("file", b"abcdefgh");
    let mut first = File::options().read(true).write(true).open(&path).unwrap();

    let other = path.clone();
    let read = thread::spawn(move || {
        let mut second = File::options().read(true).write(true).open(&other).unwrap();
        second.seek(SeekFrom::Start(4)).unwrap();
        second.write_all(b"EF").unwrap();
        let mut read = [0; 2];
        second.read_exact(&mut read).unwrap();
        read
    });
    assert_eq!(&read.join().unwrap(), b"gh");

    assert_eq!(first.stream_position().unwrap(), 0);
    first.write_all(b"AB").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"ABcdEFgh");
}
