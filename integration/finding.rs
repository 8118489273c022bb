//! A client that is named no server, and the rooms that it finds.

use crate::operator::{Program, server};
use crate::programs;
use chatroom::client::find::{Room, Search, look};
use chatroom::limits;
use chatroom::wire::{self, Challenge, Datagram, Found, Open};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const NONCE: u64 = 7;

/// A client that looks there and is typed nothing.
fn client(places: &str, args: &[&str]) -> Program {
    let mut client = Program::start(programs::CLIENT, &[&["--find", places], args].concat());
    client.input = None;
    client
}

/// Everything that it says on stderr.
fn errors(client: &mut Program) -> (Option<i32>, Vec<String>) {
    let exit = client.exit();
    let lines = client.errors.iter();
    (exit, lines.collect())
}

fn found(nonce: u64, title: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let found = Found {
        nonce,
        version: wire::VERSION,
        members: 1,
        capacity: 30,
        title,
    };
    wire::encode(&Open::Found(found), &mut bytes);
    bytes
}

/// Runs `run` while every Seek and Hello to the first socket is answered with what `answer` sends.
fn with_fake<T>(
    socket: &UdpSocket,
    answer: impl Fn(u64, SocketAddr) + Sync,
    run: impl FnOnce() -> T,
) -> T {
    let over = AtomicBool::new(false);
    socket
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 2000];
            while !over.load(Ordering::Acquire) {
                let Ok((size, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                match wire::decode(&buffer[..size]) {
                    Ok(Datagram::Open(Open::Seek(seek))) => answer(seek.nonce, from),
                    Ok(Datagram::Open(Open::Hello(hello))) => answer(hello.nonce, from),
                    _ => (),
                }
            }
        });
        let result = run();
        over.store(true, Ordering::Release);
        result
    })
}

fn bound(address: &str) -> UdpSocket {
    UdpSocket::bind(address).expect("a free port")
}

fn at(places: &[&UdpSocket]) -> Search {
    let places = places.iter().map(|socket| socket.local_addr().unwrap());
    Search {
        places: places.collect(),
        home: None,
        ends_at_home: false,
    }
}

fn titles(rooms: &[Room]) -> Vec<&str> {
    let told = rooms.iter().filter_map(|room| room.told.as_ref());
    told.map(|told| told.title.as_str()).collect()
}

#[test]
fn the_one_room_is_entered() {
    let (server, address) = server(&["--title", "教室"]);
    let mut client = client(&address.to_string(), &["--name", "小明"]);
    assert_eq!(server.line_with("进入"), "小明 进入聊天室");
    let (exit, errors) = errors(&mut client);
    let told = format!("chat-client: 找到聊天室：“教室” {address}（0/4096 人）");
    assert_eq!((exit, errors), (Some(0), vec![told]));
}

#[test]
fn a_room_at_the_other_loopback_is_found_and_entered() {
    if let Err(error) = UdpSocket::bind("[::1]:0") {
        return chatroom::cli::complain(&format!("not looked for at ::1: {error}"));
    }
    let flags = ["--bind", "[::1]:0", "--title", "教室"];
    let server = Program::start(programs::SERVER, &flags);
    let first = server.line();
    let address = first.rsplit(' ').next().expect("an address");
    assert!(address.starts_with("[::1]:"), "{first}");
    let mut client = client(address, &["--name", "小明"]);
    assert_eq!(server.line_with("进入"), "小明 进入聊天室");
    let (exit, errors) = errors(&mut client);
    let told = format!("chat-client: 找到聊天室：“教室” {address}（0/4096 人）");
    assert_eq!((exit, errors), (Some(0), vec![told]));
}

#[test]
fn of_two_rooms_none_is_entered_where_nobody_can_choose() {
    let (one, two) = (server(&["--title", "甲"]), server(&["--title", "乙"]));
    let places = format!("{},{},{}", one.1, two.1, one.1);
    let (exit, errors) = errors(&mut client(&places, &["--name", "小明", "--lang", "en"]));
    assert_eq!(exit, Some(2), "{errors:?}");
    assert_eq!(errors[0], "chat-client: found 2 rooms:");
    for (title, address) in [("甲", one.1), ("乙", two.1)] {
        let told = format!("“{title}” at {address} (0 of 4096 here)");
        assert_eq!(
            errors.iter().filter(|line| line.ends_with(&told)).count(),
            1,
            "{errors:?}"
        );
    }
    assert!(errors[3].starts_with("chat-client: name one of them: chat-client 127.0.0.1:"));
    assert_eq!(errors.len(), 4);
}

#[test]
fn where_no_room_is_found_the_default_one_is_tried() {
    let silent = bound("127.0.0.1:0");
    let place = silent.local_addr().unwrap().to_string();
    // Without a name it gets no further.
    let (exit, errors) = errors(&mut client(&place, &[]));
    assert_eq!(exit, Some(2));
    assert!(
        errors[0].starts_with("chat-client: 没有找到聊天室，尝试 127.0.0.1:8888"),
        "{errors:?}"
    );
}

#[test]
fn a_room_that_is_not_to_be_found_is_not() {
    let (_server, address) = server(&["--no-discovery"]);
    let (_, errors) = errors(&mut client(&address.to_string(), &[]));
    assert!(errors[0].contains("没有找到聊天室"), "{errors:?}");
}

