//! Names, proved over every Unicode scalar value, and the tables they are checked with.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory};
use unicode_security::skeleton;

use chatroom::text::name::SEPARATORS;
use chatroom::text::{Name, NameError, NameKey};

mod closure;
mod diacritics;
mod generate;
mod vowels;

const ORDINARY: &str = include_str!("data/names.txt");

const RESERVED: [&str; 17] = [
    "管理员",
    "管理員",
    "管理员消息",
    "管理員消息",
    "系统",
    "系統",
    "服务器",
    "服務器",
    "伺服器",
    "聊天室",
    "admin",
    "administrator",
    "system",
    "server",
    "operator",
    "root",
    "moderator",
];

/// The names of the list: without headings and empty lines.
fn ordinary() -> impl Iterator<Item = &'static str> {
    ORDINARY
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn key(text: &str) -> NameKey {
    Name::new(text)
        .unwrap_or_else(|why| panic!("{text:?} is refused: {why:?}"))
        .key()
}

/// A name in which `c` is what matters: marks need a letter before them, of their own direction.
fn name_with(c: char) -> Option<Name> {
    let texts = ["", "क", "ܐ", "ɛ"].map(|letter| format!("{letter}{c}"));
    let mut names = texts.into_iter();
    names.find_map(|text| Name::new(&text).ok())
}

/// Every character that some name may hold.
fn accepted() -> Vec<char> {
    ('\0'..=char::MAX)
        .filter(|&c| SEPARATORS.contains(c) || name_with(c).is_some())
        .collect()
}

fn skeleton_of(text: &str) -> String {
    skeleton(text).collect()
}

#[test]
fn tables_are_up_to_date() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/text/tables.rs");
    let tables = generate::tables();
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(file, tables).expect("the source directory can be written to");
        return;
    }
    let committed = include_str!("../src/text/tables.rs");
    let (major, minor, update) = char::UNICODE_VERSION;
    if !committed.contains(&format!("case {major}.{minor}.{update}")) {
        // Another standard library may know more pairs of case. The proofs below hold all the same.
        return;
    }
    let differs = committed
        .lines()
        .zip(tables.lines())
        .find(|(old, new)| old != new);
    assert!(
        committed == tables,
        "src/text/tables.rs is not as its header's command makes it: {differs:?}"
    );
}

#[test]
fn no_accepted_character_is_of_a_refused_kind() {
    use Category::*;
    let accepted = accepted();
    assert!(accepted.len() > 100_000, "{}", accepted.len());
    for c in accepted {
        let number = c as u32;
        if !closure::AM.contains(&c) {
            assert!(closure::stable(c), "U+{number:04X} changes under NFKC");
        }
        assert!(
            !is_default_ignorable(c),
            "U+{number:04X} is drawn as nothing"
        );
        let category = c.general_category();
        let refused = matches!(
            category,
            Control | Format | PrivateUse | Surrogate | Unassigned | LineSeparator
        );
        assert!(
            !refused && category != ParagraphSeparator,
            "U+{number:04X} is {category:?}"
        );
        let kept = closure::is_letter_or_digit(c) || closure::is_mark(c) || SEPARATORS.contains(c);
        assert!(kept, "U+{number:04X} is {category:?}");
    }
}

