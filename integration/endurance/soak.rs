//! A room that is in use for long: 200 members talk, come and go, on a network that loses 5 %; `make soak MINUTES=n`.
//!
//! In its first five minutes everything that has a bound is filled up to it: the log, and the sessions that ended
//! and are remembered. From then on nothing may grow.

use crate::load::crowd::{Crowd, Stand};
use crate::load::figure;
use crate::load::program::Server;
use std::time::Duration;

/// How the time is spent.
struct Plan {
    members: usize,
    time: Duration,
    /// Until everything is as full as it gets.
    filling: Duration,
    /// Texts, and those who leave with others who come for them, per second: first, and after the filling; in one
    /// proportion, so that the log holds the same in the end.
    texts: [f64; 2],
    changes: [f64; 2],
}

fn plan() -> Plan {
    let minutes: u64 = { std::env::var("MINUTES").ok() }
        .and_then(|minutes| minutes.parse().ok())
        .unwrap_or(0);
    if minutes == 0 {
        return Plan {
            members: 40,
            time: Duration::from_secs(8),
            filling: Duration::from_secs(3),
            texts: [40.0, 20.0],
            changes: [4.0, 2.0],
        };
    }
    Plan {
        members: 200,
        time: Duration::from_secs(60 * minutes),
        filling: Duration::from_secs(300),
        texts: [28.0, 6.0],
        changes: [14.0, 3.0],
    }
}

/// What `/proc` says of the server.
#[derive(Clone, Copy, Debug)]
struct Sample {
    memory: u64,
    descriptors: usize,
    threads: usize,
}

fn sample(server: &Server) -> Sample {
    Sample {
        memory: server.program.memory(),
        descriptors: server.program.descriptors(),
        threads: server.program.threads(),
    }
}

/// What happens so often a second, counted out over time.
fn due(rate: [f64; 2], now: Duration, filling: Duration) -> usize {
    let (early, late) = (now.min(filling), now.saturating_sub(filling));
    (rate[0] * early.as_secs_f64() + rate[1] * late.as_secs_f64()) as usize
}

#[test]
fn soak() {
    let plan = plan();
    let full = plan.members == 200;
    let server = Server::start(&["--rate", "0"]);
    let mut crowd = Crowd::new(server.address, 1);
    crowd.fill("m", plan.members);
    crowd.loss = 50;
    let began = crowd.now();
    let (mut said, mut changed, mut reported) = (0, 0, 0);
    let mut base = None;
    let mut samples = Vec::new();
    loop {
        let now = crowd.now() - began;
        if now >= plan.time {
            break;
        }
        while said < due(plan.texts, now, plan.filling) {
            said += 1;
            if let Some(speaker) = someone(&mut crowd) {
                crowd.says(speaker);
            }
        }
        while changed < due(plan.changes, now, plan.filling) {
            changed += 1;
            if let Some(leaver) = someone(&mut crowd) {
                crowd.leaves(leaver);
                let name = format!("m{}", crowd.len());
                crowd.enter(&name);
            }
        }
        crowd.turn(Duration::from_millis(20));
        server.program.output.try_iter().for_each(drop);
        if now >= plan.filling && base.is_none() {
            base = Some(sample(&server));
        }
        if now.as_secs() / 10 > reported {
            reported = now.as_secs() / 10;
            let sample = sample(&server);
            samples.push((now, sample));
            if full && reported.is_multiple_of(6) {
                let cpu = server.program.cpu();
                figure(
                    "soak",
                    &format!(
                        "{} s: {sample:?}, cpu {cpu:?}, {} texts, {} changes",
                        now.as_secs(),
                        said,
                        changed
                    ),
                );
            }
        }
    }
    assert!(crowd.settle(Duration::from_secs(60)), "everything arrives");
    let lost = crowd.check();
    let base = base.expect("it lasts longer than the filling");
    let end = sample(&server);
    samples.push((crowd.now() - began, end));
    let drift = { samples.iter() }
        .filter(|(at, _)| *at >= plan.filling)
        .map(|(_, sample)| 100.0 * (sample.memory as f64 - base.memory as f64) / base.memory as f64)
        .fold(0f64, |most, drift| {
            if drift.abs() > most.abs() {
                drift
            } else {
                most
            }
        });
    figure(
        "soak",
        &format!(
            "{} members, {:.0} min, 5 % loss each way: {} texts, {} left and as many came, {} deliveries, {lost} lost; \
             memory {} KiB after the filling, {} at the end, drift {drift:.2} % at most; {} descriptors, {} threads; \
             latency p50 {} µs, p99 {} µs; server CPU {:?}",
            plan.members,
            plan.time.as_secs_f64() / 60.0,
            crowd.witness.said(),
            changed,
            crowd.witness.deliveries,
            base.memory,
            end.memory,
            end.descriptors,
            end.threads,
            crowd.witness.latencies.value_at_quantile(0.5),
            crowd.witness.latencies.value_at_quantile(0.99),
            server.program.cpu(),
        ),
    );
    assert_eq!(lost, 0);
    // A run that is over before the log is full grows with it.
    let most = if full { 1.0 } else { 25.0 };
    assert!(drift < most, "resident memory has grown by {drift:.2} %");
    for (at, sample) in &samples {
        let constant = (sample.descriptors, sample.threads) == (base.descriptors, base.threads);
        assert!(constant, "after {at:?}: {sample:?}, first {base:?}");
    }
}

/// A member who is in.
fn someone(crowd: &mut Crowd) -> Option<usize> {
    let here: Vec<usize> = (0..crowd.len())
        .filter(|at| crowd.stand(*at) == Stand::In)
        .collect();
    let at = crowd.below(here.len().max(1));
    here.get(at).copied()
}
