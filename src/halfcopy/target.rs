//! The file that is made: whether it may be, and how it gets its name. What always holds here: until the last step
//! nothing of that name changes, and the unfinished file beside it is removed whenever the step does not happen.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::FileId;
use super::error::{Problem, kind_of};

/// Permission bits that a copy carries over: no set-id and no sticky bit.
const MODE_BITS: u32 = 0o777;
const OWNER_WRITES: u32 = 0o200;
/// Names tried for the unfinished file; left-overs of killed copies may hold some.
const NAME_ATTEMPTS: u32 = 1000;

/// A target that may be written.
#[derive(Debug)]
pub(super) struct Target {
    /// With symbolic links resolved, if the file exists.
    path: PathBuf,
    replaced: Option<Replaced>,
}

/// The file that `--force` replaces.
#[derive(Debug)]
struct Replaced {
    /// Mode, owner and group to keep; none if it could not have been written in place.
    keep: Option<(u32, u32, u32)>,
}

impl Target {
    /// Looks at what there is of the name `dst`.
    pub(super) fn check(dst: &Path, src: FileId, force: bool) -> Result<Self, Problem> {
        let link = match fs::symlink_metadata(dst) {
            Ok(link) => link.is_symlink(),
            Err(e) if e.kind() == ErrorKind::NotFound && is_file_name(dst) => {
                return Ok(Self {
                    path: dst.to_path_buf(),
                    replaced: None,
                });
            }
            Err(e) if e.kind() == ErrorKind::NotFound => return Err(Problem::NoFileName),
            Err(e) => return Err(Problem::os("look at it", e)),
        };
        let file = match fs::metadata(dst) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound && link => return Err(Problem::DanglingLink),
            Err(e) => return Err(Problem::os("look at it", e)),
        };
        if FileId::of(&file) == src {
            return Err(Problem::SameFile);
        }
        if !file.is_file() {
            return Err(Problem::TargetKind(kind_of(&file)));
        }
        if !force {
            return Err(Problem::Exists);
        }
        let path = if link {
            fs::canonicalize(dst).map_err(|e| Problem::os("follow it", e))?
        } else {
            dst.into()
        };
        // `cp --force` writes into a file that it can open, and puts a new one in the place of any other.
        let writable = OpenOptions::new().write(true).open(&path).is_ok();
        let keep = writable.then(|| (file.mode() & MODE_BITS, file.uid(), file.gid()));
        Ok(Self {
            path,
            replaced: Some(Replaced { keep }),
        })
    }

    /// Makes the unfinished file, `len` zeros long, for a source of mode `src_mode`.
    pub(super) fn create_temp(&self, src_mode: u32, len: u64) -> Result<Temp, Problem> {
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let keep = self.replaced.as_ref().and_then(|replaced| replaced.keep);
        // Where the mode of an older file is kept, nobody else reads along before that mode is in force.
        let mode = if keep.is_some() {
            0o600
        } else {
            src_mode & MODE_BITS
        };
        let (file, path) =
            create_unnamed(directory, mode).map_err(|e| Problem::os("create it", e))?;
        // From here on dropping `guard` removes the file.
        let guard = RemoveOnDrop(path);
        let made = file.metadata().map_err(|e| Problem::os("look at it", e))?;
        let mut now = made.mode() & MODE_BITS;
        if let Some((_, uid, gid)) = keep
            && (uid, gid) != (made.uid(), made.gid())
        {
            fchown(&file, Some(uid), Some(gid)).map_err(Problem::Owner)?;
        }
        let mode = keep.map_or(now, |(mode, ..)| mode);
        if now & OWNER_WRITES == 0 {
            // The mode of a new file holds from the second opening on, and the threads have yet to open it.
            now |= OWNER_WRITES;
            set_mode(&file, now)?;
        }
        // Its length at once: else every write behind the end, by whichever thread, would move the end, which
        // takes the time of a copy again. What is not written afterwards is a hole.
        file.set_len(len)
            .map_err(|e| Problem::os("copy to it", e))?;
        Ok(Temp {
            id: FileId::of(&made),
            file,
            guard,
            now,
            mode,
        })
    }

    /// Gives the finished file its name.
    pub(super) fn publish(&self, temp: Temp) -> Result<(), Problem> {
        if temp.now != temp.mode {
            set_mode(&temp.file, temp.mode)?;
        }
        if self.replaced.is_some() {
            return temp
                .rename(&self.path)
                .map_err(|e| Problem::os("replace it", e));
        }
        // A second name fails if the name has appeared in the meantime; renaming would overwrite what appeared.
        match fs::hard_link(temp.path(), &self.path) {
            Ok(()) => temp
                .remove()
                .map_err(|e| Problem::os("remove the second name of the finished copy", e)),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Err(Problem::Exists),
            Err(_) => self.publish_without_links(temp),
        }
    }

    /// For file systems that know no hard links: takes the name with an empty file, which fails if it has appeared,
    /// and replaces that. Only between the two steps can others see an empty file.
    pub(super) fn publish_without_links(&self, temp: Temp) -> Result<(), Problem> {
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&self.path)
        {
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => return Err(Problem::Exists),
            Err(e) => return Err(Problem::os("create it", e)),
        }
        let placeholder = RemoveOnDrop(self.path.clone());
        temp.rename(&self.path)
            .map_err(|e| Problem::os("name it", e))?;
        placeholder.keep();
        Ok(())
    }
}

/// The unfinished file. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Temp {
    id: FileId,
    file: File,
    guard: RemoveOnDrop,
    /// The mode it has.
    now: u32,
    /// The mode it shall have.
    mode: u32,
}

impl Temp {
    pub(super) fn path(&self) -> &Path {
        &self.guard.0
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    fn rename(self, to: &Path) -> io::Result<()> {
        fs::rename(self.path(), to)?;
        self.guard.keep();
        Ok(())
    }

    fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path())?;
        self.guard.keep();
        Ok(())
    }
}

#[derive(Debug)]
struct RemoveOnDrop(PathBuf);

impl RemoveOnDrop {
    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // There is a failure to report already, and this one changes nothing about it.
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// Makes a file of a name that nobody has, by making it the condition: process and counter only keep the tries few.
/// The name does not contain the target's, which may have the greatest length already.
fn create_unnamed(directory: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let mut tries = 0;
    loop {
        let path = directory.join(format!(
            ".halfcopy-{}-{}.tmp",
            process::id(),
            COUNTER.fetch_add(1, Relaxed)
        ));
        tries += 1;
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
        {
            Err(e) if e.kind() == ErrorKind::AlreadyExists && tries < NAME_ATTEMPTS => {}
            result => return result.map(|file| (file, path)),
        }
    }
}

fn set_mode(file: &File, mode: u32) -> Result<(), Problem> {
    file.set_permissions(Permissions::from_mode(mode))
        .map_err(|e| Problem::os("set its permissions", e))
}

/// Whether the path ends in a name that a file can be given: `a/`, `a/.` and `..` name directories.
fn is_file_name(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    path.file_name().is_some() && !bytes.ends_with(b"/") && !bytes.ends_with(b"/.")
}
