//! The client of the API and its example against the running services.

use dossier::contract::Role;
use dossier_client::types::{
    AcceptDossierRequest, DossierStage, GetPaymentTasksQuery, GetProceduresQuery, GetTimelineQuery,
    ReviewStage,
};
use dossier_client::{Addresses, Client, ETag, Error, HttpTransport, Retries};
use uuid::Uuid;

use crate::durability::Process;
use crate::support::{Office, energy_label, token};

#[path = "../../../libs/dossier-client/examples/energy_label.rs"]
#[expect(dead_code, reason = "the entry point of the example is not called here")]
mod example;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_of_the_client_carries_a_dossier_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let key = web::auth::DevelopmentKey::in_folder(folder.path()).unwrap();
    let of = |role, subject, agency| token(&key, role, subject, agency);
    let base = format!("http://{}", process.browser.address);
    let tokens = [
        of(Role::Applicant, "applicant-1", ""),
        of(Role::Clerk, "clerk-1", "G02.002"),
        of(Role::Reviewer, "reviewer-1", "G02.002"),
    ];
    let closed = example::run(&base, tokens).await.unwrap();
    assert_eq!(closed.stage, DossierStage::Closed);
}

/// A client of an office, for a caller.
fn client(office: &Office, token: &str) -> Client<HttpTransport> {
    office.browser.caller(token)
}

#[tokio::test]
async fn replies_are_read_into_their_types_and_refusals_into_theirs() {
    let mut office = Office::open().await;
    let token = office.applicant("applicant-1");
    let applicant = client(&office, &token);
    let body = energy_label(&office.browser, &token).await;
    let body = serde_json::from_value(body).unwrap();
    let submitted = applicant.submit_dossier(&body).await.unwrap();
    let dossier = submitted.body.id;
    assert_eq!(submitted.location().unwrap(), format!("/v1/dossiers/{dossier}"));
    office.settle().await;

    let clerk = client(&office, &office.clerk());
    let stale = ETag::new("\"99\"").unwrap();
    let refused =
        clerk.accept_dossier(dossier, &stale, &AcceptDossierRequest::default()).await.unwrap_err();
    assert_eq!((refused.code(), refused.status().unwrap().as_u16()), (Some("version-stale"), 412));
    assert!(refused.refusal().unwrap().request_id.is_some(), "{refused}");
    let accepted = clerk
        .accept_dossier(dossier, submitted.etag().unwrap(), &AcceptDossierRequest::default())
        .await
        .unwrap();
    assert_eq!(accepted.body.stage, DossierStage::Processing);
    assert!(accepted.body.due_on.is_some());

    let missing = applicant.get_dossier(Uuid::nil()).await.unwrap_err();
    assert_eq!(missing.code(), Some("not-found"));
    let mut wrong = body.clone();
    wrong.form = serde_json::json!({ "model": 7 });
    let wrong = applicant.submit_dossier(&wrong).await.unwrap_err();
    let pointers: Vec<&str> = wrong.refusal().unwrap().pointers().collect();
    assert!(pointers.contains(&"/form/model"), "{wrong}");
}

#[tokio::test]
async fn every_read_of_a_dossier_has_the_form_that_the_client_expects() {
    let mut office = Office::open().await;
    let token = office.applicant("applicant-1");
    let applicant = client(&office, &token);
    let body = serde_json::from_value(energy_label(&office.browser, &token).await).unwrap();
    let submitted = applicant.submit_dossier(&body).await.unwrap();
    let (dossier, code) = (submitted.body.id, submitted.body.code.clone());
    office.settle().await;
    let clerk = client(&office, &office.clerk());
    clerk
        .accept_dossier(dossier, submitted.etag().unwrap(), &AcceptDossierRequest::default())
        .await
        .unwrap();
    office.settle().await;

    let reviewer = client(&office, &office.token(Role::Reviewer, "r-1", "G02"));
    let review = reviewer.get_review(dossier).await.unwrap();
    assert_eq!(review.body.stage, Some(ReviewStage::Open));
    let claimed = reviewer.claim_review(dossier, review.etag().unwrap()).await.unwrap();
    assert_eq!(claimed.body.officer.as_deref(), Some("r-1"));
    let deadline = applicant.get_deadline(dossier).await.unwrap().body;
    assert!(!deadline.explanation.unwrap().spans.is_empty());
    office.settle().await;
    let timeline = applicant.get_timeline(dossier, &GetTimelineQuery::default()).await.unwrap();
    assert!(!timeline.body.is_empty());
    assert_eq!(applicant.get_lookup(&code).await.unwrap().body.code, code);
    let procedures = applicant.get_procedures(&GetProceduresQuery::default()).await.unwrap();
    assert!(!procedures.body.is_empty());
    reviewer.get_obligations(dossier).await.unwrap();
    let cashier = client(&office, &office.token(Role::Cashier, "k-1", "G02"));
    let tasks = cashier.get_payment_tasks(&GetPaymentTasksQuery::default()).await.unwrap();
    assert!(tasks.next().is_none());
    let document = &submitted.body.documents.first().unwrap().document;
    let content = applicant.get_document(dossier, document).await.unwrap().body;
    assert!(content.bytes.starts_with(b"%PDF-") && content.media_type == "application/pdf");
}

#[tokio::test]
async fn a_client_reads_what_it_wrote_although_the_reactions_have_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path());
    let key = web::auth::DevelopmentKey::in_folder(folder.path()).unwrap();
    let base = format!("http://{}", process.browser.address);
    let portal = Client::new(&base).unwrap();
    let applicant = token(&key, Role::Applicant, "applicant-1", "");
    let body = energy_label(&process.browser, &applicant).await;
    let body = serde_json::from_value(body).unwrap();
    let submitted = portal.with_token(&*applicant).submit_dossier(&body).await.unwrap();
    let (dossier, seen) = (submitted.body.id, submitted.etag().unwrap());
    let clerk = portal.with_token(token(&key, Role::Clerk, "clerk-1", "G02.002"));
    clerk.accept_dossier(dossier, seen, &AcceptDossierRequest::default()).await.unwrap();
    // The review is opened by a reaction; the consistency token makes the read wait for it.
    let reviewer = portal.with_token(token(&key, Role::Reviewer, "r-1", "G02.002"));
    reviewer.get_review(dossier).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_and_none_at_a_bad_address_is_invalid() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::new(&format!("http://{free}")).unwrap().with_retries(Retries::NONE);
    let error = client.get_live().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let nowhere = HttpTransport::new(Addresses::new("http://no host")).unwrap();
    let error = Client::over(nowhere).with_retries(Retries::NONE).get_live().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}
