//! A complaint is classified: conduct or delay, content of rules, another agency's, or not
//! acceptable. Decree 20/2008/NĐ-CP, art. 9; Circular 11/2014/TT-BCT, arts 10 to 15 (3, 5 or 10
//! working days to answer).

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Complaint, Stage, end_of};
use crate::access::agency;
use crate::contract::{ComplaintClass, ComplaintClassified, ComplaintEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// The classification of a complaint.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClassifyComplaintRequest)]
pub struct ClassifyComplaint {
    /// The class determines the period for the answer. Requests about the complainant's own data
    /// have their own classes.
    pub class: ComplaintClass,
    /// Reason, for the complainant. Required to dismiss a complaint as `not_acceptable`.
    pub reason: Option<Text<2000>>,
}

refusals! {
    /// Refusals of `classify_complaint`.
    pub enum Refusal {
        NotFiled => 409, "complaint-not-open",
            "phản ánh không chờ phân loại", "the complaint is not waiting to be classified";
        AnotherKind => 422, "class-of-another-kind" at "/class",
            "yêu cầu về dữ liệu cá nhân và phản ánh, kiến nghị có phân loại riêng",
            "requests about personal data and complaints have different classes";
        ReasonMissing => 422, "dismissal-without-reason" at "/reason",
            "không thụ lý phản ánh thì phải nêu lý do cho người phản ánh",
            "a complaint is dismissed with a reason for the complainant";
    }
}

impl Command for ClassifyComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "classify_complaint",
        basis: "20/2008/NĐ-CP Điều 9; 11/2014/TT-BCT Điều 10-15",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.ComplaintClassified.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let class = self.class;
        // Until it is forwarded, it can still turn out to be the agency's own.
        let waits = matches!(complaint.stage, Stage::Filed { .. } | Stage::Misdirected { .. });
        let waits = waits && complaint.is_for(facts);
        let Some(agency) = complaint.agency().filter(|_| waits) else {
            return Err(Refusal::NotFiled);
        };
        let dismissed = matches!(class, ComplaintClass::NotOurs | ComplaintClass::NotAcceptable);
        if !dismissed && class.is_about_personal_data() != complaint.is_about_data() {
            return Err(Refusal::AnotherKind);
        }
        if class == ComplaintClass::NotAcceptable && self.reason.is_none() {
            return Err(Refusal::ReasonMissing);
        }
        let channel = complaint.channel();
        let budget = facts.law.complaints().and_then(|rules| rules.answer(class, channel));
        let answer_by = match budget {
            Some(budget) => Some(end_of(facts, (agency, facts.at), |_| budget)?),
            None => None,
        };
        let reason = self.reason.as_ref().map(Text::personal);
        Ok(Decision::event(ComplaintClassified { class, answer_by, reason }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::feedback::file_complaint::tests::filed;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) fn classified(law: &Law, class: ComplaintClass) -> Scene<'_, Complaint> {
        let mut scene = filed(law);
        scene.execute("2026-11-20T10:00", Role::ComplaintHandler, classify(class)).unwrap();
        scene
    }

    pub(crate) fn classify(class: ComplaintClass) -> ClassifyComplaint {
        let reason = (class == ComplaintClass::NotAcceptable).then(|| "it names no facts".into());
        ClassifyComplaint { class, reason }
    }

    #[test]
    fn a_request_about_ones_own_data_has_periods_of_its_own_and_no_public_answer() {
        use crate::feedback::answer_complaint::AnswerComplaint;
        use crate::feedback::file_complaint::tests::requested;
        use crate::feedback::publish_answer::{self, PublishAnswer};
        let law = law();
        let due = |class| {
            let mut scene = requested(&law);
            // Two working days from Friday 20 November, with Tuesday 24 off.
            assert_eq!(scene.state.due().unwrap().running.due_at, at("2026-11-26T00:00"));
            let classified =
                scene.execute("2026-11-20T10:00", Role::ComplaintHandler, classify(class));
            classified.map(|_| scene.state.due().unwrap().running.due_at)
        };
        // Ten, fifteen and twenty days; the second period ends on a Saturday and is moved to
        // Monday.
        assert_eq!(due(ComplaintClass::PersonalDataAccess), Ok(at("2026-12-01T00:00")));
        assert_eq!(due(ComplaintClass::PersonalDataObjection), Ok(at("2026-12-08T00:00")));
        assert_eq!(due(ComplaintClass::PersonalDataErasure), Ok(at("2026-12-11T00:00")));
        assert_eq!(due(ComplaintClass::Complex), Err(Refusal::AnotherKind));
        let mut scene = requested(&law);
        let class = ComplaintClass::PersonalDataAccess;
        let handler = Role::ComplaintHandler;
        scene.execute("2026-11-20T10:00", handler, classify(class)).unwrap();
        let answer = AnswerComplaint { answer: "here they are".into(), documents: Vec::new() };
        scene.execute("2026-11-23T09:00", handler, answer).unwrap();
        assert!(scene.state.due().is_none());
        let published =
            scene.execute("2026-11-23T09:00", handler, PublishAnswer { text: "x".into() });
        assert_eq!(published, Err(publish_answer::Refusal::NotForThePublic));
    }

    #[test]
    fn a_complaint_that_was_taken_for_another_agencys_is_classified_again_until_it_is_forwarded() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::NotOurs);
        let mut again = |class| {
            scene.execute("2026-11-20T11:00", Role::ComplaintHandler, classify(class)).map(drop)
        };
        assert_eq!(again(ComplaintClass::ConductOrDelay), Ok(()));
        assert_eq!(again(ComplaintClass::Complex), Err(Refusal::NotFiled));
    }

    #[test]
    fn a_complaint_is_dismissed_with_a_reason_only() {
        let law = law();
        let mut scene = filed(&law);
        let class = ComplaintClass::NotAcceptable;
        let without = ClassifyComplaint { class, reason: None };
        let refused = scene.execute("2026-11-20T10:00", Role::ComplaintHandler, without);
        assert_eq!(refused, Err(Refusal::ReasonMissing));
        scene.execute("2026-11-20T10:00", Role::ComplaintHandler, classify(class)).unwrap();
        assert_eq!(scene.state.stage, Stage::Dismissed);
    }

    #[test]
    fn the_class_sets_the_time_to_answer() {
        let law = law();
        let due = |class| classified(&law, class).state.due().map(|due| due.running.due_at);
        assert_eq!(due(ComplaintClass::ConductOrDelay), Some(at("2026-11-27T00:00")));
        assert_eq!(due(ComplaintClass::ContentOfRules), Some(at("2026-11-27T00:00")), "online");
        assert_eq!(due(ComplaintClass::Complex), Some(at("2026-12-08T00:00")));
        assert_eq!(due(ComplaintClass::NotAcceptable), None);
    }
}
