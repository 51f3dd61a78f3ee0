//! What `dossier check` finds: a log as somebody left it who edits with `sqlite3`.

use std::collections::BTreeSet;
use std::path::Path;

use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use rusqlite::Connection;
use serde_json::json;

use crate::life::{from_submission_to_rating, notice, submitted, take};
use crate::support::{Office, at};

/// What is changed, by which statement, and the kind of finding that says so.
const EDITS: [(&str, &str, &str); 29] = [
    (
        "the reason of a supplement request",
        "UPDATE events SET data = json_set(data, '$.reason', json('{\"$personal\":\"other\"}'))
         WHERE kind = 'intake.SupplementRequested.v1'",
        "paper",
    ),
    (
        "the applicant's name",
        "UPDATE events SET data = json_set(data, '$.form.\"$personal\".exporter.name', 'another')
         WHERE kind = 'intake.DossierSubmitted.v1'",
        "paper",
    ),
    (
        "the name of the fee on a receipt",
        "UPDATE events SET data = json_set(data, '$.lines[0].name_vi', 'another')
         WHERE kind = 'payment.ReceiptIssued.v1'",
        "paper",
    ),
    (
        "the outcome of a decision",
        "UPDATE events SET data = json_set(data, '$.outcome', 'refused') WHERE kind = 'review.DecisionMade.v1'",
        "four-eyes",
    ),
    (
        "the reason of a decision",
        "UPDATE events SET data = json_set(data, '$.reason', json('{\"$personal\":\"bribed\"}'))
         WHERE kind = 'review.DecisionMade.v1'",
        "four-eyes",
    ),
    (
        "the outcome that the one-stop unit learned",
        "UPDATE events SET data = json_set(data, '$.outcome', 'refused') WHERE kind = 'intake.DossierDecided.v1'",
        "cause",
    ),
    (
        "the outcome of the result",
        "UPDATE events SET data = json_set(data, '$.outcome', 'refused') WHERE kind = 'delivery.ResultPrepared.v1'",
        "cause",
    ),
    (
        "the applicant",
        "UPDATE events SET data = json_set(data, '$.brief.applicant', 'a9') WHERE kind = 'intake.DossierSubmitted.v1'",
        "actor",
    ),
    (
        "the code of a dossier in another service",
        "UPDATE events SET data = json_set(data, '$.brief.code', 'G02.001-261120-000009')
         WHERE kind = 'review.ReviewOpened.v1'",
        "brief",
    ),
    (
        "the time of submission",
        "UPDATE events SET data = json_set(data, '$.brief.submitted_at', '2026-11-19T02:00:00Z')
         WHERE kind = 'intake.DossierSubmitted.v1'",
        "brief",
    ),
    (
        "the amount that was captured",
        "UPDATE events SET data = json_set(data, '$.amount', 60000) WHERE kind = 'payment.PaymentCaptured.v1'",
        "receipt",
    ),
    (
        "the amount that was captured, below what was owed",
        "UPDATE events SET data = json_set(data, '$.amount', 1) WHERE kind = 'payment.PaymentCaptured.v1'",
        "sum",
    ),
    (
        "the number of a receipt",
        "UPDATE events SET data = json_set(data, '$.number', 7) WHERE kind = 'payment.ReceiptIssued.v1'",
        "receipt",
    ),
    (
        "who approved, to the one who proposed",
        "UPDATE events SET meta = json_set(meta, '$.actor.subject', 'r1') WHERE kind = 'review.DecisionMade.v1'",
        "four-eyes",
    ),
    (
        "who claimed",
        "UPDATE events SET meta = json_set(meta, '$.actor.subject', 'r2') WHERE kind = 'review.ReviewClaimed.v1'",
        "actor",
    ),
    (
        "the role of who accepted",
        "UPDATE events SET meta = json_set(meta, '$.actor.role', 'auditor') WHERE kind = 'intake.DossierAccepted.v1'",
        "role",
    ),
    (
        "a decision to one of the service itself",
        "UPDATE events SET meta = json_set(meta, '$.actor.role', 'system') WHERE kind = 'review.DecisionProposed.v1'",
        "role",
    ),
    (
        "the agency of who accepted",
        "UPDATE events SET meta = json_set(meta, '$.actor.agency', 'G03') WHERE kind = 'intake.DossierAccepted.v1'",
        "reach",
    ),
    (
        "the time of acceptance",
        "UPDATE events SET meta = json_set(meta, '$.at', '2026-11-20T01:00:00Z') WHERE kind = 'intake.DossierAccepted.v1'",
        "time-backwards",
    ),
    (
        "the time of a decision, before the submission",
        "UPDATE events SET meta = json_set(meta, '$.at', '2026-11-19T02:00:00Z') WHERE kind = 'review.DecisionMade.v1'",
        "time-backwards",
    ),
    (
        "a promised date",
        "UPDATE events SET data = json_set(data, '$.promise.due_at', '2026-12-20T09:00:00Z')
         WHERE kind = 'intake.DossierAccepted.v1'",
        "promise",
    ),
    (
        "the digest of a request",
        "UPDATE events SET meta = json_set(meta, '$.digest', '') WHERE kind = 'intake.DossierAccepted.v1'",
        "digest",
    ),
    (
        "the id of an event",
        "UPDATE events SET id = randomblob(16) WHERE kind = 'review.DecisionMade.v1'",
        "id-not-derived",
    ),
    (
        "the command of an event",
        "UPDATE events SET meta = json_set(meta, '$.command', '00000000-0000-5000-8000-000000000000')
         WHERE kind = 'review.DecisionMade.v1'",
        "id-not-derived",
    ),
    (
        "the cause of an event",
        "UPDATE events SET meta = json_set(meta, '$.cause', '00000000-0000-5000-8000-000000000000')
         WHERE kind = 'intake.DossierDecided.v1'",
        "cause",
    ),
    (
        "the end of a stream",
        "DELETE FROM events WHERE kind = 'delivery.ResultDelivered.v1'",
        "position-gap",
    ),
    (
        "a stream whole",
        "DELETE FROM events WHERE stream = (SELECT stream FROM events WHERE kind = 'payment.FeeAssessed.v1')",
        "position-gap",
    ),
    (
        "the end of the log",
        "DELETE FROM events WHERE position > (SELECT max(position) - 3 FROM events)",
        "stream-empty",
    ),
    (
        "everything but the law",
        "DELETE FROM events WHERE kind NOT LIKE 'law.%'",
        "stream-empty",
    ),
];

