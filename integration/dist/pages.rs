//! The man pages.

use super::{PROGRAMS, Scratch, content, flags, man, placed, tool};
use chatroom::cli::table::Program;
use chatroom::cli::{CLIENT, SERVER};
use chatroom::text::Lang;

const FOLDERS: [&str; 2] = ["usr/share/man/man1", "usr/share/man/zh_CN/man1"];

fn programs() -> [&'static Program; 2] {
    [&SERVER, &CLIENT]
}

#[test]
fn every_page_has_every_flag_of_the_help() {
    for (name, program) in PROGRAMS {
        let folders = &FOLDERS[..if name == "halfcopy" { 1 } else { 2 }];
        for folder in folders {
            let page = placed(&format!("{folder}/{name}.1"));
            // An entry is the line behind .TP.
            let lines: Vec<&str> = page.lines().collect();
            let entries: Vec<&str> = lines
                .windows(2)
                .filter(|pair| pair[0] == ".TP")
                .map(|pair| pair[1])
                .collect();
            for flag in flags(program) {
                let written = man::escaped(&flag);
                let told = entries.iter().any(|entry| {
                    let words = entry.replace("\\fB", " ").replace("\\fR", " ");
                    words.split([' ', ',', '[']).any(|word| word == written)
                });
                assert!(told, "{folder}: {name}: {flag}");
            }
        }
    }
}

#[test]
fn every_page_has_commands_variables_and_exit_codes() {
    for (program, folder) in programs()
        .into_iter()
        .zip([FOLDERS; 2])
        .flat_map(|(p, folders)| folders.map(|f| (p, f)))
    {
        let page = placed(&format!("{folder}/{}.1", program.name));
        let entry = |begin: String| {
            let entry = format!("\n.TP\n{begin}");
            assert!(page.contains(&entry), "{folder}: {}: {entry}", program.name);
        };
        for verb in program.verbs {
            entry(format!("\\fB/{}\\fR", man::escaped(verb.name)));
        }
        for variable in program.flags.iter().filter_map(|flag| flag.variable()) {
            entry(format!("\\fB{variable}\\fR\n"));
        }
        for (exit, _) in program.exits {
            entry(format!("\\fB{}\\fR\n", *exit as u8));
        }
    }
}

#[test]
fn pages_are_shown_without_a_warning() {
    for lang in [Lang::En, Lang::Zh] {
        for (name, page) in man::pages(lang) {
            let page = Scratch::new(&format!("{lang:?}-{name}.1"), &page);
            let args = ["--warnings", "-E", "UTF-8", "-l", page.path()];
            let Some(shown) = tool("man", &args) else {
                return;
            };
            content("man", &shown);
            let shown = String::from_utf8(shown.stdout).expect("UTF-8");
            let shown = shown.replace('\u{2010}', "-");
            assert!(shown.contains("--version"), "{name}: {shown}");
        }
    }
    // A page that is wrong is found.
    let wrong = Scratch::new("wrong.1", ".TH X 1\n.SH NAME\n\\fQx\n.nosuch\n");
    let shown = tool("man", &["--warnings", "-l", wrong.path()]);
    assert!(shown.is_some_and(|shown| !shown.stderr.is_empty()));
}

#[test]
fn text_that_begins_like_a_request_is_shown() {
    assert_eq!(man::escaped(".json is"), "\\&.json is");
    assert_eq!(man::escaped("'x'"), "\\&'x'");
    assert_eq!(man::escaped("a\\b -c"), "a\\eb \\-c");
}
