//! What Tab completes: names and commands.

/// Where the word before `pos` begins, and what it may become: a command, of which there are these, or a name. Names are
/// asked for, with the command that they are for, only where one may stand; each is shaped for the place.
pub fn complete<'a>(
    (line, pos): (&str, usize),
    commands: impl Iterator<Item = &'a str>,
    names: impl Fn(&str) -> Vec<String>,
    argument: impl Fn(&str, &str) -> String,
) -> (usize, Vec<String>) {
    let before = line.get(..pos).unwrap_or(line);
    if let Some(begun) = before.strip_prefix('/')
        && !begun.contains([' ', '/'])
    {
        let fitting = commands.filter(|name| name.starts_with(begun));
        let mut fitting: Vec<String> = fitting.map(|name| format!("/{name} ")).collect();
        fitting.sort();
        return (0, fitting);
    }
    let fitting = |command: &str, word: &str, shape: &dyn Fn(&str) -> String| -> Vec<String> {
        let names = names(command).into_iter();
        let fitting = names.filter(|name| begins(name, word));
        fitting.map(|name| shape(&name)).collect()
    };
    // Whom a command is for.
    if let Some((command, begun)) = command(before) {
        let word = begun.trim_start_matches('"');
        let whole = fitting(command, word, &|name| argument(command, name) + " ");
        if !whole.is_empty() {
            return (before.len() - begun.len(), whole);
        }
    }
    match before.rfind([' ', '\n', '@']) {
        Some(at) => {
            let word = &before[at + 1..];
            (at + 1, fitting("", word, &|name| format!("{name} ")))
        }
        None => (0, fitting("", before, &|name| format!("{name}："))),
    }
}

/// A command and what follows it.
fn command(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('/')
        .filter(|rest| !rest.starts_with('/'))?
        .split_once(' ')
}

/// Whether `name` begins with `word`, in whatever case.
fn begins(name: &str, word: &str) -> bool {
    name.to_lowercase().starts_with(&word.to_lowercase())
}
