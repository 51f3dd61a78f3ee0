//! The digest that a client announces: `Content-Digest` (RFC 9530), a dictionary (RFC 9651).
//! SHA-256 and SHA-512 are supported.

use sfv::{BareItem, Dictionary, ListEntry, Parser};
use sha2::{Digest, Sha256, Sha512};

/// A header that is no dictionary of digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Content-Digest is not a dictionary of digests")]
pub struct InvalidDigest;

/// Announced digests; other algorithms are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promised {
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

impl Promised {
    /// Parses the lines of the header; none announces nothing.
    ///
    /// # Errors
    ///
    /// A malformed dictionary or digest.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, InvalidDigest> {
        // Several lines of one field form one list.
        let field = lines.into_iter().collect::<Vec<_>>().join(&b", "[..]);
        let digests: Dictionary = Parser::new(&field).parse().map_err(|_| InvalidDigest)?;
        let bytes = |algorithm: &str| match digests.get(algorithm) {
            None => Ok(None),
            Some(ListEntry::Item(item)) => match &item.bare_item {
                BareItem::ByteSequence(bytes) => Ok(Some(bytes.clone())),
                _ => Err(InvalidDigest),
            },
            Some(ListEntry::InnerList(_)) => Err(InvalidDigest),
        };
        let sha256 = bytes("sha-256")?.map(TryInto::try_into).transpose();
        let sha512 = bytes("sha-512")?.map(TryInto::try_into).transpose();
        Ok(Self {
            sha256: sha256.map_err(|_| InvalidDigest)?,
            sha512: sha512.map_err(|_| InvalidDigest)?,
        })
    }

    pub(super) fn hashes(&self) -> Hashes {
        Hashes { sha256: Sha256::new(), sha512: self.sha512.map(|_| Sha512::new()) }
    }

    /// The SHA-256 of the content, if all digests match; otherwise the algorithm that does not.
    pub(super) fn compare(&self, hashes: Hashes) -> Result<[u8; 32], &'static str> {
        let sha256: [u8; 32] = hashes.sha256.finalize().into();
        if self.sha256.is_some_and(|promised| promised != sha256) {
            return Err("sha-256");
        }
        let sha512 = hashes.sha512.map(|hash| <[u8; 64]>::from(hash.finalize()));
        if self.sha512 != sha512 {
            return Err("sha-512");
        }
        Ok(sha256)
    }
}

/// Digests of content that is being received.
pub(super) struct Hashes {
    sha256: Sha256,
    sha512: Option<Sha512>,
}

impl Hashes {
    pub(super) fn update(&mut self, part: &[u8]) {
        self.sha256.update(part);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn promised(lines: &[&str]) -> Result<Promised, InvalidDigest> {
        Promised::of(lines.iter().map(|line| line.as_bytes()))
    }

    fn holds(lines: &[&str], content: &[u8]) -> Result<[u8; 32], &'static str> {
        let promised = promised(lines).unwrap();
        let mut hashes = promised.hashes();
        hashes.update(content);
        promised.compare(hashes)
    }

    #[test]
    fn a_promise_is_one_digest_or_several_on_one_line_or_more_and_what_we_do_not_know_is_passed_over()
     {
        let sha256 = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(b"x")));
        let sha512 = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(b"x")));
        let wrong = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(b"y")));
        for kept in [
            &[&*sha256][..],
            &[&*sha512],
            &[&format!("{sha512}, {sha256}")],
            &[&sha512, "md5=:AAAA:, crc=1", &sha256],
            &["unixsum=:AA==:"],
            &[],
        ] {
            assert_eq!(holds(kept, b"x"), Ok(Sha256::digest(b"x").into()), "{kept:?}");
        }
        assert_eq!(holds(&[&sha256], b"y"), Err("sha-256"));
        assert_eq!(holds(&[&sha256, &wrong], b"x"), Err("sha-512"));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for broken in
            ["sha-256", "sha-256=x", "sha-256=:AAAA:", "sha-256=:*:", "sha-512=(1 2)", "=", "a=:"]
        {
            assert!(promised(&[broken]).is_err(), "{broken}");
        }
    }
}
