//! What can go wrong in a copy. What always holds here: every error says which file, why, and what to do about it,
//! in one line.

use std::fmt;
use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// A copy that failed: the file it is about and the problem with it.
#[derive(Debug)]
pub struct Error {
    path: PathBuf,
    problem: Problem,
}

/// Why a copy failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The system refused; `doing` completes "cannot …".
    Os {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The source is not a regular file but this.
    SourceKind(&'static str),
    /// The source says that it is empty, and is not.
    NoLength,
    /// The source is shorter than it was.
    Shrank {
        /// Its length at the start, in bytes.
        expected: u64,
    },
    /// The name belongs to another file than at the start.
    Replaced,
    /// Source and target are one file.
    SameFile,
    /// The target exists, and nobody said to replace it.
    Exists,
    /// The target exists and is not a regular file but this.
    TargetKind(&'static str),
    /// The target is a symbolic link to nothing.
    DanglingLink,
    /// The target does not end in the name of a file.
    NoFileName,
    /// The target belongs to somebody else, and a file put in its place would not.
    Owner(io::Error),
    /// A copying thread panicked.
    Panicked,
}

impl Error {
    /// The file that the error is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl Problem {
    pub(super) fn os(doing: &'static str, source: io::Error) -> Self {
        Self::Os { doing, source }
    }

    pub(super) fn of(self, path: &Path) -> Error {
        Error {
            path: path.to_path_buf(),
            problem: self,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Quoted(&self.path), self.problem)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Os { source, .. } | Problem::Owner(source) => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Os { doing, source } => {
                write!(f, "cannot {doing}: {source}; {}", remedy(source.kind()))
            }
            Self::SourceKind(kind) => {
                write!(
                    f,
                    "is {kind}: only a regular file has a length to halve; name a regular file, or use cp"
                )
            }
            Self::NoLength => {
                f.write_str("reports length 0 but has content, so it has no halves; use cp")
            }
            Self::Shrank { expected } => {
                write!(
                    f,
                    "is shorter than the {expected} bytes it had; try again when nothing writes to it"
                )
            }
            Self::Replaced => f.write_str("became another file during the copy; try again"),
            Self::SameFile => f.write_str("is the source itself; name another file for the copy"),
            Self::Exists => f.write_str("exists; name another file, or replace it with --force"),
            Self::TargetKind(kind) => write!(f, "is {kind}; name a regular file for the copy"),
            Self::DanglingLink => {
                f.write_str("is a symbolic link to nothing; remove it, or name another file")
            }
            Self::NoFileName => f.write_str("is not the name of a file; name the file to be made"),
            Self::Owner(source) => {
                write!(
                    f,
                    "belongs to another user or group ({source}); remove it first, or use cp"
                )
            }
            Self::Panicked => {
                f.write_str("a copying thread panicked, which is a defect of halfcopy; use cp")
            }
        }
    }
}

fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "check the name, and that its directory exists",
        ErrorKind::NotADirectory => "check the name: a part of it is no directory",
        ErrorKind::InvalidFilename => "choose a shorter or simpler name",
        ErrorKind::PermissionDenied => "check the permissions of the file and of its directory",
        ErrorKind::StorageFull => "free some space, or copy to another disk",
        ErrorKind::QuotaExceeded => "free some of your quota, or copy to another disk",
        ErrorKind::FileTooLarge => {
            "raise the limit (ulimit -f), or copy to a file system for larger files"
        }
        ErrorKind::ReadOnlyFilesystem => "copy to another disk, or mount this one writable",
        _ => "try again, or look into the system log",
    }
}

/// A path between quotes on one line, whatever its bytes are.
pub(super) struct Quoted<'a>(pub(super) &'a Path);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?
            } else {
                write!(f, "{c}")?
            }
        }
        f.write_str("'")
    }
}

/// What a file that is not a regular one is, with its article.
pub(super) fn kind_of(file: &Metadata) -> &'static str {
    let kind = file.file_type();
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "a device"
    } else {
        "no regular file"
    }
}
