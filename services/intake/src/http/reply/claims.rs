//! Claims to groups that reduce the fee.

use dossier::intake::Claim;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::past::known;

/// Whether a claim was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClaimOutcome {
    /// The one-stop unit has not decided; the reduction applies provisionally.
    Open,
    Confirmed,
    /// The reduction does not apply.
    Rejected,
}

/// A claim to a group that has to be proved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeeClaimReply {
    /// The group, as the procedure names it.
    #[schema(example = "digital_citizen")]
    pub group: String,
    /// Code of the component that is the evidence; absent if an officer confirms the claim by other
    /// means.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "identity")]
    pub evidence: Option<String>,
    /// Outcome of the claim.
    pub outcome: ClaimOutcome,
    /// Written reason, above all of a rejection; absent if none was given, and after its erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Thẻ đã hết hạn")]
    pub reason: Option<String>,
    /// Time of the decision; absent while the claim is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

impl From<&Claim> for FeeClaimReply {
    fn from(Claim { claim, decided }: &Claim) -> Self {
        let outcome = match decided {
            None => ClaimOutcome::Open,
            Some((decision, _)) if decision.confirmed => ClaimOutcome::Confirmed,
            Some(_) => ClaimOutcome::Rejected,
        };
        Self {
            group: claim.group.clone(),
            evidence: claim.evidence.as_ref().map(ToString::to_string),
            outcome,
            reason: decided.as_ref().and_then(|(decision, _)| known(decision.reason.as_ref())),
            decided_at: decided.as_ref().map(|(_, at)| *at),
        }
    }
}
