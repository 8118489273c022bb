//! A directory for one test, removed with everything in it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// On the disk of the build, since a temporary directory may be in memory and small.
    pub(super) fn new() -> Self {
        Self::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// On the system's disk for temporary files, which other users can reach as well.
    pub(super) fn public() -> Self {
        Self::below(&env::temp_dir())
    }

    fn below(directory: &Path) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let path = directory.join(format!(
            "halfcopy-test-{}-{}",
            process::id(),
            COUNTER.fetch_add(1, Relaxed)
        ));
        fs::create_dir_all(directory).unwrap();
        // Fails if a killed test of the same process number has left one: then it is in nobody's use.
        if fs::create_dir(&path).is_err() {
            fs::remove_dir_all(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of `name` in the directory.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a file of `name`.
    pub(super) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// All names in the directory, hidden ones too, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `len` bytes in which no two neighbouring blocks are equal.
pub(super) fn content(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i ^ (i >> 8) ^ (i >> 16)).to_le_bytes()[0])
        .collect()
}
