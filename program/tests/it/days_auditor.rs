//! An auditor's day, through the API alone: from a complaint about a late certificate to who did
//! what, why, by which law, and who has looked at it.

use dossier::contract::Role;
use serde_json::{Value, json};

use crate::life::{Certificate, pay, submitted, take};
use crate::support::Office;

/// A certificate of origin that is late, apologised for, corrected, decided and sent back once.
async fn a_late_certificate(office: &mut Office) -> Certificate {
    let certificate = submitted(office, "a1", "download").await;
    pay(office, &certificate).await;
    let (clerk, reviewer) = (office.clerk(), office.token(Role::Reviewer, "r1", "G02.001"));
    let approver = office.token(Role::Approver, "ap1", "G02.001");
    let (dossier, review) = (certificate.at("dossiers"), certificate.at("reviews"));
    take(office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    take(office, &review, "claim", &reviewer, json!({})).await.granted();
    let needs = json!({ "components": ["bill_of_lading"], "reason": "Thiếu vận đơn" });
    take(office, &review, "supplement-needs", &reviewer, needs).await.granted();
    office.wait_until("2026-11-23T10:00").await;
    let document = office.browser.upload(&certificate.applicant, "bill").await;
    let read = office.browser.get(&dossier, &certificate.applicant).await.granted();
    let mut form = read["form"].clone();
    form["invoice"] = json!("INV-2");
    let supplement = json!({ "form": form, "documents": [
        { "component": "bill_of_lading", "document": document, "file_name": "bl.pdf" }] });
    take(office, &dossier, "supplements", &certificate.applicant, supplement).await.granted();
    let activity = json!({ "activity": "appraisal", "note": "Đã đối chiếu vận đơn" });
    take(office, &review, "activities", &reviewer, activity).await.granted();
    office.wait_until("2026-11-23T16:00").await;
    let apology = json!({ "due_at": "2026-11-25T10:00:00Z", "reason": "Cán bộ nghỉ ốm" });
    take(office, &dossier, "appointment", &clerk, apology).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "Chưa rõ" });
    let proposed = take(office, &review, "decision-proposals", &reviewer, proposal).await.granted();
    let id = proposed["proposal"]["proposal"].clone();
    let rejected = json!({ "proposal": id, "reason": "Nêu rõ tiêu chí xuất xứ" });
    take(office, &review, "proposal-rejections", &approver, rejected).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "Hàng có xuất xứ thuần túy" });
    let proposed = take(office, &review, "decision-proposals", &reviewer, proposal).await.granted();
    let id = proposed["proposal"]["proposal"].clone();
    take(office, &review, "decision", &approver, json!({ "proposal": id })).await.granted();
    certificate
}

/// The only entry of a kind.
fn entry<'t>(timeline: &'t Value, kind: &str) -> &'t Value {
    let mut found = timeline
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["event"].as_str().unwrap().split('.').nth(1) == Some(kind));
    let first = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "two {kind}");
    first
}

