//! Copies that fail: each says what and why, and leaves everything as it was.

use std::fs::{self, File, OpenOptions};
use std::num::NonZeroU64;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use chatroom::halfcopy::{Error, Options, Problem, Watch, copy};

use super::scratch::{Scratch, content};

const SMALL: Options = Options {
    force: false,
    chunk_bytes: NonZeroU64::new(4096).unwrap(),
};
const FORCED: Options = Options {
    force: true,
    ..SMALL
};

/// Copies what must not be copied, and looks whether anything in the directory has changed.
fn refusal(scratch: &Scratch, src: &Path, dst: &Path, options: &Options) -> Error {
    let before = scratch.names();
    let error = copy(src, dst, options, &()).unwrap_err();
    assert_eq!(scratch.names(), before);
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("'{}': ", error.path().display())),
        "{text}"
    );
    assert!(text.contains("; "), "no remedy: {text}");
    error
}

macro_rules! assert_problem {
    ($error:expr, $path:expr, $pattern:pat) => {
        let error = $error;
        assert!(matches!(error.problem(), $pattern), "{error:?}");
        assert_eq!(error.path(), $path);
    };
}

/// Does one thing when the first chunk has been copied, on the thread that copied it.
struct Once<F>(std::sync::Once, F);

impl<F: Fn() + Sync> Once<F> {
    fn new(action: F) -> Self {
        Self(std::sync::Once::new(), action)
    }
}

impl<F: Fn() + Sync> Watch for Once<F> {
    fn advanced(&self, _: u64) {
        self.0.call_once(&self.1);
    }
}

#[test]
fn the_source_itself_under_any_name() {
    let scratch = Scratch::new();
    let src = scratch.file("source", b"content");
    let (hard, soft) = (scratch.at("hard"), scratch.at("soft"));
    fs::hard_link(&src, &hard).unwrap();
    symlink("source", &soft).unwrap();
    for options in [SMALL, FORCED] {
        for (src, dst) in [
            (&src, &src),
            (&src, &hard),
            (&src, &soft),
            (&soft, &src),
            (&soft, &hard),
            (&soft, &soft),
        ] {
            assert_problem!(
                refusal(&scratch, src, dst, &options),
                dst,
                Problem::SameFile
            );
        }
    }
    assert_eq!(fs::read(src).unwrap(), b"content");
}

#[test]
fn a_target_that_exists() {
    let scratch = Scratch::new();
    let src = scratch.file("source", b"content");
    let dst = scratch.file("copy", b"older");
    assert_problem!(refusal(&scratch, &src, &dst, &SMALL), dst, Problem::Exists);
    assert_eq!(fs::read(dst).unwrap(), b"older");
}

#[test]
fn a_target_that_appears_during_the_copy() {
    let scratch = Scratch::new();
    let src = scratch.file("source", &content(50_000));
    let dst = scratch.at("copy");
    let appear = Once::new(|| fs::write(&dst, b"somebody else's").unwrap());
    assert_problem!(
        copy(&src, &dst, &SMALL, &appear).unwrap_err(),
        dst,
        Problem::Exists
    );
    assert_eq!(fs::read(&dst).unwrap(), b"somebody else's");
    assert_eq!(scratch.names(), ["copy", "source"]);
}

#[test]
fn a_target_that_is_no_file() {
    let scratch = Scratch::new();
    let src = scratch.file("source", b"content");
    let directory = scratch.at("directory");
    fs::create_dir(&directory).unwrap();
    symlink("nothing", scratch.at("dangling")).unwrap();
    symlink("loop", scratch.at("loop")).unwrap();
    let _socket = UnixListener::bind(scratch.at("socket")).unwrap();
    for options in [SMALL, FORCED] {
        let refusal = |dst: &Path| refusal(&scratch, &src, dst, &options);
        assert_problem!(
            refusal(&directory),
            directory,
            Problem::TargetKind("a directory")
        );
        assert_problem!(
            refusal(Path::new("/dev/null")),
            Path::new("/dev/null"),
            Problem::TargetKind("a device")
        );
        assert_problem!(
            refusal(&scratch.at("socket")),
            scratch.at("socket"),
            Problem::TargetKind("a socket")
        );
        assert_problem!(
            refusal(&scratch.at("dangling")),
            scratch.at("dangling"),
            Problem::DanglingLink
        );
        assert_problem!(
            refusal(&scratch.at("loop")),
            scratch.at("loop"),
            Problem::Os { .. }
        );
        assert_problem!(
            refusal(&scratch.at("new/")),
            scratch.at("new/"),
            Problem::NoFileName
        );
        assert_problem!(
            refusal(&scratch.at("new/.")),
            scratch.at("new/."),
            Problem::NoFileName
        );
        assert_problem!(refusal(Path::new("")), Path::new(""), Problem::NoFileName);
        assert_problem!(
            refusal(&scratch.at("no/copy")),
            scratch.at("no/copy"),
            Problem::Os { .. }
        );
        assert_problem!(
            refusal(&scratch.at("source/copy")),
            scratch.at("source/copy"),
            Problem::Os { .. }
        );
        let long = scratch.at(&"n".repeat(256));
        assert_problem!(refusal(&long), long, Problem::Os { .. });
    }
}

