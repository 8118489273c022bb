//! What always holds of the source itself: who may import whom, what the core may not touch, how long things
//! may grow. Each rule has a sample that it must refuse and one that it must let pass.
//!
//! The layers, each of which sees only those above it in this list, and none beside it:
//!
//! ```text
//! limits
//! text  seal  lines  halfcopy
//! wire
//! link
//! room  session
//! commands
//! cli
//! editor
//! server  client
//! ```
//!
//! `cli` stands above both programs since they take their options and exit codes from it, and sees the room for
//! its `Config`. `lines` and `halfcopy` are leaves.

mod source;

use crate::bugs::bugs;
use source::{File, functions, top_level_paths};
use std::collections::BTreeSet;
use std::path::Path;

const LAYERS: [&[&str]; 9] = [
    &["limits"],
    &["text", "seal", "lines", "halfcopy"],
    &["wire"],
    &["link"],
    &["room", "session"],
    &["commands"],
    &["cli"],
    &["editor"],
    &["server", "client"],
];

/// Modules without sockets, threads, clock, files, environment and screen.
const CORE: [&str; 7] = ["limits", "text", "seal", "wire", "link", "room", "session"];

const BANNED_IN_CORE: [&str; 8] = [
    "Instant::now",
    "SystemTime",
    "thread::",
    "UdpSocket",
    "std::fs",
    "print!",
    "println!",
    "env::",
];

/// Parts of std that a grouped import may not bring into the core either.
const BANNED_STD: [&str; 4] = ["thread", "fs", "env", "process"];

const ALLOWED_AT_TOP: [&str; 19] = [
    ".ci",
    ".git",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "FORK.md",
    "LICENSE",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "PROTOCOL.md",
    "README.md",
    "README.zh-CN.md",
    "RELIABILITY.md",
    "integration",
    "src",
    "target",
];

const FUNCTION_LINES: usize = 70;
const FILE_LINES: usize = 400;
const PROGRAM_LINES: usize = 40;

/// What a rule found, each as a line for a person.
type Findings = Vec<String>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<File> {
    let files = source::read(root(), "src");
    assert!(files.len() > 30, "only {} files in src/", files.len());
    files
}

#[track_caller]
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

/// A file with this path and text, for the samples.
fn sample(path: &str, text: &str) -> File {
    File::new(path, text)
}

// ---- Imports

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn imports(file: &File) -> Findings {
    let mut findings = Findings::new();
    let Some(module) = file.module() else {
        return findings;
    };
    let Some(own) = layer(module) else {
        return vec![format!("{}: {module} is in no layer", file.path)];
    };
    for seen in top_level_paths(file) {
        let allowed = seen == module || layer(&seen).is_some_and(|other| other < own);
        if !allowed {
            findings.push(format!("{}: {module} may not see {seen}", file.path));
        }
    }
    findings
}

#[test]
fn imports_point_downward() {
    none(&sources().iter().flat_map(imports).collect::<Vec<_>>());
}

#[test]
fn imports_that_point_elsewhere_are_found() {
    for (path, text) in [
        ("src/wire/open.rs", "use crate::link::Link;"),
        ("src/room/mod.rs", "use crate::session::Session;"),
        ("src/session/mod.rs", "fn f() { crate::room::Room::new(); }"),
        ("src/seal.rs", "use crate::{limits, wire::Kind};"),
        (
            "src/link/mod.rs",
            "use crate::{\n    limits,\n    room::{Room, User},\n};",
        ),
        ("src/link/rtt.rs", "use super::super::room::Room;"),
        ("src/limits.rs", "use super::text::Name;"),
        ("src/text/mod.rs", "pub use crate::seal;"),
        ("src/wire/mod.rs", "use crate::*;"),
        ("src/wire/mod.rs", "use crate as everything;"),
        ("src/new.rs", "use crate::limits;"),
        ("src/server/mod.rs", "use crate::client::run;"),
    ] {
        assert!(!imports(&sample(path, text)).is_empty(), "{path}: {text}");
    }
    for (path, text) in [
        ("src/wire/open.rs", "use super::{Kind, Reader};"),
        (
            "src/room/mod.rs",
            "use crate::{limits, wire::{self, Kind}};",
        ),
        ("src/room/flush.rs", "use super::log::Log;"),
        ("src/client/mod.rs", "use crate::session::Session;"),
        (
            "src/wire/mod.rs",
            "// use crate::room::Room;\n/// [`crate::room`]",
        ),
        (
            "src/wire/mod.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::link::Random;\n}",
        ),
        ("src/wire/tests/hostile.rs", "use crate::link::Random;"),
        ("src/bin/chat-client.rs", "use chatroom::{cli, client};"),
        ("src/lib.rs", "pub mod room;"),
    ] {
        assert_eq!(
            imports(&sample(path, text)),
            Findings::new(),
            "{path}: {text}"
        );
    }
}

