//! Both READMEs say the same, and have every flag and command of the programs.

use super::flags;
use crate::programs;
use chatroom::cli::table::Program;
use chatroom::cli::{CLIENT, SERVER};
use std::collections::BTreeSet;

const ENGLISH: &str = include_str!("../../README.md");
const CHINESE: &str = include_str!("../../README.zh-CN.md");

/// The literal first cells of a text's tables: flags, commands, marks.
fn rows(text: &str) -> Vec<&str> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter(|row| row.starts_with('`'))
        .filter_map(|row| row.split(" | ").next())
        .collect()
}

/// What is shown as it is: examples of input and output.
fn blocks(text: &str) -> Vec<&str> {
    text.split("\n```").skip(1).step_by(2).collect()
}

#[test]
fn both_have_the_same_rows_and_examples() {
    assert_eq!(rows(ENGLISH), rows(CHINESE));
    assert!(rows(ENGLISH).len() > 40 && blocks(ENGLISH).len() > 9);
    assert_eq!(blocks(ENGLISH), blocks(CHINESE));
    for part in ["\n## ", "\n### ", "\n```"] {
        let count = |text: &str| text.matches(part).count();
        assert_eq!(count(ENGLISH), count(CHINESE), "{part}");
        assert!(part != "\n```" || count(ENGLISH).is_multiple_of(2));
    }
}

#[test]
fn both_have_every_flag_of_the_help_and_every_command() {
    let both: [(&Program, &str); 2] = [(&SERVER, programs::SERVER), (&CLIENT, programs::CLIENT)];
    for (program, path) in both {
        let verbs = program.verbs.iter().map(|verb| format!("/{}", verb.name));
        let expected: BTreeSet<String> = flags(path).into_iter().chain(verbs).collect();
        for readme in [ENGLISH, CHINESE] {
            let mut sections = readme.split("\n## ");
            let begin = format!("{}\n", program.name);
            let section = sections.find(|section| section.starts_with(&begin));
            let words = rows(section.expect("its section"))
                .into_iter()
                .flat_map(|cell| cell.split(['`', ' ', '[', ';', ',']));
            let told: BTreeSet<String> = words
                .filter(|word| word.starts_with(['-', '/']))
                .map(str::to_owned)
                .collect();
            assert_eq!(told, expected, "{}", program.name);
        }
    }
}
