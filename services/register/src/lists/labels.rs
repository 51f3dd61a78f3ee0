//! Labels in the lists. The view has no personal data, so it has keyed digests of labels in place
//! of their texts, as the search index has of words (ADR 20).

use dossier::notes::{Notes, label_key};
use platform::secret::Secret;

/// Hexadecimal digits of a digest: 64 bits, of which no two labels of an installation share all.
const DIGEST_CHARS: usize = 16;

/// The key of the digests, derived from the installation's secret key.
#[derive(Debug, Clone)]
pub(crate) struct LabelKey(Secret);

impl LabelKey {
    pub(crate) fn of(secret: &Secret) -> Self {
        Self(Secret::new(secret.digest(&[b"labels of lists"]).into_bytes()))
    }

    /// The digest of a label in whatever spelling; `None` if it has no letter and no digit.
    pub(crate) fn digest(&self, label: &str) -> Option<String> {
        let label = label_key(label);
        (!label.is_empty()).then(|| self.chars(&[b"label", label.as_bytes()]))
    }

    /// The digests of the labels that a dossier has now; erased ones have none.
    pub(super) fn digests(&self, notes: &Notes) -> Vec<String> {
        let texts = notes.present_labels().filter_map(|label| label.text.known());
        texts.filter_map(|text| self.digest(text)).collect()
    }

    /// 24 bits that differ between keys: a view that was made with another key is rebuilt.
    pub(super) fn fingerprint(&self) -> u32 {
        let bits = self.0.id(&[b"fingerprint"]).as_u128() >> 104;
        u32::try_from(bits).unwrap_or_default()
    }

    fn chars(&self, parts: &[&[u8]]) -> String {
        let mut digest = self.0.id(parts).simple().to_string();
        digest.truncate(DIGEST_CHARS);
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_the_key_and_on_the_label_in_any_spelling() {
        let key = LabelKey::of(&Secret::new(vec![7; 32]));
        let digest = key.digest("Chờ giám đốc").unwrap();
        assert_eq!(key.digest("cho-giam-doc").unwrap(), digest);
        assert_ne!(key.digest("cho giam do").unwrap(), digest);
        assert_eq!((key.digest("…"), digest.len()), (None, DIGEST_CHARS));
        let other = LabelKey::of(&Secret::new(vec![8; 32]));
        assert_ne!(other.digest("Chờ giám đốc").unwrap(), digest);
        assert_ne!(key.fingerprint(), other.fingerprint());
    }
}
