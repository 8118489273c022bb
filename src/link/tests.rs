//! The link by itself, and two of them over a channel that loses.

use super::*;
use std::collections::VecDeque;

const RTT: Duration = Duration::from_millis(40);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run(first: u64, end: u64) -> Run {
    Run { first, end }
}

/// Sends all that may go, `each` items a datagram; gives the runs and their packet numbers.
fn send(link: &mut Link, now: Duration, available: u64, each: u64) -> Vec<(u64, u64, u64)> {
    let mut sent = Vec::new();
    while let Some(next) = link.poll_send(available) {
        let end = next.end.min(next.first.saturating_add(each));
        let packet = link.next_packet(now);
        link.on_sent(now, run(next.first, end));
        sent.push((next.first, end, packet.0));
    }
    sent
}

/// The stamps of a datagram that comes now, of a round trip that took so long.
fn back(now: Duration, round_trip: Duration) -> Stamps {
    let mut peer = Clocks::default();
    let own = Clocks::default().stamps(now.saturating_sub(round_trip));
    peer.heard(now, own);
    peer.stamps(now)
}

/// A link that has measured a round trip of [`RTT`], at second 1, with everything acknowledged up to 1.
fn measured() -> Link {
    let mut link = Link::new(ms(0), 0);
    send(&mut link, ms(1000) - RTT, 2, 1);
    link.acknowledge(ms(1000), 1, 0, back(ms(1000), RTT))
        .expect("sent");
    assert_eq!(link.round_trip(), Some(RTT));
    link
}

#[test]
fn a_gap_makes_what_lies_before_it_lost_and_a_resend_has_a_new_number() {
    let mut link = measured();
    assert_eq!(send(&mut link, ms(1000), 5, 1).len(), 3);
    // 2 is lost, 3 came.
    link.acknowledge(ms(1040), 1, 3, back(ms(1040), RTT))
        .expect("sent");
    assert_eq!(send(&mut link, ms(1040), 5, 1), [(2, 3, 5)]);
    link.acknowledge(ms(1050), 1, 3, back(ms(1050), RTT))
        .expect("sent");
    assert_eq!(
        send(&mut link, ms(1050), 5, 1),
        [],
        "a resend gets a round trip's time"
    );
    link.acknowledge(ms(1081), 1, 4, back(ms(1081), RTT))
        .expect("sent");
    assert_eq!(
        send(&mut link, ms(1081), 5, 1),
        [(2, 3, 6), (3, 4, 7)],
        "and is lost in its turn"
    );
    link.acknowledge(ms(1122), 2, 4, back(ms(1122), RTT))
        .expect("sent");
    assert_eq!(send(&mut link, ms(1122), 5, 1), [(3, 4, 8)]);
    link.acknowledge(ms(1160), 4, 0, back(ms(1160), RTT))
        .expect("sent");
    assert!(!link.is_waiting() && link.acked() == 4 && link.sent() == 4);
}

#[test]
fn a_timeout_makes_everything_lost_but_what_the_peer_said_it_has() {
    let mut link = measured();
    send(&mut link, ms(1000), 6, 1);
    link.acknowledge(ms(1030), 1, 4, back(ms(1030), RTT))
        .expect("sent");
    assert_eq!(send(&mut link, ms(1030), 6, 1).len(), 2, "2 and 3");
    let at = link.poll_timeout().expect("a timeout");
    link.handle_timeout(at - ms(1));
    assert_eq!(link.poll_send(6), None, "not yet");
    link.handle_timeout(at);
    // 4 is known to have come; the window is 2, and 4 and 5 are in it: only the first goes.
    assert_eq!(send(&mut link, at, 6, 1), [(2, 3, 8)]);
    let at = link.poll_timeout().expect("a timeout");
    link.handle_timeout(at);
    assert_eq!(send(&mut link, at, 6, 1), [(2, 3, 9)]);
}

