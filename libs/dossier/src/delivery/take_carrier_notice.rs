//! The carrier reports where a parcel is, that it was delivered, or that it was returned. Facts are
//! accepted in any order and any number of times. Only a notice that does not match a parcel of
//! this result is refused.

use super::limits::PARCEL_FACTS_MAX;
use super::{DossierResult, Stage};
use crate::access::any;
use crate::contract::{
    DeliveryChannel, DeliveryEvent, ParcelEnd, ParcelId, ParcelReturned, ParcelTracked, Personal,
    ResultDelivered, Role, partner_name,
};
use crate::step::{Command, Decision, Facts, Step, refusals};

refusals! {
    /// Refusals of `take_carrier_notice`.
    pub enum Refusal {
        NotOurs => 404, "not-found",
            "không tìm thấy", "not found, or you have no access to it";
    }
}

/// The content of a carrier's notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A status on the way.
    Tracked(String),
    /// Delivered, to this recipient if the carrier names one.
    Delivered(Option<String>),
    /// Returned, for this reason.
    Returned(String),
}

/// Records a carrier's notice about a parcel.
#[derive(Debug, Clone)]
pub struct TakeCarrierNotice {
    pub parcel: ParcelId,
    pub carrier: String,
    /// The carrier's own id of the fact.
    pub carrier_event: String,
    pub said: Said,
}

