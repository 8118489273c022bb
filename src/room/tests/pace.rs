//! The pace of talk without a limit, where somebody lags.

use super::*;

/// A room without a limit of the rate, and two who have seen each other come.
fn house() -> (House, Peer, Peer) {
    let mut house = House::new(Config {
        rate: 0,
        idle_timeout: ms(600_000),
        ..Config::default()
    });
    let (mut a, mut b) = (house.member("小明", 1), house.member("小红", 2));
    house.settle(&mut [&mut a, &mut b]);
    house.announce("x");
    house.settle(&mut [&mut a, &mut b]);
    (house, a, b)
}

/// Says so many texts, as far as the room takes them at once; gives how many events that made.
fn flood(house: &mut House, speaker: &mut Peer, count: usize) -> u64 {
    let before = house.room.stats().events;
    for _ in 0..count / 16 {
        speaker.say(house, &["x"; 16]);
        speaker.answer(house);
        house.now += ms(1);
        if speaker.heard.1 > 0 {
            break;
        }
    }
    house.room.stats().events - before
}

const HALF: u64 = limits::LOG_EVENTS as u64 / 2;

#[test]
fn who_listens_and_lags_is_not_outrun() {
    let (mut house, mut a, mut b) = house();
    let events = flood(&mut house, &mut a, 20_000);
    assert!((HALF..HALF + 64).contains(&events), "{events}");
    // At the default pace it goes on, and b loses nothing while it comes nearer.
    house.wait(ms(1000));
    assert!(a.heard.1 > 0);
    assert!(house.room.stats().events - events < 40);
    for _ in 0..2 {
        house.wait(ms(500));
        house.settle(&mut [&mut a, &mut b]);
    }
    assert!(!b.told().iter().any(|told| told.starts_with("gap")));
    house.now += limits::LAG_LOOK;
    assert!(flood(&mut house, &mut a, 1600) == 1600, "the limit is gone");
}

#[test]
fn who_does_not_listen_holds_nobody_up_for_long() {
    let (mut house, mut a, _stopped) = house();
    let events = flood(&mut house, &mut a, 20_000);
    assert!(events < HALF + 64);
    house.wait(limits::LAG_PATIENCE);
    house.settle(&mut [&mut a]);
    assert_eq!(flood(&mut house, &mut a, 20_000), 20_000);
}

#[test]
fn who_comes_back_from_far_behind_is_not_outrun() {
    let (mut house, mut a, mut b) = house();
    flood(&mut house, &mut a, 1600);
    house.wait(limits::LAG_PATIENCE);
    a.answer(&mut house);
    assert_eq!(flood(&mut house, &mut a, 6400), 6400);
    b.again(&mut house);
    let events = flood(&mut house, &mut a, 8000);
    assert!(events < 64, "{events}");
    house.settle(&mut [&mut a, &mut b]);
    assert!(!b.told().iter().any(|told| told.starts_with("gap")));
}

/// It had everything, and so nothing to acknowledge.
#[test]
fn who_listens_is_not_outrun_after_a_quiet_while() {
    let (mut house, mut a, mut b) = house();
    for _ in 0..4 {
        house.wait(limits::LAG_PATIENCE / 2);
        for peer in [&mut a, &mut b] {
            let up = Up {
                answer: true,
                ..peer.acknowledging()
            };
            peer.send(&mut house, &up);
        }
    }
    let events = flood(&mut house, &mut a, 20_000);
    assert!((HALF..HALF + 64).contains(&events), "{events}");
    house.settle(&mut [&mut a, &mut b]);
    assert!(!b.told().iter().any(|told| told.starts_with("gap")));
}

#[test]
fn who_has_spoken_is_not_silenced_by_a_higher_rate() {
    let config = |rate| Config {
        rate,
        ..Config::default()
    };
    let mut house = House::new(config(1));
    let (mut a, mut b) = (house.member("小明", 1), house.member("小红", 2));
    house.settle(&mut [&mut a, &mut b]);
    a.say(&mut house, &["x"; limits::RATE_BURST as usize]);
    house.room.set_config(config(limits::RATE));
    a.say(&mut house, &["y"]);
    let said = |house: &House| house.room.stats().events;
    let before = said(&house);
    house.wait(ms(150));
    assert_eq!(said(&house), before + 1);
}

#[test]
fn a_rate_below_the_default_stays() {
    let mut house = House::new(Config {
        rate: 1,
        ..Config::default()
    });
    let _peer = house.member("小明", 1);
    for _ in 0..HALF + 10 {
        house.room.handle_announce(&mut house.users, house.now, "x");
    }
    assert_eq!(house.room.rate(house.now), 1);
    house.room.config.rate = 1000;
    assert_eq!(house.room.rate(house.now), limits::RATE);
}
