//! The texts of a script: what stands in braces, and the matching of lines.

use std::fmt;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// `{*}`: any run of characters.
    Any,
    /// `{1..1000}`: each number in turn.
    Range(u32, u32),
}

/// A text of a script, for one line or, with a range in it, for many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    parts: Vec<Part>,
    source: String,
}

/// One line that is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// What stands between the `{*}`.
    segments: Vec<String>,
}

impl Text {
    pub(crate) fn parse(source: &str) -> Result<Text, String> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some(at) = rest.find('{') {
            let (literal, after) = rest.split_at(at);
            let end = after.find('}').ok_or("a { without its }")?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.into()));
            }
            parts.push(brace(&after[1..end])?);
            rest = &after[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.into()));
        }
        let ranges = parts.iter().filter(|p| matches!(p, Part::Range(..)));
        if ranges.count() > 1 {
            return Err("more than one range".into());
        }
        let source = source.into();
        Ok(Text { parts, source })
    }

    /// The lines that it stands for, as patterns.
    pub(crate) fn patterns(&self) -> Vec<Pattern> {
        let range = self.parts.iter().find_map(|part| match part {
            Part::Range(first, last) => Some((*first, *last)),
            _ => None,
        });
        let (first, last) = range.unwrap_or((0, 0));
        (first..=last).map(|number| self.pattern(number)).collect()
    }

    fn pattern(&self, number: u32) -> Pattern {
        let mut segments = vec![String::new()];
        for part in &self.parts {
            let last = segments.len() - 1;
            match part {
                Part::Literal(text) => segments[last] += text,
                Part::Range(..) => segments[last] += &number.to_string(),
                Part::Any => segments.push(String::new()),
            }
        }
        Pattern { segments }
    }

    /// The lines that it stands for, to be typed.
    pub(crate) fn lines(&self) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        for pattern in self.patterns() {
            match <[String; 1]>::try_from(pattern.segments) {
                Ok([line]) => lines.push(line),
                Err(_) => return Err("{*} cannot be typed".into()),
            }
        }
        Ok(lines)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn brace(inside: &str) -> Result<Part, String> {
    let wrong = || format!("{{{inside}}} is none of {{*}}, {{TEXT*N}}, {{A..B}}, {{U+XXXX}}");
    if inside == "*" {
        return Ok(Part::Any);
    }
    if let Some(code) = inside.strip_prefix("U+") {
        let c = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        return c.map(|c| Part::Literal(c.to_string())).ok_or_else(wrong);
    }
    if let Some((first, last)) = inside.split_once("..") {
        return match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Part::Range(first, last)),
            _ => Err(wrong()),
        };
    }
    let (text, count) = inside.rsplit_once('*').ok_or_else(wrong)?;
    let count: usize = count.parse().map_err(|_| wrong())?;
    Ok(Part::Literal(text.repeat(count)))
}

impl Pattern {
    /// Whether it is the whole line.
    pub(crate) fn matches(&self, line: &str) -> bool {
        let [first, middle @ .., last] = &self.segments[..] else {
            return self.segments.first().is_some_and(|only| only == line);
        };
        let Some(mut rest) = line.strip_prefix(first.as_str()) else {
            return false;
        };
        for segment in middle {
            let Some(at) = rest.find(segment.as_str()) else {
                return false;
            };
            rest = &rest[at + segment.len()..];
        }
        rest.ends_with(last.as_str())
    }

    /// Whether the line contains it.
    pub(crate) fn is_in(&self, line: &str) -> bool {
        let mut segments = self.segments.clone();
        segments.insert(0, String::new());
        segments.push(String::new());
        Pattern { segments }.matches(line)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("{*}"))
    }
}

#[test]
fn texts_stand_for_lines() {
    let lines = |text: &str| Text::parse(text).and_then(|text| text.lines());
    assert_eq!(
        lines("a{1..3}b"),
        Ok(vec!["a1b".into(), "a2b".into(), "a3b".into()])
    );
    assert_eq!(lines("{ab*2}{U+0041}"), Ok(vec!["ababA".into()]));
    for wrong in ["{", "{x}", "{3..1}", "{1..2}{1..2}", "{U+D800}", "{*}"] {
        assert!(lines(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn patterns_match_whole_lines() {
    let matches = |text: &str, line: &str| Text::parse(text).unwrap().pattern(0).matches(line);
    assert!(matches("a{*}c", "abc") && matches("a{*}c", "ac") && matches("{*}", ""));
    assert!(matches("{*}b{*}", "abc") && matches("abc", "abc"));
    assert!(!matches("ab", "abc") && !matches("a{*}a", "a") && !matches("a{*}c", "abcd"));
    assert!(Text::parse("b").unwrap().pattern(0).is_in("abc"));
}