impl Command for TakeCarrierNotice {
    type State = DossierResult;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "take_carrier_notice",
        basis: "45/2016/QĐ-TTg Điều 9, 10, 14",
        may: &[any(Role::Carrier)],
        events: &[
            "delivery.ParcelTracked.v1",
            "delivery.ParcelReturned.v1",
            "delivery.ResultDelivered.v1",
            "delivery.CarrierNoticeUnmatched.v1",
        ],
        refusals: Refusal::ALL,
    };

    /// Returns no event if the fact is known, or if the parcel has `PARCEL_FACTS_MAX` facts and
    /// this one does not change the stage. Only facts about the parcel that is on its way change
    /// the stage of the result; others are recorded for the parcel that they name.
    fn decide(
        &self,
        result: &DossierResult,
        facts: &Facts<'_>,
    ) -> Result<Decision<DeliveryEvent>, Refusal> {
        let _ = facts;
        let Self { parcel: id, carrier, carrier_event, said } = self;
        let parcel =
            result.parcels.get(id).filter(|parcel| parcel.carrier == partner_name(carrier));
        let (Some(parcel), Some(brief)) = (parcel, result.brief()) else {
            return Err(Refusal::NotOurs);
        };
        if parcel.knows(carrier_event) {
            return Ok(Decision::Nothing);
        }
        let moves = result.stage() == Stage::WithCarrier && result.is_present(*id);
        let (parcel, full) = (*id, parcel.facts() >= PARCEL_FACTS_MAX);
        let carrier_event = carrier_event.clone();
        let track = |status: &str, claims| {
            let (carrier_event, status) = (carrier_event.clone(), status.to_owned().into());
            Decision::event(ParcelTracked { parcel, carrier_event, status, claims })
        };
        Ok(match said {
            Said::Delivered(received_by) if moves => Decision::event(ResultDelivered {
                brief: brief.clone(),
                channel: DeliveryChannel::Post,
                parcel: Some(parcel),
                carrier_event: Some(carrier_event),
                received_by: received_by.clone().map(Personal::from),
            }),
            Said::Returned(reason) if moves => {
                let reason = reason.clone().into();
                Decision::event(ParcelReturned { parcel, carrier_event, reason })
            }
            _ if full => Decision::Nothing,
            Said::Tracked(status) => track(status, None),
            Said::Delivered(_) => track("delivered", Some(ParcelEnd::Delivered)),
            Said::Returned(reason) => track(reason, Some(ParcelEnd::Returned)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::hand_to_carrier::tests::{hand, hand_by, sent};
    use crate::testing::{Scene, law};

    type Results<'a> = Scene<'a, DossierResult>;

    fn take_of(scene: &mut Results<'_>, parcel: ParcelId, by: (&str, &str), said: Said) -> usize {
        let (carrier, carrier_event) = (by.0.to_owned(), by.1.to_owned());
        let command = TakeCarrierNotice { parcel, carrier, carrier_event, said };
        scene.execute("2026-11-24T09:00", Role::Carrier, command).unwrap().len()
    }

    fn take(scene: &mut Results<'_>, event: &str, said: Said) -> usize {
        let parcel = present(scene);
        take_of(scene, parcel, ("vnpost", event), said)
    }

    fn present(scene: &Results<'_>) -> ParcelId {
        scene.state.parcel().unwrap().handed.parcel
    }

    fn returned() -> Said {
        Said::Returned("nobody at home".to_owned())
    }

    #[test]
    fn a_parcel_that_came_back_is_sent_again_and_delivered() {
        let law = law();
        let mut scene = sent(&law);
        take(&mut scene, "1", Said::Tracked("on its way".to_owned()));
        take(&mut scene, "2", returned());
        assert_eq!(scene.state.stage(), Stage::Issued);
        assert_eq!(scene.state.parcel().unwrap().status, Some("nobody at home".to_owned().into()));
        hand(&mut scene).unwrap();
        assert_eq!(
            scene.state.parcel().unwrap().status,
            None,
            "nothing was said of the second one"
        );
        take(&mut scene, "3", Said::Delivered(Some("neighbour".to_owned())));
        assert_eq!(scene.state.stage(), Stage::Delivered);
    }

    #[test]
    fn the_same_notice_twice_is_one_and_a_late_one_changes_nothing() {
        let law = law();
        let mut scene = sent(&law);
        assert_eq!(take(&mut scene, "1", Said::Delivered(None)), 1);
        assert_eq!(take(&mut scene, "1", Said::Delivered(None)), 0);
        take(&mut scene, "0", Said::Tracked("on its way".to_owned()));
        take(&mut scene, "2", Said::Delivered(None));
        assert_eq!(scene.state.stage(), Stage::Delivered);
        assert_eq!(scene.kinds().iter().filter(|kind| **kind == "ResultDelivered").count(), 1);
        assert!(!scene.state.parcels[&present(&scene)].contradicted);
    }

    #[test]
    fn what_is_said_of_a_parcel_that_came_back_does_not_deliver_the_next_one() {
        let law = law();
        let mut scene = sent(&law);
        let first = present(&scene);
        take(&mut scene, "1", returned());
        hand(&mut scene).unwrap();
        take_of(&mut scene, first, ("vnpost", "2"), Said::Delivered(None));
        take_of(&mut scene, first, ("vnpost", "3"), Said::Tracked("sorted".to_owned()));
        take_of(&mut scene, first, ("vnpost", "4"), returned());
        assert_eq!((scene.state.stage(), scene.state.returns), (Stage::WithCarrier, 1));
        assert_eq!(scene.state.parcel().unwrap().status, None);
        assert!(scene.state.parcels[&first].contradicted, "it is flagged");
        assert!(!scene.state.parcels[&present(&scene)].contradicted);
        take(&mut scene, "1", Said::Delivered(None));
        assert_eq!(scene.state.stage(), Stage::Delivered);
    }

    #[test]
    fn the_same_number_of_another_parcel_or_carrier_is_another_fact() {
        let law = law();
        let mut scene = sent(&law);
        let first = present(&scene);
        take(&mut scene, "2", returned());
        hand_by(&mut scene, "viettelpost", "VT 1").unwrap();
        let second = present(&scene);
        assert_eq!(
            take_of(&mut scene, first, ("vnpost", "3"), Said::Tracked("kept".to_owned())),
            1
        );
        let delivered = Said::Delivered(None);
        assert_eq!(take_of(&mut scene, second, ("ViettelPost ", "3"), delivered), 1);
        assert_eq!(scene.state.stage(), Stage::Delivered);
    }

    #[test]
    fn a_carrier_does_not_speak_of_another_ones_parcel() {
        let law = law();
        let scene = sent(&law);
        let command = TakeCarrierNotice {
            parcel: present(&scene),
            carrier: "viettelpost".to_owned(),
            carrier_event: "1".to_owned(),
            said: Said::Delivered(None),
        };
        let mut scene = scene;
        let taken = scene.execute("2026-11-24T09:00", Role::Carrier, command);
        assert_eq!(taken, Err(Refusal::NotOurs));
    }

    #[test]
    fn facts_that_move_nothing_end_and_those_that_do_are_still_taken() {
        let law = law();
        let mut scene = sent(&law);
        for n in 0..PARCEL_FACTS_MAX {
            assert_eq!(take(&mut scene, &n.to_string(), Said::Tracked("scan".to_owned())), 1);
        }
        assert_eq!(take(&mut scene, "more", Said::Tracked("scan".to_owned())), 0);
        assert_eq!(take(&mut scene, "end", Said::Delivered(None)), 1);
        assert_eq!(scene.state.stage(), Stage::Delivered);
        assert_eq!(take(&mut scene, "late", returned()), 0);
    }
}
