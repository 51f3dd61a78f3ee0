//! The result was delivered, or revoked before delivery: the dossier is closed. Decree
//! 61/2018/NĐ-CP, art. 20.

use super::{Intake, Stage};
use crate::contract::{ClosedAs, DossierClosed, IntakeEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Closes a dossier whose result was delivered or revoked.
#[derive(Debug, Clone, Copy)]
pub struct RecordDelivery {
    pub closed_as: ClosedAs,
}

impl Command for RecordDelivery {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "record_delivery",
        basis: "61/2018/NĐ-CP Điều 20",
        may: &[],
        events: &["intake.DossierClosed.v1"],
        refusals: &[],
    };

    /// Not yet, while intake has not recorded the decision.
    fn decide(
        &self,
        intake: &Intake,
        _facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let closed_as = self.closed_as;
        Ok(match intake.stage() {
            Stage::Decided => {
                let (accepted_at, accepted) = intake.acceptance();
                Decision::event(DossierClosed {
                    closed_as,
                    reason: None,
                    accepted_at,
                    accepted,
                    brief: None,
                })
            }
            Stage::Empty | Stage::Submitted | Stage::Processing => Decision::NotYet,
            Stage::Refused | Stage::Withdrawn | Stage::Closed(_) => Decision::Nothing,
        })
    }
}
