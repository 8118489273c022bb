//! Makes a scenario that fails shorter, as long as it still fails.

use super::run;
use super::scenario::Scenario;
use crate::world::net::Faults;
use chatroom::room::{Config, Numbers};

/// Scenarios that are tried, at most.
const TRIES: usize = 600;

/// A shorter scenario that fails, and how; the given one if there is none.
pub fn shrink(scenario: Scenario, what: String) -> (Scenario, String) {
    let mut best = Best {
        scenario,
        what,
        tries: 0,
    };
    loop {
        let before = best.scenario.steps.len();
        best.drop_steps();
        best.simplify();
        if best.scenario.steps.len() == before || best.tries >= TRIES {
            return (best.scenario, best.what);
        }
    }
}

struct Best {
    scenario: Scenario,
    what: String,
    tries: usize,
}

impl Best {
    /// Takes the change if it still fails.
    fn try_with(&mut self, change: impl FnOnce(&mut Scenario)) -> bool {
        if self.tries >= TRIES {
            return false;
        }
        self.tries += 1;
        let mut changed = self.scenario.clone();
        change(&mut changed);
        match run(&changed) {
            Ok(_) => false,
            Err(what) => {
                self.scenario = changed;
                self.what = what;
                true
            }
        }
    }

    /// Leaves out halves of the steps, then quarters, and so on to single ones.
    fn drop_steps(&mut self) {
        let mut size = self.scenario.steps.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.scenario.steps.len() {
                let to = (from + size).min(self.scenario.steps.len());
                if !self.try_with(|scenario| drop(scenario.steps.drain(from..to))) {
                    from = to;
                }
            }
            size /= 2;
        }
    }

    /// Takes out what is wrong with the network, and what is unusual in the room.
    fn simplify(&mut self) {
        self.try_with(|scenario| scenario.faults = Faults::none());
        self.try_with(|scenario| scenario.faults.loss = 0);
        self.try_with(|scenario| scenario.faults.duplicate = 0);
        self.try_with(|scenario| scenario.faults.reorder = 0);
        self.try_with(|scenario| scenario.faults.flip = 0);
        self.try_with(|scenario| scenario.faults.mtu = 0);
        self.try_with(|scenario| scenario.faults.delay = Faults::none().delay);
        self.try_with(|scenario| scenario.config = Config::default());
        self.try_with(|scenario| scenario.numbers = Numbers::default());
        self.try_with(|scenario| scenario.last_packet = 0);
        while self.scenario.people.len() > 1
            && self.try_with(|scenario| scenario.people.truncate(scenario.people.len() - 1))
        {
        }
    }
}
