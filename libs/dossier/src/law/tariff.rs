//! The tariff in a procedure's rules: fees, reductions, and the groups whose claims must be proved.

use calendar::{Budget, Text};
use serde::{Deserialize, Serialize};

use super::InForce;
use crate::contract::{AgencyCode, Channel, ComponentCode, Vnd};

/// The tariff of a procedure.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// When the fee is owed; absent if there is none.
    pub due: Option<FeeDue>,
    /// The applicant's period to pay; unlimited if absent.
    pub window: Option<Budget>,
    /// The lines of the tariff.
    #[serde(default)]
    pub lines: Vec<FeeLine>,
    /// The reductions; of several that apply to a line, the largest counts (NQ 66.22/2026/NQ-CP,
    /// art. 5.2).
    #[serde(default)]
    pub reductions: Vec<Reduction>,
    /// The groups of applicants whose claims must be proved. A claim to a group without an entry
    /// counts as it is.
    #[serde(default)]
    pub groups: Vec<FeeGroup>,
    /// When the agency keeps a settled fee although the dossier ends without a result.
    #[serde(default)]
    pub kept: Kept,
}

/// A group of applicants whose claim to a reduction must be proved. The reduction applies
/// provisionally; the one-stop unit confirms or rejects the claim when it accepts the dossier.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FeeGroup {
    /// The group, as the reductions name it.
    pub group: String,
    /// The component of the dossier that is the evidence; absent if the officer confirms the claim
    /// by other means, for example in a register of persons.
    pub evidence: Option<ComponentCode>,
}

/// When the agency keeps a settled fee although the dossier ends without a result. Amounts that did
/// not settle a fee are never kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// From acceptance on, because the work has begun then.
    #[default]
    AfterAcceptance,
    /// Always (for example Decree 297/2025/NĐ-CP).
    Always,
    /// Never: the fee is for the result.
    Never,
}

/// The event at which a fee is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeeDue {
    /// Submission; to be paid before acceptance.
    AtFiling,
    /// The acceptance of the dossier.
    AfterAcceptance,
}

/// The kind of a fee (Law 97/2015/QH13, art. 3). The kinds are accounted for separately (art.
/// 14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeKind {
    /// Phí: offsets the cost of a service.
    Phi,
    /// Lệ phí: a fixed sum.
    LePhi,
}

/// A line of the tariff.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FeeLine {
    /// Identifies the rule in records.
    pub rule: String,
    pub kind: FeeKind,
    /// The name of the fee.
    pub name: Text,
    pub amount: Vnd,
    /// The days on which it is charged.
    pub effective: InForce,
    /// The channels of filing for which it is charged; all if empty.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Whether it is charged only if an officer says so while the dossier is being processed.
    #[serde(default)]
    pub further: bool,
    /// The legal basis.
    pub basis: String,
}

/// A reduction of the tariff.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reduction {
    /// Identifies the rule in records.
    pub rule: String,
    /// The reduction, in per cent.
    pub percent: u8,
    /// The kinds of fee that it reduces.
    pub of: Vec<FeeKind>,
    /// The days on which it applies.
    pub effective: InForce,
    /// The channels of filing for which it applies; all if empty.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// The groups of applicants for which it applies; everybody if empty.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The agencies for whose dossiers it applies, those below them included; all if empty.
    #[serde(default)]
    pub agencies: Vec<AgencyCode>,
    /// The legal basis.
    pub basis: String,
}

impl FeeLine {
    /// Whether it is charged for dossiers filed by this channel.
    #[must_use]
    pub fn is_for(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

impl Reduction {
    /// Whether it applies to dossiers of this agency.
    #[must_use]
    pub fn is_given_by(&self, agency: &AgencyCode) -> bool {
        self.agencies.is_empty() || self.agencies.iter().any(|own| own.covers(agency))
    }
}
