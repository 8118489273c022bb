//! Long input is cut into utterances.
//!
//! What always holds: the pieces joined are the text, none is empty, and none is longer than asked for.

/// The longest character in UTF-8.
const CHARACTER_BYTES: usize = 4;

/// How far before the bound a better place to cut is looked for: a family of emoji has seven characters.
const LOOK_BACK: usize = 12;

/// Cuts `text` into pieces of at most `max` bytes (usually [`crate::limits::UTTERANCE_BYTES`]) at character
/// boundaries; a `max` below 4 is taken as 4, so that every character fits. Where a place near the bound allows it, a
/// line break `\r\n` stays whole and a piece begins neither with a joiner, a variation selector or a common
/// combining mark nor after a joiner. Grapheme clusters of other kinds may be cut.
pub fn split(text: &str, max: usize) -> impl Iterator<Item = &str> {
    let max = max.max(CHARACTER_BYTES);
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(cut(rest, max));
        rest = after;
        Some(piece)
    })
}

/// Where the first piece of `text` ends: after at least one character, as `max` is at least 4.
fn cut(text: &str, max: usize) -> usize {
    if text.len() <= max {
        return text.len();
    }
    let bound = (0..=max)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len());
    let mut at = bound;
    for c in text[..bound].chars().rev().take(LOOK_BACK) {
        if text[at..]
            .chars()
            .next()
            .is_none_or(|next| !belong_together(c, next))
        {
            return at;
        }
        at -= c.len_utf8();
    }
    bound
}

/// Whether a cut between the two would be seen.
fn belong_together(before: char, after: char) -> bool {
    (before == '\r' && after == '\n')
        || before == '\u{200D}'
        || matches!(after,
            '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}'
            | '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}' | '\u{3099}' | '\u{309A}'
            | '\u{1F3FB}'..='\u{1F3FF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::UTTERANCE_BYTES;

    fn pieces(text: &str, max: usize) -> Vec<&str> {
        split(text, max).collect()
    }

    #[test]
    fn pieces_joined_are_the_text() {
        let text = "a你\r\n👩\u{200D}🚀e\u{301}\u{302}é\u{FE0F}ก่".repeat(3) + &"\u{301}".repeat(40);
        for max in 0..=text.len() + 1 {
            let pieces = pieces(&text, max);
            assert_eq!(pieces.concat(), text, "max {max}");
            for piece in pieces {
                assert!(
                    !piece.is_empty() && piece.len() <= max.max(4),
                    "max {max}: {piece:?}"
                );
            }
        }
    }

    #[test]
    fn short_text_is_one_piece_and_empty_text_none() {
        assert_eq!(pieces("", 10), [""; 0]);
        assert_eq!(pieces("0123456789", 10), ["0123456789"]);
        assert_eq!(pieces("0123456789a", 10), ["0123456789", "a"]);
        let long = "字".repeat(1000);
        let lengths: Vec<usize> = split(&long, UTTERANCE_BYTES).map(str::len).collect();
        assert_eq!(lengths, [1023, 1023, 954]);
    }

    #[test]
    fn what_belongs_together_stays_together() {
        assert_eq!(pieces("abc\r\nd", 4), ["abc", "\r\nd"]);
        assert_eq!(pieces("abce\u{301}", 5), ["abc", "e\u{301}"]);
        assert_eq!(pieces("ab👩\u{200D}🚀c", 11), ["ab", "👩\u{200D}🚀", "c"]);
        assert_eq!(pieces("abc❤\u{FE0F}", 6), ["abc", "❤\u{FE0F}"]);
    }

    #[test]
    fn a_bound_below_a_character_is_taken_as_four() {
        assert_eq!(pieces("🚀ab", 0), ["🚀", "ab"]);
    }

    #[test]
    fn a_heap_of_marks_is_cut_all_the_same() {
        let text = "\u{301}".repeat(100);
        assert_eq!(pieces(&text, 50).concat(), text);
        assert_eq!(pieces(&text, 50).len(), 4);
    }
}
