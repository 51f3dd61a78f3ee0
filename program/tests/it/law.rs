//! The law as it is issued, and what follows for dossiers.

use dossier::contract::Role;
use dossier::law::{in_version, next_version};
use events::{EventStore, Expected, Filter, NewEvent, Position, Recorded, Version};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Office, energy_label, in_register, submitted};

const ENERGY_LABEL: &str = include_str!("../../../libs/dossier/procedures/energy_label.yaml");

/// The notice of energy labelling in its next version, in force from the given day: three days instead of five.
fn next(from: &str) -> String {
    next_version(ENERGY_LABEL)
        .replace("issued: 2025-12-01", "issued: 2026-11-20")
        .replace("effective: { from: 2026-01-01 }", &format!("effective: {{ from: {from} }}"))
        .replace("amount: 5, unit: working_days", "amount: 3, unit: working_days")
}

pub(crate) async fn issue(office: &Office, kind: &str, text: &str) -> crate::support::Answer {
    let operator = office.token(Role::Operator, "operator-1", "G02");
    office.browser.post("/v1/rules", &operator, "", json!({ "kind": kind, "text": text })).await
}

async fn due(office: &Office, path: &str) -> Value {
    let deadline = office.browser.get(&format!("{path}/deadline"), &office.clerk()).await;
    deadline.granted()["due_at"].clone()
}

