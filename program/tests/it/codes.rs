//! Lists of codes: those that ship, and those of an agency as the guide writes them.

use dossier::contract::Role;
use dossier::law::next_version;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Office};

/// The examples of the guide.
fn guide(id: &str) -> String {
    let text = include_str!("../../../docs/codes.md");
    let mut blocks = text.split("```yaml\n").filter_map(|block| block.split("```").next());
    let begins = format!("id: {id}\n");
    blocks.find(|block| block.starts_with(&begins)).unwrap().to_owned()
}

/// Energy labelling whose form asks for places and goods besides.
fn procedure(fields: &Value) -> String {
    const LABEL: &str = include_str!("../../../libs/dossier/procedures/energy_label.yaml");
    let text = next_version(LABEL).replace("issued: 2025-12-01", "issued: 2026-11-20");
    let mut file: Value = serde_yaml_ng::from_str(&text).unwrap();
    file["effective"]["from"] = json!("2026-11-20");
    for (name, field) in fields.as_object().unwrap() {
        file["form"]["properties"][name] = field.clone();
    }
    file.to_string()
}

async fn file(office: &Office, fields: &Value, language: &str) -> Answer {
    let applicant = office.applicant("company-1");
    let mut body = crate::support::energy_label(&office.browser, &applicant).await;
    for (name, field) in fields.as_object().unwrap() {
        body["form"][name] = field.clone();
    }
    let (authorization, key) = (format!("Bearer {applicant}"), office.browser.key());
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/json"),
        ("idempotency-key", &key),
        ("accept-language", language),
    ];
    let body = body.to_string().into_bytes();
    office.browser.send(Method::POST, "/v1/dossiers", &headers, body).await.unwrap()
}

fn errors(answer: &Answer) -> Vec<(String, String)> {
    let text = |error: &Value, field: &str| error[field].as_str().unwrap().to_owned();
    let errors = answer.body["errors"].as_array().unwrap().iter();
    let mut errors: Vec<_> =
        errors.map(|error| (text(error, "pointer"), text(error, "detail"))).collect();
    errors.sort();
    errors
}

