use super::*;
use crate::contract::DeliveryEvent;
use crate::delivery::hand_to_carrier::tests::sent;
use crate::delivery::issue_result::tests::issued;
use crate::law::assert_fields;
use crate::papers::Comparison;
use crate::testing::{at, law};

#[test]
fn the_label_of_a_parcel_has_recipient_waybill_and_reference() {
    let law = law();
    let (label, paper) = label(&sent(&law).state, at("2026-11-23T15:00"), &law).unwrap();
    assert_eq!(label.waybill.as_deref(), Some("EA1VN"));
    assert_fields(&label, Form::Label.fields());
    assert_eq!(paper.comparison(), Comparison::Same);
    let reference = label.reference.unwrap();
    let text = paper.text().replace(&reference, "REFERENCE");
    assert_eq!(text, include_str!("../golden/label.txt"));
}

#[test]
fn a_label_can_be_printed_before_the_hand_over_and_only_of_what_is_posted() {
    let law = law();
    let post = issued(&law, DeliveryChannel::Post);
    let (label, paper) = label(&post.state, at("2026-11-23T13:00"), &law).unwrap();
    assert_eq!((label.waybill, label.reference), (None, None));
    assert_eq!(paper.comparison(), Comparison::NotRecorded);
    assert!(paper.text().contains(&format!("[{}]", label.code)));
    let download = issued(&law, DeliveryChannel::Download);
    assert!(super::label(&download.state, at("2026-11-23T13:00"), &law).is_none());
}

#[test]
fn an_erased_address_prints_as_erased() {
    let law = law();
    let mut scene = sent(&law);
    scene.state.delivery.as_mut().unwrap().address = Some(Personal::Erased);
    let (label, paper) = label(&scene.state, at("2026-11-23T15:00"), &law).unwrap();
    assert_eq!(label.recipient.recipient_name, ERASED);
    assert_eq!(paper.comparison(), Comparison::Erased);
}

#[test]
fn the_hand_over_records_the_label_and_a_changed_address_is_found() {
    let law = law();
    let mut scene = sent(&law);
    let handed_at = at("2026-11-23T15:00");
    let Some(DeliveryEvent::ResultHandedToCarrier(handed)) = scene.events.last() else {
        panic!("{:?}", scene.events)
    };
    assert_eq!(handed.paper.as_ref().map(|paper| &*paper.template), Some("label"));
    assert_eq!(verify_label(&scene.state, handed_at, &law), Some(Comparison::Same));
    let address = scene.state.delivery.as_mut().unwrap().address.as_mut().unwrap();
    let Personal::Known(address) = address else { panic!("{address:?}") };
    address.name = "Somebody else".to_owned();
    assert_eq!(verify_label(&scene.state, handed_at, &law), Some(Comparison::Differs));
}

#[test]
fn the_list_of_a_day_has_every_parcel() {
    let law = law();
    let scene = sent(&law);
    assert!(matches!(scene.events.last(), Some(DeliveryEvent::ResultHandedToCarrier(_))));
    let row = parcel_row(&scene.state, scene.state.parcel().unwrap()).unwrap();
    let row = ParcelRow { reference: "REFERENCE".to_owned(), ..row };
    let (agency, day) = ("G02.001".into(), "2026-11-23".parse().unwrap());
    let (list, paper) = parcel_list(
        (&agency, "vnpost", day),
        vec![row.clone(), row],
        (&law, at("2026-12-01T09:00")),
    )
    .unwrap();
    assert_eq!(list.count, 2);
    assert_fields(&list, Form::ParcelList.fields());
    assert_eq!(paper.text(), include_str!("../golden/parcel-list.txt"));
    assert!(paper.pdf().starts_with(b"%PDF-"));
}