// ---- What the core may not touch

fn core_bans(file: &File) -> Findings {
    let mut findings = Findings::new();
    if !file.module().is_some_and(|module| CORE.contains(&module)) {
        return findings;
    }
    let mut find = |line: usize, what: &str| {
        findings.push(format!("{}:{line}: {what} in the core", file.path));
    };
    for (line, text) in file.code_lines() {
        for banned in BANNED_IN_CORE {
            if text.contains(banned) {
                find(line, banned);
            }
        }
    }
    for (line, name) in source::grouped(&file.code, "std::") {
        if BANNED_STD.contains(&name.as_str()) {
            find(line, &format!("std::{name}"));
        }
    }
    findings
}

#[test]
fn the_core_touches_no_clock_thread_socket_or_file() {
    none(&sources().iter().flat_map(core_bans).collect::<Vec<_>>());
}

#[test]
fn what_the_core_may_not_touch_is_found() {
    for text in [
        "let now = Instant::now();",
        "use std::time::SystemTime;",
        "std::thread::sleep(d);",
        "use std::{thread, io};",
        "use std::{\n    collections::BTreeMap,\n    fs,\n};",
        "use std::{fs::File, io};",
        "let s: UdpSocket;",
        "use std::fs;",
        "println!(\"x\");",
        "eprintln!(\"x\");",
        "let a = std::env::args();",
    ] {
        assert!(
            !core_bans(&sample("src/link/mod.rs", text)).is_empty(),
            "{text}"
        );
        assert!(core_bans(&sample("src/server/mod.rs", text)).is_empty());
        let test = format!("#[cfg(test)]\nmod tests {{\n{text}\n}}");
        assert!(core_bans(&sample("src/link/mod.rs", &test)).is_empty());
    }
    for text in [
        "// Instant::now",
        "let text = \"println!\";",
        "use std::{collections::BTreeMap, time::Duration};",
        "let environment = 1;",
    ] {
        assert!(
            core_bans(&sample("src/link/mod.rs", text)).is_empty(),
            "{text}"
        );
    }
}

// ---- No async, no fork

fn tasks(file: &File) -> Findings {
    let lines = file.code_lines();
    let bad = lines.filter(|(_, text)| {
        source::has_word(text, "async") || text.contains(".await") || text.contains("fork(")
    });
    bad.map(|(line, text)| format!("{}:{line}: {}", file.path, text.trim()))
        .collect()
}

#[test]
fn threads_only() {
    let mut files = sources();
    files.extend(source::read(root(), "integration"));
    none(&files.iter().flat_map(tasks).collect::<Vec<_>>());
}

#[test]
fn async_and_fork_are_found() {
    for text in ["async fn f() {}", "f().await;", "async move {}", "fork();"] {
        assert!(!tasks(&sample("src/a.rs", text)).is_empty(), "{text}");
    }
    for text in [
        "// async",
        "let asynchronous = 1;",
        "f(\"fork()\");",
        "awaited();",
    ] {
        assert!(tasks(&sample("src/a.rs", text)).is_empty(), "{text}");
    }
}

// ---- Names of files are shown harmless

fn raw_paths(file: &File) -> Findings {
    let lines = file.code_lines();
    let bad = lines.filter(|(_, text)| text.contains(".display()"));
    bad.map(|(line, _)| format!("{}:{line}: take text::screen::harmless_path", file.path))
        .collect()
}

#[test]
fn no_name_of_a_file_is_shown_as_it_is() {
    none(&sources().iter().flat_map(raw_paths).collect::<Vec<_>>());
}

#[test]
fn a_name_of_a_file_that_is_shown_as_it_is_is_found() {
    let found = |text: &str| raw_paths(&sample("src/server/files.rs", text)).len();
    assert_eq!(found("format!(\"{}\", path.display());"), 1);
    assert_eq!(found("let path = self.path\n    .display();"), 1);
    for text in [
        "// path.display()",
        "harmless_path(path);",
        "#[cfg(test)]\nmod tests {\n    path.display();\n}",
    ] {
        assert_eq!(found(text), 0, "{text}");
    }
}

// ---- The wire does not panic

