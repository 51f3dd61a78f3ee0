//! Findings: what is wrong with a file of a partner, an order, or the content of a message.

use std::fmt;

use crate::limits::FINDINGS_MAX;

/// A value that must change, or that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JSON Pointer (RFC 6901) to the value; the name of a parameter is a segment.
    pub pointer: String,
    pub vi: String,
    pub en: String,
}

/// All findings of one check, at most [`FINDINGS_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Whether nothing has to change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a finding; ignored once the maximum is reached.
    pub fn add(
        &mut self,
        pointer: impl Into<String>,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) {
        if self.0.len() < FINDINGS_MAX {
            self.0.push(Finding { pointer: pointer.into(), vi: vi.into(), en: en.into() });
        }
    }

    /// The findings of one value.
    #[must_use]
    pub fn one(pointer: &str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        let mut found = Self::default();
        found.add(pointer, vi, en);
        found
    }

    /// `value` if there are no findings.
    ///
    /// # Errors
    ///
    /// The findings.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Finding { pointer, en, .. }) in self.0.iter().enumerate() {
            let between = if place == 0 { "" } else { "; " };
            let colon = if pointer.is_empty() { "" } else { ": " };
            write!(f, "{between}{pointer}{colon}{en}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

/// A key as a segment of a JSON Pointer (RFC 6901, section 3).
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
