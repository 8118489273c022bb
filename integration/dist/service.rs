//! The unit for systemd, and the config file that it names.

use super::{Scratch, placed, tool, tree};
use crate::programs;
use chatroom::cli::SERVER;
use chatroom::cli::table::Default;
use std::process::Output;

#[test]
fn the_unit_asks_for_as_little_as_it_can() {
    for line in [
        "ExecStart=/usr/bin/chat-server",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "Environment=CHATROOM_CONFIG=/etc/chatroom/config",
        "DynamicUser=yes",
        "StateDirectory=chatroom",
        "StandardInput=null",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "RestrictAddressFamilies=AF_INET AF_INET6",
    ] {
        assert!(tree::UNIT.lines().any(|told| told == line), "{line}");
    }
    placed("etc/chatroom/config");
}

/// What systemd says of a unit.
fn verified(name: &str, unit: &str) -> Option<(Output, Output)> {
    let unit = unit.replace("/usr/bin/chat-server", programs::SERVER);
    let unit = Scratch::new(&format!("{name}.service"), &unit);
    let right = tool("systemd-analyze", &["verify", "--man=no", unit.path()])?;
    // In tenths; 100 is a service that may do everything.
    let exposed = [
        "security",
        "--offline=true",
        "--threshold=20",
        "--no-pager",
        unit.path(),
    ];
    Some((right, tool("systemd-analyze", &exposed)?))
}

#[test]
fn systemd_has_nothing_against_the_unit() {
    let told = |output: &Output| {
        let (out, err) = (&output.stdout, &output.stderr);
        format!(
            "{}{}",
            String::from_utf8_lossy(out),
            String::from_utf8_lossy(err)
        )
    };
    let Some((right, exposed)) = verified("chatroom-right", tree::UNIT) else {
        return;
    };
    assert!(
        right.status.success() && right.stderr.is_empty(),
        "{}",
        told(&right)
    );
    assert!(exposed.status.success(), "{}", told(&exposed));
    let wrong = tree::UNIT.replace("DynamicUser=", "DynamicUsr=");
    let (wrong, _) = verified("chatroom-wrong", &wrong).expect("it was there");
    assert!(!wrong.stderr.is_empty());
    let open = tree::UNIT.replace("NoNewPrivileges=yes\n", "");
    let open = open
        .replace("SystemCallFilter", "X-Filter")
        .replace("Protect", "X-Protect");
    let (_, open) = verified("chatroom-open", &open).expect("it was there");
    assert!(!open.status.success(), "{}", told(&open));
}

#[test]
fn the_config_file_has_every_key_and_will_do() {
    let config = tree::config();
    let mut said = String::new();
    for flag in SERVER.flags.iter().filter(|flag| flag.key().is_some()) {
        let begin = format!("#{} = ", flag.name);
        let mut rows = config.lines().filter(|line| line.starts_with(&begin));
        let row = rows.next().unwrap_or_else(|| panic!("no row {begin}"));
        if matches!(flag.default, Default::Is(_) | Default::Number(_)) {
            said += &format!("{}\n", &row[1..]);
        }
    }
    assert!(said.lines().count() > 4, "{said}");
    for text in [&config, &said] {
        let file = Scratch::new("config", text);
        let check = programs::command(programs::SERVER)
            .env("CHATROOM_CONFIG", file.path())
            .arg("--check-config")
            .output()
            .expect("it runs");
        assert!(check.status.success(), "{check:?}");
    }
}
