//! The classroom's text protocol: one request or answer a datagram, UTF-8. PROTOCOL.md has a chapter on it.
//!
//! What always holds here: nothing that a server says reads as a request, so two servers cannot be set upon each
//! other. Names end at the first space; the text of a [`Request::Say`] is all that follows the second one. As in C, a
//! zero byte ends a datagram; one line break at the end, as `fgets` leaves it, does not count.

use super::Malformed;
use std::borrow::Cow;

/// The answer to a login: in. Any other answer is a refusal, and says why.
pub const OK: &str = "OK";
/// To one who leaves: goodbye. Course clients end when they read it.
pub const EXIT: &str = "EXIT";
/// The shortest refusal, for an address that may have nothing longer.
pub const NO: &str = "NO";

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// `L NAME`: to come in. What of the name is not UTF-8 is replaced: it is to be refused in words.
    Login(Cow<'a, str>),
    /// `C NAME text`: to say this to everyone else; it may be empty.
    Say(&'a str, &'a str),
    /// `Q NAME`, `E NAME` or `QNAME`: to leave.
    Quit(&'a str),
}

impl<'a> Request<'a> {
    /// Reads a datagram.
    pub fn read(bytes: &'a [u8]) -> Result<Request<'a>, Malformed> {
        let content = without_break(until_zero(bytes));
        let (verb, rest) = content.split_first().ok_or(Malformed::Short)?;
        match (verb, rest) {
            (b'L', [b' ', name @ ..]) => {
                Ok(Request::Login(String::from_utf8_lossy(first_word(name))))
            }
            (b'C', [b' ', rest @ ..]) => {
                let rest = utf8(rest)?;
                let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
                Ok(Request::Say(name, text))
            }
            (b'Q' | b'E', [b' ', name @ ..]) => quit(first_word(name)),
            // More words behind it are somebody's text, not a name.
            (b'Q', name) if !name.contains(&b' ') => quit(name),
            _ => Err(Malformed::Code),
        }
    }

    /// Writes the datagram, in place of what is in `to`. The second space is there also before an empty text, since
    /// servers look for it.
    pub fn write(&self, to: &mut Vec<u8>) {
        to.clear();
        let parts: [&str; 4] = match self {
            Request::Login(name) => ["L ", name, "", ""],
            Request::Say(name, text) => ["C ", name, " ", text],
            Request::Quit(name) => ["Q ", name, "", ""],
        };
        to.extend(parts.into_iter().flat_map(str::bytes));
    }
}

/// The line in a datagram of a server, without the line break that many put in front of it and some behind it.
pub fn line(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = without_break(until_zero(bytes));
    let bytes = match bytes {
        [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] => rest,
        _ => bytes,
    };
    String::from_utf8_lossy(bytes)
}

/// What a datagram says: all before a zero byte.
pub fn until_zero(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0);
    end.and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

fn without_break(bytes: &[u8]) -> &[u8] {
    match bytes {
        [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest,
        _ => bytes,
    }
}

fn quit(name: &[u8]) -> Result<Request<'_>, Malformed> {
    match utf8(name)? {
        "" => Err(Malformed::Short),
        name => Ok(Request::Quit(name)),
    }
}

fn first_word(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == b' ').next().unwrap_or(bytes)
}

fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Request::{Login, Quit, Say};

    fn written(request: &Request<'_>) -> Vec<u8> {
        let mut bytes = b"before".to_vec();
        request.write(&mut bytes);
        bytes
    }

    #[test]
    fn requests_byte_by_byte() {
        for (bytes, request) in [
            (&b"L \xe5\xb0\x8f\xe6\x98\x8e"[..], Login("小明".into())),
            (b"C \xe5\xb0\x8f\xe6\x98\x8e hi", Say("小明", "hi")),
            (b"C Tom  two  inner ", Say("Tom", " two  inner ")),
            (b"C Tom ", Say("Tom", "")),
            (b"Q Tom", Quit("Tom")),
        ] {
            assert_eq!(Request::read(bytes), Ok(request.clone()));
            assert_eq!(written(&request), bytes);
        }
    }

    #[test]
    fn variants_that_are_in_use() {
        for (bytes, request) in [
            (&b"E Tom"[..], Quit("Tom")),
            (b"QTom", Quit("Tom")),
            ("Q小明".as_bytes(), Quit("小明")),
            (b"Q Tom now", Quit("Tom")),
            (b"L Tom and more", Login("Tom".into())),
            (b"C Tom", Say("Tom", "")),
            (b"L Tom\n", Login("Tom".into())),
            (b"C Tom hi\r\n", Say("Tom", "hi")),
            (b"C Tom a\nb\n", Say("Tom", "a\nb")),
            (b"C Tom hi\0\0\xff old", Say("Tom", "hi")),
            (b"L ", Login("".into())),
            (b"L \xff\xfe", Login("\u{fffd}\u{fffd}".into())),
        ] {
            assert_eq!(Request::read(bytes), Ok(request), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_request() {
        for bytes in [
            &b""[..],
            b"\0",
            b"\n",
            b"L",
            b"LTom",
            b"C",
            b"CTom hi",
            b"C \xff hi",
            b"C Tom \xe5\xb0",
            b"Q",
            b"Q ",
            b"Q  Tom",
            b"Q\xff",
            b"E",
            b"E ",
            b"ETom",
            b"l Tom",
            b"X Tom",
            b" L Tom",
            b"Quick: one says something",
        ] {
            assert!(Request::read(bytes).is_err(), "{bytes:?}");
        }
        let long = vec![b'x'; 4103];
        assert!(Request::read(&long).is_err());
    }

    #[test]
    fn one_break_in_front_of_a_line_does_not_count() {
        for (bytes, told) in [
            (&b"\nTom says"[..], "Tom says"),
            (b"\n\nTom", "\nTom"),
            (b"\r\nTom\r\n", "Tom"),
            (b"Tom\n\0\0", "Tom"),
            (b"\n", ""),
            (b"", ""),
            (b" \xff", " \u{fffd}"),
        ] {
            assert_eq!(line(bytes), told, "{bytes:?}");
        }
    }

    #[test]
    fn what_servers_say_is_no_request() {
        for said in [
            OK,
            EXIT,
            NO,
            "\nQ 说：hi",
            "\nL 进入聊天室",
            "\n管理员说：Q x",
        ] {
            assert!(Request::read(said.as_bytes()).is_err(), "{said}");
        }
    }
}
