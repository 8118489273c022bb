//! What is said, in a file: a line for each event, in the log's order, whispers never.
//!
//! What cannot be written is lost to the transcript, counted and logged, and to nobody else.

use super::{calendar, files, screen};
use crate::text::{Lang, screen::harmless_path};
use crate::wire::{Event, What, decode_events};
use crossbeam_channel::{Receiver, select};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module.
pub(super) struct Transcript {
    path: PathBuf,
    file: File,
    json: bool,
    lang: Lang,
    /// The file may end within a line.
    broken: bool,
}

impl Transcript {
    /// Opens the file, to write at its end.
    pub(super) fn open(path: PathBuf, json: bool, lang: Lang) -> Result<Transcript, String> {
        let file = files::append(&path)
            .map_err(|error| format!("--transcript {}: {error}", harmless_path(&path)))?;
        let broken = ends_within_a_line(&file, &path);
        Ok(Transcript {
            path,
            file,
            json,
            lang,
            broken,
        })
    }

    /// The thread: writes until there will be no more. At a word on `again` the file is opened anew.
    pub(super) fn run(
        mut self,
        sights: &Receiver<Vec<u8>>,
        again: &Receiver<()>,
        lost: &AtomicU64,
    ) {
        let mut again = again.clone();
        loop {
            select! {
                recv(sights) -> batch => match batch {
                    Ok(batch) => self.write(&batch, lost),
                    Err(_) => return,
                },
                recv(again) -> asked => match asked {
                    Ok(()) => self.reopen(),
                    Err(_) => again = crossbeam_channel::never(),
                },
            }
        }
    }

    fn reopen(&mut self) {
        match files::append(&self.path) {
            Ok(file) => {
                self.broken = ends_within_a_line(&file, &self.path);
                self.file = file;
            }
            Err(error) => log::error!(
                "cannot open {} anew, and go on in the file that was open: {error}",
                harmless_path(&self.path)
            ),
        }
    }

    fn write(&mut self, sights: &[u8], lost: &AtomicU64) {
        let mut lines = String::new();
        if self.broken {
            lines.push('\n');
        }
        let mut count = 0;
        for event in decode_events(sights).unwrap_or_default() {
            let line = if self.json {
                json(&event)
            } else {
                plain(&event, self.lang)
            };
            if let Some(line) = line {
                lines += &line;
                lines.push('\n');
                count += 1;
            }
        }
        match self.file.write_all(lines.as_bytes()) {
            Ok(()) => self.broken = false,
            Err(error) => {
                self.broken = true;
                let before = lost.fetch_add(count, Ordering::Relaxed);
                if before == 0 || (before + count).ilog2() > before.ilog2() {
                    let (path, lost) = (harmless_path(&self.path), before + count);
                    log::error!("cannot write {path}, {lost} events of it are lost: {error}");
                }
            }
        }
    }
}

/// Whether the last line has no end: another program's, or one for which the disk was full.
fn ends_within_a_line(file: &File, path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        let (mut file, mut byte) = (File::open(path)?, [0]);
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    let filled = { file.metadata() }.is_ok_and(|about| about.is_file() && about.len() > 0);
    filled && last().is_ok_and(|byte| byte != b'\n')
}

/// `2026-11-22T19:03:04Z 小明 说：大家好`
fn plain(event: &Event<'_>, lang: Lang) -> Option<String> {
    let line = screen::line(event.what, lang)?;
    Some(format!("{} {line}", calendar::written(event.unix_ms)))
}

/// `{"time":"2026-11-22T19:03:04Z","event":"said","name":"小明","text":"大家好"}`
fn json(event: &Event<'_>) -> Option<String> {
    let time = calendar::written(event.unix_ms);
    let (kind, fields) = match event.what {
        What::Entered(name) => ("entered", vec![("name", name)]),
        What::Left(name) => ("left", vec![("name", name)]),
        What::Said(name, text) => ("said", vec![("name", name), ("text", text)]),
        What::Acted(name, text) => ("acted", vec![("name", name), ("text", text)]),
        What::Announced(text) => ("announced", vec![("text", text)]),
        What::Renamed(name, other) => ("renamed", vec![("name", name), ("to", other)]),
        What::Gap(count) => {
            return Some(format!(
                "{{\"time\":\"{time}\",\"event\":\"gap\",\"count\":{count}}}"
            ));
        }
        _ => return None,
    };
    let mut line = format!("{{\"time\":\"{time}\",\"event\":\"{kind}\"");
    for (name, value) in fields {
        line += &format!(",\"{name}\":");
        quote(&mut line, value);
    }
    Some(line + "}")
}

/// A text as JSON writes it (RFC 8259, section 7).
fn quote(to: &mut String, text: &str) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            c if c.is_control() => *to += &format!("\\u{:04x}", u32::from(c)),
            c => to.push(c),
        }
    }
    to.push('"');
}
