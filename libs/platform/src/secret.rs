//! The installation's secret key. Digests and ids that are derived with it cannot be computed, or
//! recognised, without it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Characters of a pseudonym: 66 bits.
const PSEUDONYM_CHARS: usize = 11;

/// 16 random bytes in URL-safe base64, for names that are unique to a process.
///
/// # Errors
///
/// The operating system's random numbers failed.
pub fn random_name() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::getrandom(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The secret key of an installation.
#[derive(Clone, Default)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

impl Secret {
    /// A key of any length.
    #[must_use]
    pub const fn new(key: Vec<u8>) -> Self {
        Self(key)
    }

    /// The bytes of the key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.0
    }

    /// HMAC-SHA256 of these parts, truncated to 128 bits, in URL-safe base64.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.hmac(parts))
    }

    /// A UUID (version 8) derived from these parts by HMAC-SHA256.
    #[must_use]
    pub fn id(&self, parts: &[&[u8]]) -> Uuid {
        Uuid::new_v8(self.hmac(parts))
    }

    /// Pseudonym of a subject for the operational log: the same in this installation, and not
    /// reversible without the key.
    #[must_use]
    pub fn pseudonym(&self, subject: &str) -> String {
        let mut pseudonym = self.digest(&[b"log", subject.as_bytes()]);
        pseudonym.truncate(PSEUDONYM_CHARS);
        pseudonym
    }

    /// The key, prepared for many digests: each then costs about half.
    #[must_use]
    pub fn prepared(&self) -> Prepared {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        Prepared(mac.expect("HMAC takes a key of any length (RFC 2104, section 2)"))
    }

    fn hmac(&self, parts: &[&[u8]]) -> [u8; 16] {
        self.prepared().hmac(parts)
    }
}

/// A key that is prepared for many digests.
#[derive(Clone)]
pub struct Prepared(Hmac<Sha256>);

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl Prepared {
    /// As [`Secret::id`].
    #[must_use]
    pub fn id(&self, parts: &[&[u8]]) -> Uuid {
        Uuid::new_v8(self.hmac(parts))
    }

    fn hmac(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let mut short = [0; 16];
        for (byte, of) in short.iter_mut().zip(mac.finalize().into_bytes()) {
            *byte = of;
        }
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_kept_apart_and_another_key_gives_other_digests() {
        let secret = Secret::new(vec![7; 32]);
        assert_eq!(secret.digest(&[b"ab", b"c"]), secret.digest(&[b"ab", b"c"]));
        assert_ne!(secret.digest(&[b"ab", b"c"]), secret.digest(&[b"a", b"bc"]));
        assert_ne!(secret.digest(&[b"ab"]), Secret::new(vec![8; 32]).digest(&[b"ab"]));
        assert_eq!(secret.id(&[b"ab"]).get_version_num(), 8);
        assert_eq!(secret.prepared().id(&[b"ab", b"c"]), secret.id(&[b"ab", b"c"]));
        assert_eq!(secret.pseudonym("a1").len(), PSEUDONYM_CHARS);
        assert!(!format!("{secret:?}").contains('7'), "the key is not shown");
    }
}
