//! What the rows are held against: datagrams that are only sent, and a relay that only passes on.
//!
//! Both run as processes of their own, started from this program, and are measured as the server is.

use super::crowd::{AT_ONCE, Crowd, socket};
use super::peer::{Naive, REGISTER, SENDERS};
use super::report::Row;
use super::rows::{Meter, TURN, join, pace, speak_steadily};
use super::server::{Server, cpu, spawn_apart};
use super::{Result, Scale};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes of a datagram that carries one event of 60 bytes of text.
pub const ONE_EVENT: usize = 109;

/// The part of the relay: whoever registers gets what anyone says.
pub fn be_naive() -> Result<()> {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    let mut members: Vec<SocketAddr> = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        let Ok((size, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        if &buffer[..size] == REGISTER {
            members.push(from);
            let _ = socket.send_to(REGISTER, from);
            continue;
        }
        for member in &members {
            let _ = socket.send_to(&buffer[..size], member);
        }
    }
}

/// The part of the raw loop: datagrams to the ports that the first line names, until the time is over.
pub fn be_raw() -> Result<()> {
    let mut line = String::new();
    BufReader::new(std::io::stdin()).read_line(&mut line)?;
    let mut numbers = line
        .split_whitespace()
        .map(|word| -> Result<u64> { Ok(word.parse()?) });
    let millis = numbers.next().ok_or("no time")??;
    let bytes = vec![7; numbers.next().ok_or("no size")?? as usize];
    let members: Vec<SocketAddr> = numbers
        .map(|port| Ok(([127, 0, 0, 1], port? as u16).into()))
        .collect::<Result<_>>()?;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    let (began, before) = (Instant::now(), cpu("/proc/self/task")?);
    let mut sent = 0u64;
    while began.elapsed() < Duration::from_millis(millis) {
        for member in &members {
            sent += u64::from(socket.send_to(&bytes, member).is_ok());
        }
    }
    let spent = cpu("/proc/self/task")? - before;
    writeln!(
        std::io::stdout(),
        "{sent} {} {}",
        spent.as_nanos(),
        began.elapsed().as_nanos()
    )?;
    Ok(())
}

/// How the sockets are received from to which is only sent.
#[derive(Clone, Copy)]
pub enum Receiver {
    /// One socket after the other, again and again: nobody has to be woken.
    Busy,
    /// As the crowd does it, which sleeps until there is something in one of them.
    Waiting,
}

/// Only `send_to`, datagrams of this size to as many sockets.
pub fn raw(members: usize, size: usize, time: Duration, receiver: Receiver) -> Result<Row> {
    let mut sockets = (0..members)
        .map(|_| Ok(UdpSocket::from_std(socket()?)))
        .collect::<Result<Vec<_>>>()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("raw");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = spawn_apart(&mut command)?;
    let mut line = format!("{} {size}", time.as_millis());
    for socket in &sockets {
        line.push_str(&format!(" {}", socket.local_addr()?.port()));
    }
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(AT_ONCE));
    if let Receiver::Waiting = receiver {
        for (index, socket) in sockets.iter_mut().enumerate() {
            let (token, readable) = (Token(index), Interest::READABLE);
            poll.registry().register(socket, token, readable)?;
        }
    }
    writeln!(child.stdin.take().ok_or("no stdin")?, "{line}")?;
    let mut received = 0;
    while child.try_wait()?.is_none() {
        match receiver {
            Receiver::Busy => received += drain(&sockets),
            Receiver::Waiting => {
                poll.poll(&mut events, Some(TURN))?;
                let ready = events.iter().map(|event| &sockets[event.token().0]);
                received += drain(ready);
            }
        }
    }
    received += drain(&sockets);
    let mut answer = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut answer)?;
    let numbers: Vec<u64> = answer
        .split_whitespace()
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    let &[sent, cpu, elapsed] = &numbers[..] else {
        return Err(format!("the raw loop says {answer:?}").into());
    };
    Ok(Row {
        deliveries_per_cpu_s: Some(sent as f64 / cpu as f64 * 1e9),
        deliveries_per_s: Some(sent as f64 / elapsed as f64 * 1e9),
        // What was on its way to a port before it was this socket's comes along.
        lost: Some(sent.saturating_sub(received)),
        server_cpu_pct: Some(100.0 * cpu as f64 / elapsed as f64),
        ..Row::new("raw", members)
    })
}

fn drain<'a>(sockets: impl IntoIterator<Item = &'a UdpSocket>) -> u64 {
    let mut buffer = [0; chatroom::limits::RECEIVE_BUFFER];
    let mut received = 0;
    for socket in sockets {
        while socket.recv(&mut buffer).is_ok() {
            received += 1;
        }
    }
    received
}

fn relay(members: usize) -> Result<(Server, Crowd<Naive>)> {
    let server = Server::reference("naive")?;
    let mut crowd = Crowd::new(server.address)?;
    for member in 0..members {
        let author = (0..SENDERS).find(|author| author * members / SENDERS == member);
        crowd.add(Naive::new(author))?;
    }
    join(&mut crowd)?;
    Ok((server, crowd))
}

/// The relay, one message at a time.
pub fn naive_paced(scale: Scale, members: usize) -> Result<Row> {
    let (server, mut crowd) = relay(members)?;
    let meter = Meter::start(&server, &mut crowd)?;
    pace(&mut crowd, scale.paced)?;
    Ok(Row {
        window: Some(1),
        ..meter.row("naive", &server, &crowd)?
    })
}

/// The relay, at a steady rate.
pub fn naive_steady(scale: Scale, members: usize) -> Result<Row> {
    let (server, mut crowd) = relay(members)?;
    speak_steadily(&mut crowd, Duration::from_secs(1))?;
    let meter = Meter::start(&server, &mut crowd)?;
    speak_steadily(&mut crowd, scale.steady)?;
    meter.row("naive", &server, &crowd)
}
