//! Makes `src/text/tables.rs`.
//!
//! What always holds: the same data gives the same file, byte for byte.

use std::collections::{BTreeSet, HashSet};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

use super::closure::{
    AM, Closure, DIACRITICS, accepted, is_base, is_letter_or_digit, is_mark, stable,
};
use super::vowels::DO_NOT_USE;

const HANGUL: std::ops::RangeInclusive<char> = '\u{AC00}'..='\u{D7A3}';

/// The text of `src/text/tables.rs`.
pub(super) fn tables() -> String {
    let (accepted, closure) = accepted();
    let (marks, letters): (Vec<char>, Vec<char>) = accepted.iter().partition(|&&c| is_mark(c));
    let forms: Vec<char> = ('\0'..=char::MAX)
        .filter(|&c| is_form(c) && !AM.contains(&c))
        .collect();
    let unassigned = |c: char| c.general_category() == Category::Unassigned;
    let mut text = header();
    let mut table = |about: &str, name: &str, of: &str, entries: Vec<String>| {
        text.push_str(&table(about, name, of, &entries));
    };
    let pair = "(u32, u32)";
    table(
        "Letters and digits that a name may hold.",
        "LETTERS",
        pair,
        pairs(&ranges(&letters, |_| false)),
    );
    table(
        "Marks that a name may hold after a letter.",
        "MARKS",
        pair,
        pairs(&ranges(&marks, |_| false)),
    );
    let bases: Vec<char> = letters.iter().copied().filter(|&c| is_base(c)).collect();
    table(
        "Latin and Cyrillic letters, which the marks of U+0300 to U+036F may stand on.",
        "BASES",
        pair,
        pairs(&ranges(&bases, |_| false)),
    );
    let marked: HashSet<Script> = marks.iter().map(|c| c.script()).collect();
    let is_bare = |c: &char| !is_base(*c) && !marked.contains(&c.script());
    let bare: Vec<char> = letters.into_iter().filter(is_bare).collect();
    table(
        "Letters and digits of scripts without marks, and of no script: no mark stands on them.",
        "BARE",
        pair,
        pairs(&ranges(&bare, |_| false)),
    );
    let about = "Letters and numbers that are forms of others (full-width, ...).";
    table(about, "FORMS", pair, pairs(&ranges(&forms, unassigned)));
    let about = "What Unicode composes or reorders, marks on letters that have them, vowels not to be spelled so.";
    table(about, "COMPOSED", pair, pairs(&composed(&accepted)));
    let about = "Characters with a canonical combining class other than 0, and that class.";
    table(
        about,
        "COMBINING",
        "(u32, u32, u8)",
        combining(&accepted, &closure),
    );
    let about = "What a character is in a key, if not itself.";
    table(about, "FOLDS", "(u32, &str)", folds(&accepted, &closure));
    text
}

/// What the file says of itself.
fn header() -> String {
    let (major, minor, update) = unicode_version();
    let (case_major, case_minor, case_update) = char::UNICODE_VERSION;
    format!(
        "//! What a name may hold and how it is folded: tables that [`super::name`] searches.\n\
         //!\n\
         //! Generated: do not edit. Unicode {major}.{minor}.{update}; case {case_major}.{case_minor}.{case_update}. \
         To make it anew:\n\
         //! `UPDATE_TABLES=1 cargo test --test integration names::tables`\n\
         //!\n\
         //! What always holds: every table is sorted by its first column and its ranges do not overlap.\n"
    )
}

/// The one version that all the data is of.
fn unicode_version() -> (u64, u64, u64) {
    let version = unicode_properties::UNICODE_VERSION;
    assert_eq!(version, unicode_security::UNICODE_VERSION);
    assert_eq!(version, unicode_script::UNICODE_VERSION);
    let (major, minor, update) = unicode_normalization::UNICODE_VERSION;
    assert_eq!(version, (major.into(), minor.into(), update.into()));
    version
}

fn pairs(of: &[(char, char)]) -> Vec<String> {
    of.iter()
        .map(|(a, b)| format!("(0x{:X},0x{:X})", *a as u32, *b as u32))
        .collect()
}

