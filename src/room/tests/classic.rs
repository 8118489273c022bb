//! Members that speak the classroom's text protocol, among those that do not.

use super::*;
use crate::text::Lang;

/// What one address was sent, as text.
fn told(out: &Datagrams, to: SocketAddr) -> Vec<String> {
    let at = out.iter().filter(|(address, _)| *address == to);
    at.map(|(_, bytes)| String::from_utf8(bytes.clone()).expect("UTF-8"))
        .collect()
}

fn house() -> House {
    near(Config::default())
}

fn near(config: Config) -> House {
    let classic = Classic::Near;
    House::new(Config { classic, ..config })
}

/// One datagram, and what goes to its sender.
fn ask(house: &mut House, from: SocketAddr, text: &str) -> Vec<String> {
    told(&house.give(from, text.as_bytes()), from)
}

fn login(house: &mut House, name: &str, host: u8) -> SocketAddr {
    let from = address(host);
    assert_eq!(ask(house, from, &format!("L {name}")), ["OK"]);
    from
}

fn names(house: &House) -> Vec<&str> {
    let mut names: Vec<_> = house.users.iter().map(|user| user.name.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn without_the_flag_nothing_is_answered() {
    let mut house = House::new(Config::default());
    for text in ["L Tom", "C Tom hi", "Q Tom", "E Tom", "QTom"] {
        assert!(house.give(address(1), text.as_bytes()).is_empty());
    }
    assert_eq!(house.room.stats().malformed, 5);
    assert!(house.users.is_empty());
}

#[test]
fn lines_byte_by_byte() {
    let mut house = house();
    let tom = login(&mut house, "Tom", 1);
    let out = house.give(address(2), "L 小红".as_bytes());
    assert_eq!(
        told(&out, address(2)),
        ["OK"],
        "and nothing before or behind it"
    );
    assert_eq!(told(&out, tom), ["\n小红 进入聊天室"]);
    let out = house.give(tom, b"C Tom  two  inner ");
    assert_eq!(told(&out, address(2)), ["\nTom 说： two  inner "]);
    assert_eq!(out.len(), 1, "not to who speaks");
    let out = house.give(tom, b"C Tom ");
    assert_eq!(told(&out, address(2)), ["\nTom 说："]);
    let out = house.give(tom, "C Tom 早\n管理员说：\u{1b}".as_bytes());
    assert_eq!(
        told(&out, address(2)),
        ["\nTom 说：早\n    管理员说：\u{241b}"]
    );
    let out = house.announce("今晚停机");
    assert_eq!(told(&out, tom), ["\n管理员说：今晚停机"]);
    assert_eq!(told(&out, address(2)), ["\n管理员说：今晚停机"]);
    let out = house.give(tom, b"Q Tom");
    assert_eq!(told(&out, tom), ["EXIT"]);
    assert_eq!(told(&out, address(2)), ["\nTom 退出了聊天室"]);
    assert_eq!(names(&house), ["小红"]);
}

#[test]
fn in_english() {
    let lang = Lang::En;
    let mut house = near(Config {
        lang,
        ..Config::default()
    });
    let tom = login(&mut house, "Tom", 1);
    assert_eq!(ask(&mut house, address(2), "L Tom"), ["this name is taken"]);
    house.give(address(2), b"L Ann");
    let out = house.give(address(2), b"C Ann hi");
    assert_eq!(told(&out, tom), ["\nAnn says: hi"]);
}

#[test]
fn both_kinds_share_the_room() {
    let mut house = house();
    let mut ann = house.member("Ann", 9);
    let tom = login(&mut house, "Tom", 1);
    let out = house.give(tom, b"C Tom hi");
    ann.take(&out);
    let out = ann.say(&mut house, &["hello", "there"]);
    assert_eq!(told(&out, tom), ["\nAnn 说：hello", "\nAnn 说：there"]);
    house.give(tom, b"C Tom ");
    let out = house.give(tom, b"Q Tom");
    ann.take(&out);
    house.settle(&mut [&mut ann]);
    assert_eq!(
        ann.told(),
        ["#0", "+Tom", "Tom:hi", "#1", "#2", "Tom:", "-Tom"]
    );
    let shown = house.shown();
    assert_eq!(shown.len(), 7);
    assert_eq!(shown[6], Shown::Left(Name::new("Tom").unwrap()));
}

#[test]
fn whispers_and_the_other_events() {
    let mut house = house();
    let mut ann = house.member("Ann", 9);
    let tom = login(&mut house, "Tom", 1);
    let bob = login(&mut house, "Bob", 2);
    let all = [
        Utterance::Whisper("TOM", "psst"),
        Utterance::Whisper("Nobody", "psst"),
        Utterance::Act("smiles"),
        Utterance::Rename("Tom"),
        Utterance::Rename("Anna"),
        Utterance::Away("tea"),
        Utterance::Say("bye"),
    ];
    let out = ann.utter(&mut house, &all);
    let public = ["\n* Ann smiles", "\nAnn 改名为 Anna", "\nAnna 说：bye"];
    assert_eq!(told(&out, bob), public);
    assert_eq!(told(&out, tom)[0], "\nAnn（悄悄对你）说：psst");
    assert_eq!(told(&out, tom)[1..], public);
}

#[test]
fn names_are_one_for_both_kinds() {
    let mut house = house();
    house.member("Ann", 9);
    let tom = login(&mut house, "Tom", 1);
    for name in ["Ann", "ANN", "Tom", "tom"] {
        let answer = ask(&mut house, address(2), &format!("L {name}"));
        assert_eq!(answer, ["姓名已被使用"], "{name}");
    }
    let mut peer = Peer::new("Tom", address(3));
    let out = peer.try_enter(&mut house);
    assert_eq!(refusal(&out), Some(Refusal::NameTaken));
    assert_eq!(ask(&mut house, tom, "L Ann"), ["姓名已被使用"]);
    assert_eq!(names(&house), ["Ann", "Tom"]);
}

#[test]
fn reserved_and_impossible_names_are_refused_in_few_bytes() {
    let mut house = house();
    let long = "长".repeat(1000);
    for name in [
        "管理员消息",
        "管理员",
        "admin",
        "系统",
        "",
        " Tom",
        "\u{1b}",
        "Ａnna",
        "ab说：",
        "...",
        "\u{202e}a",
        "אa",
        &long,
    ] {
        let answer = ask(&mut house, address(1), &format!("L {name}"));
        assert_eq!(answer.len(), 1, "{name}");
        assert!(
            answer[0].len() <= limits::CLASSIC_ANSWER && answer[0] != "OK",
            "{answer:?}"
        );
    }
    let answer = house.give(address(1), b"L \xff\xfe");
    assert_eq!(answer.len(), 1);
    let out = house.give(address(1), "C 管理员消息 今晚停机".as_bytes());
    assert!(out.is_empty() && house.shown().is_empty() && house.users.is_empty());
    for lang in [Lang::Zh, Lang::En] {
        for error in crate::text::NameError::ALL {
            assert!(lang.name_error(error).len() <= limits::CLASSIC_ANSWER);
        }
        let others = [
            lang.name_taken(),
            lang.room_full(),
            lang.room_closing(),
            lang.too_many_from_address(),
        ];
        for other in others {
            assert!(other.len() <= limits::CLASSIC_ANSWER);
        }
    }
}

#[test]
fn a_repeated_login_is_ok_again_and_no_second_entering() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let out = house.give(tom, b"L Tom");
    assert_eq!((out.len(), told(&out, tom)), (1, vec!["OK".into()]));
    // What happened at the same time comes behind it.
    house
        .room
        .handle_announce(&mut house.users, house.now, "hi");
    let out = house.give(tom, b"L Tom");
    assert_eq!(told(&out, tom), ["OK", "\n管理员说：hi"]);
    assert_eq!(told(&out, ann), ["\n管理员说：hi"]);
    assert_eq!(house.users.len(), 2);
}

#[test]
fn nothing_reaches_an_address_before_ok() {
    let mut house = house();
    let ann = login(&mut house, "Ann", 2);
    house.give(ann, b"C Ann before");
    let now = house.now;
    let mut give = |from, text: &str| {
        let House { room, users, .. } = &mut house;
        room.handle_datagram(users, now, from, text.as_bytes());
    };
    give(ann, "C Ann one");
    give(address(1), "L Tom");
    give(ann, "C Ann two");
    let out = house.flush();
    assert_eq!(told(&out, address(1)), ["OK", "\nAnn 说：two"]);
}

#[test]
fn another_name_from_one_socket_takes_the_place_of_the_first() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let out = house.give(tom, b"L Bob");
    assert_eq!(told(&out, tom), ["OK"]);
    assert_eq!(told(&out, ann), ["\nTom 退出了聊天室", "\nBob 进入聊天室"]);
    let out = house.give(ann, b"C Ann hi");
    assert_eq!(told(&out, tom), ["\nAnn 说：hi"], "once");
    assert_eq!(names(&house), ["Ann", "Bob"]);
}

