//! References that fit into the memo of a bank transfer: `DSR`, twelve digits and letters, and a
//! check digit. They survive capital letters, spaces in between, and text around them.
//!
//! The twelve have 60 bits of an id, so an installation finds the payment in an index; two of ten
//! million payments have the same with a probability of 1 in 20,000, and whoever adds to the index
//! must see it. The check digit finds every wrong character and every two exchanged ones.

use std::fmt;

use sha2::{Digest, Sha256};

/// Digits and letters that cannot be confused (Crockford's base 32: without I, L, O and U).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "DSR";
const DIGITS: usize = 12;
/// Length of a reference.
pub const REFERENCE_CHARS: usize = PREFIX.len() + DIGITS + 1;

/// A reference, as `DSR4Z7K0M2C9WXQ5`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference(String);

impl Reference {
    /// The reference of a thing with this id; the same id has the same reference.
    #[must_use]
    pub fn of(id: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(b"reference").chain_update(id).finalize();
        let bits = digest.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let digits: Vec<u8> =
            (0..DIGITS).filter_map(|place| u8::try_from(bits >> (5 * place) & 31).ok()).collect();
        let check_digit = check(&digits);
        let all = digits.iter().chain([&check_digit]);
        let letters = all.filter_map(|digit| ALPHABET.get(usize::from(*digit)));
        Self(PREFIX.chars().chain(letters.map(|byte| char::from(*byte))).collect())
    }

    /// A reference as a person or a partner wrote it; `None` if it is not one, or mistyped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = squeezed(text);
        let found = Self::at(&text)?;
        (text.len() == REFERENCE_CHARS).then_some(found)
    }

    /// All different references in a text, in their order.
    #[must_use]
    pub fn found_in(text: &str) -> Vec<Self> {
        let text = squeezed(text);
        let mut found: Vec<Self> = Vec::new();
        for (place, _) in text.match_indices(PREFIX) {
            if let Some(one) = text.get(place..).and_then(Self::at)
                && !found.contains(&one)
            {
                found.push(one);
            }
        }
        found
    }

    /// The text in its normal form: capital letters, nothing in between.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The reference at the beginning of a squeezed text.
    fn at(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?.get(..=DIGITS)?;
        let values: Option<Vec<u8>> = digits.bytes().map(value).collect();
        let values = values?;
        let (check_digit, values) = values.split_last()?;
        if check(values) != *check_digit {
            return None;
        }
        let letters = values.iter().chain([check_digit]);
        let letters = letters.filter_map(|value| ALPHABET.get(usize::from(*value)));
        Some(Self(PREFIX.chars().chain(letters.map(|byte| char::from(*byte))).collect()))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Digits and letters in upper case, without what is between them.
fn squeezed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The value of a digit; letters that look like digits are these.
fn value(byte: u8) -> Option<u8> {
    let byte = match byte {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    let place = ALPHABET.iter().position(|one| *one == byte)?;
    u8::try_from(place).ok()
}

/// A polynomial with the digits as coefficients, at a generator of GF(32): wrong if one digit
/// changes, or two with less than 31 places between them are exchanged.
fn check(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |sum, digit| doubled(sum ^ digit))
}

/// The product with the generator of GF(32), modulo x⁵ + x² + 1.
const fn doubled(value: u8) -> u8 {
    let shifted = value << 1;
    if shifted & 32 == 0 { shifted } else { (shifted ^ 0b10_0101) & 31 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_in_what_banks_make_of_a_memo() {
        let reference = Reference::of(b"1");
        let text = reference.as_str();
        assert_eq!(text.len(), REFERENCE_CHARS);
        let (a, b) = text.split_at(7);
        for memo in [
            text.to_owned(),
            format!("MBVCB.123456789.{text}.CT tu 0011 NGUYEN VAN A toi 0022"),
            format!("nop phi hs {} ", text.to_lowercase()),
            format!("{a} {b}"),
            format!("DSR{a}-{b}/{text}"),
        ] {
            assert_eq!(Reference::found_in(&memo), std::slice::from_ref(&reference), "{memo}");
        }
        let other = Reference::of(b"2");
        assert_eq!(Reference::found_in(&format!("{text} {other}")), [reference, other]);
        for memo in ["", "DSR", "nop phi", "DSR0000000000001"] {
            assert_eq!(Reference::found_in(memo), [], "{memo}");
        }
    }

    #[test]
    fn each_wrong_character_and_each_exchange_is_found() {
        for id in 0..200_u32 {
            let right = Reference::of(&id.to_be_bytes());
            let right = right.as_str().as_bytes();
            for place in PREFIX.len()..right.len() {
                for byte in ALPHABET.iter().filter(|byte| **byte != right[place]) {
                    let mut wrong = right.to_vec();
                    wrong[place] = *byte;
                    assert_eq!(Reference::parse(std::str::from_utf8(&wrong).unwrap()), None);
                }
                for other in place + 1..right.len() {
                    let mut wrong = right.to_vec();
                    wrong.swap(place, other);
                    let parsed = Reference::parse(std::str::from_utf8(&wrong).unwrap());
                    assert_eq!(parsed.is_some(), wrong == right, "{place} {other}");
                }
            }
        }
    }

    #[test]
    fn letters_that_look_like_digits_are_these() {
        let with_digits = (0..99_u32).map(|id| Reference::of(&id.to_be_bytes()));
        let one = with_digits.into_iter().find(|one| one.as_str().contains(['0', '1'])).unwrap();
        let written = format!("DSR{}", one.as_str()[3..].replace('0', "o").replace('1', "l"));
        assert_eq!(Reference::parse(&written), Some(one));
    }
}
