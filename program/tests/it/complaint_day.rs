//! A complaint handler's work, and the complainant's side, through HTTP alone.

use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};

use crate::life::{submitted, take};
use crate::support::{Answer, Office};

const HERE: &str = "G02.001";

fn handler(office: &Office, subject: &str) -> String {
    office.token(Role::ComplaintHandler, subject, HERE)
}

/// Enters or files a complaint to the agency; `more` are further fields.
async fn file(office: &mut Office, who: &str, more: Value) -> Answer {
    let mut body = json!({ "agency": HERE, "text": "Hai tuần không ai trả lời." });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = office.browser.post("/v1/complaints", who, "", body).await;
    office.settle().await;
    answer
}

fn address(filed: &Value) -> String {
    format!("/v1/complaints/{}", filed["complaint"].as_str().unwrap())
}

/// Ids in a list of complaints with this query.
async fn listed(office: &Office, who: &str, query: &str) -> Vec<String> {
    let rows = office.browser.get(&format!("/v1/complaints?{query}"), who).await.granted();
    let id = |row: &Value| format!("/v1/complaints/{}", row["complaint"].as_str().unwrap());
    rows.as_array().unwrap().iter().map(id).collect()
}

/// What anybody reads who has a number and a code.
async fn status(office: &Office, number: &str, code: &str) -> Answer {
    let headers = [("complaint-number", number), ("status-code", code)];
    let path = "/v1/complaint-status";
    office.browser.send(Method::GET, path, &headers, Vec::new()).await.unwrap()
}

