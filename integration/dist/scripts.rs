//! The completions.

use super::{PROGRAMS, Scratch, content, flags, placed, tool};

/// A shell, and where its completions of a program lie.
const SHELLS: [(&str, &str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/", ""),
    ("zsh", "usr/share/zsh/vendor-completions/_", ""),
    ("fish", "usr/share/fish/vendor_completions.d/", ".fish"),
];

#[test]
fn every_script_has_every_flag_of_the_help() {
    for (name, program) in PROGRAMS {
        for (shell, before, behind) in SHELLS {
            let script = placed(&format!("{before}{name}{behind}"));
            let words: Vec<&str> = script
                .split([' ', '\'', '\n', '=', '[', '{', '}', ',', ')', '('])
                .collect();
            for flag in flags(program) {
                let told = match (shell, flag.strip_prefix("--")) {
                    ("fish", Some(long)) => script.contains(&format!(" -l {long} ")),
                    ("fish", None) => script.contains(&format!(" -s {} ", &flag[1..])),
                    _ => words.contains(&flag.as_str()),
                };
                assert!(told, "{shell}: {name}: {flag}\n{script}");
            }
        }
    }
}

#[test]
fn every_script_is_understood_by_its_shell() {
    for (shell, before, behind) in SHELLS {
        for (name, _) in PROGRAMS {
            let script = placed(&format!("{before}{name}{behind}"));
            let script = Scratch::new(&format!("{shell}-{name}"), &script);
            let Some(read) = tool(shell, &["-n", script.path()]) else {
                break;
            };
            content(shell, &read);
        }
    }
}

/// What bash offers for the last of these words.
fn offered(program: &str, words: &[&str]) -> Vec<String> {
    let script = placed(&format!("usr/share/bash-completion/completions/{program}"));
    let function = format!("_{}", program.replace('-', "_"));
    let ask = format!(
        "{script}\nCOMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))\n{function}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    );
    let script = Scratch::new(
        &format!("{program}-{}", words.concat().replace('/', "_")),
        &ask,
    );
    let args = [&[script.path()], words].concat();
    let told = tool("bash", &args).expect("bash");
    content("bash", &told);
    let told = String::from_utf8(told.stdout).expect("UTF-8");
    told.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_offers_what_fits() {
    let server = |words: &[&str]| offered("chat-server", &[&["chat-server"], words].concat());
    assert_eq!(server(&["--max"]), ["--max-members"]);
    assert_eq!(server(&["--lang", ""]), ["zh", "en"]);
    assert_eq!(server(&["--lang", "e"]), ["en"]);
    // --lang=e, as bash takes it apart.
    assert_eq!(server(&["--lang", "=", "e"]), ["en"]);
    assert_eq!(server(&["--lang", "="]), ["zh", "en"]);
    assert_eq!(server(&["--classic", "="]), ["any"]);
    assert!(server(&["--classic", ""]).is_empty());
    assert!(server(&["--bind", "--l"]).is_empty());
    assert!(server(&["--no-discovery", "=", ""]).is_empty());
    let all = server(&["-"]);
    for flag in flags(crate::programs::SERVER) {
        assert!(all.contains(&flag), "{flag}");
    }
    let file = Scratch::new("settings", "");
    let begin = file.path().strip_suffix("ings").expect("its name");
    assert_eq!(server(&["--config", begin]), [file.path()]);
    assert_eq!(offered("halfcopy", &["halfcopy", begin]), [file.path()]);
    assert_eq!(offered("halfcopy", &["halfcopy", "--f"]), ["--force"]);
    assert_eq!(offered("chat-client", &["chat-client", "--na"]), ["--name"]);
}