#[tokio::test]
async fn an_agency_issues_lists_of_its_own_as_the_guide_says_and_forms_refer_to_them() {
    let office = Office::open().await;
    for id in ["communes", "controlled-goods"] {
        crate::law::issue(&office, "codes", &guide(id)).await.granted();
    }
    let place = json!({ "type": "string", "x-code-list": "communes" });
    let goods = json!({ "type": "string", "x-code-list": "controlled-goods" });
    let fields = json!({
        "places": { "type": "array", "items": { "oneOf": [
            { "type": "object", "properties": { "commune": place } },
            { "type": "string" },
        ] } },
        "moved_from": { "type": "string", "x-code-list": { "list": "communes", "ended": "accepted" } },
        "goods": { "allOf": [goods] },
        "sold_from": { "type": "string", "format": "date", "x-not-before": "filing" },
    });
    crate::law::issue(&office, "procedure", &procedure(&fields)).await.granted();
    let right = json!({
        "places": [{ "commune": "00004" }, "elsewhere"], "moved_from": "00001", "goods": "85395210",
        "sold_from": "2026-11-20",
    });
    let filed = file(&office, &right, "en").await.granted();
    assert_eq!(filed["succeeded_codes"][0]["successor"], "00004", "{filed}");
    let wrong = json!({
        "places": ["elsewhere", { "commune": "00001" }], "goods": "77012345", "sold_from": "2026-11-19",
    });
    let refused = file(&office, &wrong, "vi").await;
    assert_eq!(refused.refused(), (422, "form-invalid"));
    let found = errors(&refused);
    let [goods, place, day] = &found[..] else { panic!("{}", refused.body) };
    assert_eq!(
        [&*goods.0, &*place.0, &*day.0],
        ["/form/goods", "/form/places/1/commune", "/form/sold_from"]
    );
    assert!(place.1.contains("nay là `00004`"), "{place:?}");
    assert!(day.1.contains("19/11/2026") && day.1.contains("20/11/2026"), "{day:?}");
    let refused = file(&office, &wrong, "en").await;
    assert!(errors(&refused)[2].1.contains("19 November 2026"), "{}", refused.body);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_told_in_the_language_of_the_reader() {
    let office = Office::open().await;
    let wrong = json!({ "stars": 9, "model": "", "surprise": 1 });
    let vi: Vec<String> =
        errors(&file(&office, &wrong, "vi").await).into_iter().map(|error| error.1).collect();
    assert!(vi.iter().any(|said| said == "không được lớn hơn 5"), "{vi:?}");
    assert!(vi.iter().any(|said| said == "không được để trống"), "{vi:?}");
    assert!(vi.iter().any(|said| said == "mẫu tờ khai không có trường này"), "{vi:?}");
    let en = errors(&file(&office, &wrong, "en").await);
    assert!(en.iter().any(|error| error.0 == "/form/surprise"), "{en:?}");
    assert!(en.iter().all(|error| error.1.is_ascii()), "{en:?}");
}

#[tokio::test]
async fn countries_and_provinces_ship_with_their_days_and_successors() {
    let office = Office::open().await;
    let law = office.engine.law();
    let list = |id| law.code_list(id, office.engine.clock.now()).unwrap();
    let day = |text: &str| text.parse().unwrap();
    let (countries, provinces) = (list("countries"), list("provinces"));
    let on = |list: &dossier::law::CodeList, date| {
        list.entries.iter().filter(|entry| entry.effective.contains(date)).count()
    };
    assert_eq!(on(countries, day("2026-11-20")), 249);
    assert_eq!(countries.on("VN", day("2026-11-20")).unwrap().name.vi, "Việt Nam");
    assert_eq!(countries.successor("YU", day("2026-11-20")), Some("RS"));
    assert_eq!(countries.successor("AN", day("2026-11-20")), None, "it came apart");
    assert_eq!((on(provinces, day("2025-06-30")), on(provinces, day("2025-07-01"))), (63, 34));
    assert_eq!(provinces.successor("62", day("2026-11-20")), Some("51"), "Kon Tum, Quảng Ngãi");
    assert_eq!(provinces.on("24", day("2025-06-30")).unwrap().name.vi, "Tỉnh Bắc Giang");
    assert_eq!(provinces.on("24", day("2025-07-01")).unwrap().name.vi, "Tỉnh Bắc Ninh");
    for entry in &provinces.entries {
        let ended = entry.effective.to.is_some();
        assert_eq!(entry.successor.is_some(), ended, "{}: what ended went somewhere", entry.code);
    }
}

#[tokio::test]
async fn a_procedure_that_ships_promises_a_document_and_is_not_issued_without_it() {
    let mut office = Office::open().await;
    let certificate = crate::payment::multi_level(&mut office).await;
    let cashier = office.token(Role::Cashier, "k1", "G02.003");
    let payments = certificate.at("payments");
    let owed = office.browser.get(&payments, &cashier).await.granted()["outstanding_vnd"].clone();
    let cash = json!({ "amount_vnd": owed });
    crate::life::take(&mut office, &payments, "cash", &cashier, cash).await.granted();
    let (review, delivery) = (certificate.at("reviews"), certificate.at("deliveries"));
    let [reviewer, head] = [(Role::Reviewer, "r1"), (Role::Approver, "h1")]
        .map(|(role, who)| office.token(role, who, "G02.003"));
    crate::life::take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let done = json!({ "activity": "appraisal" });
    crate::life::take(&mut office, &review, "activities", &reviewer, done).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "complete" });
    let proposed =
        crate::life::take(&mut office, &review, "decision-proposals", &reviewer, proposal).await;
    let proposal = json!({ "proposal": proposed.granted()["proposal"]["proposal"] });
    crate::life::take(&mut office, &review, "decision", &head, proposal).await.granted();
    let without = crate::life::take(&mut office, &delivery, "result", &head, json!({})).await;
    assert_eq!(without.refused(), (422, "result-document-missing"));
    let document = office.browser.upload(&head, "the certificate").await;
    let signed = json!({ "document": document });
    let issued = crate::life::take(&mut office, &delivery, "result", &head, signed).await.granted();
    assert_eq!(issued["number"], "1/2026/G02.003-KQ.G02.000501", "nothing was taken in vain");
}
