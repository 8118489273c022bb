//! What PROTOCOL.md promises of a server, asked datagram by datagram as another client would.

use crate::attack::target::{join, open};
use chatroom::limits;
use chatroom::room::{Config, InMemory, Room, UserMap};
use chatroom::text::Name;
use chatroom::wire::*;
use std::net::SocketAddr;
use std::time::Duration;

const HERE: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)),
    5000,
);
const THERE: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)),
    6000,
);

type Answers = Vec<(SocketAddr, Vec<u8>)>;

/// A room and the time in it.
struct Server {
    room: Room,
    users: UserMap,
    now: Duration,
}

impl Server {
    fn new() -> Server {
        let room = Room::new(Config::default(), [1; 32], Box::<InMemory>::default());
        Server {
            room,
            users: UserMap::default(),
            now: Duration::from_secs(5),
        }
    }

    fn flush(&mut self) -> Answers {
        let mut answers = Vec::new();
        while let Some((to, bytes)) = self.room.poll_transmit(self.now) {
            answers.push((to, bytes.to_vec()));
        }
        answers
    }

    fn take(&mut self, from: SocketAddr, bytes: &[u8]) -> Answers {
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
        self.room.handle_timeout(&mut self.users, self.now);
        self.flush()
    }

    /// Lets time pass, in steps as its timers ask for them.
    fn pass(&mut self, time: Duration) -> Answers {
        let (end, mut answers) = (self.now + time, Vec::new());
        while let Some(at) = self.room.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.room.handle_timeout(&mut self.users, self.now);
            answers.extend(self.flush());
        }
        self.now = end;
        answers
    }

    /// Hello and Challenge; gives the Join that is to follow.
    fn join(&mut self, from: SocketAddr, nonce: u64, name: &str) -> Vec<u8> {
        let answers = self.take(from, &open(Open::Hello(Hello { nonce })));
        let Datagram::Open(Open::Challenge(challenge)) = only(&answers, from) else {
            panic!("no challenge: {answers:?}");
        };
        assert_eq!(challenge.nonce, nonce);
        join(nonce, challenge.cookie, name)
    }

    /// The whole handshake.
    fn enter(&mut self, from: SocketAddr, nonce: u64, name: &str) -> Client {
        let join = self.join(from, nonce, name);
        let answers = self.take(from, &join);
        let welcome = answers.iter().find_map(|(_, bytes)| match decode(bytes) {
            Ok(Datagram::Open(Open::Welcome(welcome))) => Some(welcome),
            _ => None,
        });
        let welcome = welcome.expect("a welcome");
        Client { welcome, packet: 0 }
    }
}

struct Client {
    welcome: Welcome,
    packet: u64,
}

impl Client {
    fn next(&mut self) -> PacketNumber {
        self.packet += 1;
        PacketNumber(self.packet)
    }

    fn up(&mut self, acked: u64, first: u64, utterances: &[Utterance<'_>]) -> Vec<u8> {
        self.up_with(acked, first, utterances, false)
    }

    fn up_with(
        &mut self,
        acked: u64,
        first: u64,
        utterances: &[Utterance<'_>],
        bye: bool,
    ) -> Vec<u8> {
        let up = Up {
            answer: true,
            bye,
            acked,
            gap_end: 0,
            stamps: Stamps::default(),
            first,
            utterances: vec![],
        };
        let mut bytes = Vec::new();
        let packet = self.next();
        let mut encoder = UpEncoder::new(&mut bytes, self.welcome.session, packet, &up);
        for utterance in utterances {
            assert!(encoder.push(*utterance));
        }
        encoder.finish(self.welcome.secret);
        bytes
    }

    /// What of the answers is a Down of this session: heard, waiting, events.
    fn downs(&self, answers: &Answers) -> Vec<(u64, u64, usize)> {
        let sealed = answers.iter().filter_map(|(_, bytes)| self.open(bytes));
        sealed
            .filter(|sealed| sealed.kind == Kind::Down)
            .map(|sealed| {
                let down = decode_down(&sealed).expect("well-formed");
                (down.heard, down.waiting, down.events.len())
            })
            .collect()
    }

    fn gone<'a>(&self, answers: &'a Answers) -> Option<Gone<'a>> {
        let mut sealed = answers.iter().filter_map(|(_, bytes)| self.open(bytes));
        let sealed = sealed.find(|sealed| sealed.kind == Kind::Gone)?;
        Some(Gone::read(&sealed).expect("well-formed"))
    }

    fn open<'a>(&self, bytes: &'a [u8]) -> Option<Sealed<'a>> {
        match decode(bytes) {
            Ok(Datagram::Sealed(sealed)) if sealed.verify(self.welcome.secret) => Some(sealed),
            _ => None,
        }
    }
}

/// The one answer, which goes to this address.
#[track_caller]
fn only(answers: &Answers, to: SocketAddr) -> Datagram<'_> {
    assert!(
        answers.len() == 1 && answers[0].0 == to,
        "not one answer: {answers:02x?}"
    );
    decode(&answers[0].1).expect("well-formed")
}

