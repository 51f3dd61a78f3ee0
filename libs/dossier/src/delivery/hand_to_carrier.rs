//! The result is handed to the carrier, for the first time or again after it came back. Decision 45/2016/QĐ-TTg, arts 9
//! and 10. The reference that the carrier sends back contains the dossier.

use super::DossierResult;
use crate::access::agency;
use crate::contract::{
    DeliveryChannel, DeliveryEvent, ParcelId, ResultHandedToCarrier, Role, reference,
};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "hand_to_carrier",
    service: "result-delivery",
    basis: "45/2016/QĐ-TTg Điều 9, 10",
    may: &[agency(Role::Clerk)],
    events: &["delivery.ResultHandedToCarrier.v1"],
    refusals: Refusal::ALL,
};

/// How often a result is sent at the most.
const PARCELS_MAX: u32 = 5;

refusals! {
    /// Why it cannot be handed over.
    pub enum Refusal {
        NotThere => 409, "result-not-available",
            "kết quả chưa sẵn sàng theo hình thức này", "no result waits to be taken in this way";
        TooOften => 409, "returned-too-often",
            "kết quả bị trả lại quá nhiều lần", "it came back too often; let the applicant choose another way";
    }
}

/// Decides.
pub fn decide(
    result: &DossierResult,
    carrier: String,
    waybill: String,
    facts: &Facts<'_>,
) -> Result<Vec<DeliveryEvent>, Refusal> {
    let waits = result.waits_for(DeliveryChannel::Post);
    let Some(brief) = result.brief().filter(|_| waits) else { return Err(Refusal::NotThere) };
    if result.returns >= PARCELS_MAX {
        return Err(Refusal::TooOften);
    }
    let parcel = ParcelId(facts.id("parcel"));
    let reference = reference(brief.dossier, parcel.0);
    Ok(vec![ResultHandedToCarrier { parcel, carrier, waybill, reference }.into()])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::delivery::issue_result::tests::issued;
    use crate::law::Law;
    use crate::testing::{Scene, law};

    pub(crate) fn hand(
        scene: &mut Scene<'_, DossierResult>,
    ) -> Result<Vec<DeliveryEvent>, Refusal> {
        scene.step("2026-11-23T14:00", Role::Clerk, |s, f| {
            decide(s, "vnpost".to_owned(), "EA1VN".to_owned(), f)
        })
    }

    pub(crate) fn sent(law: &Law) -> Scene<'_, DossierResult> {
        let mut scene = issued(law, DeliveryChannel::Post);
        hand(&mut scene).unwrap();
        scene
    }

    #[test]
    fn a_result_is_handed_over_only_where_post_is_the_way_and_once_at_a_time() {
        let law = law();
        let mut download = issued(&law, DeliveryChannel::Download);
        assert_eq!(hand(&mut download), Err(Refusal::NotThere));
        let mut scene = sent(&law);
        assert_eq!(hand(&mut scene), Err(Refusal::NotThere));
    }
}
