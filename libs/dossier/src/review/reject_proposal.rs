//! The second officer does not agree: the reviewer goes on.

use uuid::Uuid;

use super::Review;
use crate::access::agency;
use crate::contract::{Personal, ProposalRejected, ReviewEvent, Role};
use crate::step::{Facts, Step};

pub use crate::proposals::NotProposed as Refusal;

/// This step.
pub const STEP: Step = Step {
    name: "reject_proposal",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.3",
    may: &[agency(Role::Approver)],
    events: &["review.ProposalRejected.v1"],
    refusals: Refusal::ALL,
};

/// Decides.
pub fn decide(
    review: &Review,
    proposal: Uuid,
    reason: String,
    _facts: &Facts<'_>,
) -> Result<Vec<ReviewEvent>, Refusal> {
    if review.proposal.as_ref().is_none_or(|proposed| proposed.proposal != proposal) {
        return Err(Refusal::NothingProposed);
    }
    Ok(vec![ProposalRejected { proposal, reason: Personal::from(reason) }.into()])
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
        let proposal = scene.state.proposal.as_ref().unwrap().proposal;
        let reject = |s: &Review, f: &Facts<'_>| decide(s, proposal, "no".to_owned(), f);
        scene.step("2026-11-23T11:00", Role::Approver, reject).unwrap();
        assert_eq!(scene.state.stage, Stage::Open);
        assert!(scene.state.officer.is_some());
        let again = scene.step("2026-11-23T11:00", Role::Approver, reject);
        assert_eq!(again, Err(Refusal::NothingProposed));
    }
}
