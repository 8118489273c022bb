//! Reading and writing the parts of a datagram.

use super::Malformed;

/// Reads bytes from the front; every method fails with [`Malformed::Short`] at the end.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their beginning.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether nothing is left but zeros, or nothing at all.
    pub fn is_padding(&self) -> bool {
        self.rest.iter().all(|byte| *byte == 0)
    }

    /// All that is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Succeeds if nothing is left.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed::Trailing)
        }
    }

    /// Succeeds if all that is left is zeros.
    pub fn padding(&self) -> Result<(), Malformed> {
        if self.rest.iter().all(|byte| *byte == 0) {
            Ok(())
        } else {
            Err(Malformed::Trailing)
        }
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(*array)
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Malformed::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    /// A LEB128 integer in its shortest form.
    pub fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                return Err(Malformed::Number);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 {
                    Err(Malformed::Number)
                } else {
                    Ok(value)
                };
            }
        }
        Err(Malformed::Number)
    }

    /// A difference, zigzag in a LEB128 integer.
    pub fn difference(&mut self) -> Result<i64, Malformed> {
        self.varint()
            .map(|value| (value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A UTF-8 text of at most `most` bytes behind its length.
    pub fn text(&mut self, most: usize) -> Result<&'a str, Malformed> {
        let length = self.varint()?;
        if length > most as u64 {
            return Err(Malformed::Text);
        }
        std::str::from_utf8(self.bytes(length as usize)?).map_err(|_| Malformed::Text)
    }
}

/// Writes the parts that [`Reader`] reads to the end of a buffer.
pub struct Writer<'b> {
    to: &'b mut Vec<u8>,
}

impl<'b> Writer<'b> {
    /// Appends to `to`.
    pub fn new(to: &'b mut Vec<u8>) -> Writer<'b> {
        Writer { to }
    }

    /// The bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.to.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.to.push(value);
        self
    }

    /// Two bytes.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// A LEB128 integer in its shortest form.
    pub fn varint(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.to.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.u8(value as u8)
    }

    /// A difference, zigzag in a LEB128 integer.
    pub fn difference(&mut self, value: i64) -> &mut Self {
        self.varint((value << 1 ^ value >> 63) as u64)
    }

    /// A text behind its length.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.varint(text.len() as u64).bytes(text.as_bytes())
    }

    /// Zeros up to this many bytes of datagram.
    pub fn pad(&mut self, size: usize) -> &mut Self {
        self.to.resize(size, 0);
        self
    }
}

/// Bytes that [`Writer::varint`] writes for `value`.
pub(super) fn varint_size(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Bytes that [`Writer::difference`] writes for `value`.
pub(super) fn difference_size(value: i64) -> usize {
    varint_size((value << 1 ^ value >> 63) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes));
        bytes
    }

    #[test]
    fn fixed_integers_are_big_endian() {
        let bytes = written(|writer| {
            writer.u8(1).u16(0x0203).u32(0x0405_0607).u64(8);
        });
        assert_eq!(bytes, [1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 8]);
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.u8(), reader.u16()), (Ok(1), Ok(0x0203)));
        assert_eq!((reader.u32(), reader.u64()), (Ok(0x0405_0607), Ok(8)));
        assert!(reader.is_empty() && reader.u8() == Err(Malformed::Short));
    }

    #[test]
    fn varints_at_their_edges() {
        let most = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
        for (value, bytes) in [
            (0, &[0][..]),
            (1, &[1]),
            (127, &[0x7F]),
            (128, &[0x80, 0x01]),
            (16_383, &[0xFF, 0x7F]),
            (16_384, &[0x80, 0x80, 0x01]),
            (u64::MAX, &most),
        ] {
            assert_eq!(
                written(|writer| {
                    writer.varint(value);
                }),
                bytes
            );
            assert_eq!(Reader::new(bytes).varint(), Ok(value));
        }
        assert_eq!(most.len(), limits::VARINT);
    }

    #[test]
    fn varints_that_are_longer_than_need_be_or_too_great() {
        for bytes in [&[0x80, 0x00][..], &[0xFF, 0x00], &[0x80, 0x80, 0x00]] {
            assert_eq!(Reader::new(bytes).varint(), Err(Malformed::Number));
        }
        let mut bytes = [0xFF; 10];
        for last in [0x02, 0x03, 0x7F, 0x80, 0x81, 0xFF] {
            bytes[9] = last;
            assert_eq!(Reader::new(&bytes).varint(), Err(Malformed::Number));
        }
        for length in 0..9 {
            let cut = Reader::new(&bytes[..length]).varint();
            assert_eq!(cut, Err(Malformed::Short));
        }
    }

    #[test]
    fn differences_at_their_edges() {
        for (value, zigzag) in [
            (0, 0),
            (-1, 1),
            (1, 2),
            (-64, 127),
            (64, 128),
            (i64::MAX, u64::MAX - 1),
            (i64::MIN, u64::MAX),
        ] {
            let bytes = written(|writer| {
                writer.difference(value);
            });
            assert_eq!(
                bytes,
                written(|writer| {
                    writer.varint(zigzag);
                })
            );
            assert_eq!(Reader::new(&bytes).difference(), Ok(value));
        }
    }

    #[test]
    fn sizes_are_those_of_what_is_written() {
        let edges = (0..64).flat_map(|shift| {
            let edge = 1u64 << shift;
            [edge - 1, edge, edge + 1]
        });
        for value in edges.chain([u64::MAX - 1, u64::MAX]) {
            let size = written(|writer| {
                writer.varint(value);
            })
            .len();
            assert_eq!(varint_size(value), size, "{value}");
            for value in [value as i64, (value as i64).wrapping_neg()] {
                let size = written(|writer| {
                    writer.difference(value);
                })
                .len();
                assert_eq!(difference_size(value), size, "{value}");
            }
        }
    }

    #[test]
    fn texts_stand_behind_their_length() {
        let bytes = written(|writer| {
            writer.text("好").text("");
        });
        assert_eq!(bytes, [3, 0xE5, 0xA5, 0xBD, 0]);
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.text(3), reader.text(0)), (Ok("好"), Ok("")));
        assert_eq!(Reader::new(&bytes).text(2), Err(Malformed::Text));
        assert_eq!(Reader::new(&[2, b'a']).text(9), Err(Malformed::Short));
        assert_eq!(Reader::new(&[1, 0xFF]).text(9), Err(Malformed::Text));
        // Half a character.
        assert_eq!(Reader::new(&bytes[..0]).text(9), Err(Malformed::Short));
        assert_eq!(Reader::new(&[2, 0xE5, 0xA5]).text(9), Err(Malformed::Text));
    }

    #[test]
    fn what_follows_the_end() {
        assert_eq!(Reader::new(&[]).end(), Ok(()));
        assert_eq!(Reader::new(&[0]).end(), Err(Malformed::Trailing));
        assert_eq!(Reader::new(&[0, 0]).padding(), Ok(()));
        assert_eq!(Reader::new(&[0, 1]).padding(), Err(Malformed::Trailing));
        let padded = written(|writer| {
            writer.u8(1).pad(9);
        });
        assert_eq!((padded.len(), padded[0]), (9, 1));
    }
}
