//! Another agency is consulted, with a question and a period. Decree 61/2018/NĐ-CP, art. 19.5.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Review, clock};
use crate::access::agency;
use crate::contract::{AgencyCode, ConsultationId, ConsultationRequested, ReviewEvent, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::{Line, Text};

/// Consults another agency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsultAgencyRequest)]
pub struct ConsultAgency {
    /// The code of the agency.
    pub agency: Line<35>,
    /// The question, at most 4000 characters.
    pub question: Text<4000>,
}

/// Maximum number of open consultations of a dossier.
const OPEN_MAX: usize = 20;

refusals! {
    /// Why an agency cannot be consulted.
    pub enum Refusal {
        NotYours => 409, "not-your-review",
            "hồ sơ không do bạn thụ lý", "you are not the officer in charge of this review";
        NotAnAgency(Known) => 422, "unknown-agency" at "/agency",
            "không có cơ quan này", "there is no such agency";
        AgencySucceeded(AgencyCode) => 422, "agency-succeeded" at "/agency",
            "cơ quan này đã được sáp nhập hoặc giải thể, hãy chọn cơ quan kế tục",
            "this agency was merged or dissolved; use its successor";
        TooMany => 409, "too-many-consultations",
            "đang lấy ý kiến quá nhiều cơ quan", "too many consultations are open";
    }
}

impl Command for ConsultAgency {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "consult_agency",
        basis: "61/2018/NĐ-CP Điều 19.5",
        may: &[agency(Role::Reviewer)],
        events: &["review.ConsultationRequested.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        if !review.is_open() || !review.is_handled_by(facts.actor) {
            return Err(Refusal::NotYours);
        }
        let agency = AgencyCode::from(&*self.agency.0);
        if facts.law.agency(&agency).is_none() {
            let all = facts.law.agencies().map(|known| &known.code);
            return Err(Refusal::NotAnAgency(Known::agencies(&agency, all)));
        }
        let present = facts.law.present(&agency, facts.at);
        if *present != agency {
            return Err(Refusal::AgencySucceeded(present.clone()));
        }
        if review.consultations.len() >= OPEN_MAX {
            return Err(Refusal::TooMany);
        }
        let rule = facts.rule()?;
        let budget = rule.procedure.review.consultation;
        Ok(Decision::event(ConsultationRequested {
            consultation: ConsultationId(facts.id("consultation")),
            agency,
            question: self.question.personal(),
            due_at: budget.map(|budget| clock::end_of(rule, facts.at, budget)),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::law::Law;
    use crate::review::claim_review::tests::claimed;
    use crate::step::State;
    use crate::testing::{Scene, at, law};

    fn ask(agency: &str) -> ConsultAgency {
        ConsultAgency { agency: agency.into(), question: "agreed?".into() }
    }

    pub(crate) fn consulted(law: &Law) -> (Scene<'_, Review>, ConsultationId) {
        let mut scene = claimed(law);
        scene.execute("2026-11-20T12:00", Role::Reviewer, ask("H26.14")).unwrap();
        let id = *scene.state.consultations.keys().next().unwrap();
        (scene, id)
    }

    #[test]
    fn the_consulted_agency_has_its_own_time_and_sees_what_it_was_asked_about() {
        let law = law();
        let (scene, _) = consulted(&law);
        // Three working days from Friday 20 November, with the 24th off.
        let due: Vec<_> = scene.open().iter().map(|o| o.due_at).collect();
        assert!(due.contains(&at("2026-11-27T00:00")), "{due:?}");
        assert!(scene.state.resource().unwrap().consulted.contains(&"H26.14".into()));
        assert!(scene.state.consulting().any(|agency| *agency == "H26.14".into()));
    }

    #[test]
    fn only_an_agency_of_the_register_that_has_not_ended_is_consulted() {
        let law = law();
        let mut scene = claimed(&law);
        let mut asked = |agency| scene.execute("2026-11-20T12:00", Role::Reviewer, ask(agency));
        for unknown in ["NOSUCH", "g02", "", "G02.0010"] {
            let refused = asked(unknown);
            assert!(matches!(refused, Err(Refusal::NotAnAgency(_))), "{unknown}: {refused:?}");
        }
        let successor = AgencyCode::from("G02.005");
        assert_eq!(asked("G02.004"), Err(Refusal::AgencySucceeded(successor)));
        asked("G02.003").unwrap();
    }
}
