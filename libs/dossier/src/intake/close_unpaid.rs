//! The fee was not paid within its period: the dossier is returned. Decree 137/2026/NĐ-CP, art.
//! 11.2.

use super::Intake;
use crate::contract::{ClosedAs, DossierClosed, IntakeEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Returns a dossier whose fee was not paid.
#[derive(Debug, Clone, Copy)]
pub struct CloseUnpaid;

impl Command for CloseUnpaid {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "close_unpaid",
        basis: "137/2026/NĐ-CP Điều 11.2",
        may: &[],
        events: &["intake.DossierClosed.v1"],
        refusals: &[],
    };

    /// Nothing, if the dossier has ended.
    fn decide(
        &self,
        intake: &Intake,
        _facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        if intake.submission.is_none() {
            return Ok(Decision::NotYet);
        }
        if !intake.is_open() || intake.fee.received_at().is_some() {
            return Ok(Decision::Nothing);
        }
        let closed_as = ClosedAs::NotPaid;
        let (accepted_at, accepted) = intake.acceptance();
        Ok(Decision::event(DossierClosed {
            closed_as,
            reason: None,
            accepted_at,
            accepted,
            brief: None,
        }))
    }
}
