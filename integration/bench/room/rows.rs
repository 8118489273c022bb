//! The rows that the server is measured by.

use super::crowd::Crowd;
use super::peer::{Peer, SENDERS};
use super::report::Row;
use super::server::Server;
use super::{Result, Scale};
use chatroom::limits;
use chatroom::link::Random;
use chatroom::session::Session;
use std::time::{Duration, Instant};

/// Handshakes that are open at once: with twice as many, and what those who have come in answer meanwhile, a default
/// receive buffer overflows now and then, and somebody waits for a retry.
const HANDSHAKES: usize = 32;
/// What is not delivered by then is lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// The crowd looks this often whether to stop.
pub const TURN: Duration = Duration::from_millis(5);

/// From when on is counted.
pub struct Meter {
    began: Instant,
    cpu: Duration,
}

impl Meter {
    pub fn start<P: Peer>(server: &Server, crowd: &mut Crowd<P>) -> Result<Meter> {
        crowd.tally.reset();
        let cpu = server.cpu()?;
        Ok(Meter {
            began: Instant::now(),
            cpu,
        })
    }

    /// What was delivered since, and what it cost.
    pub fn row<P: Peer>(&self, name: &str, server: &Server, crowd: &Crowd<P>) -> Result<Row> {
        let tally = &crowd.tally;
        if let Some(failure) = tally.failures.first() {
            return Err(format!("{name}, {} members: {failure}", crowd.len()).into());
        }
        if tally.wrong > 0 {
            let wrong = tally.wrong;
            return Err(format!("{name}: {wrong} texts came doubled or out of order").into());
        }
        let elapsed = self.began.elapsed().as_secs_f64();
        let cpu = (server.cpu()? - self.cpu).as_secs_f64();
        let seen = tally.seen as f64;
        super::note(&format!(
            "{name} {}: {:.2} deliveries a datagram; {:.2} datagrams back for each",
            crowd.len(),
            seen / tally.datagrams as f64,
            tally.answers as f64 / tally.datagrams as f64
        ));
        let latency = |quantile| Some(tally.latencies.value_at_quantile(quantile));
        Ok(Row {
            deliveries_per_cpu_s: Some(seen / cpu),
            deliveries_per_s: Some(seen / elapsed),
            lost: Some(tally.lost()),
            p50_us: latency(0.5),
            p99_us: latency(0.99),
            max_us: Some(tally.latencies.max()),
            server_cpu_pct: Some(100.0 * cpu / elapsed),
            peak_kib: Some(server.memory()?.1),
            ..Row::new(name, crowd.len())
        })
    }
}

/// Adds members, ready to come in.
fn invite(crowd: &mut Crowd<Session>, members: usize) -> Result<()> {
    let mut random = Random::new(members as u64);
    while crowd.len() < members {
        let name = format!("m{}", crowd.len());
        let session = Session::new(crowd.now(), &name, 0, random.bits());
        crowd.add(session)?;
    }
    Ok(())
}

/// Lets in who was added, a few at a time.
pub fn join<P: Peer>(crowd: &mut Crowd<P>) -> Result<()> {
    let mut started = crowd.tally.joined;
    let deadline = crowd.now() + PATIENCE;
    while crowd.tally.joined < crowd.len() {
        while started < crowd.len().min(crowd.tally.joined + HANDSHAKES) {
            crowd.start(started);
            started += 1;
        }
        crowd.turn(TURN)?;
        if let Some(failure) = crowd.tally.failures.first() {
            return Err(failure.clone().into());
        }
        if crowd.now() > deadline {
            let joined = crowd.tally.joined;
            return Err(format!("{joined} of {} came in", crowd.len()).into());
        }
    }
    Ok(())
}

fn settle(crowd: &mut Crowd<Session>) -> Result<()> {
    let deadline = crowd.now() + PATIENCE;
    while !crowd.is_level() {
        crowd.turn(TURN)?;
        if crowd.now() > deadline {
            return Err("not everyone has seen everyone come in".into());
        }
    }
    run_for(crowd, Duration::from_millis(150))?;
    match crowd.tally.failures.first() {
        Some(failure) => Err(failure.clone().into()),
        None => Ok(()),
    }
}

fn run_for<P: Peer>(crowd: &mut Crowd<P>, time: Duration) -> Result<()> {
    let end = crowd.now() + time;
    while crowd.now() < end {
        crowd.turn(TURN.min(end.saturating_sub(crowd.now())))?;
    }
    Ok(())
}

/// A room with so many members, who have all seen each other come. `carries`: what the path carries, if it is narrow.
pub fn room(members: usize, carries: Option<usize>) -> Result<(Server, Crowd<Session>)> {
    let server = Server::chat(members)?;
    let mut crowd = Crowd::new(server.address)?;
    if let Some(bytes) = carries {
        crowd.narrow(bytes);
    }
    invite(&mut crowd, members)?;
    join(&mut crowd)?;
    settle(&mut crowd)?;
    Ok((server, crowd))
}

fn finish<P: Peer>(crowd: &mut Crowd<P>) -> Result<()> {
    let deadline = crowd.now() + PATIENCE;
    while !crowd.tally.is_complete() && crowd.now() < deadline {
        crowd.turn(TURN)?;
    }
    Ok(())
}

