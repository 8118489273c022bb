//! Spellings of Indic vowels that look like one letter and are not to be used for it: a name holds the letter.

use chatroom::text::{Name, NameError};

use super::key;

/// A vowel and a sign behind it, or two signs, and what these look like: `DoNotEmit.txt` of Unicode 17 (UAX #44), type
/// Indic_Vowel_Letter, from the tables of chapters 12 and 13 of the standard, in the scripts that names are written
/// in. Without [`LONGER`], and without what goes on behind a pair that is here.
#[rustfmt::skip]
pub(super) const DO_NOT_USE: &[(char, char, char)] = &[
    // Devanagari
    ('\u{905}','\u{946}','\u{904}'), ('\u{905}','\u{93E}','\u{906}'), ('\u{909}','\u{941}','\u{90A}'),
    ('\u{90F}','\u{945}','\u{90D}'), ('\u{90F}','\u{946}','\u{90E}'), ('\u{90F}','\u{947}','\u{910}'),
    ('\u{905}','\u{949}','\u{911}'), ('\u{906}','\u{945}','\u{911}'), ('\u{905}','\u{94A}','\u{912}'),
    ('\u{906}','\u{946}','\u{912}'), ('\u{905}','\u{94B}','\u{913}'), ('\u{906}','\u{947}','\u{913}'),
    ('\u{905}','\u{94C}','\u{914}'), ('\u{906}','\u{948}','\u{914}'), ('\u{905}','\u{945}','\u{972}'),
    ('\u{905}','\u{93A}','\u{973}'), ('\u{905}','\u{93B}','\u{974}'), ('\u{906}','\u{93A}','\u{974}'),
    ('\u{905}','\u{94F}','\u{975}'), ('\u{905}','\u{956}','\u{976}'), ('\u{905}','\u{957}','\u{977}'),
    // Bengali
    ('\u{985}','\u{9BE}','\u{986}'), ('\u{98B}','\u{9C3}','\u{9E0}'), ('\u{98C}','\u{9E2}','\u{9E1}'),
    // Gurmukhi
    ('\u{A05}','\u{A3E}','\u{A06}'), ('\u{A72}','\u{A3F}','\u{A07}'), ('\u{A72}','\u{A40}','\u{A08}'),
    ('\u{A73}','\u{A41}','\u{A09}'), ('\u{A73}','\u{A42}','\u{A0A}'), ('\u{A72}','\u{A47}','\u{A0F}'),
    ('\u{A05}','\u{A48}','\u{A10}'), ('\u{A73}','\u{A4B}','\u{A13}'), ('\u{A05}','\u{A4C}','\u{A14}'),
    // Gujarati
    ('\u{A85}','\u{ABE}','\u{A86}'), ('\u{A85}','\u{AC5}','\u{A8D}'), ('\u{A85}','\u{AC7}','\u{A8F}'),
    ('\u{A85}','\u{AC8}','\u{A90}'), ('\u{A85}','\u{AC9}','\u{A91}'), ('\u{A85}','\u{ACB}','\u{A93}'),
    ('\u{A85}','\u{ACC}','\u{A94}'), ('\u{AC5}','\u{ABE}','\u{AC9}'),
    // Oriya
    ('\u{B05}','\u{B3E}','\u{B06}'), ('\u{B0F}','\u{B57}','\u{B10}'), ('\u{B13}','\u{B57}','\u{B14}'),
    // Tamil
    ('\u{B85}','\u{BC2}','\u{B86}'),
    // Telugu
    ('\u{C12}','\u{C55}','\u{C13}'), ('\u{C12}','\u{C4C}','\u{C14}'), ('\u{C3F}','\u{C55}','\u{C40}'),
    ('\u{C46}','\u{C55}','\u{C47}'), ('\u{C4A}','\u{C55}','\u{C4B}'),
    // Kannada
    ('\u{C89}','\u{CBE}','\u{C8A}'), ('\u{C92}','\u{CCC}','\u{C94}'), ('\u{C8B}','\u{CBE}','\u{CE0}'),
    // Malayalam
    ('\u{D07}','\u{D57}','\u{D08}'), ('\u{D09}','\u{D57}','\u{D0A}'), ('\u{D0E}','\u{D46}','\u{D10}'),
    ('\u{D12}','\u{D3E}','\u{D13}'), ('\u{D12}','\u{D57}','\u{D14}'),
    // Sinhala
    ('\u{D85}','\u{DCF}','\u{D86}'), ('\u{D85}','\u{DD0}','\u{D87}'), ('\u{D85}','\u{DD1}','\u{D88}'),
    ('\u{D8B}','\u{DDF}','\u{D8C}'), ('\u{D8D}','\u{DD8}','\u{D8E}'), ('\u{D8F}','\u{DDF}','\u{D90}'),
    ('\u{D91}','\u{DCA}','\u{D92}'), ('\u{D91}','\u{DD9}','\u{D93}'), ('\u{D94}','\u{DDF}','\u{D96}'),
];

/// The one such spelling of three characters. Confusables (UTS #39) have it too.
const LONGER: [&str; 2] = ["\u{930}\u{94D}\u{907}", "\u{908}"];

#[test]
fn vowels_are_spelled_with_their_letters() {
    let (mut refused, mut letters) = (0, 0);
    for &(first, second, letter) in DO_NOT_USE {
        // Two signs stand on a letter.
        for before in ["", "\u{915}", "\u{A95}", "\u{C15}"] {
            let spelled = format!("{before}{first}{second}");
            assert!(Name::new(&spelled).is_err(), "{spelled:?} is {letter:?}");
            refused += usize::from(Name::new(&spelled) == Err(NameError::Compatibility));
        }
        letters += usize::from(Name::new(&format!("\u{915}{letter}")).is_ok());
    }
    assert!(refused > 200 && letters > 50, "{refused}, {letters}");
    for (first, second) in [
        ('\u{905}', '\u{902}'),
        ('\u{930}', '\u{907}'),
        ('\u{915}', '\u{93E}'),
    ] {
        let ordinary = String::from_iter([first, second]);
        assert!(Name::new(&ordinary).is_ok(), "{ordinary:?}");
    }
    assert_eq!(key(LONGER[0]), key(LONGER[1]));
}