fn panics(file: &File) -> Findings {
    if file.module() != Some("wire") {
        return Findings::new();
    }
    const CALLS: [&str; 5] = [".unwrap(", ".expect(", "panic!", "unreachable!", "todo!"];
    let mut findings = Findings::new();
    for (line, text) in file.code_lines() {
        for call in CALLS.iter().filter(|call| text.contains(**call)) {
            findings.push(format!("{}:{line}: {call} in the wire", file.path));
        }
    }
    for line in source::indexing(&file.code) {
        findings.push(format!("{}:{line}: indexing in the wire", file.path));
    }
    findings
}

#[test]
fn the_wire_neither_unwraps_nor_indexes() {
    none(&sources().iter().flat_map(panics).collect::<Vec<_>>());
}

#[test]
fn what_may_panic_in_the_wire_is_found() {
    for text in [
        "let x = y.unwrap();",
        "let x = y\n    .expect(\"why\");",
        "panic!(\"no\");",
        "let x = bytes[0];",
        "let x = &bytes[..3];",
        "let x = self.body()[1];",
        "let x = table[1][2];",
        "let x = read()?[0];",
        "let x = \"text\"[1..];",
        "let x = self.0[1];",
        "let x = { bytes }[0];",
    ] {
        assert!(!panics(&sample("src/wire/a.rs", text)).is_empty(), "{text}");
        assert!(panics(&sample("src/room/a.rs", text)).is_empty());
    }
    for text in [
        "let x: [u8; 4] = [0; 4];",
        "fn f<'a>(a: &'a [u8], b: &mut [u8]) -> [u8; 2] {",
        "#[derive(Clone)]\n#![forbid(unsafe_code)]",
        "#[expect(missing_docs, reason = \"x[0]\")]",
        "let x = vec![1, 2];",
        "for x in [1, 2] {",
        "return [1, 2];",
        "map(|[byte]| byte)",
        "let [a, b] = x;",
        "use Kind::*;\n[Hello, Join].into_iter()",
        "x.unwrap_or_default()",
        "Vec::<[u8; 2]>::new()",
        "let brackets = ('[', \"a[0]\"); // a[0]",
    ] {
        assert_eq!(
            panics(&sample("src/wire/a.rs", text)),
            Findings::new(),
            "{text}"
        );
    }
}

// ---- Sizes

fn sizes(file: &File) -> Findings {
    let mut findings = Findings::new();
    if file.path == "src/text/tables.rs" || file.is_test() {
        return findings;
    }
    let bin = file.path.starts_with("src/bin/");
    let most = if bin { PROGRAM_LINES } else { FILE_LINES };
    let lines = file.lines_without_tests();
    if lines > most {
        findings.push(format!("{}: {lines} lines, of {most}", file.path));
    }
    for (line, name, lines) in functions(&file.code) {
        if lines > FUNCTION_LINES {
            findings.push(format!("{}:{line}: {name} has {lines} lines", file.path));
        }
    }
    findings
}

#[test]
fn nothing_has_grown_too_long() {
    none(&sources().iter().flat_map(sizes).collect::<Vec<_>>());
}

#[test]
fn what_has_grown_too_long_is_found() {
    let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
    let found = |path: &str, text: &str| sizes(&sample(path, text)).len();
    assert_eq!(found("src/a.rs", &function(70)), 0);
    assert_eq!(found("src/a.rs", &function(71)), 1);
    let signature = "fn f(\n    a: [u8; 3],\n)\nwhere\n    A: B,\n{\n".to_owned();
    assert_eq!(
        found("src/a.rs", &(signature + &"x();\n".repeat(64) + "}")),
        1
    );
    let braces = "fn f() {\n    a(\"}\", '}'); // }\n".to_owned();
    assert_eq!(found("src/a.rs", &(braces + &"x();\n".repeat(68) + "}")), 1);
    assert_eq!(found("src/a.rs", &"mod a;\n".repeat(400)), 0);
    assert_eq!(found("src/a.rs", &"mod a;\n".repeat(401)), 1);
    assert_eq!(found("src/bin/a.rs", &"mod a;\n".repeat(40)), 0);
    assert_eq!(found("src/bin/a.rs", &"mod a;\n".repeat(41)), 1);
    let tests = format!(
        "mod a;\n#[cfg(test)]\nmod tests {{\n{}}}\n",
        "mod b;\n".repeat(500)
    );
    assert_eq!(found("src/a.rs", &tests), 0);
    assert_eq!(found("src/a/tests.rs", &"mod a;\n".repeat(401)), 0);
}

// ---- The package

fn forbids_unsafe(manifest: &str, library: &str) -> bool {
    let lint = manifest
        .split_once("[lints.rust]")
        .is_some_and(|(_, lints)| lints.lines().any(|line| line == "unsafe_code = \"forbid\""));
    lint || library.contains("#![forbid(unsafe_code)]")
}

