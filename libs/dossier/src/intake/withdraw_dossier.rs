//! The applicant withdraws a dossier before it is decided (form 05, Thông báo dừng giải quyết hồ
//! sơ). Decree 118/2025/NĐ-CP, art. 21; Circular 03/2025/TT-VPCP, art. 7.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Intake, miss_deadline::unrecorded};
use crate::access::{agency, own};
use crate::contract::{DossierWithdrawn, IntakeEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Withdraws a dossier, optionally with a reason.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WithdrawDossierRequest)]
pub struct WithdrawDossier {
    /// The applicant's reason, at most 2000 characters.
    pub reason: Option<Text<2000>>,
}

refusals! {
    /// Why a dossier cannot be withdrawn.
    pub enum Refusal {
        NotOpen => 409, "dossier-not-open",
            "hồ sơ không còn đang được giải quyết", "the dossier is not being processed";
    }
}

impl Command for WithdrawDossier {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "withdraw_dossier",
        basis: "118/2025/NĐ-CP Điều 21; 03/2025/TT-VPCP Điều 7; Mẫu 05",
        may: &[own(Role::Applicant), agency(Role::Clerk)],
        events: &["intake.DeadlineMissed.v1", "intake.DossierWithdrawn.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        if !intake.is_open() {
            return Err(Refusal::NotOpen);
        }
        let mut events: Vec<IntakeEvent> = unrecorded(intake, facts.at).into_iter().collect();
        let reason = self.reason.as_ref().map(Text::personal);
        let (accepted_at, accepted) = intake.acceptance();
        events.push(DossierWithdrawn { reason, accepted_at, accepted, paper: None }.into());
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::Stage;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::testing::law;

    #[test]
    fn a_withdrawn_dossier_owes_nothing_and_stays_withdrawn() {
        let law = law();
        let mut scene = accepted(&law);
        scene
            .execute("2026-11-20T11:00", Role::Applicant, WithdrawDossier { reason: None })
            .unwrap();
        assert_eq!(scene.state.stage(), Stage::Withdrawn);
        assert!(scene.open().is_empty());
        let again =
            scene.execute("2026-11-20T12:00", Role::Applicant, WithdrawDossier { reason: None });
        assert_eq!(again, Err(Refusal::NotOpen));
    }
}
