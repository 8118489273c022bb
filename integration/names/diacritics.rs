//! Marks of no script of their own on Latin and Cyrillic letters, each letter with each sequence of them.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use chatroom::text::{Name, NameError};

use super::closure::{self, Closure, DIACRITICS, is_base, is_mark};
use super::{RESERVED, key, skeleton_of};

/// Every letter that such marks may stand on.
fn bases(accepted: &[char]) -> Vec<char> {
    let bases = accepted.iter().copied().filter(|&c| is_base(c));
    bases.collect()
}

/// No mark, each, and each two of them one after the other, whichever.
fn sequences() -> Vec<String> {
    let one = DIACRITICS.map(String::from);
    let two = one
        .iter()
        .flat_map(|a| DIACRITICS.iter().map(move |b| format!("{a}{b}")));
    let none = std::iter::once(String::new());
    none.chain(one.clone()).chain(two).collect()
}

/// What is accepted of all letters with all sequences of marks.
fn names(bases: &[char]) -> Vec<Name> {
    let sequences = sequences();
    let texts = bases
        .iter()
        .flat_map(|base| sequences.iter().map(move |marks| format!("{base}{marks}")));
    let names: Vec<Name> = texts.filter_map(|text| Name::new(&text).ok()).collect();
    assert!(names.len() > 30 * bases.len(), "{}", names.len());
    names
}

/// `text` in the other case, composed, if there is such a case and the fold keeps none of its letters apart.
fn other_case(text: &str, closure: &Closure) -> Option<String> {
    let variant = |c: char| {
        let mut variants = closure::case_variants(c).into_iter();
        variants.find(|v| !closure.unfolded.contains(&(c.min(*v), c.max(*v))))
    };
    let mut chars = text.chars();
    let letter = variant(chars.next()?)?;
    Some(std::iter::once(letter).chain(chars).nfc().collect())
}

#[test]
fn a_letter_with_marks_is_spelled_in_one_way() {
    let (accepted, _) = closure::accepted();
    let bases = bases(&accepted);
    assert!(bases.len() > 800, "{}", bases.len());
    let mut spelled: BTreeMap<String, Name> = BTreeMap::new();
    for name in names(&bases) {
        let text = name.as_str();
        assert!(text.nfkc().eq(text.chars()), "{text:?} changes under NFKC");
        if let Some(other) = spelled.insert(text.nfd().collect(), name.clone()) {
            panic!("{other:?} and {name:?} are canonically equivalent");
        }
    }
    // And there is that way: with one mark, whatever normalization makes of it.
    for base in bases {
        for mark in DIACRITICS {
            let composed: String = [base, mark].into_iter().nfc().collect();
            let twice = std::iter::once(base).nfd().any(|part| part == mark);
            let known = composed.chars().all(|c| accepted.contains(&c));
            assert_eq!(Name::new(&composed).is_ok(), known && !twice, "{composed}");
        }
    }
}

#[test]
fn letters_with_marks_that_look_alike_have_equal_keys() {
    let (accepted, closure) = closure::accepted();
    let mut by_skeleton: BTreeMap<String, Name> = BTreeMap::new();
    let (mut alike, mut cases) = (0, 0);
    let mut look_at = |name: Name| match by_skeleton.get(&skeleton_of(name.as_str())) {
        Some(other) => {
            assert_eq!(name.key(), other.key(), "{name} and {other} look alike");
            alike += 1;
        }
        None => {
            by_skeleton.insert(skeleton_of(name.as_str()), name);
        }
    };
    for name in names(&bases(&accepted)) {
        let other = other_case(name.as_str(), &closure).and_then(|text| Name::new(&text).ok());
        if let Some(other) = other {
            assert_eq!(name.key(), other.key(), "{name} and {other}: case");
            cases += 1;
        }
        look_at(name);
    }
    // The marks of the scripts on the same letters.
    for mark in accepted.into_iter().filter(|&c| is_mark(c)) {
        for base in ["ɛ", "o", "i", "n"] {
            let name = Name::new(&format!("{base}{mark}"));
            name.into_iter().for_each(&mut look_at);
        }
    }
    assert!(alike > 5_000 && cases > 20_000, "{alike}, {cases}");
}

#[test]
fn marks_that_are_hard_to_tell_apart_have_equal_keys() {
    let alike = [
        // Caron and breve.
        ["у\u{30C}", "ў"],
        ["x\u{30C}", "Х\u{30C}"],
        ["ǧ", "ğ"],
        // A mark takes the place of the dot.
        ["ı\u{301}", "í"],
        ["ı\u{303}", "ĩ"],
        ["ȷ\u{30C}", "ǰ"],
        ["J\u{30C}", "ǰ"],
        ["H\u{331}", "ẖ"],
        ["ј\u{301}", "j\u{301}"],
        // l looks like I.
        ["l\u{300}", "ì"],
        ["m\u{300}", "rǹ"],
        ["Ọ\u{301}", "ọ\u{301}"],
        ["ɛ\u{303}\u{301}", "Ɛ\u{301}\u{303}"],
        ["Bọ\u{301}lá", "BỌ\u{301}-LÁ"],
    ];
    for [a, b] in alike {
        assert_eq!(key(a), key(b), "{a} and {b}");
    }
    let apart = [
        "ɛ",
        "ɛ\u{300}",
        "ɛ\u{301}",
        "ɛ\u{302}",
        "ɛ\u{303}",
        "ɛ\u{304}",
        "ɛ\u{308}",
        "ɛ\u{30C}",
        "ɛ\u{323}",
        "ɛ\u{331}",
        "ọ",
        "ó",
        "ọ\u{301}",
        "ọ\u{300}",
        "ọ\u{304}",
    ];
    for (at, a) in apart.iter().enumerate() {
        for b in &apart[at + 1..] {
            assert_ne!(key(a), key(b), "{a} and {b}");
        }
    }
}

#[test]
fn marks_on_reserved_words_make_others_of_them_composed_or_not() {
    for word in RESERVED {
        for (at, c) in word.char_indices() {
            let behind = at + c.len_utf8();
            for mark in DIACRITICS {
                let text = format!("{}{mark}{}", &word[..behind], &word[behind..]);
                let text: String = text.nfc().collect();
                let answer = Name::new(&text);
                // Where a caron is drawn as an apostrophe, that is no other word.
                if mark == '\u{30C}' && matches!(c, 'd' | 't' | 'l' | 'i') {
                    assert_eq!(answer, Err(NameError::Reserved), "{text}");
                } else if c.is_ascii() {
                    assert!(answer.is_ok(), "{text}: {answer:?}");
                } else {
                    assert_eq!(answer, Err(NameError::Character), "{text}");
                }
            }
        }
    }
}
