//! The two threads. What always holds here: the ranges of the two cover the file exactly once; the first failure is
//! the one reported, and it stops the other half at its next chunk; both threads are joined.

use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Builder};
use std::time::Duration;

use super::error::{Error, Problem};
use super::{FileId, Watch};

/// Between two calls of [`Watch::tick`].
const TICK: Duration = Duration::from_millis(100);
/// The halves meet at a multiple of this, so that no block of a disk belongs to both and file systems that share
/// whole blocks between files can do so.
const ALIGN_BYTES: u64 = 4096;
/// A source with holes is read in pieces of this size, and a piece of zeros is not written.
const PIECE_BYTES: usize = 64 << 10;
static ZEROS: [u8; PIECE_BYTES] = [0; PIECE_BYTES];

/// What the two threads are to do.
pub(super) struct Plan<'a> {
    pub(super) src: &'a Path,
    pub(super) src_id: FileId,
    /// Exists, and has the length `len` already.
    pub(super) dst: &'a Path,
    pub(super) dst_id: FileId,
    pub(super) len: u64,
    pub(super) has_holes: bool,
    pub(super) chunk_bytes: NonZeroU64,
}

/// A problem, and with which of the two files.
#[derive(Debug)]
pub(super) enum Failure {
    Source(Problem),
    Target(Problem),
}

impl Failure {
    pub(super) fn at(self, src: &Path, dst: &Path) -> Error {
        match self {
            Self::Source(problem) => problem.of(src),
            Self::Target(problem) => problem.of(dst),
        }
    }
}

/// What the threads tell one another. The counters guard no other memory, so relaxed ordering is enough.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) stop: AtomicBool,
    pub(super) copied: AtomicU64,
    pub(super) first: OnceLock<Failure>,
}

impl Shared {
    fn fail(&self, failure: Failure) {
        // A second failure is dropped: the first one is the cause.
        let _ = self.first.set(failure);
        self.stop.store(true, Relaxed);
    }
}

/// Makes the other half stop when this one unwinds.
struct StopOnPanic<'a>(&'a Shared);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(Failure::Target(Problem::Panicked));
        }
    }
}

/// The two ranges of a file of `len` bytes.
pub(super) fn halves(len: u64) -> [Range<u64>; 2] {
    let middle = len / 2;
    let middle = if middle < ALIGN_BYTES {
        middle
    } else {
        middle - middle % ALIGN_BYTES
    };
    [0..middle, middle..len]
}

impl Plan<'_> {
    /// Copies both halves, each on a thread of its own.
    pub(super) fn run(&self, watch: &dyn Watch) -> Result<(), Failure> {
        let shared = Shared::default();
        thread::scope(|scope| {
            // Nothing is ever sent: the channel ends when both threads have, by return or by panic.
            let (alive, ended) = mpsc::sync_channel::<Infallible>(0);
            let mut threads = Vec::with_capacity(2);
            for (number, range) in (1..).zip(halves(self.len)) {
                let (alive, shared) = (alive.clone(), &shared);
                let work = move || {
                    let _alive = alive;
                    self.work(range, shared, watch);
                };
                match Builder::new()
                    .name(format!("halfcopy-{number}"))
                    .spawn_scoped(scope, work)
                {
                    Ok(thread) => threads.push(thread),
                    Err(e) => shared.fail(Failure::Target(Problem::os(
                        "start a thread for the copy",
                        e,
                    ))),
                }
            }
            drop(alive);
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                watch.tick(shared.copied.load(Relaxed), self.len);
            }
            for thread in threads {
                // An error is a panic, which the thread has noted itself while it unwound.
                let _ = thread.join();
            }
        });
        shared.first.into_inner().map_or(Ok(()), Err)
    }

    /// The whole life of one thread.
    pub(super) fn work(&self, range: Range<u64>, shared: &Shared, watch: &dyn Watch) {
        let _stop = StopOnPanic(shared);
        if let Err(failure) = self.copy_range(range, shared, watch) {
            shared.fail(failure);
        }
    }

    fn copy_range(
        &self,
        range: Range<u64>,
        shared: &Shared,
        watch: &dyn Watch,
    ) -> Result<(), Failure> {
        let src = open(
            self.src,
            OpenOptions::new().read(true),
            self.src_id,
            range.start,
        )
        .map_err(Failure::Source)?;
        let dst = open(
            self.dst,
            OpenOptions::new().write(true),
            self.dst_id,
            range.start,
        )
        .map_err(Failure::Target)?;
        let mut at = range.start;
        while at < range.end && !shared.stop.load(Relaxed) {
            let want = self.chunk_bytes.get().min(range.end - at);
            let copied = if self.has_holes {
                copy_piecewise(&src, &dst, at..at + want)
            } else {
                // In one call to the kernel, from file to file, where it has one for that.
                io::copy(&mut (&src).take(want), &mut &dst)
            };
            // The system does not say which of the two files was at fault; most often it is the one that is written.
            let copied = copied.map_err(|e| Failure::Target(Problem::os("copy to it", e)))?;
            if copied < want {
                return Err(Failure::Source(Problem::Shrank { expected: self.len }));
            }
            at += copied;
            watch.advanced(shared.copied.fetch_add(copied, Relaxed) + copied);
        }
        Ok(())
    }
}

/// An open file of this thread's own, with an offset of its own.
fn open(path: &Path, how: &OpenOptions, id: FileId, offset: u64) -> Result<File, Problem> {
    let mut file = how.open(path).map_err(|e| Problem::os("open it", e))?;
    let found = file.metadata().map_err(|e| Problem::os("look at it", e))?;
    if FileId::of(&found) != id {
        return Err(Problem::Replaced);
    }
    file.seek(SeekFrom::Start(offset))
        .map_err(|e| Problem::os("go to its second half", e))?;
    Ok(file)
}

/// Copies `range` without the pieces that are nothing but zeros: `dst` has zeros there already. Returns the bytes
/// up to the end of `src` or of the range.
fn copy_piecewise(src: &File, dst: &File, range: Range<u64>) -> io::Result<u64> {
    let mut buffer = vec![0; PIECE_BYTES];
    let mut at = range.start;
    while at < range.end {
        let piece = PIECE_BYTES as u64;
        // Pieces lie on multiples of their size, where the blocks of the disk lie too.
        let want = (piece - at % piece).min(range.end - at);
        let bytes = usize::try_from(want).map_or(PIECE_BYTES, |n| n.min(PIECE_BYTES));
        let buffer = buffer.get_mut(..bytes).unwrap_or_default();
        match src.read_exact_at(buffer, at) {
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => break,
            result => result?,
        }
        if !ZEROS.starts_with(buffer) {
            dst.write_all_at(buffer, at)?;
        }
        at += want;
    }
    Ok(at - range.start)
}
