//! Names: which are allowed, and when two are taken for the same.
//!
//! What always holds: a [`Name`] is within its bounds, unchanged by NFKC (Thai and Lao AM excepted), without anything
//! invisible or symbolic, and none of the words that the room itself speaks under. Two names that look alike
//! have equal keys ([`Name::key`]); an accent makes another letter of one, composed or not.
//!
//! Everything here depends on `tables` alone, not on the standard library's Unicode version, so that
//! all peers and all builds agree on what a name is.

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::tables::{BARE, BASES, COMBINING, COMPOSED, FOLDS, FORMS, LETTERS, MARKS};
use crate::limits::{NAME_BYTES, NAME_CHARS};

/// What may stand between the letters of a name, and is not looked at when names are compared: space, hyphen,
/// underscore, full stop, apostrophes (also as telephones and Hawaiian write it), middle dots (Chinese and
/// Japanese ones), Tibetan tsheg.
pub const SEPARATORS: &str = " -_.'’ʻʼ·・་";

/// Words under which the room itself speaks, or which claim to be in charge of it.
const RESERVED: &[&str] = &[
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

/// Beginnings that are reserved: nobody is to speak as `管理员小王`.
const RESERVED_BEGINNINGS: &[&str] = &["管理员", "管理員"];

/// Marks on one letter, at most: more than any script needs, fewer than cover the neighbouring lines.
const MARKS_IN_A_ROW: usize = 6;

/// The same for marks of [`is_diacritic`], besides the one or two that the letter is composed with: one for the quality
/// of a vowel and one for its tone.
const DIACRITICS_IN_A_ROW: usize = 2;

static RESERVED_KEYS: LazyLock<Vec<String>> =
    LazyLock::new(|| RESERVED.iter().map(|word| fold(word)).collect());
static RESERVED_BEGINNING_KEYS: LazyLock<Vec<String>> =
    LazyLock::new(|| RESERVED_BEGINNINGS.iter().map(|word| fold(word)).collect());

/// A name that is allowed. Compared by its exact text; by [`Name::key`] where looks count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// What a name is compared by: equal for names that differ only in case, spaces and other
/// [`SEPARATORS`], or characters that look alike (UTS #39; ď and d' besides). A few pairs of case stay apart, those of which
/// each looks like another letter: Greek Ν is like N, ν like v, and Ana is not Ava.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Box<str>);

/// Why a name is not allowed. Its number travels on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameError {
    /// No letter and no digit in it.
    Empty = 1,
    /// More than [`NAME_CHARS`] characters or [`NAME_BYTES`] bytes.
    TooLong = 2,
    /// A character that names do not hold (control, invisible, symbol, ...), or a mark without a letter, a mark
    /// twice, too many marks.
    Character = 3,
    /// A form of another character (full-width, ligature, ...), or a sequence that NFKC composes or reorders, or an Indic
    /// vowel in two parts that has a letter.
    Compatibility = 4,
    /// A space at the beginning, at the end, twice in a row, or other than U+0020.
    Spacing = 5,
    /// Holds `说：`, which divides the speaker from the words.
    SayMark = 6,
    /// Is, or looks like, a name that the room itself uses.
    Reserved = 7,
    /// Letters of both directions, or digits before the letters of a name written from right to left, or an
    /// apostrophe or dot in one: on the screen they could not be told from another name.
    Direction = 8,
}

