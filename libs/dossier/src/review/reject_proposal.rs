//! The second officer rejects a proposal: the reviewer continues.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Review;
use crate::access::agency;
use crate::contract::{ProposalRejected, ReviewEvent, Role};
use crate::step::{Command, Decision, Facts, Step};
use crate::text::Text;

pub use crate::proposals::NotProposed as Refusal;

/// Rejects a proposed decision, with a reason.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RejectProposalRequest)]
pub struct RejectProposal {
    /// The id of the proposal.
    pub proposal: Uuid,
    /// The written reason, at most 4000 characters.
    pub reason: Text<4000>,
}

impl Command for RejectProposal {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "reject_proposal",
        basis: "61/2018/NĐ-CP Điều 19.3",
        may: &[agency(Role::Approver)],
        events: &["review.ProposalRejected.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        review: &Review,
        _facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, Refusal> {
        let proposal = self.proposal;
        if review.proposal().is_none_or(|proposed| proposed.proposal != proposal) {
            return Err(Refusal::NothingProposed);
        }
        Ok(Decision::event(ProposalRejected { proposal, reason: self.reason.personal() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::Stage;
    use crate::review::propose_decision::tests::proposed;
    use crate::testing::law;

    #[test]
    fn a_rejected_proposal_gives_the_dossier_back_to_its_officer() {
        let law = law();
        let mut scene = proposed(&law);
        let proposal = scene.state.proposal().unwrap().proposal;
        let reject = RejectProposal { proposal, reason: "no".into() };
        scene.execute("2026-11-23T11:00", Role::Approver, reject.clone()).unwrap();
        assert_eq!(scene.state.stage, Stage::Open);
        assert!(scene.state.officer.is_some());
        let again = scene.execute("2026-11-23T11:00", Role::Approver, reject);
        assert_eq!(again, Err(Refusal::NothingProposed));
    }
}