#[test]
fn goodbyes_in_all_variants() {
    let mut house = house();
    let ann = login(&mut house, "Ann", 2);
    for goodbye in ["Q Tom", "E Tom", "QTom", "Q Tom\n"] {
        let tom = login(&mut house, "Tom", 1);
        let out = house.give(tom, goodbye.as_bytes());
        assert_eq!(told(&out, tom), ["EXIT"], "{goodbye}");
        assert_eq!(told(&out, ann), ["\nTom 退出了聊天室"]);
        for again in [goodbye, "Q nobody"] {
            let out = house.give(tom, again.as_bytes());
            assert_eq!((out.len(), told(&out, tom)), (1, vec!["EXIT".into()]));
        }
    }
    assert_eq!(names(&house), ["Ann"]);
}

#[test]
fn talk_and_goodbyes_count_only_from_ones_own_address() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    house.shown();
    assert!(house.give(ann, b"C Tom forged").is_empty());
    assert!(house.give(address(3), b"C Tom forged").is_empty());
    // The same host, another port.
    let next_door = SocketAddr::new(tom.ip(), tom.port() + 1);
    assert!(house.give(next_door, b"C Tom forged").is_empty());
    for from in [ann, address(3), next_door] {
        for forged in ["Q Tom", "E Tom", "QTom"] {
            let out = house.give(from, forged.as_bytes());
            assert_eq!((out.len(), told(&out, from)), (1, vec!["EXIT".into()]));
        }
    }
    assert!(house.shown().is_empty());
    assert_eq!(names(&house), ["Ann", "Tom"]);
    let stats = house.room.stats();
    assert_eq!((stats.forged, stats.stray), (1, 11));
}

