//! One's own lines of before, in a file that nobody else can read.

use crate::cli::Surroundings;
use crate::text::screen::harmless_path;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

/// The file of this name, made if there is none; `None` if there can be none: then lines are kept while the program runs.
pub(super) fn file(surroundings: &Surroundings, name: &str) -> Option<PathBuf> {
    let folder = surroundings
        .folder("XDG_STATE_HOME", ".local/state")?
        .join("chatroom");
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(&folder);
    let path = folder.join(name);
    let opened = made.and_then(|()| {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(0o600).open(&path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))
    });
    match opened {
        Ok(()) => Some(path),
        Err(error) => {
            log::warn!("{}: {error}", harmless_path(&path));
            None
        }
    }
}
