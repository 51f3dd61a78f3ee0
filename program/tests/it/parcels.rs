//! Parcels through HTTP: what a carrier says belongs to the parcel that it names.

use dossier::contract::Role;
use events::{Expected, NewEvent, StreamName};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::{Certificate, pay, submitted, take};
use crate::support::{Answer, Office};

/// A certificate whose result waits for the post.
pub(crate) async fn issued(office: &mut Office, subject: &str) -> Certificate {
    let certificate = submitted(office, subject, "post").await;
    let clerk = office.clerk();
    pay(office, &certificate).await;
    let dossier = certificate.at("dossiers");
    take(office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let result = json!({ "number": format!("VN-{subject}") });
    decided(office, &certificate, result).await;
    certificate
}

/// Reviews and decides an accepted certificate, and issues its result.
pub(crate) async fn decided(office: &mut Office, certificate: &Certificate, result: Value) {
    let (review, delivery) = (certificate.at("reviews"), certificate.at("deliveries"));
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let approver = office.token(Role::Approver, "head", "G02");
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    let done = json!({ "activity": "appraisal" });
    take(office, &review, "activities", &reviewer, done).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed = take(office, &review, "decision-proposals", &reviewer, proposal).await;
    let proposal = json!({ "proposal": proposed.granted()["proposal"]["proposal"] });
    take(office, &review, "decision", &approver, proposal).await.granted();
    take(office, &delivery, "result", &approver, result).await.granted();
}

pub(crate) async fn hand(
    office: &mut Office,
    of: &Certificate,
    carrier: &str,
    waybill: &str,
) -> Answer {
    let clerk = office.clerk();
    let parcel = json!({ "carrier": carrier, "waybill": waybill });
    take(office, &of.at("deliveries"), "parcels", &clerk, parcel).await
}

/// A notice of the carrier `who`, with the fields that say which parcel.
pub(crate) async fn say(
    office: &mut Office,
    who: &str,
    named: Value,
    event: &str,
    kind: &str,
) -> Answer {
    let carrier = office.token(Role::Carrier, who, "");
    let mut body = json!({ "carrier": who, "event": event, "kind": kind });
    for (key, value) in named.as_object().unwrap() {
        body[key] = value.clone();
    }
    // What old logs say of parcels is known first.
    office.settle().await;
    let answer = office.browser.post("/v1/parcel-notices", &carrier, "", body).await;
    office.settle().await;
    answer
}

async fn shown(office: &Office, of: &Certificate) -> Value {
    office.browser.get(&of.at("deliveries"), &office.clerk()).await.granted()
}

#[tokio::test]
async fn a_late_notice_of_the_first_parcel_does_not_deliver_the_second() {
    let mut office = Office::open().await;
    let certificate = issued(&mut office, "a1").await;
    let sent = hand(&mut office, &certificate, "vnpost", "EA1VN").await.granted();
    let first = json!({ "reference": sent["parcel_reference"] });
    say(&mut office, "vnpost", first.clone(), "1", "returned").await.granted();
    let sent = hand(&mut office, &certificate, "viettelpost", "VT1").await.granted();
    let second = json!({ "reference": sent["parcel_reference"] });

    let late = say(&mut office, "vnpost", first, "3", "delivered").await.granted();
    assert_eq!(late["matched"], true);
    let delivery = shown(&office, &certificate).await;
    assert_eq!((&delivery["stage"], &delivery["returns"]), (&json!("with_carrier"), &json!(1)));
    let parcel =
        |n: usize| (&delivery["parcels"][n]["state"], &delivery["parcels"][n]["contradicted"]);
    assert_eq!(parcel(0), (&json!("returned"), &json!(true)));
    assert_eq!(parcel(1), (&json!("on_its_way"), &json!(false)));

    // The other carrier numbers its facts as it likes: its third is another one.
    say(&mut office, "viettelpost", second, "3", "delivered").await.granted();
    assert_eq!(shown(&office, &certificate).await["stage"], "delivered");
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "ResultDelivered").count(), 1);
}