#[test]
fn a_resend_measures_too_and_nothing_is_measured_twice() {
    let mut link = measured();
    send(&mut link, ms(1000), 3, 1);
    let at = link.poll_timeout().expect("a timeout");
    link.handle_timeout(at);
    send(&mut link, at, 3, 1);
    let came = at + ms(1);
    let slow = back(came, 9 * RTT);
    link.acknowledge(came, 2, 0, slow).expect("sent");
    assert_eq!(
        link.round_trip(),
        Some(2 * RTT),
        "it was the first that came"
    );
    link.acknowledge(came, 2, 0, slow).expect("sent");
    assert_eq!(link.round_trip(), Some(2 * RTT), "nothing new");
    send(&mut link, ms(6000), 4, 1);
    let lie = Stamps {
        value: 7,
        echo: back(ms(6000), RTT).value.wrapping_add(2),
    };
    link.acknowledge(ms(6000), 3, 0, lie).expect("sent");
    assert!(link.round_trip() < Some(2 * RTT + limits::RTO_MOST / 8));
}

/// The timeout is longer than the way there and back before long, or everything would go twice as long as the path is slow.
#[test]
fn on_a_path_that_has_become_slow_all_goes_once_again() {
    for (prompt, way) in [(false, 75), (true, 75), (false, 1200), (true, 1200)] {
        let mut link = measured();
        link.prompt_peer = prompt;
        let (mut peer, mut have) = (Clocks::default(), 1);
        let mut there: VecDeque<(Duration, u64, Stamps)> = VecDeque::new();
        let mut back = there.clone();
        let mut counts = [0, 0];
        for now in (1000..61_000).map(ms) {
            let items = 1 + (now.as_millis() as u64 - 1000) / 500;
            while let Some((_, end, stamps)) = there.pop_front_if(|(at, ..)| *at <= now) {
                peer.heard(now, stamps);
                have = have.max(end - 1);
                back.push_back((now + ms(way), have, peer.stamps(now)));
            }
            while let Some((_, acked, stamps)) = back.pop_front_if(|(at, ..)| *at <= now) {
                link.acknowledge(now, acked, 0, stamps).expect("sent");
            }
            link.handle_timeout(now);
            for (_, end, _) in send(&mut link, now, items + 1, 100) {
                counts[usize::from(now >= ms(11_000))] += 1;
                there.push_back((now + ms(way), end, link.stamps(now)));
            }
        }
        assert!(counts[0] < 2 * 20, "{way} ms, {prompt}: {counts:?}");
        assert_eq!(counts[1], 100, "{way} ms, {prompt}");
    }
}

#[test]
fn the_timeout_doubles_up_to_its_cap_and_an_answer_resets_it() {
    let mut link = Link::new(ms(0), 0);
    send(&mut link, ms(0), 2, 1);
    let (mut now, mut pauses) = (ms(0), Vec::new());
    for _ in 0..30 {
        let at = link.poll_timeout().expect("a timeout");
        pauses.push((at - now).as_millis());
        now = at;
        link.handle_timeout(now);
        assert_eq!(send(&mut link, now, 2, 1).len(), 1);
    }
    assert_eq!(pauses[..4], [1000, 2000, 3000, 3000]);
    assert!(pauses[3..].iter().all(|pause| *pause == 3000));
    link.acknowledge(now, 1, 0, back(now, RTT)).expect("sent");
    send(&mut link, now, 3, 1);
    let first = RTT + 4 * (RTT / 2) + limits::ACK_ALLOWANCE;
    assert_eq!(link.poll_timeout(), Some(now + first));
}

#[test]
fn the_window_grows_with_acknowledgements_to_its_most() {
    let mut link = Link::new(ms(0), 0);
    let first = send(&mut link, ms(0), u64::MAX, 1);
    assert_eq!(first.len() as u32, limits::WINDOW_FIRST);
    link.acknowledge(ms(10), 10, 0, back(ms(10), RTT))
        .expect("sent");
    assert_eq!(send(&mut link, ms(10), u64::MAX, 1).len(), 20, "slow start");
    for round in 2..20 {
        link.acknowledge(ms(10 * round), link.sent(), 0, back(ms(10 * round), RTT))
            .expect("sent");
        send(&mut link, ms(10 * round), u64::MAX, 1);
    }
    assert_eq!(link.sent() - link.acked(), u64::from(limits::WINDOW_MOST));
}

