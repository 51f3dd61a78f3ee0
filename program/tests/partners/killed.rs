//! kill -9 of our process in the middle of everything that partners do with it.

use std::time::Duration;

use cluster::needs;
use cluster::tools::node_packages;
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::installation::{Dossier, FEE, Installation};

/// When our process is killed after everything has begun, in milliseconds: before a step, in its
/// middle, and after it.
const KILLED_AFTER: [u64; 8] = [0, 4, 8, 16, 32, 64, 128, 512];

/// A request that the payer's portal repeats until it is answered.
#[derive(Clone)]
struct Begin {
    dossier: Dossier,
    path: String,
    etag: String,
    key: String,
    body: Value,
}

impl Begin {
    async fn of(ours: &Installation, dossier: Dossier, partner: &str) -> Self {
        let path = dossier.payments();
        let etag = ours.browser.get(&path, &dossier.payer).await.etag();
        let return_url = format!("http://{}/desk/", ours.browser.address);
        let body = json!({ "provider": partner, "return_url": return_url });
        Self { dossier, path: path + "/attempts", etag, key: ours.browser.key(), body }
    }

    /// Whether it was answered.
    async fn send(&self, browser: &crate::support::Browser) -> bool {
        let authorization = format!("Bearer {}", self.dossier.payer);
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
async fn what_partners_have_captured_is_counted_once_however_often_we_are_killed() {
    needs!(node_packages());
    let mut ours = Installation::start();
    let partners = ["momo", "vnpay", "national-platform"];
    for (round, after) in KILLED_AFTER.into_iter().enumerate() {
        let (reporting, beginning) = (partners[round % 3], partners[(round + 1) % 3]);
        let reported = ours.begin(reporting).await;
        let dossier = ours.dossier().await;
        let begin = Begin::of(&ours, dossier, beginning).await;
        let mut requests = JoinSet::new();
        let (sent, browser) = (begin.clone(), ours.browser.clone());
        requests.spawn(async move { sent.send(&browser).await });
        let mut process = ours.take();
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| ours.pay(&reported, json!({ "reports": 1 })));
                cluster::rest(Duration::from_millis(after));
                process.kill();
            });
        });
        requests.join_all().await;
        ours.revive();
        // The portal repeats its request, and the partner its report.
        assert!(begin.send(&ours.browser).await, "the same request is refused");
        let begun = ours.begun(begin.dossier, beginning).await;
        ours.pay(&begun, json!({ "reports": 1 }));
        for partner in partners {
            let again = ours.command(partner, "/redeliver", &json!({}));
            let all = again.as_array().unwrap().iter().all(|one| one["acknowledged"] == true);
            assert!(all, "{partner}: {again}");
        }
    }
    let sum = 2 * FEE * i64::try_from(KILLED_AFTER.len()).unwrap();
    assert_eq!(ours.compare().await, (sum, sum));
    for (name, provider) in &ours.providers {
        assert_eq!(provider.books().unwrap()["refused"], json!([]), "{name}");
    }
    ours.checked().await;
}
