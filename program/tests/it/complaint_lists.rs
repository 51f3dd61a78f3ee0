//! Lists of complaints: what they leave out, and what their filters do not tell.

use dossier::contract::{Actor, Envelope, Role};
use dossier::services::Category;
use events::{Expected, NewEvent, StreamName, Version};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::take;
use crate::support::{Office, at};

const HERE: &str = "G02.001";

async fn filed(office: &mut Office, subject: &str) -> Value {
    let body = json!({ "agency": HERE, "name": "Lê C", "text": "Hai tuần không ai trả lời." });
    let citizen = office.applicant(subject);
    let filed = office.browser.post("/v1/complaints", &citizen, "", body).await.granted();
    office.settle().await;
    filed
}

/// Ids in a list of complaints with this query.
async fn listed(office: &Office, who: &str, query: &str) -> Vec<Value> {
    let rows = office.browser.get(&format!("/v1/complaints?{query}"), who).await.granted();
    rows.as_array().unwrap().iter().map(|row| row["complaint"].clone()).collect()
}

/// Appends an event that cannot be decoded to a stream with one event.
async fn damage(office: &Office, complaint: &str) {
    let stream = StreamName::new(&Category::Complaint.stream(complaint)).unwrap();
    let command = Uuid::from_u128(1);
    let envelope = Envelope {
        at: at("2026-11-20T09:00"),
        actor: Actor::system("test"),
        command,
        digest: "x".to_owned(),
        cause: None,
        dossier: None,
        trace: None,
    };
    let event = NewEvent {
        id: NewEvent::id_of(&stream, command, 0),
        kind: "feedback.ComplaintNoted.v1".into(),
        data: "{\"note\":7}".to_owned(),
        meta: envelope.encode(),
    };
    let expected = Expected::from(Some(Version(1)));
    office.engine.store.append(&stream, expected, vec![event]).await.unwrap();
}

#[tokio::test]
async fn a_complaint_that_cannot_be_decoded_is_a_defect_and_the_others_are_listed_on() {
    let mut office = Office::open().await;
    let handler = office.token(Role::ComplaintHandler, "h1", HERE);
    let broken = filed(&mut office, "a1").await["complaint"].clone();
    damage(&office, broken.as_str().unwrap()).await;
    let later = filed(&mut office, "a2").await;
    office.views().await.unwrap();
    let rows = listed(&office, &handler, "").await;
    assert!(rows.contains(&later["complaint"]), "{rows:?}");
    // Its complainant reads on, and the damaged one is reported.
    let status = [
        ("complaint-number", later["number"].as_str().unwrap()),
        ("status-code", later["status_code"].as_str().unwrap()),
    ];
    let path = "/v1/complaint-status";
    let read = office.browser.send(http::Method::GET, path, &status, Vec::new()).await.unwrap();
    assert_eq!(read.granted()["stage"], "filed");
    let address = format!("/v1/complaints/{}", broken.as_str().unwrap());
    assert_eq!(office.browser.get(&address, &handler).await.refused(), (500, "internal"));
    let metrics = office.browser.get("/metrics", "").await.granted();
    let counted = metrics
        .as_str()
        .unwrap()
        .lines()
        .any(|line| line.starts_with("dossier_defects_total{") && !line.ends_with(" 0"));
    assert!(counted, "{metrics}");
}

#[tokio::test]
async fn no_filter_tells_complainants_or_operators_who_handles_a_complaint() {
    let mut office = Office::open().await;
    let handler = office.token(Role::ComplaintHandler, "h1", HERE);
    let complaint = filed(&mut office, "a1").await["complaint"].clone();
    let address = format!("/v1/complaints/{}", complaint.as_str().unwrap());
    let to = json!({ "officer": "h1" });
    take(&mut office, &address, "assignment", &handler, to).await.granted();
    office.views().await.unwrap();
    assert_eq!(listed(&office, &handler, "officer=h1").await, std::slice::from_ref(&complaint));
    assert_eq!(listed(&office, &handler, "assigned=me").await, [complaint]);

    let applicant = office.applicant("a1");
    let both = office.token_for(&[Role::Applicant, Role::ComplaintHandler], "a1", HERE, None);
    // An auditor of one agency who lists another one as an operator.
    let elsewhere = office.token_for(&[Role::Operator, Role::Auditor], "o1", "H26", None);
    for (who, query) in [(&applicant, ""), (&both, "whose=own&"), (&elsewhere, "agency=G02.001&")] {
        let own = format!("/v1/complaints?{query}");
        let rows = office.browser.get(own.trim_end_matches(['?', '&']), who).await.granted();
        assert_eq!(rows.as_array().unwrap().len(), 1, "{query}");
        assert_eq!(rows[0].get("officer"), None, "{query}");
        for filter in ["officer=h1", "officer=h2", "assigned=me", "assigned=nobody"] {
            let refused = office.browser.get(&format!("{own}{filter}"), who).await;
            assert_eq!(refused.refused(), (400, "query-invalid"), "{query}{filter}");
        }
    }
}
