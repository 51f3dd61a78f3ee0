//! What ends is told by a running process: in its log, its figures and its health.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use service_kit::Clock;

use crate::authority::{JWKS, Provider, strs};
use crate::health::probed;
use crate::private::Said;

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
        key["exp"] = (Clock::System.now().as_second() + days * 24 * 60 * 60).into();
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
