//! One thing has one spelling: tax codes and telephone numbers as people write them, ends of periods as days.

use dossier::contract::Role;
use dossier::law::next_version;
use serde_json::{Value, json};

use crate::support::{Answer, Office, energy_label, in_register, submitted};

async fn promotion(office: &Office, who: &str, code: &str, phone: &str) -> Value {
    let form_02 = office.browser.upload(who, "form 02").await;
    let rules = office.browser.upload(who, "rules").await;
    json!({
        "procedure": "2.000004", "agency": "H26.14", "channel": "online",
        "form": {
            "merchant": { "name": "Siêu thị A", "tax_code": code, "phone": phone },
            "programme": {
                "name": "Tết", "goods": "bánh", "from": "2026-12-10", "to": "2026-12-31",
                "prizes_vnd": 100_000_000,
            },
        },
        "documents": [
            { "component": "form_02", "document": form_02, "file_name": "02.pdf" },
            { "component": "rules", "document": rules, "file_name": "03.pdf" },
        ],
    })
}

async fn submit(office: &Office, who: &str, body: Value) -> Answer {
    office.browser.post("/v1/dossiers", who, "", body).await
}

#[tokio::test]
async fn tax_codes_and_telephones_are_taken_as_they_are_written_and_kept_in_one_spelling() {
    let office = Office::open().await;
    for (place, (code, phone, kept)) in [
        ("0101234565", "02438220000", ("0101234565", "+842438220000")),
        ("0101234565-001", "+84 24 3822 0000", ("0101234565-001", "+842438220000")),
        ("0101234565001", "(024) 3822 0000", ("0101234565-001", "+842438220000")),
        ("001088012345", "024.3822.0000", ("001088012345", "+842438220000")),
        ("0101 234 565", "1900 6036", ("0101234565", "+8419006036")),
    ]
    .into_iter()
    .enumerate()
    {
        let applicant = office.applicant(&format!("company-{place}"));
        let body = promotion(&office, &applicant, code, phone).await;
        let shown = submit(&office, &applicant, body).await.granted();
        let merchant = &shown["form"]["merchant"];
        assert_eq!((&merchant["tax_code"], &merchant["phone"]), (&json!(kept.0), &json!(kept.1)));
    }
    let applicant = office.applicant("company-9");
    for (code, phone, wrong) in [
        ("0101234567", "02438220000", "/form/merchant/tax_code"),
        ("010123456", "02438220000", "/form/merchant/tax_code"),
        ("--------", "02438220000", "/form/merchant/tax_code"),
        ("0101234565", "++++++++", "/form/merchant/phone"),
        ("0101234565", "        ", "/form/merchant/phone"),
        ("0101234565", "3822 0000", "/form/merchant/phone"),
    ] {
        let body = promotion(&office, &applicant, code, phone).await;
        let answer = submit(&office, &applicant, body).await;
        assert_eq!(answer.refused().0, 422);
        assert!(answer.body.to_string().contains(wrong), "{wrong}: {}", answer.body);
    }
}

#[tokio::test]
async fn who_acts_for_a_firm_reaches_its_dossiers_by_either_spelling_of_its_tax_code() {
    let office = Office::open().await;
    let clerk = office.token(Role::Clerk, "clerk-1", "H26.14");
    let mut body = promotion(&office, &clerk, "0101234565", "02438220000").await;
    body["channel"] = json!("counter");
    body["applicant"] = json!("0101234565001");
    let shown = submit(&office, &clerk, body).await.granted();
    let path = format!("/v1/dossiers/{}", shown["id"].as_str().unwrap());
    for firm in ["0101234565-001", "0101234565001"] {
        let acting = office.token_for(&[Role::Applicant], "director", "", Some(firm));
        office.browser.get(&path, &acting).await.granted();
    }
    for firm in ["0101234565", "0101234565-002"] {
        let other = office.token_for(&[Role::Applicant], "director", "", Some(firm));
        assert_eq!(office.browser.get(&path, &other).await.refused().0, 404, "{firm}");
    }
    // Nobody works on a matter of a firm for which they act, however the firm is spelt.
    let roles = [Role::Clerk, Role::Applicant];
    let both = office.token_for(&roles, "director", "H26.14", Some("0101234565001"));
    let accept = format!("{path}/acceptance");
    assert_eq!(office.browser.post(&accept, &both, "\"1\"", json!({})).await.refused().0, 403);
}