#[test]
fn long_text_comes_in_datagrams_that_are_read_whole() {
    let mut house = house();
    let name = "名".repeat(21);
    let tom = login(&mut house, &name, 1);
    let ann = login(&mut house, "Ann", 2);
    let (mut bob, text) = (house.member("Bob", 9), "字".repeat(1300) + "end");
    let texts = [text.as_str(), &"\u{7}".repeat(900)];
    for text in texts {
        let out = house.give(tom, format!("C {name} {text}").as_bytes());
        bob.take(&out);
        let lines = told(&out, ann);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= 1023));
        let front = format!("\n{name} 说：");
        let parts = lines.iter().map(|line| line.strip_prefix(&front).unwrap());
        let joined: String = parts.collect();
        assert_eq!(joined, text.replace('\u{7}', "\u{2407}"));
    }
    house.settle(&mut [&mut bob]);
    let said = bob
        .told()
        .iter()
        .filter_map(|told| told.strip_prefix(&format!("{name}:")))
        .collect::<String>();
    assert_eq!(said, texts.concat());
    let out = bob.say(&mut house, &[&"长".repeat(341)]);
    assert_eq!(told(&out, ann).len(), 2, "an utterance of 1023 bytes");
}

#[test]
fn malformed_text_harms_nothing() {
    let mut house = house();
    let ann = login(&mut house, "Ann", 2);
    house.shown();
    let long = [b'x'; 4103];
    let all: [&[u8]; 13] = [
        b"",
        b"L",
        b"C",
        b"Q",
        b"E",
        b" ",
        b"\n",
        b"C \xff\xff",
        b"X Ann",
        b"OK",
        b"EXIT",
        &long,
        "姓名已被使用".as_bytes(),
    ];
    for from in [ann, address(3)] {
        for bytes in all {
            assert!(house.give(from, bytes).is_empty(), "{bytes:?}");
        }
    }
    let line = "C Ann ".to_owned() + &"y".repeat(4097);
    house.give(ann, line.as_bytes());
    assert_eq!(house.shown().len(), 5);
    assert_eq!(house.room.stats().malformed, 26);
}

