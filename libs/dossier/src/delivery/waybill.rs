//! Which result may use a waybill. A waybill names one parcel of its carrier: if two parcels used
//! it at the same time, notices about one would count for the other.
//!
//! Each waybill has a stream of its own. A hand-over first takes the waybill there, so that the
//! store refuses one of two concurrent attempts. The two streams cannot be written atomically; a
//! waybill that was taken and not used becomes free again after [`WAYBILL_HELD_FOR`].
//!
//! Logs from before these streams contain parcels whose waybill was not taken, and two of them may
//! have the same. Such a waybill is in use while its parcel is on its way and rests afterwards,
//! like any other. It identifies its parcel if there is only one. A notice that matches two parcels
//! is applied to neither and kept for an operator.

use jiff::Timestamp;

use super::DossierResult;
use super::limits::{WAYBILL_HELD_FOR, WAYBILL_RESTS_FOR};
use crate::contract::{DossierId, ParcelId, WaybillTaken};

/// A parcel that was handed over with a waybill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed {
    pub dossier: DossierId,
    pub parcel: ParcelId,
    /// Time of the hand-over.
    pub at: Timestamp,
}

/// The parcel that an untaken waybill identifies, of those handed over with it; `None` if there are
/// several.
#[must_use]
pub fn named_by_untaken(handed: &[Handed]) -> Option<Handed> {
    match handed {
        [one] => Some(*one),
        [] | [_, _, ..] => None,
    }
}

/// The latest event that took a waybill.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    pub taken: &'a WaybillTaken,
    /// Time of that event.
    pub at: Timestamp,
    /// The current state of the result that it was taken for.
    pub result: &'a DossierResult,
}

/// Whether a result of `dossier` may use the waybill now.
#[must_use]
pub fn is_free(holder: Option<Holder<'_>>, dossier: DossierId, now: Timestamp) -> bool {
    let Some(Holder { taken, at, result }) = holder else { return true };
    let since = now.duration_since(at);
    match result.parcel_named(&taken.carrier, &taken.waybill) {
        Some(parcel) => parcel.end.is_some() && since >= WAYBILL_RESTS_FOR,
        // Not handed over, or the hand-over is in progress.
        None => taken.dossier == dossier || since >= WAYBILL_HELD_FOR,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;
    use crate::contract::{DeliveryChannel, DeliveryEvent, EventSet, Role, partner_name};
    use crate::delivery::hand_to_carrier::tests::sent;
    use crate::delivery::take_carrier_notice::{Said, TakeCarrierNotice};
    use crate::testing::{at, law};

    #[test]
    fn a_waybill_is_in_use_once_and_rests_for_a_year() {
        let law = law();
        let mut scene = sent(&law);
        let own = scene.state.brief().unwrap().dossier;
        let other = DossierId(Uuid::from_u128(7));
        let taken = WaybillTaken {
            carrier: partner_name("vnpost"),
            waybill: "EA1VN".to_owned(),
            dossier: own,
        };
        let handed_at = at("2026-11-23T14:00");
        let free = |result: &DossierResult, dossier, days: i64| {
            let holder = Holder { taken: &taken, at: handed_at, result };
            is_free(Some(holder), dossier, handed_at + SignedDuration::from_hours(24 * days))
        };
        assert!(is_free(None, other, handed_at));
        assert!(!free(&scene.state, other, 1), "it is on its way");
        assert!(!free(&scene.state, other, 400), "it is on its way, however long that takes");
        let parcel = scene.state.parcel().unwrap().handed.parcel;
        let command = TakeCarrierNotice {
            parcel,
            carrier: "vnpost".to_owned(),
            carrier_event: "1".to_owned(),
            said: Said::Returned("nobody at home".to_owned()),
        };
        scene.execute("2026-11-24T09:00", Role::Carrier, command).unwrap();
        assert!(!free(&scene.state, own, 2), "what is said late would count as another parcel's");
        assert!(free(&scene.state, other, 366));
    }

    #[test]
    fn a_waybill_of_an_old_log_names_its_parcel_if_it_is_the_only_one_and_is_in_use() {
        let law = law();
        let mut scene = crate::delivery::issue_result::tests::issued(&law, DeliveryChannel::Post);
        let sample =
            include_str!("../../../../schemas/samples/delivery.ResultHandedToCarrier.v1.json");
        let event = DeliveryEvent::decode("delivery.ResultHandedToCarrier.v1", sample).unwrap();
        let handed_at = at("2026-11-23T14:00");
        scene.record(handed_at, &crate::testing::actor(Role::Clerk), event);
        let (carrier, waybill) = (partner_name("VNPost"), "EA000000000VN".to_owned());
        let parcel = scene.state.parcel_named(&carrier, &waybill).unwrap().handed.parcel;
        let dossier = scene.state.brief().unwrap().dossier;
        let handed = Handed { dossier, parcel, at: handed_at };
        assert_eq!(named_by_untaken(&[handed]), Some(handed));
        let second = Handed { parcel: ParcelId(Uuid::from_u128(2)), ..handed };
        assert_eq!(named_by_untaken(&[second, handed]), None, "of two it is said of neither");
        assert_eq!(named_by_untaken(&[]), None);
        let taken = WaybillTaken { carrier, waybill, dossier };
        let holder = Holder { taken: &taken, at: handed_at, result: &scene.state };
        let other = DossierId(Uuid::from_u128(7));
        assert!(!is_free(Some(holder), other, at("2028-01-03T09:00")), "it is on its way");
    }

    #[test]
    fn what_was_taken_and_not_used_falls_free() {
        let (own, other) = (DossierId(Uuid::from_u128(1)), DossierId(Uuid::from_u128(2)));
        let taken = WaybillTaken { carrier: "c".to_owned(), waybill: "W".to_owned(), dossier: own };
        let (result, then) = (DossierResult::default(), at("2026-11-23T14:00"));
        let holder = Holder { taken: &taken, at: then, result: &result };
        let later = |minutes| then + SignedDuration::from_mins(minutes);
        assert!(is_free(Some(holder), own, later(0)));
        assert!(!is_free(Some(holder), other, later(9)), "it may be handed over at this moment");
        assert!(is_free(Some(holder), other, later(10)));
    }
}