#[test]
fn the_window_halves_once_for_a_round_trip_and_keeps_its_least() {
    let mut link = measured();
    let first = send(&mut link, ms(1000), u64::MAX, 1).len() as u64;
    // 2 and 4 are lost: reported one after the other, they are one loss.
    link.acknowledge(ms(1040), 1, 3, back(ms(1040), RTT))
        .expect("sent");
    let sent = send(&mut link, ms(1040), u64::MAX, 1);
    assert_eq!(
        sent,
        [(2, 3, first + 2)],
        "the window is full, but the first goes"
    );
    link.acknowledge(ms(1060), 3, 5, back(ms(1060), RTT))
        .expect("sent");
    send(&mut link, ms(1060), u64::MAX, 1);
    let half = ((first / 2) as u32).max(limits::WINDOW_CUT_LEAST);
    assert!(
        link.window.size().abs_diff(half) <= 2,
        "{} of {first}",
        link.window.size()
    );
    for round in 1..9 {
        let at = link.poll_timeout().expect("a timeout");
        link.handle_timeout(at);
        assert_eq!(link.window.size(), limits::WINDOW_LEAST, "round {round}");
        assert!(!send(&mut link, at, u64::MAX, 1).is_empty());
    }
}

#[test]
fn above_the_threshold_the_window_grows_by_one_a_round_trip() {
    let mut link = measured();
    send(&mut link, ms(1000), u64::MAX, 1);
    link.handle_timeout(link.poll_timeout().expect("a timeout"));
    let threshold = link.window.threshold;
    let mut now = ms(3000);
    let mut windows = Vec::new();
    for _ in 0..12 {
        send(&mut link, now, u64::MAX, 1);
        now += RTT;
        link.acknowledge(now, link.sent(), 0, back(now, RTT))
            .expect("sent");
        windows.push(link.window.size());
    }
    let slow: Vec<_> = windows
        .iter()
        .filter(|window| **window > threshold)
        .collect();
    assert!(slow.len() >= 3, "{windows:?} {threshold}");
    assert!(
        slow.windows(2).all(|pair| pair[1] - pair[0] <= 1),
        "{windows:?}"
    );
}

#[test]
fn an_acknowledgement_beyond_what_was_sent_is_refused() {
    let mut link = Link::new(ms(0), 5);
    assert_eq!(
        link.acknowledge(ms(1), 6, 0, back(ms(1), RTT)),
        Err(Impossible)
    );
    assert_eq!(
        link.acknowledge(ms(1), u64::MAX, 0, back(ms(1), RTT)),
        Err(Impossible)
    );
    assert_eq!(
        link.acknowledge(ms(1), 5, 6, back(ms(1), RTT)),
        Err(Impossible),
        "nor a gap's end"
    );
    assert_eq!(link.acknowledge(ms(1), 5, 0, back(ms(1), RTT)), Ok(()));
    send(&mut link, ms(1), 7, 1);
    assert_eq!(
        link.acknowledge(ms(2), 7, 0, back(ms(2), RTT)),
        Err(Impossible),
        "one too far"
    );
    assert_eq!(link.acknowledge(ms(2), 6, 0, back(ms(2), RTT)), Ok(()));
}

#[test]
fn an_older_acknowledgement_says_nothing() {
    let mut link = measured();
    send(&mut link, ms(1000), 6, 1);
    link.acknowledge(ms(1040), 4, 0, back(ms(1040), RTT))
        .expect("sent");
    let before = format!("{link:?}");
    link.acknowledge(ms(1050), 2, 5, back(ms(1050), RTT))
        .expect("sent");
    assert_eq!(format!("{link:?}"), before);
}

