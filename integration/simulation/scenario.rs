//! A scenario: what one seed makes of the world, as a list that can be printed, and made shorter.

use crate::world::net::Faults;
use chatroom::limits;
use chatroom::link::Random;
use chatroom::room::{Config, Numbers};
use std::fmt;
use std::time::Duration;

/// What happens from outside. Who is a number that counts round the actors.
#[derive(Clone, Debug)]
pub enum Act {
    /// Says so many things, of so many characters at most.
    Say {
        who: usize,
        count: u64,
        most: u64,
    },
    /// Whispers, takes another name, acts.
    Private(usize, u64),
    /// Asks who is here.
    Ask(usize),
    /// The network gives it another address.
    Move(usize),
    /// Two get each other's addresses.
    Swap(usize, usize),
    /// Its line: up or down, of a thousand lost, and that a time begins in which all is lost.
    Line {
        who: usize,
        way: usize,
        loss: u64,
        burst: u64,
    },
    /// Its line takes so long.
    Delay {
        who: usize,
        way: usize,
        time: Duration,
    },
    /// Its line carries nothing larger; 0: everything.
    Narrow {
        who: usize,
        way: usize,
        mtu: usize,
    },
    /// The network carries nothing larger.
    Mtu(usize),
    /// Cut off, or no longer.
    Cut(usize, bool),
    /// Cut off in one direction only, or no longer.
    HalfCut(usize, usize, bool),
    /// Everybody is cut off one by one, and comes back one by one in another order.
    Swizzle(u64),
    /// Its process is stopped, or goes on.
    Stop(usize, bool),
    /// Its screen takes no more, or takes again.
    Stick(usize, bool),
    /// Its process is killed.
    Crash(usize),
    /// It is killed, and the same person comes back under the same name.
    Reborn(usize),
    /// It is killed, and after a while started again as the session that it was.
    Resume(usize, Duration),
    /// Somebody comes who has so few packet numbers, and says more at once than is ordered at once: it has to resume
    /// its session while some of that is held back.
    Hasty(u64),
    /// Somebody new comes.
    Join(u16),
    /// Somebody comes under a name that is in use.
    Namesake(usize),
    Leave(usize),
    Announce(u64),
    Kick(usize),
    KickNobody,
    /// The server is killed, and another is started after a while.
    Restart(Duration),
    /// Cut off for so long that its silence counts as leaving.
    Silence(usize, Duration),
    /// While one is cut off, more happens than the log retains.
    FallOff(usize, u64),
    /// While one is cut off for too long its name goes to another; then another server is started after a while, and
    /// both take themselves for the same.
    Contest(usize, Duration),
    /// The wall clock is set.
    Clock(i64),
    /// Datagrams that were carried are sent again, from where they came or from elsewhere.
    Replay(u64, bool),
}

/// How it ends, once everything has healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Leave,
    /// The operator closes the room.
    Close,
}

/// See the module.
#[derive(Clone)]
pub struct Scenario {
    pub seed: u64,
    pub faults: Faults,
    pub config: Config,
    pub numbers: Numbers,
    /// The packet number after which the clients begin.
    pub last_packet: u64,
    /// How much history each of the first ones wants.
    pub people: Vec<u16>,
    /// How long nothing happens, and what happens then.
    pub steps: Vec<(Duration, Act)>,
    pub ending: Ending,
}

fn millis(random: &mut Random, below: u64) -> Duration {
    Duration::from_millis(random.below(below))
}

/// A number shortly before one at which counters have broken elsewhere, or a small one.
fn edge(random: &mut Random, small: u64) -> u64 {
    match random.below(10) {
        0 => (1 << 32) - random.below(100),
        1 => (1 << 63) - random.below(100),
        // What no room will ever reach; so far that all of a scenario fits before the end.
        2 => u64::MAX - 10_000_000 - random.below(100),
        _ => small,
    }
}

impl Scenario {
    /// Whether the clients' packet numbers come to their end at some time, and sessions are resumed therefore.
    pub fn ends_numbers(&self) -> bool {
        self.last_packet > u64::MAX - 1000
    }

