//! The processes of a play and what they have written so far.

use super::script::SERVER;

/// Lines of each process that a report shows.
const TRAIL: usize = 12;

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// A process, or what stands for one.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub(crate) name: String,
    /// Lines of stdout, and how many of them the script has read.
    pub(crate) out: Vec<String>,
    pub(crate) read: usize,
    /// Lines of stderr, and how many of them the script has passed.
    pub(crate) err: Vec<String>,
    pub(crate) passed: usize,
    /// How it ended: its exit code, or -1 if by a signal.
    pub(crate) exit: Option<i32>,
    /// The script has said how it ends.
    pub(crate) exit_is_due: bool,
    /// Killed: what it wrote last is nobody's concern.
    pub(crate) killed: bool,
    /// What was typed and written, in the order in which the player saw it.
    trail: Vec<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    pub(crate) processes: Vec<Process>,
}

impl Process {
    /// The next line that was not read.
    pub(crate) fn unread(&self) -> Option<&str> {
        self.out.get(self.read).map(String::as_str)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.killed || self.exit.is_some()
    }

    pub(crate) fn note(&mut self, sign: &str, line: &str) {
        self.trail.push(format!("{sign} {line}"));
    }
}

impl Cast {
    /// A new process; an older one of this name, which has ended, is renamed. Gives its index.
    pub(crate) fn add(&mut self, name: &str) -> Result<usize, String> {
        if let Some(old) = self.find(name) {
            let count = self.processes.len();
            let old = &mut self.processes[old];
            if !old.has_ended() {
                return Err(format!(
                    "there is a {name} already: use another word, and --name"
                ));
            }
            old.name = format!("{name} ({count})");
        }
        self.processes.push(Process {
            name: name.into(),
            ..Process::default()
        });
        Ok(self.processes.len() - 1)
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.processes
            .iter()
            .position(|process| process.name == name)
    }

    pub(crate) fn index(&self, name: &str) -> Result<usize, String> {
        self.find(name).ok_or_else(|| format!("there is no {name}"))
    }

    pub(crate) fn process(&mut self, name: &str) -> Result<&mut Process, String> {
        let at = self.index(name)?;
        Ok(&mut self.processes[at])
    }

    pub(crate) fn server(&mut self) -> Option<&mut Process> {
        let at = self.find(SERVER)?;
        Some(&mut self.processes[at])
    }

    /// A process has written a line.
    pub(crate) fn wrote(&mut self, at: usize, stream: Stream, line: String) {
        let process = &mut self.processes[at];
        match stream {
            Stream::Out => {
                process.note("<", &line);
                process.out.push(line);
            }
            Stream::Err => {
                process.note("!", &line);
                process.err.push(line);
            }
        }
    }

    /// The last lines of every process.
    pub(crate) fn report(&self) -> String {
        let mut report = String::new();
        for process in &self.processes {
            let state = match process.exit {
                _ if process.killed => ", killed".into(),
                Some(code) => format!(", ended with {code}"),
                None => String::new(),
            };
            report += &format!("  {}{state}:\n", process.name);
            let from = process.trail.len().saturating_sub(TRAIL);
            if from > 0 {
                report += &format!("    … {from} lines\n");
            }
            for line in &process.trail[from..] {
                report += &format!("    {line}\n");
            }
        }
        report
    }
}
