//! The agency will be late: it apologises in writing, with the reason and a new date (form 04, Văn
//! bản xin lỗi). Decree 61/2018/NĐ-CP, art. 19.9: at most once, unless the procedure allows more.
//! The earlier date remains recorded, and a missed deadline remains missed.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Intake, Stage};
use crate::access::agency;
use crate::clock;
use crate::contract::{AppointmentMoved, IntakeEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Moves the appointment, with an apology.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoveAppointmentRequest)]
pub struct MoveAppointment {
    /// The new date; later than the present one.
    pub due_at: Timestamp,
    /// The reason given in the apology; at most 2000 characters.
    pub reason: Text<2000>,
}

refusals! {
    /// Why an appointment cannot be moved.
    pub enum Refusal {
        NoAppointment => 409, "no-appointment",
            "hồ sơ không có lịch hẹn đang chạy", "the dossier has no running appointment";
        AlreadyMissed => 409, "deadline-already-missed",
            "hạn đã qua, không thể thay đổi", "the deadline has passed and can no longer be changed";
        MovedAlready => 409, "redating-once-only",
            "đã hẹn lại đủ số lần cho phép", "the appointment has been moved as often as the law allows";
        NotLater => 422, "appointment-not-later" at "/due_at",
            "ngày hẹn mới phải sau ngày hẹn cũ", "the new date must be later than the one before";
    }
}

impl Command for MoveAppointment {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "move_appointment",
        basis: "61/2018/NĐ-CP Điều 19.9; Mẫu 04",
        may: &[agency(Role::Clerk)],
        events: &["intake.AppointmentMoved.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        let due_at = self.due_at;
        let running = intake.stage() == Stage::Processing && !intake.is_suspended();
        let Some(promised) = intake.promised.as_ref().filter(|_| running) else {
            return Err(Refusal::NoAppointment);
        };
        if promised.missed || facts.at >= promised.promise.due_at {
            return Err(Refusal::AlreadyMissed);
        }
        let rule = facts.rule()?;
        if intake.redatings >= rule.procedure.clock.redatings_max {
            return Err(Refusal::MovedAlready);
        }
        if due_at <= promised.promise.due_at {
            return Err(Refusal::NotLater);
        }
        if let Some(fault) = clock::impossible("/due_at", facts.at, due_at) {
            return Err(Refusal::Impossible(vec![fault]));
        }
        Ok(Decision::event(AppointmentMoved {
            promise: clock::given(rule, facts.at, due_at)?,
            was_due_at: promised.promise.due_at,
            reason: self.reason.personal(),
            paper: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::testing::{Scene, at, law};

    fn moved(scene: &mut Scene<'_, Intake>, now: &str, due: &str) -> Result<(), Refusal> {
        scene
            .execute(now, Role::Clerk, MoveAppointment { due_at: at(due), reason: "sorry".into() })
            .map(|_| ())
    }

    #[test]
    fn an_appointment_is_moved_once_and_only_later() {
        let law = law();
        let mut scene = accepted(&law);
        let earlier = moved(&mut scene, "2026-11-26T09:00", "2026-11-27T00:00");
        assert_eq!(earlier, Err(Refusal::NotLater));
        moved(&mut scene, "2026-11-26T09:00", "2026-12-03T00:00").unwrap();
        assert_eq!(scene.state.promised.as_ref().unwrap().promise.due_at, at("2026-12-03T00:00"));
        let again = moved(&mut scene, "2026-11-27T09:00", "2026-12-10T00:00");
        assert_eq!(again, Err(Refusal::MovedAlready));
    }

    #[test]
    fn a_deadline_that_has_passed_cannot_be_moved() {
        let law = law();
        let mut scene = accepted(&law);
        let late = moved(&mut scene, "2026-12-01T00:00", "2026-12-03T00:00");
        assert_eq!(late, Err(Refusal::AlreadyMissed));
    }
}
