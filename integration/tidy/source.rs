//! The source as the rules see it: without comments, without the insides of strings, without tests.

use std::path::Path;

/// A file of the tree.
pub(super) struct File {
    /// From the top of the tree, with `/`.
    pub(super) path: String,
    /// What the compiler acts on outside of tests, each line where it was.
    pub(super) code: String,
    test: bool,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> File {
        let test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let code = if test {
            String::new()
        } else {
            without_tests(&blank(text))
        };
        let path = path.to_owned();
        File { path, code, test }
    }

    /// The module at the top of the library that this is a part of.
    pub(super) fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let (module, _) = inside.split_once(['/', '.'])?;
        (module != "bin" && module != "lib").then_some(module)
    }

    pub(super) fn is_test(&self) -> bool {
        self.test
    }

    /// The lines with their numbers from 1.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }

    /// Lines that are no part of a test; comments and empty lines count.
    pub(super) fn lines_without_tests(&self) -> usize {
        self.code.lines().filter(|line| *line != TEST_LINE).count()
    }

    /// Where in the tree of modules this file is: 1 for `src/wire/mod.rs`, 2 for `src/wire/open.rs`.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count() - 1;
        parts - usize::from(self.path.ends_with("/mod.rs"))
    }
}

/// Stands for a line of a test.
const TEST_LINE: &str = "\u{1}";

/// All files under a folder, in the order of their paths.
pub(super) fn read(root: &Path, folder: &str) -> Vec<File> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(root.join(folder)).expect("a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("readable")).collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    for entry in names {
        let name = entry.file_name().into_string().expect("UTF-8");
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            files.extend(read(root, &path));
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(entry.path()).expect("readable");
            files.push(File::new(&path, &text));
        }
    }
    files
}

/// The text with every comment and the inside of every string and character put out by blanks.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(first) = rest.chars().next() {
        let in_word = out.chars().next_back().is_some_and(is_word);
        let (size, quotes) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), 0)
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), 0)
        } else if let Some(size) = raw_string(rest).filter(|_| !in_word) {
            (size, 1)
        } else if first == '"' {
            (quoted(rest, '"'), 1)
        } else if first == '\'' && is_character(rest) {
            (quoted(rest, '\''), 1)
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (part, after) = rest.split_at(size);
        let inside = part.chars().map(|c| if c == '\n' { c } else { ' ' });
        match quotes {
            0 => out.extend(inside),
            _ => {
                out.push('"');
                out.extend(inside.skip(2));
                out.push('"');
            }
        }
        rest = after;
    }
    out
}

/// Bytes of the string or character at the beginning.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + 1;
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

/// A character, and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    chars.next() == Some('\\') || chars.next() == Some('\'')
}

/// Bytes of the raw string at the beginning, if one is there.
fn raw_string(text: &str) -> Option<usize> {
    let hashes_on = text.strip_prefix("br").or(text.strip_prefix('r'))?;
    let hashes = hashes_on.len() - hashes_on.trim_start_matches('#').len();
    let inside = hashes_on[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let size = inside.find(&end)? + end.len();
    Some(text.len() - inside.len() + size)
}

/// Puts [`TEST_LINE`] for each line of an item behind `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let (mut out, mut rest) = (String::new(), code);
    while let Some(at) = rest.find("#[cfg(test)]") {
        let (before, test) = rest.split_at(at);
        let (item, after) = test.split_at(item_end(test));
        out.push_str(before);
        let lines = vec![TEST_LINE; item.lines().count()];
        out.push_str(&lines.join("\n"));
        rest = after;
    }
    out + rest
}

/// Where the item at the beginning ends: after its last brace, or its semicolon.
fn item_end(code: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if c == '}' && depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => (),
        }
    }
    code.len()
}

/// Whether the word stands in the text by itself.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    words(text).any(|(_, found)| found == word)
}

/// The words of the text, and where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// What stands next in the paths that begin with `prefix`, also where several are named in braces.
pub(super) fn grouped(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        for name in first_parts(rest) {
            found.push((line_of(code, at), name));
        }
    }
    found
}