#[test]
fn only_from_loopback_and_private_networks_unless_any() {
    let near = [
        "127.0.0.1",
        "127.9.9.9",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.1",
        "192.168.1.1",
        "169.254.1.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
    ];
    let far = [
        "8.8.8.8",
        "172.32.0.1",
        "192.169.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "2001:db8::1",
        "::",
        "::ffff:8.8.8.8",
        "fec0::1",
        "ff02::1",
    ];
    let from = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 5000);
    let mut house = house();
    for ip in near {
        assert_eq!(ask(&mut house, from(ip), "L Tom"), ["OK"], "{ip}");
        assert_eq!(ask(&mut house, from(ip), "Q Tom"), ["EXIT"], "{ip}");
    }
    for ip in far {
        for text in ["L Tom", "Q Tom", "C Tom hi", "L "] {
            assert!(
                house.give(from(ip), text.as_bytes()).is_empty(),
                "{ip} {text}"
            );
        }
    }
    assert_eq!(house.room.stats().turned_away, 4 * far.len() as u64);
    let classic = Classic::Any;
    let mut house = House::new(Config {
        classic,
        ..Config::default()
    });
    for ip in near.into_iter().chain(far) {
        assert_eq!(ask(&mut house, from(ip), "L Tom"), ["OK"], "{ip}");
        assert_eq!(ask(&mut house, from(ip), "Q Tom"), ["EXIT"], "{ip}");
    }
}

#[test]
fn one_who_is_not_in_gets_little() {
    let classic = Classic::Any;
    let mut house = House::new(Config {
        classic,
        ..Config::default()
    });
    login(&mut house, "Tom", 1);
    login(&mut house, "a", 2);
    let far = SocketAddr::new([8, 8, 8, 8].into(), 5000);
    let all: [&[u8]; 12] = [
        b"L",
        b"L ",
        b"L a",
        b"L Tom",
        b"L admin",
        b"L \xff",
        b"C",
        b"C Tom hi",
        b"Q",
        b"Qa",
        b"Q a",
        b"Q Tom",
    ];
    for bytes in all {
        let out = house.give(far, bytes);
        assert!(out.len() <= 1, "{bytes:?}");
        for (to, answer) in out {
            assert_eq!(to, far);
            assert!(answer.len() <= bytes.len(), "{bytes:?}: {answer:?}");
        }
    }
    assert_eq!(ask(&mut house, far, "L Tom"), ["NO"]);
    let long = "L ".to_owned() + &"x".repeat(200);
    assert_eq!(
        ask(&mut house, far, &long),
        ["姓名太长：最多 32 个字符、64 字节"]
    );
    for bytes in all {
        let out = house.give(address(9), bytes);
        let size = |(_, answer): &(SocketAddr, Vec<u8>)| answer.len();
        assert!(out.len() <= 1 && out.iter().all(|a| size(a) <= limits::CLASSIC_ANSWER));
    }
    // And not often.
    let answers = (0..1000)
        .map(|_| house.give(far, b"L Tom").len())
        .sum::<usize>();
    assert!(answers <= limits::SOURCE_BURST as usize, "{answers}");
}

#[test]
fn who_says_too_much_is_held_back_in_order_up_to_a_bound() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let burst = limits::RATE_BURST as usize;
    let kept = burst + limits::CLASSIC_WAITING;
    let mut lines = Vec::new();
    for number in 0..kept + 7 {
        let out = house.give(tom, format!("C Tom {number}").as_bytes());
        lines.extend(told(&out, ann));
    }
    assert_eq!(lines.len(), burst);
    assert_eq!(house.room.stats().too_fast, 7);
    let out = house.wait(ms(1000));
    lines.extend(told(&out, ann));
    assert_eq!(lines.len(), burst + 10);
    lines.extend(told(&house.wait(ms(30_000)), ann));
    let expected: Vec<_> = (0..kept)
        .map(|number| format!("\nTom 说：{number}"))
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn what_is_held_back_is_said_before_one_leaves() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let mut lines = Vec::new();
    for number in 0..25 {
        lines.extend(told(
            &house.give(tom, format!("C Tom {number}").as_bytes()),
            ann,
        ));
    }
    let out = house.give(tom, b"Q Tom");
    assert_eq!(told(&out, tom), ["EXIT"], "at once");
    assert_eq!(ask(&mut house, tom, "Q Tom"), ["EXIT"]);
    assert!(house.give(tom, b"C Tom late").is_empty());
    let out = house.wait(ms(1000));
    assert!(told(&out, tom).is_empty(), "it has left as far as it knows");
    lines.extend(told(&out, ann));
    assert_eq!(lines.len(), 26);
    assert_eq!(lines[24..], ["\nTom 说：24", "\nTom 退出了聊天室"]);
    // Back again before all is said, it has not left.
    let tom = login(&mut house, "Tom", 1);
    for number in 0..25 {
        house.give(tom, format!("C Tom {number}").as_bytes());
    }
    assert_eq!(ask(&mut house, tom, "Q Tom"), ["EXIT"]);
    assert_eq!(ask(&mut house, tom, "L Tom"), ["OK"]);
    house.wait(ms(5000));
    assert_eq!(names(&house), ["Ann", "Tom"]);
}

