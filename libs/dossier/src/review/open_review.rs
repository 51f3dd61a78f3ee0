//! An accepted dossier comes to the deciding unit. Where a rule of the procedure decides, it does so at once, and its answer
//! is legally valid (Decree 26/2026/NĐ-CP, art. 6).

use super::{Review, Stage};
use crate::contract::{Brief, DecidedBy, DecisionMade, ReviewEvent, ReviewOpened};
use crate::step::{Facts, LawError, Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "open_review",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 18, 19; 26/2026/NĐ-CP Điều 6",
    may: &[],
    events: &["review.ReviewOpened.v1", "review.DecisionMade.v1"],
    refusals: &[],
};

/// Decides; nothing if it is open, or ended before it could be.
pub fn decide(
    review: &Review,
    brief: &Brief,
    facts: &Facts<'_>,
) -> Result<Reacted<ReviewEvent>, LawError> {
    if review.stage != Stage::Empty {
        return Ok(Reacted::Done(Vec::new()));
    }
    let mut events = vec![ReviewOpened { brief: brief.clone() }.into()];
    let rule = facts.rule()?.procedure.review.automatic.as_ref();
    if let Some(rule) = rule.filter(|rule| rule.when.iter().all(|c| c.holds(&brief.public))) {
        let (outcome, by, reason) = (rule.outcome, DecidedBy::Rule, None);
        events.push(DecisionMade { brief: brief.clone(), outcome, by, reason }.into());
    }
    Ok(Reacted::Done(events))
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
        let step =
            scene.step("2026-11-20T10:00", Role::System, |s, f| match decide(s, brief, f)? {
                Reacted::Done(events) => Ok::<_, LawError>(events),
                Reacted::NotYet => panic!("nothing has to come first"),
            });
        step.unwrap().len()
    }

    pub(crate) fn opened(law: &Law) -> Scene<'_, Review> {
        let mut scene = Scene::new(law, "PRECURSOR.IMPORT", "G02.002");
        open(&mut scene, &brief(law, "PRECURSOR.IMPORT", "G02.002", "2026-11-20T09:00"));
        scene
    }

    fn chemical(control: &str) -> Stage {
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
        scene.state.stage
    }

    #[test]
    fn a_rule_answers_a_chemical_declaration_and_leaves_the_others_to_an_officer() {
        assert_eq!(chemical("none"), Stage::Decided);
        assert_eq!(chemical("special"), Stage::Open);
    }

    #[test]
    fn a_review_is_opened_once() {
        let law = law();
        let mut scene = opened(&law);
        let again = brief(&law, "PRECURSOR.IMPORT", "G02.002", "2026-11-20T09:00");
        assert_eq!(open(&mut scene, &again), 0);
    }
}
