//! What is taken as a document: media types as the standard writes them, content as readers accept it, digests as promised.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dossier::contract::Role;
use http::Method;
use serde_json::json;
use sha2::{Digest, Sha256, Sha512};

use crate::support::{Answer, Office, energy_label, submitted};

async fn upload(office: &Office, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let (applicant, key) = (office.applicant("a1"), office.browser.key());
    office.browser.upload_as(&applicant, &key, headers, body.to_vec()).await
}

fn stored(office: &Office) -> usize {
    let files = std::fs::read_dir(office.documents()).unwrap().flatten();
    files.filter(|file| file.path().is_file()).count()
}

#[tokio::test]
async fn media_types_are_compared_as_the_standard_says_and_content_as_readers_do() {
    let office = Office::open().await;
    let late = [&[b'\n'; 900][..], b"%PDF-1.4"].concat();
    let utf16: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (written, body, meant) in [
        ("Application/PDF", &b"%PDF-1.7"[..], "application/pdf"),
        ("application/pdf", b"\xef\xbb\xbf%PDF-1.7", "application/pdf"),
        ("application/pdf;x=1", &late, "application/pdf"),
        (
            "application/xml; charset=utf-8",
            b"\xef\xbb\xbf<?xml version='1.0'?><a/>",
            "application/xml",
        ),
        ("text/xml", b"\n<a/>", "application/xml"),
        ("text/xml;charset=utf-16", &utf16, "application/xml"),
        ("image/jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
    ] {
        let taken = upload(&office, &[("content-type", written)], body).await.granted();
        assert_eq!(taken["media_type"], meant, "{written}");
    }
    for unknown in ["text/html", "application/json", "application/pdfx", ""] {
        let refused = upload(&office, &[("content-type", unknown)], b"%PDF-1.7").await;
        assert_eq!(refused.refused(), (415, "media-type"), "{unknown}");
        for accepted in ["application/pdf", "image/png", "image/jpeg", "application/xml"] {
            assert!(
                refused.body["detail"].as_str().unwrap().contains(accepted),
                "{}",
                refused.body
            );
        }
    }
    let before = stored(&office);
    for (written, body) in [
        ("application/pdf", &b"<a/>"[..]),
        ("text/xml", b"%PDF-1.7"),
        ("image/png", b"\xff\xd8\xff\xe0"),
        ("image/jpeg", b"\xff"),
    ] {
        let refused = upload(&office, &[("content-type", written)], body).await;
        assert_eq!(refused.refused(), (422, "document-invalid"), "{written}");
    }
    assert_eq!(stored(&office), before, "nothing of them stays");
}

#[tokio::test]
async fn a_promised_digest_is_kept_or_nothing_is_stored() {
    let office = Office::open().await;
    let body = b"%PDF-1.7 promised";
    let sha256 = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)));
    let sha512 = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(body)));
    let wrong = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(b"other")));
    let send = async |digests: &[&str]| {
        let mut headers = vec![("content-type", "application/pdf")];
        headers.extend(digests.iter().map(|digest| ("content-digest", *digest)));
        upload(&office, &headers, body).await
    };
    for (digests, status) in [
        (&[&*wrong][..], 422),
        (&[&format!("{sha256}, {wrong}")], 422),
        (&[&sha256, &wrong], 422),
        (&["sha-256=::"], 400),
        (&["sha-256"], 400),
        (&["no dictionary :"], 400),
    ] {
        assert_eq!(send(digests).await.refused().0, status, "{digests:?}");
        assert_eq!(stored(&office), 0, "{digests:?} has left a file");
    }
    for digests in [
        &[&*sha256][..],
        &[&sha512],
        &[&format!("{sha512}, {sha256}")],
        &["unixsum=:AA==:", &sha256],
        &["md5=:AAAA:"],
    ] {
        let taken = send(digests).await.granted();
        let said = taken["sha256"].as_str().unwrap();
        assert_eq!(said.len(), 64);
        let digest = Sha256::digest(body);
        assert!(
            digest.iter().map(|byte| format!("{byte:02x}")).eq(said
                .as_bytes()
                .chunks(2)
                .map(|byte| String::from_utf8_lossy(byte).into_owned()))
        );
    }
    assert_eq!(stored(&office), 10, "five documents and their records");
}

#[tokio::test]
async fn an_address_with_a_slash_behind_it_has_the_same_limits() {
    let office = Office::open().await;
    let authorization = format!("Bearer {}", office.applicant("a1"));
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/pdf"),
        ("idempotency-key", "k"),
    ];
    let large = [&b"%PDF-1.7"[..], &vec![b' '; 600_000]].concat();
    for path in ["/v1/documents", "/v1/documents/"] {
        let answer = office.browser.send(Method::POST, path, &headers, large.clone()).await;
        assert_eq!(answer.unwrap().granted()["bytes"], large.len(), "{path}");
    }
}

#[tokio::test]
async fn an_officer_who_is_an_applicant_as_well_uploads_for_the_agency() {
    let office = Office::open().await;
    let (address, _) = submitted(&office.browser, &office.applicant("a1")).await;
    let both = [Role::Applicant, Role::Clerk];
    let officer = office.token_for(&both, "c1", "G02.002", None);
    let colleague = office.token(Role::Clerk, "c2", "G02.002");
    let signed = office.browser.upload(&officer, "signed").await;
    let result = address.replace("dossiers", "deliveries") + "/result";
    let body = json!({ "number": "1/2026", "document": signed });
    let answer = office.browser.post(&result, &colleague, "\"1\"", body).await;
    assert_ne!(answer.problem(), "unknown-document", "{}", answer.body);
}

#[tokio::test]
async fn the_same_upload_for_another_firm_is_another_document() {
    let office = Office::open().await;
    let acting = |firm: &str| office.token_for(&[Role::Applicant], "u1", "", Some(firm));
    let colleague = office.token_for(&[Role::Applicant], "u2", "", Some("firm-1"));
    let mut names = Vec::new();
    for firm in ["firm-1", "firm-2", "firm-1"] {
        let pdf = b"%PDF-1.7 the same".to_vec();
        let headers = [("content-type", "application/pdf")];
        let answer = office.browser.upload_as(&acting(firm), "k", &headers, pdf).await;
        names.push(answer.granted()["document"].clone());
    }
    assert!(names[0] == names[2] && names[0] != names[1], "{names:?}");
    // The first firm's people still have theirs.
    let mut body = energy_label(&office.browser, &colleague).await;
    body["documents"][0]["document"] = names[0].clone();
    office.browser.post("/v1/dossiers", &colleague, "", body).await.granted();
}