#[test]
fn unsafe_code_is_forbidden() {
    let text = |path| std::fs::read_to_string(root().join(path)).expect("readable");
    assert!(forbids_unsafe(&text("Cargo.toml"), &text("src/lib.rs")));
    assert!(forbids_unsafe(
        "[lints.rust]\nunsafe_code = \"forbid\"\n",
        ""
    ));
    assert!(forbids_unsafe("", "#![forbid(unsafe_code)]"));
    assert!(!forbids_unsafe("unsafe_code = \"forbid\"", "mod a;"));
    assert!(!forbids_unsafe("[lints.rust]\nunsafe_code = \"warn\"", ""));
}

/// What a build without features depends on at run time; `None` if another table or a default feature adds to
/// the one list.
fn dependencies(manifest: &str) -> Option<BTreeSet<&str>> {
    let (mut table, mut names) = ("", BTreeSet::new());
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            table = line;
            let elsewhere = table.contains("dependencies");
            if elsewhere && !["[dependencies]", "[dev-dependencies]"].contains(&table) {
                return None;
            }
        } else if let Some((name, value)) = line.split_once('=') {
            let name = name.trim();
            if table == "[dependencies]" && !value.contains("optional = true") {
                names.insert(name);
            } else if table == "[features]" && name == "default" && value.trim() != "[]" {
                return None;
            }
        }
    }
    Some(names)
}

#[test]
fn the_default_build_depends_on_four_packages() {
    let four = BTreeSet::from(["crossbeam-channel", "env_logger", "log", "parking_lot"]);
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    assert_eq!(dependencies(&manifest), Some(four));

    let named = |manifest| dependencies(manifest).map(Vec::from_iter);
    let plain = "[dependencies]\nlog = \"0.4\"\nx = { version = \"1\", optional = true }\n";
    assert_eq!(named(plain), Some(vec!["log"]));
    assert_eq!(
        named("[dependencies]\nlog = \"1\"\nrand = \"1\"")
            .unwrap()
            .len(),
        2
    );
    assert_eq!(named("[dependencies.rand]\nversion = \"1\""), None);
    assert_eq!(
        named("[target.'cfg(unix)'.dependencies]\nlibc = \"1\""),
        None
    );
    assert_eq!(named("[build-dependencies]\ncc = \"1\""), None);
    assert_eq!(named("[features]\ndefault = [\"terminal\"]"), None);
    assert_eq!(named("[features]\ndefault = []"), Some(vec![]));
}

/// Entries of the top level that are not known to belong there.
fn strangers<'a>(entries: &[&'a str]) -> Vec<&'a str> {
    let unknown = |entry: &&&str| !ALLOWED_AT_TOP.contains(entry);
    entries.iter().filter(unknown).copied().collect()
}

#[test]
fn the_top_level_holds_what_belongs_there() {
    let entries: Vec<String> = std::fs::read_dir(root())
        .expect("readable")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    assert_eq!(strangers(&entries), [""; 0]);
    assert_eq!(strangers(&["src", "lib", "tests"]), ["lib", "tests"]);
}

// ---- Waiting in tests

fn naps(file: &File) -> Findings {
    let may = file.path.starts_with("integration/bench/") || file.path.contains("relay");
    let lines = file.code_lines().filter(|_| !may);
    lines
        .filter(|(_, text)| text.contains("thread::sleep") || source::has_word(text, "sleep"))
        .map(|(line, _)| format!("{}:{line}: a test that sleeps", file.path))
        .collect()
}

#[test]
fn no_test_sleeps() {
    let files = source::read(root(), "integration");
    none(&files.iter().flat_map(naps).collect::<Vec<_>>());
}

#[test]
fn a_test_that_sleeps_is_found() {
    let nap = "std::thread::sleep(pause);";
    assert_eq!(naps(&sample("integration/names.rs", nap)).len(), 1);
    assert_eq!(
        naps(&sample("integration/names.rs", "sleep(pause);")).len(),
        1
    );
    assert!(naps(&sample("integration/bench/halfcopy.rs", nap)).is_empty());
    assert!(naps(&sample("integration/play/relay.rs", nap)).is_empty());
    assert!(naps(&sample("integration/names.rs", "// thread::sleep")).is_empty());
}

#[test]
fn each_planted_bug_fits_the_source_as_it_is() {
    let bugs = bugs();
    assert!(!bugs.is_empty());
    for bug in bugs {
        let source = std::fs::read_to_string(root().join(&bug.file)).expect("its file");
        let planted = bug.planted(&source);
        let planted = planted.unwrap_or_else(|what| panic!("{}: {what}", bug.title));
        assert_ne!(planted, source, "{}", bug.title);
    }
}
