//! The result is handed to the carrier, for the first time or again after it came back. Decision 45/2016/QĐ-TTg, arts 9
//! and 10. The reference that the carrier sends back contains the dossier.

use super::DossierResult;
use super::limits::PARCELS_MAX;
use crate::access::agency;
use crate::contract::{
    DeliveryChannel, DeliveryEvent, DossierId, ParcelId, ResultHandedToCarrier, Role, partner_name,
    reference, waybill_number,
};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "hand_to_carrier",
    service: "result-delivery",
    basis: "45/2016/QĐ-TTg Điều 9, 10",
    may: &[agency(Role::Clerk)],
    events: &["delivery.WaybillTaken.v1", "delivery.ResultHandedToCarrier.v1"],
    refusals: Refusal::ALL,
};

/// By which the parcel's id follows from the command.
const PARCEL: &str = "parcel";

refusals! {
    /// Why it cannot be handed over.
    pub enum Refusal {
        NotThere => 409, "result-not-available",
            "kết quả chưa sẵn sàng theo hình thức này", "no result waits to be taken in this way";
        TooOften => 409, "returned-too-often",
            "kết quả bị trả lại quá nhiều lần", "it came back too often; let the applicant choose another way";
        WaybillInUse => 409, "waybill-in-use",
            "số vận đơn đang được dùng cho bưu gửi khác", "the waybill names another parcel of this carrier";
    }
}

/// Whether it can be handed over now.
fn check(result: &DossierResult) -> Result<DossierId, Refusal> {
    let waits = result.waits_for(DeliveryChannel::Post);
    let Some(brief) = result.brief().filter(|_| waits) else { return Err(Refusal::NotThere) };
    if result.returns >= PARCELS_MAX { Err(Refusal::TooOften) } else { Ok(brief.dossier) }
}

/// Decides, for a waybill that was taken for it.
pub fn decide(
    result: &DossierResult,
    carrier: &str,
    waybill: &str,
    facts: &Facts<'_>,
) -> Result<Vec<DeliveryEvent>, Refusal> {
    let dossier = check(result)?;
    let (carrier, waybill) = (partner_name(carrier), waybill_number(waybill));
    let parcel = ParcelId(facts.id(PARCEL));
    let reference = reference(dossier, parcel.0);
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
        let waybill = format!("EA{}VN", scene.state.parcels.len() + 1);
        hand_by(scene, "VnPost ", &waybill)
    }

    pub(crate) fn hand_by(
        scene: &mut Scene<'_, DossierResult>,
        carrier: &str,
        waybill: &str,
    ) -> Result<Vec<DeliveryEvent>, Refusal> {
        scene.step("2026-11-23T14:00", Role::Clerk, |s, f| decide(s, carrier, waybill, f))
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