    pub fn new(seed: u64) -> Scenario {
        let mut random = Random::new(seed);
        let random = &mut random;
        let least = random.below(40);
        let delay = Duration::from_millis(least + random.below(80));
        let mut faults = Faults {
            loss: random.below(500),
            duplicate: random.below(150),
            reorder: random.below(300),
            flip: random.below(30),
            mtu: [0, 0, 9000, 1300][random.below(4) as usize],
            delay: (Duration::from_millis(least), delay),
        };
        // Now and then only a little is wrong, so that the rest of it shows.
        if random.below(3) == 0 {
            faults.loss /= 20;
        }
        let config = Config {
            rate: [0, 0, 10, 3][random.below(4) as usize],
            history: [0, 5, 200][random.below(3) as usize],
            idle_timeout: [limits::IDLE_TIMEOUT, Duration::from_secs(20)]
                [usize::from(random.below(5) == 0)],
            max_members: if random.below(16) == 0 {
                4
            } else {
                limits::MEMBERS
            },
            even: seed.is_multiple_of(2),
            ..Config::default()
        };
        let numbers = Numbers {
            event: edge(random, 1),
            utterance: edge(random, 0),
            packet: edge(random, 0),
        };
        let last_packet = match random.below(30) {
            0 => u64::MAX - random.below(300),
            _ => edge(random, 0),
        };
        let people = (0..2 + random.below(5)).map(|_| random.below(50) as u16);
        let people: Vec<u16> = people.collect();
        let mut steps = lines(random, people.len());
        let end = Duration::from_secs(60 * (1 + random.below(2)));
        let mut at = Duration::ZERO;
        while at < end {
            let pause = millis(random, 3000);
            at += pause;
            if let Some(act) = act(random) {
                steps.push((pause, act));
            }
        }
        if random.below(250) == 0 {
            let who = random.below(6) as usize;
            let count = limits::LOG_EVENTS as u64 + random.below(500);
            steps.push((Duration::ZERO, Act::FallOff(who, count)));
        }
        Scenario {
            seed,
            faults,
            config,
            numbers,
            last_packet,
            people,
            steps,
            ending: if random.below(8) == 0 {
                Ending::Close
            } else {
                Ending::Leave
            },
        }
    }
}

/// Some have lines of their own.
fn lines(random: &mut Random, people: usize) -> Vec<(Duration, Act)> {
    let mut steps = Vec::new();
    for who in 0..people {
        for way in 0..2 {
            if random.below(5) == 0 {
                steps.push((Duration::ZERO, line(random, who, way)));
            }
            if random.below(5) == 0 {
                let time = millis(random, 150);
                steps.push((Duration::ZERO, Act::Delay { who, way, time }));
            }
        }
    }
    steps
}

fn line(random: &mut Random, who: usize, way: usize) -> Act {
    let (loss, burst) = match random.below(2) {
        0 => (random.below(500), 0),
        _ => (0, random.below(60)),
    };
    Act::Line {
        who,
        way,
        loss,
        burst,
    }
}

/// Something happens.
fn act(random: &mut Random) -> Option<Act> {
    let who = random.below(12) as usize;
    let other = random.below(12) as usize;
    let way = random.below(2) as usize;
    let flag = random.below(2) == 0;
    let lines = 1 << random.below(6);
    Some(match random.below(1000) {
        0..40 => Act::Private(who, random.bits()),
        40..540 => Act::Say {
            who,
            count: 1 + random.below(lines),
            most: 1 << random.below(9),
        },
        540..550 => Act::Ask(who),
        550..620 => Act::Move(who),
        620..635 => Act::Swap(who, other),
        635..650 => line(random, who, way),
        650..660 => Act::Narrow {
            who,
            way,
            mtu: [0, 0, 100, 600, 1200][random.below(5) as usize],
        },
        // A path that carried more carries no more than it must.
        660..680 => Act::Mtu([1200, 1452][random.below(2) as usize]),
        680..710 => Act::Cut(who, flag),
        710..730 => Act::HalfCut(who, way, flag),
        730..735 => Act::Swizzle(random.bits()),
        735..770 => Act::Stop(who, flag),
        770..790 => Act::Stick(who, flag),
        790..800 => Act::Crash(who),
        800..810 => Act::Reborn(who),
        810..830 => Act::Join(random.below(50) as u16),
        830..840 => Act::Namesake(who),
        840..845 => Act::Leave(who),
        845..870 => Act::Announce(1 << random.below(6)),
        870..873 => Act::Kick(who),
        873..880 => Act::KickNobody,
        880..890 => Act::Restart(millis(random, 20_000)),
        890..905 => Act::Silence(who, Duration::from_secs(15 + random.below(65))),
        905..910 => {
            let decade = 10 * 365 * 86_400_000;
            Act::Clock(random.below(2 * decade) as i64 - decade as i64)
        }
        910..940 => Act::Replay(1 + random.below(8), flag),
        940..942 => Act::Contest(who, millis(random, 20_000)),
        942..947 => Act::Hasty(3 + random.below(10)),
        947..957 => Act::Resume(who, millis(random, 4000)),
        _ => return None,
    })
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (faults, config) = (&self.faults, &self.config);
        writeln!(
            f,
            "  of a thousand: {} lost, {} doubled, {} late, {} damaged; delay {:?} to {:?}, mtu {}",
            faults.loss,
            faults.duplicate,
            faults.reorder,
            faults.flip,
            faults.delay.0,
            faults.delay.1,
            faults.mtu
        )?;
        writeln!(
            f,
            "  rate {}, history {}, silence {:?}, members {}, even {}; {:?}, packets of clients after {}",
            config.rate,
            config.history,
            config.idle_timeout,
            config.max_members,
            config.even,
            self.numbers,
            self.last_packet
        )?;
        writeln!(f, "  people, and the history they want: {:?}", self.people)?;
        for (pause, act) in &self.steps {
            writeln!(f, "  {:>6} ms  {act:?}", pause.as_millis())?;
        }
        write!(f, "  all heals; {:?}", self.ending)
    }
}