async fn open(office: &Office, path: &str) -> Answer {
    office.browser.send(Method::GET, path, &[], Vec::new()).await.unwrap()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a day from morning to evening, read top to bottom")]
async fn a_complaint_handler_does_a_days_work_through_the_api() {
    let mut office = Office::open().await;
    let (an, binh) = (handler(&office, "an"), handler(&office, "binh"));

    // 09:00. A call: name and telephone, no account. The caller notes number and code.
    let call = json!({ "channel": "phone", "name": "Lê C", "phone": "0902 123 456" });
    let call = file(&mut office, &an, call).await.granted();
    let (number, code) = (call["number"].as_str().unwrap(), call["status_code"].as_str().unwrap());
    assert_eq!(call["contact"], json!({ "name": "Lê C", "phone": "+84902123456" }));
    let state = status(&office, number, code).await.granted();
    assert_eq!((&state["stage"], &state["owed"]), (&json!("filed"), &json!("classify")));

    // A letter that arrived on Wednesday: its period counts from then.
    let photo = office.browser.upload(&an, "scan of the letter").await;
    let letter = json!({
        "channel": "post", "name": "Trần D", "address": "Huế", "received_at": "2026-11-18T10:00:00+07:00",
        "text": "Quy định về mẫu đơn không rõ.", "documents": [{ "document": photo, "file_name": "thu.pdf" }],
    });
    let letter = file(&mut office, &an, letter).await.granted();
    assert_eq!(letter["due_on"], "2026-11-26", "five working days from Wednesday");
    assert_eq!(call["due_on"], "2026-11-30");

    // Somebody at the counter gives no name; the same matter as the call.
    let anonymous = json!({ "channel": "counter", "anonymous": true });
    let anonymous = file(&mut office, &an, anonymous).await.granted();
    assert_eq!(anonymous.get("contact"), None);

    // The list: by due date, nobody's. Each handler takes something.
    let (letter_at, call_at, anonymous_at) =
        (address(&letter), address(&call), address(&anonymous));
    let nobodys = listed(&office, &an, "assigned=nobody").await;
    assert_eq!(nobodys[0], letter_at, "the letter is due first");
    assert_eq!(nobodys.len(), 3);
    take(
        &mut office,
        &letter_at,
        "assignment",
        &an,
        json!({ "officer": "binh", "note": "về mẫu đơn" }),
    )
    .await
    .granted();
    take(&mut office, &call_at, "assignment", &an, json!({ "officer": "an" })).await.granted();
    assert_eq!(listed(&office, &an, "assigned=me").await, [&*call_at]);
    assert_eq!(listed(&office, &binh, "assigned=me").await, [&*letter_at]);
    assert_eq!(listed(&office, &an, "assigned=nobody").await, [&*anonymous_at]);
    assert_eq!(listed(&office, &an, &format!("number={number}")).await, [&*call_at]);

    // The anonymous one repeats the call. Merged, it has no period of its own.
    let into = json!({ "into": call["complaint"] });
    let merged = take(&mut office, &anonymous_at, "merger", &an, into).await.granted();
    assert_eq!((&merged["stage"], merged.get("due_at")), (&json!("merged"), None));
    let merged_into = format!("merged_into={}", call["complaint"].as_str().unwrap());
    assert_eq!(listed(&office, &an, &merged_into).await, [&*anonymous_at]);

    // The letter is complex: classified, extended once with a reason.
    let class = json!({ "class": "content_of_rules" });
    let classified = take(&mut office, &letter_at, "classification", &binh, class).await.granted();
    assert_eq!(
        (&classified["due_on"], &classified["owed"]),
        (&json!("2026-11-30"), &json!("answer"))
    );
    let reason = json!({ "reason": "Cần hỏi ý kiến Cục." });
    let extended =
        take(&mut office, &letter_at, "extension", &binh, reason.clone()).await.granted();
    assert_eq!((&extended["due_on"], &extended["extended"]), (&json!("2026-12-07"), &json!(true)));
    let again = take(&mut office, &letter_at, "extension", &binh, reason).await;
    assert_eq!(again.refused(), (409, "complaint-extended-already"));
    take(&mut office, &letter_at, "notes", &binh, json!({ "note": "Đã gửi Cục." })).await.granted();
    let read = office.browser.get(&letter_at, &an).await.granted();
    let notes: Vec<&str> =
        read["notes"].as_array().unwrap().iter().map(|n| n["note"].as_str().unwrap()).collect();
    assert_eq!(notes, ["về mẫu đơn", "Đã gửi Cục."]);

    // The call is answered, with a document; both complainants read it.
    let class = json!({ "class": "conduct_or_delay" });
    take(&mut office, &call_at, "classification", &an, class).await.granted();
    let report = office.browser.upload(&an, "report").await;
    let answer = json!({
        "answer": "Cơ quan xin lỗi.", "documents": [{ "document": report, "file_name": "bien-ban.pdf" }],
    });
    let answered = take(&mut office, &call_at, "answer", &an, answer).await.granted();
    assert_eq!(answered["answer_documents"][0]["file_name"], "bien-ban.pdf");
    let document = format!("{call_at}/documents/{report}");
    assert_eq!(office.browser.get(&document, &binh).await.status, 200);
    let (duplicate, its_code) = (&anonymous["number"], &anonymous["status_code"]);
    for (number, code) in
        [(number, code), (duplicate.as_str().unwrap(), its_code.as_str().unwrap())]
    {
        let state = status(&office, number, code).await.granted();
        assert_eq!(state["answer"], "Cơ quan xin lỗi.", "{number}");
        let path = format!("/v1/complaint-status/documents/{report}");
        let headers = [("complaint-number", number), ("status-code", code)];
        let read = office.browser.send(Method::GET, &path, &headers, Vec::new()).await.unwrap();
        assert_eq!(read.status, 200);
        let other = path.replace(&report, &photo);
        let read = office.browser.send(Method::GET, &other, &headers, Vec::new()).await.unwrap();
        assert_eq!(read.refused(), (404, "not-found"), "of another complaint");
    }

    // It is published, and anybody lists it.
    let text = json!({ "text": "Cơ quan đã bổ sung người trực." });
    take(&mut office, &call_at, "publication", &an, text).await.granted();
    let public = open(&office, "/v1/published-answers?agency=G02&month=2026-11").await.granted();
    assert_eq!(public.as_array().unwrap().len(), 1);
    assert_eq!(public[0]["text"], "Cơ quan đã bổ sung người trực.");
    assert!(!public.to_string().contains("Lê C"), "{public}");
    for none in ["class=complex", "month=2026-10", "procedure=CO.D", "agency=H26"] {
        let other = open(&office, &format!("/v1/published-answers?{none}")).await.granted();
        assert_eq!(other, json!([]), "{none}");
    }

    // The caller calls again: a handler enters the reopening; the answer is due anew.
    let reason = json!({ "reason": "Đến nay vẫn chưa có kết quả." });
    let reopened = take(&mut office, &call_at, "reopening", &an, reason).await.granted();
    assert_eq!((&reopened["stage"], &reopened["reopened"]), (&json!("classified"), &json!(1)));
    assert_eq!(listed(&office, &an, "owed=answer").await, [&*letter_at, &*call_at]);

    // Nobody answers the letter in time. It stays in the list, as overdue.
    office.wait_until("2026-12-08T08:00").await;
    assert_eq!(listed(&office, &binh, "overdue=true").await[0], letter_at);
    let overdue = office.browser.get(&letter_at, &binh).await.granted();
    assert_eq!((&overdue["overdue"], &overdue["due_on"]), (&json!(true), &json!("2026-12-07")));

    let path = "/v1/complaint-figures?from=2026-11&to=2026-11";
    let figures = office.browser.get(path, &an).await.granted();
    let expected = json!([{
        "received": 3, "answered_in_time": 1, "answered_late": 0, "open": 0, "overdue": 1,
        "dismissed": 0, "merged": 1, "reopened": 1, "published": 1,
        "rated": 0, "satisfied": 0,
    }]);
    assert_eq!(figures, expected);
    let by = office.browser.get(&format!("{path}&by=channel"), &an).await.granted();
    let groups: Vec<&str> =
        by.as_array().unwrap().iter().map(|row| row["group"].as_str().unwrap()).collect();
    assert_eq!(groups, ["counter", "phone", "post"]);
}

#[tokio::test]
async fn a_complainant_follows_a_complaint_from_filing_to_a_second_answer() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (citizen, stranger) = (certificate.applicant.clone(), office.applicant("a2"));
    let photo = office.browser.upload(&citizen, "photo").await;
    let about = json!({
        "name": "Nguyễn A", "dossier": certificate.id, "email": "a@example.com",
        "documents": [{ "document": photo, "file_name": "anh.png" }],
    });
    let stolen = file(
        &mut office,
        &stranger,
        json!({
            "name": "B", "documents": [{ "document": photo, "file_name": "anh.png" }],
        }),
    );
    assert_eq!(stolen.await.refused(), (422, "unknown-document"));
    let filed = file(&mut office, &citizen, about).await.granted();
    let complaint = address(&filed);
    assert_eq!((&filed["procedure"], filed.get("contact")), (&json!("CO.D"), None));

    let more = office.browser.upload(&citizen, "more").await;
    let more = json!({ "documents": [{ "document": more, "file_name": "them.png" }] });
    let added = take(&mut office, &complaint, "documents", &citizen, more).await.granted();
    assert_eq!(added["documents"].as_array().unwrap().len(), 2);
    assert_eq!(listed(&office, &citizen, "").await, [&*complaint]);
    assert_eq!(listed(&office, &stranger, "").await, [""; 0]);
    let officer = office.browser.get("/v1/complaints?officer=an", &citizen).await;
    assert_eq!(officer.refused(), (400, "query-invalid"));

    let an = handler(&office, "an");
    assert_eq!(
        office.browser.get(&complaint, &an).await.granted()["contact"]["email"],
        "a@example.com"
    );
    take(&mut office, &complaint, "notes", &an, json!({ "note": "nội bộ" })).await.granted();
    take(&mut office, &complaint, "assignment", &an, json!({ "officer": "an" })).await.granted();
    let class = json!({ "class": "not_acceptable" });
    let bare = take(&mut office, &complaint, "classification", &an, class).await;
    assert_eq!(bare.refused(), (422, "dismissal-without-reason"));
    let class = json!({ "class": "not_acceptable", "reason": "Không nêu sự việc." });
    take(&mut office, &complaint, "classification", &an, class).await.granted();
    let read = office.browser.get(&complaint, &citizen).await.granted();
    assert_eq!(
        (&read["stage"], &read["reason"]),
        (&json!("dismissed"), &json!("Không nêu sự việc."))
    );
    assert_eq!((read.get("notes"), read.get("officer")), (None, None), "internal");
    let timeline = format!("{}/timeline", certificate.at("register/dossiers"));
    let timeline = office.browser.get(&timeline, &citizen).await.granted().to_string();
    assert!(timeline.contains("ComplaintClassified"), "{timeline}");
    assert!(!timeline.contains("ComplaintNoted") && !timeline.contains("ComplaintAssigned"));

    // A dismissal is not the end.
    let reason = json!({ "reason": "Sự việc nêu trong ảnh." });
    take(&mut office, &complaint, "reopening", &citizen, reason).await.granted();
    let report = office.browser.upload(&an, "report").await;
    let answer = json!({
        "answer": "Đã xử lý.", "documents": [{ "document": report, "file_name": "kq.pdf" }],
    });
    take(&mut office, &complaint, "answer", &an, answer).await.granted();
    let read = office.browser.get(&complaint, &citizen).await.granted();
    assert_eq!(read["answer"], "Đã xử lý.");
    let document = format!("{complaint}/documents/{report}");
    assert_eq!(office.browser.get(&document, &citizen).await.status, 200);
    assert_eq!(office.browser.get(&document, &stranger).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn a_status_is_shown_for_the_right_number_and_code_only() {
    let mut office = Office::open().await;
    let an = handler(&office, "an");
    let entry = json!({ "channel": "email", "anonymous": true });
    let one = file(&mut office, &an, entry.clone()).await.granted();
    let other = file(&mut office, &an, entry).await.granted();
    let text = |filed: &Value, field: &str| filed[field].as_str().unwrap().to_owned();
    let (number, code) = (text(&one, "number"), text(&one, "status_code"));
    let typed = (number.to_lowercase(), code.replace('-', "").to_lowercase());
    assert_eq!(status(&office, &typed.0, &typed.1).await.granted()["number"], *number);
    let wrong = status(&office, &number, &text(&other, "status_code")).await;
    let unknown = status(&office, "PA-261120-12345678-9", &code).await;
    assert_eq!((wrong.refused(), unknown.refused()), ((404, "not-found"), (404, "not-found")));
    assert_eq!(wrong.body["title"], unknown.body["title"], "they cannot be told apart");
    let path = "/v1/complaint-status";
    assert_eq!(open(&office, path).await.refused(), (400, "header-invalid"));
    let read = office.browser.get(&address(&one), &an).await.granted();
    assert_eq!(read.get("status_code"), None, "it is shown once");
}

#[tokio::test]
async fn guessing_status_codes_is_limited_by_address() {
    let mut office = Office::open_limited("address: { look_ups: { count: 3, seconds: 60 } }").await;
    let an = handler(&office, "an");
    let entry = json!({ "channel": "phone", "anonymous": true });
    let filed = file(&mut office, &an, entry).await.granted();
    let number = filed["number"].as_str().unwrap();
    let mut answers = Vec::new();
    for guess in 0..5 {
        answers.push(status(&office, number, &format!("GUESS{guess}")).await.status.as_u16());
    }
    assert_eq!(answers, [404, 404, 404, 429, 429]);
}

#[tokio::test]
async fn a_complaint_is_not_assigned_to_an_officer_whose_act_it_is_about() {
    let mut office = Office::open().await;
    let (citizen, clerk) = (office.applicant("a1"), office.clerk());
    let (dossier, _) = crate::support::submitted(&office.browser, &citizen).await;
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let about = json!({
        "agency": "G02.002", "name": "Lê C", "dossier": dossier.rsplit('/').next().unwrap(),
    });
    let filed = file(&mut office, &citizen, about).await.granted();
    let handler = office.token(Role::ComplaintHandler, "h1", "G02");
    for (officer, code) in [("clerk-1", "officer-not-impartial"), ("a1", "officer-not-impartial")] {
        let to = json!({ "officer": officer });
        let refused = take(&mut office, &address(&filed), "assignment", &handler, to).await;
        assert_eq!(refused.refused(), (422, code), "{officer}");
    }
    let own = office.token(Role::ComplaintHandler, "clerk-1", "G02");
    let read = office.browser.get(&address(&filed), &own).await;
    assert_eq!(read.refused(), (403, "own-step"), "nor reads it");
    let to = json!({ "officer": "h2" });
    take(&mut office, &address(&filed), "assignment", &handler, to).await.granted();
}

#[tokio::test]
async fn what_is_wrong_with_an_entry_is_said_at_once() {
    let mut office = Office::open().await;
    let (an, citizen) = (handler(&office, "an"), office.applicant("c1"));
    let codes = |answer: &Answer| {
        let errors = answer.body["errors"].as_array().unwrap().iter();
        let mut codes: Vec<String> =
            errors.map(|error| error["code"].as_str().unwrap().to_owned()).collect();
        codes.sort();
        codes
    };
    let body = json!({ "channel": "post", "received_at": "2026-11-20T09:00:01+07:00", "phone": "0902123456" });
    let refused = file(&mut office, &an, body).await;
    assert_eq!(codes(&refused), ["complainant-name-missing", "received-at-impossible"]);
    let body = json!({
        "channel": "phone", "received_at": "2026-11-19T09:00:00+07:00", "anonymous": true,
    });
    let refused = file(&mut office, &citizen, body).await;
    let expected =
        ["anonymous-needs-an-officer", "channel-needs-an-officer", "received-at-needs-an-officer"];
    assert_eq!(codes(&refused), expected);
    // A refused entry uses no number.
    let entry = json!({ "channel": "phone", "anonymous": true });
    let first = file(&mut office, &an, entry).await.granted();
    assert!(first["number"].as_str().unwrap().starts_with("PA-261120-"));
}

#[tokio::test]
async fn templates_come_from_the_rules() {
    let office = Office::open().await;
    let templates = office.browser.get("/v1/complaint-templates", &handler(&office, "an")).await;
    let templates = templates.granted();
    let delay = templates.as_array().unwrap().iter().find(|one| one["code"] == "delay_apology");
    let text = delay.unwrap()["body"].as_str().unwrap();
    assert!(text.contains("{{complainant}}") && text.contains("{{measures}}"), "{text}");
}

#[tokio::test]
async fn pages_of_complaints_follow_one_another_and_belong_to_their_filters() {
    let mut office = Office::open().await;
    let an = handler(&office, "an");
    let mut all = Vec::new();
    for _ in 0..5 {
        let entry = json!({ "channel": "phone", "anonymous": true });
        all.push(address(&file(&mut office, &an, entry).await.granted()));
    }
    all.sort();
    let mut seen = Vec::new();
    let mut next = "/v1/complaints?limit=2".to_owned();
    for _ in 0..3 {
        let page = office.browser.get(&next, &an).await;
        let link = page.header("link");
        let rows = page.granted();
        let id = |row: &Value| format!("/v1/complaints/{}", row["complaint"].as_str().unwrap());
        seen.extend(rows.as_array().unwrap().iter().map(id));
        let Some((address, _)) = link.trim_start_matches('<').split_once('>') else { break };
        next = address.to_owned();
    }
    assert_eq!(seen, all, "the same due instant: by id");
    let other = office.browser.get(&next.replace("limit=2", "stage=filed"), &an).await;
    assert_eq!(other.refused(), (400, "query-invalid"));
}

#[tokio::test]
async fn a_dossier_without_a_result_is_rated_once_it_is_closed_and_its_comment_is_read() {
    let mut office = Office::open().await;
    let (citizen, clerk) = (office.applicant("a1"), office.clerk());
    let (dossier, _) = crate::support::submitted(&office.browser, &citizen).await;
    let rating = dossier.replacen("dossiers", "ratings", 1);
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let rated = json!({ "score": 4, "comment": "Nhanh." });
    let early = office.browser.post(&rating, &citizen, "", rated.clone()).await;
    assert_eq!(early.refused(), (404, "not-found"));
    let reason = json!({ "reason": "Đã ghi nhận." });
    take(&mut office, &dossier, "closure", &clerk, reason).await.granted();
    let open = office.browser.get(&rating, &citizen).await.granted();
    assert_eq!(open["score"], Value::Null);
    office.browser.post(&rating, &citizen, "", rated).await.granted();
    let readers = [
        (citizen.clone(), json!("Nhanh.")),
        (office.token(Role::ComplaintHandler, "h1", "G02.002"), json!("Nhanh.")),
        (office.token(Role::Approver, "p1", "G02"), json!("Nhanh.")),
        (clerk, Value::Null),
        (office.token(Role::Operator, "o1", ""), Value::Null),
    ];
    for (reader, comment) in readers {
        let read = office.browser.get(&rating, &reader).await.granted();
        assert_eq!((&read["score"], &read["comment"]), (&json!(4), &comment));
    }
    let stranger = office.applicant("a2");
    assert_eq!(office.browser.get(&rating, &stranger).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn a_handler_finds_the_dossier_that_a_caller_names_and_files_about_it_by_its_code() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    let (an, clerk) = (handler(&office, "an"), office.clerk());
    let dossier = office.browser.get(&certificate.at("dossiers"), &clerk).await.granted();
    let code = dossier["code"].as_str().unwrap().to_owned();
    office.views().await.unwrap();
    let by_code = format!("/v1/register/dossier-codes/{code}");
    let found = office.browser.get(&by_code, &an).await.granted();
    assert_eq!((&found["id"], &found["applicant_name"]), (&dossier["id"], &json!("Công ty Dệt")));
    let etags: Vec<&String> = found["etags"].as_object().unwrap().keys().collect();
    assert_eq!(etags, ["dossier"], "not those of what is not read");
    let elsewhere = office.token(Role::ComplaintHandler, "x", "G02.002");
    assert_eq!(office.browser.get(&by_code, &elsewhere).await.refused(), (404, "not-found"));
    let list = office.browser.get("/v1/register/dossiers", &an).await;
    assert_eq!(list.refused().0, 403, "finding one is not listing all");

    let call = json!({ "channel": "phone", "name": "Lê C", "phone": "0902 123 456" });
    let with = |more: Value| {
        let mut body = call.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let filed = file(&mut office, &an, with(json!({ "dossier_code": code }))).await.granted();
    assert_eq!(filed["dossier"], dossier["id"]);
    let unknown = with(json!({ "dossier_code": "G02.001-261120-0000000000" }));
    let unknown = file(&mut office, &an, unknown).await;
    assert_eq!(unknown.body["errors"][0]["pointer"], "/dossier_code");
    assert_eq!(unknown.refused(), (422, "unknown-dossier-code"));
    let twice = with(json!({ "dossier_code": code, "dossier": dossier["id"] }));
    assert_eq!(file(&mut office, &an, twice).await.refused(), (422, "dossier-named-twice"));
    // Of a stranger's dossier nobody learns that it exists.
    let stranger = office.applicant("a2");
    let theirs = json!({ "dossier_code": code, "name": "Lê C" });
    let theirs = file(&mut office, &stranger, theirs).await;
    assert_eq!(theirs.refused(), (422, "unknown-dossier-code"));
    let own = json!({ "dossier_code": code, "name": "Minh An" });
    let own = file(&mut office, &certificate.applicant, own).await.granted();
    assert_eq!(own["dossier"], dossier["id"]);
}
