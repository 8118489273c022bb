//! What was on the wire, once more: as it was, cut, from elsewhere, and between two servers.

use super::target::{Packet, SERVER, Target, address, stranger};
use crate::load::{figure, size};
use chatroom::limits;
use chatroom::link::Random;
use chatroom::room::Config;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// A talk in which every kind of datagram was sent that a client or a server sends: someone moves, asks who is here, leaves, and
/// is told of a larger datagram.
fn eventful() -> Target {
    let mut target = Target::in_talk(Config {
        rate: 0,
        ..Config::default()
    });
    let third = target.enter("小刚");
    for number in 0..200 {
        target.people[third]
            .session
            .handle_say(&"长".repeat(number % 100 + 1));
    }
    target.pass(Duration::from_secs(2));
    target.people[0].address = address(1, 6000);
    target.says(0, "我换了地址");
    target.pass(Duration::from_secs(8));
    target.people[third].session.handle_leave();
    target.pass(Duration::from_secs(6));
    let mut kinds: Vec<u8> = target
        .captured
        .iter()
        .map(|packet| packet.bytes[2])
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    // Refused, Unknown, and what looks for a room are not part of a talk.
    assert_eq!(kinds, [1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14]);
    target
}

#[test]
fn what_was_captured_has_no_effect_from_elsewhere() {
    let mut target = eventful();
    let captured = target.captured.clone();
    // A Hello is nobody's: it is answered with a Challenge that is smaller.
    let before = target.state();
    let rounds = size(200, 5);
    for round in 0..rounds {
        for (number, packet) in captured.iter().enumerate() {
            target.attack_in_vain(stranger(round * 7919 + number as u32), &packet.bytes);
        }
    }
    // Also from where it came, and to clients from where they take datagrams. Here the Welcome is repeated, or the Gone, which
    // says more than what is smallest: this address was proved.
    let gone = limits::SEALED_HEAD + 1 + limits::VARINT;
    for packet in &captured {
        if packet.to == SERVER {
            let answers = target.attack(packet.from, &packet.bytes);
            let sent: usize = answers.iter().map(|(_, bytes)| bytes.len()).sum();
            let most = packet.bytes.len().max(gone);
            assert!(sent <= most, "{packet:02x?} {answers:02x?}");
        } else {
            target.deliver(packet);
        }
    }
    figure(
        "replayed",
        &format!(
            "{} datagrams from elsewhere, 0 with an effect",
            captured.len() * rounds as usize
        ),
    );
    assert_eq!(target.state(), before);
    target.talks();
}

#[test]
fn what_is_cut_short_has_no_effect() {
    let mut target = eventful();
    let captured = target.captured.clone();
    let before = target.state();
    let mut count = 0;
    // Long ones are alike: one of each kind and length counts.
    let mut known = std::collections::BTreeSet::new();
    for packet in captured {
        if !known.insert((packet.bytes[2], packet.bytes.len())) {
            continue;
        }
        for length in 0..packet.bytes.len() {
            let bytes = packet.bytes[..length].to_vec();
            count += 1;
            target.attack_in_vain(stranger(count), &bytes);
            let (from, to) = (SERVER, packet.to);
            target.deliver(&Packet { from, to, bytes });
        }
    }
    figure("truncated", &format!("{count} datagrams, 0 with an effect"));
    target.is_unharmed(&before);
}

/// A stranger says that it is a server, to another server: what they send each other.
#[test]
fn two_servers_cannot_be_set_upon_each_other() {
    let target = eventful();
    let mut random = Random::new(6);
    let mut patterns: Vec<Vec<u8>> = target
        .captured
        .into_iter()
        .map(|packet| packet.bytes)
        .collect();
    for _ in 0..20_000 {
        let of = random.below(patterns.len() as u64) as usize;
        let mut bytes = patterns[of].clone();
        let bit = random.below(bytes.len() as u64 * 8) as usize;
        bytes[bit / 8] ^= 1 << (bit % 8);
        patterns.push(bytes);
    }
    let sides: [SocketAddr; 2] = [address(101, 8888), address(102, 8888)];
    let mut servers = [
        Target::new(Config::default()),
        Target::new(Config::default()),
    ];
    let mut most = 0;
    for bytes in patterns {
        let mut under_way = VecDeque::from([(0, bytes)]);
        let mut count = 0;
        while let Some((to, bytes)) = under_way.pop_front() {
            count += 1;
            for (back, answer) in servers[to].attack(sides[1 - to], &bytes) {
                assert_eq!(back, sides[1 - to]);
                under_way.push_back((1 - to, answer));
            }
            assert!(count <= 2, "two servers talk");
        }
        most = most.max(count);
    }
    figure("server at server", &format!("{most} datagrams at most"));
    assert!(servers.iter().all(|server| server.users.is_empty()));
}
