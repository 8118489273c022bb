//! What a package holds beside the programs: held against the programs' own help, and given to those who read it.
//! `main.rs` here writes it, for `make dist`.

mod deb;
mod man;
mod options;
mod pages;
mod readmes;
mod scripts;
mod service;
mod shells;
mod tree;

use crate::programs;
use chatroom::cli::complain;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const PROGRAMS: [(&str, &str); 3] = [
    ("chat-server", programs::SERVER),
    ("chat-client", programs::CLIENT),
    ("halfcopy", programs::HALFCOPY),
];

/// Every flag that a program's help has a row for: `--bind`, `-h`.
fn flags(program: &str) -> BTreeSet<String> {
    let help = programs::command(program).arg("--help").output();
    let help = String::from_utf8(help.expect("it runs").stdout).expect("UTF-8");
    let rows = help.lines().filter_map(|line| line.strip_prefix("  "));
    let flags = rows.filter(|row| row.starts_with('-')).flat_map(|row| {
        let words = row.split(' ').take_while(|word| word.starts_with('-'));
        words.map(|word| word.split(['[', ',']).next().unwrap_or(word).to_owned())
    });
    let flags: BTreeSet<String> = flags.collect();
    assert!(flags.len() > 4 && flags.contains("-V"), "{flags:?}");
    flags
}

/// The text that is to lie at a place below the root.
#[track_caller]
fn placed(place: &str) -> String {
    let found = tree::files().into_iter().find(|(at, _)| at == place);
    found.unwrap_or_else(|| panic!("nothing at {place}")).1
}

/// A file for one test, removed after it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Scratch {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("dist-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), text).expect("a file");
        Scratch(folder.join(name))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().expect("its folder"));
    }
}

/// Runs a tool of the machine. Where it has none, says so and gives nothing: what needs no tool is tested anyway.
fn tool(name: &str, args: &[&str]) -> Option<Output> {
    let mut tool = Command::new(name);
    let tool = tool.envs([("LC_ALL", "C.UTF-8"), ("MANWIDTH", "80")]);
    match tool.args(args).output() {
        Ok(output) => Some(output),
        Err(error) => {
            complain(&format!("{name} was not asked about {args:?}: {error}"));
            None
        }
    }
}

/// That a tool had nothing to say against it.
#[track_caller]
fn content(name: &str, output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{name}: {told}");
}
