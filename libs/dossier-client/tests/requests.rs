//! What the client sends and how it takes the responses, over a transport with prepared ones.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dossier_client::types::{
    AcceptDossierRequest, Channel, GetPaymentTasksQuery, SubmitDossierRequest,
};
use dossier_client::{
    Client, ETag, Error, Retries, Service, Transport, TransportError, at_current, wait_until,
};
use http::{Request, Response, StatusCode};
use serde_json::json;
use uuid::Uuid;

type Sent = (Service, Request<Bytes>);
type Prepared = Result<Response<Bytes>, TransportError>;

/// Responds as prepared, in this order; keeps what it was sent.
#[derive(Clone, Default)]
struct Script {
    responses: Arc<Mutex<VecDeque<Prepared>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Transport for Script {
    async fn send(&self, service: Service, request: Request<Bytes>) -> Prepared {
        self.sent.lock().unwrap().push((service, request));
        self.responses.lock().unwrap().pop_front().expect("a response is prepared")
    }
}

impl Script {
    fn client(responses: impl IntoIterator<Item = Prepared>) -> (Client<Self>, Self) {
        let script = Self::default();
        script.responses.lock().unwrap().extend(responses);
        let pauses = Duration::from_millis(1);
        let retries = Retries { first_pause: pauses, pause_max: pauses, ..Retries::default() };
        (Client::over(script.clone()).with_retries(retries).with_token("t"), script)
    }

    fn headers(&self, name: &str) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        let text = |request: &Request<Bytes>| {
            let value = request.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        sent.iter().map(|(_, request)| text(request)).collect()
    }

    fn lines(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|(_, r)| format!("{} {}", r.method(), r.uri())).collect()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as a transport returns it")]
fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Prepared {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(Bytes::from(body.to_owned())).unwrap())
}

fn lost() -> Prepared {
    Err(TransportError::failed("the connection was reset"))
}

fn problem(status: u16, headers: &[(&str, &str)], code: &str) -> Prepared {
    let body = json!({
        "type": format!("urn:dossier:problem:{code}"), "title": "no", "status": status,
        "errors": [{ "pointer": "/form/model", "code": "missing", "detail": "missing" }],
    });
    let own = [("content-type", "application/problem+json"), ("x-request-id", "r-1")];
    response(status, &[&own, headers].concat(), &body.to_string())
}

const DOSSIER: Uuid = Uuid::from_u128(7);

/// A review with this version, in which nothing has happened.
fn review(etag: &str, seen: &str) -> Prepared {
    let body = json!({ "dossier": DOSSIER, "code": "G02.001-1", "consultations": [] });
    response(200, &[("etag", etag), ("consistency-token", seen)], &body.to_string())
}

fn tag(text: &str) -> ETag {
    ETag::new(text).unwrap()
}

#[tokio::test]
async fn a_step_is_repeated_with_its_key_until_there_is_a_response() {
    let refused = response(503, &[("retry-after", "0")], "");
    let (client, script) =
        Script::client([lost(), refused, response(502, &[], "proxy"), review("\"2\"", "\"9\"")]);
    let taken = client.claim_review(DOSSIER, &tag("\"1\"")).await.unwrap();
    assert_eq!(taken.etag().unwrap(), &tag("\"2\""));
    let line = format!("POST /v1/reviews/{DOSSIER}/claim");
    assert_eq!(script.lines(), [&*line; 4]);
    assert_eq!(script.headers("if-match"), ["\"1\""; 4]);
    assert_eq!(script.headers("authorization"), ["Bearer t"; 4]);
    let keys = script.headers("idempotency-key");
    assert!(keys[0].len() == 32 && keys.iter().all(|key| key == &keys[0]), "{keys:?}");
    assert_eq!(script.sent.lock().unwrap()[0].0, Service::Review);
}

#[tokio::test]
async fn each_request_has_a_key_of_its_own_unless_the_caller_has_one() {
    let (client, script) = Script::client((0..3).map(|_| review("\"2\"", "\"9\"")));
    for _ in 0..2 {
        client.claim_review(DOSSIER, &tag("\"1\"")).await.unwrap();
    }
    client.claim_review(DOSSIER, &tag("\"1\"")).idempotency_key("stored-7").await.unwrap();
    let keys = script.headers("idempotency-key");
    assert!(keys[0] != keys[1] && keys[2] == "stored-7", "{keys:?}");
}

#[tokio::test]
async fn the_newest_consistency_token_is_sent_by_all_callers_of_a_client() {
    let answers = ["\"5\"", "\"12\"", "\"9\"", "\"13\""].map(|seen| review("\"1\"", seen));
    let (client, script) = Script::client(answers);
    client.get_review(DOSSIER).await.unwrap();
    let other = client.with_token("u");
    for caller in [&other, &client, &other] {
        caller.get_review(DOSSIER).await.unwrap();
    }
    // A response that was overtaken by a later one does not move it back.
    assert_eq!(script.headers("consistency-token"), ["", "\"5\"", "\"12\"", "\"12\""]);
    assert_eq!(client.consistency_token().unwrap(), "\"13\"");
    client.set_consistency_token(None);
    assert_eq!(other.consistency_token(), None);
}

#[tokio::test]
async fn an_independent_client_keeps_its_token_to_itself() {
    let (client, _) = Script::client([review("\"1\"", "\"5\""), review("\"1\"", "\"6\"")]);
    client.get_review(DOSSIER).await.unwrap();
    let own = client.independent();
    own.get_review(DOSSIER).await.unwrap();
    assert_eq!(own.consistency_token().unwrap(), "\"6\"");
    assert_eq!(client.consistency_token().unwrap(), "\"5\"");
}

#[tokio::test]
async fn a_refusal_has_its_code_its_fields_and_the_id_of_the_request() {
    let (client, script) = Script::client([problem(422, &[], "form-invalid")]);
    let form = json!({ "model": null });
    let body = SubmitDossierRequest::new("ENERGY.LABEL", "G02.002", Channel::Online, form);
    let error = client.submit_dossier(&body).await.unwrap_err();
    assert_eq!(error.code(), Some("form-invalid"));
    assert_eq!(error.status(), Some(StatusCode::UNPROCESSABLE_ENTITY));
    let refusal = error.refusal().unwrap();
    assert!(refusal.pointers().eq(["/form/model"]));
    assert_eq!(refusal.request_id.as_deref(), Some("r-1"));
    let text = error.to_string();
    assert!(text.starts_with("POST /v1/dossiers: 422 form-invalid: no; "), "{text}");
    let sent = script.sent.lock().unwrap()[0].1.body().clone();
    let sent: serde_json::Value = serde_json::from_slice(&sent).unwrap();
    // Optional fields are absent, not null.
    let keys: Vec<&String> = sent.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["agency", "channel", "form", "procedure"]);
}