#[test]
fn another_version_is_answered_with_ours() {
    let mut server = Server::new();
    let mut hello = open(Open::Hello(Hello { nonce: 7 }));
    hello[1] = 2;
    let checksum = chatroom::seal::OPEN.tag(&hello[..3], chatroom::seal::digest(&hello[11..]));
    hello[3..11].copy_from_slice(&checksum.0.to_be_bytes());
    let answers = server.take(HERE, &hello);
    let (nonce, reason) = (7, Refusal::Version(1));
    let refused = Open::Refused(Refused { nonce, reason });
    assert_eq!(only(&answers, HERE), Datagram::Open(refused));
}

#[test]
fn a_repeated_join_has_the_same_welcome_and_no_second_entering() {
    let mut server = Server::new();
    let join = server.join(HERE, 7, "小明");
    let first = server.take(HERE, &join);
    let again = server.take(HERE, &join);
    assert_eq!(first[0].1, again[0].1);
    assert_eq!((server.users.len(), server.room.stats().events), (1, 1));
}

#[test]
fn a_cookie_is_good_for_its_address_its_nonce_and_its_time() {
    let mut server = Server::new();
    let join = server.join(HERE, 7, "小明");
    assert_eq!(server.take(THERE, &join), []);
    server.now = Duration::from_secs(20);
    assert_eq!(server.take(HERE, &join), []);
    server.now = Duration::from_secs(19);
    assert!(!server.take(HERE, &join).is_empty());
    assert_eq!(server.room.stats().turned_away, 2);
}

#[test]
fn a_leave_is_confirmed_as_often_as_it_comes() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    for _ in 0..3 {
        let answers = server.take(HERE, &client.up(0, 1, &[Utterance::Leave]));
        let gone = client.gone(&answers).expect("a Gone");
        assert_eq!(
            (gone.reason, gone.ordered, gone.why),
            (GoneReason::Left, 1, "")
        );
    }
    assert_eq!(server.room.stats().events, 2);
    let goodbye = client.up_with(0, 0, &[], true);
    assert_eq!(server.take(HERE, &goodbye), [], "never answered");
}

#[test]
fn a_session_that_is_not_known_is_answered_with_its_tag() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    let mut elsewhere = Server::new();
    let bytes = client.up(0, 0, &[]);
    let answers = elsewhere.take(THERE, &bytes);
    let Datagram::Open(Open::Unknown(unknown)) = only(&answers, THERE) else {
        panic!("not Unknown: {answers:?}");
    };
    let session = client.welcome.session;
    let tag = client.open(&bytes).map(|sealed| sealed.tag);
    assert_eq!((unknown.session, Some(unknown.echo)), (session, tag));
    assert!(answers[0].1.len() <= bytes.len());
}

#[test]
fn an_impossible_acknowledgement_ends_the_session() {
    for (acked, gap_end) in [(9, 0), (1, 9)] {
        let mut server = Server::new();
        let mut client = server.enter(HERE, 7, "小明");
        let (answer, bye, first, utterances) = (true, false, 0, vec![]);
        let up = Up {
            answer,
            bye,
            acked,
            gap_end,
            stamps: Stamps::default(),
            first,
            utterances,
        };
        let (mut bytes, packet) = (Vec::new(), client.next());
        UpEncoder::new(&mut bytes, client.welcome.session, packet, &up)
            .finish(client.welcome.secret);
        let answers = server.take(HERE, &bytes);
        let gone = client.gone(&answers).expect("a Gone");
        assert_eq!(
            (gone.reason, gone.ordered, gone.why),
            (GoneReason::Violation, 0, "")
        );
    }
}

#[test]
fn what_exceeds_the_rate_waits_and_what_exceeds_the_window_is_not_heard() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    let many = [Utterance::Say("x"); 60];
    let answers = server.take(HERE, &client.up(1, 1, &many));
    // 20 at once; up to 32 beyond what is ordered when they come.
    let last = client.downs(&answers).pop();
    assert_eq!(
        last.map(|(heard, waiting, _)| (heard, waiting)),
        Some((32, 12))
    );
    server.pass(Duration::from_millis(150));
    assert_eq!(server.room.stats().events, 1 + 20 + 1);
}

#[test]
fn nothing_said_has_a_number_and_no_event() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    let answers = server.take(HERE, &client.up(1, 1, &[Utterance::Say("")]));
    assert_eq!(client.downs(&answers), [(1, 0, 0)]);
    assert_eq!(server.room.stats().events, 1);
}

#[test]
fn a_packet_counts_once() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    let bytes = client.up(1, 0, &[]);
    assert!(!server.take(HERE, &bytes).is_empty());
    assert_eq!(server.take(HERE, &bytes), []);
    assert_eq!(server.room.stats().replayed, 1);
}

