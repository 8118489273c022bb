//! The file of bans: a line for each, so that an operator can read and edit it.
//!
//! ```text
//! always name 小明
//! 2026-11-22T19:03:04Z address 192.168.1.5
//! ```
//!
//! It is written whole, beside itself, and renamed: whoever reads it finds all of it.

use super::calendar;
use crate::limits;
use crate::room::{Ban, Whom};
use crate::text::Name;
use crate::text::screen::{harmless, harmless_path};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The bans of a file; none if it is not there.
pub(super) fn read(path: &Path) -> Result<Vec<Ban>, String> {
    let wrong = |what: String| format!("{}: {what}", harmless_path(path));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let mut bans = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let ban = ban(line).ok_or_else(|| {
            let (line, number) = (harmless(line), index + 1);
            format!(
                "{}:{number}: “{line}”须写成 always name 小明 或 2026-11-22T19:03:04Z address 192.168.1.5 / write “{line}” as always name NAME, or as a date and address ADDRESS",
                harmless_path(path)
            )
        })?;
        bans.push(ban);
    }
    if bans.len() > limits::BANS {
        return Err(wrong(format!("{} bans, of {}", bans.len(), limits::BANS)));
    }
    Ok(bans)
}

fn ban(line: &str) -> Option<Ban> {
    let (until, rest) = line.split_once(' ')?;
    let (what, whom) = rest.trim_start().split_once(' ')?;
    let until = match until {
        "always" => None,
        until => Some(calendar::read(until)?),
    };
    let whom = match what {
        "name" => Whom::Name(Name::new(whom.trim()).ok()?),
        "address" => Whom::Address(whom.trim().parse().ok()?),
        _ => return None,
    };
    Some(Ban { whom, until })
}

/// Puts these bans in the place of the file's.
pub(super) fn write(path: &Path, bans: &[Ban]) -> std::io::Result<()> {
    let mut text = String::from("# until when, what, whom\n");
    for ban in bans {
        let until = ban.until.map_or_else(|| "always".into(), calendar::written);
        text += &match &ban.whom {
            Whom::Name(name) => format!("{until} name {}\n", name.as_str()),
            Whom::Address(address) => format!("{until} address {address}\n"),
        };
    }
    super::files::replace(path, text.as_bytes())
}
