//! Rules on their way into the law: checked, tried, issued.

use dossier::contract::{Actor, Envelope, EventSet, LawEvent, Role, RulesIssued, RulesKind};
use dossier::law::{in_version, next_version};
use engine::rulebook::Rulebook;
use events::{EventStore, Expected, NewEvent, SqliteOptions, StreamName};
use platform::TimeSource;
use serde_json::{Value, json};
use uuid::Uuid;
use web::Access;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{Answer, Office, submitted, token};

const CERTIFICATE: &str =
    include_str!("../../../libs/dossier/procedures/certificate_of_origin_d.yaml");

/// The certificate of origin in the version after the shipped one, in force from 1 December.
pub(crate) fn second() -> String {
    next_version(CERTIFICATE)
        .replace("issued: 2025-06-30", "issued: 2026-11-20")
        .replace("effective: { from: 2025-07-01 }", "effective: { from: 2026-12-01 }")
}

pub(crate) async fn send(office: &Office, query: &str, kind: &str, text: &str) -> Answer {
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let path = format!("/v1/rules{query}");
    office.browser.post(&path, &operator, "", json!({ "kind": kind, "text": text })).await
}

#[tokio::test]
async fn everything_that_is_wrong_with_rules_is_told_at_once_with_its_place_and_nothing_recorded() {
    let office = Office::open().await;
    let head = office.engine.store.head();
    let text = next_version(&second())
        .replace("amount: 30000", "amount: -5")
        .replace("percent: 50", "percent: 0")
        .replace("/destination]", "/destinatoin]")
        .replace("amount: 6, unit", "amount: 4294967295, unit")
        .replace("destination: { enum:", "destination: { type: place, enum:")
        .replace("issued: 2026-11-20", "issued: 2031-11-20");
    for query in ["", "?dry_run=true"] {
        let answer = send(&office, query, "procedure", &text).await;
        assert_eq!(answer.refused(), (422, "rules-invalid"), "{}", answer.body);
        let errors = answer.body["errors"].as_array().unwrap();
        let pointers: Vec<&str> =
            errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(
            pointers,
            [
                "/version",
                "/issued",
                "/form/properties/destination/type",
                "/public/0",
                "/fees/lines/0/amount",
                "/fees/reductions/0/percent",
                "/clock/budget/online/amount",
            ],
            "{}",
            answer.body
        );
        let lines: Vec<u64> = errors.iter().map(|error| error["line"].as_u64().unwrap()).collect();
        assert!(lines.is_sorted() && lines[0] == 3, "{lines:?}");
    }
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let headers = [
        ("authorization", &*format!("Bearer {operator}")),
        ("content-type", "application/json"),
        ("idempotency-key", "vi"),
    ];
    let body = json!({ "kind": "procedure", "text": text }).to_string().into_bytes();
    let answer = office.browser.send(http::Method::POST, "/v1/rules", &headers, body).await;
    let detail = answer.unwrap().body["errors"][0]["detail"].clone();
    assert_eq!(detail, "phiên bản tiếp theo phải là 4");
    for nameless in ["id: vn", "- 1", "a: ["] {
        assert_eq!(send(&office, "", "calendar", nameless).await.refused(), (422, "rules-invalid"));
    }
    assert_eq!(office.engine.store.head(), head);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_and_records_nothing() {
    let office = Office::open().await;
    let head = office.engine.store.head();
    let tried = send(&office, "?dry_run=true", "procedure", &second()).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    let said = json!({
        "kind": "procedure", "name": "CO.D", "version": 4, "effective_from": "2026-12-01",
        "legal_basis": tried.body["legal_basis"], "recorded": false, "awaiting_signature": false,
        "open_dossiers": 0, "dates_moved": 0, "not_all_counted": false, "warnings": [],
    });
    assert_eq!(tried.body, said);
    assert_eq!(office.engine.store.head(), head);

    let issued = send(&office, "?dry_run=false", "procedure", &second()).await;
    assert_eq!((issued.status.as_u16(), &issued.body["recorded"]), (201, &json!(true)));
    let again = send(&office, "?dry_run=true", "procedure", &second()).await.granted();
    assert_eq!(again["recorded"], true, "it was issued before");
    let other = second().replace("amount: 30000", "amount: 40000");
    let refused = send(&office, "?dry_run=true", "procedure", &other).await;
    assert_eq!(refused.refused(), (409, "rules-version-taken"));
    let third = in_version(&second(), 6);
    let refused = send(&office, "?dry_run=true", "procedure", &third).await;
    assert_eq!(
        refused.body["errors"][0]["detail"].as_str().unwrap().split(':').next(),
        Some("the next version is 5")
    );
    let clerk = office.clerk();
    let body = json!({ "kind": "procedure", "text": second() });
    assert_eq!(office.browser.post("/v1/rules?dry_run=true", &clerk, "", body).await.status, 403);
}

#[tokio::test]
async fn a_dry_run_counts_the_open_dossiers_that_rules_concern_and_whose_dates_move() {
    const LABEL: &str = include_str!("../../../libs/dossier/procedures/energy_label.yaml");
    const CALENDAR: &str = include_str!("../../../libs/calendar/data/vietnam.yaml");
    let mut office = Office::open().await;
    let head = office.engine.store.head();
    for n in 0..3 {
        let (path, etag) = submitted(&office.browser, &office.applicant(&format!("a{n}"))).await;
        // One is not accepted: nothing was promised for it.
        if n > 0 {
            let accept = format!("{path}/acceptance");
            office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
        }
    }
    office.settle().await;
    let counted = async |kind: &str, text: &str| {
        let tried = send(&office, "?dry_run=true", kind, text).await.granted();
        (tried["open_dossiers"].clone(), tried["dates_moved"].clone())
    };
    let next = next_version(LABEL)
        .replace("from: 2026-01-01", "from: 2026-11-20")
        .replace("amount: 5", "amount: 9");
    assert_eq!(counted("procedure", &next).await, (json!(3), json!(0)), "promises stand");
    let for_open = next.replace("legal_basis:", "applies_to_open: true\nlegal_basis:");
    assert_eq!(counted("procedure", &for_open).await, (json!(3), json!(2)));
    // Rules are issued before their first day, which moves what is still open then.
    let later = |day: &str| for_open.replace("from: 2026-11-20", &format!("from: {day}"));
    assert_eq!(counted("procedure", &later("2026-11-25")).await, (json!(3), json!(2)));
    assert_eq!(counted("procedure", &later("2026-12-10")).await, (json!(3), json!(0)), "too late");
    assert_eq!(counted("procedure", &second()).await, (json!(0), json!(0)), "another procedure");
    // Another day off within the five days that are promised.
    let day_off = "days:\n  - { from: 2026-11-25, off: { vi: Ngày nghỉ, en: Day off } }";
    let calendar = next_version(CALENDAR).replacen("days:", day_off, 1);
    assert_eq!(counted("calendar", &calendar).await, (json!(3), json!(2)));
    let recorded =
        office.engine.store.read_all(head, &events::Filter::default(), 100).await.unwrap();
    assert!(recorded.events.iter().all(|event| !event.kind.starts_with("law.")));
}

#[tokio::test]
async fn a_parameter_that_an_operation_does_not_know_is_refused_everywhere() {
    let office = Office::open().await;
    let head = office.engine.store.head();
    let operator = office.token(Role::Operator, "operator-1", "G02");
    for (operation, access) in &office.operations {
        let (method, path) = operation.split_once(' ').unwrap();
        let Access::Roles(mays) = access else { continue };
        let id = "00000000-0000-4000-8000-000000000000";
        let filled = path.split('/').map(|part| match part {
            "{kind}" => "procedure",
            "{version}" => "1",
            part if part.starts_with('{') => id,
            part => part,
        });
        let filled = filled.collect::<Vec<_>>().join("/");
        // Each a caller of its own: quotas are not what is tried.
        let who = office.token(mays[0].role, operation, "G02");
        let authorization = format!("Bearer {who}");
        let headers = [
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", "k"),
            ("if-match", "\"1\""),
            ("accept-language", "en"),
        ];
        let method = method.parse().unwrap();
        let path = format!("{filled}?dry-run=true");
        let answer = office.browser.send(method, &path, &headers, b"{}".to_vec()).await.unwrap();
        assert_eq!(answer.refused(), (400, "query-invalid"), "{operation}: {}", answer.body);
        assert_eq!(answer.body["errors"][0]["parameter"], "dry-run", "{}", answer.body);
    }
    let known = office.browser.get("/v1/procedures/CO.D?at=2026-11-20", &operator).await;
    assert_eq!(known.status, 200, "{}", known.body);
    assert_eq!(office.engine.store.head(), head);
}

#[tokio::test]
async fn a_procedure_that_is_not_in_force_yet_is_shown_with_its_first_day() {
    let mut office = Office::open().await;
    let show = async |office: &Office, path: &str| -> Value {
        office.browser.get(path, &office.applicant("company-1")).await.granted()
    };
    let new = in_version(&second(), 1).replace("code: CO.D", "code: CO.E");
    send(&office, "", "procedure", &new).await.granted();
    let shown = show(&office, "/v1/procedures/CO.E").await;
    assert_eq!(
        (&shown["version"], &shown["in_force"], &shown["effective_from"]),
        (&json!(1), &json!(false), &json!("2026-12-01"))
    );
    send(&office, "", "procedure", &second()).await.granted();
    let shown = show(&office, "/v1/procedures/CO.D").await;
    let upcoming =
        json!([{ "version": 4, "issued": "2026-11-20", "effective_from": "2026-12-01" }]);
    assert_eq!(
        (&shown["version"], &shown["in_force"], &shown["upcoming"]),
        (&json!(3), &json!(true), &upcoming)
    );
    let listed = show(&office, "/v1/procedures").await;
    let listed = listed.as_array().unwrap();
    assert!(listed.iter().all(|procedure| procedure["code"] != "CO.E"), "it is not in force");
    office.wait_until("2026-12-01T00:00").await;
    let shown = show(&office, "/v1/procedures/CO.D").await;
    assert_eq!((&shown["version"], &shown["upcoming"]), (&json!(4), &json!([])));
    assert_eq!(show(&office, "/v1/procedures/CO.E").await["in_force"], true);
}

#[test]
fn rules_are_checked_offline_all_files_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sound = write("sound.yaml", &second());
    let wrong = write(
        "wrong.yaml",
        &second().replace("amount: 30000", "amount: -5").replace("agency: G02", "agency: X1"),
    );
    let other = write("other.yaml", "greeting: hello\n");
    let check = |files: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dossier"));
        command.args(["rules", "check"]).args(files).current_dir(folder.path()).output().unwrap()
    };
    let checked = check(&[&sound]);
    assert!(checked.status.success(), "{checked:?}");
    let checked = check(&[&other, &wrong, &sound]);
    let told = String::from_utf8(checked.stdout).unwrap();
    assert!(!checked.status.success());
    assert!(told.contains("sound.yaml: procedure CO.D version 4: ok"), "{told}");
    assert!(told.contains("wrong.yaml:8:9: /agency: no agency under `X1` (không có"), "{told}");
    assert!(told.contains("/fees/lines/0/amount: an amount is 1 to"), "{told}");
    assert!(told.contains("other.yaml:") && told.contains("/code: is required"), "{told}");
    let told = String::from_utf8(checked.stderr).unwrap();
    assert!(told.contains("2 of 3 files cannot be issued"), "{told}");
    assert!(!folder.path().join("dossier-data").exists());
}

