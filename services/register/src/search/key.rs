//! The digests under which terms are stored.

use dossier::contract::Audience;
use platform::secret::{Prepared, Secret};

/// The letters of a token: lower case, because the index does not distinguish case.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters of a token: 40 bits. Of ten million terms, a word that is in no record has a chance of
/// one in 100,000 to be taken for another.
const TOKEN_CHARS: usize = 8;

/// What a term is about; terms of different kinds never have the same token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A word or number of these fields.
    Word(Part),
    /// An agency that handles it, or one above.
    Agency,
    /// The applicant or complainant.
    Owner,
    /// The applicant, or who filed it.
    Party,
    /// A dossier or a complaint.
    Kind,
}

/// Fields of a record that have the same audience. Their words have tokens of their own, so that a
/// query has only tokens of fields that the caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Code, number, id and tax code.
    Open,
    /// Form.
    Content,
    /// Recipient of the result.
    Address,
    /// Receipts.
    Money,
    /// Waybills.
    Parcels,
    /// Contact of a complainant.
    Contact,
}

impl Part {
    pub(super) const ALL: [Self; 6] =
        [Self::Open, Self::Content, Self::Address, Self::Money, Self::Parcels, Self::Contact];

    /// Who may read the fields, as declared beside those of the events.
    pub(super) const fn audience(self) -> Audience {
        match self {
            Self::Open => Audience::Everyone,
            Self::Content => Audience::Content,
            Self::Address => Audience::Address,
            Self::Money => Audience::Money,
            Self::Parcels => Audience::Result,
            Self::Contact => Audience::Contact,
        }
    }

    const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Open => b"word",
            Self::Content => b"word of content",
            Self::Address => b"word of address",
            Self::Money => b"word of money",
            Self::Parcels => b"word of parcels",
            Self::Contact => b"word of contact",
        }
    }
}

/// The key of the index, derived from the installation's secret key.
#[derive(Debug, Clone)]
pub(super) struct Key(Prepared);

impl Key {
    pub(super) fn of(secret: &Secret) -> Self {
        Self(Secret::new(secret.digest(&[b"search index"]).into_bytes()).prepared())
    }

    /// The token of a term: a truncated HMAC-SHA256. All terms in the index and in queries go
    /// through this function, so that another key is introduced here.
    pub(super) fn token(&self, of: Of, term: &str) -> String {
        let mut token = String::with_capacity(TOKEN_CHARS);
        self.add_token(of, term, &mut token);
        token
    }

    /// Appends the token of a term to a text.
    pub(super) fn add_token(&self, of: Of, term: &str, text: &mut String) {
        let kind: &[u8] = match of {
            Of::Word(part) => part.as_bytes(),
            Of::Agency => b"agency",
            Of::Owner => b"owner",
            Of::Party => b"party",
            Of::Kind => b"kind",
        };
        let bits = self.0.id(&[kind, term.as_bytes()]).as_u128() >> 88;
        text.extend((0..TOKEN_CHARS).map(|place| letter(bits >> (place * 5))));
    }

    /// 24 bits that differ between keys.
    pub(super) fn fingerprint(&self) -> u32 {
        let bits = self.0.id(&[b"fingerprint"]).as_u128() >> 104;
        u32::try_from(bits).unwrap_or_default()
    }
}

fn letter(bits: u128) -> char {
    let place = usize::try_from(bits & 31).unwrap_or_default();
    LETTERS.get(place).copied().map_or('a', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_depends_on_the_key_the_kind_and_the_term() {
        let key = Key::of(&Secret::new(vec![7; 32]));
        let token = key.token(Of::Word(Part::Content), "nguyen");
        assert_eq!(token, key.token(Of::Word(Part::Content), "nguyen"));
        assert_ne!(token, key.token(Of::Agency, "nguyen"));
        for other in Part::ALL.into_iter().filter(|part| *part != Part::Content) {
            assert_ne!(token, key.token(Of::Word(other), "nguyen"), "{other:?}");
        }
        assert_ne!(token, key.token(Of::Word(Part::Content), "nguye"));
        let other = Key::of(&Secret::new(vec![8; 32]));
        assert_ne!(token, other.token(Of::Word(Part::Content), "nguyen"));
        assert_ne!(key.fingerprint(), other.fingerprint());
        assert_eq!(token.len(), TOKEN_CHARS);
        assert!(token.bytes().all(|byte| LETTERS.contains(&byte)), "{token}");
    }
}
