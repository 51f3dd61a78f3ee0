//! Money in whole đồng, as the currency has no minor unit, and the enumerations in events of
//! payment.

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

/// A sum or difference that overflows 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount does not fit")]
pub struct VndOverflow;

impl Vnd {
    /// 0 đồng.
    pub const ZERO: Self = Self(0);

    /// Whether the amount is 0. Serialisation then leaves an optional amount out.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Adds; fails on overflow.
    pub fn plus(self, other: Self) -> Result<Self, VndOverflow> {
        self.0.checked_add(other.0).map(Self).ok_or(VndOverflow)
    }

    /// Subtracts; fails on overflow. May be negative.
    pub fn minus(self, other: Self) -> Result<Self, VndOverflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(VndOverflow)
    }

    /// Adds all amounts; 0 for none.
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

/// The channel by which a provider's report reached us. One capture is usually reported by several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Sent by the provider (IPN, webhook).
    #[default]
    Notice,
    /// The provider's answer to our query.
    Query,
    /// Parameters of the payer's redirection from the provider.
    Return,
    /// A line of the provider's settlement file.
    Settlement,
}

/// Why a provider's report is not counted as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The amount is not the amount of the attempt.
    NotTheAttemptsAmount,
    /// The same capture was reported with another amount before.
    OtherAmount,
    /// A provider that captures once reports a second transaction, or one report has two
    /// transaction numbers.
    OtherTransaction,
    /// It may be a repeated report of a known capture, or a capture of its own; it has no number
    /// that would tell them apart.
    NoNumber,
    /// More money is said to be taken back than the attempt has left.
    MoreReversed,
}

/// Why money has to be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwedBack {
    /// More was paid than was owed.
    OverPayment,
    /// It was paid after the end of the period to pay.
    AfterWindow,
    /// The dossier ended before the agency was entitled to the fee.
    DossierEnded,
}

/// The effect of a refund on the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundEffect {
    /// None: the rest still covers the fee, or the fee was not settled.
    None,
    /// The fee is owed again.
    OwedAgain,
    /// None: the dossier has ended.
    AtTheEnd,
}

/// What became of a refund through a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundOutcome {
    /// The money went back to the payer.
    Refunded,
    /// The provider refused it: no money moved.
    Refused,
}

/// How a dossier ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DossierEnd {
    /// The one-stop unit did not accept it.
    Refused,
    /// The applicant withdrew it.
    Withdrawn,
    /// It was returned or closed.
    Closed,
}

/// The status of a receipt after a refund of the money for which it was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptBecomes {
    /// Everything was refunded: the receipt is void.
    Cancelled,
    /// A part was refunded: the receipt is valid for the rest.
    Reduced,
}
