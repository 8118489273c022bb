//! Completions for bash, zsh and fish.

use super::options::{Choice, Line, Operands, Takes};

const MADE: &str = "Made by `make dist` from the program's table of flags.";

pub(crate) fn bash(line: &Line) -> String {
    let Line {
        program, choices, ..
    } = line;
    let function = format!("_{}", program.replace('-', "_"));
    let (mut values, mut modes) = (String::new(), String::new());
    for choice in choices {
        let name = &choice.name;
        let words =
            |words: &[&str]| format!("{function}_offer -W '{}' -- \"$cur\"", words.join(" "));
        let offer = match choice.takes {
            Takes::Nothing => continue,
            Takes::Maybe(list) => {
                modes += &format!("        --{name}) {}; return ;;\n", words(list));
                continue;
            }
            Takes::OneOf(list) => words(list),
            Takes::File => format!("{function}_files"),
            Takes::Text => "COMPREPLY=()".to_owned(),
        };
        values += &format!("        --{name}) {offer}; return ;;\n");
    }
    let operands = match line.operands {
        Operands::None => "COMPREPLY=()".to_owned(),
        Operands::Host => format!("{function}_offer -A hostname -- \"$cur\""),
        Operands::Files => format!("{function}_files"),
    };
    let written: Vec<String> = choices.iter().flat_map(forms).collect();
    let written = written.join(" ");
    format!(
        r#"# {MADE}
{function}_offer() {{ mapfile -t COMPREPLY < <(compgen "$@"); }}
{function}_files() {{
    compopt -o filenames 2>/dev/null
    {function}_offer -f -- "$cur"
}}
{function}() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} equals=
    # Bash takes --flag=value apart.
    if [[ $cur == = ]]; then
        equals=1 cur=
    elif [[ $prev == = ]]; then
        equals=1 prev=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    case $prev in
{values}        *) ;;
    esac
    [[ $equals ]] && case $prev in
{modes}        *) COMPREPLY=(); return ;;
    esac
    case $cur in
        -*) {function}_offer -W '{written}' -- "$cur" ;;
        *) {operands} ;;
    esac
}}
complete -F {function} {program}
"#
    )
}

/// All ways to write an option, without its value.
fn forms(choice: &Choice) -> Vec<String> {
    let mut forms = vec![format!("--{}", choice.name)];
    if let Takes::Maybe(words) = choice.takes {
        forms.extend(words.iter().map(|word| format!("--{}={word}", choice.name)));
    }
    forms.extend(choice.short.map(|short| format!("-{short}")));
    forms
}

pub(crate) fn zsh(line: &Line) -> String {
    let mut specs = Vec::new();
    for choice in &line.choices {
        let Choice { name, hint, .. } = choice;
        let says = zsh_words(&choice.says);
        let value = match choice.takes {
            Takes::Nothing => format!("[{says}]"),
            Takes::Maybe(words) => format!("=-[{says}]::{name}:({})", words.join(" ")),
            Takes::OneOf(words) => format!("=[{says}]:{name}:({})", words.join(" ")),
            Takes::File => format!("=[{says}]:{}:_files", zsh_words(hint)),
            Takes::Text => format!("=[{says}]:{}: ", zsh_words(hint)),
        };
        specs.push(match choice.short {
            Some(short) => format!("'(-{short} --{name})'{{-{short},--{name}}}'{value}'"),
            None => format!("'--{name}{value}'"),
        });
    }
    match line.operands {
        Operands::None => (),
        Operands::Host => specs.push("'1:SERVER:_hosts'".into()),
        Operands::Files => specs.push("'*:file:_files'".into()),
    }
    let specs = specs.join(" \\\n    ");
    let program = line.program;
    format!("#compdef {program}\n# {MADE}\n_arguments -s \\\n    {specs}\n")
}

/// Between the single quotes and brackets of `_arguments`.
fn zsh_words(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\'' => out += "'\\''",
            '[' | ']' | ':' | '\\' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

pub(crate) fn fish(line: &Line) -> String {
    let program = line.program;
    let mut script = format!("# {MADE}\n");
    match line.operands {
        Operands::None => script += &format!("complete -c {program} -f\n"),
        Operands::Host => {
            script += &format!("complete -c {program} -f -a '(__fish_print_hostnames)'\n");
        }
        Operands::Files => (),
    }
    for choice in &line.choices {
        let short = choice.short.map(|short| format!("-s {short} "));
        let takes = match choice.takes {
            Takes::Nothing => String::new(),
            Takes::Maybe(words) => format!("-a '{}' ", words.join(" ")),
            Takes::OneOf(words) => format!("-x -a '{}' ", words.join(" ")),
            Takes::File => "-r -F ".to_owned(),
            Takes::Text => "-x ".to_owned(),
        };
        let says = choice.says.replace('\\', "\\\\").replace('\'', "\\'");
        script += &format!(
            "complete -c {program} {}-l {} {takes}-d '{says}'\n",
            short.unwrap_or_default(),
            choice.name
        );
    }
    script
}
