//! Lines from a person or a pipe, of any length and content, in bounded memory.

use crate::limits;
use std::io::{BufRead, Read};

/// A line, or a part of one that is longer than [`limits::LINE_PART`].
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its text without the line break; what was not UTF-8 is replaced.
    pub text: String,
    /// It goes on where a line that was too long left off: no command can begin here.
    pub continued: bool,
}

/// Reads lines; see [`Line`].
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    /// Bytes of a character that the last part ended in the middle of.
    rest: Vec<u8>,
    continued: bool,
    begun: bool,
    /// Nothing more comes: on a terminal the end is told once, behind a line that was not finished.
    ended: bool,
}

impl<R> Lines<R> {
    /// Reads from `input`.
    pub fn new(input: R) -> Lines<R> {
        Lines {
            input,
            rest: Vec::new(),
            continued: false,
            begun: false,
            ended: false,
        }
    }

    /// Whether the last line was not finished, and nothing comes behind it.
    pub fn have_ended(&self) -> bool {
        self.ended
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Line;

    /// The next line; `None` at the end, and also where reading fails: there is nothing more to come.
    fn next(&mut self) -> Option<Line> {
        if self.ended {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.rest);
        let most = limits::LINE_PART - bytes.len();
        loop {
            match self
                .input
                .by_ref()
                .take(most as u64)
                .read_until(b'\n', &mut bytes)
            {
                Ok(_) => break,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => (),
                Err(error) => {
                    log::warn!("cannot read input: {error}");
                    break;
                }
            }
        }
        let continued = std::mem::replace(&mut self.continued, false);
        if bytes.is_empty() {
            return None;
        }
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
        } else if bytes.len() >= limits::LINE_PART {
            self.continued = true;
            self.rest = bytes.split_off(bytes.len() - incomplete(&bytes));
        } else {
            self.ended = true;
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        // The mark with which some editors begin a file is no part of its text.
        if !std::mem::replace(&mut self.begun, true) && text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Some(Line { text, continued })
    }
}

/// How many bytes at the end begin a character that is not complete.
fn incomplete(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(String, bool)> {
        Lines::new(bytes)
            .map(|line| (line.text, line.continued))
            .collect()
    }

    #[test]
    fn lines_with_and_without_an_end() {
        let whole = |text: &str| (text.to_owned(), false);
        assert_eq!(
            read("你好\r\n\nb".as_bytes()),
            [whole("你好"), whole(""), whole("b")]
        );
        assert_eq!(read(b""), []);
        assert_eq!(read(b"\xff\n"), [whole("\u{fffd}")]);
        let marked = "\u{feff}小明\n\u{feff}b\n";
        assert_eq!(read(marked.as_bytes()), [whole("小明"), whole("\u{feff}b")]);
    }

    /// As a terminal's: it ends, and would go on.
    struct EndsAgainAndAgain(Vec<&'static [u8]>);

    impl Read for EndsAgainAndAgain {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let next = self.0.pop().expect("not read behind the end");
            to[..next.len()].copy_from_slice(next);
            Ok(next.len())
        }
    }

    #[test]
    fn the_end_behind_an_unfinished_line_is_the_end() {
        let input = EndsAgainAndAgain(vec![b"", "半".as_bytes()]);
        let mut lines = Lines::new(std::io::BufReader::new(input));
        assert_eq!(lines.next().map(|line| line.text), Some("半".into()));
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn a_line_without_end_comes_in_parts_and_whole() {
        let text = "说".repeat(limits::LINE_PART);
        let parts = read(format!("{text}\n/quit").as_bytes());
        assert!(parts.len() > 2 && parts[0].0.len() <= limits::LINE_PART);
        let (last, long) = parts.split_last().unwrap();
        assert_eq!(
            long.iter()
                .map(|(part, _)| part.as_str())
                .collect::<String>(),
            text
        );
        assert!(!long[0].1 && long[1..].iter().all(|(_, continued)| *continued));
        assert_eq!(*last, ("/quit".to_owned(), false));
    }
}