#[test]
fn a_kick_tells_why_and_says_exit() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let out = house.kick("TOM", "太吵");
    assert_eq!(told(&out, tom), ["\n你被管理员请出了聊天室：太吵", "EXIT"]);
    assert_eq!(told(&out, ann), ["\nTom 退出了聊天室"]);
    assert!(house.give(tom, b"C Tom still here").is_empty());
    assert_eq!(names(&house), ["Ann"]);
}

#[test]
fn bans_and_mutes_hold_for_them_too() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let name = Name::new("tom").unwrap();
    assert!(house.room.handle_mute(&name, None));
    let out = house.give(tom, b"C Tom hi");
    assert_eq!(told(&out, tom), ["\n管理员已将你禁言：没有人看到这句话"]);
    assert_eq!(out.len(), 1);
    let House { room, users, now } = &mut house;
    let ban = Ban {
        whom: Whom::Address(tom.ip()),
        until: None,
    };
    room.handle_ban(users, *now, ban, "").unwrap();
    let out = house.flush();
    assert_eq!(told(&out, tom), ["\n你被管理员请出了聊天室", "EXIT"]);
    assert_eq!(told(&out, ann), ["\nTom 退出了聊天室"]);
    assert_eq!(ask(&mut house, tom, "L Bob"), ["管理员已禁止你进入聊天室"]);
    let figures = house.room.figures(&house.users, house.now);
    let figures: Vec<_> = figures.iter().map(|f| (f.name.as_str(), f.lag)).collect();
    assert_eq!(figures, [("Ann", 0)]);
}

#[test]
fn a_silent_member_leaves_after_its_own_time() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert!(house.wait(minutes(29)).is_empty());
    assert!(house.give(ann, b"L Ann").len() == 1);
    let out = house.wait(minutes(1));
    assert_eq!(told(&out, tom)[1..], ["EXIT"]);
    assert_eq!(told(&out, ann), ["\nTom 退出了聊天室"]);
    assert_eq!(names(&house), ["Ann"]);
}

#[test]
fn a_closing_room_says_goodbye_to_all() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    house
        .room
        .handle_announce(&mut house.users, house.now, "bye");
    house.room.handle_close(&mut house.users, house.now);
    assert!(!house.room.is_closed(house.now));
    let out = house.flush();
    for who in [tom, ann] {
        assert_eq!(
            told(&out, who),
            ["\n管理员说：bye", "\n聊天室已关闭", "EXIT"]
        );
    }
    assert!(house.room.is_closed(house.now));
    assert_eq!(ask(&mut house, address(3), "L Bob"), ["聊天室正在关闭"]);
    assert!(house.give(tom, b"C Tom late").is_empty());
}

#[test]
fn what_is_held_back_is_said_before_the_room_closes() {
    let mut house = house();
    let (tom, ann) = (login(&mut house, "Tom", 1), login(&mut house, "Ann", 2));
    let mut lines = Vec::new();
    for number in 0..25 {
        let out = house.give(tom, format!("C Tom {number}").as_bytes());
        lines.extend(told(&out, ann));
    }
    assert_eq!(lines.len(), limits::RATE_BURST as usize);
    house.room.handle_close(&mut house.users, house.now);
    lines.extend(told(&house.flush(), ann));
    assert_eq!(lines[24..], ["\nTom 说：24", "\n聊天室已关闭", "EXIT"]);
}

