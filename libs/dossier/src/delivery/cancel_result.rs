//! The applicant took the dossier back in the moment in which it was decided: intake's record counts, and there is nothing
//! to issue. If that is known before the decision came here, no result will be prepared.

use uuid::Uuid;

use super::{DossierResult, Stage};
use crate::contract::{DeliveryEvent, ResultCancelled};
use crate::step::{Reacted, Step};

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "cancel_result",
    service: "result-delivery",
    basis: "118/2025/NĐ-CP Điều 21",
    may: &[],
    events: &["delivery.ResultCancelled.v1"],
    refusals: &[],
};

/// Decides; nothing if it is on its way, delivered, revoked or cancelled.
#[must_use]
pub fn decide(result: &DossierResult, cause: Uuid) -> Reacted<DeliveryEvent> {
    match result.stage {
        Stage::Empty | Stage::Prepared | Stage::Issued => {
            Reacted::Done(vec![ResultCancelled { cause }.into()])
        }
        Stage::WithCarrier | Stage::Delivered | Stage::Revoked | Stage::Cancelled => {
            Reacted::Done(Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{DecidedBy, DeliveryChannel, Outcome, Role};
    use crate::delivery::prepare_result::PrepareResult;
    use crate::delivery::prepare_result::tests::{prepare, prepared};
    use crate::step::{Facts, LawError};
    use crate::testing::{Scene, law};

    #[test]
    fn a_withdrawal_in_the_same_moment_cancels_the_result_whichever_is_known_first() {
        let law = law();
        let cause = Uuid::nil();
        let cancel = |s: &DossierResult, _: &Facts<'_>| match decide(s, cause) {
            Reacted::Done(events) => Ok::<_, LawError>(events),
            Reacted::NotYet => panic!("nothing has to come first"),
        };
        let mut scene = prepared(&law, "CO.D", DeliveryChannel::Download);
        let brief = scene.state.prepared.as_ref().unwrap().brief.clone();
        scene.step("2026-11-23T10:00", Role::System, cancel).unwrap();
        assert_eq!(scene.state.stage, Stage::Cancelled);
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        scene.step("2026-11-23T10:00", Role::System, cancel).unwrap();
        let (outcome, by) = (Outcome::Approved, DecidedBy::Officers);
        prepare(&mut scene, PrepareResult { brief, outcome, by, number: None });
        assert_eq!(scene.kinds(), ["ResultCancelled"]);
    }
}
