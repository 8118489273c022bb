//! The config file: lines of `key = value`, one file for both programs.
//!
//! A key is the name of a flag, `history`, for every program that has it, or with the program in front,
//! `server.history`, for that one alone. An empty line, and one that begins with `#`, says nothing.

use super::given::Surroundings;
use super::table::{Flag, Program};
use super::{CLIENT, SERVER, UsageError};
use crate::limits;
use crate::text::screen::{harmless, harmless_path};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A line that says something.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    /// From 1.
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) text: String,
}

impl Entry {
    /// The flag of this program that the entry is for.
    pub(super) fn flag_of(&self, program: &Program) -> Option<&'static Flag> {
        let name = match self.key.split_once('.') {
            Some((section, name)) if section == program.section => name,
            Some(_) => return None,
            None => &self.key,
        };
        program.flag(name).filter(|flag| flag.key().is_some())
    }

    fn is_known(&self) -> bool {
        [&SERVER, &CLIENT]
            .into_iter()
            .any(|program| self.flag_of(program).is_some())
    }
}

/// The entries of the file that was named, or of the one that is looked for; those for one program before those
/// for both. A file that was not named need not be there.
pub(super) fn read(
    named: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Vec<Entry>, UsageError> {
    let sought = || {
        Some(
            surroundings
                .folder("XDG_CONFIG_HOME", ".config")?
                .join("chatroom/config"),
        )
    };
    let Some(path) = named.map(PathBuf::from).or_else(sought) else {
        return Ok(Vec::new());
    };
    match text_of(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => {
            let path = harmless_path(&path);
            Err(UsageError(format!(
                "无法读取配置文件 {path}：{error}；用 --config 指定另一个 / cannot read the config file {path}: {error}; name another with --config"
            )))
        }
    }
}

fn text_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let most = limits::CONFIG_BYTES;
    File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(std::io::Error::other(format!("more than {most} bytes")));
    }
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, UsageError> {
    let (mut entries, mut keys) = (Vec::new(), BTreeSet::new());
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{FEFF}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong =
            |what: String| UsageError(format!("{}:{}: {what}", harmless_path(path), index + 1));
        let Some((key, text)) = line.split_once('=') else {
            let line = harmless(line);
            return Err(wrong(format!(
                "“{line}”须写成 key = value / write “{line}” as key = value"
            )));
        };
        let entry = Entry {
            path: path.into(),
            line: index + 1,
            key: key.trim().to_owned(),
            text: text.trim().to_owned(),
        };
        let key = harmless(&entry.key).into_owned();
        if !entry.is_known() {
            return Err(wrong(format!(
                "不认识 {key}；--help 列出各选项 / there is no key {key}; --help lists the flags, whose names they are"
            )));
        }
        if !keys.insert(entry.key.clone()) {
            return Err(wrong(format!("{key} 重复 / {key} is there twice")));
        }
        entries.push(entry);
    }
    entries.sort_by_key(|entry| !entry.key.contains('.'));
    Ok(entries)
}