#[tokio::test]
async fn a_conflict_is_repeated_only_if_the_service_says_when() {
    let contended = problem(409, &[("retry-after", "0")], "contended");
    let (client, script) = Script::client([contended, problem(409, &[], "already-answered")]);
    let error = client
        .accept_dossier(DOSSIER, &tag("\"1\""), &AcceptDossierRequest::default())
        .await
        .unwrap_err();
    assert_eq!((error.code(), script.lines().len()), (Some("already-answered"), 2));
}

#[tokio::test]
async fn what_is_no_problem_of_the_api_is_shown_as_it_is_up_to_a_limit() {
    let page = format!("<html>{}", "x".repeat(10_000));
    let (client, _) = Script::client([response(404, &[], &page)]);
    let error = client.get_review(DOSSIER).await.unwrap_err();
    let Error::Unexpected { status, body, .. } = error else { panic!("{error:?}") };
    assert_eq!((status, body.len()), (StatusCode::NOT_FOUND, 500));
}

#[tokio::test]
async fn a_success_that_the_api_does_not_describe_is_an_error() {
    let (client, _) = Script::client([response(200, &[], "{}")]);
    let error = client.get_review(DOSSIER).await.unwrap_err();
    assert!(matches!(error, Error::Undecodable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_token_with_a_line_break_is_not_sent() {
    let (client, script) = Script::client([]);
    let error = client.with_token("a\r\nb").get_review(DOSSIER).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }) && script.lines().is_empty(), "{error:?}");
}

#[tokio::test]
async fn the_last_failure_is_returned_once_the_time_for_attempts_is_over() {
    let (client, script) = Script::client([lost(), lost()]);
    let once = client.with_retries(Retries::NONE);
    let error = once.get_review(DOSSIER).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(script.lines().len(), 1);
}

/// Never responds.
struct Silent;