#[test]
fn another_address_is_challenged_before_anything_goes_there() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    let answers = server.take(THERE, &client.up(1, 1, &[Utterance::Say("x")]));
    let to_new: Vec<_> = answers.iter().filter(|(to, _)| *to == THERE).collect();
    let Ok(Datagram::Open(Open::Challenge(Challenge { nonce, cookie }))) = decode(&to_new[0].1)
    else {
        panic!("no challenge: {answers:?}");
    };
    assert_eq!((to_new.len(), nonce), (1, client.packet));
    assert_eq!(server.room.stats().events, 2, "what came is taken");
    let (
        packet,
        Welcome {
            session, secret, ..
        },
    ) = (client.next(), client.welcome);
    let mut bytes = Vec::new();
    let moved = Moved { nonce, cookie };
    moved.write(&mut bytes, session, packet, secret);
    let answers = server.take(THERE, &bytes);
    assert!(!answers.is_empty() && answers.iter().all(|(to, _)| *to == THERE));
}

#[test]
fn a_closing_room_says_so_until_it_is_told_goodbye() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    server.take(HERE, &client.up(1, 1, &[Utterance::Say("好")]));
    server.pass(limits::FAN_OUT_PAUSE_LOADED);
    server.take(HERE, &client.up(2, 0, &[]));
    server.room.handle_close(&mut server.users, server.now);
    let mut answers = server.pass(limits::FAN_OUT_PAUSE_LOADED);
    answers.extend(server.pass((limits::CLOSE_REPEAT + limits::WAKE_GRAIN) * 2));
    let told = answers
        .iter()
        .filter(|(_, bytes)| bytes[2] == Kind::Gone as u8);
    assert_eq!(told.count(), 3);
    let gone = client.gone(&answers).expect("a Gone");
    assert_eq!(
        (gone.reason, gone.ordered, gone.why),
        (GoneReason::Closed, 1, "")
    );
    let goodbye = client.up_with(1, 0, &[], true);
    assert_eq!(server.take(HERE, &goodbye), []);
    assert!(server.room.is_closed(server.now));
    let join = server.join(THERE, 9, "小红");
    let (nonce, reason) = (9, Refusal::Closing);
    let refused = Open::Refused(Refused { nonce, reason });
    assert_eq!(
        only(&server.take(THERE, &join), THERE),
        Datagram::Open(refused)
    );
}

#[test]
fn an_address_that_proved_nothing_gets_no_more_than_it_brought() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    let Welcome {
        session, secret, ..
    } = client.welcome;
    let mut brought = vec![open(Open::Hello(Hello { nonce: 8 }))];
    brought.push(client.up(1, 0, &[]));
    brought.push(server.join(THERE, 9, "小红"));
    let (mut ask, packet) = (Vec::new(), client.next());
    let (request, what) = (1, Asked::Who(0));
    Ask { request, what }.write(&mut ask, session, packet, secret);
    brought.push(ask);
    let mut stray = client.up(1, 0, &[]);
    stray[6] ^= 1;
    brought.push(stray);
    brought.push(client.up(1, 0, &[Utterance::Leave]));
    brought.push(client.up(1, 0, &[]));
    for bytes in brought {
        let answers = server.take(THERE, &bytes);
        let got = answers.iter().filter(|(to, _)| *to == THERE);
        let sizes: Vec<usize> = got.map(|(_, bytes)| bytes.len()).collect();
        // A Welcome is answered to an address that has proved itself; events may follow it.
        let first = sizes.first().copied().unwrap_or(0);
        assert!(first <= bytes.len(), "{sizes:?} for {}", bytes.len());
    }
}

#[test]
fn a_join_that_comes_again_after_its_member_has_left_is_dropped() {
    let mut server = Server::new();
    let join = server.join(HERE, 7, "小明");
    let answers = server.take(HERE, &join);
    let Ok(Datagram::Open(Open::Welcome(welcome))) = decode(&answers[0].1) else {
        panic!("no welcome: {answers:?}");
    };
    let mut client = Client { welcome, packet: 0 };
    server.take(HERE, &client.up(0, 1, &[Utterance::Leave]));
    assert_eq!(server.users.len(), 0);
    // A copy of the Join that was long on its way.
    assert_eq!(server.take(HERE, &join), []);
    assert_eq!((server.users.len(), server.room.stats().events), (0, 2));
    server.enter(HERE, 8, "小明");
    assert_eq!(server.users.len(), 1, "another handshake is another coming");
}

#[test]
fn who_was_removed_is_told_why_at_its_own_address_only() {
    let mut server = Server::new();
    let mut client = server.enter(HERE, 7, "小明");
    let (name, why) = (Name::new("小明").expect("allowed"), "x".repeat(200));
    let Server { room, users, now } = &mut server;
    assert!(room.handle_kick(users, *now, &name, &why));
    server.flush();
    let bytes = client.up(0, 0, &[]);
    for _ in 0..3 {
        let answers = server.take(THERE, &bytes);
        assert_eq!(client.gone(&answers).map(|gone| gone.why), Some(""));
        assert!(answers[0].1.len() <= bytes.len() && answers[0].0 == THERE);
    }
    let answers = server.take(HERE, &bytes);
    assert_eq!(client.gone(&answers).map(|gone| gone.why), Some(&*why));
}
