//! Files that the server writes, and whether it could. None of them is for everyone to read.

use crate::cli::{self, Exit, ServerOptions};
use crate::text::screen::harmless_path;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Puts `bytes` in the place of the file: written beside it and renamed, so that nobody ever reads half of it. A link stays
/// one, to the new file.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, bytes, 0o600)
}

/// The same, with other rights.
pub(super) fn replace_with(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let written = create(beside, mode)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(beside, &path));
    written.inspect_err(|_| drop(fs::remove_file(beside)))
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    with_mode(&mut options, mode).open(path)
}

/// Opens a file to write at its end.
pub(super) fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    with_mode(&mut options, 0o600).open(path)
}

#[cfg(unix)]
fn with_mode(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, mode)
}

#[cfg(not(unix))]
fn with_mode(options: &mut OpenOptions, _: u32) -> &mut OpenOptions {
    options
}

/// Whether the room could be opened so, without opening it.
pub(super) fn check(options: &ServerOptions, settings: &str) -> Exit {
    match have_places(options).and_then(|()| super::kept_bans(options)) {
        Ok(_) => {
            super::screen::write(settings);
            Exit::Done
        }
        Err(what) => {
            cli::complain(&format!("chat-server: {what}"));
            Exit::Usage
        }
    }
}

/// Whether there is a place for each file; some are not written before the room has been open for long. What is replaced
/// whole is a file: a device or a pipe would be gone.
pub(super) fn have_places(options: &ServerOptions) -> Result<(), String> {
    let files = [
        ("--bans", options.bans.as_ref()),
        (
            "--transcript",
            options.transcript.as_ref().map(|(path, _)| path),
        ),
        ("--metrics", options.metrics.as_ref()),
    ];
    for (flag, path) in files {
        let Some(path) = path else { continue };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let lang = options.lang;
        let what = if path.is_dir() {
            lang.pick("这是目录，请写文件名", "this is a folder: name a file")
        } else if flag != "--transcript" && path.exists() && !path.is_file() {
            lang.pick(
                "这不是普通文件，请换一个",
                "this is no regular file: name another",
            )
        } else if folder.is_some_and(|folder| !folder.is_dir()) {
            lang.pick(
                "没有这个目录，请先建立或换一个",
                "there is no such folder: make it, or name another",
            )
        } else {
            continue;
        };
        return Err(format!("{flag} {}: {what}", harmless_path(path)));
    }
    Ok(())
}