#[test]
fn a_part_of_a_run_may_be_acknowledged_and_the_rest_is_sent_again_in_parts() {
    let mut link = measured();
    assert_eq!(send(&mut link, ms(1000), 12, 10), [(2, 12, 2)]);
    link.acknowledge(ms(1040), 5, 0, back(ms(1040), RTT))
        .expect("sent");
    let at = link.poll_timeout().expect("the rest is awaited");
    link.handle_timeout(at);
    assert_eq!(send(&mut link, at, 12, 4), [(6, 10, 3), (10, 12, 4)]);
    link.acknowledge(at + ms(40), 9, 0, back(at + ms(40), RTT))
        .expect("sent");
    assert!(link.is_waiting());
    link.acknowledge(at + ms(41), 11, 0, back(at + ms(41), RTT))
        .expect("sent");
    assert!(!link.is_waiting());
    assert_eq!(link.poll_send(12), None);
}

#[test]
fn a_probe_is_repeated_until_anything_comes() {
    let mut link = measured();
    link.probe();
    assert!(link.is_probe_due());
    link.next_packet(ms(2000));
    link.on_probe_sent(ms(2000));
    assert!(!link.is_probe_due() && link.is_waiting());
    let at = link.poll_timeout().expect("a timeout");
    link.handle_timeout(at);
    assert!(link.is_probe_due());
    link.next_packet(at);
    link.on_probe_sent(at);
    assert!(link.receive(at + RTT, PacketNumber(1)).is_some());
    assert_eq!((link.is_waiting(), link.poll_timeout()), (false, None));
    assert_eq!(link.heard_at(), (at + RTT).into());
    assert!(
        link.receive(at + RTT, PacketNumber(1)).is_none(),
        "a second time"
    );
}

#[test]
fn after_a_change_of_path_everything_is_sent_again_at_once() {
    let mut link = measured();
    send(&mut link, ms(1000), 6, 1);
    link.acknowledge(ms(1020), 2, 5, back(ms(1020), RTT))
        .expect("sent");
    link.handle_path_change();
    let again = send(&mut link, ms(1030), 6, 1);
    assert_eq!(again.iter().map(|sent| sent.0).collect::<Vec<_>>(), [3, 4]);
    assert!(link.poll_timeout() > Some(ms(1030)));
    let mut idle = measured();
    idle.on_probe_sent(ms(1000));
    idle.handle_path_change();
    assert!(idle.is_probe_due(), "an answer is still awaited");
}

#[test]
fn acknowledgements_wait_unless_they_are_urgent() {
    let mut link = Link::new(ms(0), 0);
    link.owe(ms(0), Urgency::Within(ms(60)));
    link.owe(ms(10), Urgency::Within(ms(90)));
    assert_eq!(link.poll_timeout(), Some(ms(60)), "the earlier counts");
    assert!(!link.is_ack_due(ms(59)) && link.is_ack_due(ms(60)));
    link.next_bare_packet(ms(50));
    assert!(link.is_ack_due(ms(60)), "nothing rode on that");
    link.next_packet(ms(60));
    assert!(!link.is_ack_due(ms(99)));
    link.owe(ms(100), Urgency::AtOnce);
    assert!(link.is_ack_due(ms(100)));
}

#[test]
fn acknowledgements_wait_for_quiet() {
    let mut link = Link::new(ms(0), 0);
    link.owe(ms(0), Urgency::Quiet(ms(50)));
    link.owe(ms(40), Urgency::Quiet(ms(50)));
    assert_eq!(link.poll_timeout(), Some(ms(90)), "there was no quiet");
    link.owe(ms(41), Urgency::Within(ms(20)));
    link.owe(ms(42), Urgency::Quiet(ms(50)));
    assert_eq!(link.poll_timeout(), Some(ms(61)), "what is firm stays");
    link.next_packet(ms(61));
    link.owe(ms(70), Urgency::Quiet(ms(50)));
    link.owe(ms(71), Urgency::Within(ms(90)));
    assert_eq!(link.poll_timeout(), Some(ms(120)), "the earlier counts");
}

