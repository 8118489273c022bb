//! Scripted scenarios: `integration/scripts/*.chat`, each played by the built programs over sockets on loopback,
//! and by the same state machines in virtual time over many seeds.
//!
//! A script is a list of steps, one a line; `#` begins a comment, and space in front of a step does not count.
//! `NAME` stands for a process: the word with which a client was started, or `server`.
//!
//! | step | means |
//! | --- | --- |
//! | `server [FLAGS]` | the server starts, on a free port |
//! | `join NAME [FLAGS]` | a client starts with `--name NAME`, or the `--name` of the flags, and is let in |
//! | `join NAME [FLAGS] refused TEXT [exit CODE]` | a client starts, says TEXT on stderr, and ends, with 3 if no code is given |
//! | `start NAME [FLAGS]` | a client starts, and is not waited for; without `--name` it reads its name from what is typed |
//! | `NAME> TEXT` | TEXT and a line break are typed |
//! | `NAME< TEXT` | the next unread line of stdout is TEXT |
//! | `NAME<< TEXT` | one of the next lines of stdout is TEXT; those before it are passed over |
//! | `NAME! TEXT` | one of the next lines of stderr contains TEXT |
//! | `together` … `end` | the lines read in between come in any order |
//! | `exit NAME CODE` | the process ends by itself, with this exit code |
//! | `eof NAME` | its input ends |
//! | `kill NAME`, `stop NAME`, `continue NAME` | it is killed; is stopped; goes on |
//! | `deaf NAME` | its stdout is closed when it next writes (real player only) |
//! | `restart server` | it is killed, unless it was before, and started again on its port with its flags |
//! | `net loss=20% dup=5% reorder=10% flip=1% delay=5..40ms` | the network is this bad from now on; `net` alone: good |
//! | `partition NAME`, `heal NAME` | nothing comes through to or from it; does again |
//! | `move NAME` | the network gives it another address |
//! | `within 40s STEP` | the step may take so long, in place of 5 s; without a step: each step from here on |
//! | `real only STEP`, `virtual only STEP` | one player's alone; without a step, as the first: the whole script |
//!
//! In texts and flags `{U+001B}` is a character by its number, `{很长*300}` a text so many times, and `{1..1000}` makes
//! so many lines of one; in a text that is read `{*}` matches any run of characters.
//!
//! At the end of a script the network becomes good and the operator types `/quit`, unless the server has ended.
//! Then every client must end with 5, and nothing may be left unread on the stdout of anyone who was not
//! killed. The server's screen is exempt in scripts that never read it. No process may have ended without the
//! script's saying so.

mod cast;
mod person;
mod real;
pub(crate) mod relay;
mod run;
mod script;
mod simulated;
mod text;

use real::Real;
use script::{Player, Script};
use simulated::Virtual;

/// Seeds with which a script is played in virtual time where chance decides something.
const SEEDS: u64 = 500;

fn fresh_seed() -> u64 {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time.map_or(0, |time| time.as_nanos() as u64)
}

fn env(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
}

fn read(name: &str) -> Script {
    Script::read(name).unwrap_or_else(|error| panic!("{error}"))
}

fn play_real(name: &str) {
    let script = read(name);
    if script.only == Some(Player::Virtual) {
        return;
    }
    let seed = env("SEED").unwrap_or_else(fresh_seed);
    let mut stage = Real::new(seed, script.needs_relay());
    if let Err(report) = run::play(&script, Player::Real, &mut stage) {
        panic!(
            "{report}\nagain: SEED={seed} cargo test --test integration player::real_scripts::{name} -- --exact\n"
        );
    }
}

/// `SEED=n` plays one seed, `SEEDS=n` so many and a fresh one.
fn play_virtual(name: &str) {
    let script = read(name);
    if script.only == Some(Player::Real) {
        return;
    }
    let count = env("SEEDS").unwrap_or(if script.is_faulty() { SEEDS } else { 3 });
    let seeds = match env("SEED") {
        Some(seed) => vec![seed],
        None => (0..count).chain([fresh_seed()]).collect(),
    };
    for seed in seeds {
        if let Err(report) = run::play(&script, Player::Virtual, &mut Virtual::new(seed)) {
            panic!(
                "{report}\nagain: SEED={seed} cargo test --test integration player::virtual_scripts::{name} -- --exact\n"
            );
        }
    }
}

/// A test of each player for each script, and one that no script is left out.
macro_rules! scripts {
    ($($name:ident)*) => {
        mod real_scripts {
            $(#[test] fn $name() { super::play_real(stringify!($name)); })*
        }
        mod virtual_scripts {
            $(#[test] fn $name() { super::play_virtual(stringify!($name)); })*
        }
        #[test]
        fn every_script_is_played() {
            let played = [$(stringify!($name)),*];
            for entry in std::fs::read_dir(script::folder()).unwrap() {
                let file = entry.unwrap().file_name().into_string().unwrap();
                let name = file.strip_suffix(".chat");
                assert!(name.is_some_and(|name| played.contains(&name)), "{file} is played by no test");
            }
        }
    };
}

scripts! {
    act
    address_change
    away
    ban
    ban_address
    classic_crowd
    classic_mixed
    closed_output
    command_lines
    commands
    control_characters
    english
    entering
    fallen_off
    forged_notice
    history
    history_off
    kick
    kill_under_loss
    leaving_eof
    leaving_kill
    leaving_quit
    long_text
    loss
    multi_line
    mute
    name_gone
    name_taken
    operator
    partition
    pasted_lines
    per_address
    rate
    rename
    rename_refused
    reserved_names
    room_full
    saying
    server_eof
    server_quit
    server_restart
    stopped_client
    stopped_too_long
    two_speakers
    unreachable
    whisper
    whisper_loss
    whisper_to_nobody
    who
    who_got
}
