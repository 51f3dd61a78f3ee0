//! Money: whole đồng. The currency has no minor unit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in Vietnamese đồng.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Vnd(pub i64);

/// A sum that an amount cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount does not fit")]
pub struct VndOverflow;

impl Vnd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Whether it is no money: what an optional amount is left out for.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, VndOverflow> {
        self.0.checked_add(other.0).map(Self).ok_or(VndOverflow)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Result<Self, VndOverflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(VndOverflow)
    }

    /// The sum of all.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, VndOverflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// `percent` per cent of the amount, rounded down to whole đồng in the payer's favour.
    pub fn percent(self, percent: u8) -> Result<Self, VndOverflow> {
        let part = i128::from(self.0).checked_mul(i128::from(percent));
        let part = part.and_then(|product| product.checked_div_euclid(100));
        part.and_then(|part| i64::try_from(part).ok()).map(Self).ok_or(VndOverflow)
    }
}

impl fmt::Display for Vnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ₫", self.0)
    }
}