fn speak_in_windows<P: Peer>(crowd: &mut Crowd<P>, window: usize, time: Duration) -> Result<()> {
    let end = crowd.now() + time;
    while crowd.now() < end {
        for author in 0..SENDERS {
            crowd.say(author, window - crowd.tally.unseen(author).min(window));
        }
        crowd.turn(TURN)?;
    }
    finish(crowd)
}

/// All speak as fast as their windows allow; the best window counts. `flood-1200` has a path that carries no more.
pub fn flood(scale: Scale, members: usize, row: &str) -> Result<Row> {
    let carries = (row == "flood-1200").then_some(limits::DATAGRAM);
    let (server, mut crowd) = room(members, carries)?;
    speak_in_windows(&mut crowd, 8, scale.flood / 4)?;
    let mut best: Option<Row> = None;
    for window in scale.windows {
        let meter = Meter::start(&server, &mut crowd)?;
        speak_in_windows(&mut crowd, *window, scale.flood)?;
        let row = Row {
            window: Some(*window),
            ..meter.row(row, &server, &crowd)?
        };
        super::note(&row.line());
        best = Some(match best {
            Some(best) if best.deliveries_per_cpu_s >= row.deliveries_per_cpu_s => best,
            _ => row,
        });
    }
    best.ok_or_else(|| "no window was tried".into())
}

/// One message at a time: the next when everyone has seen the one before.
pub fn pace<P: Peer>(crowd: &mut Crowd<P>, time: Duration) -> Result<()> {
    let end = crowd.now() + time;
    let mut authors = (0..SENDERS).cycle();
    while crowd.now() < end {
        crowd.say(authors.next().unwrap_or_default(), 1);
        finish(crowd)?;
    }
    Ok(())
}

/// So many messages a second, evenly.
pub fn speak_steadily<P: Peer>(crowd: &mut Crowd<P>, time: Duration) -> Result<()> {
    const EACH: Duration = Duration::from_millis(20);
    let mut next = crowd.now();
    let end = next + time;
    let mut authors = (0..SENDERS).cycle();
    while next < end {
        crowd.say(authors.next().unwrap_or_default(), 1);
        next += EACH;
        while crowd.now() < next {
            crowd.turn(next.saturating_sub(crowd.now()))?;
        }
    }
    finish(crowd)
}

/// `steady`, or on a path of 20 ms there and back that loses 5 % each way.
pub fn steady(scale: Scale, members: usize, lossy: bool) -> Result<Row> {
    let (server, mut crowd) = room(members, None)?;
    if lossy {
        crowd.worsen(Duration::from_millis(10), 50);
    }
    speak_steadily(&mut crowd, Duration::from_secs(1))?;
    let meter = Meter::start(&server, &mut crowd)?;
    speak_steadily(&mut crowd, scale.steady)?;
    meter.row(if lossy { "lossy" } else { "steady" }, &server, &crowd)
}

/// From the first Hello until the last one has its Welcome; everyone hears of everyone.
pub fn joins(members: usize) -> Result<Row> {
    let server = Server::chat(members)?;
    let mut crowd = Crowd::new(server.address)?;
    invite(&mut crowd, members)?;
    let (began, cpu) = (Instant::now(), server.cpu()?);
    join(&mut crowd)?;
    let (elapsed, joined) = (began.elapsed(), server.cpu()? - cpu);
    settle(&mut crowd)?;
    let settled = server.cpu()? - cpu;
    let per = |time: Duration| members as f64 / time.as_secs_f64();
    super::note(&format!(
        "joins {members}: {:.0}/s; per server CPU-second {:.0} until the last Welcome, {:.0} until all have heard of all",
        per(elapsed),
        per(joined),
        per(settled)
    ));
    Ok(Row {
        // Or it would not have settled.
        lost: Some(0),
        server_cpu_pct: Some(100.0 * joined.as_secs_f64() / elapsed.as_secs_f64()),
        joins_per_s: Some(per(elapsed)),
        peak_kib: Some(server.memory()?.1),
        ..Row::new("joins", members)
    })
}

/// Nobody says anything. What a member takes is counted beyond a server whose log is full already.
pub fn idle(scale: Scale, members: usize) -> Result<Row> {
    let server = Server::chat(members)?;
    let mut crowd = Crowd::new(server.address)?;
    invite(&mut crowd, SENDERS)?;
    join(&mut crowd)?;
    while crowd.tally.seen < (SENDERS as u64 - 1) * limits::LOG_EVENTS as u64 {
        speak_in_windows(&mut crowd, 32, TURN)?;
    }
    settle(&mut crowd)?;
    let empty = server.memory()?.0;
    invite(&mut crowd, members)?;
    join(&mut crowd)?;
    settle(&mut crowd)?;
    // Keep-alives come every 15 s: begin between two, and count over whole rounds.
    run_for(&mut crowd, Duration::from_secs(5))?;
    let (began, cpu) = (Instant::now(), server.cpu()?);
    run_for(&mut crowd, scale.idle)?;
    let cpu = (server.cpu()? - cpu).as_secs_f64();
    let (now, peak) = server.memory()?;
    let grown = (now.saturating_sub(empty)) as f64 * 1024.0;
    Ok(Row {
        server_cpu_pct: Some(100.0 * cpu / began.elapsed().as_secs_f64()),
        bytes_per_member: Some(grown / (members - SENDERS) as f64),
        peak_kib: Some(peak),
        ..Row::new("idle", members)
    })
}
