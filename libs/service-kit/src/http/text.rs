//! Text from outside, with a limit.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// One to `MAX` characters, not only blanks, no control characters but line breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(pub String);

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let count = text.chars().count();
        if text.trim().is_empty() {
            return Err(D::Error::custom("must not be empty"));
        }
        if count > MAX {
            return Err(D::Error::custom(format!("{count} characters, more than {MAX}")));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            return Err(D::Error::custom("contains control characters"));
        }
        Ok(Self(text))
    }
}
