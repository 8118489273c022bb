//! The transcript and the metrics.

use super::settings::Folder;
use super::{Program, client, server};
use std::collections::BTreeMap;
use std::fs;

/// A talk of two, of which one whispers, and its end.
fn talk(flags: &[&str]) {
    let (mut server, address) = server(flags);
    let mut ann = client(address, "Ann");
    server.line_with("Ann 进入聊天室");
    let ben = client(address, "Ben");
    ann.line_with("Ben 进入聊天室");
    ann.types("a \"b\"\\");
    ann.types("/msg Ben secret");
    ann.types("/me waves");
    ben.line_with("waves");
    server.types("今晚停机");
    ben.line_with("管理员说：今晚停机");
    server.types("/quit");
    assert_eq!(server.exit(), Some(0));
}

/// The lines of a file without the time, of which each has one.
fn untimed(path: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let strip = |line: &str| {
        let at = line.find("20").expect("a time");
        let (before, time) = line.split_at(at);
        assert!(
            time[10..].starts_with('T') && time[19..].starts_with('Z'),
            "{line}"
        );
        format!("{before}{}", &time[20..])
    };
    text.lines().map(strip).collect()
}

#[test]
fn everything_said_is_in_the_transcript_and_no_whisper() {
    let folder = Folder::new("transcript");
    let (plain, json) = (folder.file("talk"), folder.file("talk.jsonl"));
    for path in [&plain, &json] {
        talk(&["--transcript", path]);
    }
    let lines = [
        " Ann 进入聊天室",
        " Ben 进入聊天室",
        " Ann 说：a \"b\"\\",
        " * Ann waves",
        " 管理员说：今晚停机",
    ];
    assert_eq!(untimed(&plain), lines);
    // A second life of the server is written behind the first.
    talk(&["--transcript", &plain]);
    assert_eq!(untimed(&plain), [lines, lines].concat());
    // And behind a line that has no end, which it leaves as it is.
    let cut = folder.file("cut");
    fs::write(&cut, "半").unwrap();
    talk(&["--transcript", &cut]);
    let text = fs::read_to_string(&cut).unwrap();
    assert_eq!((text.lines().next(), text.lines().count()), (Some("半"), 6));
    let text = fs::read_to_string(&json).unwrap();
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let told = |event: &serde_json::Value| {
        ["event", "name", "text"].map(|field| event[field].as_str().unwrap_or("–").to_owned())
    };
    assert_eq!(
        events.iter().map(told).collect::<Vec<_>>(),
        [
            ["entered", "Ann", "–"],
            ["entered", "Ben", "–"],
            ["said", "Ann", "a \"b\"\\"],
            ["acted", "Ann", "waves"],
            ["announced", "–", "今晚停机"],
        ]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&plain).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for nobody else");
    }
}

/// What a file of metrics says, by name and label.
fn metrics(path: &str) -> BTreeMap<String, f64> {
    let text = fs::read_to_string(path).unwrap();
    let mut typed = 0;
    let mut numbers = BTreeMap::new();
    for line in text.lines() {
        if line.starts_with("# TYPE ") {
            typed += 1;
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.split_once(' ').expect("a name and a value");
            let number = value.parse().expect("a number");
            assert_eq!(
                numbers.insert(name.to_owned(), number),
                None,
                "{name} twice"
            );
        }
    }
    assert!(typed > 10);
    numbers
}

#[test]
fn the_metrics_tell_what_happened() {
    let folder = Folder::new("metrics");
    let path = folder.file("chatroom.prom");
    talk(&["--metrics", &path]);
    let numbers = metrics(&path);
    // The whisper too is an event.
    assert_eq!(numbers["chatroom_events_total"], 6.0);
    assert!(numbers["chatroom_deliveries_total"] >= 6.0);
    assert!(numbers["chatroom_sent_bytes_total"] > numbers["chatroom_datagrams_sent_total"]);
    assert_eq!(numbers["chatroom_drops_total{reason=\"forged\"}"], 0.0);
    for name in [
        "members",
        "queue_depth",
        "resends_total",
        "received_bytes_total",
    ] {
        assert!(numbers.contains_key(&format!("chatroom_{name}")), "{name}");
    }
    #[cfg(target_os = "linux")]
    assert!(numbers.contains_key("chatroom_cpu_seconds_total"));
    assert!(!fs::exists(format!("{path}.new")).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_the_transcript_and_not_the_room() {
    let folder = Folder::new("full");
    let path = folder.file("chatroom.prom");
    talk(&["--transcript", "/dev/full", "--metrics", &path]);
    assert_eq!(metrics(&path)["chatroom_transcript_lost_total"], 5.0);
}

#[test]
fn files_that_cannot_be_written_are_found_by_the_check() {
    for flag in ["--bans", "--transcript", "--metrics"] {
        for path in ["/nowhere/file", "/tmp"] {
            let mut check =
                Program::start(crate::programs::SERVER, &["--check-config", flag, path]);
            check.error_with(&format!("{flag} {path}"));
            assert_eq!(check.exit(), Some(2), "{flag} {path}");
        }
    }
}

#[test]
fn an_address_of_another_machine_is_refused_with_the_remedy() {
    // TEST-NET-1 (RFC 5737).
    let mut server = Program::start(crate::programs::SERVER, &["--bind", "192.0.2.1:0"]);
    server.error_with("0.0.0.0");
    assert_eq!(server.exit(), Some(1));
}

#[test]
fn files_that_have_no_place_are_named_at_the_start() {
    for flag in ["--bans", "--transcript", "--metrics"] {
        let mut server = Program::start(
            crate::programs::SERVER,
            &["--bind", "127.0.0.1:0", flag, "/nowhere/file"],
        );
        server.error_with(&format!("{flag} /nowhere/file: 没有这个目录，请先建立"));
        assert_eq!(server.exit(), Some(1), "{flag}");
    }
}

#[test]
fn what_is_replaced_whole_is_a_file_and_a_link_stays_one() {
    let folder = Folder::new("linked");
    // For any device: nothing is lost with this one, should it be replaced.
    let socket = folder.file("socket");
    let _listens = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    for flag in ["--bans", "--metrics"] {
        let args = ["--bind", "127.0.0.1:0", flag, &socket];
        let mut server = Program::start(crate::programs::SERVER, &args);
        server.error_with(&format!("{flag} {socket}: 这不是普通文件"));
        assert_eq!(server.exit(), Some(1), "{flag}");
    }
    let (bans, metrics) = (folder.file("bans"), folder.file("metrics"));
    for path in [&bans, &metrics] {
        let target = format!("{path}-kept");
        fs::write(&target, "").expect("a file");
        std::os::unix::fs::symlink(&target, path).expect("a link");
    }
    let (mut server, _) = server(&["--bans", &bans, "--metrics", &metrics]);
    server.types("/ban Zoe\n/quit");
    assert_eq!(server.exit(), Some(0));
    for (path, holds) in [(bans, "always name Zoe"), (metrics, "chatroom_members")] {
        assert!(fs::symlink_metadata(&path).expect("it").is_symlink());
        let kept = fs::read_to_string(format!("{path}-kept")).expect("a file");
        assert!(kept.contains(holds), "{path}: {kept}");
    }
}