#[test]
fn who_is_far_behind_hears_of_the_closing_in_time_and_not_of_the_rest() {
    let mut house = house();
    let tom = login(&mut house, "Tom", 1);
    for number in 0..3000 {
        house
            .room
            .handle_announce(&mut house.users, house.now, &number.to_string());
    }
    let since = house.now;
    house.room.handle_close(&mut house.users, since);
    let mut lines = told(&house.flush(), tom);
    lines.extend(told(&house.wait(limits::CLOSE_DELIVER - ms(10)), tom));
    let on_its_way = |line: &String| line.starts_with("\n管理员说：");
    assert!(lines.iter().all(on_its_way) && lines.len() > 1000);
    assert!(!house.room.is_closed(house.now));
    let lines = told(&house.wait(ms(20)), tom);
    assert_eq!(lines[lines.len() - 2..], ["\n聊天室已关闭", "EXIT"]);
    assert!(lines.len() < 50 && house.room.is_closed(house.now));
}

#[test]
fn limits_hold_for_both_kinds_together() {
    let per_address = Some(2);
    let max_members = 3;
    let mut house = near(Config {
        per_address,
        max_members,
        ..Config::default()
    });
    let from = |port| SocketAddr::new([10, 0, 0, 7].into(), port);
    assert_eq!(ask(&mut house, from(1), "L a"), ["OK"]);
    house.enter("b", from(2), 0);
    assert_eq!(
        ask(&mut house, from(3), "L c"),
        ["来自你的地址的成员已达上限"]
    );
    let mut peer = Peer::new("c", from(3));
    let out = peer.try_enter(&mut house);
    assert_eq!(refusal(&out), Some(Refusal::TooManyFromAddress));
    login(&mut house, "c", 9);
    assert_eq!(ask(&mut house, address(8), "L d"), ["聊天室已满"]);
    let mut peer = Peer::new("d", address(8));
    let out = peer.try_enter(&mut house);
    assert_eq!(refusal(&out), Some(Refusal::Full));
    assert_eq!(ask(&mut house, from(1), "Q a"), ["EXIT"]);
    assert_eq!(
        ask(&mut house, from(3), "L d"),
        ["OK"],
        "the place is free again"
    );
}

#[test]
fn a_burst_goes_out_at_a_pace_and_a_gap_is_told() {
    let mut house = house();
    let tom = login(&mut house, "Tom", 1);
    for number in 0..200 {
        house
            .room
            .handle_announce(&mut house.users, house.now, &number.to_string());
    }
    let mut lines = told(&house.flush(), tom);
    assert_eq!(lines.len(), limits::CLASSIC_BURST as usize);
    lines.extend(told(&house.wait(ms(100)), tom));
    assert!(lines.len() > 150 && lines.len() < 180, "{}", lines.len());
    lines.extend(told(&house.wait(ms(1000)), tom));
    assert_eq!((lines.len(), lines[199].as_str()), (200, "\n管理员说：199"));
    for number in 0..limits::LOG_EVENTS + 10 {
        house
            .room
            .handle_announce(&mut house.users, house.now, &number.to_string());
    }
    let lines = told(&house.wait(ms(60_000)), tom);
    assert_eq!(lines[0], "\n（有 10 条消息已无法取得）");
    assert_eq!(lines.len(), limits::LOG_EVENTS + 1);
}

#[test]
fn the_roster_has_both_kinds() {
    let mut house = house();
    let mut ann = house.member("Ann", 9);
    login(&mut house, "Tom", 1);
    login(&mut house, "Bob", 2);
    house.give(address(1), b"Q Tom");
    let roster = |house: &House, after| -> Vec<(u64, String)> {
        let all = house.room.roster(after);
        all.map(|(id, (name, _))| (id, name.to_owned())).collect()
    };
    let all = roster(&house, 0);
    let names: Vec<_> = all.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["Ann", "Bob"]);
    assert_eq!(roster(&house, all[0].0), all[1..]);
    assert!(roster(&house, all[1].0).is_empty());
    ann.answer(&mut house);
}

#[test]
fn they_have_their_turn_before_the_next_flush_though_it_is_due() {
    let mut house = house();
    let tom = login(&mut house, "Tom", 1);
    let mut a = house.member("小明", 2);
    house.settle(&mut [&mut a]);
    house.wait(ms(1000));
    let next = |house: &mut House| house.room.poll_transmit(house.now).map(|(to, _)| to);
    house.room.handle_announce(&mut house.users, house.now, "1");
    let mut served = [next(&mut house), next(&mut house)];
    served.sort_unstable();
    assert_eq!(served, [Some(tom), Some(address(2))]);
    house.now += ms(1);
    // By now everyone is to be served again.
    house.room.handle_announce(&mut house.users, house.now, "2");
    assert_eq!(next(&mut house), Some(tom));
    assert_eq!(next(&mut house), Some(address(2)));
}