/// Default_Ignorable_Code_Point of DerivedCoreProperties.txt, which no dependency tells.
fn is_default_ignorable(c: char) -> bool {
    matches!(c as u32,
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFF8
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

#[test]
fn accepted_names_are_normalized() {
    let accepted = accepted();
    let normalized = |name: &str| {
        let plain: String = name.chars().filter(|c| !closure::AM.contains(c)).collect();
        plain.nfkc().eq(plain.chars())
    };
    // Every pair with a character that composes or moves, then triples by chance.
    let movable: Vec<char> = accepted
        .iter()
        .copied()
        .filter(|&c| is_movable(c))
        .collect();
    assert!(movable.len() > 100, "{}", movable.len());
    let short: Vec<char> = accepted
        .iter()
        .copied()
        .filter(|&c| c < '\u{3000}' || closure::is_mark(c))
        .collect();
    let mut refused = 0;
    for &first in &short {
        for &second in &movable {
            // A letter before them, for marks: the pair is what is asked about.
            let text = String::from_iter(['क', first, second]);
            match Name::new(&text) {
                Ok(name) => assert!(normalized(name.as_str()), "{text:?}"),
                Err(NameError::Compatibility) => refused += 1,
                Err(_) => {}
            }
        }
    }
    assert!(refused >= 25, "{refused}");
    let mut random = Random(7);
    for _ in 0..300_000 {
        let mut text = String::from_iter(['क', *random.pick(&short)]);
        (0..3).for_each(|_| text.push(*random.pick(&movable)));
        if let Ok(name) = Name::new(&text) {
            assert!(normalized(name.as_str()), "{text:?}");
        }
    }
}

/// Whether normalization may compose `c` with what stands before it, or move it.
fn is_movable(c: char) -> bool {
    use unicode_normalization::{IsNormalized, is_nfc_quick};
    canonical_combining_class(c) != 0 || is_nfc_quick(std::iter::once(c)) == IsNormalized::Maybe
}

#[test]
fn look_alike_characters_have_equal_keys() {
    let mut by_skeleton: BTreeMap<String, (char, NameKey)> = BTreeMap::new();
    let mut equal = 0;
    for c in accepted() {
        let Some(name) = name_with(c) else { continue };
        // Marks are looked at on their letter, so that like is compared with like.
        let alike = skeleton_of(name.as_str());
        if let Some((other, key)) = by_skeleton.get(&alike) {
            assert_eq!(name.key(), *key, "{c:?} and {other:?} look alike");
            equal += 1;
        } else {
            by_skeleton.insert(alike, (c, name.key()));
        }
    }
    assert!(equal > 1000, "{equal}");
}

#[test]
fn case_variants_have_equal_keys_but_where_they_look_like_another_letter() {
    let (accepted, closure) = closure::accepted();
    let mut equal = 0;
    for &c in &accepted {
        for variant in closure::case_variants(c) {
            let pair = (c.min(variant), c.max(variant));
            if let (false, Ok(a), Ok(b)) = (
                closure.unfolded.contains(&pair),
                Name::new(&c.to_string()),
                Name::new(&variant.to_string()),
            ) {
                assert_eq!(a.key(), b.key(), "{c:?} and {variant:?}");
                equal += 1;
            }
        }
    }
    assert!(equal > 1000, "{equal}");
    // Ν looks like N and ν like v: were both folded, Ana and Ava would be one name.
    let unfolded: String = closure
        .unfolded
        .iter()
        .flat_map(|pair| [pair.0, pair.1])
        .collect();
    assert_eq!(unfolded, "ƁɓƊɗƑƒƓɠƘƙƤƥƬƭƳƴƼƽɌɍΉήΎύΓγΝνΥυΫϋՅյ");
}

#[test]
fn names_of_look_alike_characters_have_equal_keys() {
    let groups = look_alikes();
    let (_, closure) = closure::accepted();
    let names: Vec<&str> = ordinary().collect();
    let mut random = Random(42);
    let mut changed = 0;
    for _ in 0..200_000 {
        let name = *random.pick(&names);
        let mut other = String::new();
        for c in name.chars() {
            let alike = skeleton_of(&c.to_string());
            match (random.below(6), groups.get(&alike)) {
                (0 | 1, Some(group)) => other.push(*random.pick(group)),
                (2, _) => other.push_str(&alike),
                (3, _) => other.push(other_case(c, &closure)),
                _ => other.push(c),
            }
        }
        if let Ok(other) = Name::new(&other) {
            changed += usize::from(other.as_str() != name);
            assert_eq!(other.key(), key(name), "{other} and {name}");
        }
    }
    assert!(changed > 20_000, "{changed}");
}

fn other_case(c: char, closure: &closure::Closure) -> char {
    let folded = |other: &char| !closure.unfolded.contains(&(c.min(*other), c.max(*other)));
    closure::case_variants(c)
        .into_iter()
        .find(folded)
        .unwrap_or(c)
}

/// All accepted characters by skeleton.
fn look_alikes() -> BTreeMap<String, Vec<char>> {
    let mut groups: BTreeMap<String, Vec<char>> = BTreeMap::new();
    for c in accepted() {
        groups
            .entry(skeleton_of(&c.to_string()))
            .or_default()
            .push(c);
    }
    groups
}

#[test]
fn spellings_of_one_name_have_equal_keys() {
    let alike = [
        ["Ian", "lan"],
        ["Mark", "rnark"],
        ["Jean Paul", "jean-paul"],
        ["O'Brien", "O’BRIEN"],
        ["Anna", "Аnnа"],
        ["СОНЯ", "CОHЯ"],
        ["Bob", "B0b"],
        ["约翰·史密斯", "约翰史密斯"],
        ["ジョン・スミス", "ジョンスミス"],
        ["力ナ", "カナ"],
        ["吳昊", "吴昊"],
        ["user_1", "User l"],
        // The caron is drawn as an apostrophe.
        ["Naďa", "Nad'a"],
        ["Paťo", "pat'o"],
        ["Ľuba", "L'uba"],
        ["Kráľ", "Král’"],
        ["ḷ\u{30C}", "ḷ'"],
    ];
    for [a, b] in alike {
        assert_eq!(key(a), key(b), "{a} and {b}");
    }
}

#[test]
fn reserved_names_and_their_look_alikes_are_refused() {
    let groups = look_alikes();
    for word in RESERVED {
        let chars: Vec<char> = word.chars().collect();
        let refused =
            |text: String| assert_eq!(Name::new(&text), Err(NameError::Reserved), "{text:?}");
        refused(word.to_string());
        refused(word.to_uppercase());
        for at in 0..chars.len() {
            let (before, after) = (
                String::from_iter(&chars[..at]),
                String::from_iter(&chars[at + 1..]),
            );
            let mut same = vec![chars[at]];
            same.extend(closure::case_variants(chars[at]));
            let alike = same
                .iter()
                .filter_map(|c| groups.get(&skeleton_of(&c.to_string())))
                .flatten();
            for c in alike {
                let text = format!("{before}{c}{after}");
                // These are refused before their looks are asked for.
                if is_right_to_left(*c) || closure::is_mark(*c) {
                    assert!(Name::new(&text).is_err(), "{text:?}");
                } else {
                    refused(text);
                }
            }
            for separator in SEPARATORS.chars().filter(|_| at > 0) {
                refused(format!("{before}{separator}{}{after}", chars[at]));
            }
        }
    }
    for text in [
        "adrninistrator",
        "r00t",
        "SYSTEΜ",
        "管理员小王",
        "管理員-1",
        "管 理 员 a",
        "Αdmіn",
        "аdmin.",
    ] {
        assert_eq!(Name::new(text), Err(NameError::Reserved), "{text}");
    }
    for text in ["小管理员", "roots", "administrators", "系统工程师", "管理"] {
        assert!(Name::new(text).is_ok(), "{text}");
    }
}

/// Whether `c` is of a block for scripts written from right to left.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

#[test]
fn ordinary_names_are_accepted_and_told_apart() {
    let mut keys: BTreeMap<NameKey, &str> = BTreeMap::new();
    for name in ordinary() {
        let accepted = Name::new(name).unwrap_or_else(|why| panic!("{name} is refused: {why:?}"));
        assert_eq!(accepted.as_str(), name);
        if let Some(other) = keys.insert(accepted.key(), name) {
            panic!("{name} and {other} have the same key: {:?}", accepted.key());
        }
    }
    assert!(keys.len() >= 500, "{}", keys.len());
}

/// A small generator of numbers (xorshift64*), the same everywhere for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
