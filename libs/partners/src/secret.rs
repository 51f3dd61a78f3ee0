//! Secrets shared with a partner. Two are valid at once, so that one can be replaced while messages
//! signed with the other are on their way.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

/// A secret and its name. The name is that of its file, and may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    bytes: Vec<u8>,
}

impl Key {
    /// A key; line ends at the end, which editors add to files, are no part of it.
    #[must_use]
    pub fn new(id: impl Into<String>, mut bytes: Vec<u8>) -> Self {
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        Self { id: id.into(), bytes }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The secrets of a partner: the first signs, all verify.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Key>);

/// How a string is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// HMAC with SHA-256 (RFC 2104).
    HmacSha256,
    /// HMAC with SHA-512 (RFC 2104).
    HmacSha512,
    /// SHA-256 of the string, a separator `|` and the secret.
    Sha256WithSecret,
}

impl Secrets {
    /// At most two keys; an empty key is none, because anybody could sign with it.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Self {
        Self(keys.into_iter().filter(|key| !key.bytes.is_empty()).take(2).collect())
    }

    /// Whether nothing can be signed or verified.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names of the keys.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.0.iter().map(|key| key.id.clone()).collect()
    }

    /// The signature with the first key; `None` if there is no key.
    pub(crate) fn sign(&self, algorithm: Algorithm, text: &[u8]) -> Option<Vec<u8>> {
        self.0.first().map(|key| signature(algorithm, key, text))
    }

    /// The name of the key by which one of these strings has this signature. Takes the same time
    /// for every wrong signature: each key is tried on each string, and bytes are compared in
    /// constant time.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        texts: &[Vec<u8>],
        given: &[u8],
    ) -> Option<&str> {
        let mut found = None;
        for key in &self.0 {
            for text in texts {
                let is_equal: bool = signature(algorithm, key, text).ct_eq(given).into();
                if is_equal && found.is_none() {
                    found = Some(&*key.id);
                }
            }
        }
        found
    }
}

fn signature(algorithm: Algorithm, key: &Key, text: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::HmacSha256 => {
            let mac = Hmac::<Sha256>::new_from_slice(&key.bytes);
            let mac = mac.expect("HMAC takes a key of any length (RFC 2104, section 2)");
            mac.chain_update(text).finalize().into_bytes().to_vec()
        }
        Algorithm::HmacSha512 => {
            let mac = Hmac::<Sha512>::new_from_slice(&key.bytes);
            let mac = mac.expect("HMAC takes a key of any length (RFC 2104, section 2)");
            mac.chain_update(text).finalize().into_bytes().to_vec()
        }
        Algorithm::Sha256WithSecret => {
            let digest = Sha256::new().chain_update(text).chain_update(b"|");
            digest.chain_update(&key.bytes).finalize().to_vec()
        }
    }
}

/// Bytes in lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of hexadecimal digits in any case; `None` if the text is something else.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_of_two_keys_verifies_and_the_first_signs() {
        let (old, new) = (Key::new("old", b"1".to_vec()), Key::new("new", b"2".to_vec()));
        let before = Secrets::new([old.clone()]);
        let both = Secrets::new([new.clone(), old]);
        let after = Secrets::new([new]);
        for algorithm in [Algorithm::HmacSha256, Algorithm::HmacSha512, Algorithm::Sha256WithSecret]
        {
            let text = b"a text".to_vec();
            let signed = before.sign(algorithm, &text).unwrap();
            let by = |secrets: &Secrets| {
                let texts = std::slice::from_ref(&text);
                secrets.verify(algorithm, texts, &signed).map(ToOwned::to_owned)
            };
            assert_eq!(by(&both).as_deref(), Some("old"));
            assert_eq!(by(&after), None);
            let signed = both.sign(algorithm, &text).unwrap();
            assert_eq!(after.verify(algorithm, &[text], &signed), Some("new"));
        }
    }

    #[test]
    fn an_empty_key_is_none_and_a_key_is_not_shown() {
        assert!(Secrets::new([Key::new("empty", b"\n".to_vec())]).is_empty());
        let secrets = Secrets::new([Key::new("a", b"secret\r\n".to_vec())]);
        assert_eq!(secrets, Secrets::new([Key::new("a", b"secret".to_vec())]));
        assert_eq!(format!("{secrets:?}"), "Secrets([Key { id: \"a\", .. }])");
    }

    #[test]
    fn hexadecimal_digits_are_read_in_any_case() {
        assert_eq!(unhex("00fF"), Some(vec![0, 255]));
        assert_eq!(hex(&[0, 255]), "00ff");
        for wrong in ["0", "0g", " 00", "+1", "é0"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
