//! Clients of courses in our server's room.

use super::course::CourseClient;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

#[test]
fn clients_as_courses_have_them() {
    let (mut server, address) = super::server(&["--classic"]);
    let watcher = CourseClient::present("看客", address);
    let sees = |line: &str| assert_eq!(watcher.hears(), line);

    // Its buffer for the answer is small.
    let mut taken = CourseClient::new("看客", address).reads(120);
    assert_eq!(taken.login(), "姓名已被使用");
    taken.name = "管理员消息".into();
    assert_eq!(taken.login(), "该姓名为系统保留，请换一个");
    taken.name = "小 明".into();
    assert_eq!(taken.login(), "OK", "names end at the first space");
    sees("小 进入聊天室");
    taken.sends("Q 小".as_bytes());
    assert_eq!(taken.hears(), "EXIT");
    sees("小 退出了聊天室");

    // It reads 1024 bytes, and asks twice since it was impatient.
    let mut twice = CourseClient::new("小红", address);
    assert_eq!((twice.login(), twice.login()), ("OK".into(), "OK".into()));
    sees("小红 进入聊天室");
    let text = "长 文".repeat(500);
    watcher.says(&text);
    let mut heard = String::new();
    while heard.len() < text.len() {
        heard += twice.hears().strip_prefix("看客 说：").unwrap();
    }
    assert_eq!(heard, text);
    twice.says("");
    sees("小红 说：");

    // It never waits for EXIT: its socket is closed by then.
    twice.sends("Q 小红".as_bytes());
    drop(twice);
    sees("小红 退出了聊天室");

    // Other ways to say goodbye; and it says it twice, since two processes of it saw Ctrl-C.
    for goodbye in ["Q小明", "E 小明", "Q 小明"] {
        let mut other = CourseClient::new("小明", address);
        assert_eq!(other.login(), "OK");
        sees("小明 进入聊天室");
        other.says("  两个  空格 ");
        sees("小明 说：  两个  空格 ");
        other.sends(goodbye.as_bytes());
        other.sends(goodbye.as_bytes());
        assert_eq!(
            (other.hears(), other.hears()),
            ("EXIT".into(), "EXIT".into())
        );
        sees("小明 退出了聊天室");
    }

    // Nobody of these is left, and the room closes with everyone's knowledge.
    server.types("再见\n/quit");
    sees("管理员说：再见");
    sees("聊天室已关闭");
    sees("EXIT");
    assert_eq!(server.exit(), Some(0));
}

#[test]
fn twenty_at_once_see_the_same() {
    const CLIENTS: usize = 20;
    const LINES: usize = 10;
    let (mut server, address) = super::server(&["--classic"]);
    let all_in = Barrier::new(CLIENTS + 1);
    let all_in = &all_in;
    let names = |number: usize| format!("同学{number}");
    let all: Vec<Vec<String>> = thread::scope(|scope| {
        let clients = (0..CLIENTS).map(|number| {
            scope.spawn(move || {
                let client = CourseClient::present(&names(number), address);
                all_in.wait();
                for line in 0..LINES {
                    client.says(&format!("第 {line} 句"));
                }
                client.hears_until("管理员说：下课")
            })
        });
        let clients: Vec<_> = clients.collect();
        all_in.wait();
        // All that they say is on the operator's screen before it ends the lesson.
        let mut said = 0;
        while said < CLIENTS * LINES {
            said += usize::from(server.line().contains(" 说："));
        }
        server.types("下课");
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    let said = |line: &&String| line.contains(" 说：第");
    for (number, heard) in all.iter().enumerate() {
        let own = format!("{} ", names(number));
        assert!(
            !heard.iter().any(|line| line.starts_with(&own)),
            "{number} hears itself"
        );
        let lines: Vec<_> = heard.iter().filter(said).collect();
        assert_eq!(lines.len(), (CLIENTS - 1) * LINES);
        // Its neighbour sees what neither of them said in the same order.
        let next = (number + 1) % CLIENTS;
        let neither = |line: &&String| {
            said(line) && !line.starts_with(&own) && !line.starts_with(&format!("{} ", names(next)))
        };
        let (mine, others) = (
            heard.iter().filter(neither),
            all[next].iter().filter(neither),
        );
        assert!(mine.eq(others), "{number} and {next} see another order");
    }
}

#[test]
fn talk_and_goodbyes_from_elsewhere_do_not_count() {
    let (_server, address) = super::server(&["--classic"]);
    let (tom, ann) = (
        CourseClient::present("Tom", address),
        CourseClient::present("Ann", address),
    );
    assert_eq!(tom.hears(), "Ann 进入聊天室");
    let stranger = CourseClient::new("Tom", address);
    for forged in [
        "C Tom forged",
        "Q Tom",
        "E Tom",
        "QTom",
        "C 管理员消息 forged",
    ] {
        stranger.sends(forged.as_bytes());
    }
    ann.sends(b"C Tom forged");
    for malformed in [
        &b""[..],
        b"L",
        b"C \xff",
        b"\xff\xff",
        &[b'x'; 4103],
        b"OK",
        b"EXIT",
    ] {
        stranger.sends(malformed);
        ann.sends(malformed);
    }
    ann.says("true");
    assert_eq!(tom.hears(), "Ann 说：true");
    tom.says("here");
    assert_eq!(ann.hears(), "Tom 说：here");
    for _ in ["Q Tom", "E Tom", "QTom"] {
        assert_eq!(stranger.hears(), "EXIT");
    }
    // Nothing else was answered: this is the next datagram.
    stranger.sends(b"L Tom");
    assert_eq!(stranger.hears(), "姓名已被使用");
}

#[test]
fn text_is_held_back_by_the_rate_and_kept() {
    let (_server, address) = super::server(&["--classic", "--rate", "50"]);
    let (tom, ann) = (
        CourseClient::present("Tom", address),
        CourseClient::present("Ann", address),
    );
    for number in 0..100 {
        tom.says(&number.to_string());
    }
    tom.sends(b"Q Tom");
    let heard = ann.hears_until("Tom 退出了聊天室");
    let expected: Vec<_> = (0..100).map(|number| format!("Tom 说：{number}")).collect();
    assert_eq!(heard[..100], expected);
}

#[test]
fn a_silent_client_is_kept_for_its_own_time() {
    let (_server, address) = super::server(&["--classic", "--classic-idle", "1"]);
    let ann = CourseClient::present("Ann", address);
    assert_eq!(ann.hears_until("EXIT").len(), 2);
}

/// Why a member whose program was closed without a word stays until it has been silent for long: a socket that is not
/// connected is not told of closed ports.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_port_is_not_heard_of() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let closed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(socket.send_to(b"\n", closed).unwrap(), 1);
        let error = socket.recv_from(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        assert!(socket.take_error().unwrap().is_none());
    }
}
