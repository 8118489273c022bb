//! The terminal's mode as it was found, to be put back when the program ends while the editor reads.

use nix::sys::termios::{self, SetArg, Termios};
use parking_lot::Mutex;
use std::io::Write;

/// See the module.
#[derive(Debug)]
pub(super) struct Mode {
    found: Option<Mutex<Termios>>,
}

impl Mode {
    /// The mode that the terminal on stdin is in.
    pub(super) fn new() -> Mode {
        Mode {
            found: termios::tcgetattr(std::io::stdin()).ok().map(Mutex::new),
        }
    }

    /// Puts it back, and ends the line that was being typed.
    pub(super) fn restore(&self) {
        if let Some(found) = &self.found {
            // Not after what is still to be written: a terminal that takes nothing more must not keep us.
            let _ = termios::tcsetattr(std::io::stdin(), SetArg::TCSANOW, &found.lock());
        }
        let mut stdout = std::io::stdout().lock();
        // Pasted blocks are no longer marked as such.
        let _ = stdout.write_all(b"\x1b[?2004l\n");
        let _ = stdout.flush();
    }
}