#[test]
fn while_items_flow_the_timeout_counts_from_the_last_one_until_an_answer_is_asked_for() {
    let mut link = Link::new(ms(0), 0);
    let mut asked_at = None;
    for at in 0..10 {
        let next = link.poll_send(u64::MAX).expect("the window is open");
        link.next_packet(ms(at));
        if link.on_sent(ms(at), run(next.first, next.first + 1)) {
            asked_at.get_or_insert(ms(at));
        }
        let from = asked_at.unwrap_or(ms(at));
        assert_eq!(link.poll_timeout(), Some(from + limits::RTO_FIRST));
    }
    assert_eq!(asked_at, Some(ms(7)));
}

#[test]
fn a_crowd_is_not_asked_all_at_once() {
    let first_asked = |turn| {
        let mut link = Link::new(ms(0), 0).with_turn(turn);
        let mut sent = 0;
        while let Some(next) = link.poll_send(u64::MAX) {
            link.next_packet(ms(0));
            sent += 1;
            if link.on_sent(ms(0), run(next.first, next.first + 1)) {
                return sent;
            }
        }
        panic!("never");
    };
    assert_eq!([0, 1, 2, 3].map(first_asked), [8, 7, 8, 7]);
}

#[test]
fn an_acknowledgement_is_wanted_when_little_of_the_window_is_left_when_it_is_full_and_for_a_resend()
{
    let mut link = Link::new(ms(0), 0);
    let mut wanted = Vec::new();
    while let Some(next) = link.poll_send(u64::MAX) {
        let one = run(next.first, next.first + 1);
        link.next_packet(ms(0));
        if link.on_sent(ms(0), one) {
            wanted.push(next.first);
        }
    }
    assert_eq!(wanted, [8, 10]);
    link.handle_timeout(limits::RTO_FIRST);
    let lost = link.poll_send(u64::MAX).expect("lost");
    link.next_packet(limits::RTO_FIRST);
    assert!(link.on_sent(limits::RTO_FIRST, lost));
}

#[test]
fn a_window_that_shrinks_below_what_is_under_way_asks_by_a_probe() {
    let mut link = Link::new(ms(0), 0);
    link.limit_window(7);
    assert!(!link.is_probe_due(), "nothing is under way");
    let mut link = Link::new(ms(0), 0);
    for _ in 0..7 {
        let next = link.poll_send(u64::MAX).expect("the window is open");
        link.next_packet(ms(0));
        assert!(!link.on_sent(ms(0), run(next.first, next.first + 1)));
    }
    link.limit_window(7);
    assert_eq!(link.poll_send(u64::MAX), None);
    assert!(link.is_probe_due(), "or it would wait for the peer's quiet");
    link.next_packet(ms(1));
    link.on_probe_sent(ms(1));
    link.limit_window(5);
    assert!(!link.is_probe_due(), "it was asked");
    link.receive(ms(2), PacketNumber(1));
    link.acknowledge(ms(2), 7, 0, back(ms(2), RTT))
        .expect("sent");
    assert_eq!((link.is_waiting(), link.poll_timeout()), (false, None));
}

#[test]
fn numbers_near_their_end() {
    let mut link = Link::new(ms(0), u64::MAX - 13).with_last_packet(u64::MAX - 10);
    let sent = send(&mut link, ms(0), u64::MAX, 1);
    assert_eq!(sent.len() as u32, limits::WINDOW_FIRST);
    assert_eq!(sent.last(), Some(&(u64::MAX - 3, u64::MAX - 2, u64::MAX)));
    link.acknowledge(ms(1), u64::MAX - 3, 0, back(ms(1), RTT))
        .expect("sent");
    let last = send(&mut link, ms(1), u64::MAX, 9);
    assert_eq!(last, [(u64::MAX - 2, u64::MAX, u64::MAX)]);
    link.acknowledge(ms(1), u64::MAX - 1, u64::MAX - 1, back(ms(1), RTT))
        .expect("sent");
    assert_eq!(link.poll_send(u64::MAX), None);
    assert!(link.receive(ms(2), PacketNumber(u64::MAX)).is_some());
}

