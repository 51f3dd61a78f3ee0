//! The one-stop unit refuses a dossier, with written reasons (form 03, Phiếu từ chối tiếp nhận giải
//! quyết hồ sơ). Decree 61/2018/NĐ-CP, art. 17.3; the refusal too must be given within the period
//! for the answer (art. 19.8).

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Intake, Stage};
use crate::access::agency;
use crate::contract::{DossierRefused, IntakeEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Refuses a dossier, with a reason.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefuseDossierRequest)]
pub struct RefuseDossier {
    /// The written reason, at most 2000 characters.
    pub reason: Text<2000>,
}

refusals! {
    /// Why a dossier cannot be refused.
    pub enum Refusal {
        AlreadyAnswered => 409, "already-answered",
            "hồ sơ đã được trả lời", "the dossier has been answered already";
    }
}

impl Command for RefuseDossier {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "refuse_dossier",
        basis: "61/2018/NĐ-CP Điều 17.3, 19.8; Mẫu 03",
        may: &[agency(Role::Clerk)],
        events: &["intake.DossierRefused.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        intake: &Intake,
        _facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, Refusal> {
        if intake.stage() != Stage::Submitted {
            return Err(Refusal::AlreadyAnswered);
        }
        let (reason, accepted) = (self.reason.personal(), Some(false));
        Ok(Decision::event(DossierRefused { reason, accepted, paper: None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::accept_dossier::tests::{accepted, submitted};
    use crate::testing::law;

    #[test]
    fn a_refused_dossier_owes_nothing_more() {
        let law = law();
        let mut scene = submitted(&law);
        scene
            .execute("2026-11-20T10:00", Role::Clerk, RefuseDossier { reason: "not ours".into() })
            .unwrap();
        assert_eq!(scene.state.stage(), Stage::Refused);
        assert!(scene.open().is_empty());
    }

    #[test]
    fn an_accepted_dossier_cannot_be_refused_at_the_counter() {
        let law = law();
        let mut scene = accepted(&law);
        let refused =
            scene.execute("2026-11-20T11:00", Role::Clerk, RefuseDossier { reason: "x".into() });
        assert_eq!(refused, Err(Refusal::AlreadyAnswered));
    }
}