#[tokio::test]
async fn a_dossier_keeps_the_version_it_was_received_under() {
    let mut office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (before, etag) = submitted(&office.browser, &applicant).await;
    let accept = format!("{before}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    let promised = due(&office, &before).await;

    let issued = issue(&office, "procedure", &next("2026-11-20")).await.granted();
    assert_eq!((&issued["name"], &issued["version"]), (&json!("ENERGY.LABEL"), &json!(3)));
    let (after, etag) = submitted(&office.browser, &applicant).await;
    let accept = format!("{after}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    office.settle().await;
    // Five working days from Friday 20 November pass over the 24th, and end on the 30th; three end on the 26th.
    assert_eq!(promised, json!("2026-11-30T17:00:00Z"));
    assert_eq!(due(&office, &before).await, promised);
    assert_eq!(due(&office, &after).await, json!("2026-11-26T17:00:00Z"));
    assert!(office.log().await.contains(&"RulesIssued".to_owned()));
}

#[tokio::test]
async fn the_catalogue_shows_what_was_in_force_and_what_was_known_at_a_moment() {
    let mut office = Office::open().await;
    office.wait_until("2026-11-25T09:00").await;
    issue(&office, "procedure", &next("2026-11-01")).await.granted();
    let version = async |query: &str| {
        let path = format!("/v1/procedures/ENERGY.LABEL{query}");
        office.browser.get(&path, &office.applicant("company-1")).await.granted()["version"].clone()
    };
    assert_eq!(version("").await, 3);
    assert_eq!(version("?at=2026-11-01").await, 3);
    assert_eq!(version("?at=2026-10-31").await, 2);
    assert_eq!(version("?at=2026-11-20&known_at=2026-11-25T01:59:59Z").await, 2);
    assert_eq!(version("?at=2026-11-20&known_at=2026-11-25T02:00:00Z").await, 3);
    let before = "/v1/procedures/ENERGY.LABEL?at=2020-01-01";
    let before = office.browser.get(before, &office.clerk()).await.granted();
    assert_eq!((&before["in_force"], &before["version"]), (&json!(false), &json!(2)));
    let unknown = office.browser.get("/v1/procedures/NONE", &office.clerk()).await;
    assert_eq!(unknown.refused().0, 404);
}

/// A notice of energy labelling that was accepted.
async fn accepted(office: &mut Office) -> String {
    let (path, etag) = submitted(&office.browser, &office.applicant("company-1")).await;
    let accept = format!("{path}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    office.settle().await;
    path
}

#[tokio::test]
async fn an_outage_holds_the_deadline_and_its_end_restates_it() {
    let mut office = Office::open().await;
    let path = accepted(&mut office).await;
    let promised = due(&office, &path).await;
    office.wait_until("2026-11-30T10:00").await;
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let body = json!({
        "agency": "G02", "channels": ["online"], "from": "2026-11-30T08:00:00+07:00",
        "planned": false, "notice_at": "2026-11-30T08:30:00+07:00", "reason": "Đứt cáp quang biển",
    });
    let declared = office.browser.post("/v1/outages", &operator, "", body).await;
    let (etag, outage) = (declared.etag(), declared.granted());
    office.wait_until("2026-12-01T14:00").await;
    let deadline = office.browser.get(&format!("{path}/deadline"), &office.clerk()).await.granted();
    assert_eq!((&deadline["due_at"], &deadline["missed"]), (&promised, &json!(false)));

    let end = format!("/v1/outages/{}/end", outage["id"].as_str().unwrap());
    let to = json!({ "to": "2026-12-01T13:00:00+07:00" });
    office.browser.post(&end, &operator, &etag, to).await.granted();
    office.settle().await;
    // The last of five days ended inside the outage; the first that begins after it is 2 December.
    assert_eq!(due(&office, &path).await, json!("2026-12-02T17:00:00Z"));
    let deadline = office.browser.get(&format!("{path}/deadline"), &office.clerk()).await.granted();
    let spans = deadline["explanation"]["spans"].as_array().unwrap();
    assert!(spans.iter().any(|span| span["cause"] == outage["id"]), "{spans:?}");
    office.wait_until("2026-12-03T00:00").await;
    let log = office.log().await;
    let tail: Vec<&str> = log.iter().rev().take(3).rev().map(String::as_str).collect();
    assert_eq!(tail, ["DeadlineRestated", "LatenessForeseen", "DeadlineMissed"], "{log:?}");
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty() && report.promises == 2, "{report:?}");
}

#[tokio::test]
async fn an_outage_that_is_recorded_after_a_miss_withdraws_it() {
    let mut office = Office::open().await;
    let path = accepted(&mut office).await;
    office.wait_until("2026-12-01T09:00").await;
    assert_eq!(office.log().await.last().unwrap(), "DeadlineMissed");
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let body = json!({
        "agency": "G02", "from": "2026-11-30T20:00:00+07:00", "to": "2026-12-01T06:00:00+07:00",
        "planned": false, "notice_at": "2026-11-30T21:00:00+07:00", "reason": "Mất điện",
    });
    office.browser.post("/v1/outages", &operator, "", body).await.granted();
    office.settle().await;
    let deadline = office.browser.get(&format!("{path}/deadline"), &office.clerk()).await.granted();
    assert_eq!(deadline["missed"], json!(false));
    let log = office.log().await;
    assert_eq!(log[log.len() - 2..], ["DeadlineMissWithdrawn", "DeadlineRestated"]);
    let shown = office.browser.get("/v1/outages", &office.applicant("company-1")).await.granted();
    assert_eq!(shown[0]["reason"], "Mất điện");
}

#[tokio::test]
async fn days_off_that_are_announced_late_move_promised_dates_and_say_so() {
    let mut office = Office::open().await;
    let path = accepted(&mut office).await;
    let shipped = dossier::law::shipped_rules().unwrap();
    let calendar = &shipped.iter().find(|rules| rules.name == "vn").unwrap();
    let next = calendar
        .text
        .replace(
            &format!("\nversion: {}\n", calendar.version),
            &format!("\nversion: {}\n", calendar.version + 1),
        )
        .replace(
            "\ndays:\n",
            "\ndays:\n  - { from: 2026-11-27, off: { vi: Nghỉ hoán đổi, en: Swapped day off } }\n",
        );
    issue(&office, "calendar", &next).await.granted();
    office.settle().await;
    assert_eq!(due(&office, &path).await, json!("2026-12-01T17:00:00Z"));
    let deadline = office.browser.get(&format!("{path}/deadline"), &office.clerk()).await.granted();
    let text = deadline["explanation"]["text"]["vi"].as_str().unwrap();
    assert!(text.contains("27/11/2026 (Nghỉ hoán đổi)"), "{text}");
    assert_eq!(office.log().await.last().unwrap(), "DeadlineRestated");
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty() && report.promises == 2, "{report:?}");
}

#[tokio::test]
async fn wrong_rules_are_refused_and_change_nothing() {
    let office = Office::open().await;
    let head = office.engine.store.head();
    let cases = [
        ("procedure", next("2026-11-20").replace("pause", "stop"), (422, "rules-invalid")),
        (
            "procedure",
            next("2026-11-20").replace("type: object", "type: thing"),
            (422, "rules-invalid"),
        ),
        ("procedure", next("2026-11-20").replace("ENERGY.LABEL", "a b"), (422, "rules-invalid")),
        ("calendar", "id: vn".to_owned(), (422, "rules-invalid")),
        ("procedure", ENERGY_LABEL.replace("amount: 5", "amount: 6"), (409, "rules-version-taken")),
    ];
    for (kind, text, refused) in cases {
        let answer = issue(&office, kind, &text).await;
        assert_eq!(answer.refused(), refused, "{}", answer.body);
    }
    assert_eq!(office.engine.store.head(), head);
    let clerk = office.clerk();
    let body = json!({ "kind": "procedure", "text": next("2026-11-20") });
    assert_eq!(office.browser.post("/v1/rules", &clerk, "", body).await.refused().0, 403);
}

#[tokio::test]
async fn an_outage_at_the_end_of_the_applicants_window_makes_it_longer_and_the_reason_is_told() {
    let mut office = Office::open().await;
    let path = accepted(&mut office).await;
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let etag = office.browser.get(&path, &office.clerk()).await.etag();
    let missing = json!({ "components": ["test_report"], "reason": "không đọc được" });
    let asked = format!("{path}/supplement-requests");
    office.browser.post(&asked, &office.clerk(), &etag, missing).await.granted();
    let obligations = format!("{}/obligations", in_register(&path));
    let window = async |office: &Office| {
        let open = office.browser.get(&obligations, &office.clerk()).await.granted();
        let open = open.as_array().unwrap();
        open.iter().find(|open| open["kind"] == "supplement-window").cloned()
    };
    let before = window(&office).await.unwrap();
    let ends: Timestamp = before["due_at"].as_str().unwrap().parse().unwrap();
    let text = before["explanation"]["text"]["en"].as_str().unwrap();
    assert!(text.contains("working days") && text.contains("Vietnam Culture Day"), "{text}");

    let (from, to) = (ends - SignedDuration::from_hours(20), ends + SignedDuration::from_hours(6));
    office.wait_until_instant(from).await;
    let body = json!({
        "agency": "G02", "from": from, "planned": false, "notice_at": from, "reason": "Mất điện",
    });
    let declared = office.browser.post("/v1/outages", &operator, "", body).await;
    let (etag, outage) = (declared.etag(), declared.granted());
    office.wait_until_instant(ends + SignedDuration::from_hours(1)).await;
    assert_eq!(window(&office).await.unwrap()["due_at"], before["due_at"], "held, not ended");
    office.wait_until_instant(to).await;
    let end = format!("/v1/outages/{}/end", outage["id"].as_str().unwrap());
    office.browser.post(&end, &operator, &etag, json!({ "to": to })).await.granted();
    office.wait_until_instant(to + SignedDuration::from_mins(2)).await;
    let after = window(&office).await.unwrap();
    assert!(after["due_at"].as_str() > before["due_at"].as_str(), "{after}");
    let spans = after["explanation"]["spans"].as_array().unwrap();
    assert!(spans.iter().any(|span| span["cause"] == outage["id"]), "{spans:?}");
    let log = office.log().await;
    assert!(log.contains(&"PeriodExtended".to_owned()), "{log:?}");
    assert!(!log.contains(&"DossierClosed".to_owned()), "{log:?}");

    let due: Timestamp = after["due_at"].as_str().unwrap().parse().unwrap();
    office.wait_until_instant(due).await;
    assert!(office.log().await.contains(&"DossierClosed".to_owned()));
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty() && report.periods >= 3, "{report:?}");
}

