//! Authenticates bus messages: without the installation's secret, publish rights are not enough to
//! be trusted.

use hmac::{Hmac, Mac};
use sha2::Sha256;

type Keyed = Hmac<Sha256>;

/// Bytes of a truncated seal (RFC 2104, section 5).
const KEPT: usize = 16;

/// Domain separation: a seal of one kind is not valid for another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A recorded event, published by a relay.
    Event,
    /// Scanned position of a relay.
    Looked,
    /// Position of a service's reactions.
    Handled,
}

/// Creates and verifies seals. Equal in all processes of an installation.
#[derive(Debug, Clone)]
pub struct Seal(Keyed);

impl Seal {
    /// Derives the key from the installation's secret (RFC 5869, section 2.2).
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let mut drawn = keyed(b"dossier: messages on the bus");
        drawn.update(secret);
        Self(keyed(&drawn.finalize().into_bytes()))
    }

    pub(super) fn of(&self, kind: Kind, parts: &[&[u8]]) -> String {
        let bytes = self.over(kind, parts).finalize().into_bytes();
        let hex = |text: String, byte: &u8| text + &format!("{byte:02x}");
        bytes.iter().take(KEPT).fold(String::new(), hex)
    }

    /// Verifies a seal in constant time.
    pub(super) fn fits(&self, kind: Kind, parts: &[&[u8]], sealed: &str) -> bool {
        let pairs = sealed.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        let Some(bytes) = pairs.collect::<Option<Vec<u8>>>() else { return false };
        bytes.len() == KEPT && self.over(kind, parts).verify_truncated_left(&bytes).is_ok()
    }

    /// Length-prefixes each part, so that bytes cannot be moved between parts.
    fn over(&self, kind: Kind, parts: &[&[u8]]) -> Keyed {
        let mut over = self.0.clone();
        over.update(&[kind as u8]);
        for part in parts {
            over.update(&(part.len() as u64).to_be_bytes());
            over.update(part);
        }
        over
    }
}

fn keyed(key: &[u8]) -> Keyed {
    Keyed::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104, section 2)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_fits_what_it_was_made_of_and_nothing_else() {
        let seal = Seal::new(b"the secret of this installation");
        let sealed = seal.of(Kind::Event, &[b"ab", b"c"]);
        assert_eq!(sealed.len(), 2 * KEPT);
        assert!(seal.fits(Kind::Event, &[b"ab", b"c"], &sealed));
        assert!(!seal.fits(Kind::Event, &[b"a", b"bc"], &sealed));
        assert!(!seal.fits(Kind::Looked, &[b"ab", b"c"], &sealed));
        assert!(!Seal::new(b"another secret").fits(Kind::Event, &[b"ab", b"c"], &sealed));
        for forged in ["", "zz", "é", &sealed[2..], &format!("{sealed}00"), &"0".repeat(32)] {
            assert!(!seal.fits(Kind::Event, &[b"ab", b"c"], forged), "{forged:?}");
        }
    }

    #[test]
    fn a_key_is_used_as_the_standard_says() {
        // RFC 4231, section 4.2.
        let mut mac = keyed(&[0x0b; 20]);
        mac.update(b"Hi There");
        let bytes = mac.finalize().into_bytes();
        assert_eq!(bytes[..4], [0xb0, 0x34, 0x4c, 0x61]);
    }
}
