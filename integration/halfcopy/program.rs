//! The program `halfcopy`: exit codes, messages, and the errors that take a process of its own.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::scratch::{Scratch, content};
use crate::programs::HALFCOPY;

fn halfcopy(directory: &Path, args: &[&str]) -> Output {
    Command::new(HALFCOPY)
        .args(args)
        .current_dir(directory)
        .output()
        .unwrap()
}

/// Runs a script in which `$halfcopy` is the program.
fn sh(directory: &Path, script: &str) -> Output {
    let mut sh = Command::new("sh");
    sh.args(["-c", script])
        .env("halfcopy", HALFCOPY)
        .current_dir(directory)
        .output()
        .unwrap()
}

/// One line on stderr that begins with the program's name and holds all of `words`; nothing on stdout.
fn assert_fails(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(
        text.starts_with("halfcopy: ") && text.ends_with('\n') && text.lines().count() == 1,
        "{text:?}"
    );
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    assert!(output.stdout.is_empty());
}

fn skip(what: &str, why: &str) {
    let _ = writeln!(io::stderr(), "skipped, {why}: {what}");
}

#[test]
fn copies_in_silence() {
    let scratch = Scratch::new();
    scratch.file("source", &content(100_001));
    for args in [
        &["source", "a"][..],
        &["--quiet", "source", "b"],
        &["--force", "--", "source", "a"],
    ] {
        let output = halfcopy(scratch.path(), args);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
    assert!(fs::read(scratch.at("a")).unwrap() == content(100_001));
    assert!(fs::read(scratch.at("b")).unwrap() == content(100_001));
    assert_eq!(scratch.names(), ["a", "b", "source"]);
}

#[test]
fn says_how_it_is_used() {
    let scratch = Scratch::new();
    for args in [&["--help"][..], &["-h"], &["a", "b", "--help"]] {
        let output = halfcopy(scratch.path(), args);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        for word in ["SRC DST", "--force", "--quiet", "--help", "--version"] {
            assert!(text.contains(word), "{word} is not in {text}");
        }
    }
    for arg in ["--version", "-V"] {
        let output = halfcopy(scratch.path(), &[arg]);
        assert_eq!(output.status.code(), Some(0));
        let expected = format!("halfcopy {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
}

#[test]
fn a_wrong_call_is_2_and_touches_nothing() {
    let scratch = Scratch::new();
    scratch.file("source", b"content");
    let wrong = [
        (&[][..], "there are 0"),
        (&["source"], "there are 1"),
        (&["source", "b", "c"], "there are 3"),
        (&["--fast", "source", "b"], "'--fast'"),
        (&["-x", "source", "b"], "'-x'"),
        (&["--", "--force", "source", "b"], "there are 3"),
    ];
    for (args, word) in wrong {
        assert_fails(
            &halfcopy(scratch.path(), args),
            2,
            &[word, "halfcopy --help"],
        );
    }
    assert_eq!(scratch.names(), ["source"]);
}

#[test]
fn a_closed_or_full_stream_is_no_panic() {
    let scratch = Scratch::new();
    scratch.file("source", b"content");
    // A reader that has gone is no failure; a full device is, and a closed stderr leaves the exit code.
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let status = Command::new(HALFCOPY)
        .arg("--help")
        .stdout(Stdio::from(writer))
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    if Path::new("/dev/full").exists() {
        assert_fails(
            &sh(scratch.path(), "\"$halfcopy\" --help >/dev/full"),
            1,
            &["standard output"],
        );
    }
    for (closing, code) in [
        ("source source 2>&-", 1),
        ("--wrong 2>&-", 2),
        ("source copy >&- 2>&-", 0),
    ] {
        let output = sh(scratch.path(), &format!("\"$halfcopy\" {closing}"));
        assert_eq!(output.status.code(), Some(code), "{closing}");
    }
}

#[test]
fn failures_are_1_and_name_file_and_remedy() {
    let scratch = Scratch::new();
    scratch.file("source", b"content");
    scratch.file("other", b"older");
    fs::create_dir(scratch.at("directory")).unwrap();
    let cases = [
        (["missing", "copy"], ["'missing'", "check the name"]),
        (["source", "other"], ["'other'", "--force"]),
        (["source", "./source"], ["'./source'", "name another file"]),
        (
            ["source", "directory"],
            ["'directory'", "name a regular file"],
        ),
        (["source", "no/copy"], ["'no/copy'", "directory exists"]),
        (
            ["directory", "copy"],
            ["'directory'", "name a regular file"],
        ),
        (["/dev/zero", "copy"], ["'/dev/zero'", "a device"]),
    ];
    for (args, words) in cases {
        assert_fails(&halfcopy(scratch.path(), &args), 1, &words);
    }
    assert_eq!(scratch.names(), ["directory", "other", "source"]);
    assert_eq!(fs::read(scratch.at("other")).unwrap(), b"older");
}

/// Runs the program in the directory as somebody to whom permissions apply, which they do not to root. None where
/// root cannot become anybody else.
fn halfcopy_as_user(scratch: &Scratch, args: &[&str]) -> Option<Output> {
    if fs::metadata(scratch.path()).unwrap().uid() != 0 {
        return Some(halfcopy(scratch.path(), args));
    }
    let setpriv = |program: &str| {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
        setpriv.current_dir(scratch.path());
        setpriv
    };
    if !setpriv("true")
        .status()
        .is_ok_and(|status| status.success())
    {
        return None;
    }
    // The build may lie where nobody else may go. The copy is made by a process, since a file that this one has open
    // for writing cannot be run, and a test beside this one may hand it on to a child for a moment.
    let copied = Command::new("cp")
        .arg(HALFCOPY)
        .arg(scratch.at("halfcopy"))
        .status()
        .unwrap();
    assert!(copied.success());
    fs::set_permissions(scratch.path(), Permissions::from_mode(0o777)).unwrap();
    let output = setpriv("./halfcopy").args(args).output().unwrap();
    fs::remove_file(scratch.at("halfcopy")).unwrap();
    Some(output)
}

#[test]
fn an_unreadable_source() {
    let scratch = Scratch::public();
    let src = scratch.file("source", b"content");
    fs::set_permissions(&src, Permissions::from_mode(0o200)).unwrap();
    let Some(output) = halfcopy_as_user(&scratch, &["source", "copy"]) else {
        return skip("unreadable source", "root can become nobody else");
    };
    assert_fails(
        &output,
        1,
        &["'source'", "Permission denied", "check the permissions"],
    );
    assert_eq!(scratch.names(), ["source"]);
}

/// Its copy may not be written either, and is opened for writing three times.
#[test]
fn a_read_only_source() {
    let scratch = Scratch::public();
    let src = scratch.file("source", b"content");
    fs::set_permissions(&src, Permissions::from_mode(0o444)).unwrap();
    let Some(output) = halfcopy_as_user(&scratch, &["source", "copy"]) else {
        return skip("read-only source", "root can become nobody else");
    };
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        fs::metadata(scratch.at("copy")).unwrap().mode() & 0o7777,
        0o444
    );
    assert_eq!(fs::read(scratch.at("copy")).unwrap(), b"content");
}

/// In a directory that everybody may write to: the file that comes in its place would be somebody else's.
#[test]
fn a_target_of_somebody_else() {
    let scratch = Scratch::public();
    scratch.file("source", b"content");
    let dst = scratch.file("copy", b"older");
    fs::set_permissions(&dst, Permissions::from_mode(0o666)).unwrap();
    if fs::metadata(&dst).unwrap().uid() != 0 {
        return skip("target of somebody else", "only root can make one");
    }
    let Some(output) = halfcopy_as_user(&scratch, &["--force", "source", "copy"]) else {
        return skip("target of somebody else", "root can become nobody else");
    };
    assert_fails(&output, 1, &["'copy'", "another user", "remove it first"]);
    assert_eq!(scratch.names(), ["copy", "source"]);
    assert_eq!(fs::read(&dst).unwrap(), b"older");
}

/// The limit on the size of files stands for a full disk where nobody may mount a small one. The signal that comes
/// with it is ignored, so that the error does.
#[test]
fn a_file_size_limit() {
    let scratch = Scratch::new();
    scratch.file("source", &content(100_000));
    scratch.file("other", b"older");
    for target in ["copy", "--force other"] {
        let output = sh(
            scratch.path(),
            &format!("trap '' XFSZ; ulimit -f 16; \"$halfcopy\" source {target}"),
        );
        assert_fails(&output, 1, &["File too large", "ulimit -f"]);
        assert_eq!(scratch.names(), ["other", "source"]);
        assert_eq!(fs::read(scratch.at("other")).unwrap(), b"older");
    }
}

/// A full disk in earnest: a tiny file system in memory, in a mount namespace that goes with the process.
#[test]
fn a_full_disk() {
    let scratch = Scratch::new();
    scratch.file("source", &content(1_000_000));
    fs::create_dir(scratch.at("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=256k none disk";
    let unshared = |script: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--map-root-user", "--mount", "sh", "-c", script]);
        unshare
            .env("halfcopy", HALFCOPY)
            .current_dir(scratch.path())
            .output()
    };
    if !unshared(mount).is_ok_and(|output| output.status.success()) {
        return skip("full disk", "no file system may be mounted");
    }
    for (force, left) in [("", ""), ("--force", "copy")] {
        // A sparse source takes the other way of copying; cut to size, it is all holes but for its end.
        for prepare in [":", "truncate -s 5M source"] {
            fs::write(scratch.at("source"), content(1_000_000)).unwrap();
            let old = if force.is_empty() {
                ":"
            } else {
                "echo older > disk/copy"
            };
            let script = format!(
                "{mount} && {prepare} && {old} && \"$halfcopy\" {force} source disk/copy; \
                 code=$?; ls -A disk >names; cat disk/copy >content 2>/dev/null; exit $code"
            );
            let output = unshared(&script).unwrap();
            assert_fails(
                &output,
                1,
                &["'disk/copy'", "No space left on device", "free some space"],
            );
            let names = fs::read_to_string(scratch.at("names")).unwrap();
            assert_eq!(names.trim_end(), left, "left on the disk");
            let old = fs::read_to_string(scratch.at("content")).unwrap();
            assert_eq!(old, if force.is_empty() { "" } else { "older\n" });
        }
    }
}

#[test]
fn an_unwritable_directory() {
    let scratch = Scratch::public();
    scratch.file("source", b"content");
    fs::create_dir(scratch.at("directory")).unwrap();
    fs::set_permissions(scratch.at("directory"), Permissions::from_mode(0o555)).unwrap();
    let Some(output) = halfcopy_as_user(&scratch, &["source", "directory/copy"]) else {
        return skip("unwritable directory", "root can become nobody else");
    };
    assert_fails(&output, 1, &["'directory/copy'", "check the permissions"]);
}