/// One end of a test of two: what it has received, and what it has to send.
struct End {
    link: Link,
    inbox: Inbox<(), { limits::EARLY_DATAGRAMS }>,
    items: u64,
}

/// A datagram under way: packet, items, and the acknowledgement on it.
type Wire =
    std::collections::BTreeMap<(Duration, u64), (usize, u64, Option<Run>, (u64, u64, Stamps))>;

#[test]
fn two_links_deliver_everything_over_a_channel_that_loses() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let loss = random.below(60);
        let last_packet = if seed % 2 == 0 { 0 } else { 1 << 40 };
        let mut ends = [50 + random.below(200), random.below(100)].map(|items| End {
            link: Link::new(ms(0), 0).with_last_packet(last_packet),
            inbox: Inbox::new(1),
            items,
        });
        let (mut now, mut wire, mut count) = (ms(0), Wire::new(), 0);
        loop {
            for (from, end) in ends.iter_mut().enumerate() {
                loop {
                    let run = end.link.poll_send(end.items + 1);
                    if run.is_none() && !end.link.is_ack_due(now) {
                        break;
                    }
                    let run = run.map(|r| Run {
                        end: r.end.min(r.first + 1 + random.below(5)),
                        ..r
                    });
                    let packet = end.link.next_packet(now).0;
                    if let Some(run) = run {
                        end.link.on_sent(now, run);
                    }
                    let (acked, gap_end) = (end.inbox.next() - 1, end.inbox.gap_end());
                    let ack = (acked, gap_end, end.link.stamps(now));
                    for _ in 0..1 + random.below(2) {
                        count += 1;
                        if random.below(100) >= loss {
                            let at = now + ms(5 + random.below(60));
                            wire.insert((at, count), (1 - from, packet, run, ack));
                        }
                    }
                }
            }
            let timers = ends.iter().filter_map(|end| end.link.poll_timeout());
            let arrival = wire.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = timers.chain(arrival).min() else {
                break;
            };
            assert!(next < Duration::from_secs(3600), "seed {seed}: not done");
            now = next.max(now);
            for end in &mut ends {
                end.link.handle_timeout(now);
            }
            if arrival.is_some_and(|at| at <= now)
                && let Some((_, (to, packet, run, (acked, gap_end, stamps)))) = wire.pop_first()
            {
                let end = &mut ends[to];
                if end.link.receive(now, PacketNumber(packet)).is_none() {
                    continue;
                }
                end.link
                    .acknowledge(now, acked, gap_end, stamps)
                    .expect("only what was sent");
                if let Some(run) = run {
                    let new = end.inbox.insert(run.first, run.end, ());
                    while end.inbox.pop().is_some() {}
                    let urgency = if !new || end.inbox.gap_end() > 0 {
                        Urgency::AtOnce
                    } else {
                        Urgency::Within(limits::ACK_DELAY_LEAST)
                    };
                    end.link.owe(now, urgency);
                }
            }
        }
        for (a, b) in [(0, 1), (1, 0)] {
            assert_eq!(ends[a].inbox.next(), ends[b].items + 1, "seed {seed}");
            assert_eq!(ends[b].link.acked(), ends[b].items, "seed {seed}");
        }
    }
}

#[test]
fn after_a_loss_datagrams_with_little_news_repeat_what_went_before() {
    let mut link = measured();
    send(&mut link, ms(1000), 4, 1);
    assert_eq!(link.repeat_from(run(4, 5)), 4, "nothing was lost yet");
    link.acknowledge(ms(1040), 1, 3, back(ms(1040), RTT))
        .expect("sent");
    assert_eq!(send(&mut link, ms(1040), 4, 1), [(2, 3, 4)]);
    assert_eq!(link.repeat_from(run(4, 5)), 2, "all that may be missing");
    assert_eq!(link.repeat_from(run(4, 8)), 4, "much is new");
    assert_eq!(link.repeat_from(run(3, 4)), 3, "a resend");
    send(&mut link, ms(1040), 10, 1);
    link.acknowledge(ms(1080), 5, 0, back(ms(1080), RTT))
        .expect("sent");
    assert_eq!(link.repeat_from(run(10, 11)), 7, "no more than a few");
    for item in 10..10 + u64::from(limits::WARY) {
        link.acknowledge(ms(1080), item - 1, 0, back(ms(1080), RTT))
            .expect("sent");
        send(&mut link, ms(1080), item + 1, 1);
    }
    let next = 10 + u64::from(limits::WARY);
    assert_eq!(link.repeat_from(run(next, next + 1)), next, "long ago");
}