/// The kinds of findings in a log.
async fn found(log: &Path) -> BTreeSet<&'static str> {
    let store = EventStore::sqlite_read_only(log).unwrap();
    let report = program::check(&store).await.unwrap();
    report.findings.iter().map(|finding| finding.kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_edit_that_contradicts_the_rest_of_the_log_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    from_submission_to_rating(Office::open_with(store, at("2026-11-20T09:00")).await).await;
    let original = Connection::open(&log).unwrap();
    let copy = |name: &str| {
        let path = folder.path().join(format!("{name}.sqlite"));
        original.execute("VACUUM INTO ?1", [path.display().to_string()]).unwrap();
        path
    };
    assert_eq!(found(&copy("untouched")).await, BTreeSet::new());
    for (number, (what, edit, kind)) in EDITS.into_iter().enumerate() {
        let path = copy(&number.to_string());
        let edited = Connection::open(&path).unwrap();
        assert!(edited.execute(edit, []).unwrap() > 0, "{what}: nothing was edited");
        drop(edited);
        let found = found(&path).await;
        assert!(found.contains(kind), "{what}: {found:?}");
    }
}

/// Makes a log as it was recorded before parties had the rules of today: `a9` filed for the applicant, and went on without saying
/// for whom.
const FILED_FOR_THE_APPLICANT: [&str; 4] = [
    // Slips and receipts had no record.
    "UPDATE events SET data = json_remove(data, '$.paper') WHERE json_extract(data, '$.paper') IS NOT NULL",
    "UPDATE events SET data = json_set(data, '$.brief.representative', 'a9')
     WHERE json_extract(data, '$.brief') IS NOT NULL",
    "UPDATE events SET meta = json_set(meta, '$.actor.on_behalf_of', json_extract(meta, '$.actor.subject'),
     '$.actor.subject', 'a9') WHERE kind = 'intake.DossierSubmitted.v1'",
    "UPDATE events SET meta = json_set(meta, '$.actor.subject', 'a9')
     WHERE kind LIKE 'payment.%' AND json_extract(meta, '$.actor.role') = 'applicant'",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_from_before_the_rules_on_parties_has_no_findings() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    from_submission_to_rating(Office::open_with(store, at("2026-11-20T09:00")).await).await;
    let original = Connection::open(&log).unwrap();
    let old = folder.path().join("old.sqlite");
    original.execute("VACUUM INTO ?1", [old.display().to_string()]).unwrap();
    let edited = Connection::open(&old).unwrap();
    for edit in FILED_FOR_THE_APPLICANT {
        assert!(edited.execute(edit, []).unwrap() > 0, "nothing was edited: {edit}");
    }
    let report =
        || async { program::check(&EventStore::sqlite_read_only(&old).unwrap()).await.unwrap() };
    let read = report().await;
    assert!(read.findings.is_empty() && read.notes.is_empty(), "{read:?}");
    // The officer who accepts it filed it: that was allowed, and is worth a look.
    let own = "UPDATE events SET meta = json_set(meta, '$.actor.subject', 'a9') WHERE kind = 'intake.DossierAccepted.v1'";
    assert_eq!(edited.execute(own, []).unwrap(), 1);
    let read = report().await;
    assert!(read.findings.is_empty(), "{read:?}");
    let notes: Vec<&str> = read.notes.iter().map(|note| note.kind).collect();
    assert_eq!((notes, read.noted, read.found), (vec!["own-matter"], 1, 0));
}

