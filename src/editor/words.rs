//! What Tab completes: names and commands.

/// Where the word before `pos` begins, and what it may become: a command, of which there are these, or a name. Names are
/// asked for only where one may stand, with the command that they are for, as they are to be written there.
pub fn complete<'a>(
    (line, pos): (&str, usize),
    commands: impl Iterator<Item = &'a str>,
    names: impl Fn(&str) -> Vec<String>,
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
    let fitting = |command: &str, word: &str, end: &str| -> Vec<String> {
        let names = names(command).into_iter();
        let fitting = names.filter(|name| begins(name.trim_start_matches(QUOTES), word));
        fitting.map(|name| name + end).collect()
    };
    // Whom a command is for.
    if let Some((command, begun)) = command(before) {
        let whole = fitting(command, begun.trim_start_matches(QUOTES), " ");
        if !whole.is_empty() {
            return (before.len() - begun.len(), whole);
        }
    }
    match before.rfind([' ', '\n', '@']) {
        Some(at) => (at + 1, fitting("", &before[at + 1..], " ")),
        None => (0, fitting("", before, "：")),
    }
}

/// What a name in quotes begins with.
const QUOTES: [char; 2] = ['"', '“'];

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