#[tokio::test]
async fn a_parcel_is_found_by_its_waybill_however_that_and_the_name_are_spelt() {
    let mut office = Office::open().await;
    let certificate = issued(&mut office, "a1").await;
    let sent = hand(&mut office, &certificate, "VnPost ", "ea 123 456 789 vn").await.granted();
    assert_eq!(
        (&sent["parcels"][0]["carrier"], &sent["parcels"][0]["waybill"]),
        (&json!("vnpost"), &json!("EA123456789VN"))
    );
    let named = json!({ "waybill": "EA123456789vn" });
    let said = say(&mut office, "vnpost", named.clone(), "1", "tracked").await.granted();
    assert_eq!(said["matched"], true);
    let elsewhere = say(&mut office, "viettelpost", named.clone(), "1", "delivered").await;
    assert_eq!(elsewhere.granted()["matched"], false, "another carrier's number is another number");
    let nothing = say(&mut office, "vnpost", json!({}), "2", "delivered").await;
    assert_eq!(nothing.refused(), (422, "parcel-missing"));
    say(&mut office, "VNPOST", named, "2", "delivered").await.granted();
    assert_eq!(shown(&office, &certificate).await["stage"], "delivered");
}

#[tokio::test]
async fn a_waybill_is_in_use_once() {
    let mut office = Office::open().await;
    let (one, two) = (issued(&mut office, "a1").await, issued(&mut office, "a2").await);
    let sent = hand(&mut office, &one, "vnpost", "EA1VN").await.granted();
    let again = hand(&mut office, &two, "VNPost", "ea1 vn").await;
    assert_eq!(again.refused(), (409, "waybill-in-use"));
    hand(&mut office, &two, "viettelpost", "EA1VN").await.granted();
    // After it came back the number rests: what is said late of the first parcel is not said of another one.
    let named = json!({ "reference": sent["parcel_reference"] });
    say(&mut office, "vnpost", named, "1", "returned").await.granted();
    assert_eq!(hand(&mut office, &one, "vnpost", "EA1VN").await.refused(), (409, "waybill-in-use"));
    hand(&mut office, &one, "vnpost", "EA2VN").await.granted();
}

#[tokio::test]
async fn of_two_that_take_a_waybill_at_once_one_has_it_and_a_repeated_request_is_the_same() {
    let mut office = Office::open().await;
    let (one, two) = (issued(&mut office, "a1").await, issued(&mut office, "a2").await);
    let clerk = office.clerk();
    let parcel = json!({ "carrier": "vnpost", "waybill": "EA1VN" });
    let hand = async |of: &Certificate, key: &str| {
        let etag = office.browser.get(&of.at("deliveries"), &clerk).await.etag();
        let address = format!("{}/parcels", of.at("deliveries"));
        office.browser.post_with(&address, &clerk, key, &etag, parcel.clone()).await
    };
    let answers = tokio::join!(hand(&one, "k1"), hand(&two, "k2"));
    let (granted, refused) =
        if answers.0.status.is_success() { answers } else { (answers.1, answers.0) };
    assert_eq!(refused.refused(), (409, "waybill-in-use"));
    let (winner, key) =
        if granted.body["dossier"] == json!(one.id) { (&one, "k1") } else { (&two, "k2") };
    let address = format!("{}/parcels", winner.at("deliveries"));
    let seen = format!("\"{}\"", granted.etag().trim_matches('"').parse::<u64>().unwrap() - 1);
    let again = office.browser.post_with(&address, &clerk, key, &seen, parcel.clone()).await;
    assert_eq!(again.granted(), granted.granted());
    office.settle().await;
}

#[tokio::test]
async fn a_hand_over_that_is_refused_takes_no_waybill() {
    let mut office = Office::open().await;
    let (one, two) = (issued(&mut office, "a1").await, issued(&mut office, "a2").await);
    hand(&mut office, &one, "vnpost", "EA1VN").await.granted();
    // It is on its way already.
    let refused = hand(&mut office, &one, "vnpost", "EA2VN").await;
    assert_eq!(refused.refused(), (409, "result-not-available"));
    let stranger = office.token(Role::Clerk, "c9", "H26.14");
    let parcel = json!({ "carrier": "vnpost", "waybill": "EA2VN" });
    let address = format!("{}/parcels", two.at("deliveries"));
    let denied = office.browser.post(&address, &stranger, "\"1\"", parcel).await;
    assert_eq!(denied.refused(), (404, "not-found"));
    hand(&mut office, &two, "vnpost", "EA2VN").await.granted();
}

