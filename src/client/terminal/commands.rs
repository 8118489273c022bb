//! The commands that a terminal has beside those of every client: they concern what is shown, and reach no server.

use crate::commands::{self, Command, command};
use crate::text::Lang;

/// Which command it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bell,
    Clear,
    Ignore,
    Time,
}

/// The table.
pub(super) const TERMINAL: &[Command<Kind>] = &[
    command(
        ("ignore", "[NAME]"),
        "不再显示某人的话，再输入一次恢复；不带名字则列出",
        "hides what NAME says, or shows it again; alone, lists them",
        Kind::Ignore,
    ),
    command(
        ("bell", "off|mention|all"),
        "何时响铃：从不、被提到或收到悄悄话、每条消息",
        "when to ring: never, when mentioned or whispered to, always",
        Kind::Bell,
    ),
    command(
        ("time", "on|off"),
        "显示或隐藏时间",
        "shows or hides the clock",
        Kind::Time,
    ),
    command(("clear", ""), "清屏", "clears the screen", Kind::Clear),
];

/// The command of this name, and what follows it, if it is one of these.
pub(super) fn find(name: &str) -> Option<&'static Command<Kind>> {
    TERMINAL.iter().find(|command| command.name == name)
}

/// All commands, as a person reads them.
pub(super) fn help(lang: Lang) -> String {
    fn alike<K>(row: &Command<K>) -> Command<()> {
        command((row.name, row.arguments), row.zh, row.en, ())
    }
    let client = commands::CLIENT.iter().map(alike);
    let all: Vec<Command<()>> = client.chain(TERMINAL.iter().map(alike)).collect();
    commands::help(&all, lang)
}

/// What to say of a command that there is none of.
pub(super) fn unknown(typed: &str, lang: Lang) -> String {
    commands::unknown(names(), typed, lang)
}

/// The names of all commands.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    commands::names(commands::CLIENT).chain(commands::names(TERMINAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_do_not_overlap_and_help_has_both() {
        let mut all: Vec<&str> = names().collect();
        let help = help(Lang::Zh);
        for name in &all {
            assert!(help.contains(&format!("\n/{name} ")), "/{name}: {help}");
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../../../README.md");
        let section = readme
            .split("\n## ")
            .find(|part| part.starts_with("On a terminal"));
        let rows = section.expect("a section of the terminal's").lines();
        let told: Vec<&str> = rows.filter(|line| line.starts_with("| `/")).collect();
        let expected = TERMINAL.iter().map(|command| {
            let call = format!("/{} {}", command.name, command.arguments).replace('|', "\\|");
            format!("| `{}` | {} |", call.trim_end(), command.en)
        });
        assert_eq!(told, expected.collect::<Vec<_>>());
    }

    #[test]
    fn the_nearest_of_both_tables_is_suggested() {
        assert!(unknown("igmore", Lang::Zh).contains("/ignore"));
        assert!(unknown("hwo", Lang::Zh).contains("/who"));
    }
}
