//! A second officer approves what was proposed: the dossier is decided. Nobody approves their own proposal.

use uuid::Uuid;

use super::Review;
use crate::access::agency;
use crate::contract::{DecidedBy, DecisionMade, ReviewEvent, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "approve_decision",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.3",
    may: &[agency(Role::Approver)],
    events: &["review.DecisionMade.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a decision cannot be approved.
    pub enum Refusal {
        NothingProposed => 409, "nothing-proposed",
            "không có đề xuất này", "there is no such proposal";
        OwnProposal => 409, "own-proposal",
            "không được tự phê duyệt đề xuất của mình", "nobody approves their own proposal";
    }
}

/// Decides.
pub fn decide(
    review: &Review,
    proposal: Uuid,
    facts: &Facts<'_>,
) -> Result<Vec<ReviewEvent>, Refusal> {
    let (Some(brief), Some(proposed)) = (&review.brief, &review.proposal) else {
        return Err(Refusal::NothingProposed);
    };
    if proposed.proposal != proposal {
        return Err(Refusal::NothingProposed);
    }
    if proposed.officer == facts.actor.subject {
        return Err(Refusal::OwnProposal);
    }
    Ok(vec![
        DecisionMade {
            brief: (**brief).clone(),
            outcome: proposed.outcome,
            by: DecidedBy::Officers,
            reason: Some(proposed.reason.clone()),
        }
        .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Actor, Outcome};
    use crate::review::Stage;
    use crate::review::propose_decision::tests::proposed;
    use crate::testing::law;

    #[test]
    fn two_people_decide_and_nobody_approves_their_own_proposal() {
        let law = law();
        let mut scene = proposed(&law);
        let proposal = scene.state.proposal.as_ref().unwrap().proposal;
        let own = scene.step("2026-11-23T11:00", Role::Approver, |s, f| decide(s, proposal, f));
        assert_eq!(own, Err(Refusal::OwnProposal));
        scene
            .step("2026-11-23T11:00", Role::Approver, |s, f| {
                let second = Actor { subject: "head".into(), ..f.actor.clone() };
                decide(s, proposal, &Facts { actor: &second, ..*f })
            })
            .unwrap();
        assert_eq!(scene.state.stage, Stage::Decided);
        assert_eq!(scene.state.decision.unwrap().outcome, Outcome::Approved);
    }
}
