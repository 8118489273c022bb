//! What everyone saw, held against each other: one log, without holes, each text in it once.

use super::crowd::Mark;
use chatroom::session::Seen;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The longest latency that is told apart, in microseconds.
const LONGEST: u64 = 600_000_000;

/// An event of the log, as the first one saw it who was not its author.
#[derive(Clone, Copy)]
struct Known {
    digest: u64,
    /// The member that it is an event of, and the count of the text if it is one.
    author: usize,
    text: Option<usize>,
}

/// What one member has seen.
#[derive(Default)]
struct View {
    name: String,
    /// The event before its own entering, and the one seen last.
    first: u64,
    last: u64,
    /// Events between those that it was shown: they have to be its own.
    skipped: Vec<u64>,
    said: usize,
}

/// See the module. What is wrong is kept in words.
pub struct Witness {
    order: Vec<Option<Known>>,
    views: Vec<View>,
    by_name: BTreeMap<String, usize>,
    pub wrong: Vec<String>,
    pub deliveries: u64,
    pub latencies: Histogram<u64>,
}

impl Default for Witness {
    fn default() -> Witness {
        let latencies = Histogram::new_with_bounds(1, LONGEST, 3);
        Witness {
            order: Vec::new(),
            views: Vec::new(),
            by_name: BTreeMap::new(),
            wrong: Vec::new(),
            deliveries: 0,
            latencies: latencies.expect("the bounds are in order"),
        }
    }
}

/// Nobody of the crowd: the operator, or someone whom the test has let in otherwise.
const STRANGER: usize = usize::MAX;

impl Witness {
    pub fn add(&mut self, name: &str) -> usize {
        let at = self.views.len();
        self.by_name.insert(name.to_owned(), at);
        self.views.push(View {
            name: name.to_owned(),
            ..View::default()
        });
        at
    }

    /// The member is in, for the first time, and has seen nothing of what comes after this event.
    pub fn joined(&mut self, member: usize, seen_up_to: u64) {
        let view = &mut self.views[member];
        (view.first, view.last) = (seen_up_to, seen_up_to);
    }

    pub fn says(&mut self, member: usize) -> usize {
        let said = &mut self.views[member].said;
        *said += 1;
        *said - 1
    }

    /// Texts that were said in all.
    pub fn said(&self) -> usize {
        self.views.iter().map(|view| view.said).sum()
    }

    pub fn saw(&mut self, member: usize, now: Duration, number: u64, what: &Seen) {
        let (name, text) = match what {
            Seen::Entered(name) | Seen::Left(name) => (name.as_str(), None),
            Seen::Said(name, text) => (name.as_str(), Mark::read(text)),
            Seen::Acted(name, _) | Seen::Whispered(name, _) | Seen::Renamed(name, _) => {
                (name.as_str(), None)
            }
            Seen::Announced(_) => ("", None),
            Seen::Gap(count) => {
                let name = &self.views[member].name;
                return self.wrong.push(format!("{name} misses {count} events"));
            }
        };
        let author = self.by_name.get(name).copied().unwrap_or(STRANGER);
        let mut hasher = DefaultHasher::new();
        format!("{what:?}").hash(&mut hasher);
        let known = Known {
            digest: hasher.finish(),
            author,
            text: text.map(|mark| mark.count),
        };
        let at = number as usize;
        if self.order.len() <= at {
            self.order.resize(at + 1024, None);
        }
        let first = *self.order[at].get_or_insert(known);
        let view = &mut self.views[member];
        if first.digest != known.digest || number <= view.last {
            let (name, last) = (&view.name, view.last);
            self.wrong.push(format!(
                "{name} sees {what:?} as event {number} after {last}"
            ));
            return;
        }
        view.skipped.extend(view.last + 1..number);
        view.last = number;
        self.deliveries += 1;
        if let Some(mark) = text {
            let latency = now.saturating_sub(mark.said_at).as_micros() as u64;
            self.latencies.saturating_record(latency.max(1));
        }
    }

    /// Holds everything against each other, at the end; `seen` is how far each member has come, if it is known.
    /// Gives how many texts were lost.
    pub fn check(&mut self, seen: &[Option<u64>]) -> usize {
        for (member, view) in self.views.iter_mut().enumerate() {
            let mut skipped = std::mem::take(&mut view.skipped);
            if let Some(Some(up_to)) = seen.get(member) {
                skipped.extend(view.last + 1..=*up_to);
                view.last = *up_to;
            }
            for number in skipped {
                let known = self.order.get(number as usize).copied().flatten();
                // Its own entering may have been seen by nobody.
                let own = known.map_or(number == view.first + 1, |known| known.author == member);
                if !own {
                    let name = &view.name;
                    self.wrong
                        .push(format!("{name} did not see event {number}"));
                }
            }
        }
        let mut counts = vec![0; self.views.len()];
        for known in self.order.iter().flatten() {
            let Some(count) = known.text else { continue };
            let next = &mut counts[known.author];
            if count != *next {
                let name = &self.views[known.author].name;
                self.wrong
                    .push(format!("text {count} of {name} follows {next}"));
            }
            *next = count + 1;
        }
        let came = counts.iter().zip(&self.views);
        came.map(|(count, view)| view.said.saturating_sub(*count))
            .sum()
    }
}
