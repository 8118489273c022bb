//! Being found.

use super::*;
use crate::wire::{Found, Seek};

const NONCE: u64 = 77;

fn seek() -> Vec<u8> {
    encoded(&Open::Seek(Seek { nonce: NONCE }))
}

#[test]
fn whoever_looks_for_a_room_finds_it_if_it_is_to_be_found() {
    let mut house = House::new(Config::default());
    assert!(house.give(address(9), &seek()).is_empty(), "not at first");
    house.room.set_title(Some("教室"));
    house.member("小明", 1);
    let out = house.give(address(9), &seek());
    let found = Found {
        nonce: NONCE,
        version: wire::VERSION,
        members: 1,
        capacity: limits::MEMBERS as u32,
        title: "教室",
    };
    assert_eq!((out.len(), out[0].0), (1, address(9)));
    assert_eq!(open(&out), Some(Open::Found(found)));
    house.room.set_title(None);
    assert!(house.give(address(9), &seek()).is_empty(), "no more");
    assert_eq!(house.room.stats().turned_away, 2);
}

#[test]
fn members_of_both_kinds_are_counted() {
    let mut house = House::new(Config {
        classic: Classic::Near,
        ..Config::default()
    });
    house.room.set_title(Some("教室"));
    house.member("小明", 1);
    house.give(address(2), b"L Tom");
    match open(&house.give(address(9), &seek())) {
        Some(Open::Found(found)) => assert_eq!(found.members, 2),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_is_never_larger_than_the_question_and_never_answered() {
    let mut house = House::new(Config::default());
    house.room.set_title(Some(&"教".repeat(30)));
    let out = house.give(address(9), &seek());
    assert!(out[0].1.len() <= seek().len());
    let Some(Open::Found(found)) = open(&out) else {
        panic!("not found");
    };
    assert_eq!(found.title, "教".repeat(limits::TITLE_BYTES / 3));
    assert!(house.give(address(9), &out[0].1).is_empty(), "two servers");
}

#[test]
fn a_source_is_answered_no_more_often_than_at_the_door() {
    let mut house = House::new(Config::default());
    house.room.set_title(Some("教室"));
    let answers = (0..1000).map(|_| house.give(address(9), &seek()).len());
    assert_eq!(answers.sum::<usize>(), limits::SOURCE_BURST as usize);
}

#[test]
fn a_room_that_closes_is_not_found() {
    let mut house = House::new(Config::default());
    house.room.set_title(Some("教室"));
    house.member("小明", 1);
    house.room.handle_close(&mut house.users, house.now);
    house.flush();
    let out = house.give(address(9), &seek());
    assert!(out.iter().all(|(to, _)| *to != address(9)));
}