impl Transport for Silent {
    async fn send(&self, _: Service, _: Request<Bytes>) -> Prepared {
        std::future::pending().await
    }
}

#[tokio::test]
async fn an_attempt_has_a_timeout() {
    let client = Client::over(Silent).with_timeout(Duration::from_millis(1));
    let error = client.with_retries(Retries::NONE).get_review(DOSSIER).await.unwrap_err();
    let Error::Unreachable { source, .. } = error else { panic!("{error:?}") };
    assert!(matches!(source, TransportError::TimedOut(_)), "{source:?}");
}

#[tokio::test]
async fn a_step_that_another_one_overtook_is_taken_at_the_next_version_with_the_same_key() {
    let stale = problem(412, &[], "version-stale");
    let (client, script) = Script::client([
        review("\"1\"", "\"5\""),
        stale,
        review("\"2\"", "\"6\""),
        review("\"3\"", "\"7\""),
    ]);
    let claim = |seen: &ETag| client.claim_review(DOSSIER, seen);
    let taken = at_current(|| client.get_review(DOSSIER), claim).await.unwrap();
    assert_eq!(taken.etag().unwrap(), &tag("\"3\""));
    assert_eq!(script.headers("if-match"), ["", "\"1\"", "", "\"2\""]);
    let keys = script.headers("idempotency-key");
    assert!(keys[1] == keys[3] && keys[0].is_empty() && !keys[1].is_empty(), "{keys:?}");
}

#[tokio::test]
async fn a_resource_that_does_not_exist_yet_is_waited_for_and_other_refusals_are_not() {
    let not_found = || problem(404, &[], "not-found");
    let (client, _) = Script::client([
        not_found(),
        review("\"1\"", "\"5\""),
        problem(403, &[], "role-forbidden"),
        not_found(),
    ]);
    let read = || client.get_review(DOSSIER);
    let limit = Duration::from_secs(60);
    wait_until(limit, read, |_| Some(())).await.unwrap();
    let error = wait_until(limit, read, |_| Some(())).await.unwrap_err();
    assert_eq!(error.code(), Some("role-forbidden"));
    let error = wait_until(Duration::ZERO, read, |_| Some(())).await.unwrap_err();
    assert!(matches!(error, Error::NotReached(_)), "{error:?}");
}

#[tokio::test]
async fn pages_of_a_list_follow_their_links() {
    let next = "</v1/payment-tasks?agency=G02&after=2Gq0zX>; rel=\"next\"";
    let (client, script) =
        Script::client([response(200, &[("link", next)], "[]"), response(200, &[], "[]")]);
    let query = GetPaymentTasksQuery {
        agency: Some("G02 & co".to_owned()),
        limit: Some(10),
        ..GetPaymentTasksQuery::default()
    };
    let first = client.get_payment_tasks(&query).await.unwrap();
    let second = client.next_page(&first).unwrap().await.unwrap();
    assert!(client.next_page(&second).is_none());
    let lines = script.lines();
    assert_eq!(lines[0], "GET /v1/payment-tasks?agency=G02+%26+co&limit=10");
    assert_eq!(lines[1], "GET /v1/payment-tasks?agency=G02&after=2Gq0zX");
}

#[tokio::test]
async fn a_parameter_of_the_path_is_escaped_and_a_document_is_read_as_it_is() {
    let pdf = response(200, &[("content-type", "application/pdf")], "%PDF-1.7 x");
    let (client, script) = Script::client([pdf]);
    let content = client.get_document(DOSSIER, "a/../b?c").await.unwrap().body;
    assert_eq!((&*content.media_type, &content.bytes[..]), ("application/pdf", &b"%PDF-1.7 x"[..]));
    assert_eq!(script.lines(), [format!("GET /v1/dossiers/{DOSSIER}/documents/a%2F..%2Fb%3Fc")]);
}

#[tokio::test]
async fn a_client_that_acts_for_somebody_sends_on_what_ground_with_every_request() {
    let (client, script) = Script::client([review("\"1\"", "\"1\""), review("\"1\"", "\"1\"")]);
    client.by_credential("c-1").by_mandate("m-1").get_review(DOSSIER).await.unwrap();
    client.get_review(DOSSIER).await.unwrap();
    assert_eq!(script.headers("mandate"), ["m-1", ""]);
    assert_eq!(script.headers("credential"), ["c-1", ""]);
}
