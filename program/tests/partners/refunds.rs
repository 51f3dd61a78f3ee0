//! Money that goes back through partners: every fault of the call that returns it and of the question what became of it,
//! and kill -9 of our process in between. At the end each refund is in the partner's books once.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::needs;
use cluster::tools::node_packages;
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::installation::{Dossier, FEE, Installation};

const PARTNERS: [&str; 2] = ["vnpay", "momo"];

/// When our process is killed after a refund was requested, in milliseconds.
const KILLED_AFTER: [u64; 8] = [0, 2, 4, 8, 16, 32, 128, 512];

/// Faults of the call that returns money, before and after its effect. A breaker that opens after five failures would
/// make the test wait.
const FAULTS: [(&str, &str); 4] = [
    ("refund", "error_500"),
    ("refund", "lost_reply"),
    ("refund", "hang_after"),
    ("refund", "garbage"),
];

/// The refund of a dossier's attempt, and who asks for it.
#[derive(Debug, Clone)]
struct Back {
    dossier: Dossier,
    partner: &'static str,
    payment: String,
}

impl Back {
    /// A dossier that was paid through a partner and withdrawn before its acceptance: its fee is owed back.
    async fn owed(ours: &mut Installation, partner: &'static str) -> Self {
        let attempt = ours.begin(partner).await;
        ours.pay(&attempt, json!({}));
        Self::withdrawn(ours, attempt.dossier, partner).await
    }

    /// A paid dossier that is withdrawn now.
    async fn withdrawn(ours: &Installation, dossier: Dossier, partner: &'static str) -> Self {
        let settled =
            ours.until("receipt", &dossier, |shown| !shown["receipts"][0].is_null()).await;
        let payment = settled["attempts"][0]["payment"].as_str().unwrap().to_owned();
        let path = format!("/v1/dossiers/{}", dossier.id);
        let etag = ours.browser.get(&path, &dossier.payer).await.etag();
        let path = format!("{path}/withdrawal");
        ours.browser.post(&path, &dossier.payer, &etag, json!({})).await.granted();
        ours.until("repayment", &dossier, |shown| shown["owed_back_vnd"] == FEE).await;
        Self { dossier, partner, payment }
    }

    fn body(&self, amount: i64) -> Value {
        json!({ "payment": self.payment, "amount_vnd": amount, "reason": "rút hồ sơ" })
    }

    async fn request(&self, ours: &Installation, amount: i64) -> Value {
        let (cashier, body) = (ours.cashier(), self.body(amount));
        ours.step(&self.dossier, "refund-requests", &cashier, body).await.granted()
    }

    /// Waits until the newest refund is in this state.
    async fn until(&self, ours: &Installation, state: &'static str) -> Value {
        let newest = |shown: &Value| {
            let sent = shown["sent_refunds"].as_array().cloned().unwrap_or_default();
            sent.last().cloned().unwrap_or_default()
        };
        let what = format!("{state} refund through {}", self.partner);
        newest(&ours.until(&what, &self.dossier, |shown| newest(shown)["state"] == state).await)
    }
}