/// The first part of the path at the beginning, or of each in the braces there.
fn first_parts(text: &str) -> Vec<String> {
    let word = |text: &str| {
        let text = text.trim_start();
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        match &text[..end.unwrap_or(text.len())] {
            "" => text.chars().take(1).collect(),
            word => word.to_owned(),
        }
    };
    let Some(inside) = text.trim_start().strip_prefix('{') else {
        return vec![word(text)];
    };
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                parts.push(word(&inside[begin..at]));
                begin = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => (),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The modules at the top of the library that a file names: by `crate::`, or by climbing with `super::`.
pub(super) fn top_level_paths(file: &File) -> Vec<String> {
    let crate_word = |at: usize| {
        let before = file.code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$')
    };
    let mut seen = Vec::new();
    for (at, _) in file
        .code
        .match_indices("crate")
        .filter(|(at, _)| crate_word(*at))
    {
        let rest = &file.code[at + "crate".len()..];
        if let Some(path) = rest.strip_prefix("::") {
            seen.extend(first_parts(path));
        } else if rest.starts_with(" as ") {
            seen.push("the whole library".into());
        }
    }
    let climb = "super::".repeat(file.depth());
    for (at, _) in file.code.match_indices(&climb) {
        let rest = &file.code[at + climb.len()..];
        // From a module inside the file, one step leads only to the file.
        let known = |part: &String| super::layer(part).is_some();
        seen.extend(first_parts(rest).into_iter().filter(known));
    }
    // Macros and items of lib.rs itself: there are none.
    seen
}

/// Lines with an expression in brackets behind another expression.
pub(super) fn indexing(code: &str) -> Vec<usize> {
    const KEYWORDS: [&str; 12] = [
        "mut", "in", "return", "else", "match", "if", "dyn", "as", "let", "ref", "break", "const",
    ];
    let mut found = Vec::new();
    for (at, _) in code.match_indices('[') {
        let before = &code[..at];
        let near = before.trim_end();
        let Some(last) = near.chars().next_back() else {
            continue;
        };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let indexed = if is_word(last) {
            let start = near.trim_end_matches(is_word);
            let word = &near[start.len()..];
            !(start.ends_with('\'') || KEYWORDS.contains(&word))
        } else {
            // Behind a block that ends a statement, brackets on their own line begin another one.
            matches!(last, ')' | ']' | '?' | '"') && !ends_attribute(near)
                || last == '}' && before.len() == near.len()
        };
        if indexed {
            found.push(line_of(code, at));
        }
    }
    found
}

/// Whether the bracket at the end closes an attribute.
fn ends_attribute(text: &str) -> bool {
    let mut depth = 0;
    for (at, c) in text.char_indices().rev() {
        match c {
            ']' => depth += 1,
            '[' => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return text.ends_with(']') && text[..at].ends_with(['#', '!']);
        }
    }
    false
}

/// The functions: line, name, lines from the `fn` to the closing brace.
pub(super) fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (at, _) in words(code).filter(|(_, word)| *word == "fn") {
        let item = &code[at..];
        // A type such as `fn(u8)` has no name.
        let Some((_, name)) = words(item).nth(1).filter(|_| item.starts_with("fn ")) else {
            continue;
        };
        let lines = item[..item_end(item)].matches('\n').count() + 1;
        found.push((line_of(code, at), name.to_owned(), lines));
    }
    found
}

#[test]
fn comments_and_strings_are_put_out() {
    for (text, blanked) in [
        ("a(); // b", "a();     "),
        ("a /* b */ c", "a         c"),
        ("f(\"a\\\"b\")", "f(\"    \")"),
        ("f(r#\"a\"b\"#)", "f(\"      \")"),
        ("f('\\'', '[', 'a: &'a)", "f(\"  \", \" \", 'a: &'a)"),
        ("\"a\nb\"", "\"\n\""),
    ] {
        let lines = |text: &str| text.matches('\n').count();
        let put_out = blank(text);
        assert_eq!(lines(&put_out), lines(text), "{text}");
        if !text.contains('\n') {
            assert_eq!(put_out.trim_end(), blanked.trim_end(), "{text}");
        }
    }
}