#[tokio::test]
async fn a_list_leaves_out_what_is_the_readers_own_however_a_tax_code_is_spelt() {
    let mut office = Office::open().await;
    let firm = office.token_for(&[Role::Applicant], "director", "", Some("0101234565-001"));
    let (path, etag) = submitted(&office.browser, &firm).await;
    let accept = format!("{path}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    office.wait_until("2026-12-10T09:00").await;
    for (who, firm, listed) in [
        ("auditor-1", None, 1),
        ("0101234565-001", None, 0),
        ("0101234565001", None, 0),
        ("auditor-1", Some("0101234565 001"), 0),
        ("0101234565", None, 1),
    ] {
        let auditor = office.token_for(&[Role::Auditor], who, "G02.002", firm);
        let overdue =
            office.browser.get("/v1/register/dossiers?missed=true", &auditor).await.granted();
        assert_eq!(overdue.as_array().unwrap().len(), listed, "{who} {firm:?}");
    }
}

#[tokio::test]
async fn an_end_is_shown_with_its_last_day_and_texts_name_that_day() {
    let mut office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, etag) = submitted(&office.browser, &applicant).await;
    let shown = office.browser.get(&path, &applicant).await.granted();
    // Eight working hours from nine o'clock on Friday.
    assert_eq!(shown["answer_due_at"], "2026-11-23T02:00:00Z");
    assert_eq!(shown["answer_due_on"], "2026-11-23");
    assert!(shown["due_on"].is_null());
    let accept = format!("{path}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    office.settle().await;
    let shown = office.browser.get(&path, &applicant).await.granted();
    let end = (json!("2026-11-30T17:00:00Z"), json!("2026-11-30"));
    assert_eq!((&shown["due_at"], &shown["due_on"]), (&end.0, &end.1));
    let deadline = office.browser.get(&format!("{path}/deadline"), &applicant).await.granted();
    assert_eq!((&deadline["due_at"], &deadline["due_on"]), (&end.0, &end.1));
    let explanation = &deadline["explanation"];
    assert_eq!(explanation["due_on"], end.1);
    let text = |language: &str| explanation["text"][language].as_str().unwrap();
    assert!(text("vi").contains("đến hết ngày 30/11/2026."), "{}", text("vi"));
    assert!(text("en").contains("to the end of 30 November 2026."), "{}", text("en"));
    assert_eq!(explanation["spans"][0]["when"]["vi"], "20/11/2026");
    let obligations = format!("{}/obligations", in_register(&path));
    let open = office.browser.get(&obligations, &office.clerk()).await.granted();
    let deadline = open.as_array().unwrap().iter().find(|o| o["kind"] == "deadline").unwrap();
    assert_eq!(deadline["due_on"], end.1);
}

#[tokio::test]
async fn a_day_off_by_law_counts_as_one_before_it_is_announced() {
    let mut office = Office::open().await;
    office.wait_until("2026-12-29T09:00").await;
    let applicant = office.applicant("company-1");
    let (path, etag) = submitted(&office.browser, &applicant).await;
    let accept = format!("{path}/acceptance");
    office.browser.post(&accept, &office.clerk(), &etag, json!({})).await.granted();
    office.settle().await;
    let deadline = office.browser.get(&format!("{path}/deadline"), &applicant).await.granted();
    // 30 and 31 December, 4, 5 and 6 January: the first of January is off.
    assert_eq!(deadline["due_on"], "2027-01-06");
    let explanation = &deadline["explanation"];
    assert_eq!(explanation["provisional"], true);
    let text = explanation["text"]["vi"].as_str().unwrap();
    assert!(text.contains("01/01/2027 (Tết Dương lịch (dự kiến))"), "{text}");
}

#[tokio::test]
async fn a_counter_that_is_open_only_in_an_outage_takes_paper_while_one_lasts() {
    let office = Office::open().await;
    let operator = office.token(Role::Operator, "operator-1", "G02");
    let text = include_str!("../../../libs/dossier/procedures/energy_label.yaml");
    let issue = async |text: String| {
        let body = json!({ "kind": "procedure", "text": text });
        office.browser.post("/v1/rules", &operator, "", body).await
    };
    let next = next_version(text);
    let with = |only: &str| {
        let channels = format!("channels: [online, counter]\nonly_in_outage: {only}");
        next.replace("channels: [online]", &channels).replace(
            "    online: { amount: 5, unit: working_days }",
            "    online: { amount: 5, unit: working_days }\n    counter: { amount: 5, unit: working_days }",
        )
    };
    for wrong in ["[post]", "[online, counter]"] {
        let answer = issue(with(wrong)).await;
        assert_eq!(answer.refused(), (422, "rules-invalid"), "{wrong}");
    }
    issue(with("[counter]")).await.granted();
    let clerk = office.token(Role::Clerk, "clerk-2", "G02.002");
    let mut paper = energy_label(&office.browser, &clerk).await;
    paper["channel"] = json!("counter");
    paper["applicant"] = json!("company-1");
    let refused = submit(&office, &clerk, paper.clone()).await;
    assert_eq!(refused.refused(), (409, "channel-only-in-outage"));
    let outage = json!({
        "agency": "G02", "channels": ["online"], "from": "2026-11-20T08:30:00+07:00",
        "planned": false, "notice_at": "2026-11-20T08:45:00+07:00", "reason": "Đứt cáp quang",
    });
    let declared = office.browser.post("/v1/outages", &operator, "", outage).await;
    let (etag, outage) = (declared.etag(), declared.granted());
    submit(&office, &clerk, paper.clone()).await.granted();
    let end = format!("/v1/outages/{}/end", outage["id"].as_str().unwrap());
    let over = json!({ "to": "2026-11-20T09:00:00+07:00" });
    office.browser.post(&end, &operator, &etag, over).await.granted();
    let refused = submit(&office, &clerk, paper).await;
    assert_eq!(refused.refused(), (409, "channel-only-in-outage"));
}
