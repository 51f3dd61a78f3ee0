//! The dossier was transferred to another agency, which reviews it from the start: the officer in
//! charge, the period of the activity and a proposed decision end with the transfer; what officers
//! wrote stays in the record. A rule of a unit there may assign it to an officer.

use super::giving::assigned_by_rule;
use super::{Review, Stage};
use crate::contract::{Brief, ReviewEvent, ReviewTransferred};
use crate::law::Loads;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Hands a review over to another agency.
#[derive(Debug, Clone)]
pub struct TransferReview {
    /// The brief, with the new agency.
    pub brief: Brief,
    /// Whether the review has been opened, or will be by an earlier event.
    pub in_review: bool,
    /// The loads of the officers that the rules of the new agency consider.
    pub loads: Loads,
}

impl Command for TransferReview {
    type State = Review;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "transfer_review",
        basis: "61/2018/NĐ-CP Điều 18",
        may: &[],
        events: &["review.ReviewTransferred.v1", "review.ReviewClaimed.v1"],
        refusals: &[],
    };

    /// Not yet, while the review has not been opened. Nothing, if it was decided or cancelled: a
    /// decision of the earlier agency undoes the transfer in intake.
    fn decide(
        &self,
        review: &Review,
        facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, LawError> {
        match review.stage {
            Stage::Empty if self.in_review => return Ok(Decision::NotYet),
            Stage::Empty | Stage::Decided(_) | Stage::Cancelled => return Ok(Decision::Nothing),
            Stage::Open | Stage::Paused(_) | Stage::Proposed(_) => {}
        }
        let Some(known) = review.brief.as_ref().filter(|old| old.agency != self.brief.agency)
        else {
            return Ok(Decision::Nothing);
        };
        let brief = self.brief.clone();
        let event = ReviewTransferred { from: known.agency.clone(), brief: brief.clone() };
        let mut after = review.clone();
        after.transfer(&event, 0);
        let mut events = vec![event.into()];
        if after.is_open() {
            let rule = facts.law.rule(&brief.procedure, &brief.agency, facts.at);
            let there = Facts { rule, ..*facts };
            events.extend(assigned_by_rule(&after, &brief, &there, (None, &self.loads))?);
        }
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{AgencyCode, Role};
    use crate::review::cancel_review::CancelReview;
    use crate::review::claim_review::ClaimReview;
    use crate::review::claim_review::tests::claimed;
    use crate::review::open_review::tests::opened;
    use crate::review::pause_review::PauseReview;
    use crate::testing::{Scene, law};
    use uuid::Uuid;

    fn to(scene: &Scene<'_, Review>, agency: &str) -> TransferReview {
        let brief = scene.state.brief.as_ref().unwrap().transferred(&agency.into());
        TransferReview { brief, in_review: true, loads: Loads::default() }
    }

    fn transfer(scene: &mut Scene<'_, Review>, agency: &str) -> Vec<&'static str> {
        let command = to(scene, agency);
        let before = scene.events.len();
        scene.execute("2026-11-20T15:00", Role::System, command).unwrap();
        scene.kinds()[before..].to_vec()
    }

    fn agency(scene: &Scene<'_, Review>) -> AgencyCode {
        scene.state.brief.as_ref().unwrap().agency.clone()
    }

    #[test]
    fn the_officer_and_the_period_of_the_activity_end_and_the_new_agency_claims_it() {
        let law = law();
        let mut scene = claimed(&law);
        assert_eq!(transfer(&mut scene, "G02.001"), ["ReviewTransferred"]);
        assert_eq!((&scene.state.officer, &scene.state.due), (&None, &None));
        assert!(scene.state.is_open() && scene.open().is_empty());
        assert_eq!(agency(&scene), "G02.001".into());
        scene.agency = "G02.001";
        scene.execute("2026-11-20T16:00", Role::Reviewer, ClaimReview {}).unwrap();
        assert!(scene.state.officer.is_some() && scene.state.due.is_some());
    }

    #[test]
    fn the_earlier_agency_reads_what_was_until_then() {
        let law = law();
        let mut scene = claimed(&law);
        transfer(&mut scene, "G02.001");
        let former = crate::step::State::resource(&scene.state).unwrap().former;
        assert_eq!((former[0].agency.as_str(), former[0].until), ("G02.002", 2));
    }

    #[test]
    fn a_review_that_awaits_a_supplement_goes_on_waiting() {
        let law = law();
        let mut scene = opened(&law);
        scene.execute("2026-11-20T11:00", Role::System, PauseReview { request: 1 }).unwrap();
        assert_eq!(transfer(&mut scene, "G02.001"), ["ReviewTransferred"]);
        assert_eq!(scene.state.pause().unwrap().request, Some(1));
    }

    #[test]
    fn the_same_transfer_is_made_once() {
        let law = law();
        let mut scene = opened(&law);
        transfer(&mut scene, "G02.001");
        assert_eq!(transfer(&mut scene, "G02.001"), [] as [&str; 0]);
    }

    #[test]
    fn a_review_that_is_not_open_yet_is_awaited_and_one_that_has_ended_stays_as_it_is() {
        let law = law();
        let mut scene = opened(&law);
        let command = to(&scene, "G02.001");
        let cancel = CancelReview { cause: Uuid::nil() };
        scene.execute("2026-11-20T11:00", Role::System, cancel).unwrap();
        assert_eq!(transfer(&mut scene, "G02.001"), [] as [&str; 0]);
        let mut empty = Scene::<Review>::new(&law, "PRECURSOR.IMPORT", "G02.002");
        let decided = empty.decide("2026-11-20T11:00", Role::System, &command).unwrap();
        assert_eq!(decided, Decision::NotYet);
        let command = TransferReview { in_review: false, ..command };
        let decided = empty.decide("2026-11-20T11:00", Role::System, &command).unwrap();
        assert_eq!(decided, Decision::Nothing);
    }
}
