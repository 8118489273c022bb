//! Playing a script: what its steps mean, whoever plays it.

use super::cast::{Cast, Process};
use super::script::{Act, Expected, Player, SERVER, Script, Step, What};
use super::text::Pattern;
use crate::world::net::Faults;
use chatroom::text::Lang;
use std::collections::VecDeque;
use std::time::Duration;

/// How long everyone may take to end when the room closes at the end of a script.
const CLOSING: Duration = Duration::from_secs(10);

/// Where a script is played: real processes, or what stands for them.
pub(crate) trait Stage {
    fn cast(&mut self) -> &mut Cast;
    fn start_server(&mut self, flags: &[String]) -> Result<(), String>;
    fn start_client(&mut self, who: &str, flags: &[String]) -> Result<(), String>;
    fn perform(&mut self, act: &Act) -> Result<(), String>;
    fn now(&self) -> Duration;
    /// Goes on until the next thing has happened; false if `deadline` came first.
    fn step(&mut self, deadline: Duration) -> bool;
    /// What the stage itself has to object to when all is over.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Plays a script on a stage; an error is the whole report but for how to play it again.
pub(crate) fn play(script: &Script, player: Player, stage: &mut impl Stage) -> Result<(), String> {
    let mut play = Play { stage };
    for step in script.steps_for(player) {
        if let Err(what) = play.step(step) {
            return Err(play.report(script, Some(step.line), &what));
        }
    }
    let closed = play.close(script).and_then(|()| play.stage.check());
    closed.map_err(|what| play.report(script, None, &what))
}

struct Play<'a, S> {
    stage: &'a mut S,
}

/// The lines of one step that have not come yet.
struct Due {
    who: String,
    line: usize,
    patterns: VecDeque<Pattern>,
}

impl<S: Stage> Play<'_, S> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.what {
            What::Server(flags) => self.stage.start_server(flags),
            What::Start(who, flags) => self.stage.start_client(who, flags),
            What::Join(who, flags) => self.join(who, flags, step.within),
            What::Refused {
                who,
                flags,
                told,
                exit,
            } => {
                let refused = format!("{who}, refused in line {}", step.line);
                self.stage.start_client(&refused, flags)?;
                self.told(&refused, &told.patterns()[0], step.within)?;
                self.exit(&refused, *exit, step.within)
            }
            What::Do(act) => {
                self.stage.perform(act)?;
                if let Act::Kill(who) = act {
                    self.stage.cast().process(who)?.killed = true;
                }
                Ok(())
            }
            What::Lines(expected) => self.lines(expected, step),
            What::Later(who, text) => self.later(who, &text.patterns()[0], step.within),
            What::Told(who, text) => self.told(who, &text.patterns()[0], step.within),
            What::Exit(who, code) => self.exit(who, *code, step.within),
        }
    }

    /// Goes on until `done` has an answer, or the time is over.
    fn until<T>(
        &mut self,
        within: Duration,
        mut done: impl FnMut(&mut Cast) -> Option<T>,
    ) -> Option<T> {
        let deadline = self.stage.now() + within;
        loop {
            if let Some(answer) = done(self.stage.cast()) {
                return Some(answer);
            }
            if !self.stage.step(deadline) {
                return done(self.stage.cast());
            }
        }
    }

    /// One is in when the operator sees it.
    fn join(&mut self, who: &str, flags: &[String], within: Duration) -> Result<(), String> {
        let server = self.stage.cast().index(SERVER)?;
        let before = self.stage.cast().processes[server].out.len();
        self.stage.start_client(who, flags)?;
        let client = self.stage.cast().index(who)?;
        let name = flags.iter().skip_while(|flag| *flag != "--name").nth(1);
        let name = name.map_or(who, String::as_str);
        let lines = [Lang::Zh, Lang::En].map(|lang| lang.entered(name));
        let entered = self.until(within, |cast| {
            let shown = cast.processes[server].out[before..].iter();
            let is_in = shown.into_iter().any(|line| lines.contains(line));
            let ended = cast.processes[client].has_ended();
            (is_in || ended).then_some(is_in)
        });
        match entered {
            Some(true) => Ok(()),
            Some(false) => Err(format!("{who} has ended and was not let in")),
            None => Err(format!("{who} was not let in within {within:?}")),
        }
    }

    fn lines(&mut self, expected: &[Expected], step: &Step) -> Result<(), String> {
        let mut due: Vec<Due> = expected.iter().map(Due::new).collect();
        for each in &due {
            self.stage.cast().index(&each.who)?;
        }
        let result = self.until(step.within, |cast| take(cast, &mut due));
        match result {
            Some(result) => result,
            None => {
                let waiting = due.iter().filter_map(|a| Some((a, a.patterns.front()?)));
                let told = waiting.map(|(due, pattern)| {
                    let (who, line) = (&due.who, due.line);
                    format!(
                        "{who} is to show (line {line}):\n    {pattern}\n  and shows nothing more"
                    )
                });
                let told: Vec<String> = told.collect();
                Err(format!("{}\n  within {:?}", told.join("\n  "), step.within))
            }
        }
    }

    fn later(&mut self, who: &str, pattern: &Pattern, within: Duration) -> Result<(), String> {
        let at = self.stage.cast().index(who)?;
        let found = self.until(within, |cast| {
            let process = &mut cast.processes[at];
            while let Some(line) = process.unread() {
                let found = pattern.matches(line);
                process.read += 1;
                if found {
                    return Some(true);
                }
            }
            process.has_ended().then_some(false)
        });
        expect(found, || {
            format!("{who} does not show, within {within:?}:\n    {pattern}")
        })
    }

    fn told(&mut self, who: &str, pattern: &Pattern, within: Duration) -> Result<(), String> {
        let at = self.stage.cast().index(who)?;
        let found = self.until(within, |cast| {
            let process = &mut cast.processes[at];
            while let Some(line) = process.err.get(process.passed) {
                let found = pattern.is_in(line);
                process.passed += 1;
                if found {
                    return Some(true);
                }
            }
            process.has_ended().then_some(false)
        });
        expect(found, || {
            format!("{who} does not say on stderr, within {within:?}:\n    {pattern}")
        })
    }

    fn exit(&mut self, who: &str, code: i32, within: Duration) -> Result<(), String> {
        let at = self.stage.cast().index(who)?;
        self.stage.cast().processes[at].exit_is_due = true;
        match self.until(within, |cast| cast.processes[at].exit) {
            Some(exit) if exit == code => Ok(()),
            Some(exit) => Err(format!(
                "{who} is to end with {code}\n  and ended with {exit}"
            )),
            None => Err(format!("{who} has not ended within {within:?}")),
        }
    }

    /// The end of every script: the room closes, all members learn of it, and nothing is left to be read.
    fn close(&mut self, script: &Script) -> Result<(), String> {
        if script.needs_relay() {
            self.stage.perform(&Act::Net(Faults::none()))?;
        }
        let open = |process: &Process| !process.has_ended();
        let server_is_open = self
            .stage
            .cast()
            .server()
            .is_some_and(|server| open(server));
        if server_is_open {
            for process in &mut self.stage.cast().processes {
                if open(process) {
                    process.exit_is_due = true;
                }
            }
            let due: Vec<(String, i32)> = self
                .stage
                .cast()
                .processes
                .iter()
                .filter(|p| open(p))
                .map(|p| (p.name.clone(), if p.name == SERVER { 0 } else { 5 }))
                .collect();
            self.stage
                .perform(&Act::Type(SERVER.into(), vec!["/quit".into()]))?;
            for (who, code) in due {
                self.exit(&who, code, CLOSING).map_err(|what| {
                    format!("after the script's end the room closes, and {what}")
                })?;
            }
        }
        for process in &self.stage.cast().processes {
            let name = &process.name;
            let is_due = process.exit_is_due || process.killed;
            if let (Some(code), false) = (process.exit, is_due) {
                return Err(format!(
                    "{name} ended with {code}, of which the script knows nothing"
                ));
            }
            let is_read = !process.killed && (name != SERVER || script.reads_server());
            if let (Some(line), true) = (process.unread(), is_read) {
                return Err(format!("{name} shows what no step has read:\n    {line}"));
            }
        }
        Ok(())
    }

    fn report(&mut self, script: &Script, at: Option<usize>, what: &str) -> String {
        let mut report = format!("integration/scripts/{}.chat", script.name);
        if let Some(line) = at {
            report += &format!(":{line}");
        }
        report += &format!("\n  {what}\n\n");
        for (index, line) in script.source.lines().enumerate() {
            let arrow = if Some(index + 1) == at { "-->" } else { "   " };
            report += &format!("{arrow} {:3}  {line}\n", index + 1);
        }
        if at.is_none() {
            report += "-->      (the end)\n";
        }
        report
            + "\nThe last lines of every process (> typed, < stdout, ! stderr):\n"
            + &self.stage.cast().report()
    }
}

