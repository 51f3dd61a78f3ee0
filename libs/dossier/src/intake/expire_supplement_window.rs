//! The applicant did not submit the supplement in time: the dossier is returned. Decree
//! 297/2025/NĐ-CP (15 working days) and sector law.

use super::Intake;
use crate::contract::{ClosedAs, DossierClosed, IntakeEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Returns a dossier whose supplement did not come in time.
#[derive(Debug, Clone, Copy)]
pub struct ExpireSupplementWindow;

impl Command for ExpireSupplementWindow {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "expire_supplement_window",
        basis: "297/2025/NĐ-CP",
        may: &[],
        events: &["intake.DossierClosed.v1", "intake.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Nothing, if no supplement is awaited.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        Ok(match intake.open_request() {
            Some(open) if open.window.due_at <= facts.at => {
                let closed_as = ClosedAs::NotSupplemented;
                let (accepted_at, accepted) = intake.acceptance();
                Decision::event(DossierClosed {
                    closed_as,
                    reason: None,
                    accepted_at,
                    accepted,
                    brief: None,
                })
            }
            Some(_) | None => Decision::Nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::Stage;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::intake::request_supplement::tests::asked;
    use crate::testing::law;

    #[test]
    fn a_dossier_that_is_not_supplemented_is_returned_when_the_window_ends() {
        let law = law();
        let mut scene = accepted(&law);
        asked(&mut scene, "2026-11-20T11:00").unwrap();
        assert!(
            scene
                .execute("2026-12-14T23:59", Role::System, ExpireSupplementWindow)
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            scene.execute("2026-12-15T00:00", Role::System, ExpireSupplementWindow).unwrap().len(),
            1
        );
        assert_eq!(scene.state.stage(), Stage::Closed(ClosedAs::NotSupplemented));
    }
}
