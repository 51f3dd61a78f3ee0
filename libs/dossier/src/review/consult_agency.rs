//! Another agency is asked for its opinion, with content and time. Decree 61/2018/NĐ-CP, art. 19.5.

use super::{Review, clock};
use crate::access::agency;
use crate::contract::{
    AgencyCode, ConsultationId, ConsultationRequested, Personal, ReviewEvent, Role,
};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "consult_agency",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.5",
    may: &[agency(Role::Reviewer)],
    events: &["review.ConsultationRequested.v1"],
    refusals: Refusal::ALL,
};

/// How many consultations of a dossier may be open at once.
const OPEN_MAX: usize = 20;

refusals! {
    /// Why an agency cannot be consulted.
    pub enum Refusal {
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer who works on it";
        NotAnAgency => 422, "unknown-agency",
            "không có cơ quan này", "there is no such agency";
        AgencySucceeded(AgencyCode) => 422, "agency-succeeded",
            "cơ quan này đã được sáp nhập hoặc giải thể, cơ quan kế tục là:",
            "this agency has ended, its work is done by another one:";
        TooMany => 409, "too-many-consultations",
            "đang lấy ý kiến quá nhiều cơ quan", "too many consultations are open";
    }
}

/// Decides.
pub fn decide(
    review: &Review,
    asked: AgencyCode,
    question: String,
    facts: &Facts<'_>,
) -> Result<Vec<ReviewEvent>, Refusal> {
    if !review.is_open() || !review.is_with(&facts.actor.subject) {
        return Err(Refusal::NotYours);
    }
    if facts.law.agency(&asked).is_none() {
        return Err(Refusal::NotAnAgency);
    }
    let present = facts.law.present(&asked, facts.at);
    if *present != asked {
        return Err(Refusal::AgencySucceeded(present.clone()));
    }
    if review.consultations.len() >= OPEN_MAX {
        return Err(Refusal::TooMany);
    }
    let rule = facts.rule()?;
    let consultation = rule.procedure.review.consultation;
    let due_at = consultation.map(|budget| clock::end_of(rule, facts.at, budget));
    let consultation = ConsultationId(facts.id("consultation"));
    let question = Personal::from(question);
    Ok(vec![ConsultationRequested { consultation, agency: asked, question, due_at }.into()])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::law::Law;
    use crate::review::claim_review::tests::claimed;
    use crate::step::State;
    use crate::testing::{Scene, at, law};

    pub(crate) fn consulted(law: &Law) -> (Scene<'_, Review>, ConsultationId) {
        let mut scene = claimed(law);
        let ask = |s: &Review, f: &Facts<'_>| decide(s, "H26.14".into(), "agreed?".to_owned(), f);
        scene.step("2026-11-20T12:00", Role::Reviewer, ask).unwrap();
        let id = *scene.state.consultations.keys().next().unwrap();
        (scene, id)
    }

    #[test]
    fn the_consulted_agency_has_its_own_time_and_sees_what_it_was_asked_about() {
        let law = law();
        let (scene, _) = consulted(&law);
        // Three working days from Friday 20 November, with the 24th off.
        let due: Vec<_> = scene.state.obligations().iter().map(|o| o.due_at).collect();
        assert!(due.contains(&at("2026-11-27T00:00")), "{due:?}");
        assert!(scene.state.resource().unwrap().consulted.contains(&"H26.14".into()));
        assert!(scene.state.consulting().any(|agency| *agency == "H26.14".into()));
    }

    #[test]
    fn only_an_agency_of_the_register_that_has_not_ended_is_consulted() {
        let law = law();
        let mut scene = claimed(&law);
        let mut ask = |agency: &str| {
            let asked = AgencyCode::from(agency);
            scene.step("2026-11-20T12:00", Role::Reviewer, |s: &Review, f: &Facts<'_>| {
                decide(s, asked, "agreed?".to_owned(), f)
            })
        };
        for unknown in ["NOSUCH", "g02", "", "G02.0010"] {
            assert_eq!(ask(unknown), Err(Refusal::NotAnAgency), "{unknown}");
        }
        let successor = AgencyCode::from("G02.005");
        assert_eq!(ask("G02.004"), Err(Refusal::AgencySucceeded(successor)));
        ask("G02.003").unwrap();
    }
}
