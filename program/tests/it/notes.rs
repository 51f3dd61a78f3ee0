//! Labels, internal notes and messages on a dossier: who reads them, what is unread, what is limited.

use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::life::{Certificate, pay, submitted, take};
use crate::support::{Answer, Office, at, in_register};
use crate::ward::{DECIDER, OTHER, WARD, hanoi, received, transfer};

const AGENCY: &str = "G02.001";

async fn post(office: &Office, path: &str, token: &str, body: Value) -> Answer {
    office.browser.post(path, token, "", body).await
}

async fn say(office: &Office, certificate: &Certificate, token: &str, text: &str) -> Answer {
    let path = format!("{}/messages", certificate.at("dossiers"));
    post(office, &path, token, json!({ "text": text })).await
}

async fn label(office: &Office, certificate: &Certificate, token: &str, text: &str) -> Answer {
    let path = format!("{}/labels", certificate.at("dossiers"));
    post(office, &path, token, json!({ "label": text })).await
}

/// The values of a field in a list.
fn values(list: &Value, field: &str) -> Vec<String> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
}

/// The ids of the dossiers in a list with this query.
async fn found(office: &Office, token: &str, query: &str) -> Vec<String> {
    let path = format!("/v1/register/dossiers?{query}");
    values(&office.browser.get(&path, token).await.granted(), "id")
}

