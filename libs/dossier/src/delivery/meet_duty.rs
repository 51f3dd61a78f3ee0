//! A duty after a result is met: a report, a payment, a decision on what was left over (for example
//! Decree 81/2018/NĐ-CP, art. 21). A missed duty can still be met.

use super::{DossierResult, after};
use crate::access::{agency, own};
use crate::contract::{DeliveryEvent, DutyMet, NamedDocument, Personal, Role};
use crate::law::OwedBy;
use crate::step::{Command, Decision, Facts, Step, refusals};

refusals! {
    /// Refusals of `meet_duty`.
    pub enum Refusal {
        NotOwed(String) => 409, "duty-not-owed",
            "không có nghĩa vụ này", "there is no such duty";
        AlreadyMet(String) => 409, "duty-already-met",
            "nghĩa vụ này đã được thực hiện", "this duty has been met already";
        OfAnother(String) => 403, "duty-of-another",
            "nghĩa vụ này thuộc về bên khác", "this duty is another party's";
    }
}

/// Records that a duty was met.
#[derive(Debug, Clone)]
pub struct MeetDuty {
    /// Code of the duty.
    pub duty: String,
    /// The document that proves it.
    pub document: Option<NamedDocument>,
    pub note: Option<String>,
}

impl Command for MeetDuty {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "meet_duty",
        basis: "81/2018/NĐ-CP Điều 21",
        may: &[
            own(Role::Applicant),
            agency(Role::Clerk),
            agency(Role::Reviewer),
            agency(Role::Approver),
        ],
        events: &["delivery.DutyMet.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let duty = self.duty.clone();
        let (Some(owed), Some(brief)) = (result.after.duties.get(&duty), result.brief()) else {
            return Err(Refusal::NotOwed(duty));
        };
        if owed.met_at.is_some() {
            return Err(Refusal::AlreadyMet(duty));
        }
        let rule = facts.rule()?;
        let by = rule.procedure.result.duty(&duty).map(|duty| duty.by);
        let may = match (by, facts.actor.role) {
            (Some(OwedBy::Applicant), Role::Applicant | Role::Clerk) => true,
            (Some(OwedBy::Agency), role) => role != Role::Applicant,
            (Some(OwedBy::Applicant) | None, _) => false,
        };
        if !may {
            return Err(Refusal::OfAnother(duty));
        }
        let duties = after::begin(rule, brief, Some(&duty), facts.at)?;
        let (document, document_sha256) = match self.document.clone() {
            Some(NamedDocument { name, sha256 }) => (Some(name), sha256),
            None => (None, None),
        };
        let note = self.note.clone().map(Personal::from);
        Ok(Decision::event(DutyMet { duty, document, document_sha256, note, duties }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::delivery::DeliveryDeadline;
    use crate::delivery::issue_result::tests::promotion;
    use crate::testing::{Scene, at, law};

    pub(crate) fn meet(
        scene: &mut Scene<'_, DossierResult>,
        moment: &str,
        role: Role,
        duty: &str,
    ) -> Result<Vec<DeliveryEvent>, Refusal> {
        let command = MeetDuty { duty: duty.to_owned(), document: None, note: None };
        scene.execute(moment, role, command)
    }

    fn due(scene: &Scene<'_, DossierResult>, duty: &str) -> jiff::Timestamp {
        scene.state.after.duties[duty].running.due_at
    }

    #[test]
    fn the_prizes_of_a_promotion_are_reported_within_ninety_days_of_its_end_and_what_is_left_is_settled()
     {
        let law = law();
        // It runs until 31 December 2026.
        let mut scene = promotion(&law);
        assert_eq!(due(&scene, "prizes"), at("2027-02-16T00:00"), "the 14th is a Sunday");
        assert_eq!(due(&scene, "report"), at("2027-04-01T00:00"));
        meet(&mut scene, "2027-02-01T09:00", Role::Applicant, "prizes").unwrap();
        // The report comes late, and counts all the same.
        let kind = DeliveryDeadline::Duty("report".to_owned());
        assert!(scene.enforce("2027-03-31T23:59", &kind).is_empty());
        assert_eq!(scene.enforce("2027-04-01T00:00", &kind).len(), 1);
        assert!(scene.enforce("2027-04-01T00:01", &kind).is_empty());
        meet(&mut scene, "2027-04-05T09:00", Role::Clerk, "report").unwrap();
        assert_eq!(due(&scene, "unclaimed"), at("2027-04-15T00:00"), "seven working days");
        let applicant = meet(&mut scene, "2027-04-06T09:00", Role::Applicant, "unclaimed");
        assert_eq!(applicant, Err(Refusal::OfAnother("unclaimed".to_owned())));
        meet(&mut scene, "2027-04-06T09:00", Role::Approver, "unclaimed").unwrap();
        meet(&mut scene, "2027-04-20T09:00", Role::Applicant, "remittance").unwrap();
        assert_eq!(
            due(&scene, "remittance_report"),
            at("2027-05-05T00:00"),
            "30 April and 1 May are off"
        );
        let again = meet(&mut scene, "2027-04-20T09:00", Role::Applicant, "remittance");
        assert_eq!(again, Err(Refusal::AlreadyMet("remittance".to_owned())));
        let unknown = meet(&mut scene, "2027-04-20T09:00", Role::Applicant, "nothing");
        assert_eq!(unknown, Err(Refusal::NotOwed("nothing".to_owned())));
    }
}