/// One version of the certificate of origin, as an operator reads it.
async fn version(office: &Office, number: u32) -> Answer {
    let operator = office.token(Role::Operator, "operator-1", "G02");
    office.browser.get(&format!("/v1/rules/procedure/CO.D/{number}"), &operator).await
}

/// A step on a version of the certificate of origin, at the version that was seen.
pub(crate) async fn step(
    office: &Office,
    who: &str,
    number: u32,
    step: &str,
    body: Value,
) -> Answer {
    let etag = version(office, number).await.etag();
    let path = format!("/v1/rules/procedure/CO.D/{number}/{step}");
    let who = office.token(Role::Operator, who, "G02");
    office.browser.post(&path, &who, &etag, body).await
}

#[tokio::test]
async fn rules_are_withdrawn_before_their_first_day_and_are_then_in_force_at_no_time() {
    let mut office = Office::open().await;
    send(&office, "", "procedure", &second()).await.granted();
    let why = json!({ "reason": "Sai mức phí" });
    assert_eq!(step(&office, "operator-2", 4, "withdrawal", json!({})).await.status, 422);
    let early = step(&office, "operator-2", 3, "withdrawal", why.clone()).await;
    assert_eq!(early.refused(), (409, "rules-in-force"));
    let none = office.token(Role::Operator, "operator-1", "G02");
    let path = "/v1/rules/procedure/CO.D/9/withdrawal";
    let none = office.browser.post(path, &none, "\"1\"", why.clone()).await;
    assert_eq!(none.refused(), (412, "version-stale"));
    let taken = step(&office, "operator-2", 4, "withdrawal", why.clone()).await.granted();
    assert_eq!(
        (&taken["status"], &taken["reason"], &taken["settled_by"]),
        (&json!("withdrawn"), &why["reason"], &json!("operator-2"))
    );
    let again = step(&office, "operator-2", 4, "withdrawal", why.clone()).await;
    assert_eq!(again.refused(), (409, "rules-ended"));
    assert_eq!(
        send(&office, "", "procedure", &second()).await.refused(),
        (409, "rules-version-ended")
    );
    let shown = office.browser.get("/v1/procedures/CO.D", &office.clerk()).await.granted();
    assert_eq!(shown["upcoming"], json!([]));

    let third = next_version(&second()).replace("2026-12-01", "2026-12-05");
    send(&office, "", "procedure", &third).await.granted();
    office.wait_until("2026-12-02T09:00").await;
    let shown = office.browser.get("/v1/procedures/CO.D", &office.clerk()).await.granted();
    assert_eq!((&shown["version"], &shown["upcoming"][0]["version"]), (&json!(3), &json!(5)));
    office.wait_until("2026-12-05T00:00").await;
    let late = step(&office, "operator-2", 5, "withdrawal", why).await;
    assert_eq!(late.refused(), (409, "rules-in-force"));
    // Another process, or the same one after a restart, reads the same law.
    let law = engine::rulebook::recorded(&office.engine.store).await.unwrap();
    let day = jiff::civil::date(2026, 12, 3);
    assert_eq!(law.in_force(&"CO.D".into(), day).unwrap().version, 3);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn with_two_signers_nothing_that_one_operator_issues_is_law() {
    let mut office = Office::open_with_two_signers().await;
    let text = second().replace("from: 2026-12-01", "from: 2026-11-20");
    let tried = send(&office, "?dry_run=true", "procedure", &text).await.granted();
    assert_eq!(tried["awaiting_signature"], true);
    let proposed = send(&office, "", "procedure", &text).await.granted();
    assert_eq!(
        (&proposed["awaiting_signature"], &proposed["recorded"]),
        (&json!(true), &json!(true))
    );
    let in_force = async |office: &Office| {
        let shown = office.browser.get("/v1/procedures/CO.D", &office.clerk()).await.granted();
        shown["version"].clone()
    };
    assert_eq!(in_force(&office).await, 3);
    let auditor = office.token(Role::Auditor, "auditor-1", "G02");
    let waits = office.browser.get("/v1/rules?status=awaiting_signature", &auditor).await.granted();
    assert_eq!(waits.as_array().unwrap().len(), 1, "{waits}");
    assert_eq!((&waits[0]["name"], &waits[0]["by"]), (&json!("CO.D"), &json!("operator-1")));
    assert_eq!(version(&office, 4).await.granted()["text"], json!(text), "to be read before");

    let own = step(&office, "operator-1", 4, "signature", json!({})).await;
    assert_eq!(own.refused(), (409, "rules-same-signer"));
    let third = next_version(&text);
    let waits = send(&office, "", "procedure", &third).await;
    assert_eq!(waits.refused(), (409, "rules-awaiting-signature"));
    office.settle().await;
    assert_eq!(in_force(&office).await, 3);
    let signed = step(&office, "operator-2", 4, "signature", json!({})).await.granted();
    assert_eq!(
        (&signed["status"], &signed["by"], &signed["settled_by"]),
        (&json!("issued"), &json!("operator-1"), &json!("operator-2"))
    );
    assert_eq!(in_force(&office).await, 4);

    send(&office, "", "procedure", &third).await.granted();
    let why = json!({ "reason": "Không đúng thông tư" });
    let rejected = step(&office, "operator-2", 5, "rejection", why.clone()).await.granted();
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &why["reason"]));
    let late = step(&office, "operator-2", 5, "signature", json!({})).await;
    assert_eq!(late.refused(), (409, "rules-not-awaiting-signature"));
    let fourth = in_version(&text, 6);
    send(&office, "", "procedure", &fourth).await.granted();
    let back = step(&office, "operator-1", 6, "withdrawal", why).await.granted();
    assert_eq!(back["status"], "withdrawn", "a proposal is taken back at any time");
    assert_eq!(in_force(&office).await, 4);
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipped_file_whose_number_an_agency_has_used_does_not_stop_a_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("digest-key"), [7; 32]).unwrap();
    let shipped = dossier::law::shipped_rules().unwrap();
    let log = folder.path().join("log.sqlite");
    let now = TimeSource::System.now();
    {
        let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
        let calendars = shipped.iter().filter(|rules| rules.kind == RulesKind::Calendar);
        let calendars: Vec<RulesIssued> = calendars.cloned().collect();
        Rulebook::open(&store, &calendars, now).await.unwrap();
        // An agency's own registry, under the number that the shipped one has.
        let own = shipped.iter().find(|rules| rules.kind == RulesKind::Agencies).unwrap();
        let own = RulesIssued {
            text: format!(
                "{}  - {{ code: H99, name: {{ vi: Của riêng, en: Own }}, calendar: vn, system: \"99\", receipt_symbol: H99 }}\n",
                own.text
            ),
            ..own.clone()
        };
        let stream = StreamName::new("law-agencies.agencies").unwrap();
        let actor = Actor::new("operator-1".into(), Role::Operator, Some("G02".into()));
        let command = Uuid::from_u128(1);
        let digest = "d".to_owned();
        let envelope =
            Envelope { at: now, actor, command, digest, cause: None, dossier: None, trace: None };
        let event = LawEvent::from(own);
        let event = NewEvent {
            id: NewEvent::id_of(&stream, command, 0),
            kind: event.kind().into(),
            data: event.encode(),
            meta: serde_json::to_string(&envelope).unwrap(),
        };
        store.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
    }
    for _ in 0..2 {
        let process = Process::start(folder.path());
        let key = DevelopmentKey::in_folder(folder.path()).unwrap();
        let operator = token(&key, Role::Operator, "operator-1", "G02");
        let passed = process.browser.get("/v1/rules?status=passed_over", &operator).await.granted();
        assert_eq!(passed.as_array().unwrap().len(), 1, "{passed}");
        assert_eq!((&passed[0]["name"], &passed[0]["version"]), (&json!("agencies"), &json!(1)));
        assert!(passed[0]["reason"].as_str().unwrap().contains("its own"), "{passed}");
        let address = "/v1/rules/agencies/agencies/1";
        let own = process.browser.get(address, &operator).await.granted();
        assert!(own["text"].as_str().unwrap().contains("H99"));
        let with =
            process.browser.get(&format!("{address}?shipped=true"), &operator).await.granted();
        assert!(!with["text"].as_str().unwrap().contains("H99"), "what came with the program");
        assert_eq!(
            (&with["status"], &with["reason"]),
            (&json!("passed_over"), &passed[0]["reason"])
        );
        let other = "/v1/rules/calendar/vn/1?shipped=true";
        assert_eq!(process.browser.get(other, &operator).await.refused().0, 404);
        let applicant = token(&key, Role::Applicant, "company-1", "");
        submitted(&process.browser, &applicant).await;
        process.kill();
    }
}
