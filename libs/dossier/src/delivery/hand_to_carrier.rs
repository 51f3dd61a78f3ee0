//! The result is handed to the carrier, for the first time or again after a parcel was returned.
//! Decision 45/2016/QĐ-TTg, arts 9 and 10. The reference that the carrier sends back contains the
//! dossier's id.

use jiff::Timestamp;

use super::DossierResult;
use super::limits::{PARCELS_MAX, WAYBILL_USED_WITHIN};
use crate::access::agency;
use crate::contract::{
    DeliveryChannel, DeliveryEvent, DossierId, ParcelId, ResultHandedToCarrier, Role, partner_name,
    reference, waybill_number,
};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Name from which the parcel's id is derived, together with the command's id.
const PARCEL: &str = "parcel";

/// Hands a result to a carrier.
#[derive(Debug, Clone)]
pub struct HandToCarrier {
    pub carrier: String,
    /// The carrier's number of the parcel, as entered.
    pub waybill: String,
    /// Time at which the waybill was taken for this result; `None` if the same request has handed
    /// the result over before.
    pub taken_at: Option<Timestamp>,
}

refusals! {
    /// Refusals of `hand_to_carrier`.
    pub enum Refusal {
        NotThere => 409, "result-not-available",
            "kết quả chưa sẵn sàng theo hình thức này", "no result is available in this way";
        TooOften => 409, "returned-too-often",
            "kết quả bị trả lại quá nhiều lần", "the result was returned too often; the applicant must choose another way of delivery";
        WaybillInUse => 409, "waybill-in-use",
            "số vận đơn đang được dùng cho bưu gửi khác", "another parcel of this carrier has this waybill number";
    }
}

/// Whether the result can be handed over now.
fn check(result: &DossierResult) -> Result<DossierId, Refusal> {
    let waits = result.waits_for(DeliveryChannel::Post);
    let Some(brief) = result.brief().filter(|_| waits) else { return Err(Refusal::NotThere) };
    if result.returns >= PARCELS_MAX { Err(Refusal::TooOften) } else { Ok(brief.dossier) }
}

impl Command for HandToCarrier {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "hand_to_carrier",
        basis: "45/2016/QĐ-TTg Điều 9, 10",
        may: &[agency(Role::Clerk)],
        events: &["delivery.WaybillTaken.v1", "delivery.ResultHandedToCarrier.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let dossier = check(result)?;
        // The checks before the waybill was taken may be outdated by now, and the waybill is held
        // for a limited time only.
        let held = self.taken_at.filter(|at| facts.at.duration_since(*at) < WAYBILL_USED_WITHIN);
        held.ok_or(Refusal::NotThere)?;
        let (carrier, waybill) = (partner_name(&self.carrier), waybill_number(&self.waybill));
        let parcel = ParcelId(facts.id(PARCEL));
        let reference = reference(dossier, parcel.0);
        let handed = ResultHandedToCarrier { parcel, carrier, waybill, reference, paper: None };
        Ok(Decision::event(handed))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::delivery::issue_result::tests::issued;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

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
        let (moment, carrier, waybill) =
            ("2026-11-23T14:00", carrier.to_owned(), waybill.to_owned());
        let taken_at = Some(at(moment));
        scene.execute(moment, Role::Clerk, HandToCarrier { carrier, waybill, taken_at })
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
