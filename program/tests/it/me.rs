//! `GET /v1/me`: what the API knows of the caller.

use dossier::contract::Role;
use serde_json::json;

use crate::mandates::{Acting, FIRM, accepted, client, granted, person};
use crate::people::{DIRECTORY, staffed};
use crate::support::Office;

#[tokio::test]
async fn an_officer_learns_the_entry_in_the_directory_the_absences_and_for_whom_to_act() {
    let mut office = Office::open().await;
    let token = |role, subject| office.token(role, subject, "G02.001");
    let (r1, head) = (token(Role::Reviewer, "r1"), office.token(Role::Approver, "head", "G02"));
    let before = office.browser.get("/v1/me", &r1).await.granted();
    assert_eq!(before["subject"], "r1");
    assert_eq!((&before["roles"], &before["agency"]), (&json!(["reviewer"]), &json!("G02.001")));
    assert_eq!(before["token_expires_at"], "2096-10-02T07:06:40Z");
    assert!(before["officer"].is_null() && before["on_behalf_of"].is_null(), "{before}");

    staffed(&office, "none").await;
    let absence = |officer: &str, from: &str, deputy: &str| json!({ "officer": officer, "from": from, "to": "2026-11-27", "deputy": deputy });
    let absences = format!("{DIRECTORY}/absences");
    let of_r2 = absence("r2", "2026-11-20", "r1");
    office.browser.post(&absences, &head, "", of_r2).await.granted();
    let entry = office.browser.get("/v1/me", &r1).await.granted()["officer"].clone();
    assert_eq!(entry["name"], "Trần Thị Bình");
    assert_eq!(
        (&entry["unit"], &entry["unit_name"]),
        (&json!("origin"), &json!("Phòng Xuất xứ hàng hóa"))
    );
    assert_eq!(entry["deputises"], json!([{ "officer": "r2", "to": "2026-11-27" }]));
    assert_eq!(entry["absences"], json!([]));
    // An officer whose token names the agency above the one with the directory.
    let of_head = office.browser.get("/v1/me", &head).await.granted()["officer"].clone();
    assert_eq!((&of_head["agency"], &of_head["name"]), (&json!("G02.001"), &json!("Nguyễn An")));

    // After the absence of the other one, nothing is left of it.
    office.wait_until("2026-11-28T08:00").await;
    let entry = office.browser.get("/v1/me", &r1).await.granted()["officer"].clone();
    assert_eq!(entry["deputises"], json!([]));
    let own = json!({ "officer": "r1", "from": "2026-12-01", "to": "2026-12-02", "deputy": "r3" });
    let recorded = office.browser.post(&absences, &r1, "", own).await.granted();
    let entry = office.browser.get("/v1/me", &r1).await.granted()["officer"].clone();
    assert_eq!(entry["absences"][0]["absence"], recorded["absence"]);
    assert_eq!(entry["absences"][0]["deputy"], "r3");
}

#[tokio::test]
async fn a_representative_learns_whom_to_act_for_and_nobody_learns_of_others() {
    let mut office = Office::open().await;
    let mandate = accepted(&office, "client-1", json!(["ENERGY.LABEL"])).await;
    // Offered, not accepted: no ground yet.
    granted(&office, &client(&office, "client-2"), json!([])).await;
    office.settle().await;
    let firm = person(&office).get(&office, "/v1/me").await.granted();
    assert_eq!((&firm["subject"], &firm["party"]), (&json!("person-1"), &json!(FIRM)));
    assert_eq!(firm["on_behalf_of"], FIRM);
    let mandates = firm["mandates"].as_array().unwrap();
    assert_eq!(mandates.len(), 1, "{firm}");
    assert_eq!(mandates[0]["mandate"], *mandate);
    assert_eq!(mandates[0]["principal"], "client-1");
    assert_eq!(mandates[0]["procedures"], json!(["ENERGY.LABEL"]));
    assert_eq!(firm["more_mandates"], false);

    let acting = person(&office).under(&mandate).get(&office, "/v1/me").await.granted();
    assert_eq!((&acting["party"], &acting["mandate"]), (&json!("client-1"), &json!(mandate)));
    assert_eq!(acting["mandates"], json!([]), "a mandate is not passed on");
    for stranger in [client(&office, "client-1"), Acting::by(office.clerk())] {
        let own = stranger.get(&office, "/v1/me").await.granted();
        assert_eq!(own["mandates"], json!([]), "{own}");
    }

    // An officer who is a representative as well reads nothing that is recorded as a read of others.
    let reads = office.browser.get("/v1/me", &office.clerk()).await.granted();
    assert_eq!(reads["party"], "clerk-1");
    office.wait_until("2027-11-21T08:00").await;
    let ended = person(&office).get(&office, "/v1/me").await.granted();
    assert_eq!(ended["mandates"], json!([]), "{ended}");
}

#[tokio::test]
async fn without_a_token_nobody_is_somebody() {
    let office = Office::open().await;
    let nobody = office.browser.send(http::Method::GET, "/v1/me", &[], Vec::new()).await.unwrap();
    assert_eq!(nobody.refused(), (401, "token-missing"));
}
