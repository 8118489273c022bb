//! Eight clients speak as fast as they can over a network that loses a fifth: all see the one log.

use crate::load::program::{Program, Server};
use crate::load::{figure, size, wait};
use crate::player::relay::Relay;
use crate::world::net::Faults;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::process::ChildStdin;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;

fn hash(lines: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    lines.hash(&mut hasher);
    hasher.finish()
}

fn name(client: usize) -> String {
    format!("甲{client}")
}

/// Lets a client say its lines. Gives its input back, for whoever leaves early sees less than the others.
fn speak(program: &mut Program, client: usize, lines: usize) -> JoinHandle<ChildStdin> {
    let mut input = program.take_input();
    thread::spawn(move || {
        for number in 0..lines {
            writeln!(input, "{client} 的第 {number} 句").expect("it reads");
        }
        input
    })
}

/// Stops a client for a moment, again and again, while another one speaks as fast as it can.
#[test]
fn who_stalls_for_a_moment_is_not_outrun() {
    let lines = size(100_000, 30_000);
    let server = Server::start(&["--rate", "0"]);
    let mut speaker = Program::client("甲", server.address, &[]);
    server.program.sees("甲 进入聊天室");
    let listener = Program::client("乙", server.address, &[]);
    speaker.sees("乙 进入聊天室");
    let speaking = speak(&mut speaker, 0, lines);
    while !speaking.is_finished() {
        listener.signal("-STOP");
        wait(Duration::from_millis(600), || false);
        listener.signal("-CONT");
        wait(Duration::from_millis(300), || false);
    }
    let seen = collect(
        &listener,
        Duration::from_secs(120),
        |line| line.contains(" 说："),
        lines,
    );
    for (number, line) in seen.iter().enumerate() {
        assert_eq!(*line, format!("甲 说：0 的第 {number} 句"));
    }
}

#[test]
fn eight_clients_at_twenty_per_cent_loss_see_one_log() {
    let lines = size(10_000, 400);
    let patience = Duration::from_secs(size(600, 60));
    let server = Server::start(&["--rate", "0"]);
    let faults = Faults {
        loss: 200,
        ..Faults::none()
    };
    let relays: Vec<Relay> = (0..CLIENTS as u64)
        .map(|seed| Relay::new(server.address, seed, faults).expect("a relay"))
        .collect();
    let mut clients = Vec::new();
    for (client, relay) in relays.iter().enumerate() {
        clients.push(Program::client(&name(client), relay.address, &[]));
        server.program.sees(&format!("{} 进入聊天室", name(client)));
    }
    let began = Instant::now();
    let speaking: Vec<_> = { clients.iter_mut().enumerate() }
        .map(|(client, program)| speak(program, client, lines))
        .collect();
    let said = lines * CLIENTS;
    let log = collect(
        &server.program,
        patience,
        |line| line.contains(" 说："),
        said,
    );
    let elapsed = began.elapsed();
    for (client, program) in clients.iter().enumerate() {
        let own = format!("{} 说：", name(client));
        let expected: Vec<String> = log
            .iter()
            .filter(|line| !line.starts_with(&own))
            .cloned()
            .collect();
        let others = said - lines;
        let seen = collect(program, patience, |line| line.contains(" 说："), others);
        assert_eq!(
            seen.len(),
            expected.len(),
            "lines that {} saw",
            name(client)
        );
        assert_eq!(hash(&seen), hash(&expected), "what {} saw", name(client));
        for number in [0, lines - 1] {
            let line = format!("{own}{client} 的第 {number} 句");
            assert_eq!(
                log.iter().filter(|said| **said == line).count(),
                1,
                "{line}"
            );
        }
    }
    drop(speaking);
    let rate = said as f64 / elapsed.as_secs_f64();
    figure(
        "transcripts",
        &format!(
            "{CLIENTS} clients, {lines} lines each, 20 % loss each way: {} lines in the log in {elapsed:.1?} ({rate:.0} a second), \
             0 of {} lines lost, doubled or out of order, all {CLIENTS} transcripts the log's",
            log.len(),
            log.len() * (CLIENTS - 1),
        ),
    );
}

/// The lines that are wanted, until there are so many; one that tells of a gap is the end.
fn collect(
    program: &Program,
    patience: Duration,
    wanted: impl Fn(&str) -> bool,
    count: usize,
) -> Vec<String> {
    let deadline = Instant::now() + patience;
    let mut lines = Vec::new();
    while lines.len() < count {
        let Ok(line) = program.output.recv_deadline(deadline) else {
            panic!("{} of {count} lines in time", lines.len());
        };
        assert!(
            !line.contains("条消息已无法取得"),
            "after {} lines: {line}",
            lines.len()
        );
        if wanted(&line) {
            lines.push(line);
        }
    }
    lines
}
