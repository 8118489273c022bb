//! What members may ask for beside words: whispers, other names, being away; and what they may read.

use super::stay::place;
use super::*;
use crate::wire::Failure;

/// 小明, 小红 and 小刚, who have seen each other come.
fn three() -> (House, Peer, Peer, Peer) {
    let mut house = House::new(Config::default());
    let mut a = house.member("小明", 1);
    let mut b = house.member("小红", 2);
    let mut c = house.member("小刚", 3);
    house.settle(&mut [&mut a, &mut b, &mut c]);
    for peer in [&mut a, &mut b, &mut c] {
        peer.seen.clear();
    }
    (house, a, b, c)
}

fn give(out: &Datagrams, peers: &mut [&mut Peer]) {
    for peer in peers {
        peer.take(out);
    }
}

/// The one answer to a question.
fn ask(house: &mut House, peer: &mut Peer, what: Asked) -> Vec<u8> {
    peer.packet += 1;
    let (session, secret) = (peer.welcome().session, peer.welcome().secret);
    let (mut bytes, request) = (Vec::new(), 7);
    Ask { request, what }.write(&mut bytes, session, PacketNumber(peer.packet), secret);
    let out = house.give(peer.address, &bytes);
    let tell = out.iter().find(|(_, bytes)| bytes[2] == Kind::Tell as u8);
    tell.map(|(_, bytes)| bytes.clone()).unwrap_or_default()
}

