//! Dossiers are found by words, through HTTP, and no file of a read model has the words.

use std::path::Path;

use dossier::contract::Role;
use http::Method;
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::life::{pay, submitted, take};
use crate::parcels::{hand, issued};
use crate::support::{Answer, Browser, Office, token};

async fn asked(browser: &Browser, token: &str, query: &[(&str, &str)]) -> Answer {
    let query = serde_urlencoded::to_string(query).unwrap();
    browser.get(&format!("/v1/register/dossiers?{query}"), token).await
}

/// The ids of the dossiers that are found.
async fn found(office: &Office, token: &str, q: &str) -> Vec<String> {
    let rows = asked(&office.browser, token, &[("q", q)]).await.granted();
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn an_officer_finds_a_dossier_by_what_people_have_at_hand() {
    let mut office = Office::open().await;
    let certificate = issued(&mut office, "a1").await;
    hand(&mut office, &certificate, "vnpost", "EA123456789VN").await.granted();
    let clerk = office.clerk();
    let dossier = office.browser.get(&certificate.at("dossiers"), &clerk).await.granted();
    let payment = office.browser.get(&certificate.at("payments"), &clerk).await;
    let code = dossier["code"].as_str().unwrap();
    let compact = code.replace(['.', '-'], "").to_lowercase();
    for q in [
        code,
        &compact,
        &code.replace('-', " "),
        &certificate.id,
        code.rsplit('-').next().unwrap(),
        // Exporter.
        "Công ty Dệt",
        "cong ty det",
        "det cong",
        "dệ",
        "0101234565",
        "0101",
        "4565",
        // Recipient.
        "Trần B",
        "tran b",
        "0901234567",
        "090 123 4567",
        "+84 901 234 567",
        "4567",
        // Result and waybill.
        "VN-a1",
        "vna1",
        "EA123456789VN",
        "EA 123 456 789 VN",
        "9vn vna",
    ] {
        let expected: &[&str] = if q == "9vn vna" { &[] } else { &[&certificate.id] };
        assert_eq!(found(&office, &clerk, q).await, expected, "{q}");
    }
    if let Some(symbol) = payment.body["receipts"][0]["symbol"].as_str() {
        for q in [format!("{symbol} 0000001"), "0000001".to_owned()] {
            assert_eq!(found(&office, &clerk, &q).await, [&*certificate.id], "{q}");
        }
    }
    // Neither free texts nor addresses are indexed.
    for q in ["origin proven", "cotton", "Nam Định", "Bà Trưng", "zz", "0101234566"] {
        assert_eq!(found(&office, &clerk, q).await, [""; 0], "{q}");
    }
}

#[tokio::test]
async fn everybody_finds_what_they_may_read_and_nothing_else() {
    let mut office = Office::open().await;
    let one = submitted(&mut office, "a1", "download").await;
    let other = submitted(&mut office, "a2", "download").await;
    let both = [&*other.id, &*one.id];
    assert_eq!(found(&office, &office.clerk(), "det").await, both, "the newest first");
    let below = office.token(Role::Reviewer, "r1", "G02.001");
    assert_eq!(found(&office, &below, "det").await, both);
    for elsewhere in ["G02.002", "G02.0", "G03", "G02.001.1"] {
        let officer = office.token(Role::Clerk, "c9", elsewhere);
        assert_eq!(found(&office, &officer, "det").await, [""; 0], "{elsewhere}");
    }
    let operator = office.token(Role::Operator, "op", "");
    let cashier = office.token(Role::Cashier, "ca", "G02.001");
    let dossier = office.browser.get(&one.at("dossiers"), &office.clerk()).await.granted();
    // Who does not read the form finds nothing by it, also not together with the code.
    for reader in [&operator, &cashier] {
        let code = dossier["code"].as_str().unwrap();
        assert_eq!(found(&office, reader, code).await, [&*one.id]);
        for q in ["det".to_owned(), "0101234565".to_owned(), format!("{code} det")] {
            assert_eq!(found(&office, reader, &q).await, [""; 0], "{q}");
        }
    }
    assert_eq!(found(&office, &one.applicant, "det").await, [&*one.id]);
    assert_eq!(found(&office, &office.applicant("a3"), "det").await, [""; 0]);
    let for_one = office.token_for(&[Role::Applicant], "a3", "", Some("a1"));
    assert_eq!(found(&office, &for_one, "det").await, [&*one.id]);
    // No officer finds a dossier of their own, nor one of whom they act for.
    for (who, firm) in [("a1", None), ("r9", Some("a1"))] {
        let officer = office.token_for(&[Role::Reviewer], who, "G02.001", firm);
        assert_eq!(found(&office, &officer, "det").await, [&*other.id]);
    }
    let auditor = office.token(Role::Auditor, "au", "G02");
    let narrow = [("q", "det"), ("agency", "G02.002")];
    assert_eq!(asked(&office.browser, &auditor, &narrow).await.granted(), json!([]));
    let beyond = asked(&office.browser, &below, &[("q", "det"), ("agency", "G02")]).await;
    assert!(beyond.status.is_client_error(), "{}", beyond.body);
    let carrier = office.token(Role::Carrier, "vnpost", "");
    assert_eq!(asked(&office.browser, &carrier, &[("q", "det")]).await.refused().0, 403);
    let nobody = office.browser.get("/v1/register/dossiers?q=det", "").await;
    assert_eq!(nobody.refused().0, 401);
}

#[tokio::test]
async fn a_corrected_form_is_found_by_its_new_words_alone() {
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "download").await;
    pay(&mut office, &certificate).await;
    let (clerk, dossier) = (office.clerk(), certificate.at("dossiers"));
    let needs = json!({ "components": [], "reason": "the exporter's name" });
    take(&mut office, &dossier, "supplement-requests", &clerk, needs).await.granted();
    let mut form = office.browser.get(&dossier, &clerk).await.granted()["form"].clone();
    form["exporter"]["name"] = json!("Xí nghiệp Thêu");
    let body = json!({ "form": form });
    take(&mut office, &dossier, "supplements", &certificate.applicant, body).await.granted();
    for q in ["xi nghiep theu", "theu 0101234565", "0101234565"] {
        assert_eq!(found(&office, &clerk, q).await, [&*certificate.id], "{q}");
    }
    assert_eq!(found(&office, &clerk, "det").await, [""; 0]);
}