#[tokio::test]
async fn a_version_that_says_so_applies_to_open_dossiers_and_shortens_no_promise() {
    let mut office = Office::open().await;
    let path = accepted(&mut office).await;
    let promised = due(&office, &path).await;
    let version = |number: u32, days: u32| {
        let text = next("2026-11-20").replace("amount: 3,", &format!("amount: {days},"));
        format!("{}applies_to_open: true\n", in_version(&text, number))
    };
    issue(&office, "procedure", &version(3, 3)).await.granted();
    office.settle().await;
    assert_eq!(due(&office, &path).await, promised, "three days instead of five change nothing");
    issue(&office, "procedure", &version(4, 8)).await.granted();
    office.settle().await;
    // Eight working days from Friday 20 November, with Tuesday 24 off.
    assert_eq!(due(&office, &path).await, json!("2026-12-03T17:00:00Z"));
    let deadline = office.browser.get(&format!("{path}/deadline"), &office.clerk()).await.granted();
    assert_eq!(deadline["explanation"]["budget"]["amount"], 8);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn time_that_a_procedure_does_not_count_moves_the_date_once_it_is_over() {
    let mut office = Office::open().await;
    let text = next("2026-11-20").replace("amount: 3, unit", "amount: 5, unit");
    let text = text.replace("clock:\n", "clock:\n  not_counted: [consultation, verification]\n");
    let endless = issue(&office, "procedure", &text).await;
    assert_eq!(endless.refused(), (422, "rules-invalid"), "a consultation must have an end");
    let review = "review:\n  consultation: { amount: 30, unit: working_days }\n";
    issue(&office, "procedure", &text.replace("review:\n", review)).await.granted();
    let path = accepted(&mut office).await;
    let promised = due(&office, &path).await;
    assert_eq!(promised, json!("2026-11-30T17:00:00Z"));
    let review = path.replace("dossiers", "reviews");
    let reviewer = office.token(Role::Reviewer, "reviewer-1", "G02");
    let step = async |office: &mut Office, name: &str, who: &str, body: Value| {
        let etag = office.browser.get(&review, who).await.etag();
        let taken = office.browser.post(&format!("{review}/{name}"), who, &etag, body).await;
        let shown = taken.granted();
        office.settle().await;
        shown
    };
    step(&mut office, "claim", &reviewer, json!({})).await;
    office.wait_until("2026-11-23T10:00").await;
    let asked = json!({ "agency": "H26.14", "question": "Có đồng ý không?" });
    let shown = step(&mut office, "consultations", &reviewer, asked).await;
    let asked = shown["consultations"][0]["consultation"].as_str().unwrap().to_owned();
    office.wait_until("2026-12-01T09:00").await;
    assert_eq!(due(&office, &path).await, promised);
    assert!(!office.log().await.contains(&"DeadlineMissed".to_owned()), "held meanwhile");

    let consultee = office.token(Role::Consultee, "consultee-1", "H26.14");
    let answer = json!({ "consultation": asked, "agrees": true, "answer": "Đồng ý" });
    step(&mut office, "consultation-answers", &consultee, answer).await;
    // Friday's dossier had used no whole day before Monday 10:00; of five days Monday alone had begun.
    assert_eq!(due(&office, &path).await, json!("2026-12-07T17:00:00Z"));
    let verified = json!({
        "from": "2026-12-01T08:00:00+07:00", "to": "2026-12-01T08:30:00+07:00",
        "place": "Xưởng số 2", "participants": "A, B", "findings": "Đạt",
    });
    step(&mut office, "verifications", &reviewer, verified).await;
    let log = office.log().await;
    assert_eq!(log.iter().filter(|kind| *kind == "TimeNotCounted").count(), 2, "{log:?}");
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn who_takes_over_from_an_agency_goes_on_with_its_dossiers() {
    let mut office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, _) = submitted(&office.browser, &applicant).await;
    let text = include_str!("../../../libs/dossier/procedures/agencies.yaml");
    let chemicals = text.lines().find(|line| line.contains("code: G02.002")).unwrap();
    let line = chemicals.strip_suffix(" }").unwrap();
    let ended = format!("{line}, succeeded: {{ by: G02.005, on: 2026-11-23 }} }}");
    let text = next_version(text).replace(chemicals, &ended);
    issue(&office, "agencies", &text).await.granted();
    let successor = office.token(Role::Clerk, "clerk-5", "G02.005");
    assert_eq!(office.browser.get(&path, &successor).await.refused().0, 404, "not yet");

    office.wait_until("2026-11-23T08:00").await;
    let shown = office.browser.get(&path, &successor).await;
    let (etag, _) = (shown.etag(), shown.granted());
    let accept = format!("{path}/acceptance");
    office.browser.post(&accept, &successor, &etag, json!({})).await.granted();
    office.settle().await;
    let auditor = office.token(Role::Auditor, "auditor-5", "G02.005");
    let figures = office.browser.get("/v1/register/statistics", &auditor).await.granted();
    assert_eq!(figures["dossiers"], 1, "{figures}");
    let body = energy_label(&office.browser, &applicant).await;
    let refused = office.browser.post("/v1/dossiers", &applicant, "", body).await;
    assert_eq!(refused.refused(), (422, "agency-succeeded"));
    assert!(refused.body["detail"].as_str().unwrap().contains("G02.005"), "{}", refused.body);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_date_or_a_period_that_the_law_does_not_give_is_found() {
    let mut office = Office::open().await;
    accepted(&mut office).await;
    let log =
        office.engine.store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
    // The same log, but for a minute: first in the office's time to answer, then in the promised date.
    for (wrong, finding) in [
        ("answer_due_at", "the recorded end of a period is"),
        ("due_at", "was promised, the law gives"),
    ] {
        let forged = EventStore::memory();
        for event in &log.events {
            let mut data: Value = serde_json::from_str(&event.data).unwrap();
            let place = if wrong == "due_at" { data.get_mut("promise") } else { Some(&mut data) };
            if let Some(date) = place.and_then(|place| place.get_mut(wrong)) {
                let at: Timestamp = date.as_str().unwrap().parse().unwrap();
                *date = json!(at + SignedDuration::from_mins(1));
            }
            let Recorded { id, kind, meta, version, .. } = (**event).clone();
            let expected = match version.0 {
                1 => Expected::NoStream,
                after => Expected::At(Version(after - 1)),
            };
            let event_again = NewEvent { id, kind, data: data.to_string(), meta };
            forged.append(&event.stream, expected, vec![event_again]).await.unwrap();
        }
        let report = program::check(&forged).await.unwrap();
        // The slip that gave the date does not agree with the log either.
        let found: Vec<_> = report.findings.iter().filter(|one| one.kind != "paper").collect();
        assert_eq!(found.len(), 1, "{wrong}: {report:?}");
        assert!(found[0].what.contains(finding), "{report:?}");
    }
}
