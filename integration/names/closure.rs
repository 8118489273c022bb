//! What a name may hold and what it is folded to, from the character data of the development dependencies.
//!
//! What always holds: the accepted characters are chosen here and nowhere else, and the fold is one
//! substitution of characters that is closed under canonical decomposition, the confusables of UTS #39
//! and case (except [`Closure::unfolded`]). Closed means: it makes no difference in which order or
//! how often these are applied to a name before it is folded.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::{GeneralSecurityProfile, skeleton};

use chatroom::text::name::SEPARATORS;

/// Thai and Lao AM: NFKC takes them apart, but ordinary names (น้ำฝน) are not written without them. Their
/// first halves ([`NIKHAHIT`]) are not accepted, so that there is still one way to write each name.
pub(super) const AM: [char; 2] = ['\u{E33}', '\u{EB3}'];

const NIKHAHIT: [char; 2] = ['\u{E4D}', '\u{ECD}'];

/// Letters and digits that UTS #39 likens to an apostrophe or a full stop: Hebrew yod, double yod, Arabic zeros.
/// A fold that dropped them as it drops separators would take רות for רותי; instead these separators
/// are not accepted in names written from right to left, and stand here for the first of their look-alikes.
const NOT_SEPARATORS: [char; 4] = ['\u{5D9}', '\u{5F2}', '\u{660}', '\u{6F0}'];

/// Marks that stand on letters of [`is_base`], for tone, length and nasality: those that CLDR's exemplar characters of
/// African, Baltic and Cyrillic orthographies use on letters that no single character holds (Yoruba ẹ́, Basaa ɛ̌, Nuer ɛ̱̈,
/// Lithuanian ė̃, Mansi ы̄). Not the cedilla (Kako ɛ̧): at the size of text it is an ogonek.
pub(super) const DIACRITICS: [char; 9] = [
    '\u{300}', '\u{301}', '\u{302}', '\u{303}', '\u{304}', '\u{308}', '\u{30C}', '\u{323}',
    '\u{331}',
];

/// Whether `c` alone is a fixed point of NFKC.
pub(super) fn stable(c: char) -> bool {
    std::iter::once(c).nfkc().eq(std::iter::once(c))
}

/// Whether `c` is a nonspacing or a spacing mark.
pub(super) fn is_mark(c: char) -> bool {
    matches!(
        c.general_category(),
        Category::NonspacingMark | Category::SpacingMark
    )
}

/// Whether `c` is a letter of any kind or a decimal digit.
pub(super) fn is_letter_or_digit(c: char) -> bool {
    use Category::*;
    matches!(
        c.general_category(),
        UppercaseLetter
            | LowercaseLetter
            | TitlecaseLetter
            | ModifierLetter
            | OtherLetter
            | DecimalNumber
    )
}

/// Whether `c`, which a name may hold, is a letter that [`DIACRITICS`] may stand on.
pub(super) fn is_base(c: char) -> bool {
    is_letter_or_digit(c) && matches!(c.script(), Script::Latin | Script::Cyrillic)
}

/// Whether a name may hold `c`, before those that look like separators are taken away.
fn candidate(c: char) -> bool {
    use IdentifierType::*;
    if AM.contains(&c) {
        return true;
    }
    if SEPARATORS.contains(c) || NIKHAHIT.contains(&c) || !stable(c) {
        return false;
    }
    if is_mark(c) {
        // A mark of no script of its own goes on anything: one uses the precomposed letters, and few such marks.
        let own = !matches!(c.script(), Script::Common | Script::Inherited);
        return (own || DIACRITICS.contains(&c))
            && matches!(c.identifier_type(), Some(Recommended | Limited_Use));
    }
    // Uncommon use: the rare ideographs of family names. Dead scripts and phonetic signs stay outside.
    is_letter_or_digit(c)
        && matches!(
            c.identifier_type(),
            Some(Recommended | Inclusion | Limited_Use | Uncommon_Use)
        )
}

/// One-character case variants, by the standard library's data. Marks have none that matter.
pub(super) fn case_variants(c: char) -> Vec<char> {
    let mut found = Vec::new();
    if !is_mark(c) {
        let (lower, upper): (Vec<_>, Vec<_>) =
            (c.to_lowercase().collect(), c.to_uppercase().collect());
        for variant in [lower, upper] {
            if variant.len() == 1 && variant[0] != c {
                found.push(variant[0]);
            }
        }
    }
    found
}

/// The fold in the making: classes of equal characters, of which some are spelled with others.
#[derive(Default)]
pub(super) struct Closure {
    parent: BTreeMap<char, char>,
    spelled: BTreeMap<char, Vec<char>>,
    nodes: BTreeSet<char>,
    /// Pairs of case that are not folded, because that would make two different ASCII letters equal (Ν looks
    /// like N and ν like v), or an accent nothing.
    pub(super) unfolded: Vec<(char, char)>,
}