#[tokio::test]
async fn a_reference_that_is_not_ours_does_not_hide_a_waybill_that_is() {
    let mut office = Office::open().await;
    let one = issued(&mut office, "a1").await;
    hand(&mut office, &one, "vnpost", "EA1VN").await.granted();
    let unknown = "DSR-00000000000000000000000000000001-00000000000000000000000000000002";
    let named = json!({ "reference": unknown, "waybill": "EA1VN" });
    let said = say(&mut office, "vnpost", named, "91", "delivered").await.granted();
    assert_eq!(said["matched"], true);
}

#[tokio::test]
async fn what_names_none_of_our_parcels_is_kept_once_and_listed() {
    let mut office = Office::open().await;
    let unknown = "DSR-00000000000000000000000000000001-00000000000000000000000000000002";
    for named in
        [json!({ "waybill": "zz 1" }), json!({ "reference": unknown }), json!({ "waybill": "ZZ1" })]
    {
        let said = say(&mut office, "vnpost", named, "91", "delivered").await.granted();
        assert_eq!(said["matched"], false);
    }
    assert_eq!(office.log().await, ["CarrierNoticeUnmatched", "CarrierNoticeUnmatched"]);
    let operator = office.token(Role::Operator, "op", "");
    let list = office.browser.get("/v1/parcel-notices/unmatched", &operator).await.granted();
    assert_eq!(list[0]["carrier"], "vnpost");
    assert_eq!(list[0]["waybill"], "ZZ1");
    assert_eq!((&list[1]["reference"], &list[1]["kind"]), (&json!(unknown), &json!("delivered")));
    assert_eq!(list[0]["received_at"], "2026-11-20T02:00:00Z");
    let after = office.browser.get("/v1/parcel-notices/unmatched?after=1", &operator).await;
    assert_eq!(after.granted().as_array().unwrap().len(), 1);
    let applicant = office.applicant("a1");
    let denied = office.browser.get("/v1/parcel-notices/unmatched", &applicant).await;
    assert_eq!(denied.refused(), (403, "role-forbidden"));
    // They belong to no agency, and so are no agency's to read.
    let clerk = office.token(Role::Clerk, "c9", "H26.14");
    let denied = office.browser.get("/v1/parcel-notices/unmatched", &clerk).await;
    assert_eq!(denied.refused(), (403, "role-forbidden"));
    let metrics = office.engine.metrics.text();
    assert!(
        metrics.contains("dossier_notices_unmatched_total{service=\"result-delivery\"} 2"),
        "{metrics}"
    );
}

/// A parcel as logs of before waybills were taken have it: the oldest sample of the event, and nothing of the waybill.
async fn handed_over_in_an_old_log(office: &Office, of: &Certificate, parcel: u128) {
    let store = &office.engine.store;
    let stream = StreamName::new(&format!("delivery-{}", of.id)).unwrap();
    let last = store.last(&stream).await.unwrap().unwrap();
    let sample = include_str!("../../../schemas/samples/delivery.ResultHandedToCarrier.v1.json");
    let mut data: Value = serde_json::from_str(sample).unwrap();
    data["parcel"] = json!(Uuid::from_u128(parcel));
    let (kind, meta) = ("delivery.ResultHandedToCarrier.v1".into(), last.meta.clone());
    let event = NewEvent { id: Uuid::from_u128(parcel), kind, data: data.to_string(), meta };
    store.append(&stream, Expected::from(Some(last.version)), vec![event]).await.unwrap();
}

#[tokio::test]
async fn what_is_said_of_a_parcel_of_an_old_log_by_its_waybill_is_said_of_it_alone() {
    let mut office = Office::open().await;
    let (one, two) = (issued(&mut office, "a1").await, issued(&mut office, "a2").await);
    handed_over_in_an_old_log(&office, &one, 1).await;
    office.settle().await;
    let taken = hand(&mut office, &two, "vnpost", "EA 000000000 VN").await;
    assert_eq!(taken.refused(), (409, "waybill-in-use"));
    let named = json!({ "waybill": "ea000000000vn" });
    let said = say(&mut office, "vnpost", named, "1", "delivered").await.granted();
    assert_eq!(said["matched"], true);
    assert_eq!(shown(&office, &one).await["stage"], "delivered");
    assert_ne!(shown(&office, &two).await["stage"], "delivered");
}

