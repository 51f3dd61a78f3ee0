//! Claims of the applicant to groups whose fee is reduced, and the one-stop unit's decisions on
//! them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Intake;
use crate::contract::{FeeClaim, FeeClaimDecision, FeeClaimsDecided, Meta};
use crate::text::{Line, Text};

#[cfg(test)]
mod tests;

/// A claim that has to be proved, and what was decided on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    pub claim: FeeClaim,
    /// With the instant of the decision; absent while the claim is open.
    pub decided: Option<(FeeClaimDecision, Timestamp)>,
}

/// The decision of the one-stop unit on one claim.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimDecisionRequest)]
pub struct ClaimDecision {
    /// The group that the applicant claims.
    #[schema(value_type = String, max_length = 100, example = "digital_citizen")]
    pub group: Line<100>,
    /// True to confirm the claim, false to reject it.
    pub confirmed: bool,
    /// The written reason, which the applicant reads; required for a rejection, and to confirm a
    /// claim that was rejected.
    #[schema(value_type = Option<String>, max_length = 2000, example = "Thẻ đã hết hạn")]
    pub reason: Option<Text<2000>>,
}

/// What is wrong with the decisions on the claims of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong<'a> {
    /// No such claim is open.
    Unknown { place: usize, group: &'a str },
    /// The same claim is decided twice.
    Twice { place: usize },
    /// A rejection, or a confirmation of a rejected claim, without a reason.
    NoReason { place: usize },
    /// An open claim without a decision.
    Unanswered(&'a str),
}

impl Intake {
    /// The claims on which the one-stop unit has not decided.
    pub fn open_claims(&self) -> impl Iterator<Item = &FeeClaim> {
        self.claims.iter().filter(|claim| claim.decided.is_none()).map(|claim| &claim.claim)
    }

    /// The claims that the one-stop unit has rejected.
    pub fn rejected_claims(&self) -> impl Iterator<Item = &FeeClaim> {
        let is_rejected = |claim: &&Claim| {
            claim.decided.as_ref().is_some_and(|(decision, _)| !decision.confirmed)
        };
        self.claims.iter().filter(is_rejected).map(|claim| &claim.claim)
    }

    /// Everything that is wrong with confirmations of rejected claims.
    pub(super) fn check_confirmations<'a>(
        &'a self,
        decisions: &'a [ClaimDecision],
    ) -> Vec<Wrong<'a>> {
        let rejected: BTreeSet<&str> = self.rejected_claims().map(|one| &*one.group).collect();
        let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
        for (place, decision) in decisions.iter().enumerate() {
            let group = &*decision.group.0;
            if !rejected.contains(group) || !decision.confirmed {
                wrong.push(Wrong::Unknown { place, group });
            } else if !seen.insert(group) {
                wrong.push(Wrong::Twice { place });
            }
            if decision.reason.is_none() {
                wrong.push(Wrong::NoReason { place });
            }
        }
        wrong
    }

    /// Everything that is wrong with decisions: they have to be one for each open claim.
    pub(super) fn check_claims<'a>(&'a self, decisions: &'a [ClaimDecision]) -> Vec<Wrong<'a>> {
        let mut open: BTreeSet<&str> = self.open_claims().map(|claim| &*claim.group).collect();
        let all = open.clone();
        let mut wrong = Vec::new();
        for (place, decision) in decisions.iter().enumerate() {
            let group = &*decision.group.0;
            if !all.contains(group) {
                wrong.push(Wrong::Unknown { place, group });
            } else if !open.remove(group) {
                wrong.push(Wrong::Twice { place });
            }
            if !decision.confirmed && decision.reason.is_none() {
                wrong.push(Wrong::NoReason { place });
            }
        }
        wrong.extend(open.into_iter().map(Wrong::Unanswered));
        wrong
    }

    pub(super) fn on_claims_decided(&mut self, decided: &FeeClaimsDecided, meta: &Meta) {
        if let Some(submission) = &mut self.submission {
            Arc::make_mut(submission).brief = decided.brief.clone();
        }
        for decision in &decided.claims {
            let mut claims = Arc::make_mut(&mut self.claims).iter_mut();
            if let Some(claim) = claims.find(|claim| claim.claim.group == decision.group) {
                claim.decided = Some((decision.clone(), meta.at()));
            }
        }
        if let Some(fee) = decided.fee {
            // The rest is missing: the dossier waits for its fee as before the first payment.
            if self.fee.received_at().is_some() {
                self.fee.give_back(meta.at(), None);
            }
            self.fee_awaited = Some(fee);
            self.progress.owes(None);
        }
    }
}

impl ClaimDecision {
    pub(super) fn recorded(&self) -> FeeClaimDecision {
        FeeClaimDecision {
            group: self.group.0.clone(),
            confirmed: self.confirmed,
            reason: self.reason.as_ref().map(Text::personal),
        }
    }
}
