//! The real binary with an identity provider, and without one: what it refuses to start with, and what it says of callers.

use std::path::Path;
use std::process::Command;

use dossier::contract::Role;
use serde_json::Value;
use web::auth::DevelopmentKey;

use crate::private::Said;
use crate::support::token;

/// What a start that comes to nothing says.
fn refused(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(arguments);
    let ended = command.output().unwrap();
    assert!(!ended.status.success());
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

const JWKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../libs/web/tests/keys/jwks.json");

#[test]
fn an_identity_provider_is_believed_for_one_issuer_and_one_audience() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, issuer, audience) = (["--jwks", JWKS], ["--issuer", "i"], ["--audience", "a"]);
    for missing in [
        keys.to_vec(),
        [keys, issuer].concat(),
        [keys, audience].concat(),
        [keys, ["--issuer", " "], audience].concat(),
    ] {
        let said = refused(folder.path(), &missing);
        assert!(said.contains("--issuer") && said.contains("--audience"), "{missing:?}: {said}");
    }
    let said = refused(folder.path(), &[issuer, audience].concat());
    assert!(said.contains("--jwks"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_an_identity_provider_says_what_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let said = Said::start(folder.path(), &[]);
    let warning = said.before.iter().find(|line| line["level"] == "WARN").unwrap();
    let text = warning["fields"]["message"].as_str().unwrap();
    for word in ["--jwks", "--issuer", "--audience", "development key", "sandbox"] {
        assert!(text.contains(word), "{text}");
    }
    let keys = ["--jwks", JWKS, "--issuer", "i", "--audience", "a"];
    let folder = tempfile::tempdir().unwrap();
    let quiet = Said::start(folder.path(), &keys);
    // The shipped law has warnings of its own.
    let warns =
        |line: &Value| line["level"] == "WARN" && line["target"] != "program::serve::endings";
    assert!(!quiet.before.iter().any(warns), "{:?}", quiet.before);
    let figures = quiet.browser.get("/metrics", "").await;
    assert!(figures.body.as_str().unwrap().contains("dossier_keys_age_seconds"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_a_token_is_refused_stands_in_the_answer_and_in_the_log_and_the_token_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = Said::start(folder.path(), &[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let key = DevelopmentKey::in_folder(elsewhere.path()).unwrap();
    let foreign = token(&key, Role::Clerk, "clerk-1", "G02");
    let answer = said.browser.get("/v1/outages", &foreign).await;
    assert_eq!(answer.refused(), (401, "token-invalid"));
    assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("not this server's") && detail.contains("--data"), "{detail}");
    let line = said.until("token refused");
    let fields = &line["fields"];
    assert_eq!(fields["reason"], "development-key");
    assert!(fields["kid"].as_str().unwrap().starts_with("development-"), "{line}");
    let signature = foreign.rsplit('.').next().unwrap();
    assert!(!line.to_string().contains(signature));

    let own = DevelopmentKey::in_folder(folder.path()).unwrap();
    let own = token(&own, Role::Clerk, "clerk-1", "G02");
    said.browser.get("/v1/outages", &own).await.granted();
    let forged = format!("{}.{signature}", own.rsplit_once('.').unwrap().0);
    assert_eq!(said.browser.get("/v1/outages", &forged).await.refused(), (401, "token-invalid"));
    assert_eq!(said.until("token refused")["fields"]["reason"], "signature");
}
