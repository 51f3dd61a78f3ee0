//! The figures that the chart's alerts and its dashboard ask for, against what running processes say of themselves.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::Nats;
use events::EventStore;
use serde_json::json;

use crate::durability::Process;
use crate::parcels::say;
use crate::support::wallet::Wallet;
use crate::support::{Browser, Office, postgres_url};
use crate::trace::nats_server;

const ASKING: [&str; 2] =
    ["../helm/dossier/alerts.yaml", "../helm/dossier/dashboards/dossier.json"];
const KEYS: &str = "../libs/web/tests/keys/jwks.json";

/// Every name of ours in a text.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.len() > 8 && word.starts_with("dossier_")).map(str::to_owned).collect()
}

/// The figures that have a value, by the whole name of the sample.
async fn said(browser: &Browser) -> BTreeSet<String> {
    let text = browser.get("/metrics", "").await.granted();
    let lines = text.as_str().unwrap().lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_that_an_alert_or_the_dashboard_asks_for_is_said_by_a_running_process() {
    cluster::needs!(cluster::postgres(), cluster::tools::NATS_SERVER.path());
    let wanted: BTreeSet<String> =
        ASKING.iter().flat_map(|file| names(&std::fs::read_to_string(file).unwrap())).collect();
    assert!(wanted.len() > 30, "{wanted:?}");
    // What only certain dates and certain requests bring.
    let (wallet, files) = (Wallet::open().await, tempfile::tempdir().unwrap());
    let outside = wallet.outside(files.path());
    let mut office = Office::open_with_partners(EventStore::memory(), outside).await;
    say(&mut office, "vnpost", json!({ "waybill": "ZZ1" }), "91", "delivered").await.granted();
    let known = said(&office.browser).await;

    let folder = tempfile::tempdir().unwrap();
    let nats =
        tokio::task::block_in_place(|| Nats::start(&nats_server(), folder.path(), 1)).unwrap();
    let (url, urls, data) = (postgres_url(), nats.urls(), folder.path().join("data"));
    let arguments = [
        ["--store", &*url],
        ["--nats", &urls],
        ["--nats-stream-mib", "16"],
        ["--jwks", KEYS],
        ["--issuer", "i"],
        ["--audience", "a"],
    ];
    let process = Process::start_with(&data, &arguments.concat());
    let refused = process.browser.get("/v1/register/lookup/X", "").await;
    assert_eq!(refused.status.as_u16(), 404);
    let mut missing = BTreeSet::new();
    let all = async {
        loop {
            let here = said(&process.browser).await;
            missing = wanted.iter().filter(|f| !known.contains(*f) && !here.contains(*f)).collect();
            if missing.is_empty() {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), all).await;
    assert!(in_time.is_ok(), "asked for, and said by nobody: {missing:?}");
    process.kill();
}
