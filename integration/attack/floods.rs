//! Floods against the built server, beside members who talk.

use super::target::open;
use crate::load::crowd::{Crowd, Stand};
use crate::load::flood::Flood;
use crate::load::program::{PATIENCE, Server, server_program};
use crate::load::{figure, size};
use chatroom::link::Random;
use chatroom::wire::{Hello, Open};
use std::time::Duration;

/// Members that talk while somebody floods, and what they say together each second.
const MEMBERS: usize = 50;
const TEXTS: f64 = 40.0;

/// Lets the members talk for a time; gives the latencies' median and 99th percentile in microseconds, and the most memory
/// that the server had.
fn talk(crowd: &mut Crowd, server: &Server, time: Duration) -> (u64, u64, u64) {
    crowd.witness.latencies.reset();
    let (began, mut said, mut memory) = (crowd.now(), 0, 0);
    while crowd.now() - began < time {
        while (said as f64) < TEXTS * (crowd.now() - began).as_secs_f64() {
            said += 1;
            let speaker = crowd.below(MEMBERS);
            crowd.says(speaker);
        }
        crowd.turn(Duration::from_millis(5));
        if said % 8 == 0 {
            memory = memory.max(server.program.memory());
        }
    }
    assert!(crowd.settle(Duration::from_secs(20)), "everything arrives");
    let latencies = &crowd.witness.latencies;
    (
        latencies.value_at_quantile(0.5),
        latencies.value_at_quantile(0.99),
        memory,
    )
}

fn hello(number: u64) -> Vec<u8> {
    open(Open::Hello(Hello { nonce: number }))
}

/// Members, and the server that they have warmed up.
fn room(flags: &[&str]) -> (Server, Crowd) {
    let server = Server::start(flags);
    let mut crowd = Crowd::new(server.address, 3);
    crowd.fill("m", MEMBERS);
    (server, crowd)
}

#[test]
fn a_flood_of_hellos_makes_no_session_and_costs_no_memory() {
    let (server, mut crowd) = room(&["--rate", "0"]);
    let time = Duration::from_secs(size(20, 3));
    let before = talk(&mut crowd, &server, time / 2);
    let drops = server.dropped_by_kernel();
    let per_second = size(60_000, 20_000);
    let flood = Flood::start(server.address, 1000, per_second, hello);
    let during = talk(&mut crowd, &server, time);
    let (sent, rate) = flood.end();
    let drops = server.dropped_by_kernel() - drops;
    let after = talk(&mut crowd, &server, time / 2);
    let lost = crowd.check();
    let grown = during.2.max(after.2).saturating_sub(before.2);
    let entered = server
        .program
        .output
        .try_iter()
        .filter(|line| line.contains("进入"))
        .count();
    figure(
        "hello flood",
        &format!(
            "{sent} Hellos from 1000 addresses, {rate:.0} a second; 0 sessions; p50 {} → {} → {} µs, p99 {} → {} → {} µs before, \
             during and after; memory {} KiB and {grown} more; {drops} dropped by the kernel; {lost} texts lost",
            before.0, during.0, after.0, before.1, during.1, after.1, before.2
        ),
    );
    assert_eq!((entered, lost), (MEMBERS, 0));
    assert!(grown <= 1024, "{grown} KiB more");
}

#[test]
fn the_largest_datagrams_cost_no_memory() {
    let (server, mut crowd) = room(&["--rate", "0"]);
    let time = Duration::from_secs(size(10, 1));
    let before = talk(&mut crowd, &server, Duration::from_secs(1));
    let mut random = Random::new(11);
    let flood = Flood::start(server.address, 100, size(10_000, 4000), move |number| {
        let mut bytes = match number % 3 {
            0 => hello(number),
            // A session's id and a tag by chance.
            1 => [vec![0xfe, 1, 7], random.bits().to_be_bytes().repeat(3)].concat(),
            _ => random.bits().to_be_bytes().repeat(10),
        };
        bytes.resize(65_507, number as u8);
        bytes
    });
    let during = talk(&mut crowd, &server, time);
    let (sent, rate) = flood.end();
    let lost = crowd.check();
    let grown = during.2.saturating_sub(before.2);
    figure(
        "65 507 bytes",
        &format!(
            "{sent} datagrams, {rate:.0} a second; {grown} KiB more memory; p99 {} → {} µs; {lost} texts lost",
            before.1, during.1
        ),
    );
    assert_eq!(lost, 0);
    assert!(grown <= 1024, "{grown} KiB more");
}

