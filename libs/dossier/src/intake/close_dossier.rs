//! An officer ends a dossier. One that owes a result cannot be ended before it is decided; a procedure without any result
//! is ended in this way (result code "no result" of the national catalogue).

use super::{Intake, Stage, miss_deadline::unrecorded};
use crate::access::agency;
use crate::contract::{ClosedAs, DossierClosed, IntakeEvent, Personal, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "close_dossier",
    service: "intake",
    basis: "61/2018/NĐ-CP Điều 20",
    may: &[agency(Role::Clerk)],
    events: &["intake.DeadlineMissed.v1", "intake.DossierClosed.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a dossier cannot be ended.
    pub enum Refusal {
        NotOpen => 409, "dossier-not-open",
            "hồ sơ không còn đang được giải quyết", "the dossier is not being worked on";
        ResultOwed => 409, "result-owed",
            "thủ tục này phải có kết quả giải quyết", "this procedure owes a result";
    }
}

/// Decides.
pub fn decide(
    intake: &Intake,
    reason: String,
    facts: &Facts<'_>,
) -> Result<Vec<IntakeEvent>, Refusal> {
    if intake.stage != Stage::Processing {
        return Err(Refusal::NotOpen);
    }
    if facts.rule()?.procedure.result.code.is_some() {
        return Err(Refusal::ResultOwed);
    }
    let reason = Some(Personal::from(reason));
    let mut events: Vec<IntakeEvent> = unrecorded(intake, facts.at).into_iter().collect();
    let closed_as = ClosedAs::Ended;
    let (accepted_at, accepted) = intake.acceptance();
    events.push(DossierClosed { closed_as, reason, accepted_at, accepted }.into());
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::testing::law;

    #[test]
    fn a_dossier_that_owes_a_result_is_not_ended_by_hand() {
        let law = law();
        let mut scene = accepted(&law);
        let refused =
            scene.step("2026-11-20T11:00", Role::Clerk, |s, f| decide(s, String::new(), f));
        assert_eq!(refused, Err(Refusal::ResultOwed));
    }
}