fn is_form(c: char) -> bool {
    use Category::*;
    (is_letter_or_digit(c) || matches!(c.general_category(), LetterNumber | OtherNumber))
        && !stable(c)
}

/// Sorted characters as ranges; a gap that is all `bridge` does not end a range.
fn ranges(chars: &[char], bridge: impl Fn(char) -> bool) -> Vec<(char, char)> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    for &c in chars {
        match ranges.last_mut() {
            Some((_, last)) if (*last..c).skip(1).all(&bridge) => *last = c,
            _ => ranges.push((c, c)),
        }
    }
    ranges
}

/// Pairs of accepted characters that a name does not hold one after the other: those that compose, into whatever;
/// a letter composed with a mark and another mark that comes before that one (é and a dot below); a letter
/// and a mark that it is composed with already; vowels not to be spelled so.
fn composed(accepted: &[char]) -> Vec<(char, char)> {
    let is_accepted = |c: &char| accepted.binary_search(c).is_ok();
    let all = ('\0'..=char::MAX).filter(|c| !HANGUL.contains(c));
    let second: BTreeSet<char> = all.flat_map(|c| std::iter::once(c).nfd().skip(1)).collect();
    let second: Vec<char> = second.into_iter().filter(is_accepted).collect();
    let pairs = accepted
        .iter()
        .flat_map(|&a| second.iter().map(move |&b| (a, b)));
    let composing = pairs.filter(|&(a, b)| {
        if DIACRITICS.contains(&b) {
            is_base(a) && !stands(a, b)
        } else {
            compose(a, b).is_some()
        }
    });
    let vowels = DO_NOT_USE.iter().map(|&(a, b, _)| (a, b));
    let mut pairs: BTreeSet<(char, char)> = composing.collect();
    pairs.extend(vowels.filter(|(a, b)| is_accepted(a) && is_accepted(b)));
    pairs.into_iter().collect()
}

/// Whether normalization leaves the mark `b` behind the letter `a`, which has no such mark yet.
fn stands(a: char, b: char) -> bool {
    let twice = std::iter::once(a).nfd().any(|part| part == b);
    !twice && [a, b].into_iter().nfc().eq([a, b])
}

fn combining(accepted: &[char], closure: &Closure) -> Vec<String> {
    let mut all: BTreeSet<char> = accepted.iter().copied().collect();
    all.extend(accepted.iter().flat_map(|&c| closure.fold(&[c])));
    let mut ranges: Vec<(char, char, u8)> = Vec::new();
    for c in all {
        let class = canonical_combining_class(c);
        match ranges.last_mut() {
            _ if class == 0 => {}
            Some((_, last, of)) if *of == class && *last as u32 + 1 == c as u32 => *last = c,
            _ => ranges.push((c, c, class)),
        }
    }
    ranges
        .iter()
        .map(|(a, b, class)| format!("(0x{:X},0x{:X},{class})", *a as u32, *b as u32))
        .collect()
}

fn folds(accepted: &[char], closure: &Closure) -> Vec<String> {
    // Hangul syllables are taken apart by arithmetic, so that only their parts are in the table.
    let mut single: BTreeSet<char> = accepted
        .iter()
        .copied()
        .filter(|c| !HANGUL.contains(c))
        .collect();
    single.extend(HANGUL.flat_map(|c| c.nfd()));
    let mut entries = Vec::new();
    for c in single {
        let folded = closure.fold(&[c]);
        if folded != [c] {
            let folded: String = folded.iter().flat_map(|c| c.escape_default()).collect();
            entries.push(format!("(0x{:X},\"{folded}\")", c as u32));
        }
    }
    entries
}

fn table(about: &str, name: &str, of: &str, entries: &[String]) -> String {
    let mut lines = vec![String::from("   ")];
    for entry in entries {
        if lines
            .last()
            .is_some_and(|line| line.len() + entry.len() > 115)
        {
            lines.push(String::from("   "));
        }
        if let Some(line) = lines.last_mut() {
            line.extend([" ", entry, ","]);
        }
    }
    let lines = lines.join("\n");
    format!("\n/// {about}\n#[rustfmt::skip]\npub(super) const {name}: &[{of}] = &[\n{lines}\n];\n")
}
