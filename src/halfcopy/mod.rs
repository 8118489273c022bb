//! One file copied by two threads, each its half: the library under the program `halfcopy`.
//!
//! What always holds here:
//!
//! - The name of the copy never shows a part of it. The threads write into a file beside it, which gets the
//!   name when every byte is there and is removed on every failure; until then an older file of that name stays.
//! - The two threads share no file offset. Each opens source and copy itself, since a handle that is passed on
//!   or duplicated (`try_clone`, or a descriptor that lives across a fork) shares the offset of the first.
//! - Both threads are joined before [`copy`] returns, whatever the result. A panic in one is an error.
//!
//! How it copies: `io::copy` from file to file is `copy_file_range` on Linux (elsewhere what std has in its
//! place), so the bytes do not pass through this process.
//!
//! - **A source with holes** is read instead, and pieces of zeros are left out of the copy: equal content, and most
//!   holes stay holes. std has no `SEEK_HOLE`, so small holes may be filled and written zeros may become holes.
//! - **A source that grows** is copied up to the length that it had at the start. One that shrinks, or is replaced
//!   by another file of its name, is an error. So is one whose length says nothing, as under `/proc`.
//! - **Permissions** are those that `cp --force` gives. A new file has the mode of the source less the umask; a file
//!   that is replaced keeps its mode, owner and group, if it could be written, and else counts as new. The set-id
//!   and sticky bits are never carried over; extended attributes and times are not copied.
//! - **Links**: a symbolic link as the target is followed, and what it points at is replaced. A replaced file is a
//!   new inode, so its other hard links keep the old content (`cp` would write through them).
//! - **Durability**: like `cp`, nothing is synced to the disk. A process killed by a signal leaves its hidden file
//!   `.halfcopy-*.tmp` behind, which can be deleted.

pub mod cli;
mod error;
mod half;
mod meter;
mod target;
#[cfg(test)]
mod tests;

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::num::NonZeroU64;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub use error::{Error, Problem};

/// Bytes that a thread copies between two looks at whether to stop: large enough that the calls cost nothing, small
/// enough that a slow disk still shows progress.
pub const CHUNK_BYTES: NonZeroU64 = NonZeroU64::new(8 << 20).unwrap();

/// How to copy.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Replace a target that exists.
    pub force: bool,
    /// Bytes copied between two calls of [`Watch::advanced`].
    pub chunk_bytes: NonZeroU64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            force: false,
            chunk_bytes: CHUNK_BYTES,
        }
    }
}

/// Is told how far a copy is. `()` does not listen.
pub trait Watch: Sync {
    /// After every chunk, on the thread that copied it; `copied` counts the bytes of both threads.
    fn advanced(&self, copied: u64) {
        let _ = copied;
    }

    /// About ten times a second, on the thread that called [`copy`].
    fn tick(&self, copied: u64, total: u64) {
        let _ = (copied, total);
    }
}

impl Watch for () {}

/// Copies the regular file `src` to `dst` with two threads and returns the number of bytes.
///
/// # Errors
///
/// Each [`Error`] names the file and the remedy. `dst` is then as it was before, and nothing is left beside it.
pub fn copy(src: &Path, dst: &Path, options: &Options, watch: &dyn Watch) -> Result<u64, Error> {
    let (source, before) = open_source(src).map_err(|problem| problem.of(src))?;
    let target =
        target::Target::check(dst, FileId::of(&before), options.force).map_err(|p| p.of(dst))?;
    let temp = target
        .create_temp(before.mode(), before.len())
        .map_err(|p| p.of(dst))?;
    let plan = half::Plan {
        src,
        src_id: FileId::of(&before),
        dst: temp.path(),
        dst_id: temp.id(),
        len: before.len(),
        has_holes: has_holes(&before),
        chunk_bytes: options.chunk_bytes,
    };
    plan.run(watch).map_err(|failure| failure.at(src, dst))?;
    // A source cut off behind the threads' backs is a mixture of two states, even if every byte could be read.
    let after = source
        .metadata()
        .map_err(|e| Problem::os("look at it", e).of(src))?;
    if after.len() < before.len() {
        return Err(Problem::Shrank {
            expected: before.len(),
        }
        .of(src));
    }
    target.publish(temp).map_err(|p| p.of(dst))?;
    Ok(before.len())
}

/// Opens the source, having made sure before that opening cannot block (a pipe) or do anything (a device), and
/// after that it is still the same file.
fn open_source(src: &Path) -> Result<(File, Metadata), Problem> {
    let named = fs::metadata(src).map_err(|e| Problem::os("read it", e))?;
    if !named.is_file() {
        return Err(Problem::SourceKind(error::kind_of(&named)));
    }
    let mut file = File::open(src).map_err(|e| Problem::os("read it", e))?;
    let opened = file.metadata().map_err(|e| Problem::os("look at it", e))?;
    if !opened.is_file() || FileId::of(&opened) != FileId::of(&named) {
        return Err(Problem::Replaced);
    }
    if opened.len() == 0 && file.read(&mut [0]).map_err(|e| Problem::os("read it", e))? > 0 {
        return Err(Problem::NoLength);
    }
    Ok((file, opened))
}

/// Fewer blocks on the disk than the length needs (blocks count 512 bytes, whatever the file system).
fn has_holes(file: &Metadata) -> bool {
    file.blocks().saturating_mul(512) < file.len()
}

/// What tells one file from another, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
        }
    }
}
