//! Copies that succeed: content, permissions, replacement.

use std::fs::{self, File, OpenOptions, Permissions};
use std::num::NonZeroU64;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use chatroom::halfcopy::{Options, Watch, copy};
use proptest::prelude::*;

use super::scratch::{Scratch, content};

fn chunks_of(bytes: u64) -> Options {
    Options {
        chunk_bytes: NonZeroU64::new(bytes).unwrap(),
        ..Options::default()
    }
}

fn forced() -> Options {
    Options {
        force: true,
        ..Options::default()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Stretches of a file: written bytes, or a hole.
fn stretches() -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
    let short = prop::collection::vec(any::<u8>(), 0..40);
    let long = (any::<u8>(), 0..200_000_usize).prop_map(|(first, len)| {
        let mut bytes = content(len);
        bytes.iter_mut().for_each(|b| *b = b.wrapping_add(first));
        bytes
    });
    prop::collection::vec((prop::bool::weighted(0.3), prop_oneof![short, long]), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the size, the content, the holes and the chunks: the copy equals the one that std makes.
    #[test]
    fn copies_what_std_copies(stretches in stretches(), chunk in 1..70_000_u64) {
        let scratch = Scratch::new();
        let (src, dst, expected) = (scratch.at("source"), scratch.at("copy"), scratch.at("expected"));
        let file = File::create(&src).unwrap();
        let mut len = 0;
        for (hole, bytes) in &stretches {
            if !hole {
                file.write_all_at(bytes, len).unwrap();
            }
            len += bytes.len() as u64;
        }
        file.set_len(len).unwrap();
        // Small chunks for large files would only take long.
        let options = chunks_of(chunk.max(len / 64));

        let std_copied = fs::copy(&src, &expected).unwrap();
        prop_assert_eq!(copy(&src, &dst, &options, &()).unwrap(), std_copied);
        prop_assert!(fs::read(&dst).unwrap() == fs::read(&expected).unwrap(), "contents of {} bytes differ", len);
        prop_assert_eq!(scratch.names(), ["copy", "expected", "source"]);
    }
}

#[test]
fn copies_the_smallest_and_the_odd_files() {
    for len in [
        0, 1, 2, 3, 4095, 4096, 4097, 8191, 8192, 8193, 65_535, 65_537, 1_000_001,
    ] {
        let scratch = Scratch::new();
        let src = scratch.file("source", &content(len));
        assert_eq!(
            copy(&src, &scratch.at("copy"), &Options::default(), &()).unwrap(),
            len as u64
        );
        assert!(
            fs::read(scratch.at("copy")).unwrap() == content(len),
            "{len} bytes"
        );
    }
}

#[test]
fn a_file_beyond_4_gib_with_holes_keeps_its_bytes_and_its_holes() {
    const LEN: u64 = (4 << 30) + (1 << 20) + 1;
    let scratch = Scratch::new();
    let src = scratch.at("source");
    let file = File::create(&src).unwrap();
    file.set_len(LEN).unwrap();
    // On both sides of the middle, of 2 GiB and of 4 GiB, where a narrow offset would wrap; and at both ends.
    let marks = [0, (2 << 30) - 3, LEN / 2 - 3, (4 << 30) - 3, LEN - 6];
    for (mark, bytes) in marks
        .iter()
        .zip([b"first.", b"2 GiB.", b"middle", b"4 GiB.", b"at end"])
    {
        file.write_all_at(bytes, *mark).unwrap();
    }

    assert_eq!(
        copy(&src, &scratch.at("copy"), &Options::default(), &()).unwrap(),
        LEN
    );

    let copied = File::open(scratch.at("copy")).unwrap();
    for (mark, bytes) in marks
        .iter()
        .zip([b"first.", b"2 GiB.", b"middle", b"4 GiB.", b"at end"])
    {
        let mut found = [0; 6];
        copied.read_exact_at(&mut found, *mark).unwrap();
        assert_eq!(&found, bytes, "at {mark}");
    }
    let copied = copied.metadata().unwrap();
    assert_eq!(copied.len(), LEN);
    assert!(
        copied.blocks() * 512 < 16 << 20,
        "holes were filled: {} blocks",
        copied.blocks()
    );
}

#[test]
fn a_source_that_grows_is_copied_as_it_was_at_the_start() {
    struct Grow<'a>(&'a Path);
    impl Watch for Grow<'_> {
        fn advanced(&self, _: u64) {
            OpenOptions::new()
                .append(true)
                .open(self.0)
                .unwrap()
                .write_at(b"more", 0)
                .unwrap();
        }
    }
    let scratch = Scratch::new();
    let src = scratch.file("source", &content(50_000));
    assert_eq!(
        copy(&src, &scratch.at("copy"), &chunks_of(4096), &Grow(&src)).unwrap(),
        50_000
    );
    assert!(fs::metadata(&src).unwrap().len() > 50_000);
    assert!(fs::read(scratch.at("copy")).unwrap() == content(50_000));
}

