//! The applicant withdrew the dossier at the time it was decided. Intake's record prevails, and no
//! result is issued. If the withdrawal arrives before the decision, no result is prepared either.

use uuid::Uuid;

use super::{DossierResult, Stage};
use crate::contract::{DeliveryEvent, ResultCancelled};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Cancels a result that is not yet on its way, or prevents its preparation.
#[derive(Debug, Clone, Copy)]
pub struct CancelResult {
    /// Id of the event that ended the dossier.
    pub cause: Uuid,
}

impl Command for CancelResult {
    type State = DossierResult;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "cancel_result",
        basis: "118/2025/NĐ-CP Điều 21",
        may: &[],
        events: &["delivery.ResultCancelled.v1"],
        refusals: &[],
    };

    /// Returns no event if the result is on its way, delivered, revoked or cancelled.
    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, LawError> {
        let _ = facts;
        Ok(match result.stage() {
            Stage::Empty | Stage::Prepared | Stage::Issued => {
                Decision::event(ResultCancelled { cause: self.cause })
            }
            Stage::WithCarrier | Stage::Delivered | Stage::Revoked | Stage::Cancelled => {
                Decision::Nothing
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{DecidedBy, DeliveryChannel, Outcome, Role};
    use crate::delivery::prepare_result::PrepareResult;
    use crate::delivery::prepare_result::tests::{prepare, prepared};
    use crate::testing::{Scene, law};

    #[test]
    fn a_withdrawal_in_the_same_moment_cancels_the_result_whichever_is_known_first() {
        let law = law();
        let cancel = CancelResult { cause: Uuid::nil() };
        let mut scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        let brief = scene.state.prepared().unwrap().brief.clone();
        scene.execute("2026-11-23T10:00", Role::System, cancel).unwrap();
        assert_eq!(scene.state.stage(), Stage::Cancelled);
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        scene.execute("2026-11-23T10:00", Role::System, cancel).unwrap();
        let (outcome, by) = (Outcome::Approved, DecidedBy::Officers);
        prepare(&mut scene, PrepareResult { brief, outcome, by, number: None });
        assert_eq!(scene.kinds(), ["ResultCancelled"]);
    }
}
