//! `dossier whatif`, on a ministry that was made up.

use std::path::Path;

use dossier::law::next_version;
use serde_json::Value;

use crate::support::{dossier, printed};

fn tally(data: &Path, code: &str, change: &[&str]) -> Value {
    let mut arguments = vec!["whatif", "--json"];
    arguments.extend(change);
    let report: Value = serde_json::from_str(&printed(&dossier(data, &arguments))).unwrap();
    report["procedures"][code].clone()
}

#[test]
fn a_change_of_the_law_is_tried_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    printed(&dossier(data, &["demo", "--dossiers", "40", "--no-serve"]));
    let log = printed(&dossier(data, &["export"]));

    // The law as it is moves nothing: the trial reckons as the clock did.
    for (code, channel, budget) in [
        ("CO.D", "online", "6wh"),
        ("CO.D", "counter", "8wh"),
        ("CO.D", "post", "24wh"),
        ("CHEM.IMPORT", "online", "same-day"),
        ("2.000004", "online", "5wd"),
        ("PRECURSOR.IMPORT", "online", "7wd"),
    ] {
        let change = ["--procedure", code, "--budget", budget, "--channel", channel];
        let tally = tally(data, code, &change);
        assert_eq!(tally["moved_earlier"]["dossiers"].as_u64().unwrap_or(0), 0, "{code} {tally}");
        assert_eq!(tally["moved_later"]["dossiers"].as_u64().unwrap_or(0), 0, "{code} {tally}");
        assert_eq!(tally["late_before"], tally["late_after"], "{code}");
    }

    // One working hour for every certificate of origin.
    let details = data.join("details.ndjson");
    let change = ["--procedure", "CO.D", "--budget", "1wh", "--details", details.to_str().unwrap()];
    let hour = tally(data, "CO.D", &change);
    let compared = hour["compared"].as_u64().unwrap();
    assert!(compared > 10, "{hour}");
    assert_eq!(hour["moved_earlier"]["dossiers"], compared);
    assert!(hour["late_after"].as_u64() > hour["late_before"].as_u64(), "{hour}");
    let moved = std::fs::read_to_string(details).unwrap();
    assert_eq!(moved.lines().count() as u64, compared);
    let first: Value = serde_json::from_str(moved.lines().next().unwrap()).unwrap();
    assert!(first["due_at"].as_str() < first["was_due_at"].as_str(), "{first}");

    // A whole new version, and other days off.
    let version =
        std::fs::read_to_string("../libs/dossier/procedures/certificate_of_origin_d.yaml");
    let version = next_version(&version.unwrap());
    let file = data.join("version-3.yaml");
    std::fs::write(&file, version.replace("online: { amount: 6,", "online: { amount: 60,"))
        .unwrap();
    let longer = tally(data, "CO.D", &["--procedure-file", file.to_str().unwrap()]);
    assert!(longer["moved_later"]["dossiers"].as_u64().unwrap() > 10, "{longer}");
    let calendar = std::fs::read_to_string("../libs/calendar/data/vietnam.yaml").unwrap();
    let announced =
        "days:\n  - { from: 2026-09-03, to: 2026-09-30, off: { vi: Bão, en: Typhoon } }\n";
    let calendar = next_version(&calendar).replace("days:\n", announced);
    let file = data.join("vietnam-3.yaml");
    std::fs::write(&file, calendar).unwrap();
    let storm = tally(data, "CO.D", &["--calendar-file", file.to_str().unwrap()]);
    assert!(storm["moved_later"]["dossiers"].as_u64().unwrap() > 0, "{storm}");

    assert_eq!(printed(&dossier(data, &["export"])), log, "nothing was written");
    let nothing = dossier(data, &["whatif"]);
    assert!(!nothing.status.success());
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("no change given"));
}