/// The name shows nothing until everything is there, and with --force the old file until then.
#[test]
fn the_name_never_shows_a_part() {
    struct Look<'a>(&'a Path, Option<&'a [u8]>);
    impl Watch for Look<'_> {
        fn advanced(&self, _: u64) {
            assert_eq!(fs::read(self.0).ok().as_deref(), self.1);
        }
    }
    let scratch = Scratch::new();
    let (src, dst) = (scratch.file("source", &content(50_000)), scratch.at("copy"));
    copy(&src, &dst, &chunks_of(4096), &Look(&dst, None)).unwrap();
    let old = scratch.file("old", b"the old one");
    let options = Options {
        force: true,
        ..chunks_of(4096)
    };
    copy(&src, &old, &options, &Look(&old, Some(b"the old one"))).unwrap();
    assert!(fs::read(&old).unwrap() == content(50_000));
    assert_eq!(scratch.names(), ["copy", "old", "source"]);
}

/// Runs cp and halfcopy under the same umask and compares the modes that they leave.
#[test]
fn permissions_are_those_that_cp_gives() {
    for umask in ["022", "077", "000", "277"] {
        for src_mode in [0o644, 0o600, 0o444, 0o755, 0o4755, 0o2755, 0o1777] {
            // None: a new file; Some: a file to replace.
            for old_mode in [None, Some(0o600), Some(0o664), Some(0o755)] {
                let scratch = Scratch::new();
                let src = scratch.file("source", b"content");
                set_mode(&src, src_mode);
                for name in ["by-cp", "by-halfcopy"] {
                    if let Some(mode) = old_mode {
                        set_mode(&scratch.file(name, b"older"), mode);
                    }
                }
                let script =
                    "umask $1; cp --force source by-cp && \"$0\" --force source by-halfcopy";
                let mut sh = Command::new("sh");
                sh.args(["-c", script, env!("CARGO_BIN_EXE_halfcopy"), umask])
                    .current_dir(scratch.path());
                assert!(sh.status().unwrap().success());
                let (by_cp, by_half) =
                    (mode(&scratch.at("by-cp")), mode(&scratch.at("by-halfcopy")));
                let old = old_mode.map(|mode| format!("{mode:o}"));
                let case = format!("umask {umask}, source {src_mode:o}, older {old:?}");
                assert_eq!(by_half, by_cp, "{case}: {by_half:o} and {by_cp:o}");
            }
        }
    }
}

#[test]
fn a_replaced_file_keeps_its_owner() {
    let scratch = Scratch::new();
    let src = scratch.file("source", b"new");
    let dst = scratch.file("copy", b"old");
    // Only root can give a file away; for anybody else owner and group are the own ones, which are to stay as well.
    let _ = std::os::unix::fs::chown(&dst, Some(12), Some(34));
    let before = fs::metadata(&dst).unwrap();
    copy(&src, &dst, &forced(), &()).unwrap();
    let after = fs::metadata(&dst).unwrap();
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert_eq!(fs::read(&dst).unwrap(), b"new");
}

#[test]
fn a_link_as_target_is_followed() {
    let scratch = Scratch::new();
    let src = scratch.file("source", b"new");
    scratch.file("real", b"old");
    symlink("real", scratch.at("link")).unwrap();
    copy(&src, &scratch.at("link"), &forced(), &()).unwrap();
    assert!(
        fs::symlink_metadata(scratch.at("link"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read(scratch.at("real")).unwrap(), b"new");
    assert_eq!(scratch.names(), ["link", "real", "source"]);
}

#[test]
fn a_name_of_the_greatest_length_can_be_made() {
    let scratch = Scratch::new();
    let src = scratch.file("source", b"content");
    let dst = scratch.at(&"n".repeat(255));
    copy(&src, &dst, &Options::default(), &()).unwrap();
    assert_eq!(fs::read(dst).unwrap(), b"content");
}
