//! Colours, if any: few, and readable on a dark screen and on a light one.

use crate::cli::Color;
use std::env;

/// Colours of names out of the 256 that terminals have: each has a contrast of at least 3.5 : 1 (WCAG 2.2, relative
/// luminance) to black and to white.
const NAMES: [u8; 12] = [160, 166, 130, 100, 64, 28, 30, 32, 27, 99, 133, 162];
/// The same where a terminal has but eight.
const NAMES_OF_EIGHT: [u8; 5] = [31, 32, 34, 35, 36];

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// No escape sequences at all.
    Plain,
    /// Eight colours.
    Eight,
    /// 256 colours.
    Many,
}

impl Style {
    /// What the terminal can do, and the person wants.
    pub(super) fn new(color: Color) -> Style {
        let variable = |name| env::var_os(name).unwrap_or_default();
        let term = variable("TERM");
        let wanted = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => variable("NO_COLOR").is_empty() && term != "dumb",
        };
        let many = term.to_string_lossy().contains("256color")
            || !variable("COLORTERM").is_empty()
            || term.to_string_lossy().contains("kitty");
        match (wanted, many) {
            (false, _) => Style::Plain,
            (true, false) => Style::Eight,
            (true, true) => Style::Many,
        }
    }

    fn dress(self, codes: &str, text: &str) -> String {
        match self {
            Style::Plain => text.to_owned(),
            _ => format!("\x1b[{codes}m{text}\x1b[0m"),
        }
    }

    /// A name in its colour, which is the same on every screen.
    pub(super) fn name(self, name: &str) -> String {
        let hash = fnv(name.as_bytes());
        let of = |count: usize| (hash % count as u64) as usize;
        match self {
            Style::Plain => name.to_owned(),
            Style::Eight => self.dress(&NAMES_OF_EIGHT[of(NAMES_OF_EIGHT.len())].to_string(), name),
            Style::Many => self.dress(&format!("38;5;{}", NAMES[of(NAMES.len())]), name),
        }
    }

    /// One's own name, the operator's words, a notice's mark.
    pub(super) fn strong(self, text: &str) -> String {
        self.dress("1", text)
    }

    /// What matters less.
    pub(super) fn quiet(self, text: &str) -> String {
        self.dress("2", text)
    }

    /// One's name in what another says.
    pub(super) fn mention(self, text: &str) -> String {
        self.dress("1;7", text)
    }

    /// The mark of what went wrong.
    pub(super) fn wrong(self, text: &str) -> String {
        self.dress("1;31", text)
    }

    /// The mark of what went well.
    pub(super) fn right(self, text: &str) -> String {
        self.dress("32", text)
    }
}

/// FNV-1a: no more is asked of it than to be the same everywhere.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour of the 6 × 6 × 6 cube.
    fn luminance(color: u8) -> f64 {
        let levels = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0];
        let at = usize::from(color - 16);
        let linear = |level: usize| {
            let part: f64 = levels[level] / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(at / 36) + 0.7152 * linear(at / 6 % 6) + 0.0722 * linear(at % 6)
    }

    #[test]
    fn names_are_readable_on_black_and_on_white() {
        for color in NAMES {
            let own = luminance(color) + 0.05;
            assert!(own / 0.05 >= 3.5, "{color} on black: {}", own / 0.05);
            assert!(1.05 / own >= 3.5, "{color} on white: {}", 1.05 / own);
        }
    }

    #[test]
    fn a_name_has_one_colour_and_names_have_many() {
        let colors: std::collections::BTreeSet<String> = (0..100)
            .map(|number| {
                Style::Many
                    .name(&number.to_string())
                    .replace(&format!("m{number}\x1b"), "")
            })
            .collect();
        assert_eq!(colors.len(), NAMES.len());
        assert_eq!(Style::Many.name("小明"), Style::Many.name("小明"));
        assert_eq!(Style::Plain.name("小明"), "小明");
    }
}
