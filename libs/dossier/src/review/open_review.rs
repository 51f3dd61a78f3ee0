//! An accepted dossier reaches the deciding unit; where the clock starts with the fee, only once
//! that is paid (Decree 137/2026/NĐ-CP, art. 11.2: an unpaid dossier is returned, not decided).
//! Where a rule of the procedure decides, it does so at once, with legal effect (Decree
//! 26/2026/NĐ-CP, art. 6); otherwise, a rule of the unit may assign it to an officer.

use super::giving::assigned_by_rule;
use super::{Review, Stage};
use crate::contract::{Brief, DecidedBy, DecisionMade, ReviewEvent, ReviewOpened, ReviewPaused};
use crate::law::Loads;
use crate::law::{Asked, ClockStart, Condition};
use crate::step::{Command, Decision, Facts, LawError, Rule, Step};

/// Opens a review when the clock of its dossier starts.
#[derive(Debug, Clone)]
pub struct OpenReview {
    pub brief: Brief,
    /// Whether the statutory clock has started.
    pub clock_started: bool,
    /// The number of the supplement request for which the clock is suspended from its start.
    pub awaiting: Option<u32>,
    /// The loads of the officers whom a rule considers, see [`weighed`](crate::law::weighed).
    pub loads: Loads,
}

impl Command for OpenReview {
    type State = Review;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "open_review",
        basis: "61/2018/NĐ-CP Điều 18, 19; 26/2026/NĐ-CP Điều 6",
        may: &[],
        events: &[
            "review.ReviewOpened.v1",
            "review.ReviewPaused.v1",
            "review.ReviewClaimed.v1",
            "review.DecisionMade.v1",
        ],
        refusals: &[],
    };

    /// Nothing, if the review is open, was ended before, or the fee is not paid.
    fn decide(
        &self,
        review: &Review,
        facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, LawError> {
        let Self { brief, clock_started, awaiting, loads } = self;
        let Rule { procedure, calendar, .. } = facts.rule()?;
        let unpaid = procedure.clock.start == ClockStart::FeeReceived && !clock_started;
        if review.stage != Stage::Empty || unpaid {
            return Ok(Decision::Nothing);
        }
        let mut events = vec![ReviewOpened { brief: brief.clone() }.into()];
        if let Some(request) = *awaiting {
            events.push(ReviewPaused { request }.into());
            return Ok(events.into());
        }
        let rule = procedure.review.automatic.as_ref();
        let on = calendar.date_of(brief.submitted_at);
        let asked = Asked { law: facts.law, at: facts.at, on };
        let holds = |condition: &Condition| condition.holds(&brief.public, asked);
        if let Some(rule) = rule.filter(|rule| rule.when.iter().all(&holds)) {
            let (outcome, by, reason) = (rule.outcome, DecidedBy::Rule, None);
            events.push(DecisionMade { brief: brief.clone(), outcome, by, reason }.into());
        } else {
            events.extend(assigned_by_rule(review, brief, facts, (None, loads))?);
        }
        Ok(events.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::Role;
    use crate::law::Law;
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::{Scene, law};

    pub(crate) fn open(scene: &mut Scene<'_, Review>, brief: &Brief) -> usize {
        come(scene, brief, true, None)
    }

    fn come(
        scene: &mut Scene<'_, Review>,
        brief: &Brief,
        clock_started: bool,
        awaiting: Option<u32>,
    ) -> usize {
        let command =
            OpenReview { brief: brief.clone(), clock_started, awaiting, loads: Loads::default() };
        scene.execute("2026-11-20T10:00", Role::System, command).unwrap().len()
    }

    #[test]
    fn where_the_clock_starts_with_the_fee_nothing_is_reviewed_before_it() {
        let law = law();
        let brief = brief(&law, "MLM.CERTIFICATE", "G02.001", "2026-11-20T09:00");
        let mut scene = Scene::new(&law, "MLM.CERTIFICATE", "G02.001");
        assert_eq!(come(&mut scene, &brief, false, None), 0);
        assert_eq!(scene.state.stage, Stage::Empty);
        come(&mut scene, &brief, true, None);
        assert_eq!(scene.state.stage, Stage::Open);
    }

    #[test]
    fn a_review_that_opens_while_a_supplement_is_awaited_waits_too() {
        let law = law();
        let brief = brief(&law, "MLM.CERTIFICATE", "G02.001", "2026-11-20T09:00");
        let mut scene = Scene::new(&law, "MLM.CERTIFICATE", "G02.001");
        come(&mut scene, &brief, true, Some(1));
        assert_eq!(scene.state.pause().unwrap().request, Some(1));
    }

    pub(crate) fn opened(law: &Law) -> Scene<'_, Review> {
        let mut scene = Scene::new(law, "PRECURSOR.IMPORT", "G02.002");
        open(&mut scene, &brief(law, "PRECURSOR.IMPORT", "G02.002", "2026-11-20T09:00"));
        scene
    }

    fn chemical(control: &str) -> Review {
        let law = law();
        let mut scene = Scene::new(&law, "CHEM.IMPORT", "G02.002");
        let mut brief = brief(&law, "CHEM.IMPORT", "G02.002", "2026-11-20T09:00");
        for (field, value) in [
            ("/chemical/hs_chapter", json!(28)),
            ("/chemical/control", json!(control)),
            ("/quantity_kg", json!(50)),
        ] {
            brief.public.insert(field.to_owned(), value);
        }
        open(&mut scene, &brief);
        scene.state
    }

    #[test]
    fn a_rule_answers_a_chemical_declaration_and_leaves_the_others_to_an_officer() {
        assert!(chemical("none").decision().is_some());
        assert!(chemical("special").is_open());
    }

    #[test]
    fn a_review_is_opened_once() {
        let law = law();
        let mut scene = opened(&law);
        let again = brief(&law, "PRECURSOR.IMPORT", "G02.002", "2026-11-20T09:00");
        assert_eq!(open(&mut scene, &again), 0);
    }
}
