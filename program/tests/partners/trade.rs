//! Nothing fails: payments through every partner, reports in all ways, and what must not count.

use cluster::needs;
use cluster::tools::{faketime, node_packages};
use serde_json::json;

use crate::installation::{FEE, Installation};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_through_every_partner_are_reported_queried_and_counted_once() {
    needs!(node_packages(), faketime());
    let mut ours = Installation::start();
    let mut silent = Vec::new();
    for partner in ["vnpay", "momo", "national-platform"] {
        let attempt = ours.begin(partner).await;
        let paid = ours.pay(&attempt, json!({ "reports": 2 })).remove(0);
        let answers = paid["answers"].as_array().unwrap();
        assert!(answers.iter().all(|one| one["acknowledged"] == true), "{partner}: {paid}");
        let settled = ours
            .until("settlement", &attempt.dossier, |shown| !shown["receipts"][0].is_null())
            .await;
        assert_eq!(
            (&settled["received_vnd"], &settled["outstanding_vnd"]),
            (&json!(FEE), &json!(0))
        );

        // A report without the secret leaves no trace; the partner is told what is wrong.
        let forged = json!({ "transaction": paid["transaction"], "wrong_secret": true });
        let refused = ours.command(partner, "/report", &forged)[0].clone();
        let status = refused["status"].as_u64().unwrap();
        assert!(status == 401 || refused["body"].as_str().unwrap().contains("97"), "{refused}");
        let after = ours.until("payment", &attempt.dossier, |_| true).await;
        assert_eq!(after, settled);

        // The report of another payment never comes.
        let lost = ours.begin(partner).await;
        ours.pay(&lost, json!({ "reports": 0 }));
        silent.push(lost);
        // Nobody pays this one.
        silent.push(ours.begin(partner).await);
    }
    // The payment that VNPAY and MoMo bring back with the browser is no evidence.
    let books = ours.providers["vnpay"].books().unwrap();
    let unreported = json!({ "transaction": books["transactions"][1]["transaction"] });
    let back = ours.command("vnpay", "/return", &unreported)["url"].as_str().unwrap().to_owned();
    let (_, path) = back.split_once("/v1/").unwrap();
    let path = format!("/v1/{path}");
    let returned = ours.browser.send(http::Method::GET, &path, &[], Vec::new());
    let returned = returned.await.unwrap();
    assert_eq!(returned.status, 303, "{}", returned.body);
    assert!(returned.header("location").contains("/desk/"), "{}", returned.header("location"));
    let unpaid = ours.until("payment", &silent[0].dossier, |_| true).await;
    assert_eq!(unpaid["received_vnd"], 0);
    // Half an hour later the partners are asked.
    ours.kill();
    ours.ahead(31);
    ours.revive();
    for pair in silent.chunks(2) {
        ours.until("answer", &pair[0].dossier, |shown| shown["outstanding_vnd"] == 0).await;
        let open = ours.until("payment", &pair[1].dossier, |_| true).await;
        assert_eq!(open["received_vnd"], 0, "{open}");
    }
    assert_eq!(ours.compare().await, (6 * FEE, 6 * FEE));
    for (name, provider) in &ours.providers {
        assert_eq!(provider.books().unwrap()["refused"], json!([]), "{name}");
    }
    ours.checked().await;
}