/// Each refund in a partner's books was asked for by one request of ours, and there are this many
/// that returned money. None was sent under another id, not even one that had no effect.
fn once(ours: &Installation, partner: &str, expected: usize) {
    let books = ours.providers[partner].books().unwrap();
    let refunds = books["refunds"].as_array().unwrap();
    let returned = refunds.iter().filter(|one| one["outcome"] == "refunded").count();
    assert_eq!(returned, expected, "{partner}: {refunds:?}");
    let requests: BTreeSet<&str> =
        refunds.iter().map(|one| one["request"].as_str().unwrap()).collect();
    assert_eq!(requests.len(), refunds.len(), "{partner}: {refunds:?}");
    let sent: BTreeSet<&str> =
        books["sent"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(sent, requests, "{partner}: ids that were sent, and those in the books");
    assert_eq!(books["refused"], json!([]), "{partner}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_goes_back_once_whatever_fails_between_us_and_the_partner() {
    needs!(node_packages());
    let mut ours = Installation::start();
    let mut all = Vec::new();
    for (at, kind) in FAULTS {
        for partner in PARTNERS {
            let back = Back::owed(&mut ours, partner).await;
            ours.command(partner, "/faults", &json!({ "at": at, "kind": kind }));
            let shown = back.request(&ours, FEE).await;
            assert_eq!(shown["on_its_way_vnd"], FEE, "{shown}");
            assert_eq!(shown["owed_back_vnd"], 0, "{shown}");
            if kind == "lost_reply" {
                ours.command(partner, "/faults", &json!({ "at": "query", "kind": "error_500" }));
            }
            all.push(back);
        }
    }
    for back in &all {
        let ended = back.until(&ours, "refunded").await;
        assert!(ended["transaction"].is_string(), "{ended}");
        assert!(ended["refunded_at"].is_string(), "{ended}");
    }
    for partner in PARTNERS {
        let left = ours.providers[partner].command("DELETE", "/faults", &Value::Null).unwrap();
        assert_eq!(left, json!([]), "{partner}: met nothing");
        once(&ours, partner, FAULTS.len());
    }
    ours.compare().await;
    ours.checked().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_go_back_after_each_other_and_what_a_partner_refuses_is_owed_again() {
    needs!(node_packages());
    let mut ours = Installation::start();
    let mut all = Vec::new();
    for partner in PARTNERS {
        let back = Back::owed(&mut ours, partner).await;
        ours.command(partner, "/policy", &json!({ "refunds": "failed" }));
        back.request(&ours, 10_000).await;
        let refused = back.until(&ours, "refused").await;
        assert!(refused["code"].is_string(), "{refused}");
        let shown =
            ours.until("repayment", &back.dossier, |shown| shown["owed_back_vnd"] == FEE).await;
        assert_eq!((&shown["refunded_vnd"], &shown["on_its_way_vnd"]), (&json!(0), &json!(0)));
        let cashier = ours.cashier();
        let tasks = ours.browser.get("/v1/payment-tasks", &cashier).await.granted();
        let task = tasks.as_array().unwrap().iter().find(|one| one["dossier"] == back.dossier.id);
        assert_eq!(task.unwrap()["state"], "refused", "{tasks}");

        ours.command(partner, "/policy", &json!({ "refunds": "pending" }));
        back.request(&ours, 10_000).await;
        let again = back.body(20_000);
        let again = ours.step(&back.dossier, "refund-requests", &cashier, again).await;
        assert_eq!(again.refused(), (409, "refund-on-its-way"));
        let too_much = json!({ "amount_vnd": 20_001, "reason": "bằng tay" });
        let too_much = ours.step(&back.dossier, "refunds", &cashier, too_much).await;
        assert_eq!(too_much.refused(), (409, "refund-exceeds-received"));
        all.push(back);
    }
    for back in &all {
        ours.command(back.partner, "/refunds", &json!({ "outcome": "refunded" }));
        ours.command(back.partner, "/policy", &json!({ "refunds": "refunded" }));
    }
    for back in &all {
        back.until(&ours, "refunded").await;
        back.request(&ours, 20_000).await;
    }
    for back in &all {
        ours.until("end", &back.dossier, |shown| shown["refunded_vnd"] == FEE).await;
        once(&ours, back.partner, 2);
    }
    ours.compare().await;
    ours.checked().await;
}

/// A request that a cashier's browser repeats until it is answered.
#[derive(Debug, Clone)]
struct Repeated {
    path: String,
    who: String,
    etag: String,
    key: String,
    body: Value,
}

impl Repeated {
    async fn of(ours: &Installation, back: &Back) -> Self {
        let (path, who) = (back.dossier.payments(), ours.cashier());
        let etag = ours.browser.get(&path, &who).await.etag();
        let (path, key) = (path + "/refund-requests", ours.browser.key());
        Self { path, who, etag, key, body: back.body(FEE) }
    }

    /// Whether it was answered.
    async fn send(&self, browser: &crate::support::Browser) -> bool {
        let authorization = format!("Bearer {}", self.who);
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", &*self.key),
            ("if-match", &*self.etag),
        ];
        let body = self.body.to_string().into_bytes();
        let answer = browser.send(Method::POST, &self.path, &headers, body).await;
        answer.is_ok_and(|answer| answer.status.is_success())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_goes_back_once_however_often_we_are_killed() {
    needs!(node_packages());
    let mut ours = Installation::start();
    let mut all = Vec::new();
    for after in KILLED_AFTER {
        let mut requests = JoinSet::new();
        let mut repeated = Vec::new();
        for partner in PARTNERS {
            let back = Back::owed(&mut ours, partner).await;
            repeated.push(Repeated::of(&ours, &back).await);
            all.push(back);
        }
        for one in &repeated {
            let (one, browser) = (one.clone(), ours.browser.clone());
            requests.spawn(async move { one.send(&browser).await });
        }
        let process = ours.take();
        tokio::task::block_in_place(|| {
            cluster::rest(Duration::from_millis(after));
            let mut process = process;
            process.kill();
        });
        requests.join_all().await;
        ours.revive();
        for one in &repeated {
            assert!(one.send(&ours.browser).await, "the same request is refused");
        }
    }
    for back in &all {
        back.until(&ours, "refunded").await;
    }
    for partner in PARTNERS {
        once(&ours, partner, KILLED_AFTER.len());
    }
    ours.compare().await;
    ours.checked().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_an_order_go_back_once_each_while_we_are_killed_and_others_wait() {
    needs!(node_packages());
    let mut ours = Installation::start();
    let mut all = Vec::new();
    for partner in PARTNERS {
        let (dossiers, attempt, _) = ours.order(partner, 3).await;
        ours.pay(&attempt, json!({ "reports": 2 }));
        ours.command(partner, "/policy", &json!({ "refunds": "pending" }));
        for dossier in &dossiers[..2] {
            let back = Back::withdrawn(&ours, dossier.clone(), partner).await;
            let shown = back.request(&ours, FEE).await;
            assert_eq!(shown["on_its_way_vnd"], FEE, "{shown}");
            all.push(back);
        }
        ours.until("settlement", &dossiers[2], |shown| shown["outstanding_vnd"] == 0).await;
    }
    // MoMo names each refund; VNPAY does not, and has one of the order at a time.
    let sent = |ours: &Installation, partner: &str| {
        let books = ours.providers[partner].books().unwrap();
        books["refunds"].as_array().unwrap().len()
    };
    for (partner, at_once) in [("vnpay", 1), ("momo", 2)] {
        tokio::task::block_in_place(|| {
            cluster::wait_until("refunds at the partner", || Ok(sent(&ours, partner) == at_once))
        })
        .unwrap();
    }
    ours.kill();
    ours.revive();
    assert_eq!(sent(&ours, "vnpay"), 1, "the second one waits");
    for partner in PARTNERS {
        ours.command(partner, "/policy", &json!({ "refunds": "refunded" }));
        ours.command(partner, "/refunds", &json!({ "outcome": "refunded" }));
    }
    for back in &all {
        let ended = back.until(&ours, "refunded").await;
        assert!(ended["transaction"].is_string(), "{ended}");
    }
    for partner in PARTNERS {
        once(&ours, partner, 2);
    }
    ours.compare().await;
    ours.checked().await;
}
