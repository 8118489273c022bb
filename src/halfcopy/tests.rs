use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::NonZeroU64;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::cli::{Command, Usage, parse, run};
use super::half::{Plan, Shared, halves};
use super::target::Target;
use super::{FileId, Problem, meter};

/// A directory for one test, named after it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("halfcopy-unit-{}-{test}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn id(path: &Path) -> FileId {
    FileId::of(&fs::metadata(path).unwrap())
}

fn plan<'a>(src: &'a Path, dst: &'a Path) -> Plan<'a> {
    Plan {
        src,
        src_id: id(src),
        dst,
        dst_id: id(dst),
        len: fs::metadata(src).unwrap().len(),
        has_holes: false,
        chunk_bytes: NonZeroU64::new(1).unwrap(),
    }
}

#[test]
fn the_halves_cover_every_length_once() {
    let lengths = (0..20_000).chain([
        u64::from(u32::MAX),
        u64::from(u32::MAX) + 1,
        i64::MAX as u64,
        u64::MAX,
    ]);
    for len in lengths {
        let [first, second] = halves(len);
        assert_eq!((first.start, first.end, second.end), (0, second.start, len));
        let difference = (second.end - second.start) - (first.end - first.start);
        assert!(
            difference <= 1 || len >= 8192 && difference <= 2 * 4096,
            "{len}: {first:?} {second:?}"
        );
        assert!(len < 8192 || first.end % 4096 == 0);
    }
}

#[test]
fn a_half_that_is_told_to_stop_copies_nothing_more() {
    let scratch = Scratch::new("stop");
    let (src, dst) = (scratch.file("source", b"abc"), scratch.file("copy", b""));
    let shared = Shared::default();
    shared.stop.store(true, Relaxed);
    plan(&src, &dst).work(0..3, &shared, &());
    assert_eq!(fs::read(&dst).unwrap(), b"");
    assert!(shared.first.get().is_none());
}

#[test]
fn a_half_beyond_4_gib_lands_where_it_belongs() {
    let scratch = Scratch::new("huge");
    let (src, dst) = (scratch.file("source", b""), scratch.file("copy", b""));
    let at = (4 << 30) + 5;
    let file = fs::File::options().write(true).open(&src).unwrap();
    file.write_all_at(b"beyond", at).unwrap();
    let shared = Shared::default();
    plan(&src, &dst).work(at..at + 6, &shared, &());
    assert!(shared.first.get().is_none());
    assert_eq!(fs::metadata(&dst).unwrap().len(), at + 6);
    let mut copied = [0; 6];
    fs::File::open(&dst)
        .unwrap()
        .read_exact_at(&mut copied, at)
        .unwrap();
    assert_eq!(&copied, b"beyond");
}

#[test]
fn a_half_that_fails_tells_the_other_to_stop() {
    let scratch = Scratch::new("fail");
    let (src, dst) = (scratch.file("source", b"abc"), scratch.file("copy", b""));
    let shared = Shared::default();
    plan(&src, &dst).work(0..4, &shared, &());
    assert!(shared.stop.load(Relaxed));
    let error = shared.first.into_inner().unwrap().at(&src, &dst);
    assert!(
        matches!(error.problem(), Problem::Shrank { expected: 3 }),
        "{error:?}"
    );
}

#[test]
fn a_file_that_took_the_name_of_another_is_not_copied() {
    let scratch = Scratch::new("replaced");
    let (src, dst) = (scratch.file("source", b"abc"), scratch.file("copy", b""));
    let other = scratch.file("other", b"xyz");
    for (src_id, dst_id, culprit) in [(id(&other), id(&dst), &src), (id(&src), id(&other), &dst)] {
        let plan = Plan {
            src_id,
            dst_id,
            ..plan(&src, &dst)
        };
        let error = plan.run(&()).unwrap_err().at(&src, &dst);
        assert!(matches!(error.problem(), Problem::Replaced), "{error:?}");
        assert_eq!(error.path(), culprit);
    }
    assert_eq!(fs::read(&dst).unwrap(), b"");
}

#[test]
fn without_hard_links_a_name_that_appeared_is_kept_as_well() {
    let scratch = Scratch::new("links");
    let (src, dst) = (scratch.file("source", b"abc"), scratch.0.join("copy"));
    let target = Target::check(&dst, id(&src), false).unwrap();
    target
        .publish_without_links(target.create_temp(0o640, 3).unwrap())
        .unwrap();
    assert_eq!(fs::read(&dst).unwrap(), b"\0\0\0");

    fs::write(&dst, b"somebody else's").unwrap();
    let temp = target.create_temp(0o640, 3).unwrap();
    assert!(matches!(
        target.publish_without_links(temp),
        Err(Problem::Exists)
    ));
    assert_eq!(fs::read(&dst).unwrap(), b"somebody else's");
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 2);
}

#[test]
fn arguments_that_are_no_text_are_files() {
    let name = OsString::from_vec(b"\xff".to_vec());
    let expected = Command::Copy {
        src: PathBuf::from(&name),
        dst: PathBuf::from("-"),
        force: true,
        quiet: false,
    };
    assert_eq!(parse([name, "-".into(), "--force".into()]), Ok(expected));
    let option = OsString::from_vec(b"-\xff".to_vec());
    assert_eq!(parse([option.clone()]), Err(Usage::UnknownOption(option)));
}

#[test]
fn a_stream_that_cannot_be_written_is_no_panic() {
    struct Broken(io::ErrorKind);
    impl io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let help = || [OsString::from("--help")];
    let mut said = Vec::new();
    assert_eq!(
        run(help(), &mut Broken(io::ErrorKind::BrokenPipe), &mut said),
        0
    );
    assert!(said.is_empty());
    assert_eq!(
        run(help(), &mut Broken(io::ErrorKind::StorageFull), &mut said),
        1
    );
    assert!(said.starts_with(b"halfcopy: standard output: "));
    assert_eq!(
        run([], &mut Vec::new(), &mut Broken(io::ErrorKind::BrokenPipe)),
        2
    );
}

#[test]
fn a_short_copy_shows_nothing() {
    assert!(!meter::is_due(Duration::from_millis(999)));
    assert!(meter::is_due(Duration::from_secs(1)));
}

#[test]
#[cfg(not(feature = "terminal"))]
fn a_hundred_percent_is_all_of_it() {
    use meter::screen::percent;
    assert_eq!(
        (percent(0, 3), percent(1, 3), percent(2, 3), percent(3, 3)),
        (0, 33, 66, 100)
    );
    assert_eq!(
        (
            percent(u64::MAX - 1, u64::MAX),
            percent(u64::MAX, u64::MAX),
            percent(0, 0)
        ),
        (99, 100, 100)
    );
}