#[test]
fn however_much_they_are_owed_the_others_have_their_turn() {
    let mut house = near(Config {
        per_address: Some(0),
        ..Config::default()
    });
    for number in 0..limits::BATCH_SENT / 2 {
        house.give(port(number), format!("L m{number}").as_bytes());
    }
    let mut a = house.member("小明", 2);
    house.settle(&mut [&mut a]);
    // Before they have had three lines, there are three more.
    let mut to_the_other = 0;
    for _ in 0..2 * limits::WINDOW_FIRST {
        house.now += ms(100);
        for _ in 0..3 {
            house.room.handle_announce(&mut house.users, house.now, "x");
        }
        house.room.handle_timeout(&mut house.users, house.now);
        for _ in 0..limits::BATCH_SENT {
            let (to, _) = house.room.poll_transmit(house.now).expect("more");
            to_the_other += u32::from(to == a.address);
        }
    }
    assert!(to_the_other >= limits::WINDOW_FIRST, "{to_the_other}");
}

/// An address of its own for each.
fn port(number: usize) -> SocketAddr {
    SocketAddr::new(address(3).ip(), 10_000 + number as u16)
}

#[test]
fn who_leaves_and_comes_in_again_is_told_that_the_room_closes() {
    let mut house = house();
    let tom = login(&mut house, "Tom", 1);
    for _ in 0..30 {
        ask(&mut house, tom, "C Tom hi");
    }
    assert_eq!(ask(&mut house, tom, "Q Tom"), ["EXIT"]);
    assert_eq!(ask(&mut house, tom, "L Tom"), ["OK"]);
    house.wait(ms(5000));
    assert_eq!(names(&house), ["Tom"], "what it said was held back");
    house.room.handle_close(&mut house.users, house.now);
    let mut out = house.flush();
    out.extend(house.wait(limits::CLOSE_TIMEOUT - ms(1)));
    assert_eq!(told(&out, tom).last().map(String::as_str), Some("EXIT"));
}

#[test]
fn who_may_not_speak_is_told_so_behind_the_ok() {
    let mut house = house();
    let tom = address(1);
    assert!(house.room.handle_mute(&Name::new("Tom").unwrap(), None));
    for text in ["L Tom", "C Tom hi"] {
        let (users, now) = (&mut house.users, house.now);
        house.room.handle_datagram(users, now, tom, text.as_bytes());
    }
    let told = told(&house.flush(), tom);
    assert_eq!((told.len(), &*told[0]), (2, "OK"), "{told:?}");
}

#[test]
fn two_servers_cannot_be_set_upon_each_other() {
    let (mut one, mut two) = (house(), house());
    let (at_one, at_two) = (address(1), address(2));
    login(&mut two, "Ann", 9);
    let mut under_way = Vec::new();
    for text in ["L Tom", "L Ann", "L admin", "Q Tom", "Q nobody", "L Tom"] {
        // Forged: from the other server's address.
        under_way.extend(told(&two.give(at_one, text.as_bytes()), at_one));
    }
    two.room.handle_announce(&mut two.users, two.now, "L Tom");
    under_way.extend(told(&two.flush(), at_one));
    under_way.extend(told(&two.kick("Tom", "L Tom"), at_one));
    assert!(under_way.len() >= 8);
    for text in under_way {
        assert!(one.give(at_two, text.as_bytes()).is_empty(), "{text}");
    }
}

#[test]
fn who_was_hurried_often_and_falls_silent_leaves_all_the_same() {
    let mut house = house();
    login(&mut house, "Tom", 1);
    // Each time it waits for its pace, which leaves a timer behind that is out of date.
    for _ in 0..limits::STALE_TIMERS + 10 {
        for _ in 0..limits::CLASSIC_BURST + 10 {
            house.room.handle_announce(&mut house.users, house.now, "x");
        }
        house.flush();
        house.wait(ms(200));
    }
    assert_eq!(names(&house), ["Tom"]);
    house.wait(limits::CLASSIC_IDLE);
    assert!(house.users.is_empty());
}
