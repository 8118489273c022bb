//! No thread and no child is left behind. Counted in a process of its own, since tests run beside one another in
//! this one.

use std::env;
use std::fs;
use std::num::NonZeroU64;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use chatroom::halfcopy::{Options, Watch, copy};

use super::scratch::{Scratch, content};

const INSIDE: &str = "HALFCOPY_TEST_INSIDE";
const NAME: &str = "halfcopy::joined::leaves_neither_thread_nor_child_behind";

#[test]
#[cfg(target_os = "linux")]
fn leaves_neither_thread_nor_child_behind() {
    if env::var_os(INSIDE).is_some() {
        return inside();
    }
    let mut again = Command::new(env::current_exe().unwrap());
    let output = again
        .args(["--exact", NAME, "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("1 passed"),
        "the test has another name than {NAME}: {text}"
    );
}

fn inside() {
    /// Notes which threads copy, and what runs meanwhile.
    #[derive(Default)]
    struct Names(Mutex<Vec<String>>);
    impl Watch for Names {
        fn advanced(&self, _: u64) {
            let name = thread::current().name().unwrap_or_default().to_owned();
            assert!(running().contains(&name));
            self.0.lock().unwrap().push(name);
        }
    }
    let scratch = Scratch::new();
    let src = scratch.file("source", &content(50_000));
    let options = Options {
        chunk_bytes: NonZeroU64::new(4096).unwrap(),
        ..Options::default()
    };
    let before = running();

    let names = Names::default();
    copy(&src, &scratch.at("copy"), &options, &names).unwrap();
    assert_eq!(running(), before, "after success");
    let mut names = names.0.into_inner().unwrap();
    names.sort();
    names.dedup();
    assert_eq!(
        names,
        ["halfcopy-1", "halfcopy-2"],
        "each half by a thread of its own"
    );

    struct Panics;
    impl Watch for Panics {
        fn advanced(&self, _: u64) {
            std::panic::resume_unwind(Box::new("a defect"));
        }
    }
    copy(&src, &scratch.at("other"), &options, &Panics).unwrap_err();
    assert_eq!(running(), before, "after a failure");
}

/// The names of this process's threads and of their children, sorted.
fn running() -> Vec<String> {
    const EXITING: u64 = 0x4;
    let mut names = Vec::new();
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        // A joined thread may be in the list a moment longer; the kernel's flag says that it runs no more.
        let Ok(stat) = fs::read_to_string(task.join("stat")) else {
            continue;
        };
        let (name, rest) = stat.split_once('(').unwrap().1.rsplit_once(") ").unwrap();
        let flags: u64 = rest.split(' ').nth(6).unwrap().parse().unwrap();
        if flags & EXITING == 0 {
            names.push(name.to_owned());
            names.extend(children(&task));
        }
    }
    names.sort();
    names
}

fn children(task: &Path) -> Vec<String> {
    // Not every kernel is built to tell.
    let children = fs::read_to_string(task.join("children")).unwrap_or_default();
    children
        .split_whitespace()
        .map(|id| format!("child {id}"))
        .collect()
}
