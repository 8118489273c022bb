//! The files of a package beside the programs, each with its place below the root.

use super::{man, options, shells};
use chatroom::cli::SERVER;
use chatroom::cli::help::meaning;
use chatroom::cli::table::{Default, Flag};
use chatroom::text::Lang;

/// A unit for systemd.
pub(crate) const UNIT: &str = include_str!("../../src/dist/chat-server.service");

/// A place, and what is to be there.
pub(crate) type Placed = (String, String);

pub(crate) fn files() -> Vec<Placed> {
    let mut files = Vec::new();
    for (lang, folder) in [(Lang::En, ""), (Lang::Zh, "zh_CN/")] {
        for (program, page) in man::pages(lang) {
            files.push((format!("usr/share/man/{folder}man1/{program}.1"), page));
        }
    }
    for line in options::lines() {
        let program = line.program;
        let mut put = |place: String, text| files.push((format!("usr/share/{place}"), text));
        put(
            format!("bash-completion/completions/{program}"),
            shells::bash(&line),
        );
        put(
            format!("zsh/vendor-completions/_{program}"),
            shells::zsh(&line),
        );
        put(
            format!("fish/vendor_completions.d/{program}.fish"),
            shells::fish(&line),
        );
    }
    files.push((
        "usr/lib/systemd/system/chat-server.service".into(),
        UNIT.into(),
    ));
    files.push(("etc/chatroom/config".into(), config()));
    files
}

/// A config file that says nothing yet: every key, with its default.
pub(crate) fn config() -> String {
    let mut config = "\
# Settings of the service chat-server: lines of key = value, without the # in front.
# After a change: systemctl reload chat-server; where to listen and a few others need a restart.
"
    .to_owned();
    for flag in SERVER.flags {
        if let Some(key) = flag.key() {
            let meaning = meaning(flag, Lang::En);
            config += &format!("\n# {meaning}\n#{key} = {}\n", example(flag));
        }
    }
    config
}

/// The default, or what stands for a value.
fn example(flag: &Flag) -> String {
    match flag.default {
        Default::Is(text) => text.to_owned(),
        Default::Number(number) => number.to_string(),
        _ if flag.hint.is_empty() => "off".to_owned(),
        _ => flag.hint.to_owned(),
    }
}