fn expect(found: Option<bool>, what: impl FnOnce() -> String) -> Result<(), String> {
    if found == Some(true) {
        Ok(())
    } else {
        Err(what())
    }
}

impl Due {
    fn new(expected: &Expected) -> Due {
        Due {
            who: expected.who.clone(),
            line: expected.line,
            patterns: expected.text.patterns().into(),
        }
    }
}

/// Reads the lines that have come; an answer if all have, or one is wrong, or cannot come any more.
fn take(cast: &mut Cast, due: &mut [Due]) -> Option<Result<(), String>> {
    for at in 0..due.len() {
        let who = due[at].who.clone();
        let process = cast.process(&who).ok()?;
        loop {
            let mut open = due
                .iter_mut()
                .filter(|a| a.who == who && !a.patterns.is_empty());
            let Some(line) = process.unread() else {
                let missing = open.next().filter(|_| process.has_ended());
                if let Some(Due { line, patterns, .. }) = missing {
                    let pattern = &patterns[0];
                    return Some(Err(format!(
                        "{who} is to show (line {line}):\n    {pattern}\n  and has ended"
                    )));
                }
                break;
            };
            let mut open: Vec<_> = open.collect();
            if open.is_empty() {
                break;
            }
            let Some(found) = open.iter_mut().find(|a| a.patterns[0].matches(line)) else {
                let patterns: Vec<String> = open
                    .iter()
                    .map(|a| format!("    {}", a.patterns[0]))
                    .collect();
                let patterns = patterns.join("\n");
                return Some(Err(format!(
                    "{who} is to show:\n{patterns}\n  and shows:\n    {line}"
                )));
            };
            found.patterns.pop_front();
            process.read += 1;
        }
    }
    due.iter().all(|a| a.patterns.is_empty()).then_some(Ok(()))
}