#[tokio::test]
async fn an_empty_log_is_a_finding() {
    let report = program::check(&EventStore::memory()).await.unwrap();
    let kinds: Vec<&str> = report.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, ["log-empty"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_its_proposer_agreed_to_or_that_nobody_proposed_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let payments = certificate.at("payments");
    let provider = json!({ "provider": "sandbox" });
    let started = take(&mut office, &payments, "attempts", &certificate.applicant, provider).await;
    let attempt = started.granted()["attempts"][0].clone();
    let reference = attempt["reference"].as_str().unwrap().to_owned();
    notice(&mut office, &reference, "e1", "captured", 3_000_000).await;
    let [first, second] = ["k1", "k2"].map(|who| office.token(Role::Cashier, who, "G02.001"));
    let found = json!({
        "payment": attempt["payment"], "captured_vnd": 3_000_000, "reason": "the statement says so",
    });
    let said = take(&mut office, &payments, "resolutions", &first, found).await.granted();
    let agree = json!({ "resolution": said["proposed_resolution"]["resolution"] });
    take(&mut office, &payments, "resolution-approvals", &second, agree).await.granted();
    let original = Connection::open(&log).unwrap();
    let where_agreed = "WHERE kind = 'payment.DiscrepancyResolved.v1'";
    for (number, edit) in [
        "meta = json_set(meta, '$.actor.subject', 'k1')",
        "data = json_set(data, '$.proposed_by', 'k9')",
        "data = json_set(data, '$.captured', 2000000)",
    ]
    .iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{number}.sqlite"));
        original.execute("VACUUM INTO ?1", [path.display().to_string()]).unwrap();
        assert!(!self::found(&path).await.contains("four-eyes"), "untouched");
        let edited = Connection::open(&path).unwrap();
        let changed = edited.execute(&format!("UPDATE events SET {edit} {where_agreed}"), []);
        assert_eq!(changed.unwrap(), 1);
        drop(edited);
        let found = self::found(&path).await;
        assert!(found.contains("four-eyes"), "{edit}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_compared_with_the_form_that_it_was_issued_with_also_after_a_correction() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(store, at("2026-11-20T09:00")).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    crate::life::pay(&mut office, &certificate).await;
    let (dossier, clerk) = (certificate.at("dossiers"), office.clerk());
    let request = json!({ "components": ["invoice"], "reason": "the name is misspelt" });
    take(&mut office, &dossier, "supplement-requests", &clerk, request).await.granted();
    let shown = office.browser.get(&dossier, &clerk).await.granted();
    let mut form = shown["form"].clone();
    form["exporter"]["name"] = json!("Công ty May");
    let document = office.browser.upload(&certificate.applicant, "invoice 2").await;
    let supplement = json!({ "form": form, "documents": [
        { "component": "invoice", "document": document, "file_name": "b.pdf" }] });
    let applicant = certificate.applicant.clone();
    take(&mut office, &dossier, "supplements", &applicant, supplement).await.granted();
    drop(office);

    let report = program::check(&EventStore::sqlite_read_only(&log).unwrap()).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.papers, 2, "the supplement request and the receipt");
    let edits = [
        ("the first form, with the payer", "intake.DossierSubmitted.v1", "paper"),
        ("the receipt", "payment.ReceiptIssued.v1", "paper"),
    ];
    for (number, (what, of, kind)) in edits.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.sqlite"));
        Connection::open(&log)
            .unwrap()
            .execute("VACUUM INTO ?1", [path.display().to_string()])
            .unwrap();
        let field = match of {
            "payment.ReceiptIssued.v1" => "'$.lines[0].name_vi'",
            _ => "'$.form.\"$personal\".exporter.name'",
        };
        let edit = format!(
            "UPDATE events SET data = json_set(data, {field}, 'another') WHERE kind = '{of}'"
        );
        assert_eq!(Connection::open(&path).unwrap().execute(&edit, []).unwrap(), 1, "{what}");
        let store = EventStore::sqlite_read_only(&path).unwrap();
        let report = program::check(&store).await.unwrap();
        let of_receipt = |finding: &&program::Finding| finding.stream.starts_with("receipts-");
        let found: Vec<_> = report.findings.iter().filter(of_receipt).map(|f| f.kind).collect();
        assert!(found.contains(&kind), "{what}: {:?}", report.findings);
    }
}