#[test]
fn who_names_a_server_looks_for_none() {
    let (_server, address) = server(&[]);
    let silent = bound("127.0.0.1:0");
    let place = silent.local_addr().unwrap().to_string();
    let (exit, errors) = errors(&mut client(
        &place,
        &["--name", "小明", &address.to_string()],
    ));
    assert_eq!((exit, errors), (Some(0), vec![]));
    silent.set_nonblocking(true).unwrap();
    assert!(silent.recv_from(&mut [0; 1]).is_err(), "it was asked");
}

#[test]
fn the_room_at_the_default_address_is_taken_at_once_where_nobody_can_choose() {
    for args in [&[][..], &["--no-discovery"]] {
        let (_server, address) = server(args);
        let mut search = Search {
            places: vec![address],
            home: Some(address),
            ends_at_home: true,
        };
        let began = Instant::now();
        let rooms = look(&search, NONCE);
        assert!(began.elapsed() < limits::SEARCH);
        assert_eq!(
            rooms.iter().map(|room| room.address).collect::<Vec<_>>(),
            [address]
        );
        // Where somebody can, others may answer later.
        search.ends_at_home = false;
        let began = Instant::now();
        assert_eq!(look(&search, NONCE).len(), 1);
        assert!(began.elapsed() >= limits::SEARCH);
    }
}

#[test]
fn a_room_that_answers_from_two_addresses_is_shown_once() {
    let one = bound("127.0.0.2:0");
    let port = one.local_addr().unwrap().port();
    let two = bound(&format!("127.0.0.1:{port}"));
    let answer = |nonce: u64, to: SocketAddr| {
        for socket in [&one, &two] {
            socket.send_to(&found(nonce, "教室"), to).unwrap();
        }
    };
    let rooms = with_fake(&one, answer, || look(&at(&[&one]), NONCE));
    assert_eq!(titles(&rooms), ["教室"]);
    let answer = |nonce: u64, to: SocketAddr| {
        for (socket, title) in [(&one, "甲"), (&two, "乙")] {
            socket.send_to(&found(nonce, title), to).unwrap();
        }
    };
    let rooms = with_fake(&one, answer, || look(&at(&[&one]), NONCE));
    assert_eq!(rooms.len(), 2, "{rooms:?}");
}

#[test]
fn what_answers_is_not_believed() {
    let many: Vec<UdpSocket> = (0..limits::ROOMS_FOUND + 8)
        .map(|_| bound("127.0.0.1:0"))
        .collect();
    let answer = |nonce: u64, to: SocketAddr| {
        // Not to this search, damaged, no Found.
        many[0].send_to(&found(nonce ^ 1, "别处"), to).unwrap();
        let mut damaged = found(nonce, "坏");
        damaged[20] ^= 1;
        many[0].send_to(&damaged, to).unwrap();
        let mut challenge = Vec::new();
        wire::encode(
            &Open::Challenge(Challenge { nonce, cookie: 1 }),
            &mut challenge,
        );
        many[0].send_to(&challenge, to).unwrap();
        for socket in &many[1..] {
            socket
                .send_to(&found(nonce, "\x1b[2J\n\u{202E}"), to)
                .unwrap();
        }
    };
    let rooms = with_fake(&many[0], answer, || look(&at(&[&many[0]]), NONCE));
    assert_eq!(rooms.len(), limits::ROOMS_FOUND);
    assert!(
        titles(&rooms)
            .iter()
            .all(|title| *title == "\u{241B}[2J\u{240A}\u{FFFD}"),
        "{rooms:?}"
    );
}

#[test]
fn a_room_of_another_version_is_named_and_not_entered() {
    let fake = bound("127.0.0.1:0");
    let place = fake.local_addr().unwrap().to_string();
    let answer = |nonce: u64, to: SocketAddr| {
        let mut bytes = Vec::new();
        let (version, members, capacity) = (wire::VERSION + 1, 0, 1);
        let found = Found {
            nonce,
            version,
            members,
            capacity,
            title: "未来",
        };
        wire::encode(&Open::Found(found), &mut bytes);
        fake.send_to(&bytes, to).unwrap();
    };
    let (_, errors) = with_fake(&fake, answer, || errors(&mut client(&place, &[])));
    assert!(errors[0].contains("无法进入 “未来”"), "{errors:?}");
    assert!(errors[1].contains("没有找到聊天室"), "{errors:?}");
}

#[test]
fn places_that_cannot_be_looked_at_are_refused() {
    for places in ["教室", "127.0.0.1", "127.0.0.1:1,", ""] {
        let (exit, errors) = errors(&mut client(places, &["--name", "小明"]));
        assert_eq!(exit, Some(2), "{places}: {errors:?}");
        assert!(errors[0].contains("192.168.1.255:28888"), "{errors:?}");
    }
}

#[cfg(feature = "terminal")]
#[test]
fn the_rooms_of_a_machine_are_found_at_the_shared_port() {
    let titles = ["甲", "乙"].map(|name| format!("{name}{}", std::process::id()));
    let _servers = titles.each_ref().map(|title| server(&["--title", title]));
    let all = format!("127.255.255.255:{}", limits::DISCOVERY_PORT);
    let mut client = client(&all, &[]);
    let (exit, errors) = errors(&mut client);
    assert_eq!(exit, Some(2));
    // Other rooms of this machine may be there too.
    for title in &titles {
        assert!(errors.iter().any(|line| line.contains(title)), "{errors:?}");
    }
}
