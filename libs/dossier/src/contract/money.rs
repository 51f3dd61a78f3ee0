//! Money: whole đồng, as the currency has no minor unit; and the words that events of payment say of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in Vietnamese đồng.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
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

/// By which way a provider's word reached us. One capture is usually told by several of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The provider told us by itself (IPN, webhook).
    #[default]
    Notice,
    /// The provider answered our question.
    Query,
    /// The payer's browser brought it back from the provider.
    Return,
    /// A line of the provider's settlement file.
    Settlement,
}

/// Why what a provider says cannot be taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The amount is not the one that the payment was begun with.
    NotTheAttemptsAmount,
    /// The same capture was said to be of another amount before.
    OtherAmount,
    /// A provider that captures once names a second transaction, or one fact has two transaction numbers.
    OtherTransaction,
    /// It may be another name of a capture that is known, or money of its own: nothing in it says which.
    NoNumber,
}

/// Why money has to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwedBack {
    /// More came in than was owed.
    OverPayment,
    /// It came when the window to pay was over.
    AfterWindow,
    /// The dossier ended before the fee was due to the agency.
    DossierEnded,
}

/// What a refund does to the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundEffect {
    /// Nothing: what is left still covers the fee, or the fee was not settled.
    None,
    /// The fee is owed again.
    OwedAgain,
    /// Nothing: the dossier is at its end.
    AtTheEnd,
}

/// How a dossier ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DossierEnd {
    /// The one-stop unit did not accept it.
    Refused,
    /// The applicant took it back.
    Withdrawn,
    /// It was returned or closed.
    Closed,
}

/// What becomes of a receipt when money that it was issued for goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptBecomes {
    /// All of it went back: it counts for nothing.
    Cancelled,
    /// Some of it went back: it counts for the rest.
    Reduced,
}
