//! The day of a clerk at the counter as one script: entry for a citizen without an account, search,
//! supplement, refusal, apology, several steps at once, and the papers for each.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::take;
use crate::support::Office;

/// A clerk of the department of industry and trade of Hanoi.
fn clerk(office: &Office) -> String {
    office.token(Role::Clerk, "clerk-1", "H26.14")
}

/// Enters the registration of a firm at the counter; returns its id and code.
async fn entered(office: &mut Office, subject: &str, company: &str) -> (String, String) {
    let clerk = clerk(office);
    let mut documents = Vec::new();
    for component in ["form_02", "rules"] {
        let document = office.browser.upload(&clerk, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": "2.000004", "agency": "H26.14", "channel": "counter", "applicant": subject,
        "documents": documents, "delivery": { "channel": "collection" },
        "form": {
            "merchant": { "name": company, "tax_code": "0101234565", "phone": "0901234567" },
            "programme": {
                "name": "Mùa hè", "goods": "quạt", "from": "2026-12-01", "to": "2026-12-31",
                "prizes_vnd": 10_000_000,
            },
        },
    });
    let filed = office.browser.post("/v1/dossiers", &clerk, "", body).await.granted();
    office.settle().await;
    let text = |field: &str| filed[field].as_str().unwrap().to_owned();
    (text("id"), text("code"))
}

/// The forms of the slips of a dossier, each of which is printed from what was recorded.
async fn printed(office: &Office, id: &str) -> Vec<String> {
    let (clerk, slips) = (clerk(office), format!("/v1/dossiers/{id}/slips"));
    let listed = office.browser.get(&slips, &clerk).await.granted();
    let mut forms = Vec::new();
    for slip in listed.as_array().unwrap() {
        let path = format!("{slips}/{}", slip["slip"].as_str().unwrap());
        let (status, headers, bytes) = office.browser.raw(&path, &clerk, "application/pdf").await;
        assert_eq!((status.as_u16(), &headers["content-type"] == "application/pdf"), (200, true));
        assert!(bytes.starts_with(b"%PDF-"), "{path}");
        assert_eq!(slip["comparison"], "same", "{slip}");
        forms.push(slip["form"].as_str().unwrap().to_owned());
    }
    forms
}

async fn rows(office: &Office, query: &str) -> Vec<Value> {
    let path = format!("/v1/register/{query}");
    let rows = office.browser.get(&path, &clerk(office)).await.granted();
    rows.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_clerk_enters_finds_answers_and_prints_without_an_id_known_beforehand() {
    let mut office = Office::open().await;
    let (lamp, code) = entered(&mut office, "a1", "Công ty Đèn Sáng").await;
    let (fan, _) = entered(&mut office, "a2", "Công ty Quạt Mát").await;
    let (iron, _) = entered(&mut office, "a3", "Công ty Bàn Là").await;
    let (oven, _) = entered(&mut office, "a4", "Công ty Lò Nướng").await;

    // Found by words without diacritics, and by the code on the slip.
    let found = rows(&office, "dossiers?q=den+sang").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], json!(lamp));
    let by_code = rows(&office, &format!("dossiers?q={code}")).await;
    assert_eq!(by_code[0]["id"], json!(lamp));
    let waiting = rows(&office, "work?kind=answer_submission").await;
    assert_eq!(waiting.len(), 4);

    let clerk = clerk(&office);
    let asked = json!({ "components": ["rules"], "reason": "Thiếu trang 2" });
    let fan_at = format!("/v1/dossiers/{fan}");
    take(&mut office, &fan_at, "supplement-requests", &clerk, asked).await.granted();
    assert_eq!(printed(&office, &fan).await, ["supplement_request"]);
    let refusal = json!({ "reason": "Không thuộc thẩm quyền của Bộ" });
    take(&mut office, &format!("/v1/dossiers/{iron}"), "refusal", &clerk, refusal).await.granted();
    assert_eq!(printed(&office, &iron).await, ["refusal"]);

    // The two others are accepted at once, with an outcome for each.
    let mut items = Vec::new();
    for row in rows(&office, "work?kind=answer_submission").await {
        let address = format!("/v1/dossiers/{}", row["dossier"]["id"].as_str().unwrap());
        let etag = office.browser.get(&address, &clerk).await.etag();
        items.push(json!({ "dossier": row["dossier"]["id"], "if_match": etag, "body": {} }));
    }
    assert_eq!(items.len(), 2, "the supplement is the applicant's, the refusal is done");
    items.push(json!({ "dossier": iron, "if_match": "\"1\"", "body": {} }));
    let bulk = json!({ "operation": "accept_dossier", "items": items });
    let outcomes = office.browser.post("/v1/dossiers/bulk", &clerk, "", bulk).await;
    let outcomes = outcomes.granted();
    office.settle().await;
    let statuses: Vec<u64> = outcomes["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|outcome| outcome["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 200, 412], "{outcomes}");
    assert_eq!(printed(&office, &oven).await, ["receipt"]);

    // It will not be ready in time: an apology with a new date.
    let lamp_at = format!("/v1/dossiers/{lamp}");
    let due = office.browser.get(&lamp_at, &clerk).await.granted()["due_at"].clone();
    let due: jiff::Timestamp = due.as_str().unwrap().parse().unwrap();
    let later = due + jiff::SignedDuration::from_hours(48);
    let apology = json!({ "due_at": later.to_string(), "reason": "Phòng thử nghiệm bị mất điện" });
    take(&mut office, &lamp_at, "appointment", &clerk, apology).await.granted();
    assert_eq!(printed(&office, &lamp).await, ["receipt", "apology"]);

    // At the end of the day nothing waits for this clerk but what is the applicant's.
    assert!(rows(&office, "work?kind=answer_submission").await.is_empty());
    let theirs = rows(&office, "dossiers?waiting_on=applicant").await;
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0]["id"], json!(fan));
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}