#[tokio::test]
async fn pages_follow_one_another_and_what_is_wrong_with_a_query_is_told() {
    let mut office = Office::open().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.insert(0, submitted(&mut office, &format!("a{n}"), "download").await.id);
    }
    let (clerk, mut seen, mut pages) = (office.clerk(), Vec::new(), 0);
    let mut address = "/v1/register/dossiers?q=d%E1%BB%87t&limit=2".to_owned();
    while !address.is_empty() {
        let page = office.browser.get(&address, &clerk).await;
        let next = page.header("link");
        address = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
        let rows = page.granted();
        seen.extend(rows.as_array().unwrap().iter().map(|row| row["id"].clone()));
        pages += 1;
    }
    assert_eq!((seen, pages), (ids.iter().map(|id| json!(id)).collect(), 3));
    let nine = "a b c d e f g h ij";
    let long = "x".repeat(101);
    for q in ["", "a", "a b", "--", "%", nine, &long] {
        let answer = asked(&office.browser, &clerk, &[("q", q)]).await;
        assert_eq!(answer.refused(), (400, "query-invalid"), "{q}");
        assert_eq!(answer.body["errors"][0]["parameter"], "q", "{q}");
    }
    // No query is an expression of the index.
    for q in ["det OR cong", "\"det\"", "det*", "NEAR(det cong)", "det AND -", "tokens:det", "'--;"]
    {
        let answer = asked(&office.browser, &clerk, &[("q", q)]).await;
        assert!(answer.status.is_success() || answer.status == 400, "{q}: {}", answer.body);
    }
    let next = "/v1/register/dossiers?q=cong&limit=2&after=3.x";
    assert_eq!(office.browser.get(next, &clerk).await.refused(), (400, "query-invalid"));
}