/// Two hundred sockets ask for one name at the same moment, and again for another one.
#[test]
fn two_hundred_race_for_a_name_and_one_has_it() {
    let rounds = size(100, 5);
    let server = Server::start(&["--rate", "0"]);
    for round in 0..rounds {
        let mut crowd = Crowd::new(server.address, round);
        crowd.contested = true;
        // Names that look alike are one name.
        let names = [
            format!("Ann {round}"),
            format!("ANN {round}"),
            format!("ann {round}"),
        ];
        for number in 0..200 {
            crowd.enter(&names[number % 3]);
        }
        let deadline = crowd.now() + Duration::from_secs(20);
        while (0..200).any(|at| crowd.stand(at) == Stand::Outside) {
            crowd.turn(Duration::from_millis(5));
            assert!(crowd.now() < deadline, "not everyone is answered");
        }
        let winners = (0..200).filter(|at| crowd.stand(*at) == Stand::In).count();
        assert_eq!(winners, 1, "round {round}");
        server.program.finds(PATIENCE, |line| line.contains("进入"));
    }
    // No more than the winners.
    assert_eq!(server.program.output.try_iter().count(), 0);
    figure(
        "name races",
        &format!("{rounds} of 200 sockets each, one winner each"),
    );
}

/// A name, and what a line of the log could be made to hold.
const NASTY: &str = "\u{1b}[2J\u{7}\u{202e}\r\nroot";

/// Whatever is sent, and however much of it: the log says little, and nothing that a terminal would obey.
#[test]
fn a_flood_of_anything_writes_next_to_nothing() {
    let mut command = server_program();
    command
        .args(["--bind", "127.0.0.1:0", "--rate", "0"])
        .env("RUST_LOG", "trace");
    let server = Server::start_command(command);
    let time = Duration::from_secs(size(3, 1));
    let mut crowd = Crowd::new(server.address, 3);
    crowd.fill("m", 2);
    let mut random = Random::new(12);
    let mut kinds: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("Hellos", hello(1)),
        ("escape sequences", NASTY.as_bytes().repeat(20)),
        (
            "sealed of no session",
            [vec![0xfe, 1, 7], random.bits().to_be_bytes().repeat(20)].concat(),
        ),
        ("cut short", hello(1)[..100].to_vec()),
        ("of another version", {
            let mut bytes = hello(1);
            bytes[1] = 9;
            bytes
        }),
        (
            "what servers say",
            [vec![0xfe, 1, 8], random.bits().to_be_bytes().repeat(20)].concat(),
        ),
        (
            "Joins with a cookie by chance",
            super::target::join(1, 2, NASTY),
        ),
    ];
    // Every kind that there is, with a body by chance.
    for kind in 1..=20u8 {
        kinds.push((
            "by chance",
            [vec![0xfe, 1, kind], random.bits().to_be_bytes().repeat(149)].concat(),
        ));
    }
    server.program.errors.try_iter().for_each(drop);
    let mut most = 0f64;
    for (name, bytes) in kinds {
        let flood = Flood::start(server.address, 20, 5000, move |_| bytes.clone());
        crowd.pass(time);
        let (sent, _) = flood.end();
        let told: Vec<String> = server.program.errors.try_iter().collect();
        let rate = told.len() as f64 / time.as_secs_f64();
        most = most.max(rate);
        assert!(
            rate <= 10.0,
            "{name}: {} lines for {sent}: {:?}",
            told.len(),
            &told[..3]
        );
        for line in &told {
            assert!(
                !line.chars().any(|c| c.is_control() || c == '\u{202e}'),
                "{line:?}"
            );
        }
    }
    let shown: Vec<String> = server.program.output.try_iter().collect();
    assert!(shown.len() == 2, "{shown:?}");
    figure(
        "log lines",
        &format!(
            "{most:.1} a second at most, at RUST_LOG=trace, for 5000 datagrams a second of each kind"
        ),
    );
    assert_eq!(crowd.check(), 0);
}
