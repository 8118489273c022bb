//! Our client in rooms of courses' servers.

use super::course::{CourseClient, CourseServer, Manners};
use super::{PATIENCE, Program, enter};
use crate::programs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const POLITE: Manners = Manners {
    says_exit: true,
    breaks: true,
};

/// What the one sent whose login this was.
fn sent<'a>(got: &'a [(SocketAddr, String)], login: &str) -> Vec<&'a str> {
    let (from, _) = got.iter().find(|(_, text)| text == login).expect(login);
    let own = got.iter().filter(|(at, _)| at == from);
    own.map(|(_, text)| text.as_str()).collect()
}

/// A server that says only what it is told to.
fn mute_server() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[track_caller]
fn next(socket: &UdpSocket) -> (String, SocketAddr) {
    let mut buffer = [0; 2048];
    let (size, from) = socket.recv_from(&mut buffer).expect("a datagram");
    let text = String::from_utf8(buffer[..size].to_vec()).expect("UTF-8");
    (text, from)
}

/// The one who sent it has ended: is there anything more?
fn has_more(socket: &UdpSocket) -> bool {
    socket.set_nonblocking(true).unwrap();
    socket.recv_from(&mut [0; 16]).is_ok()
}

#[test]
fn a_whole_stay() {
    for breaks in [true, false] {
        let server = CourseServer::start(Manners { breaks, ..POLITE });
        let hong = CourseClient::present("小红", server.address);
        let mut ming = enter("小明", server.address);
        assert_eq!(hong.hears(), "欢迎 小明 进入聊天室");
        hong.says("你 好");
        assert_eq!(ming.line(), "小红 : 你 好");
        ming.types("两  个  空格 \n\n//x");
        for line in ["小明 : 两  个  空格 ", "小明 : ", "小明 : /x"] {
            assert_eq!(hong.hears(), line);
        }
        let text = "长 文".repeat(500);
        ming.types(&text);
        let mut heard = String::new();
        while heard.len() < text.len() {
            heard += hong.hears().strip_prefix("小明 : ").unwrap();
        }
        assert_eq!(heard, text);
        ming.input = None;
        assert_eq!(ming.exit(), Some(0));
        assert_eq!(hong.hears(), "小明 退出聊天室");
        assert_eq!(
            ming.output.recv_timeout(PATIENCE).ok(),
            None,
            "shows no more"
        );
        let got = server.got();
        let sent = sent(&got, "L 小明");
        assert!(sent.iter().all(|text| text.len() < 1024));
        assert_eq!(
            sent[..4],
            ["L 小明", "C 小明 两  个  空格 ", "C 小明 ", "C 小明 /x"]
        );
        assert!(
            sent[4..sent.len() - 1]
                .iter()
                .all(|text| text.starts_with("C 小明 "))
        );
        assert_eq!(sent.last(), Some(&"Q 小明"));
    }
}

#[test]
fn without_exit_it_ends_by_itself_after_a_second() {
    for says_exit in [true, false] {
        let server = CourseServer::start(Manners {
            says_exit,
            ..POLITE
        });
        let mut client = enter("小明", server.address);
        client.types("你好\n/quit");
        let began = Instant::now();
        assert_eq!(client.exit(), Some(0));
        let took = began.elapsed();
        assert!(says_exit || took >= Duration::from_millis(950), "{took:?}");
        let got = server.got();
        assert_eq!(sent(&got, "L 小明"), ["L 小明", "C 小明 你好", "Q 小明"]);
    }
}

#[test]
fn a_refusal_is_shown_and_another_name_asked_for() {
    let server = CourseServer::start(POLITE);
    let _first = CourseClient::present("小明", server.address);
    let mut second = enter("小明", server.address);
    assert_eq!(second.error(), "chat-client: 该用户名已存在");
    assert_eq!(second.exit(), Some(3));
    let flags = ["--classic", &server.address.to_string()];
    let mut third = Program::start(programs::CLIENT, &flags);
    third.types("小明\n小 红\n小红\n再见");
    assert_eq!(third.error(), "chat-client: 该用户名已存在");
    assert!(third.error().contains("空格"));
    third.input = None;
    assert_eq!(third.exit(), Some(0));
    let got = server.got();
    let of_third = got.iter().filter(|(from, _)| *from == got[2].0);
    let of_third: Vec<_> = of_third.map(|(_, text)| text.as_str()).collect();
    assert_eq!(of_third, ["L 小明", "L 小红", "C 小红 再见", "Q 小红"]);
    assert_eq!(got.len(), 6, "one login each");
}

#[test]
fn an_exit_that_nobody_asked_for_ends_it_with_5() {
    let (server, address) = mute_server();
    let mut client = enter("Tom", address);
    let (login, from) = next(&server);
    assert_eq!(login, "L Tom");
    for text in ["OK", "\nAnn says\nhi\x1b", "EXIT"] {
        server.send_to(text.as_bytes(), from).unwrap();
    }
    assert_eq!(client.line(), "Ann says");
    assert_eq!(client.line(), "    hi\u{241b}");
    assert!(client.error().contains("EXIT"));
    assert_eq!(client.exit(), Some(5));
    assert!(!has_more(&server), "it sent more than its login");
}

#[test]
fn only_ok_is_ok() {
    for answer in ["OK!", "ok", " OK", "\nOK", "Welcome"] {
        let (server, address) = mute_server();
        let mut client = enter("Tom", address);
        let (_, from) = next(&server);
        server.send_to(answer.as_bytes(), from).unwrap();
        let shown = answer.trim_start_matches('\n');
        assert_eq!(client.error(), format!("chat-client: {shown}"));
        assert_eq!(client.exit(), Some(3));
        assert!(!has_more(&server));
    }
}

#[test]
fn a_server_that_is_gone_ends_it_with_4() {
    let (server, address) = mute_server();
    let mut client = enter("Tom", address);
    let (_, from) = next(&server);
    server.send_to(b"OK", from).unwrap();
    client.types("one");
    assert_eq!(next(&server).0, "C Tom one");
    drop(server);
    client.types("two");
    assert!(client.error().contains("已关闭"));
    assert_eq!(client.exit(), Some(4));
    let mut other = enter("Tom", address);
    assert!(other.error().contains("没有应答"));
    assert_eq!(other.exit(), Some(4));
}

#[test]
fn twenty_at_once_in_a_courses_room() {
    const CLIENTS: usize = 20;
    const LINES: usize = 5;
    let server = CourseServer::start(POLITE);
    let watcher = CourseClient::present("看客", server.address);
    let name = |number: usize| format!("同学{number}");
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|number| enter(&name(number), server.address))
        .collect();
    for _ in 0..CLIENTS {
        assert!(watcher.hears().starts_with("欢迎 "));
    }
    for line in 0..LINES {
        for client in &mut clients {
            client.types(&format!("第 {line} 句"));
        }
    }
    let mut all = Vec::new();
    while all.len() < CLIENTS * LINES {
        all.push(watcher.hears());
    }
    for (number, client) in clients.iter_mut().enumerate() {
        let own = format!("{} : ", name(number));
        for expected in all.iter().filter(|line| !line.starts_with(&own)) {
            let said = |line: &String| line.contains(" : 第");
            let line = std::iter::repeat_with(|| client.line()).find(said);
            assert_eq!(line.as_ref(), Some(expected), "{number}");
        }
        client.input = None;
        assert_eq!(client.exit(), Some(0));
    }
    let got = server.got();
    assert_eq!(got.len(), 1 + CLIENTS * (1 + LINES + 1));
}
