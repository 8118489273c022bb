//! The tag that proves a datagram belongs to a session, and the secrets behind it.
//!
//! What always holds here: a tag is 64 bits of SipHash-2-4 over a datagram's head and a digest of its
//! body; the digest is of the body alone, so a body that goes to a thousand members is digested once.
//! Datagrams that precede a session carry the same tag under a key that everyone knows: a checksum.
//!
//! Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).

use crate::limits;
// std's SipHasher is SipHash-2-4 with a given key. It is deprecated as a default hasher, which it is not here.
use std::hash::Hasher;
#[allow(deprecated)]
use std::hash::SipHasher;

/// A 128-bit SipHash key: a session's secret, or one of the server's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(u64, u64);

/// The key of datagrams that belong to no session yet: their tag is a checksum and proves nothing.
pub const OPEN: Key = Key(0, 0);

/// 64 bits that only who knows the key can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u64);

/// 64 bits of SipHash-2-4 of a body under [`OPEN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Key {
    /// The key in its 16 bytes, as SipHash reads them (little endian).
    pub fn from_bytes(bytes: [u8; 16]) -> Key {
        let whole = u128::from_le_bytes(bytes);
        Key(whole as u64, (whole >> 64) as u64)
    }

    /// The 16 bytes that [`Key::from_bytes`] takes.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.0) | u128::from(self.1) << 64).to_le_bytes()
    }

    /// The tag of a datagram: of its head up to the tag, which is no longer than that of a Down, and of its body's digest.
    pub fn tag(self, head: &[u8], body: Digest) -> Tag {
        // In one piece: what comes behind a part of a word costs as much as the hash itself.
        let mut bytes = [0; limits::DOWN_HEAD];
        let (place, rest) = bytes.split_at_mut(head.len());
        place.copy_from_slice(head);
        rest[..8].copy_from_slice(&body.0.to_be_bytes());
        Tag(self.hash(&bytes[..head.len() + 8]))
    }

    /// SipHash-2-4 of `bytes`.
    pub fn hash(self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    #[allow(deprecated)]
    fn hasher(self) -> SipHasher {
        SipHasher::new_with_keys(self.0, self.1)
    }
}

impl std::fmt::Debug for Key {
    /// Never shows the key: it would end up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// The digest of a body, the same for every member that the body goes to.
pub fn digest(body: &[u8]) -> Digest {
    Digest(OPEN.hash(body))
}

/// Secrets drawn from 32 bytes that the operating system gave: SipHash-2-4 over a counter.
///
/// SipHash is a pseudorandom function, so one who learns some of the outputs (each member learns its own)
/// learns nothing of the others. Given the same seed it gives the same secrets, for the simulator.
#[derive(Debug)]
pub struct Secrets {
    keys: [Key; 2],
    drawn: u64,
}

impl Secrets {
    /// Secrets from a seed, which is to come from the operating system.
    pub fn new(seed: [u8; 32]) -> Secrets {
        let whole = |at: usize| Key::from_bytes(std::array::from_fn(|i| seed[at + i]));
        Secrets {
            keys: [whole(0), whole(16)],
            drawn: 0,
        }
    }

    /// A secret that was not given before.
    pub fn key(&mut self) -> Key {
        self.drawn += 1;
        let counter = self.drawn.to_be_bytes();
        Key(self.keys[0].hash(&counter), self.keys[1].hash(&counter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first 16 of the reference vectors (vectors_sip64 of the authors' vectors.h): key 00..0f,
    /// message 00, 01, …, of as many bytes as the row's number.
    const REFERENCE: [[u8; 8]; 16] = [
        [0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72],
        [0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74],
        [0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d],
        [0x2d, 0x7e, 0xfb, 0xd7, 0x96, 0x66, 0x67, 0x85],
        [0xb7, 0x87, 0x71, 0x27, 0xe0, 0x94, 0x27, 0xcf],
        [0x8d, 0xa6, 0x99, 0xcd, 0x64, 0x55, 0x76, 0x18],
        [0xce, 0xe3, 0xfe, 0x58, 0x6e, 0x46, 0xc9, 0xcb],
        [0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab],
        [0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93],
        [0xb0, 0xe4, 0xa9, 0x0b, 0xdf, 0x82, 0x00, 0x9e],
        [0xf3, 0xb9, 0xdd, 0x94, 0xc5, 0xbb, 0x5d, 0x7a],
        [0xa7, 0xad, 0x6b, 0x22, 0x46, 0x2f, 0xb3, 0xf4],
        [0xfb, 0xe5, 0x0e, 0x86, 0xbc, 0x8f, 0x1e, 0x75],
        [0x90, 0x3d, 0x84, 0xc0, 0x27, 0x56, 0xea, 0x14],
        [0xee, 0xf2, 0x7a, 0x8e, 0x90, 0xca, 0x23, 0xf7],
        [0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1],
    ];

    #[test]
    fn reference_vectors() {
        let key = Key::from_bytes(std::array::from_fn(|i| i as u8));
        let message: Vec<u8> = (0..16).collect();
        for (length, expected) in REFERENCE.iter().enumerate() {
            assert_eq!(
                key.hash(&message[..length]).to_le_bytes(),
                *expected,
                "{length} bytes"
            );
        }
    }

    #[test]
    fn keys_keep_their_bytes() {
        let bytes = std::array::from_fn(|i| (i * 7) as u8);
        assert_eq!(Key::from_bytes(bytes).to_bytes(), bytes);
    }

    #[test]
    fn a_tag_depends_on_key_head_and_body() {
        let (a, b) = (Key(1, 2), Key(1, 3));
        let tag = a.tag(b"head", digest(b"body"));
        assert_ne!(tag, b.tag(b"head", digest(b"body")));
        assert_ne!(tag, a.tag(b"heaD", digest(b"body")));
        assert_ne!(tag, a.tag(b"head", digest(b"bodY")));
        assert_eq!(tag, Key(1, 2).tag(b"head", digest(b"body")));
    }

    #[test]
    fn secrets_differ_and_repeat_with_the_seed() {
        let (mut a, mut b, mut c) = (
            Secrets::new([7; 32]),
            Secrets::new([7; 32]),
            Secrets::new([8; 32]),
        );
        let (first, second) = (a.key(), a.key());
        assert!(first != second && first == b.key() && first != c.key());
        assert_eq!(format!("{first:?}"), "Key(…)");
    }
}
