//! Headers and framing, as the standards have them.

use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::durability::Process;
use crate::support::{Office, submitted};

/// Sends these bytes and gives all that comes back.
async fn raw(office: &Office, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(office.browser.address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    // What was sent and not read takes the end of the connection along.
    while matches!(stream.read_buf(&mut answer).await, Ok(1..)) {}
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn nothing_about_anybody_is_kept_on_the_way_and_everything_is_what_it_says() {
    let office = Office::open().await;
    let token = office.applicant("u1");
    let (path, _) = submitted(&office.browser, &token).await;
    for path in [&*path, "/v1/register/lookup/x", "/nothing", "/v1/register/dossiers"] {
        let answer = office.browser.get(path, &token).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn head_gives_the_headers_of_get_and_no_body() {
    let office = Office::open().await;
    let token = office.applicant("u1");
    let (path, _) = submitted(&office.browser, &token).await;
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", &*authorization)];
    let of = |method| office.browser.send(method, &path, &headers, Vec::new());
    let (get, head) = (of(Method::GET).await.unwrap(), of(Method::HEAD).await.unwrap());
    assert_eq!(head.status, 200);
    for name in ["etag", "content-type", "content-length", "consistency-token", "cache-control"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(head.body, "");
    assert_eq!(
        office.browser.send(Method::HEAD, &path, &[], Vec::new()).await.unwrap().status,
        401
    );
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_told_those_that_are() {
    let office = Office::open().await;
    for (path, allow) in [
        ("/v1/register/lookup/x", "GET, HEAD"),
        ("/v1/dossiers", "POST"),
        ("/v1/procedures/", "GET, HEAD"),
    ] {
        let answer = office.browser.send(Method::DELETE, path, &[], Vec::new()).await.unwrap();
        assert_eq!(answer.refused(), (405, "method-not-allowed"), "{path}");
        assert_eq!(answer.header("allow"), allow, "{path}");
    }
}

#[tokio::test]
async fn a_tag_that_a_proxy_weakened_a_list_and_a_star_are_understood() {
    let office = Office::open().await;
    let (applicant, clerk) = (office.applicant("u1"), office.clerk());
    for taken in [
        |tag: &str| format!("W/{tag}"),
        |tag: &str| format!("\"x\", {tag}"),
        |_: &str| "*".to_owned(),
    ] {
        let (path, tag) = submitted(&office.browser, &applicant).await;
        let path = format!("{path}/acceptance");
        for foreign in ["\"01\"", "\"+1\"", "\"x\""] {
            let refused = office.browser.post(&path, &clerk, foreign, json!({})).await;
            assert_eq!(refused.refused(), (412, "version-stale"), "{foreign}");
        }
        let refused = office.browser.post(&path, &clerk, "1", json!({})).await;
        assert_eq!(refused.refused(), (400, "header-invalid"));
        office.browser.post(&path, &clerk, &taken(&tag), json!({})).await.granted();
    }
}

#[tokio::test]
async fn the_language_is_the_one_with_the_greater_weight() {
    let office = Office::open().await;
    for (accepted, language) in [("en;q=0.3, vi;q=0.9", "vi"), ("vi;q=0, en;q=0.1", "en")] {
        let headers = [("accept-language", accepted)];
        let answer = office.browser.send(Method::GET, "/no", &headers, Vec::new()).await.unwrap();
        assert_eq!(answer.header("content-language"), language, "{accepted}");
    }
}

#[tokio::test]
async fn a_request_goes_to_one_host_and_is_well_formed_or_is_told_why_not() {
    let office = Office::open().await;
    let one =
        raw(&office, b"GET /v1/register/lookup/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await;
    assert!(one.starts_with("HTTP/1.1 404 "), "{one}");
    for (hosts, code) in [
        ("", "header-invalid"),
        ("Host: a\r\nHost: b\r\n", "header-invalid"),
        ("Host: a\r\nX: a\x01b\r\n", "request-malformed"),
        ("Host: a\r\nX\x00: b\r\n", "request-malformed"),
    ] {
        let sent =
            format!("GET /v1/register/lookup/x HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n");
        let answer = raw(&office, sent.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{hosts:?} {answer}");
        assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
        assert!(answer.contains(&format!("urn:dossier:problem:{code}\"")), "{answer}");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let answer = raw(&office, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && answer.contains("head-too-large"), "{answer}");
}

#[tokio::test]
async fn an_address_with_a_slash_at_its_end_has_the_same_limits() {
    let office = Office::open().await;
    let authorization = format!("Bearer {}", office.applicant("u1"));
    let headers = [
        ("authorization", &*authorization),
        ("content-type", "application/pdf"),
        ("idempotency-key", "k"),
    ];
    let body = [b"%PDF-1.7 ".as_slice(), &vec![b'x'; 600 * 1024]].concat();
    let post = |path| office.browser.send(Method::POST, path, &headers, body.clone());
    assert_eq!(post("/v1/documents/").await.unwrap().status, 201);
    assert_eq!(post("/v1/complaints/").await.unwrap().refused(), (413, "body-too-large"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_allowed_sites_may_use_the_api_and_those_of_others_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let (allowed, other) = ("https://portal.example", "https://portal.example.org");
    let process = Process::start_with(folder.path(), &["--allow-origin", allowed]);
    let send = async |method, path, headers: &[(&str, &str)]| {
        process.browser.send(method, path, headers, Vec::new()).await.unwrap()
    };
    let ask = [("access-control-request-method", "POST"), ("origin", allowed)];
    let preflight = send(Method::OPTIONS, "/v1/dossiers", &ask).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), allowed);
    assert_eq!(preflight.header("access-control-allow-credentials"), "");
    for header in ["authorization", "idempotency-key", "if-match", "consistency-token"] {
        let sent = preflight.header("access-control-allow-headers");
        assert!(sent.split(", ").any(|one| one == header), "{header}: {sent}");
    }
    let refused = send(Method::OPTIONS, "/v1/dossiers", &[ask[0], ("origin", other)]).await;
    assert_eq!(refused.header("access-control-allow-origin"), "");
    // A problem too, or a page could not show why.
    for path in ["/v1/procedures", "/v1/dossiers", "/nothing"] {
        let answer = send(Method::GET, path, &[("origin", allowed)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{path}");
        assert!(answer.header("access-control-expose-headers").contains("etag"), "{path}");
        assert_eq!(answer.header("vary"), "Origin", "{path}");
        let answer = send(Method::GET, path, &[("origin", other)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        assert_eq!(answer.header("vary"), "Origin", "{path}: a cache must tell them apart");
    }
    // Without Origin it is a request like any other.
    let plain = send(Method::OPTIONS, "/v1/dossiers", &[]).await;
    assert_eq!(plain.refused(), (405, "method-not-allowed"));
}

#[tokio::test]
async fn without_allowed_sites_nothing_is_said_of_origins() {
    let office = Office::open().await;
    let headers = [("origin", "https://portal.example"), ("access-control-request-method", "GET")];
    let send = |method| office.browser.send(method, "/v1/procedures", &headers, Vec::new());
    assert_eq!(send(Method::OPTIONS).await.unwrap().refused(), (405, "method-not-allowed"));
    let answer = send(Method::GET).await.unwrap();
    assert_eq!(answer.header("vary"), "");
    assert_eq!(answer.header("access-control-allow-origin"), "");
}
