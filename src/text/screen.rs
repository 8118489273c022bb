//! What goes to a screen or a log passes here.
//!
//! What always holds: the output of [`harmless`] holds no control character and none that turns the direction of
//! text or hides some of it, and passing it once more changes nothing. A terminal that shows it cannot be moved,
//! cleared, retitled or made to answer.

use std::borrow::Cow;
use std::path::Path;

/// What stands where something could not be shown.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// What continuation lines begin with: no notice of the room begins so.
const INDENT: &str = "    ";

/// `text` on one line, with everything harmful made visible: C0 controls and DEL as their pictures (U+2400 to U+2421), a
/// tab as a space, C1 and invisible format characters as U+FFFD. Joiners (U+200C, U+200D) and variation
/// selectors stay: Persian and emoji are written with them.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if is_plain(text) || text.chars().all(|c| shown(c) == c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(shown).collect())
}

/// The name of a file, [`harmless`]; what is not UTF-8 is replaced.
pub fn harmless_path(path: &Path) -> String {
    harmless(&path.to_string_lossy()).into_owned()
}

/// Whether there is nothing but letters, digits, signs and spaces of ASCII. Looks at all of it, which a compiler does with
/// many bytes at a time.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| (0x20..0x7F).contains(&byte);
    text.bytes().fold(true, |all, byte| all & plain(byte))
}

/// `text` divided at its line breaks (`\n`, `\r\n`, `\r`), each line [`harmless`]. One line more than there are breaks.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.bytes().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            rest = None;
            return Some(harmless(text));
        };
        let (line, after) = text.split_at(at);
        let length = if after.starts_with("\r\n") { 2 } else { 1 };
        rest = after.get(length..);
        Some(harmless(line))
    })
}

/// The parts of a prefix (such as `小明` and ` 说：`) and the lines of `text`, without a break at the end. Lines after the
/// first are indented, so that whatever somebody says in them cannot be taken for a line of the room.
pub fn block(prefix: &[&str], text: &str) -> String {
    let length: usize = prefix.iter().map(|part| part.len()).sum();
    let mut block = String::with_capacity(length + text.len() + 1);
    for part in prefix {
        block.push_str(&harmless(part));
    }
    if is_plain(text) {
        block.push_str(text);
        return block;
    }
    for (number, line) in lines(text).enumerate() {
        if number > 0 {
            block.push('\n');
            block.push_str(INDENT);
        }
        block.push_str(&line);
    }
    block
}

/// `text` that another server wrote as it is to be shown: like [`block`], but a line that is indented already stays.
pub fn relayed(text: &str) -> String {
    let mut block = String::new();
    for (number, line) in lines(text).enumerate() {
        if number > 0 {
            block.push('\n');
            if !line.starts_with(INDENT) {
                block.push_str(INDENT);
            }
        }
        block.push_str(&line);
    }
    block
}

/// What is shown for `c`.
fn shown(c: char) -> char {
    match c {
        '\t' => ' ',
        '\0'..='\u{1F}' => char::from_u32(0x2400 + c as u32).unwrap_or(REPLACEMENT),
        '\u{7F}' => '\u{2421}',
        '\u{80}'..='\u{9F}' => REPLACEMENT,
        // Invisible, and with a meaning in ordinary text.
        '\u{200C}'
        | '\u{200D}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{180B}'..='\u{180D}'
        | '\u{180F}' => c,
        _ if is_hidden(c) => REPLACEMENT,
        _ => c,
    }
}

/// Line separators, and what is drawn as nothing: Default_Ignorable_Code_Point without that which [`shown`] keeps, and
/// the interlinear annotations.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E00FF}'
            | '\u{E01F0}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_harmful_of_all_characters_comes_out() {
        for c in '\0'..=char::MAX {
            let text = format!("a{c}b");
            let shown = harmless(&text);
            for out in shown.chars() {
                assert!(!out.is_control(), "U+{:04X} comes out as {out:?}", c as u32);
                let turns = matches!(out,
                    '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
                assert!(!turns, "U+{:04X} comes out as {out:?}", c as u32);
            }
            assert_eq!(harmless(&shown), shown, "U+{:04X}", c as u32);
            assert_eq!(
                shown.chars().count(),
                3,
                "U+{:04X} is one character",
                c as u32
            );
            assert_eq!(
                matches!(shown, Cow::Borrowed(_)),
                shown == text,
                "U+{:04X}",
                c as u32
            );
        }
    }

    #[test]
    fn controls_are_seen() {
        assert_eq!(harmless("\x1b[2J\x07"), "\u{241B}[2J\u{2407}");
        assert_eq!(harmless("a\tb\x7f\u{9b}1m"), "a b\u{2421}\u{FFFD}1m");
        assert_eq!(
            harmless("a\u{202E}b\u{2066}c\u{200B}d\u{E0041}"),
            "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}"
        );
        assert_eq!(harmless("a\nb\u{2028}c"), "a\u{240A}b\u{FFFD}c");
    }

    #[test]
    fn names_of_files_are_harmless() {
        let path = Path::new("小明/\x1b[2J\u{202E}\n");
        assert_eq!(harmless_path(path), "小明/\u{241B}[2J\u{FFFD}\u{240A}");
    }

    #[test]
    fn ordinary_text_stays() {
        for text in [
            "你好，世界",
            "می\u{200C}خواهم",
            "👩\u{200D}🚀",
            "❤\u{FE0F}",
            "葛\u{E0100}",
            "สวัสดี",
            "",
        ] {
            assert!(matches!(harmless(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn lines_break_at_all_three_breaks() {
        let all = |text| lines(text).map(Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(all("a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(all("a\n\rb\n"), ["a", "", "b", ""]);
        assert_eq!(all("a\u{85}b\u{2029}c"), ["a\u{FFFD}b\u{FFFD}c"]);
        assert_eq!(all(""), [""]);
    }

    #[test]
    fn what_another_server_wrote_is_indented_once() {
        let block = block(&["小明 说："], "早\n管理员说：\x1b停机");
        assert_eq!(relayed(&block), block);
        assert_eq!(relayed("a\nb\x07"), "a\n    b\u{2407}");
    }

    #[test]
    fn a_notice_cannot_be_faked() {
        let faked = "早\n管理员说：今晚停机\r小红 退出了聊天室";
        let shown = block(&["小明", " 说："], faked);
        assert_eq!(
            shown,
            "小明 说：早\n    管理员说：今晚停机\n    小红 退出了聊天室"
        );
        assert_eq!(block(&["a\n"], ""), "a\u{240A}");
    }
}
