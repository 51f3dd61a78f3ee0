//! Lists follow the law: rows change when a version of a procedure begins to apply to open dossiers,
//! and the register of an agency has the dossiers that it took over.

use dossier::contract::Role;
use dossier::law::next_version;
use serde_json::{Value, json};

use crate::law::issue;
use crate::life::{pay, submitted, take};
use crate::support::{Office, energy_label};

/// The shipped procedure of certificates with a second activity, as its next version.
fn with_inspection(from: &str, transition: &str) -> String {
    let shipped = include_str!("../../../libs/dossier/procedures/certificate_of_origin_d.yaml");
    let inspection = "    - { code: inspection, name: { vi: Kiểm tra, en: Inspection } }\nresult:";
    let text = next_version(shipped).replace("\nresult:", &format!("\n{inspection}"));
    text.replace("effective: { from: 2025-07-01 }", &format!("effective: {{ from: {from} }}"))
        .replace("issued: 2025-06-30", "issued: 2026-11-20")
        .replace("level: full", &format!("level: full\n{transition}"))
}

/// A certificate of origin whose only activity is completed.
async fn appraised(office: &mut Office, subject: &str) {
    let certificate = submitted(office, subject, "download").await;
    pay(office, &certificate).await;
    let (clerk, reviewer) = (office.clerk(), office.token(Role::Reviewer, "r1", "G02.001"));
    let (dossier, review) = (certificate.at("dossiers"), certificate.at("reviews"));
    take(office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    let done = json!({ "activity": "appraisal" });
    take(office, &review, "activities", &reviewer, done).await.granted();
}

/// The tasks in the work queue of the reviewer, with their subjects.
async fn work(office: &Office) -> Vec<(Value, Value)> {
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let path = "/v1/register/work?officer=me";
    let rows = office.browser.get(path, &reviewer).await.granted();
    let task = |row: &Value| (row["task"]["kind"].clone(), row["task"]["subject"].clone());
    rows.as_array().unwrap().iter().map(task).collect()
}

fn proposals(count: usize) -> Vec<(Value, Value)> {
    vec![(json!("propose_decision"), Value::Null); count]
}

fn inspections(count: usize) -> Vec<(Value, Value)> {
    vec![(json!("complete_activity"), json!("inspection")); count]
}

#[tokio::test]
async fn work_queues_follow_a_version_that_applies_to_open_dossiers_from_its_first_day() {
    let mut office = Office::open().await;
    appraised(&mut office, "a1").await;
    appraised(&mut office, "a2").await;
    assert_eq!(work(&office).await, proposals(2));
    // One for new dossiers only changes no row.
    let new_only = with_inspection("2026-11-20", "");
    issue(&office, "procedure", &new_only).await.granted();
    office.settle().await;
    assert_eq!(work(&office).await, proposals(2));

    let later = next_version(&with_inspection("2026-11-23", "applies_to_open: true"));
    issue(&office, "procedure", &later).await.granted();
    office.settle().await;
    assert_eq!(work(&office).await, proposals(2), "it is not in force yet");
    // No event of the dossiers: the day begins.
    office.wait_until("2026-11-23T00:00").await;
    assert_eq!(work(&office).await, inspections(2));
    let clerk = office.token(Role::Reviewer, "r1", "G02.001");
    let rows = office.browser.get("/v1/register/dossiers", &clerk).await.granted();
    let next = rows[0]["next"][0]["kind"].clone();
    assert_eq!(next, "complete_activity");
}

#[tokio::test]
async fn work_queues_follow_a_version_in_force_at_once_and_its_successor() {
    let mut office = Office::open().await;
    appraised(&mut office, "a1").await;
    let open = with_inspection("2026-11-20", "applies_to_open: true");
    issue(&office, "procedure", &open).await.granted();
    office.settle().await;
    assert_eq!(work(&office).await, inspections(1));
    // Its successor applies to open dossiers too, without the second activity.
    let shipped = include_str!("../../../libs/dossier/procedures/certificate_of_origin_d.yaml");
    let back = next_version(&next_version(shipped))
        .replace("effective: { from: 2025-07-01 }", "effective: { from: 2026-11-20 }")
        .replace("issued: 2025-06-30", "issued: 2026-11-20")
        .replace("level: full", "level: full\napplies_to_open: true");
    issue(&office, "procedure", &back).await.granted();
    office.settle().await;
    assert_eq!(work(&office).await, proposals(1));
}

/// A part of the registry with two units, the first of which may have a successor.
fn units(version: u32, extra: &str) -> String {
    format!(
        "id: h61\nversion: {version}\nlegal_basis: Nghị quyết 202/2025/QH15\nagencies:\n\
         \x20 - {{ code: H61.001, name: {{ vi: Xã 1, en: Commune 1 }}, calendar: vn, system: \"61\", receipt_symbol: H61-001{extra} }}\n\
         \x20 - {{ code: H61.002, name: {{ vi: Xã 2, en: Commune 2 }}, calendar: vn, system: \"61\", receipt_symbol: H61-002 }}\n"
    )
}

#[tokio::test]
async fn the_register_of_an_agency_has_the_dossiers_of_one_that_was_merged_into_it() {
    let mut office = Office::open().await;
    issue(&office, "agencies", &units(1, "")).await.granted();
    let shipped = include_str!("../../../libs/dossier/procedures/energy_label.yaml");
    let own = dossier::law::in_version(shipped, 1)
        .replace("code: ENERGY.LABEL", "code: COMMUNE.LABEL")
        .replace("agency: G02", "agency: H61");
    issue(&office, "procedure", &own).await.granted();
    let applicant = office.applicant("a1");
    let mut codes = Vec::new();
    for agency in ["H61.001", "H61.002", "H61.001"] {
        let mut body = energy_label(&office.browser, &applicant).await;
        (body["procedure"], body["agency"]) = (json!("COMMUNE.LABEL"), json!(agency));
        let filed = office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
        codes.push(filed["code"].clone());
    }
    let merged = units(2, ", succeeded: { by: H61.002, on: 2026-12-01 }");
    issue(&office, "agencies", &merged).await.granted();
    office.settle().await;
    let book = async |office: &Office, agency: &str| {
        let clerk = office.token(Role::Clerk, "c1", agency);
        let path = "/v1/register/book?from=2026-11-20&to=2026-11-20";
        let book = office.browser.get(path, &clerk).await.granted();
        let rows = book["data"]["dossiers"].as_array().unwrap().clone();
        rows.iter().map(|row| row["code"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(book(&office, "H61.002").await, codes[1..2]);
    office.wait_until("2026-12-01T00:00").await;
    let mut all = book(&office, "H61.002").await;
    all.sort_by_key(ToString::to_string);
    codes.sort_by_key(ToString::to_string);
    assert_eq!(all, codes);
    assert_eq!(book(&office, "G02.001").await, Vec::<Value>::new());
}
