//! A pseudo terminal with a program in it, and a screen that shows what a terminal would show.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Rows that have left the screen and are remembered.
const SCROLLBACK: usize = 5000;

/// What a screen cannot show.
#[derive(Debug, Default)]
pub(super) struct Ears {
    pub(super) bells: usize,
}

impl vt100::Callbacks for Ears {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.bells += 1;
    }
}

/// See the module. The program is ended with it.
pub(super) struct Tty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser<Ears>,
    /// All that was written, escape sequences too.
    pub(super) raw: Vec<u8>,
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn at_least_one(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a screen has rows and columns")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Tty {
    /// Starts the program on a screen of this size, with an environment of nothing but these variables.
    pub(super) fn start(
        (columns, rows): (u16, u16),
        words: &[&str],
        variables: &[(&str, &str)],
    ) -> Tty {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pseudo terminal");
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.env_clear();
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let (writer, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(size @ 1..) = reader.read(&mut buffer) {
                if writer.send(buffer[..size].to_vec()).is_err() {
                    return;
                }
            }
        });
        Tty {
            child,
            keys: pair.master.take_writer().expect("a writer"),
            master: pair.master,
            output,
            parser: vt100::Parser::new_with_callbacks(
                at_least_one(rows),
                at_least_one(columns),
                SCROLLBACK,
                Ears::default(),
            ),
            raw: Vec::new(),
        }
    }

    /// Types this, all in one piece.
    pub(super) fn types(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
        self.keys.flush().expect("the terminal takes keys");
    }

    /// Another size: the program is told by a signal.
    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        self.parser
            .screen_mut()
            .set_size(at_least_one(rows), at_least_one(columns));
        self.master.resize(size(columns, rows)).expect("a size");
    }

    pub(super) fn id(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    pub(super) fn bells(&self) -> usize {
        self.parser.callbacks().bells
    }

    /// The screen's rows without what is blank at their ends, and without empty ones at the end.
    pub(super) fn rows(&self) -> Vec<String> {
        rows(self.parser.screen())
    }

    /// What has left the screen, and what is on it.
    pub(super) fn all_rows(&mut self) -> Vec<String> {
        let screen = self.parser.screen_mut();
        let mut all = Vec::new();
        for back in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(back);
            let width = screen.size().1.get();
            all.extend(
                screen
                    .rows(0, width)
                    .next()
                    .map(|row| row.trim_end().to_owned()),
            );
        }
        screen.set_scrollback(0);
        all.extend(self.rows());
        all
    }

    /// Column and row of the cursor.
    pub(super) fn cursor(&self) -> (u16, u16) {
        let (row, column) = self.parser.screen().cursor_position();
        (column, row)
    }

    /// Reads on until the condition holds.
    #[track_caller]
    pub(super) fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Tty) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) if holds(self) => return,
                Err(why) => panic!("{what}: {why}\n{}", self.rows().join("\n")),
            }
        }
    }

    /// Takes what has come meanwhile, or waits for a little.
    pub(super) fn glance(&mut self) {
        if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
            self.take(&bytes);
        }
    }

    /// Reads on until a row, without the time in front, is this.
    #[track_caller]
    pub(super) fn until_row(&mut self, row: &str) {
        self.until(&format!("there is no row {row:?}"), |tty| {
            tty.rows().iter().any(|there| untimed(there) == row)
        });
    }

    /// Reads on until a row contains this.
    #[track_caller]
    pub(super) fn until_row_with(&mut self, part: &str) {
        self.until(&format!("there is no row with {part:?}"), |tty| {
            tty.rows().iter().any(|row| row.contains(part))
        });
    }

    /// Reads on until the last row is this.
    #[track_caller]
    pub(super) fn until_prompt(&mut self, row: &str) {
        self.until(&format!("the last row is not {row:?}"), |tty| {
            tty.rows().last().is_some_and(|last| last == row)
        });
    }

    /// Reads on to the program's end, and gives its exit code.
    #[track_caller]
    pub(super) fn exit(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(why) => panic!("it does not end: {why}\n{}", self.rows().join("\n")),
            }
        }
        self.child.wait().expect("it has ended").exit_code()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
    }
}

fn rows(screen: &vt100::Screen) -> Vec<String> {
    let width = screen.size().1.get();
    let mut rows: Vec<String> = screen
        .rows(0, width)
        .map(|row| row.trim_end().to_owned())
        .collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}

/// A row without the time that it begins with.
pub(super) fn untimed(row: &str) -> &str {
    let clock = |time: &str| {
        let time: Vec<char> = time.chars().collect();
        time.len() == 6 && time[2] == ':' && time[5] == ' ' && time[0].is_ascii_digit()
    };
    match row.get(..6).is_some_and(clock) {
        true => &row[6..],
        false => row,
    }
}
