//! `dossier explain`, on a ministry that was made up.

use serde_json::Value;

use crate::support::{dossier, printed};

#[test]
fn a_promised_date_is_explained_by_the_code_on_the_slip() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    printed(&dossier(data, &["demo", "--dossiers", "8", "--no-serve"]));
    let log = printed(&dossier(data, &["export"]));
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let accepted = events.iter().find(|event| event["kind"] == "intake.DossierAccepted.v1");
    let accepted = &accepted.unwrap()["data"];
    let code = accepted["brief"]["code"].as_str().unwrap();

    let text = printed(&dossier(data, &["explain", code]));
    assert!(text.contains("Thời hạn") && text.contains("A period of"), "{text}");
    assert!(text.lines().any(|line| line.starts_with('+')), "nothing was counted: {text}");
    let json: Value =
        serde_json::from_str(&printed(&dossier(data, &["explain", code, "--json"]))).unwrap();
    let restarted = events.iter().any(|event| {
        event["kind"] == "intake.SupplementSubmitted.v1"
            && event["meta"]["dossier"] == accepted["brief"]["dossier"]
    });
    assert!(restarted || json["due_at"] == accepted["promise"]["due_at"], "{json}");

    let unknown = dossier(data, &["explain", "G02-000000-000000"]);
    assert!(!unknown.status.success());
    let error = String::from_utf8_lossy(&unknown.stderr);
    assert!(error.contains("no dossier has the code or id G02-000000-000000"), "{error}");
}
