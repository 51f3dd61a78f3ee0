//! What ends is told by a running process: in its log, its figures and its health.

use std::path::Path;
use std::process::{Command, Stdio};

use dossier::contract::Role;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use platform::TimeSource;
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::authority::{JWKS, Provider, strs};
use crate::health::probed;
use crate::private::Said;
use crate::support::{Browser, token};

/// Whether a line of the log says that something ends.
fn tells(line: &Value) -> bool {
    let message = line["fields"]["message"].as_str();
    message.is_some_and(|text| text.ends_with("nothing that comes after it is known"))
}

/// A certificate for `localhost` that is good for so many days, and its key.
fn certificate(folder: &Path, days: u32) -> [std::path::PathBuf; 2] {
    let [certificate, key] = ["own.crt", "own.key"].map(|name| folder.join(name));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", &days.to_string(), "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    [certificate, key]
}

/// Keys of which each ends in so many days.
fn keys(days: i64) -> String {
    let mut keys: Value = serde_json::from_str(JWKS).unwrap();
    for key in keys["keys"].as_array_mut().unwrap() {
        key["exp"] = (TimeSource::System.now().as_second() + days * 24 * 60 * 60).into();
    }
    keys.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn certificates_and_keys_that_end_soon_are_in_the_log_the_figures_and_the_health() {
    let folder = tempfile::tempdir().unwrap();
    let [own, key] = certificate(folder.path(), 20);
    let provider = Provider::with(&own, &key, keys(10), 0).await;
    let own = own.display().to_string();
    let arguments = [provider.arguments(), vec!["--authority".to_owned(), own.clone()]].concat();
    let data = folder.path().join("data");
    let mut said = tokio::task::block_in_place(|| Said::start(&data, &strs(&arguments)));
    let certificate = format!("certificate/localhost:{}", provider.port);
    let expected = [
        (certificate, 20),
        (format!("authority/{own}"), 20),
        ("keys/identity-provider".to_owned(), 10),
    ];
    let told = probed(&said.browser, |body| {
        expected.iter().all(|(what, days)| {
            let ends = body["ends"].as_array().unwrap();
            ends.iter().any(|end| end["what"] == **what && end["days"] == *days)
        })
    });
    told.await;
    let figures = said.browser.get("/metrics", "").await.granted();
    for (what, days) in &expected {
        let line = format!("dossier_ends_in_days{{what=\"{what}\"}} {days}\n");
        assert!(figures.as_str().unwrap().contains(&line), "{line}");
    }
    // Some may be said before it serves.
    let mut missing: Vec<&str> = expected.iter().map(|(what, _)| &**what).collect();
    for line in said.before.iter().filter(|line| tells(line)) {
        missing.retain(|what| line["fields"]["what"] != **what);
    }
    tokio::task::block_in_place(|| {
        while !missing.is_empty() {
            let line = said.until_that(tells);
            assert_eq!(line["level"], "WARN");
            missing.retain(|what| line["fields"]["what"] != **what);
        }
    });
}

/// The notice of energy labelling under a code of its own, for good.
fn lasting(code: &str, version: u32) -> String {
    let shipped = include_str!("../../../libs/dossier/procedures/energy_label.yaml");
    dossier::law::in_version(&shipped.replace("ENERGY.LABEL", code), version)
}

/// The same, in force until so many days from now.
fn ending(code: &str, days: i64) -> String {
    let today =
        TimeSource::System.now().to_zoned(TimeZone::get("Asia/Ho_Chi_Minh").unwrap()).date();
    let until = today.checked_add(days.days()).unwrap();
    lasting(code, 1).replace("from: 2026-01-01 }", &format!("from: 2026-01-01, to: {until} }}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_procedure_that_ends_soon_is_in_the_log_the_figures_and_the_health_until_one_follows() {
    let data = tempfile::tempdir().unwrap();
    let mut said = tokio::task::block_in_place(|| Said::start(data.path(), &[]));
    let key = DevelopmentKey::in_folder(data.path()).unwrap();
    let operator = token(&key, Role::Operator, "operator-1", "G02");
    let issue = async |browser: &Browser, text: &str| {
        let body = json!({ "kind": "procedure", "text": text });
        browser.post("/v1/rules", &operator, "", body).await.granted();
    };
    issue(&said.browser, &ending("SOON", 20)).await;
    issue(&said.browser, &ending("LATER", 200)).await;
    let named = |body: &Value, what: &str| {
        let ends = body["ends"].as_array().unwrap();
        ends.iter().find(|end| end["what"] == what).cloned()
    };
    let told = probed(&said.browser, |body| named(body, "procedure/SOON").is_some()).await.body;
    let days = named(&told, "procedure/SOON").unwrap()["days"].as_i64().unwrap();
    assert!((19..=20).contains(&days), "{days}: midnight may have passed");
    assert_eq!(named(&told, "procedure/LATER"), None, "more than ninety days");
    let figure = "dossier_ends_in_days{what=\"procedure/SOON\"} ";
    let figures = said.browser.get("/metrics", "").await.granted();
    let figures = figures.as_str().unwrap();
    let shown = figures.lines().find_map(|line| line.strip_prefix(figure)?.parse::<i64>().ok());
    assert!(shown.is_some_and(|shown| (days - 1..=days).contains(&shown)), "{shown:?}");
    assert!(!figures.contains("procedure/LATER"));
    let line = tokio::task::block_in_place(|| {
        said.until_that(|line| tells(line) && line["fields"]["what"] == "procedure/SOON")
    });
    assert_eq!(line["level"], "WARN");

    // Somebody has issued what comes after.
    issue(&said.browser, &lasting("SOON", 2)).await;
    probed(&said.browser, |body| named(body, "procedure/SOON").is_none()).await;
    let figures = said.browser.get("/metrics", "").await.granted();
    assert!(!figures.as_str().unwrap().contains("procedure/SOON"));
}