fn told(bytes: &[u8]) -> Told<'_> {
    match wire::decode(bytes) {
        Ok(Datagram::Sealed(sealed)) => Tell::read(&sealed).expect("well-formed").what,
        other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn a_whisper_is_for_its_two_parties_and_a_mark_for_all_others() {
    let (mut house, mut a, mut b, mut c) = three();
    let whispers = ["一", "二", "三"].map(|text| Utterance::Whisper("小红", text));
    let out = a.utter(&mut house, &whispers);
    give(&out, &mut [&mut b, &mut c]);
    assert_eq!(a.told(), ["#1", "#2", "#3"]);
    assert_eq!(b.told(), ["小明>一", "小明>二", "小明>三"]);
    assert_eq!(c.told(), ["?3"], "one mark for all that is hidden in a row");
    let texts = |bytes: &[u8]| bytes.windows(3).any(|part| part == "二".as_bytes());
    for (to, bytes) in &out {
        assert_eq!(texts(bytes), *to == b.address, "to {to}");
    }
    let mut d = house.enter("晚来", address(4), 100);
    let out = house.wait(ms(500));
    d.take(&out);
    assert_eq!(d.told(), ["+小明", "+小红", "+小刚", "?3", "#0"]);
    assert!(
        !house
            .shown()
            .iter()
            .any(|shown| format!("{shown:?}").contains('二'))
    );
}

#[test]
fn a_whisper_waits_for_a_reader_who_comes_back_and_for_nobody_who_takes_the_name() {
    let (mut house, mut a, mut b, mut c) = three();
    a.utter(&mut house, &[Utterance::Whisper("小红", "在吗")]);
    // Nothing of it has come to 小红, whose session is lost.
    house.wait(ms(70_000));
    assert!(house.users.is_empty(), "all have fallen silent");
    let mut thief = house.enter("小红", address(9), 200);
    let out = house.wait(ms(500));
    thief.take(&out);
    assert!(!thief.told().iter().any(|told| told.contains("在吗")));
    thief.leave(&mut house);
    b.again(&mut house);
    let out = house.wait(ms(500));
    b.take(&out);
    assert_eq!(b.told().first(), Some(&"小明>在吗"));
    a.again(&mut house);
    c.again(&mut house);
    // In which writing the name is given does not matter.
    a.utter(&mut house, &[Utterance::Whisper("小 红", "好")]);
    house.settle(&mut [&mut a, &mut b, &mut c]);
    assert_eq!(b.told().last(), Some(&"小明>好"));
}

#[test]
fn what_fails_is_told_to_its_author_alone() {
    let (mut house, mut a, mut b, _) = three();
    let wishes = [
        Utterance::Whisper("小强", "在吗"),
        Utterance::Whisper("：", "在吗"),
        Utterance::Rename("小 红"),
        Utterance::Rename("管理员"),
        Utterance::Rename("小明"),
        Utterance::Whisper("小红", ""),
        Utterance::Act(""),
        Utterance::Say("完"),
    ];
    let out = a.utter(&mut house, &wishes);
    b.take(&out);
    let reserved = Failure::NameNotAllowed(7);
    let failures = [
        Failure::Nobody,
        Failure::Nobody,
        Failure::NameTaken,
        reserved,
        Failure::SameName,
    ];
    let expected = failures
        .iter()
        .zip(1..)
        .map(|(why, number)| format!("#{number}!{why:?}"));
    let expected: Vec<String> = expected.chain(["#8".into()]).collect();
    assert_eq!(
        a.told(),
        expected,
        "nothing said has its number and no event"
    );
    assert_eq!((a.heard, b.told()), ((8, 0), vec!["?5", "小明:完"]));
    assert!(place(&house, "小明") == a.address);
}

#[test]
fn the_first_in_the_ledger_has_the_other_name() {
    let (mut house, mut a, mut b, mut c) = three();
    let out = a.utter(
        &mut house,
        &[Utterance::Say("一"), Utterance::Rename("大明")],
    );
    give(&out, &mut [&mut b, &mut c]);
    let out = b.utter(
        &mut house,
        &[Utterance::Rename("大明"), Utterance::Rename("小明")],
    );
    give(&out, &mut [&mut a, &mut c]);
    let out = a.say(&mut house, &["二"]);
    give(&out, &mut [&mut b, &mut c]);
    assert_eq!(a.told(), ["#1", "#2=大明", "?1", "小红=小明", "#3"]);
    let seen_by_b = ["小明:一", "小明=大明", "#1!NameTaken", "#2=小明", "大明:二"];
    assert_eq!(b.told(), seen_by_b);
    assert_eq!(
        c.told(),
        ["小明:一", "小明=大明", "?1", "小红=小明", "大明:二"]
    );
    assert_eq!(place(&house, "大明"), a.address);
    assert_eq!(place(&house, "小明"), b.address);
    assert_eq!(house.users.len(), 3);
    // All of it in one body: the name that an author has had does not stick to it.
    let mut d = house.enter("晚来", address(4), 100);
    let out = house.wait(ms(500));
    d.take(&out);
    let history = ["小明:一", "小明=大明", "?1", "小红=小明", "大明:二"];
    assert_eq!(d.told()[3..8], history);
}

#[test]
fn a_name_may_be_written_in_another_way_and_is_free_once_given_up() {
    let (mut house, mut a, mut b, _) = three();
    a.utter(&mut house, &[Utterance::Rename("小·明")]);
    assert_eq!(a.told(), ["#1=小·明"]);
    assert_eq!(
        refusal(&Peer::new("小明", address(7)).try_enter(&mut house)),
        Some(Refusal::NameTaken)
    );
    a.utter(&mut house, &[Utterance::Rename("大明")]);
    house.enter("小明", address(7), 0);
    house.kick("大明", "");
    b.utter(&mut house, &[Utterance::Rename("大明")]);
    assert_eq!(place(&house, "大明"), b.address);
}

#[test]
fn who_was_renamed_and_does_not_know_it_is_itself_under_its_former_name() {
    let (mut house, mut a, mut b, _) = three();
    let before = a.clone();
    a.utter(&mut house, &[Utterance::Rename("大明")]);
    // Of that nothing has come; a copy of its first Join is no newcomer.
    let mut copy = before.clone();
    copy.try_enter(&mut house);
    assert_eq!(house.users.len(), 3);
    // Somebody may have taken the former name meanwhile.
    b.utter(&mut house, &[Utterance::Rename("小明")]);
    let mut a = before;
    a.again(&mut house);
    assert_eq!((a.welcome().heard, house.users.len()), (1, 3));
    assert_eq!(place(&house, "大明"), a.address);
    let out = house.wait(ms(500));
    a.take(&out);
    assert!(a.told().contains(&"#1=大明"), "{:?}", a.told());
    // A proof of another's is none.
    let mut thief = a.clone();
    (thief.address, thief.name) = (address(8), "小明".into());
    thief.resume = Some((a.welcome().epoch, 1, Key::from_bytes([1; 16])));
    thief.nonce += 1;
    assert_eq!(
        refusal(&thief.try_enter(&mut house)),
        Some(Refusal::NameTaken)
    );
}

#[test]
fn who_was_renamed_and_fell_silent_comes_back_as_one() {
    let (mut house, mut a, _, _) = three();
    let before = a.clone();
    a.utter(&mut house, &[Utterance::Rename("大明")]);
    house.wait(ms(70_000));
    let mut a = before;
    a.again(&mut house);
    assert_eq!(a.welcome().heard, 1, "its numbering goes on");
    let out = house.wait(ms(500));
    a.take(&out);
    let own: Vec<&str> = a
        .told()
        .into_iter()
        .filter(|told| told.starts_with('#'))
        .collect();
    assert_eq!(
        own,
        ["#1=大明", "#0", "#0"],
        "its renaming, its leaving, its coming"
    );
    assert_eq!(place(&house, "小明"), a.address);
    // And once more, under the name that it has read of.
    a.name = "大明".into();
    a.again(&mut house);
    assert_eq!(house.users.len(), 1);
    assert_eq!(place(&house, "小明"), a.address);
}

#[test]
fn who_is_away_is_marked_until_it_speaks() {
    let (mut house, mut a, mut b, mut c) = three();
    a.utter(&mut house, &[Utterance::Away("吃饭")]);
    b.utter(&mut house, &[Utterance::Away("")]);
    let marks = |house: &mut House, peer: &mut Peer| {
        let bytes = ask(house, peer, Asked::Who(0));
        let Told::Who { names, .. } = told(&bytes) else {
            panic!()
        };
        let marks = names.iter().map(|(_, away)| away.map(str::to_owned));
        marks.collect::<Vec<_>>()
    };
    let (meal, none) = (Some("吃饭".to_owned()), Some(String::new()));
    assert_eq!(marks(&mut house, &mut c), [meal, none.clone(), None]);
    assert_eq!(house.shown().len(), 3, "no event");
    a.again(&mut house);
    a.utter(&mut house, &[Utterance::Whisper("小红", "好")]);
    assert_eq!(marks(&mut house, &mut c), [None, none, None]);
    b.utter(&mut house, &[Utterance::Act("起身")]);
    assert_eq!(marks(&mut house, &mut c), [None, None, None]);
}

#[test]
fn who_has_what_was_said_last_is_counted_among_those_who_were_there() {
    let (mut house, mut a, mut b, mut c) = three();
    let reach = |house: &mut House, peer: &mut Peer| {
        let bytes = ask(house, peer, Asked::Reach);
        match told(&bytes) {
            Told::Reach {
                event,
                have,
                others,
            } => (event, have, others),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reach(&mut house, &mut a).0, 0, "nothing");
    let out = a.utter(
        &mut house,
        &[Utterance::Act("挥手"), Utterance::Whisper("小红", "嘘")],
    );
    give(&out, &mut [&mut b, &mut c]);
    assert_eq!(reach(&mut house, &mut a), (4, 0, 2));
    b.answer(&mut house);
    house.enter("晚来", address(4), 0);
    assert_eq!(reach(&mut house, &mut a), (4, 1, 2));
    c.answer(&mut house);
    assert_eq!(reach(&mut house, &mut a), (4, 2, 2));
    // It looks at everyone, so it is held to the rate.
    let answered = (0..100).filter(|_| !ask(&mut house, &mut a, Asked::Reach).is_empty());
    assert!((1..30).contains(&answered.count()));
    assert_eq!(told(&ask(&mut house, &mut a, Asked::Ping)), Told::Ping);
}
