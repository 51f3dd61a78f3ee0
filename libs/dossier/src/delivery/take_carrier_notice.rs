//! The carrier says where a parcel is, that it was delivered, or that it came back. Its facts are taken in whatever order
//! and however often they come; a notice is never refused.

use super::{DossierResult, Stage};
use crate::access::any;
use crate::contract::{
    DeliveryChannel, DeliveryEvent, ParcelId, ParcelReturned, ParcelTracked, Personal,
    ResultDelivered, Role,
};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "take_carrier_notice",
    service: "result-delivery",
    basis: "45/2016/QĐ-TTg Điều 9, 10, 14",
    may: &[any(Role::Carrier)],
    events: &[
        "delivery.ParcelTracked.v1",
        "delivery.ParcelReturned.v1",
        "delivery.ResultDelivered.v1",
    ],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why a notice is not taken here.
    pub enum Refusal {
        NotOurs => 404, "not-found",
            "không có bưu gửi này", "there is no such parcel of this carrier";
    }
}

/// What a carrier says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Where the parcel is.
    Tracked(String),
    /// Somebody took it.
    Delivered(Option<String>),
    /// It came back, for this reason.
    Returned(String),
}

/// The command.
#[derive(Debug, Clone)]
pub struct TakeCarrierNotice {
    /// Which parcel.
    pub parcel: ParcelId,
    /// Which carrier.
    pub carrier: String,
    /// The carrier's own name of the fact.
    pub carrier_event: String,
    /// What it says.
    pub said: Said,
}

/// Decides; nothing if the fact was known, or delivery is recorded already.
pub fn decide(
    result: &DossierResult,
    command: &TakeCarrierNotice,
    _facts: &Facts<'_>,
) -> Result<Vec<DeliveryEvent>, Refusal> {
    let TakeCarrierNotice { parcel, carrier, carrier_event, said } = command;
    let Some(brief) = result.brief().filter(|_| !result.knows(carrier, carrier_event)) else {
        return Ok(Vec::new());
    };
    if result.parcels.get(parcel) != Some(carrier) {
        return Err(Refusal::NotOurs);
    }
    let (parcel, carrier_event) = (*parcel, carrier_event.clone());
    let event = match said {
        Said::Tracked(status) => {
            ParcelTracked { parcel, carrier_event, status: status.clone().into() }.into()
        }
        Said::Returned(reason) => {
            ParcelReturned { parcel, carrier_event, reason: reason.clone().into() }.into()
        }
        Said::Delivered(_) if result.stage != Stage::WithCarrier => {
            ParcelTracked { parcel, carrier_event, status: "delivered".to_owned().into() }.into()
        }
        Said::Delivered(received_by) => ResultDelivered {
            brief: brief.clone(),
            channel: DeliveryChannel::Post,
            carrier_event: Some(carrier_event),
            received_by: received_by.clone().map(Personal::from),
        }
        .into(),
    };
    Ok(vec![event])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::hand_to_carrier::tests::{hand, sent};
    use crate::testing::{Scene, law};

    fn take(scene: &mut Scene<'_, DossierResult>, event: &str, said: Said) -> usize {
        let parcel = scene.state.parcel.as_ref().unwrap().parcel;
        let (carrier, carrier_event) = ("vnpost".to_owned(), event.to_owned());
        let command = TakeCarrierNotice { parcel, carrier, carrier_event, said };
        scene.step("2026-11-24T09:00", Role::Carrier, |s, f| decide(s, &command, f)).unwrap().len()
    }

    #[test]
    fn a_parcel_that_came_back_is_sent_again_and_delivered() {
        let law = law();
        let mut scene = sent(&law);
        take(&mut scene, "1", Said::Tracked("on its way".to_owned()));
        take(&mut scene, "2", Said::Returned("nobody at home".to_owned()));
        assert_eq!(scene.state.stage, Stage::Issued);
        hand(&mut scene).unwrap();
        take(&mut scene, "3", Said::Delivered(Some("neighbour".to_owned())));
        assert_eq!(scene.state.stage, Stage::Delivered);
    }

    #[test]
    fn the_same_notice_twice_is_one_and_a_late_one_changes_nothing() {
        let law = law();
        let mut scene = sent(&law);
        assert_eq!(take(&mut scene, "1", Said::Delivered(None)), 1);
        assert_eq!(take(&mut scene, "1", Said::Delivered(None)), 0);
        take(&mut scene, "0", Said::Tracked("on its way".to_owned()));
        take(&mut scene, "2", Said::Delivered(None));
        assert_eq!(scene.state.stage, Stage::Delivered);
        assert_eq!(scene.kinds().iter().filter(|kind| **kind == "ResultDelivered").count(), 1);
    }
}
