//! The real binary, killed between the acknowledged notice about a payment order and the last part
//! of its money.

use std::time::{Duration, Instant};

use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{Browser, token};

const MEMBERS: usize = 20;
const ROUNDS: usize = 3;

/// Submits a dossier with a fee of 30,000 đồng.
async fn submitted(browser: &Browser, applicant: &str) -> String {
    let mut documents = Vec::new();
    for component in ["application", "export_declaration", "invoice"] {
        let document = browser.upload(applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "a.pdf" }));
    }
    let body = json!({
        "procedure": "CO.D", "agency": "G02.001", "channel": "online", "documents": documents,
        "delivery": { "channel": "download" },
        "form": {
            "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        },
    });
    let answer = browser.post("/v1/dossiers", applicant, "", body).await.granted();
    answer["id"].as_str().unwrap().to_owned()
}

/// The payment of a dossier, once it meets a condition.
async fn when(browser: &Browser, applicant: &str, id: &str, is: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = browser.get(&format!("/v1/payments/{id}"), applicant).await;
        if answer.status.is_success() && is(&answer.body) {
            return answer.body;
        }
        assert!(Instant::now() < until, "{}", answer.body);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parts_of_an_acknowledged_payment_survive_being_killed_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    let provider = token(&key, Role::PaymentProvider, "sandbox", "");
    let mut cut = 0;
    for round in 0..ROUNDS {
        let process = Process::start(folder.path());
        let applicant = token(&key, Role::Applicant, &format!("a{round}"), "");
        let mut ids = Vec::new();
        for _ in 0..MEMBERS {
            ids.push(submitted(&process.browser, &applicant).await);
        }
        for id in &ids {
            when(&process.browser, &applicant, id, |_| true).await;
        }
        let body = json!({ "dossiers": ids, "provider": "sandbox" });
        let order =
            process.browser.post("/v1/payment-orders", &applicant, "", body).await.granted();
        assert_eq!(order["state"], "open", "{order}");
        let notice = json!({
            "provider": "sandbox", "event": format!("e{round}"), "reference": order["reference"],
            "kind": "captured", "amount_vnd": order["total_vnd"],
        });
        process.browser.post("/v1/payment-notices", &provider, "", notice).await.granted();
        // Each round is killed after another number of parts.
        let has_part = |paid: &Value| paid["received_vnd"] == 30_000;
        if let Some(last) = (round * 4).checked_sub(1) {
            when(&process.browser, &applicant, &ids[last], has_part).await;
        }
        process.kill();
        let log = folder.path().join("log.sqlite");
        let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
        let report = program::check(&store).await.unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        cut += report.notes.iter().filter(|note| note.kind == "order").count();
        drop(store);
        let process = Process::start(folder.path());
        for id in &ids {
            let paid = when(&process.browser, &applicant, id, has_part).await;
            assert_eq!(paid["outstanding_vnd"], 0);
        }
        let address = format!("/v1/payment-orders/{}", order["order"].as_str().unwrap());
        let shown = process.browser.get(&address, &applicant).await.granted();
        assert_eq!(shown["state"], "paid");
        process.kill();
    }
    let store = EventStore::sqlite(&folder.path().join("log.sqlite"), SqliteOptions::default());
    let report = program::check(&store.unwrap()).await.unwrap();
    assert!(report.findings.is_empty() && report.notes.is_empty(), "{report:?}");
    assert!(cut > 0, "no kill came between the payment and its last part");
}
