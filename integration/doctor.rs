//! What `chat-client --doctor` says, for every way in which a server cannot be reached.

use crate::operator::{Program, server};
use crate::programs;
use chatroom::cli::complain;
use chatroom::limits;
use chatroom::wire::{self, Challenge, Datagram, Found, Hello, Open, Refusal, Refused};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How the doctor ends, and what it says.
fn doctor(args: &[&str]) -> (Option<i32>, String) {
    told(Program::start(
        programs::CLIENT,
        &[&["--doctor"], args].concat(),
    ))
}

fn told(mut doctor: Program) -> (Option<i32>, String) {
    let exit = doctor.exit();
    let lines: Vec<String> = doctor.output.iter().chain(doctor.errors.iter()).collect();
    (exit, lines.join("\n"))
}

fn bound() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

/// The doctor's word on a server that answers the datagrams of a doctor, counted from 0, so.
fn of_fake(answer: impl Fn(u32, Datagram<'_>) -> Option<Vec<u8>> + Sync) -> (Option<i32>, String) {
    let (socket, address) = bound();
    socket
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut buffer, mut count) = ([0; 2000], 0);
            while !over.load(Ordering::Acquire) {
                let Ok((size, from)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let asked = wire::decode(&buffer[..size]).expect("one of our datagrams");
                if let Some(bytes) = answer(count, asked) {
                    socket.send_to(&bytes, from).unwrap();
                }
                count += 1;
            }
        });
        let told = doctor(&[&address, "--lang", "en"]);
        over.store(true, Ordering::Release);
        told
    })
}

fn encoded(open: Open<'_>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    wire::encode(&open, &mut bytes);
    Some(bytes)
}

/// What a server says to a Hello.
fn challenge(asked: Datagram<'_>) -> Option<Vec<u8>> {
    let Datagram::Open(Open::Hello(Hello { nonce })) = asked else {
        return None;
    };
    encoded(Open::Challenge(Challenge { nonce, cookie: 1 }))
}

#[track_caller]
fn says(told: &(Option<i32>, String), exit: i32, parts: &[&str]) {
    assert_eq!(told.0, Some(exit), "{}", told.1);
    for part in parts {
        assert!(told.1.contains(part), "no {part}: {}", told.1);
    }
}

#[test]
fn all_is_well_and_nobody_has_entered() {
    let (mut server, address) = server(&["--per-address", "1"]);
    let told = doctor(&[&address.to_string()]);
    says(
        &told,
        0,
        &[
            &format!("{address}：有应答；20 次探测丢失 0 次；往返 "),
            "毫秒",
        ],
    );
    assert_eq!(told.1.lines().count(), 1, "{}", told.1);
    server.types("/who");
    assert_eq!(server.line(), "0 人在线");
}

#[test]
fn a_closed_port_is_told() {
    let (socket, address) = bound();
    drop(socket);
    says(
        &doctor(&[&address]),
        4,
        &[&address, "端口已关闭", "chat-server"],
    );
}

#[test]
fn a_server_that_is_silent_is_told() {
    let (_silent, address) = bound();
    says(&doctor(&[&address]), 4, &["20 次探测都没有应答", "防火墙"]);
}

#[test]
fn a_name_that_is_not_resolved_is_told() {
    says(
        &doctor(&["nowhere.invalid:8888"]),
        4,
        &["无法解析 nowhere.invalid:8888", "192.168.1.5:8888"],
    );
    // Neither is one that would move the cursor.
    says(
        &doctor(&["\x1b[2Jnowhere.invalid"]),
        4,
        &["无法解析 \u{241B}[2Jnowhere"],
    );
}

#[test]
fn another_version_is_told() {
    let told = of_fake(|_, asked| match asked {
        Datagram::Open(Open::Hello(Hello { nonce })) => {
            let reason = Refusal::Version(wire::VERSION + 1);
            encoded(Open::Refused(Refused { nonce, reason }))
        }
        _ => None,
    });
    let version = format!("version {}", wire::VERSION + 1);
    says(&told, 4, &[&version, "use the same on both sides"]);
}

#[test]
fn loss_is_measured() {
    let told = of_fake(|count, asked| challenge(asked).filter(|_| count % 5 != 4));
    says(
        &told,
        0,
        &["; 4 of 20 probes lost; round trip ", "sent again"],
    );
    let told = of_fake(|count, asked| challenge(asked).filter(|_| count % 2 == 0));
    says(&told, 4, &["; 10 of 20 probes lost; ", "too much"]);
}

#[test]
fn what_answers_to_others_counts_for_nothing() {
    let told = of_fake(|_, asked| match asked {
        Datagram::Open(Open::Hello(Hello { nonce })) => encoded(Open::Challenge(Challenge {
            nonce: nonce ^ (1 << 63),
            cookie: 1,
        })),
        _ => None,
    });
    says(&told, 4, &["no answer to 20 probes"]);
}

#[test]
fn another_program_is_told() {
    says(
        &of_fake(|_, _| Some("请先登录".into())),
        4,
        &["not in this protocol", "--classic"],
    );
}

#[test]
fn a_path_that_is_too_narrow_is_told() {
    let told = of_fake(|_, asked| match asked {
        Datagram::Open(Open::Seek(seek)) => encoded(Open::Found(Found {
            nonce: seek.nonce,
            version: wire::VERSION,
            members: 0,
            capacity: 1,
            title: "",
        })),
        _ => None,
    });
    says(
        &told,
        4,
        &[
            &format!("those of {} bytes are not", limits::DATAGRAM),
            "MTU",
        ],
    );
}

#[test]
fn without_a_server_what_is_found_is_examined() {
    let (one, two) = (server(&["--title", "甲"]), server(&["--title", "乙"]));
    let told = doctor(&["--find", &format!("{},{}", one.1, two.1)]);
    says(&told, 0, &["找到聊天室：“甲”", "找到聊天室：“乙”"]);
    for address in [one.1, two.1] {
        says(&told, 0, &[&format!("\n{address}：有应答")]);
    }
    // One that is silent beside one that is well is not all well.
    let (silent, place) = bound();
    drop(silent);
    let told = doctor(&["--find", &place]);
    assert!(
        told.1.contains("没有找到聊天室") && told.1.contains("127.0.0.1:8888"),
        "{}",
        told.1
    );
}

#[test]
fn a_course_server_is_not_for_the_doctor() {
    says(&doctor(&["--classic", "127.0.0.1:1"]), 2, &["--doctor"]);
}

#[test]
fn a_machine_on_no_network_is_told() {
    // A namespace of its own, in which no network is up.
    let inside = |words: &[&str]| {
        let mut command = programs::command("unshare");
        command.args(["--map-root-user", "--net"]).args(words);
        command
    };
    if !inside(&["true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        return complain("not asked without a network: there are no namespaces here");
    }
    let words = [
        programs::CLIENT,
        "--doctor",
        "192.0.2.1:8888",
        "--lang",
        "en",
    ];
    let doctor = Program::of(inside(&words));
    says(&told(doctor), 4, &["192.0.2.1:8888: cannot send"]);
}
