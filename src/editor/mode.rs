//! The terminal's mode as it was found, to be put back when the program ends or stands still while the editor reads.

use crate::limits;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{self, SetArg, Termios};
use nix::unistd::Pid;
use parking_lot::Mutex;
use signal_hook::consts::SIGCONT;
use signal_hook::flag;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

/// See the module.
#[derive(Debug)]
pub(super) struct Mode {
    found: Option<Mutex<Termios>>,
    /// The shell has the program go on.
    continued: Arc<AtomicBool>,
}

impl Mode {
    /// The mode that the terminal on stdin is in.
    pub(super) fn new() -> Mode {
        let continued = Arc::new(AtomicBool::new(false));
        if let Err(error) = flag::register(SIGCONT, continued.clone()) {
            log::debug!("cannot catch SIGCONT: {error}");
        }
        Mode {
            found: termios::tcgetattr(std::io::stdin()).ok().map(Mutex::new),
            continued,
        }
    }

    /// Puts it back, and ends the line that was being typed.
    pub(super) fn restore(&self) {
        if let Some(found) = &self.found {
            set(&found.lock());
        }
        // Pasted blocks are no longer marked as such.
        write(b"\x1b[?2004l\n");
    }

    /// Stops the program and whatever runs with it, as Ctrl-Z does in the mode that was found, until the shell has it go on.
    pub(super) fn suspend(&self) {
        let Ok(editing) = termios::tcgetattr(std::io::stdin()) else {
            return;
        };
        self.restore();
        self.continued.store(false, Ordering::Release);
        if kill(Pid::from_raw(0), Signal::SIGTSTP).is_ok() {
            // Another thread may be the one that takes the signal, and this one stands still only a moment later; where
            // no shell could have it go on, it does not stand still at all.
            let until = Instant::now() + limits::STOPPED;
            while !self.continued.load(Ordering::Acquire) && Instant::now() < until {
                thread::sleep(limits::STOPPED / 100);
            }
        }
        set(&editing);
        write(b"\x1b[?2004h");
    }
}

fn set(mode: &Termios) {
    // Not after what is still to be written: a terminal that takes nothing more must not keep us.
    let _ = termios::tcsetattr(std::io::stdin(), SetArg::TCSANOW, mode);
}

fn write(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}