impl Name {
    /// Checks a name as a person wrote it. The first reason that is found is the error.
    pub fn new(text: &str) -> Result<Name, NameError> {
        // First, so that what follows is bounded.
        if text.len() > NAME_BYTES || text.chars().count() > NAME_CHARS {
            return Err(NameError::TooLong);
        }
        if text.contains("说：") {
            return Err(NameError::SayMark);
        }
        text.chars().try_for_each(check_character)?;
        if !text.chars().any(|c| contains(LETTERS, c)) {
            return Err(NameError::Empty);
        }
        if text.starts_with(' ') || text.ends_with(' ') || text.contains("  ") {
            return Err(NameError::Spacing);
        }
        check_marks(text)?;
        check_composed(text)?;
        if mixes_directions(text) {
            return Err(NameError::Direction);
        }
        let key = fold(text);
        let begins = |beginning: &String| key.starts_with(beginning);
        if RESERVED_KEYS.contains(&key) || RESERVED_BEGINNING_KEYS.iter().any(begins) {
            return Err(NameError::Reserved);
        }
        Ok(Name(text.into()))
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the name is compared by.
    pub fn key(&self) -> NameKey {
        NameKey(fold(&self.0).into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl NameError {
    /// Every reason, in the order of the codes.
    pub const ALL: [NameError; 8] = [
        NameError::Empty,
        NameError::TooLong,
        NameError::Character,
        NameError::Compatibility,
        NameError::Spacing,
        NameError::SayMark,
        NameError::Reserved,
        NameError::Direction,
    ];

    /// The number on the wire, from 1.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this number, if there is one.
    pub fn from_code(code: u8) -> Option<NameError> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// Whether `c` may stand in a name at all.
fn check_character(c: char) -> Result<(), NameError> {
    match c {
        _ if SEPARATORS.contains(c) || contains(LETTERS, c) || contains(MARKS, c) => Ok(()),
        // The spaces of category Zs.
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            Err(NameError::Spacing)
        }
        _ if contains(FORMS, c) => Err(NameError::Compatibility),
        _ => Err(NameError::Character),
    }
}

/// Marks stand on letters, not twice and not in heaps: a heap hides other text, a double cannot be seen.
fn check_marks(text: &str) -> Result<(), NameError> {
    let chars: Vec<char> = text.chars().collect();
    let mut letters = chars.chunk_by(|_, &next| contains(MARKS, next));
    let bears = |(&letter, marks): (&char, &[char])| bears(letter, marks);
    if letters.all(|with_marks| with_marks.split_first().is_none_or(bears)) {
        Ok(())
    } else {
        Err(NameError::Character)
    }
}

/// Whether `marks` may stand on `letter`: on Latin and Cyrillic letters those that belong to no script, on others those
/// of the scripts, on letters of scripts without marks none: what a foreign mark looks like there, if anything,
/// is up to the font.
fn bears(letter: char, marks: &[char]) -> bool {
    let twice = marks.windows(2).any(|two| two[0] == two[1]);
    if contains(MARKS, letter) {
        // Only where the text begins with it.
        false
    } else if marks.is_empty() {
        true
    } else if contains(BASES, letter) {
        let few = marks.len() <= DIACRITICS_IN_A_ROW;
        few && !twice && marks.iter().copied().all(is_diacritic)
    } else {
        let bare = SEPARATORS.contains(letter) || contains(BARE, letter);
        let few = marks.len() <= MARKS_IN_A_ROW;
        few && !twice && !bare && !marks.iter().copied().any(is_diacritic)
    }
}

/// The block Combining Diacritical Marks (UAX #44, Blocks.txt), of which [`MARKS`] has nine.
fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

/// Refuses a sequence that normalization would compose or reorder (and a few that it would leave because something
/// stands between), and vowels that Unicode says are not to be spelled so: without it one name could be written in two
/// ways.
fn check_composed(text: &str) -> Result<(), NameError> {
    let mut starter = ' ';
    let mut class_before = 0;
    for c in text.chars() {
        let class = combining_class(c);
        let composes = COMPOSED.binary_search(&(starter as u32, c as u32)).is_ok();
        if composes || (class != 0 && class < class_before) {
            return Err(NameError::Compatibility);
        }
        if class == 0 {
            starter = c;
        }
        class_before = class;
    }
    Ok(())
}

/// Whether the bidirectional algorithm could show the name as it shows another one. A name written from right to left
/// has such letters only; European digits come after the first of them (`1א` and `א1` look the same); and it
/// has no apostrophes and dots, which look like yod and the Arabic zeros.
fn mixes_directions(text: &str) -> bool {
    let is_letter =
        |c: char| is_right_to_left(c) && !is_european_digit(c) && !matches!(c, '٠'..='٩');
    if !text.chars().any(is_right_to_left) {
        return false;
    }
    let first_letter = text.chars().position(is_letter).unwrap_or(0);
    text.chars().enumerate().any(|(at, c)| match c {
        _ if is_european_digit(c) => at < first_letter,
        ' ' | '-' | '_' => false,
        _ => !is_right_to_left(c),
    })
}

/// The blocks that Unicode keeps for scripts written from right to left.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// The digits of bidirectional class EN: ASCII and Persian.
fn is_european_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '\u{6F0}'..='\u{6F9}')
}

/// Folds case, look-alikes and separators away. Total: also defined for what is not a name.
fn fold(text: &str) -> String {
    let mut folded: Vec<char> = Vec::with_capacity(text.len());
    for c in text.chars().filter(|&c| !SEPARATORS.contains(c)) {
        for part in hangul_parts(c).into_iter().flatten() {
            match FOLDS.binary_search_by_key(&(part as u32), |entry| entry.0) {
                Ok(at) => folded.extend(FOLDS[at].1.chars()),
                Err(_) => folded.push(part),
            }
        }
    }
    // Marks that are drawn at one letter: their order does not show, nor does a double.
    let is_combining = |c: &char| combining_class(*c) != 0;
    for run in folded.chunk_by_mut(|a, b| is_combining(a) && is_combining(b)) {
        run.sort_unstable();
    }
    folded.dedup_by(|a, b| a == b && is_combining(a));
    without_apostrophes(&folded)
}

/// Drops the caron (which is folded to a breve) of ď, ť, ľ and Ľ: it is drawn as an apostrophe (Unicode, section 7.1),
/// and apostrophes are separators. l is the same as I and i, so theirs go too.
fn without_apostrophes(folded: &[char]) -> String {
    let letters = folded.chunk_by(|_, &next| combining_class(next) != 0);
    let shown = letters.flat_map(|with_marks| {
        let like_an_apostrophe = matches!(with_marks, ['d' | 't' | 'i', ..]);
        let drawn = move |c: &char| !(like_an_apostrophe && *c == '\u{306}');
        with_marks.iter().copied().filter(drawn)
    });
    shown.collect()
}

/// A Hangul syllable taken apart (Unicode, section 3.12), or the character itself.
fn hangul_parts(c: char) -> [Option<char>; 3] {
    const SYLLABLES: u32 = 0xAC00;
    const TRAILS: u32 = 28;
    const VOWELS_TRAILS: u32 = 21 * TRAILS;
    if !matches!(c, '\u{AC00}'..='\u{D7A3}') {
        return [Some(c), None, None];
    }
    let index = c as u32 - SYLLABLES;
    let trail = index % TRAILS;
    [
        char::from_u32(0x1100 + index / VOWELS_TRAILS),
        char::from_u32(0x1161 + index % VOWELS_TRAILS / TRAILS),
        if trail == 0 {
            None
        } else {
            char::from_u32(0x11A7 + trail)
        },
    ]
}

/// The canonical combining class, for characters that names and keys hold.
fn combining_class(c: char) -> u8 {
    let after = COMBINING.partition_point(|range| range.0 <= c as u32);
    let range = after.checked_sub(1).and_then(|at| COMBINING.get(at));
    range
        .filter(|range| c as u32 <= range.1)
        .map_or(0, |range| range.2)
}

fn contains(ranges: &[(u32, u32)], c: char) -> bool {
    let after = ranges.partition_point(|range| range.0 <= c as u32);
    let range = after.checked_sub(1).and_then(|at| ranges.get(at));
    range.is_some_and(|range| c as u32 <= range.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_names_are_refused_with_the_reason() {
        use NameError::*;
        let bad = [
            ("", Empty),
            (" ", Empty),
            ("-.-", Empty),
            ("a23456789012345678901234567890123", TooLong),
            ("一二三四五六七八九十一二三四五六七八九十一二", TooLong),
            ("a\0b", Character),
            ("a\x1b[2J", Character),
            ("a\nb", Character),
            ("a\r\nb", Character),
            ("a\u{2028}b", Character),
            ("a\tb", Character),
            ("a\u{202E}b", Character),
            ("a\u{2066}b", Character),
            ("a\u{200B}b", Character),
            ("a\u{200D}b", Character),
            ("a\u{FEFF}b", Character),
            ("a\u{AD}b", Character),
            ("a\u{E000}b", Character),
            ("a\u{378}b", Character),
            ("a\u{E0041}b", Character),
            ("a\u{FE0F}", Character),
            ("😀", Character),
            ("a=b", Character),
            ("小明：", Character),
            ("1\u{301}", Character),
            ("字\u{301}", Character),
            ("α\u{301}", Character),
            ("a-\u{301}", Character),
            ("\u{301}a", Character),
            ("e\u{306}", Character),
            ("ɛ\u{301}\u{301}", Character),
            ("ɛ\u{331}\u{303}\u{301}", Character),
            ("o\u{947}", Character),
            ("1\u{E48}", Character),
            ("系统\u{17D2}", Character),
            ("admin\u{1A60}", Character),
            ("\u{E48}\u{E49}ก", Character),
            ("ɛ\u{E48}\u{301}", Character),
            ("ก\u{301}", Character),
            ("ɛ\u{301}\u{E48}", Character),
            ("\u{E48}ก", Character),
            ("ก \u{E48}", Character),
            ("ก\u{E48}\u{E48}", Character),
            ("ａｄａ", Compatibility),
            ("ﬁona", Compatibility),
            ("ｱｷﾗ", Compatibility),
            ("𝐀da", Compatibility),
            ("①", Compatibility),
            ("\u{F900}", Compatibility),
            ("\u{212B}sa", Compatibility),
            ("न\u{93C}", Compatibility),
            ("अ\u{93E}", Compatibility),
            ("ऒम\u{94D}अ\u{94B}", Compatibility),
            ("e\u{301}", Compatibility),
            ("ọ\u{302}", Compatibility),
            ("é\u{323}", Compatibility),
            ("é\u{301}", Compatibility),
            ("ɛ\u{301}\u{331}", Compatibility),
            ("а\u{308}", Compatibility),
            ("क\u{94D}\u{93C}", Compatibility),
            (" ada", Spacing),
            ("ada ", Spacing),
            ("ada  b", Spacing),
            ("ada\u{3000}b", Spacing),
            ("ada\u{A0}b", Spacing),
            ("小明 说：大家好", SayMark),
            ("小明说：", SayMark),
            ("管理员", Reserved),
            ("管理員 小王", Reserved),
            ("A.d.m.i.n", Reserved),
            ("rооt", Reserved),
            ("aďmin", Reserved),
            ("rooť", Reserved),
            ("aא", Direction),
            ("1א", Direction),
            ("שי'", Direction),
            ("a٣", Direction),
        ];
        for (name, why) in bad {
            assert_eq!(Name::new(name), Err(why), "{name:?}");
        }
    }

    #[test]
    fn names_at_the_bounds_are_accepted() {
        assert!(Name::new(&"x".repeat(NAME_CHARS)).is_ok());
        assert!(Name::new(&"é".repeat(NAME_BYTES / 2)).is_ok());
        assert!(Name::new(&"字".repeat(NAME_BYTES / 3)).is_ok());
        assert!(Name::new("ก\u{E34}\u{E48}").is_ok());
        assert_eq!(
            Name::new(&format!("ก{}", "\u{E34}\u{E48}".repeat(4))),
            Err(NameError::Character)
        );
    }

    #[test]
    fn codes_come_back() {
        for code in 0..=u8::MAX {
            match NameError::from_code(code) {
                Some(why) => assert_eq!(why.code(), code),
                None => assert!(code == 0 || usize::from(code) > NameError::ALL.len()),
            }
        }
    }

    #[test]
    fn tables_are_sorted() {
        for ranges in [LETTERS, MARKS, BASES, BARE, FORMS] {
            assert!(ranges.iter().all(|range| range.0 <= range.1));
            assert!(ranges.windows(2).all(|two| two[0].1 < two[1].0));
        }
        assert!(
            COMBINING
                .iter()
                .all(|range| range.0 <= range.1 && range.2 > 0)
        );
        assert!(COMBINING.windows(2).all(|two| two[0].1 < two[1].0));
        assert!(COMPOSED.windows(2).all(|two| two[0] < two[1]));
        assert!(FOLDS.windows(2).all(|two| two[0].0 < two[1].0));
    }

    #[test]
    fn a_key_folds_to_itself() {
        for (_, folded) in FOLDS {
            assert_eq!(fold(&fold(folded)), fold(folded));
            let folds = |c: char| FOLDS.binary_search_by_key(&(c as u32), |entry| entry.0);
            assert!(folded.chars().all(|c| folds(c).is_err()), "{folded:?}");
        }
        assert_eq!(fold("한"), fold("\u{1112}\u{1161}\u{11AB}"));
        assert_ne!(fold("하"), fold("한"));
    }

    #[test]
    fn accents_and_letters_are_told_apart() {
        let names = [
            "ha", "hà", "há", "hạ", "hã", "ban", "bán", "lan", "tan", "nan", "van", "ran", "yan",
        ];
        for (at, a) in names.iter().enumerate() {
            for b in &names[at + 1..] {
                assert_ne!(fold(a), fold(b), "{a} and {b}");
            }
        }
    }

    #[test]
    fn the_order_of_marks_does_not_show() {
        assert_eq!(fold("ė\u{93C}"), fold("ẹ\u{7ED}"));
        assert_eq!(fold("ẹ\u{93C}"), fold("ẹ"));
        assert_ne!(fold("ê"), fold("ệ"));
    }

    #[test]
    fn a_name_is_shown_as_written() {
        let name = Name::new("Jean-Paul").expect("an ordinary name");
        assert_eq!(name.to_string(), "Jean-Paul");
        assert_eq!(name, Name::new("Jean-Paul").expect("an ordinary name"));
        assert_ne!(name, Name::new("jean paul").expect("an ordinary name"));
    }
}