impl Closure {
    /// The closure over everything that `accepted` and the separators lead to.
    fn new(accepted: &[char]) -> Closure {
        let mut closure = Closure::default();
        let mut forced = Vec::new();
        let mut cases = BTreeSet::new();
        let mut todo: Vec<char> = accepted.iter().copied().chain(SEPARATORS.chars()).collect();
        while let Some(c) = todo.pop() {
            if !closure.nodes.insert(c) {
                continue;
            }
            for variant in case_variants(c) {
                todo.push(variant);
                cases.insert((c.min(variant), c.max(variant)));
            }
            let mut words = vec![c.nfd().collect::<Vec<char>>()];
            words.push(if NOT_SEPARATORS.contains(&c) {
                let letter = |c| match c {
                    '\'' => '\u{5D9}',
                    '.' => '\u{660}',
                    c => c,
                };
                skeleton(c.encode_utf8(&mut [0; 4])).map(letter).collect()
            } else {
                skeleton(c.encode_utf8(&mut [0; 4])).collect()
            });
            for word in words.into_iter().filter(|word| *word != [c]) {
                todo.extend(&word);
                forced.push((c, word));
            }
        }
        // Short ones first: the parts of a long spelling are then known before it.
        forced.sort_by_key(|(c, word)| (word.len(), *c));
        for separator in SEPARATORS.chars() {
            closure.equate(&[separator], &[]);
        }
        while forced
            .iter()
            .fold(false, |any, (c, word)| closure.equate(&[*c], word) || any)
        {}
        // ASCII, which nothing may keep from folding, then Cyrillic, of which Greek shares letters.
        let mut cases: Vec<(char, char)> = cases.into_iter().collect();
        cases.sort_by_key(|pair| {
            (
                !pair.0.is_ascii(),
                pair.0.script() != Script::Cyrillic,
                *pair,
            )
        });
        for (a, b) in cases {
            if a.is_ascii() || closure.harmless(a, b) {
                closure.equate(&[a], &[b]);
            } else {
                closure.unfolded.push((a, b));
            }
        }
        closure
    }

    /// What `word` is folded to.
    pub(super) fn fold(&self, word: &[char]) -> Vec<char> {
        let mut folded = Vec::new();
        for &c in word {
            let root = self.root(c);
            match self.spelled.get(&root) {
                Some(spelled) => folded.extend(self.fold(spelled)),
                None => folded.push(root),
            }
        }
        let is_combining = |c: &char| canonical_combining_class(*c) != 0;
        for run in folded.chunk_by_mut(|a, b| is_combining(a) && is_combining(b)) {
            run.sort();
        }
        folded.dedup_by(|a, b| a == b && is_combining(a));
        folded
    }

    fn root(&self, mut c: char) -> char {
        while let Some(&parent) = self.parent.get(&c) {
            c = parent;
        }
        c
    }

    /// Whether folding the case of `a` and `b` leaves ASCII letters and accents apart.
    fn harmless(&self, a: char, b: char) -> bool {
        let (a, b) = (self.fold(&[a]), self.fold(&[b]));
        let is_ascii = |c: char| {
            let mut ascii = self
                .nodes
                .iter()
                .filter(|node| node.is_ascii_alphanumeric());
            ascii.any(|&node| self.fold(&[node]) == [c])
        };
        match difference(&a, &b) {
            ([], []) => true,
            ([a], [b]) => !(is_ascii(*a) && is_ascii(*b)),
            ([one], many) | (many, [one]) if many.len() > 1 && !many.contains(one) => {
                !is_ascii(*one) || !many.iter().all(|&c| is_ascii(c))
            }
            _ => false,
        }
    }

    /// Makes two words equal. True if they were not.
    fn equate(&mut self, a: &[char], b: &[char]) -> bool {
        let (a, b) = (self.fold(a), self.fold(b));
        match difference(&a, &b) {
            ([], []) => return false,
            ([], rest) | (rest, []) => {
                for &c in rest {
                    self.spelled.insert(c, Vec::new());
                }
            }
            ([a], [b]) => {
                let rank = |c: char| (!c.is_ascii_lowercase(), !c.is_ascii(), c);
                let (kept, merged) = if rank(*a) < rank(*b) {
                    (*a, *b)
                } else {
                    (*b, *a)
                };
                self.parent.insert(merged, kept);
            }
            ([one], many) | (many, [one]) if !many.contains(one) => {
                self.spelled.insert(*one, many.to_vec());
            }
            (a, b) => panic!(
                "no way to make {a:?} and {b:?} equal: the data of a new Unicode version needs a rule"
            ),
        }
        true
    }
}

/// What is left of two words without what they begin and end with alike.
fn difference<'a>(mut a: &'a [char], mut b: &'a [char]) -> (&'a [char], &'a [char]) {
    while let ([x, after_a @ ..], [y, after_b @ ..]) = (a, b) {
        if x != y {
            break;
        }
        (a, b) = (after_a, after_b);
    }
    while let ([before_a @ .., x], [before_b @ .., y]) = (a, b) {
        if x != y {
            break;
        }
        (a, b) = (before_a, before_b);
    }
    (a, b)
}

/// Every accepted character but the separators, and the closure of the fold over them.
pub(super) fn accepted() -> (Vec<char>, Closure) {
    let candidates: Vec<char> = ('\0'..=char::MAX).filter(|&c| candidate(c)).collect();
    let closure = Closure::new(&candidates);
    // Whatever folds to nothing looks like a separator.
    let accepted = candidates
        .into_iter()
        .filter(|&c| !closure.fold(&[c]).is_empty())
        .collect();
    (accepted, closure)
}
