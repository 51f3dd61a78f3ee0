//! A complaint is assigned to an officer, handed over, or returned to nobody. An assignment
//! organises the work of the agency; it does not prevent a colleague from handling the complaint.
//! Handlers assign among themselves; an approver, as the head, assigns what was escalated.
//! No officer handles a complaint about their own matter or act (Law 36/2018/QH14, art. 23).

use super::Complaint;
use crate::access::agency;
use crate::contract::{ComplaintAssigned, ComplaintEvent, Personal, Role, Subject};
use crate::law::{refusals_of_assignment, unable};
use crate::step::{Collected, Command, Decision, Facts, Reasons, Step};

/// The officer who is to handle a complaint.
#[derive(Debug, Clone)]
pub struct AssignComplaint {
    /// `None` returns it to nobody.
    pub officer: Option<Subject>,
    /// A remark for the officer.
    pub note: Option<String>,
    /// Whether the officer has a conflict of interest, see
    /// [`impartial`](super::impartial::conflict).
    pub conflicted: bool,
}

refusals_of_assignment! {
    /// Refusals of `assign_complaint`.
    pub enum Refusal for "/officer" {
        NotOpen => 409, "complaint-not-open-to-assign",
            "phản ánh không còn chờ xử lý tại cơ quan này",
            "the complaint is not being handled by this agency";
        NotEscalated => 409, "complaint-not-escalated",
            "phản ánh chưa quá hạn; cán bộ giải quyết phản ánh tự phân công",
            "the complaint is not overdue; its handlers assign it";
        Same => 409, "complaint-assigned-already",
            "phản ánh đã được giao như vậy", "the complaint is assigned in this way already";
        Conflict => 422, "officer-not-impartial" at "/officer",
            "cán bộ này là người bị phản ánh, hoặc là một bên của hồ sơ; hãy giao cho người khác",
            "the complaint is about an act of this officer, or the officer is a party to it; assign another one";
    }
}

impl Command for AssignComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "assign_complaint",
        basis: "20/2008/NĐ-CP Điều 9; Luật 36/2018/QH14 Điều 23",
        may: &[agency(Role::ComplaintHandler), agency(Role::Approver)],
        events: &["feedback.ComplaintAssigned.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        if !complaint.is_open() || !complaint.is_for(facts) {
            return Err(Refusal::NotOpen);
        }
        if facts.actor.role == Role::Approver && !complaint.is_escalated(facts.at) {
            return Err(Refusal::NotEscalated);
        }
        if complaint.officer == self.officer {
            return Err(Refusal::Same);
        }
        let mut wrong = Collected::after(Reasons::default());
        if self.conflicted {
            wrong.add(Refusal::Conflict);
        }
        if let (Some(officer), Some(agency)) = (&self.officer, complaint.agency()) {
            for unable in unable(facts.law, agency, (officer, Role::ComplaintHandler), facts.at) {
                wrong.add(Refusal::from(unable));
            }
        }
        wrong.done(Refusal::Several)?;
        let (officer, note) = (self.officer.clone(), self.note.clone().map(Personal::from));
        Ok(Decision::event(ComplaintAssigned { officer, note }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{AssignmentRule, ComplaintClass};
    use crate::directory::record_officer::tests::{NOW, officer, staffed, with};
    use crate::feedback::classify_complaint::tests::classified;
    use crate::feedback::forward_complaint::ForwardComplaint;
    use crate::feedback::miss_complaint_deadline::MissComplaintDeadline;
    use crate::testing::law;

    fn to(officer: Option<&str>) -> AssignComplaint {
        AssignComplaint { officer: officer.map(Into::into), note: None, conflicted: false }
    }

    #[test]
    fn a_complaint_is_assigned_handed_over_and_returned() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::ConductOrDelay);
        let mut assign =
            |officer| scene.execute("2026-11-20T11:00", Role::ComplaintHandler, to(officer));
        assert_eq!(assign(None), Err(Refusal::Same));
        assign(Some("h1")).unwrap();
        assert_eq!(assign(Some("h1")), Err(Refusal::Same));
        assign(Some("h2")).unwrap();
        assign(None).unwrap();
        let conflicted = AssignComplaint { conflicted: true, ..to(Some("h3")) };
        let refused = scene.execute("2026-11-20T11:00", Role::ComplaintHandler, conflicted);
        assert_eq!(refused, Err(Refusal::Conflict));
    }

    #[test]
    fn an_approver_assigns_what_is_overdue_only() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::ConductOrDelay);
        let early = scene.execute("2026-11-20T11:00", Role::Approver, to(Some("h1")));
        assert_eq!(early, Err(Refusal::NotEscalated));
        let due_at = scene.state.due().unwrap().running.due_at;
        let late = due_at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(7)));
        let late = late.strftime("%Y-%m-%dT%H:%M").to_string();
        scene.execute(&late, Role::System, MissComplaintDeadline).unwrap();
        scene.execute(&late, Role::Approver, to(Some("h1"))).unwrap();
        assert_eq!(scene.state.officer, Some("h1".into()));
    }

    #[test]
    fn only_a_complaint_handler_of_the_directory_is_assigned_a_complaint() {
        let plain = law();
        let mut directory = staffed(&plain, &["r1"], AssignmentRule::None);
        let handler = officer("h1", "origin", &[Role::ComplaintHandler]);
        directory.execute(NOW, Role::Operator, handler).unwrap();
        let law = with(&directory);
        let mut scene = classified(&law, ComplaintClass::ConductOrDelay);
        let mut assign =
            |officer| scene.execute("2026-11-20T11:00", Role::ComplaintHandler, to(Some(officer)));
        assert!(matches!(assign("nobody"), Err(Refusal::UnknownOfficer(_))));
        assert_eq!(assign("r1"), Err(Refusal::LacksRole));
        assign("h1").unwrap();
    }

    #[test]
    fn another_agency_assigns_a_forwarded_complaint_anew() {
        let law = law();
        let mut scene = classified(&law, ComplaintClass::NotOurs);
        let handler = Role::ComplaintHandler;
        scene.execute("2026-11-20T11:00", handler, to(Some("h1"))).unwrap();
        scene
            .execute("2026-11-20T11:00", handler, ForwardComplaint { to: "G02.002".into() })
            .unwrap();
        assert_eq!(scene.state.officer, None);
        assert_eq!(
            scene.execute("2026-11-20T12:00", handler, to(Some("h1"))),
            Err(Refusal::NotOpen)
        );
        scene.agency = "G02.002";
        scene.execute("2026-11-20T12:00", handler, to(Some("h5"))).unwrap();
    }
}
