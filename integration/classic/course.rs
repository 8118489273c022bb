//! A client and a server as a course has them: one socket, a datagram a word, nothing sent again.

use super::PATIENCE;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A client of a course.
pub(crate) struct CourseClient {
    pub(crate) name: String,
    socket: UdpSocket,
    server: SocketAddr,
    /// What it reads of a datagram; the rest is lost, as `recvfrom` does it.
    reads: usize,
}

impl CourseClient {
    pub(crate) fn new(name: &str, server: SocketAddr) -> CourseClient {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let reads = 1024;
        CourseClient {
            name: name.to_owned(),
            socket,
            server,
            reads,
        }
    }

    pub(crate) fn reads(self, reads: usize) -> CourseClient {
        CourseClient { reads, ..self }
    }

    /// One that is in.
    #[track_caller]
    pub(crate) fn present(name: &str, server: SocketAddr) -> CourseClient {
        let mut client = CourseClient::new(name, server);
        assert_eq!(client.login(), "OK", "{name}");
        client
    }

    /// Asks to come in; the first datagram is the answer, and later words go to where it came from.
    #[track_caller]
    pub(crate) fn login(&mut self) -> String {
        self.sends(format!("L {}", self.name).as_bytes());
        let mut buffer = vec![0; self.reads];
        let (size, from) = self.socket.recv_from(&mut buffer).expect("an answer");
        self.server = from;
        String::from_utf8(buffer[..size].to_vec()).expect("UTF-8")
    }

    pub(crate) fn sends(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.server).unwrap();
    }

    pub(crate) fn says(&self, text: &str) {
        self.sends(format!("C {} {text}", self.name).as_bytes());
    }

    /// The next datagram; the line break in front of most counts for nothing.
    #[track_caller]
    pub(crate) fn hears(&self) -> String {
        let mut buffer = vec![0; self.reads];
        let size = self.socket.recv(&mut buffer).expect("a datagram");
        let text = String::from_utf8(buffer[..size].to_vec()).expect("UTF-8");
        text.strip_prefix('\n').unwrap_or(&text).to_owned()
    }

    /// Everything up to this, which is the last.
    #[track_caller]
    pub(crate) fn hears_until(&self, last: &str) -> Vec<String> {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|line| line != last) {
            heard.push(self.hears());
        }
        heard
    }
}

/// How a server of a course does things.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    /// Says EXIT to who leaves.
    pub(crate) says_exit: bool,
    /// Puts a line break in front of lines.
    pub(crate) breaks: bool,
}

/// Datagrams, and who sent them.
type Datagrams = Vec<(SocketAddr, Vec<u8>)>;

/// A server of a course, in a thread of its own; it keeps every datagram that it got.
pub(crate) struct CourseServer {
    pub(crate) address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<Datagrams>>,
}

impl CourseServer {
    pub(crate) fn start(manners: Manners) -> CourseServer {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let poll = Duration::from_millis(20);
        socket.set_read_timeout(Some(poll)).unwrap();
        let address = socket.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let ended = ended.clone();
            move || serve(&socket, manners, &ended)
        });
        CourseServer {
            address,
            ended,
            thread: Some(thread),
        }
    }

    /// Ends the server: all that it got, with who sent it.
    pub(crate) fn got(mut self) -> Vec<(SocketAddr, String)> {
        self.ended.store(true, Ordering::Release);
        let got = self.thread.take().unwrap().join().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        got.into_iter()
            .map(|(from, bytes)| (from, text(bytes)))
            .collect()
    }
}

impl Drop for CourseServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

fn serve(socket: &UdpSocket, manners: Manners, ended: &AtomicBool) -> Datagrams {
    let mut users: BTreeMap<String, SocketAddr> = BTreeMap::new();
    let mut got = Vec::new();
    let mut buffer = [0; 65_536];
    while !ended.load(Ordering::Acquire) {
        let Ok((size, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        got.push((from, buffer[..size].to_vec()));
        // What is longer than 1024 bytes is lost to it.
        let text = String::from_utf8(buffer[..size.min(1024)].to_vec()).unwrap();
        let words: Vec<&str> = text.split(' ').collect();
        let to_others = |users: &BTreeMap<String, SocketAddr>, line: String| {
            let front = if manners.breaks { "\n" } else { "" };
            for (_, to) in users.iter().filter(|(name, _)| *name != words[1]) {
                socket
                    .send_to(format!("{front}{line}").as_bytes(), *to)
                    .unwrap();
            }
        };
        match words[0] {
            "L" if users.contains_key(words[1]) => {
                socket.send_to("该用户名已存在".as_bytes(), from).unwrap();
            }
            "L" => {
                socket.send_to(b"OK", from).unwrap();
                to_others(&users, format!("欢迎 {} 进入聊天室", words[1]));
                users.insert(words[1].to_owned(), from);
            }
            // Without the second space this is where such a server ends.
            "C" => to_others(&users, format!("{} : {}", words[1], words[2..].join(" "))),
            "Q" => {
                to_others(&users, format!("{} 退出聊天室", words[1]));
                if manners.says_exit {
                    socket.send_to(b"EXIT", from).unwrap();
                }
                users.remove(words[1]);
            }
            other => panic!("{other} is no word of the protocol"),
        }
    }
    got
}