#[tokio::test]
async fn a_notice_that_comes_at_once_is_answered_when_the_log_has_been_looked_through() {
    let mut office = Office::open().await;
    // Nothing has been looked through yet.
    let named = json!({ "waybill": "EA000000000VN" });
    let said = say(&mut office, "vnpost", named, "1", "delivered").await.granted();
    assert_eq!(said["matched"], false);
}

#[tokio::test]
async fn what_is_said_of_a_waybill_that_two_parcels_of_an_old_log_have_is_kept_for_an_operator() {
    let mut office = Office::open().await;
    let (one, two) = (issued(&mut office, "a1").await, issued(&mut office, "a2").await);
    handed_over_in_an_old_log(&office, &one, 1).await;
    handed_over_in_an_old_log(&office, &two, 2).await;
    office.settle().await;
    let named = json!({ "waybill": "EA000000000VN" });
    let said = say(&mut office, "vnpost", named, "1", "delivered").await.granted();
    assert_eq!(said["matched"], false);
    for certificate in [&one, &two] {
        assert_ne!(shown(&office, certificate).await["stage"], "delivered");
    }
    let operator = office.token(Role::Operator, "op", "");
    let list = office.browser.get("/v1/parcel-notices/unmatched", &operator).await.granted();
    assert_eq!((&list[0]["waybill"], &list[0]["event"]), (&json!("EA000000000VN"), &json!("1")));
}

async fn waybills(office: &Office, token: &str, filters: &str) -> Vec<String> {
    let address = format!("/v1/register/parcels?{filters}");
    let rows = office.browser.get(&address, token).await.granted();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["waybill"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_agency_lists_its_parcels_by_place_carrier_and_hand_over() {
    let mut office = Office::open().await;
    let mut sent = Vec::new();
    for (n, carrier) in [(1, "vnpost"), (2, "viettelpost"), (3, "vnpost")] {
        let certificate = issued(&mut office, &format!("a{n}")).await;
        office.wait_until(&format!("2026-11-2{n}T15:00")).await;
        let handed = hand(&mut office, &certificate, carrier, &format!("EA{n}VN")).await.granted();
        sent.push((certificate, handed["parcel_reference"].clone()));
    }
    let clerk = office.clerk();
    assert_eq!(waybills(&office, &clerk, "").await, ["EA1VN", "EA2VN", "EA3VN"]);
    assert_eq!(waybills(&office, &clerk, "carrier=VnPost").await, ["EA1VN", "EA3VN"]);
    let since = "handed_before=2026-11-22T00:00:00%2B07:00";
    assert_eq!(waybills(&office, &clerk, since).await, ["EA1VN"]);
    let (first, second) = (sent[0].1.clone(), sent[1].1.clone());
    say(&mut office, "vnpost", json!({ "reference": first }), "1", "delivered").await.granted();
    say(&mut office, "viettelpost", json!({ "reference": second }), "2", "returned")
        .await
        .granted();
    assert_eq!(waybills(&office, &clerk, "").await, ["EA3VN"]);
    assert_eq!(waybills(&office, &clerk, "state=delivered").await, ["EA1VN"]);
    assert_eq!(waybills(&office, &clerk, "state=returned").await, ["EA2VN"]);
    // Other agencies, and a party, do not see them.
    let elsewhere = office.token(Role::Clerk, "c9", "G02.002");
    assert_eq!(waybills(&office, &elsewhere, "").await, [""; 0]);
    let party = office.token(Role::Clerk, "a3", "G02.001");
    assert_eq!(waybills(&office, &party, "").await, [""; 0]);
    // Pages follow one another.
    let again = hand(&mut office, &sent[1].0, "vnpost", "EA4VN").await.granted();
    assert_eq!(again["stage"], "with_carrier");
    let first = office.browser.get("/v1/register/parcels?limit=1", &clerk).await;
    let next = first.header("link");
    let next = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
    let page = office.browser.get(&next, &clerk).await;
    assert_eq!(page.header("link"), "");
    let row = page.granted()[0].clone();
    assert_eq!((&row["waybill"], &row["dossier"]), (&json!("EA4VN"), &json!(sent[1].0.id)));
    let other = next.replace("limit=1", "limit=1&state=returned");
    assert_eq!(office.browser.get(&other, &clerk).await.refused(), (400, "query-invalid"));
}
