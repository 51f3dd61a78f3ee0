//! Papers through HTTP: as data and as PDF, the same bytes for everybody who may read them.

use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use http::{Method, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::life::{Certificate, pay, submitted, take};
use crate::parcels::{hand, issued, say};
use crate::support::{Office, at};

/// The text of a PDF by `pdftotext`; `None` if that is not installed.
pub(crate) fn text_of(pdf: &[u8]) -> Option<String> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut command = Command::new("pdftotext");
    command.args(["-layout", "-enc", "UTF-8", "-", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut run = command.spawn().ok()?;
    run.stdin.take().unwrap().write_all(pdf).unwrap();
    Some(String::from_utf8(run.wait_with_output().unwrap().stdout).unwrap())
}

async fn pdf(office: &Office, path: &str, token: &str) -> Vec<u8> {
    let (status, headers, bytes) = office.browser.raw(path, token, "application/pdf").await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
    assert_eq!(headers["content-type"], "application/pdf");
    assert_eq!(headers["vary"], "Accept, Accept-Language");
    assert!(headers["content-disposition"].to_str().unwrap().ends_with(".pdf\""));
    assert!(bytes.starts_with(b"%PDF-"));
    bytes
}

async fn accepted(office: &mut Office) -> Certificate {
    let certificate = submitted(office, "a1", "post").await;
    pay(office, &certificate).await;
    let clerk = office.clerk();
    take(office, &certificate.at("dossiers"), "acceptance", &clerk, json!({})).await.granted();
    certificate
}

#[tokio::test]
async fn the_clerk_prints_the_slip_of_the_acceptance_and_the_applicant_loads_the_same_bytes() {
    let mut office = Office::open().await;
    let certificate = accepted(&mut office).await;
    let slips = format!("{}/slips", certificate.at("dossiers"));
    let (clerk, applicant) = (office.clerk(), certificate.applicant.clone());
    let listed = office.browser.get(&slips, &clerk).await.granted();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(
        (&listed[0]["form"], &listed[0]["comparison"], &listed[0]["subject"]),
        (&json!("receipt"), &json!("same"), &json!("clerk-1"))
    );
    let theirs = office.browser.get(&slips, &applicant).await.granted();
    assert_eq!((theirs[0].get("subject"), &theirs[0]["role"]), (None, &json!("clerk")));

    let path = format!("{slips}/{}", listed[0]["slip"].as_str().unwrap());
    let slip = office.browser.get_vietnamese(&path, &applicant).await.granted();
    assert_eq!(slip["issued_sha256"], slip["sha256"]);
    assert_eq!(slip["data"]["applicant_name"], "Công ty Dệt");
    let text = slip["text"].as_str().unwrap();
    assert!(text.contains("GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ"), "{text}");
    let (printed, loaded) =
        (pdf(&office, &path, &clerk).await, pdf(&office, &path, &applicant).await);
    assert_eq!(printed, loaded);
    if let Some(text) = text_of(&loaded) {
        for words in ["Công ty Dệt", "GIẤY TIẾP NHẬN", "Mã hồ sơ", "NGƯỜI TIẾP NHẬN HỒ SƠ"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    let stranger = office.applicant("a2");
    for path in [&slips, &path] {
        assert_eq!(office.browser.get(path, &stranger).await.refused(), (404, "not-found"));
        let cashier = office.token(Role::Cashier, "k1", "G02.001");
        assert_eq!(office.browser.get(path, &cashier).await.status, StatusCode::FORBIDDEN);
    }
    let none = format!("{slips}/{}", certificate.id);
    assert_eq!(office.browser.get(&none, &clerk).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn a_withdrawal_and_a_supplement_request_have_their_slips() {
    let mut office = Office::open().await;
    let certificate = accepted(&mut office).await;
    let (dossier, clerk) = (certificate.at("dossiers"), office.clerk());
    let asked = json!({ "components": ["invoice"], "reason": "Hóa đơn thiếu trang 2" });
    take(&mut office, &dossier, "supplement-requests", &clerk, asked).await.granted();
    let applicant = certificate.applicant.clone();
    take(&mut office, &dossier, "withdrawal", &applicant, json!({})).await.granted();
    let slips = office.browser.get(&format!("{dossier}/slips"), &applicant).await.granted();
    let forms: Vec<&str> =
        slips.as_array().unwrap().iter().map(|slip| slip["form"].as_str().unwrap()).collect();
    assert_eq!(forms, ["receipt", "supplement_request", "stop"]);
    for slip in slips.as_array().unwrap() {
        assert_eq!(slip["comparison"], "same", "{slip}");
    }
    let path = format!("{dossier}/slips/{}", slips[1]["slip"].as_str().unwrap());
    let request = office.browser.get_vietnamese(&path, &applicant).await.granted();
    assert_eq!(request["data"]["reason"], "Hóa đơn thiếu trang 2");
    assert_eq!(request["data"]["missing"][0]["name"], "Hóa đơn thương mại");
}

#[tokio::test]
async fn the_cashier_prints_a_receipt_with_the_amount_in_words() {
    let mut office = Office::open().await;
    let certificate = accepted(&mut office).await;
    let cashier = office.token(Role::Cashier, "k1", "G02.001");
    let payment = office.browser.get(&certificate.at("payments"), &cashier).await.granted();
    let id = payment["receipts"][0]["receipt"].as_str().unwrap();
    let path = format!("{}/receipts/{id}", certificate.at("payments"));
    let receipt = office.browser.get(&path, &cashier).await.granted();
    assert_eq!(receipt["comparison"], "same");
    assert_eq!(
        (&receipt["data"]["phi_vnd"], &receipt["data"]["le_phi_vnd"], &receipt["became"]),
        (&json!(30_000), &json!(0), &Value::Null)
    );
    let text = receipt["text"].as_str().unwrap();
    for words in
        ["Bằng chữ: Ba mươi nghìn đồng", "Số: 00000001", "Công ty Dệt", "Cục Xuất nhập khẩu"]
    {
        assert!(text.to_lowercase().contains(&words.to_lowercase()), "{words}: {text}");
    }
    let printed = pdf(&office, &path, &cashier).await;
    assert_eq!(printed, pdf(&office, &path, &certificate.applicant).await);
    for wrong in ["XNK-26E-2026-2", "XNK-26E-2025-1", "1", "x"] {
        let path = format!("{}/receipts/{wrong}", certificate.at("payments"));
        assert_eq!(
            office.browser.get(&path, &cashier).await.refused(),
            (404, "not-found"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_label_and_the_list_of_the_day_are_for_the_clerk_and_the_carrier_of_the_parcel() {
    let mut office = Office::open().await;
    let certificate = issued(&mut office, "a1").await;
    let label = format!("{}/label", certificate.at("deliveries"));
    let clerk = office.clerk();
    let before = office.browser.get(&label, &clerk).await.granted();
    assert_eq!(
        (&before["data"]["waybill"], &before["data"]["recipient_name"]),
        (&Value::Null, &json!("Trần B"))
    );
    let (post, other) =
        (office.token(Role::Carrier, "vnpost", ""), office.token(Role::Carrier, "viettelpost", ""));
    assert_eq!(office.browser.get(&label, &post).await.refused(), (404, "not-found"));

    let sent = hand(&mut office, &certificate, "vnpost", "EA1VN").await.granted();
    let shown = office.browser.get(&label, &post).await.granted();
    assert_eq!(shown["data"]["reference"], sent["parcel_reference"]);
    assert_eq!(pdf(&office, &label, &clerk).await, pdf(&office, &label, &post).await);
    assert_eq!(office.browser.get(&label, &other).await.refused(), (404, "not-found"));

    office.views().await.unwrap();
    let list = "/v1/parcel-lists?agency=G02.001&carrier=vnpost&day=2026-11-20";
    let listed = office.browser.get(list, &clerk).await.granted();
    assert_eq!(
        (&listed["data"]["count"], &listed["data"]["parcels"][0]["waybill"]),
        (&json!(1), &json!("EA1VN"))
    );
    pdf(&office, list, &post).await;
    assert_eq!(office.browser.get(list, &other).await.refused(), (404, "not-found"));
    let elsewhere = office.token(Role::Clerk, "c9", "G02.002");
    assert_eq!(office.browser.get(list, &elsewhere).await.refused(), (404, "not-found"));
    let next_day = list.replace("2026-11-20", "2026-11-21");
    assert_eq!(office.browser.get(&next_day, &clerk).await.granted()["data"]["count"], 0);

    let named = json!({ "reference": sent["parcel_reference"] });
    say(&mut office, "vnpost", named, "1", "delivered").await.granted();
    assert_eq!(office.browser.get(&label, &post).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn labels_of_several_parcels_are_printed_together_or_it_is_said_which_have_none() {
    let mut office = Office::open().await;
    let (one, other) = (issued(&mut office, "a1").await, issued(&mut office, "a2").await);
    let undecided = accepted(&mut office).await;
    let clerk = office.clerk();
    let ids = |certificates: &[&Certificate]| {
        let ids: Vec<&str> = certificates.iter().map(|one| &*one.id).collect();
        format!("/v1/deliveries/labels?dossiers={}", ids.join(","))
    };
    let some = ids(&[&other, &undecided, &one]);
    let listed = office.browser.get(&some, &clerk).await.granted();
    assert_eq!((&listed["succeeded"], &listed["refused"]), (&json!(2), &json!(1)));
    let outcomes = listed["outcomes"].as_array().unwrap();
    let statuses: Vec<_> = outcomes.iter().map(|one| one["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 404, 200]);
    let single = format!("{}/label", other.at("deliveries"));
    let single_label = office.browser.get(&single, &clerk).await.granted();
    assert_eq!(outcomes[0]["label"], single_label);
    // Nothing is printed with one missing.
    let bearer = format!("Bearer {clerk}");
    let headers = [("authorization", &*bearer), ("accept", "application/pdf")];
    let refused = office.browser.send(Method::GET, &some, &headers, Vec::new()).await.unwrap();
    assert_eq!(refused.refused(), (400, "query-invalid"));
    assert!(refused.body.to_string().contains(&undecided.id), "{}", refused.body);
    let both = pdf(&office, &ids(&[&other, &one]), &clerk).await;
    let alone = pdf(&office, &single, &clerk).await;
    let count = |pdf: &[u8], part: &[u8]| pdf.windows(part.len()).filter(|w| *w == part).count();
    assert_eq!((count(&both, b"/MediaBox"), count(&alone, b"/MediaBox")), (2, 1));
    assert_eq!(pdf(&office, &ids(&[&other]), &clerk).await, alone);

    let elsewhere = office.token(Role::Clerk, "c9", "G02.002");
    assert_eq!(office.browser.get(&some, &elsewhere).await.refused(), (404, "not-found"));
    let twice = office.browser.get(&ids(&[&one, &one]), &clerk).await;
    assert_eq!(twice.refused(), (400, "query-invalid"));
    let many = ids(&[&one; 101]);
    assert_eq!(office.browser.get(&many, &clerk).await.refused(), (400, "query-invalid"));
    office.settle().await;
    office.views().await.unwrap();
    let reads = format!("/v1/register/dossiers/{}/reads", one.id);
    let reads = office.browser.get(&reads, &one.applicant).await.granted();
    assert!(reads.to_string().contains("get_parcel_labels"), "{reads}");
}

#[tokio::test]
async fn the_letter_the_control_slip_and_the_register_follow_the_dossier() {
    let mut office = Office::open().await;
    let undecided = accepted(&mut office).await;
    let letter = format!("{}/letter", undecided.at("reviews"));
    assert_eq!(office.browser.get(&letter, &office.clerk()).await.refused(), (404, "not-found"));

    let certificate = issued(&mut office, "a2").await;
    let letter = format!("{}/letter", certificate.at("reviews"));
    let theirs = office.browser.get_vietnamese(&letter, &certificate.applicant).await.granted();
    assert_eq!(
        (&theirs["data"]["outcome"], &theirs["template"]),
        (&json!("approved"), &json!("letter-approval"))
    );
    pdf(&office, &letter, &certificate.applicant).await;
    assert_eq!(
        office.browser.get(&letter, &undecided.applicant).await.refused(),
        (404, "not-found")
    );

    office.views().await.unwrap();
    let clerk = office.token(Role::Clerk, "c1", "G02.001");
    let control = format!("/v1/register/dossiers/{}/control-slip", certificate.id);
    let slip = office.browser.get(&control, &clerk).await.granted();
    let steps: Vec<&str> = slip["data"]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    let digest = slip["sha256"].clone();
    for step in ["Nộp hồ sơ", "Nhận thụ lý", "Phê duyệt kết quả"] {
        assert!(steps.contains(&step), "{step}: {steps:?}");
    }
    pdf(&office, &control, &clerk).await;
    // Its digest is recorded with the read that printed it, and not with that of the data.
    office.settle().await;
    office.views().await.unwrap();
    let reads = format!("/v1/register/dossiers/{}/reads", certificate.id);
    let reads = office.browser.get(&reads, &certificate.applicant).await.granted();
    let reads = reads.as_array().unwrap().iter().filter(|r| r["operation"] == "get_control_slip");
    let printed: Vec<&Value> = reads.map(|read| &read["papers"]).collect();
    let paper = json!([{ "template": slip["template"], "template_version": slip["template_version"],
        "sha256": digest }]);
    assert_eq!(printed, [&paper, &Value::Null], "the newest first");
    assert_eq!(
        office.browser.get(&control, &certificate.applicant).await.status,
        StatusCode::FORBIDDEN
    );

    let book = "/v1/register/book?from=2026-11-01&to=2026-11-30&limit=1";
    let answer = office.browser.get(book, &clerk).await;
    let link = answer.header("link");
    let first = answer.granted();
    assert_eq!((&first["data"]["count"], &first["data"]["agency"]), (&json!(1), &json!("G02.001")));
    let next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    let second = office.browser.get(&next, &clerk).await.granted();
    assert_ne!(first["data"]["dossiers"][0]["code"], second["data"]["dossiers"][0]["code"]);
    assert_eq!(second["data"]["dossiers"][0]["applicant_name"], "Công ty Dệt");
    pdf(&office, book, &clerk).await;
    let elsewhere = "/v1/register/book?agency=G02.002&from=2026-11-01&to=2026-11-30";
    assert_eq!(office.browser.get(elsewhere, &clerk).await.refused(), (404, "not-found"));
}

#[tokio::test]
async fn a_dossier_that_was_withdrawn_at_the_time_of_its_decision_has_no_letter() {
    let mut office = Office::open().await;
    let certificate = accepted(&mut office).await;
    let (dossier, review) = (certificate.at("dossiers"), certificate.at("reviews"));
    let reviewer = office.token(Role::Reviewer, "r1", "G02.001");
    let approver = office.token(Role::Approver, "head", "G02");
    take(&mut office, &review, "claim", &reviewer, json!({})).await.granted();
    let done = json!({ "activity": "appraisal" });
    take(&mut office, &review, "activities", &reviewer, done).await.granted();
    let proposal = json!({ "outcome": "approved", "reason": "origin proven" });
    let proposed = take(&mut office, &review, "decision-proposals", &reviewer, proposal).await;
    let proposal = json!({ "proposal": proposed.granted()["proposal"]["proposal"] });
    let (clerk, applicant) = (office.clerk(), certificate.applicant.clone());
    // The withdrawal is recorded before intake has recorded the decision.
    let etag = office.browser.get(&review, &approver).await.etag();
    let path = format!("{review}/decision");
    office.browser.post(&path, &approver, &etag, proposal).await.granted();
    let etag = office.browser.get(&dossier, &applicant).await.etag();
    let path = format!("{dossier}/withdrawal");
    office.browser.post(&path, &applicant, &etag, json!({})).await.granted();
    office.settle().await;
    let letter = format!("{review}/letter");
    for who in [&applicant, &clerk] {
        assert_eq!(office.browser.get(&letter, who).await.refused(), (404, "not-found"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_that_is_not_what_was_issued_is_a_defect_and_an_erased_one_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.sqlite");
    let open = |path| EventStore::sqlite(path, SqliteOptions::default()).unwrap();
    let mut office = Office::open_with(open(&log), at("2026-11-20T09:00")).await;
    let certificate = accepted(&mut office).await;
    let original = Connection::open(&log).unwrap();
    // A copy of the log with another value in the form.
    let copy = |name: &str, value: &str| {
        let path = folder.path().join(name);
        original.execute("VACUUM INTO ?1", [path.display().to_string()]).unwrap();
        let set = format!(
            "UPDATE events SET data = json_set(data, {value}) WHERE kind = 'intake.DossierSubmitted.v1'"
        );
        assert_eq!(Connection::open(&path).unwrap().execute(&set, []).unwrap(), 1);
        path
    };
    let slips = format!("{}/slips", certificate.at("dossiers"));
    let changed = copy("changed.sqlite", "'$.form.\"$personal\".exporter.name', 'Another'");
    let changed = Office::open_with(open(&changed), at("2026-11-20T10:00")).await;
    let applicant = changed.applicant("a1");
    let listed = changed.browser.get(&slips, &applicant).await.granted();
    assert_eq!(listed[0]["comparison"], "differs");
    let path = format!("{slips}/{}", listed[0]["slip"].as_str().unwrap());
    assert_eq!(changed.browser.get(&path, &applicant).await.refused(), (500, "internal"));

    let erased = copy("erased.sqlite", "'$.form', json('{\"$personal\":null}')");
    let erased = Office::open_with(open(&erased), at("2026-11-20T10:00")).await;
    let slip = erased.browser.get(&path, &erased.applicant("a1")).await.granted();
    let name = &slip["data"]["applicant_name"];
    assert_eq!((&slip["comparison"], name), (&json!("erased"), &json!("[đã xóa]")));
}

#[tokio::test]
async fn slips_and_letters_are_translated_for_those_who_ask_for_english() {
    let mut office = Office::open().await;
    let certificate = issued(&mut office, "a1").await;
    let slips = format!("{}/slips", certificate.at("dossiers"));
    let applicant = certificate.applicant.clone();
    let listed = office.browser.get(&slips, &applicant).await.granted();
    let slip = format!("{slips}/{}", listed[0]["slip"].as_str().unwrap());
    let letter = format!("{}/letter", certificate.at("reviews"));
    for (path, heading) in [(&slip, "RECEIPT OF THE DOSSIER"), (&letter, "NOTICE OF THE DECISION")]
    {
        let vietnamese = office.browser.get_vietnamese(path, &applicant).await.granted();
        assert_eq!(vietnamese["language"], "vi");
        let answer = office.browser.get(path, &applicant).await;
        assert_eq!(answer.header("vary"), "Accept, Accept-Language");
        let english = answer.granted();
        assert_eq!(english["language"], "en");
        let text = english["text"].as_str().unwrap();
        for words in [heading, "it alone governs", "Công ty Dệt", "20 November 2026"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        for field in ["issued_sha256", "comparison"] {
            assert_eq!(english[field], vietnamese[field], "{path}: {field}");
        }
    }
    // The label has no translation.
    let label = format!("{}/label", certificate.at("deliveries"));
    assert_eq!(office.browser.get(&label, &applicant).await.granted()["language"], "vi");
}
