//! A crowd that comes, speaks, is renamed, lags and leaves as it likes: each is told its own words as its own, and
//! everybody else's as theirs.

use super::*;
use proptest::prelude::*;

/// More than have an index in one body.
const PEOPLE: usize = limits::INDEXED_AUTHORS + 30;

/// When all who are out come in.
const RUSH: u8 = 10;

/// One who may be in the room, and how often it has come.
#[derive(Default)]
struct Someone {
    peer: Option<Peer>,
    came: usize,
}

impl Someone {
    /// Comes in, or does one of the things that one can do there.
    fn act(&mut self, house: &mut House, who: usize, what: u8) -> Datagrams {
        let Some(peer) = &mut self.peer else {
            return self.come(house, who);
        };
        let (came, said) = (self.came, peer.said);
        let text = |more| format!("{who} {came} {}", said + more);
        match what {
            0..=4 => peer.say(house, &[&text(1)]),
            5 => peer.say(house, &[&text(1), "", &text(3)]),
            6 => peer.utter(house, &[Utterance::Rename(&format!("乙{who}甲{said}"))]),
            7 => peer.utter(house, &[Utterance::Whisper("甲1", "嘘")]),
            8 => {
                peer.again(house);
                Datagrams::new()
            }
            9 => {
                let out = peer.leave(house);
                self.peer = None;
                out
            }
            _ => peer.answer(house),
        }
    }

    fn come(&mut self, house: &mut House, who: usize) -> Datagrams {
        let host = u8::try_from(who + 1).expect("an address for each");
        let mut peer = Peer::new(&format!("甲{who}"), address(host));
        self.came += 1;
        peer.nonce += self.came as u64 * 1_000_000_000;
        let out = peer.try_enter(house);
        // Its name may still be in use: by its former self, which is leaving.
        if let Some(Open::Welcome(welcome)) = open(&out) {
            peer.admit(welcome);
            self.peer = Some(peer);
        }
        out
    }

    /// Whether all that it was told is what it is to be told of this log.
    fn check(&self, who: usize, log: &[Shown]) {
        let Some(peer) = &self.peer else { return };
        for (number, told) in &peer.seen {
            let Shown::Said(name, text) = &log[*number as usize - 1] else {
                continue;
            };
            let own = text.strip_prefix(&format!("{who} {} ", self.came));
            let expected = match own {
                Some(utterance) => format!("#{utterance}"),
                None => format!("{name}:{text}"),
            };
            assert_eq!(*told, expected, "{who} is told {number}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn everyone_is_told_its_own_words_as_its_own(
        steps in prop::collection::vec((0..PEOPLE, 0..=RUSH, any::<u128>()), 100..400),
    ) {
        let mut house = House::new(Config::default());
        let mut people: Vec<_> = (0..PEOPLE).map(|_| Someone::default()).collect();
        for (who, what, readers) in steps {
            if what == RUSH {
                for (who, someone) in people.iter_mut().enumerate().filter(|(_, one)| one.peer.is_none()) {
                    someone.come(&mut house, who);
                }
            }
            let out = people[who].act(&mut house, who, what);
            for (at, someone) in people.iter_mut().enumerate() {
                if let Some(peer) = &mut someone.peer && readers >> at & 1 == 1 {
                    peer.take(&out);
                }
            }
        }
        house.settle(&mut people.iter_mut().filter_map(|one| one.peer.as_mut()).collect::<Vec<_>>());
        let log = house.shown();
        for (who, someone) in people.iter().enumerate() {
            someone.check(who, &log);
        }
    }
}