/// `dossier check` finds nothing in the log, and has nothing to note.
async fn assert_sound(office: &Office) {
    let report = program::check(&office.engine.store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

#[tokio::test]
async fn every_role_reads_labels_notes_and_messages_as_its_audience_says_and_strangers_read_nothing()
 {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let dossier = certificate.at("dossiers");
    let clerk = office.token(Role::Clerk, "clerk-7", AGENCY);
    label(&office, &certificate, &clerk, "gấp").await.granted();
    post(&office, &format!("{dossier}/notes"), &clerk, json!({ "note": "call back" }))
        .await
        .granted();
    say(&office, &certificate, &certificate.applicant, "when?").await.granted();
    say(&office, &certificate, &clerk, "on Monday").await.granted();
    for role in Role::CALLERS {
        let token = match role {
            Role::Applicant => office.applicant("a1"),
            _ => office.token(role, "reader", AGENCY),
        };
        let is_officer =
            matches!(role, Role::Clerk | Role::Reviewer | Role::Approver | Role::Auditor);
        for list in ["labels", "notes", "messages"] {
            let answer = office.browser.get(&format!("{dossier}/{list}"), &token).await;
            let reads = is_officer || role == Role::Applicant && list == "messages";
            let expected = if reads { 200 } else { 403 };
            assert_eq!(answer.status.as_u16(), expected, "{list} as {role:?}: {}", answer.body);
        }
    }
    // The applicant does not learn who in the agency wrote.
    let messages = format!("{dossier}/messages");
    let own = office.browser.get(&messages, &certificate.applicant).await.granted();
    assert_eq!(values(&own, "text"), ["when?", "on Monday"]);
    assert_eq!((&own[0]["by"], &own[1]["by"]), (&json!("a1"), &Value::Null));
    assert_eq!((&own[1]["role"], &own[1]["agency"]), (&json!("clerk"), &json!(AGENCY)));
    let theirs = office.browser.get(&messages, &clerk).await.granted();
    assert_eq!(values(&theirs, "by"), ["a1", "clerk-7"]);
    // Officers of another agency and other applicants learn nothing, not even that it exists.
    let strangers = [
        office.token(Role::Clerk, "x", "H26"),
        office.token(Role::Reviewer, "x", "G02.002"),
        office.token(Role::Auditor, "x", "H26"),
        office.applicant("a2"),
    ];
    for stranger in &strangers {
        for list in ["labels", "notes", "messages"] {
            let status = office.browser.get(&format!("{dossier}/{list}"), stranger).await.status;
            assert!(matches!(status.as_u16(), 403 | 404), "{list}: {status}");
        }
        let sent = say(&office, &certificate, stranger, "let me in").await.status.as_u16();
        assert!(matches!(sent, 403 | 404), "{sent}");
    }
    assert_eq!(office.browser.get(&messages, &strangers[0]).await.refused().0, 404);
    // An officer who is the applicant writes as the applicant only.
    let both = office.token_for(&[Role::Clerk, Role::Applicant], "a1", AGENCY, None);
    let answer = say(&office, &certificate, &both, "also me").await.granted();
    assert_eq!(answer["role"], "applicant");
    assert_eq!(office.browser.get(&format!("{dossier}/notes"), &both).await.refused().0, 403);
    assert_sound(&office).await;
}

#[tokio::test]
async fn an_unread_message_is_a_task_of_the_officer_who_has_the_dossier_and_nobody_waits_for_it() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let dossier = certificate.at("dossiers");
    let (clerk, reviewer) = (office.clerk(), office.token(Role::Reviewer, "r1", AGENCY));
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let work = "/v1/register/work?kind=read_applicant_message";
    let before = office.browser.get(&dossier, &clerk).await.granted();
    say(&office, &certificate, &certificate.applicant, "one").await.granted();
    say(&office, &certificate, &certificate.applicant, "two").await.granted();
    office.settle().await;
    // Nobody has it yet: any clerk or reviewer may read it.
    for token in [&clerk, &reviewer] {
        let tasks = office.browser.get(work, token).await.granted();
        assert_eq!(tasks[0]["task"]["subject"], "1", "the oldest unread message");
        assert_eq!(tasks[0]["task"]["officer"], Value::Null);
    }
    let after = office.browser.get(&dossier, &clerk).await.granted();
    for field in ["waiting_on", "status", "due_at", "suspended", "stage"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let kinds: Vec<String> = values(&after["next"], "kind");
    assert_eq!(kinds, ["claim_review", "read_applicant_message"]);
    take(&mut office, &certificate.at("reviews"), "claim", &reviewer, json!({})).await.granted();
    let mine = format!("{work}&officer=me");
    let tasks = office.browser.get(&mine, &reviewer).await.granted();
    assert_eq!(tasks[0]["task"]["officer"], "r1");
    // Reading the first leaves the second; who read it and when is shown.
    let readings = format!("{dossier}/messages/readings");
    let left = post(&office, &readings, &reviewer, json!({ "through": 1 })).await.granted();
    assert_eq!(left, json!({ "from_applicant": 1, "from_agency": 0 }));
    office.settle().await;
    let tasks = office.browser.get(&mine, &reviewer).await.granted();
    assert_eq!(tasks[0]["task"]["subject"], "2");
    post(&office, &readings, &clerk, json!({ "through": 2 })).await.granted();
    post(&office, &readings, &reviewer, json!({ "through": 2 })).await.granted();
    say(&office, &certificate, &reviewer, "three").await.granted();
    office.settle().await;
    assert_eq!(office.browser.get(work, &clerk).await.granted(), json!([]));
    let messages = format!("{dossier}/messages");
    let shown = office.browser.get(&messages, &clerk).await.granted();
    assert_eq!(values(&shown, "read_by"), ["r1", "clerk-1", ""]);
    let shown = office.browser.get(&messages, &certificate.applicant).await.granted();
    assert_eq!(shown[0]["read_at"], json!(at("2026-11-20T09:00")));
    assert_eq!((&shown[0]["read_role"], &shown[0]["read_by"]), (&json!("reviewer"), &Value::Null));
    // The answer is the applicant's to read, whose dossier still waits for the reviewer.
    let own = office.browser.get(&dossier, &certificate.applicant).await.granted();
    let kinds = values(&own["next"], "kind");
    assert!(kinds.contains(&"read_agency_message".to_owned()), "{kinds:?}");
    assert_eq!(own["waiting_on"], "reviewer");
    let through = json!({ "through": 9 });
    let refused = post(&office, &readings, &clerk, through).await;
    assert_eq!(refused.refused(), (422, "unknown-message"));
    assert_sound(&office).await;
}

#[tokio::test]
async fn the_lists_of_an_agency_are_filtered_by_label_in_any_spelling() {
    let mut office = Office::open().await;
    let (first, second) = (
        submitted(&mut office, "a1", "download").await,
        submitted(&mut office, "a2", "download").await,
    );
    let clerk = office.clerk();
    let added = label(&office, &first, &clerk, "Chờ giám đốc").await.granted();
    assert_eq!((&added["number"], &added["label"]), (&json!(1), &json!("Chờ giám đốc")));
    assert_eq!(label(&office, &first, &clerk, "CHO-GIAM-DOC").await.granted()["number"], 1);
    label(&office, &second, &clerk, "gấp").await.granted();
    office.settle().await;
    let one = std::slice::from_ref(&first.id);
    for query in ["label=cho%20giam%20doc", "label=Ch%E1%BB%9D_gi%C3%A1m_%C4%91%E1%BB%91c"] {
        for sort in ["due", "newest"] {
            let query = format!("{query}&sort={sort}");
            assert_eq!(found(&office, &clerk, &query).await, one, "{query}");
        }
    }
    assert!(found(&office, &clerk, "label=unknown").await.is_empty());
    let other = office.token(Role::Clerk, "x", "G02.002");
    assert!(found(&office, &other, "label=gap").await.is_empty());
    // Those who do not read labels do not filter by them.
    for token in [&first.applicant, &office.token(Role::Cashier, "till", AGENCY)] {
        let refused = office.browser.get("/v1/register/dossiers?label=gap", token).await;
        assert_eq!(refused.refused().0, 400, "{}", refused.body);
    }
    let blank = office.browser.get("/v1/register/dossiers?label=%21", &clerk).await;
    assert_eq!(blank.refused().0, 400, "{}", blank.body);
    let removal = format!("{}/labels/1/removal", first.at("dossiers"));
    assert_eq!(post(&office, &removal, &clerk, json!({})).await.granted()["removed"], true);
    office.settle().await;
    assert!(found(&office, &clerk, "label=cho%20giam%20doc").await.is_empty());
    let labels = format!("{}/labels", first.at("dossiers"));
    assert_eq!(office.browser.get(&labels, &clerk).await.granted(), json!([]));
    let unknown = format!("{}/labels/2/removal", first.at("dossiers"));
    assert_eq!(post(&office, &unknown, &clerk, json!({})).await.refused(), (404, "unknown-label"));
    assert_sound(&office).await;
}

#[tokio::test]
async fn labels_and_notes_go_with_a_dossier_to_the_agency_that_is_competent() {
    let mut office = hanoi().await;
    let id = received(&mut office, "citizen-1").await;
    let certificate = Certificate { id: id.clone(), applicant: office.applicant("citizen-1") };
    let clerk_of = |office: &Office, agency: &str| office.token(Role::Clerk, "clerk-1", agency);
    let (decider, other) = (clerk_of(&office, DECIDER), clerk_of(&office, OTHER));
    label(&office, &certificate, &decider, "gấp").await.granted();
    say(&office, &certificate, &certificate.applicant, "when?").await.granted();
    office.settle().await;
    let (notes, work) = (
        format!("{}/labels", certificate.at("dossiers")),
        "/v1/register/work?kind=read_applicant_message",
    );
    assert_eq!(found(&office, &decider, "label=gap").await, std::slice::from_ref(&id));
    transfer(&mut office, &id, DECIDER, OTHER).await.granted();
    let labels = office.browser.get(&notes, &other).await.granted();
    assert_eq!(values(&labels, "label"), ["gấp"]);
    assert_eq!(found(&office, &other, "label=gap").await, [id]);
    assert_eq!(office.browser.get(work, &other).await.granted().as_array().unwrap().len(), 1);
    // The agency that had it, and the one that received it, read and write no longer.
    for agency in [DECIDER, WARD] {
        let clerk = clerk_of(&office, agency);
        assert_eq!(office.browser.get(&notes, &clerk).await.refused().0, 404, "{agency}");
        assert_eq!(label(&office, &certificate, &clerk, "x").await.refused().0, 404, "{agency}");
        assert!(found(&office, &clerk, "label=gap").await.is_empty(), "{agency}");
        assert_eq!(office.browser.get(work, &clerk).await.granted(), json!([]), "{agency}");
    }
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_note_is_withdrawn_by_its_author_and_lists_are_read_in_pages() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (clerk, notes) = (office.clerk(), format!("{}/notes", certificate.at("dossiers")));
    let other = office.token(Role::Clerk, "clerk-2", AGENCY);
    for number in 1..=5 {
        let body = json!({ "note": format!("note {number}") });
        assert_eq!(post(&office, &notes, &clerk, body).await.granted()["number"], number);
    }
    // The same request again is the same note.
    let (key, body) = (office.browser.key(), json!({ "note": "note 6" }));
    for _ in 0..2 {
        let answer = office.browser.post_with(&notes, &clerk, &key, "", body.clone()).await;
        assert_eq!(answer.granted()["number"], 6);
    }
    let withdrawal = format!("{notes}/2/withdrawal");
    let why = json!({ "reason": "wrong dossier" });
    let refused = post(&office, &withdrawal, &other, why.clone()).await;
    assert_eq!(refused.refused(), (409, "note-of-another-officer"));
    post(&office, &withdrawal, &clerk, why.clone()).await.granted();
    let again = post(&office, &withdrawal, &clerk, why.clone()).await;
    assert_eq!(again.refused(), (409, "note-already-withdrawn"));
    let unknown = post(&office, &format!("{notes}/7/withdrawal"), &clerk, why).await;
    assert_eq!(unknown.refused(), (404, "unknown-note"));
    let (mut next, mut seen) = (Some(format!("{notes}?limit=2")), Vec::new());
    while let Some(path) = next.take() {
        let page = office.browser.get(&path, &clerk).await;
        let link = page.header("link");
        next = link.strip_prefix('<').and_then(|rest| rest.split('>').next()).map(str::to_owned);
        let rows = page.granted().as_array().unwrap().clone();
        assert!((1..=2).contains(&rows.len()));
        seen.extend(rows);
    }
    let texts = values(&json!(seen), "note");
    assert_eq!(texts, ["note 1", "note 2", "note 3", "note 4", "note 5", "note 6"]);
    assert_eq!(seen[1]["withdrawn"]["reason"], "wrong dossier", "it stays readable");
    assert_sound(&office).await;
}

#[tokio::test]
async fn a_sender_is_limited_in_a_day_and_no_message_is_sent_long_after_the_end() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let dossier = certificate.at("dossiers");
    for number in 0..20 {
        let text = format!("question {number}");
        say(&office, &certificate, &certificate.applicant, &text).await.granted();
    }
    let refused = say(&office, &certificate, &certificate.applicant, "one more").await;
    assert_eq!(refused.refused(), (409, "too-many-messages-today"));
    let clerk = office.clerk();
    say(&office, &certificate, &clerk, "an answer").await.granted();
    // Withdrawn on 20 November 2026: the last day is 18 February 2027.
    let applicant = certificate.applicant.clone();
    take(&mut office, &dossier, "withdrawal", &applicant, json!({})).await.granted();
    office.wait_until("2027-02-18T10:00").await;
    say(&office, &certificate, &applicant, "why?").await.granted();
    office.settle().await;
    let ended = office.browser.get(&dossier, &clerk).await.granted();
    assert_eq!((&ended["stage"], &ended["waiting_on"]), (&json!("withdrawn"), &json!("nobody")));
    office.wait_until("2027-02-19T10:00").await;
    for token in [&applicant, &clerk] {
        let refused = say(&office, &certificate, token, "too late").await;
        assert_eq!(refused.refused(), (409, "messages-ended"));
        let text = refused.body.to_string();
        assert!(text.contains("02/2011/QH13") && text.contains("one-stop unit"), "{text}");
        assert!(text.contains("2027"), "the last day is named: {text}");
    }
    // Notes of officers are still possible.
    let note = json!({ "note": "called after the end" });
    post(&office, &format!("{dossier}/notes"), &clerk, note).await.granted();
    assert_sound(&office).await;
}

#[tokio::test]
async fn documents_are_attached_by_their_uploader_and_read_by_both_sides() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (messages, clerk) = (format!("{}/messages", certificate.at("dossiers")), office.clerk());
    let photo = office.browser.upload(&certificate.applicant, "a photo").await;
    let named = |document: &str| {
        json!({ "text": "attached", "documents": [
        { "document": document, "file_name": "photo.pdf" },
    ] })
    };
    // The clerk did not upload it.
    let refused = post(&office, &messages, &clerk, named(&photo)).await;
    assert_eq!(refused.refused(), (422, "unknown-document"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/documents/0/document");
    let sent = post(&office, &messages, &certificate.applicant, named(&photo)).await.granted();
    assert_eq!(sent["documents"][0]["file_name"], "photo.pdf");
    let answer = office.browser.upload(&clerk, "a form").await;
    post(&office, &messages, &clerk, named(&answer)).await.granted();
    for (number, document) in [(1, &photo), (2, &answer)] {
        let path = format!("{messages}/{number}/documents/{document}");
        for token in [&clerk, &certificate.applicant] {
            let (status, _, bytes) = office.browser.raw(&path, token, "*/*").await;
            assert!(status.is_success() && bytes.starts_with(b"%PDF"), "{status}");
        }
        for role in [Role::Consultee, Role::Cashier, Role::Operator, Role::ComplaintHandler] {
            let token = office.token(role, "x", AGENCY);
            assert_eq!(office.browser.get(&path, &token).await.refused().0, 403, "{role:?}");
        }
    }
    let other = format!("{messages}/1/documents/{answer}");
    assert_eq!(office.browser.get(&other, &clerk).await.refused().0, 404);
    // A message supplements nothing: its documents are not those of the dossier.
    let shown = office.browser.get(&certificate.at("dossiers"), &clerk).await.granted();
    assert_eq!(shown["documents"].as_array().unwrap().len(), 3);
    let eleven: Vec<Value> =
        (0..11).map(|_| json!({ "document": photo, "file_name": "p.pdf" })).collect();
    let many = json!({ "text": "many", "documents": eleven });
    let refused = post(&office, &messages, &certificate.applicant, many).await;
    assert_eq!(refused.refused().0, 422);
    assert_sound(&office).await;
}

#[tokio::test]
async fn the_timeline_has_messages_for_both_sides_and_notes_for_officers_only() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (clerk, dossier) = (office.clerk(), certificate.at("dossiers"));
    label(&office, &certificate, &clerk, "gấp").await.granted();
    let note = json!({ "note": "an internal remark" });
    post(&office, &format!("{dossier}/notes"), &clerk, note).await.granted();
    say(&office, &certificate, &clerk, "a public remark").await.granted();
    office.settle().await;
    let timeline = format!("{}/timeline", in_register(&dossier));
    let of_notes = |body: &Value| -> Vec<Value> {
        let rows = body.as_array().unwrap().iter();
        let is_ours = |row: &&Value| row["event"].as_str().unwrap().starts_with("notes.");
        rows.filter(is_ours).cloned().collect()
    };
    let theirs = of_notes(&office.browser.get(&timeline, &clerk).await.granted());
    let kinds = ["notes.LabelAdded.v1", "notes.NoteAdded.v1", "notes.MessageSent.v1"];
    assert_eq!(values(&json!(theirs), "event"), kinds);
    assert_eq!(theirs[1]["data"]["note"], "an internal remark");
    let own = of_notes(&office.browser.get(&timeline, &certificate.applicant).await.granted());
    assert_eq!(values(&json!(own), "event"), ["notes.MessageSent.v1"]);
    assert_eq!(own[0]["data"]["text"], "a public remark");
    for role in [Role::Cashier, Role::Operator] {
        let token = office.token(role, "x", AGENCY);
        let seen = of_notes(&office.browser.get(&timeline, &token).await.granted());
        assert_eq!(values(&json!(seen), "event"), ["notes.MessageSent.v1"], "{role:?}");
        assert_eq!(seen[0]["data"], json!({}), "{role:?}");
    }
    // A complaint names what its complainant sees.
    let complaint = |position: &Value| {
        json!({ "agency": AGENCY, "text": "Slow.", "name": "Lê C", "dossier": certificate.id,
            "position": position })
    };
    let applicant = &certificate.applicant;
    let internal = complaint(&theirs[1]["position"]);
    let refused = post(&office, "/v1/complaints", applicant, internal).await;
    assert_eq!(refused.refused(), (422, "unknown-step"));
    post(&office, "/v1/complaints", applicant, complaint(&own[0]["position"])).await.granted();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erased_texts_are_null_and_everything_else_stays() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let open = |path| EventStore::sqlite(path, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(open(&log), at("2026-11-20T09:00")).await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (clerk, dossier) = (office.clerk(), certificate.at("dossiers"));
    label(&office, &certificate, &clerk, "gấp").await.granted();
    let note = json!({ "note": "remark" });
    post(&office, &format!("{dossier}/notes"), &clerk, note).await.granted();
    say(&office, &certificate, &certificate.applicant, "my telephone number").await.granted();
    let copy = folder.path().join("erased.sqlite");
    let original = Connection::open(&log).unwrap();
    original.execute("VACUUM INTO ?1", [copy.display().to_string()]).unwrap();
    let erase = "UPDATE events SET data = json_set(data, '$.' || CASE kind
            WHEN 'notes.LabelAdded.v1' THEN 'label' WHEN 'notes.NoteAdded.v1' THEN 'note'
            ELSE 'text' END, json('{\"$personal\":null}'))
        WHERE kind IN ('notes.LabelAdded.v1', 'notes.NoteAdded.v1', 'notes.MessageSent.v1')";
    assert_eq!(Connection::open(&copy).unwrap().execute(erase, []).unwrap(), 3);
    let mut erased = Office::open_with(open(&copy), at("2026-11-20T10:00")).await;
    erased.settle().await;
    let clerk = erased.clerk();
    for (list, field) in [("labels", "label"), ("notes", "note"), ("messages", "text")] {
        let shown = erased.browser.get(&format!("{dossier}/{list}"), &clerk).await.granted();
        assert_eq!((&shown[0]["number"], &shown[0][field]), (&json!(1), &Value::Null), "{list}");
    }
    assert!(found(&erased, &clerk, "label=gap").await.is_empty());
    let removal = format!("{dossier}/labels/1/removal");
    post(&erased, &removal, &clerk, json!({})).await.granted();
    let tasks = erased.browser.get("/v1/register/work?kind=read_applicant_message", &clerk).await;
    assert_eq!(tasks.granted()[0]["task"]["subject"], "1");
    assert_sound(&erased).await;
}
