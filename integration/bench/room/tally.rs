//! What was said and who has seen it: each text once to each member, and in one order for all.

use super::peer::{Mark, SENDERS, Seen};
use hdrhistogram::Histogram;
use std::time::Duration;

/// The longest latency that is told apart, in microseconds.
const LONGEST: u64 = 60_000_000;

/// See the module.
pub struct Tally {
    /// For each member and author, the counter of the text that comes next.
    next: Vec<[usize; SENDERS]>,
    /// For each member, the number of the event seen last.
    last: Vec<u64>,
    /// For each author, when it said each of its texts.
    said: [Vec<Duration>; SENDERS],
    /// For each author, how many of its own texts have come back to it.
    own: [usize; SENDERS],
    /// What stands under each number of the log, as the first one saw it who did.
    order: Vec<Option<Mark>>,
    pub joined: usize,
    /// Deliveries to others that are due, and those that were made.
    pub due: u64,
    pub seen: u64,
    /// What came doubled, out of order, or otherwise than to others.
    pub wrong: u64,
    /// Datagrams that came, with and without texts, and those that went the other way.
    pub datagrams: u64,
    pub answers: u64,
    pub failures: Vec<String>,
    pub latencies: Histogram<u32>,
}

impl Default for Tally {
    fn default() -> Tally {
        let latencies = Histogram::new_with_bounds(1, LONGEST, 3);
        Tally {
            next: Vec::new(),
            last: Vec::new(),
            said: Default::default(),
            own: [0; SENDERS],
            order: Vec::new(),
            joined: 0,
            due: 0,
            seen: 0,
            wrong: 0,
            datagrams: 0,
            answers: 0,
            failures: Vec::new(),
            latencies: latencies.expect("the bounds are in order"),
        }
    }
}

impl Tally {
    pub fn add_member(&mut self) {
        self.next.push([0; SENDERS]);
        self.last.push(0);
    }

    /// Counts anew; what was said stays known.
    pub fn reset(&mut self) {
        (self.due, self.seen, self.wrong) = (0, 0, 0);
        (self.datagrams, self.answers) = (0, 0);
        self.latencies.reset();
    }

    pub fn note_said(&mut self, author: usize, now: Duration, members: usize) -> Mark {
        let counter = self.said[author].len();
        self.said[author].push(now);
        self.due += members as u64 - 1;
        Mark { author, counter }
    }

    /// Texts of this author that have not come back to it.
    pub fn unseen(&self, author: usize) -> usize {
        self.said[author].len() - self.own[author]
    }

    /// Whether everyone has seen everything.
    pub fn is_complete(&self) -> bool {
        self.seen >= self.due && (0..SENDERS).all(|author| self.unseen(author) == 0)
    }

    pub fn lost(&self) -> u64 {
        self.due.saturating_sub(self.seen)
    }

    pub fn note_seen(&mut self, member: usize, at: Duration, seen: Seen) {
        match seen {
            Seen::Joined => self.joined += 1,
            Seen::Said(number, mark) => self.note_text(member, at, number, mark),
            Seen::Own => {
                let members = self.next.len();
                let author = (0..SENDERS).find(|author| author * members / SENDERS == member);
                match author {
                    Some(author) => self.own[author] += 1,
                    None => self.wrong += 1,
                }
            }
            Seen::Failed(why) => self.failures.push(format!("member {member}: {why}")),
            Seen::Other => (),
        }
    }

    fn note_text(&mut self, member: usize, at: Duration, number: Option<u64>, mark: Mark) {
        let Mark { author, counter } = mark;
        let said = self.said.get(author).and_then(|said| said.get(counter));
        let (Some(said), Some(next)) = (said, self.next[member].get_mut(author)) else {
            self.wrong += 1;
            return;
        };
        // What is numbered has no holes; of what is not, some may be lost, and none may come late.
        let in_turn = match number {
            Some(_) => counter == *next,
            None => counter >= *next,
        };
        *next = counter + 1;
        self.seen += u64::from(in_turn);
        self.wrong += u64::from(!in_turn);
        let latency = at.saturating_sub(*said).as_micros() as u64;
        self.latencies.saturating_record(latency.max(1));
        if let Some(number) = number {
            self.check_order(member, number, mark);
        }
    }

    fn check_order(&mut self, member: usize, number: u64, mark: Mark) {
        let at = number as usize;
        if self.order.len() <= at {
            self.order.resize(at + 1024, None);
        }
        let known = *self.order[at].get_or_insert(mark);
        if known != mark || number <= self.last[member] {
            self.wrong += 1;
        }
        self.last[member] = number;
    }
}