#[test]
fn what_a_prompt_peer_passes_over_is_sent_again_before_the_timeout() {
    let mut link = measured().with_prompt_peer();
    send(&mut link, ms(1000), 3, 1);
    let patience = RTT + RTT / 4;
    link.acknowledge(ms(999) + patience, 1, 0, back(ms(999) + patience, RTT))
        .expect("sent");
    assert_eq!(send(&mut link, ms(999) + patience, 3, 1), [], "in time");
    link.acknowledge(ms(1000) + patience, 1, 0, back(ms(1000) + patience, RTT))
        .expect("sent");
    assert!(link.poll_timeout() > Some(ms(1000) + patience));
    assert_eq!(send(&mut link, ms(1000) + patience, 3, 1), [(2, 3, 3)]);
    link.acknowledge(
        ms(999) + 2 * patience,
        1,
        0,
        back(ms(999) + 2 * patience, RTT),
    )
    .expect("sent");
    assert_eq!(send(&mut link, ms(999) + 2 * patience, 3, 1), [], "anew");
    link.acknowledge(
        ms(1000) + 2 * patience,
        1,
        0,
        back(ms(1000) + 2 * patience, RTT),
    )
    .expect("sent");
    assert_eq!(send(&mut link, ms(1000) + 2 * patience, 3, 1), [(2, 3, 4)]);
}

#[test]
fn random_numbers_fill_their_range() {
    let mut random = Random::new(1);
    let mut seen = [false; 8];
    (0..200).for_each(|_| seen[random.below(8) as usize] = true);
    assert_eq!(seen, [true; 8]);
}

#[test]
fn after_a_timeout_the_window_grows_fast_to_half_of_what_it_was() {
    let mut window = Window::default();
    window.grow(30);
    let half = window.size() / 2;
    window.collapse(ms(1));
    window.grow(half - limits::WINDOW_LEAST);
    assert_eq!(window.size(), half);
    window.grow(half);
    assert_eq!(window.size(), half + 1, "and from there on slowly");
}

#[test]
fn what_was_sent_before_the_window_was_cut_does_not_cut_it_again() {
    let mut window = Window::default();
    window.grow(limits::WINDOW_MOST);
    let full = window.size();
    window.halve(ms(5).into(), ms(10));
    assert_eq!(window.size(), full / 2);
    window.halve(ms(10).into(), ms(15));
    assert_eq!(window.size(), full / 2, "the same loss");
    window.halve(ms(11).into(), ms(15));
    assert_eq!(window.size(), full / 4, "another one");
}

#[test]
fn more_items_than_a_flight_can_count_go_in_several() {
    let most = u64::from(u32::MAX);
    let mut link = Link::new(ms(0), 0);
    let run = link.poll_send(u64::MAX).expect("something to send");
    assert_eq!(
        run,
        Run {
            first: 1,
            end: most + 1
        }
    );
    link.next_packet(ms(0));
    link.on_sent(ms(0), run);
    assert_eq!(
        link.poll_send(u64::MAX).map(|run| run.first),
        Some(most + 1)
    );
    link.acknowledge(ms(1), most - 1, 0, back(ms(1), RTT))
        .expect("sent");
    assert_eq!(link.flights(), 1);
    link.acknowledge(ms(1), most, 0, back(ms(1), RTT))
        .expect("sent");
    assert_eq!(link.flights(), 0);
}
