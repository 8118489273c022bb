//! Networks that fail again and again, and a member who stops listening.

use crate::load::crowd::{Crowd, Stand};
use crate::load::program::{Program, Server};
use crate::load::{figure, size, wait};
use crate::player::relay::Relay;
use crate::world::net::Faults;
use std::time::{Duration, Instant};

/// Two talk while something is done to the way of the second one; each sees all that the other says, once and in order, and
/// nobody leaves.
fn talk_through(what: &str, time: Duration, mut disturb: impl FnMut(Duration, &Relay)) {
    let server = Server::start(&[]);
    let relay = Relay::new(server.address, 7, Faults::none()).expect("a relay");
    let mut near = Program::client("小红", server.address, &[]);
    server.program.sees("小红 进入聊天室");
    let mut far = Program::client("小明", relay.address, &[]);
    near.sees("小明 进入聊天室");
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < time {
        disturb(began.elapsed(), &relay);
        if began.elapsed() > Duration::from_millis(500) * count {
            near.types(&format!("近 {count}"));
            far.types(&format!("远 {count}"));
            count += 1;
        }
        wait(Duration::from_millis(50), || false);
    }
    relay.cut(false);
    for (program, who, word) in [(&near, "小明", "远"), (&far, "小红", "近")] {
        for number in 0..count {
            // Nothing else comes in between: neither leaving nor entering.
            let line = program.output.recv_timeout(Duration::from_secs(60));
            assert_eq!(line, Ok(format!("{who} 说：{word} {number}")), "{what}");
        }
    }
    for mut program in [near, far] {
        program.types("/quit");
        assert_eq!(program.exit(), Some(0));
    }
    figure(
        what,
        &format!("{time:?}: {} lines, 0 lost, 0 sessions lost", 2 * count),
    );
}

#[test]
fn a_network_that_is_gone_for_five_seconds_of_seven() {
    let (time, period, gone) = size((120, 7, 5), (7, 3, 2));
    talk_through("blackhole", Duration::from_secs(time), |now, relay| {
        relay.cut(now.as_secs() % period < gone);
    });
}

#[test]
fn a_new_address_every_few_seconds() {
    let (time, period) = size((60, 5), (5, 1));
    let mut moves = 0;
    talk_through("new addresses", Duration::from_secs(time), |now, relay| {
        if now.as_secs() / period > moves {
            moves += 1;
            relay.change_address().expect("another address");
        }
    });
}

#[test]
fn many_come_in_at_thirty_per_cent_loss() {
    let members = size(1000, 100);
    let server = Server::start(&["--rate", "0"]);
    let mut crowd = Crowd::new(server.address, 5);
    crowd.loss = 300;
    let began = crowd.now();
    crowd.fill_at_once("m", members, members.min(250));
    let time = crowd.now() - began;
    assert!((0..members).all(|at| crowd.stand(at) == Stand::In));
    figure(
        "joins",
        &format!("{members} at 30 % loss each way: all in after {time:.1?}"),
    );
    assert!(time < Duration::from_secs(60));
}

/// The 99th percentile of the latency in microseconds, while so many texts are said.
fn p99(crowd: &mut Crowd, speakers: usize, texts: usize) -> u64 {
    crowd.witness.latencies.reset();
    for _ in 0..texts {
        let speaker = crowd.below(speakers);
        crowd.says(speaker);
        crowd.pass(Duration::from_millis(20));
    }
    crowd.pass(Duration::from_millis(200));
    crowd.witness.latencies.value_at_quantile(0.99)
}

#[test]
fn one_of_a_hundred_who_stops_listening_holds_nobody_up() {
    const MEMBERS: usize = 100;
    let texts = size(500, 60);
    let server = Server::start(&["--rate", "0"]);
    let mut crowd = Crowd::new(server.address, 6);
    crowd.fill("m", MEMBERS);
    p99(&mut crowd, MEMBERS - 1, texts);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    // The log grows with what is said, whoever listens.
    let mut grown = [0i64; 2];
    let mut memory = server.program.memory() as i64;
    for round in 0..2 * size(5, 2) {
        let stops = round % 2 == 1;
        crowd.stops(MEMBERS - 1, stops);
        let latency = p99(&mut crowd, MEMBERS - 1, texts);
        let now = server.program.memory() as i64;
        grown[usize::from(stops)] += now - memory;
        if stops {
            without.push(latency);
        } else {
            with.push(latency);
        }
        crowd.stops(MEMBERS - 1, false);
        crowd.pass(Duration::from_millis(500));
        memory = server.program.memory() as i64;
    }
    assert!(crowd.settle(Duration::from_secs(20)));
    assert_eq!(crowd.check(), 0);
    with.sort_unstable();
    without.sort_unstable();
    let (with, without) = (with[with.len() / 2], without[without.len() / 2]);
    figure(
        "one stops",
        &format!(
            "p99 of the others {with} µs while it listens, {without} µs while it does not; memory {} KiB more while it listens, {} while it does not",
            grown[0], grown[1]
        ),
    );
    assert!(grown[1] <= grown[0] + 256, "{grown:?} KiB");
    // A machine with other work to do has latencies of its own.
    assert!(without <= 2 * with + 20_000, "{with} {without}");
}