#[test]
fn a_source_that_is_no_file() {
    let scratch = Scratch::new();
    let pipe = scratch.at("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let _socket = UnixListener::bind(scratch.at("socket")).unwrap();
    let refusal = |src: &Path| refusal(&scratch, src, &scratch.at("copy"), &SMALL);
    // Nobody writes to the pipe: opening it would wait for ever.
    assert_problem!(refusal(&pipe), pipe, Problem::SourceKind("a pipe"));
    assert_problem!(
        refusal(scratch.path()),
        scratch.path(),
        Problem::SourceKind("a directory")
    );
    assert_problem!(
        refusal(Path::new("/dev/zero")),
        Path::new("/dev/zero"),
        Problem::SourceKind("a device")
    );
    assert_problem!(
        refusal(&scratch.at("socket")),
        scratch.at("socket"),
        Problem::SourceKind("a socket")
    );
    assert_problem!(
        refusal(&scratch.at("missing")),
        scratch.at("missing"),
        Problem::Os { .. }
    );
    if Path::new("/proc/self/status").exists() {
        assert_problem!(
            refusal(Path::new("/proc/self/status")),
            Path::new("/proc/self/status"),
            Problem::NoLength
        );
    }
}

#[test]
fn a_source_that_shrinks() {
    for (what, left) in [("the copied part", 0), ("the part to come", 49_000)] {
        let scratch = Scratch::new();
        let src = scratch.file("source", &content(50_000));
        for options in [SMALL, FORCED] {
            let dst = scratch.at("copy");
            if options.force {
                fs::write(&dst, b"older").unwrap();
            }
            fs::write(&src, content(50_000)).unwrap();
            let before = scratch.names();
            let shrink = Once::new(|| {
                OpenOptions::new()
                    .write(true)
                    .open(&src)
                    .unwrap()
                    .set_len(left)
                    .unwrap()
            });
            let error = copy(&src, &dst, &options, &shrink).unwrap_err();
            assert!(
                matches!(error.problem(), Problem::Shrank { expected: 50_000 }),
                "{what}: {error:?}"
            );
            assert_eq!(error.path(), src);
            assert_eq!(scratch.names(), before, "{what}");
            assert_eq!(
                fs::read(&dst).ok().as_deref(),
                options.force.then_some(&b"older"[..])
            );
        }
    }
}

/// Cut off when its last byte has been read: every byte is there, but of two states of the file.
#[test]
fn a_source_that_shrinks_at_the_end() {
    struct AtEnd<'a>(&'a Path);
    impl Watch for AtEnd<'_> {
        fn advanced(&self, copied: u64) {
            if copied == 50_000 {
                File::create(self.0).unwrap();
            }
        }
    }
    let scratch = Scratch::new();
    let src = scratch.file("source", &content(50_000));
    let error = copy(&src, &scratch.at("copy"), &SMALL, &AtEnd(&src)).unwrap_err();
    assert_problem!(error, src, Problem::Shrank { expected: 50_000 });
    assert_eq!(scratch.names(), ["source"]);
}

#[test]
fn a_sparse_source_that_shrinks() {
    let scratch = Scratch::new();
    let src = scratch.at("source");
    File::create(&src).unwrap().set_len(1 << 20).unwrap();
    let shrink = Once::new(|| {
        OpenOptions::new()
            .write(true)
            .open(&src)
            .unwrap()
            .set_len(5)
            .unwrap()
    });
    let error = copy(&src, &scratch.at("copy"), &SMALL, &shrink).unwrap_err();
    assert_problem!(
        error,
        src,
        Problem::Shrank {
            expected: 0x10_0000
        }
    );
    assert_eq!(scratch.names(), ["source"]);
}

/// An error that ends the copy, and neither a hang nor a panic of the caller.
#[test]
fn a_thread_that_panics() {
    let scratch = Scratch::new();
    let src = scratch.file("source", &content(50_000));
    // Unwinds like a panic, without the message in the test's output.
    let unwind = Once::new(|| std::panic::resume_unwind(Box::new("a defect")));
    let error = copy(&src, &scratch.at("copy"), &SMALL, &unwind).unwrap_err();
    assert_problem!(error, scratch.at("copy"), Problem::Panicked);
    assert_eq!(scratch.names(), ["source"]);
}

#[test]
fn an_error_stays_on_one_line() {
    let scratch = Scratch::new();
    let error = copy(&scratch.at("a\nb\x1b[2J"), &scratch.at("copy"), &SMALL, &()).unwrap_err();
    assert!(error.to_string().contains(r"a\nb\u{1b}[2J': "), "{error}");
}
