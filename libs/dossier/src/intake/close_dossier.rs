//! An officer closes a dossier. A dossier of a procedure with a result must be decided first; a
//! procedure without a result ends in this way (result code "no result" of the national catalogue).

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Intake, Stage, miss_deadline::unrecorded};
use crate::access::agency;
use crate::contract::{ClosedAs, DossierClosed, IntakeEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Closes a dossier, with a reason.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CloseDossierRequest)]
pub struct CloseDossier {
    /// The written reason, at most 2000 characters.
    pub reason: Text<2000>,
}

refusals! {
    /// Why a dossier cannot be closed.
    pub enum Refusal {
        NotOpen => 409, "dossier-not-open",
            "hồ sơ không còn đang được giải quyết", "the dossier is not being processed";
        ResultOwed => 409, "result-owed",
            "thủ tục này phải có kết quả giải quyết", "this procedure must end with a result";
    }
}

impl Command for CloseDossier {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "close_dossier",
        basis: "61/2018/NĐ-CP Điều 20",
        may: &[agency(Role::Clerk)],
        events: &["intake.DeadlineMissed.v1", "intake.DossierClosed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        if intake.stage() != Stage::Processing {
            return Err(Refusal::NotOpen);
        }
        if facts.rule()?.procedure.result.code.is_some() {
            return Err(Refusal::ResultOwed);
        }
        let reason = Some(self.reason.personal());
        let mut events: Vec<IntakeEvent> = unrecorded(intake, facts.at).into_iter().collect();
        let closed_as = ClosedAs::Ended;
        let brief = intake.submission.as_ref().map(|submission| submission.brief.clone());
        let (accepted_at, accepted) = intake.acceptance();
        events.push(DossierClosed { closed_as, reason, accepted_at, accepted, brief }.into());
        Ok(events.into())
    }
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
            scene.execute("2026-11-20T11:00", Role::Clerk, CloseDossier { reason: "x".into() });
        assert_eq!(refused, Err(Refusal::ResultOwed));
    }
}
