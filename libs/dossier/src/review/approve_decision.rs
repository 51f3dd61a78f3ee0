//! A second officer approves a proposal: the dossier is decided. Nobody approves their own
//! proposal.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Review;
use crate::access::agency;
use crate::contract::{DecidedBy, DecisionMade, ReviewEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Approves a proposed decision.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApproveDecisionRequest)]
pub struct ApproveDecision {
    /// The id of the proposal.
    pub proposal: Uuid,
}

refusals! {
    /// Why a decision cannot be approved.
    pub enum Refusal {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
        OwnProposal => 409, "own-proposal",
            "không được tự phê duyệt đề xuất của mình", "you cannot approve your own proposal";
    }
}

impl Command for ApproveDecision {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "approve_decision",
        basis: "61/2018/NĐ-CP Điều 19.3",
        may: &[agency(Role::Approver)],
        events: &["review.DecisionMade.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        let (Some(brief), Some(proposed)) = (&review.brief, review.proposal()) else {
            return Err(Refusal::NothingProposed);
        };
        if proposed.proposal != self.proposal {
            return Err(Refusal::NothingProposed);
        }
        if proposed.officer == facts.actor.subject {
            return Err(Refusal::OwnProposal);
        }
        Ok(Decision::event(DecisionMade {
            brief: (**brief).clone(),
            outcome: proposed.outcome,
            by: DecidedBy::Officers,
            reason: Some(proposed.reason.clone()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Outcome;
    use crate::review::propose_decision::tests::proposed;
    use crate::testing::law;

    #[test]
    fn two_people_decide_and_nobody_approves_their_own_proposal() {
        let law = law();
        let mut scene = proposed(&law);
        let proposal = scene.state.proposal().unwrap().proposal;
        let approve = ApproveDecision { proposal };
        let own = scene.execute("2026-11-23T11:00", Role::Approver, approve.clone());
        assert_eq!(own, Err(Refusal::OwnProposal));
        scene.subject = "head";
        scene.execute("2026-11-23T11:00", Role::Approver, approve).unwrap();
        assert_eq!(scene.state.decision().unwrap().outcome, Outcome::Approved);
    }
}