#[tokio::test]
async fn an_auditor_follows_a_late_certificate_from_the_form_to_the_readers() {
    let mut office = Office::open().await;
    let certificate = a_late_certificate(&mut office).await;
    let auditor = office.token(Role::Auditor, "au1", "G02");

    // The dossier says why the date moved, what was missing, and why it was decided so.
    let dossier = office.browser.get(&certificate.at("dossiers"), &auditor).await.granted();
    assert_eq!(dossier["decision"]["reason"], "Hàng có xuất xứ thuần túy");
    assert_eq!(dossier["past_supplements"][0]["reason"], "Thiếu vận đơn");
    let change = &dossier["date_changes"][0];
    assert_eq!((&change["kind"], &change["reason"]), (&json!("apology"), &json!("Cán bộ nghỉ ốm")));
    assert!(change["was_due_on"].is_string() && change["due_on"] == "2026-11-25");

    // The review says what officers noted and why a proposal came back.
    let review = office.browser.get(&certificate.at("reviews"), &auditor).await.granted();
    assert_eq!(review["completed_activities"][0]["note"], "Đã đối chiếu vận đơn");
    let remarks: Vec<&Value> =
        review["remarks"].as_array().unwrap().iter().map(|remark| &remark["reason"]).collect();
    assert_eq!(remarks, [&json!("Thiếu vận đơn"), &json!("Nêu rõ tiêu chí xuất xứ")]);

    // The timeline has it all in order, with what each step changed, and who took it.
    let path = format!("{}/timeline", certificate.at("register/dossiers"));
    let timeline = office.browser.get(&path, &auditor).await.granted();
    let moved = entry(&timeline, "AppointmentMoved");
    assert_eq!(moved["title"]["vi"], "Xin lỗi và hẹn lại ngày trả kết quả");
    assert_eq!((&moved["subject"], &moved["role"]), (&json!("clerk-1"), &json!("clerk")));
    assert_eq!(moved["data"]["reason"], "Cán bộ nghỉ ốm");
    assert_eq!(moved["changes"][0]["field"], "/promise/due_at");
    assert_eq!(moved["changes"][0]["before"], moved["data"]["was_due_at"]);
    let corrected = entry(&timeline, "SupplementSubmitted");
    let invoice = json!({ "field": "/form/invoice", "before": "INV-1", "after": "INV-2" });
    assert!(corrected["changes"].as_array().unwrap().contains(&invoice), "{corrected}");
    let bill = &corrected["documents"][0];
    assert_eq!(
        (&bill["component"], &bill["owner"]),
        (&json!("bill_of_lading"), &json!("applicant"))
    );
    assert_eq!(bill["sha256"].as_str().unwrap().len(), 64);
    assert!(bill["bytes"].as_u64().unwrap() > 0 && bill["media_type"] == "application/pdf");
    // The document can be read and compared with its digest.
    let document =
        format!("{}/documents/{}", certificate.at("dossiers"), bill["document"].as_str().unwrap());
    assert_eq!(office.browser.get(&document, &auditor).await.granted(), "%PDF-1.7 bill");

    // In pages it is the same.
    let (mut pages, mut next) = (Vec::new(), Some(format!("{path}?limit=4")));
    while let Some(page) = next.take() {
        let answer = office.browser.get(&page, &auditor).await;
        let link = answer.header("link");
        next = link.strip_prefix('<').and_then(|rest| rest.split('>').next()).map(str::to_owned);
        let entries = answer.granted().as_array().unwrap().clone();
        assert!((1..=4).contains(&entries.len()));
        pages.extend(entries);
    }
    assert_eq!(Value::from(pages), timeline);

    // The applicant reads the reasons too, but neither officers' names nor what they wrote for one another.
    let own = office.browser.get(&path, &certificate.applicant).await.granted();
    assert_eq!(entry(&own, "AppointmentMoved")["data"]["reason"], "Cán bộ nghỉ ốm");
    assert!(entry(&own, "AppointmentMoved").get("subject").is_none());
    assert!(entry(&own, "ActivityCompleted")["data"].get("note").is_none());
    assert!(entry(&own, "ProposalRejected")["data"].get("reason").is_none());
    let own = own.to_string();
    for hidden in ["Đã đối chiếu vận đơn", "Nêu rõ tiêu chí", "\"r1\"", "\"ap1\"", "clerk-1"]
    {
        assert!(!own.contains(hidden), "the applicant reads {hidden}");
    }

    // The date is explained by the law.
    let deadline = format!("{}/deadline", certificate.at("dossiers"));
    let explained = office.browser.get(&deadline, &auditor).await.granted();
    assert!(explained.to_string().contains("2026-11-25"), "{explained}");

    // Who has looked at it: the auditor sees names, the applicant the agencies.
    office.settle().await;
    let path = format!("{}/reads", certificate.at("register/dossiers"));
    let reads = office.browser.get(&path, &auditor).await.granted();
    let readers: std::collections::BTreeSet<&str> =
        reads.as_array().unwrap().iter().map(|read| read["subject"].as_str().unwrap()).collect();
    assert_eq!(readers, ["ap1", "au1", "clerk-1", "r1"].into());
    let own = office.browser.get(&path, &certificate.applicant).await.granted();
    let read = &own[0];
    assert!(read["agency"].is_string() && read.get("subject").is_none(), "{read}");
}

#[tokio::test]
async fn an_auditor_reads_a_dossier_as_officers_saw_it_at_an_instant() {
    let mut office = Office::open().await;
    let certificate = a_late_certificate(&mut office).await;
    let auditor = office.token(Role::Auditor, "au1", "G02");
    let past = |at: &str| format!("{}/past-state?at={at}", certificate.at("dossiers"));
    let read = async |at: &str| office.browser.get(&past(at), &auditor).await;

    // Before the supplement: it was awaited, and nobody knew of a delay or a decision.
    let before = read("2026-11-23T02:59:59Z").await;
    let before_tag = before.header("etag");
    let before = before.granted();
    assert_eq!((&before["stage"], &before["status"]), (&json!("processing"), &json!(5)));
    assert_eq!((&before["form"]["invoice"], &before["suspended"]), (&json!("INV-1"), &json!(true)));
    assert_eq!(before["waiting_on"], "applicant");
    assert_eq!(before["supplement"]["reason"], "Thiếu vận đơn");
    assert!(before.get("decision").is_none() && before.get("date_changes").is_none(), "{before}");
    // What was recorded at the instant is included.
    let at = read("2026-11-23T03:00:00Z").await.granted();
    assert_eq!((&at["form"]["invoice"], &at["suspended"]), (&json!("INV-2"), &json!(false)));
    assert_eq!((&at["waiting_on"], at.get("decision")), (&json!("reviewer"), None));
    // Later than the last event, it is the present state, of the present version.
    let now = office.browser.get(&certificate.at("dossiers"), &auditor).await;
    let last = read("2026-12-31T00:00:00Z").await;
    assert!(last.header("etag") == now.header("etag") && last.header("etag") != before_tag);
    assert_eq!(last.granted()["decision"], now.granted()["decision"]);

    assert_eq!(read("2026-11-20T01:59:59Z").await.refused(), (404, "not-found"));
    assert_eq!(read("yesterday").await.refused(), (400, "query-invalid"));
    let clerk = office.browser.get(&past("2026-11-23T03:00:00Z"), &office.clerk()).await;
    assert_eq!(clerk.refused(), (403, "role-forbidden"));
    let elsewhere = office.token(Role::Auditor, "au2", "H26");
    let elsewhere = office.browser.get(&past("2026-11-23T03:00:00Z"), &elsewhere).await;
    assert_eq!(elsewhere.refused(), (404, "not-found"));
    office.settle().await;
    let reads = format!("{}/reads", certificate.at("register/dossiers"));
    let reads = office.browser.get(&reads, &certificate.applicant).await.granted();
    assert!(reads.to_string().contains("get_past_state"), "{reads}");
}
