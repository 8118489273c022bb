//! Lines on their way to stdout, where nobody edits.

use crate::cli;
use std::io::Write;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Lines that are not yet written: what came together goes out in one write.
    pub(super) lines: String,
    closed: bool,
    failed: bool,
}

impl Output {
    /// Writes them; false once nobody reads.
    pub(super) fn flush(&mut self) -> bool {
        if !self.closed && !self.lines.is_empty() {
            let mut stdout = std::io::stdout().lock();
            let written = stdout.write_all(self.lines.as_bytes());
            if let Err(error) = written.and_then(|()| stdout.flush()) {
                self.closed = true;
                // A reader that has seen enough is no failure.
                self.failed = error.kind() != std::io::ErrorKind::BrokenPipe;
                if self.failed {
                    cli::complain(&format!("chat-client: stdout: {error}"));
                }
            }
        }
        self.lines.clear();
        !self.closed
    }

    /// Whether writing failed, which is more than that the reader has gone.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }
}