#[tokio::test]
async fn a_complaint_is_found_by_its_number_and_by_who_complains() {
    let mut office = Office::open().await;
    let citizen = office.applicant("c1");
    let complaint = json!({
        "agency": "G02.001", "text": "Nobody answers the phone.", "name": "Lê Cẩm", "address": "Nam Định", "phone": "0902123456",
    });
    let filed = office.browser.post("/v1/complaints", &citizen, "", complaint).await.granted();
    submitted(&mut office, "a1", "download").await;
    let handler = office.token(Role::ComplaintHandler, "h1", "G02");
    let found = async |office: &Office, token: &str, q: &str| {
        let q = q.replace(' ', "%20");
        let address = format!("/v1/register/complaints?q={q}");
        let rows = office.browser.get(&address, token).await.granted();
        rows.as_array().unwrap().len()
    };
    let number = filed["number"].as_str().unwrap().to_owned();
    let compact = number.replace('-', "");
    for q in ["le cam", "cam", "3456", "0902 123 456", &number, &compact] {
        assert_eq!(found(&office, &handler, q).await, 1, "{q}");
        assert_eq!(found(&office, &citizen, q).await, 1, "{q}");
    }
    for role in [Role::Auditor, Role::Operator] {
        let reader = office.token(role, "o1", "G02");
        for q in ["le cam", "3456", &format!("{number} cam")] {
            assert_eq!(found(&office, &reader, q).await, 0, "{q}");
        }
        assert_eq!(found(&office, &reader, &number).await, 1);
    }
    assert_eq!(found(&office, &handler, "nobody answers").await, 0);
    assert_eq!(found(&office, &office.applicant("c2"), "cam").await, 0);
    let elsewhere = office.token(Role::ComplaintHandler, "h2", "G02.002");
    assert_eq!(found(&office, &elsewhere, "cam").await, 0);
    assert_eq!(found(&office, &handler, "det").await, 0, "a dossier is not a complaint");
    let dossiers = asked(&office.browser, &office.clerk(), &[("q", "cam")]).await.granted();
    assert_eq!(dossiers, json!([]), "a complaint is not a dossier");
}

/// All bytes of the files in a folder.
fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| (file.display().to_string(), std::fs::read(&file).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_of_a_read_model_has_a_name_a_telephone_number_or_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data);
    let key = DevelopmentKey::in_folder(&data).unwrap();
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let mut documents = Vec::new();
    for component in ["application", "export_declaration", "invoice"] {
        let document = process.browser.upload(&applicant, component).await;
        documents
            .push(json!({ "component": component, "document": document, "file_name": "don.pdf" }));
    }
    let body = json!({
        "procedure": "CO.D", "agency": "G02.001", "channel": "online", "documents": documents,
        "delivery": { "channel": "post", "address": {
            "name": "Trần Thị Quỳnh", "lines": ["54 Hai Bà Trưng"], "phone": "0901234567" } },
        "form": {
            "exporter": { "name": "Xí nghiệp Thêu Sao", "tax_code": "0101234565", "address": "Nam Định" },
            "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-77",
            "goods": [{ "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t" }],
        },
    });
    let submitted = process.browser.post("/v1/dossiers", &applicant, "", body).await;
    let position = submitted.header("consistency-token");
    let id = submitted.granted()["id"].clone();
    let authorization = format!("Bearer {applicant}");
    let headers = [("authorization", &*authorization), ("consistency-token", &position)];
    for q in ["theu", "tran+quynh", "4567"] {
        let address = format!("/v1/register/dossiers?q={q}");
        let rows = process.browser.send(Method::GET, &address, &headers, Vec::new()).await;
        assert_eq!(rows.unwrap().granted()[0]["id"], id, "{q}");
    }
    process.kill();
    let files = bytes(&data.join("views"));
    let has = |ending: &str| files.iter().any(|(name, _)| name.ends_with(ending));
    assert!(has("search.sqlite") && has("register.sqlite"));
    let submitted: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    assert!(submitted > 10_000, "the files are empty: nothing was tested");
    for text in [
        "Trần",
        "Quỳnh",
        "quynh",
        "Hai Bà",
        "hai ba",
        "901234567",
        "Thêu",
        "theu",
        "Nam Định",
        "nam dinh",
        "0101234565",
        "Siam",
        "siam",
        "INV-77",
    ] {
        for (name, bytes) in &files {
            let is_in = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!is_in, "{name} has `{text}`");
        }
    }
}
