//! What a connection may do, with nothing between the test and the socket.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dossier::contract::Role;
use engine::limits::CONSISTENCY_WAIT_MAX;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use web::limits::{ServerLimits, WAITS_OF_ONE_MAX};
use web::{Access, Proxies, Router, Server};

use crate::support::{Office, submitted};

/// How long anything may take that should come at once.
pub(crate) const SOON: Duration = Duration::from_secs(10);
const LIVE: &str = "GET /v1/register/lookup/x HTTP/1.1\r\nHost: x\r\n\r\n";

pub(crate) async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Reads the head of an answer, in lower case; what there is of it if the connection ends.
pub(crate) async fn head_of(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let read = async {
        while !got.windows(4).any(|end| end == b"\r\n\r\n") {
            if !matches!(stream.read_buf(&mut got).await, Ok(1..)) {
                break;
            }
        }
    };
    timeout(SOON, read).await.unwrap();
    String::from_utf8_lossy(&got).to_ascii_lowercase()
}

/// Sends these bytes and gives the head of the first answer, in lower case.
pub(crate) async fn head(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    head_of(&mut stream).await
}

/// Returns once the server has closed the connection.
async fn closed(stream: &mut TcpStream) {
    let mut rest = [0; 4_096];
    let read = async { while matches!(stream.read(&mut rest).await, Ok(1..)) {} };
    timeout(SOON, read).await.unwrap();
}

#[tokio::test]
async fn who_may_not_call_an_operation_is_told_before_any_of_the_body_is_sent() {
    const ROLES: [Role; 5] =
        [Role::Applicant, Role::Clerk, Role::Auditor, Role::Carrier, Role::Operator];
    let office = Office::open().await;
    let address = office.browser.address;
    let mut forbidden = 0;
    for (name, access) in &office.operations {
        let Access::Roles(mays) = access else { continue };
        let (method, path) = name.split_once(' ').unwrap();
        let path = path.replace(['{', '}'], "");
        // The body is announced and never sent: whoever waited for it would not answer.
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 524000\r\n");
        let answer = head(address, &format!("{request}\r\n")).await;
        assert!(answer.starts_with("http/1.1 401 "), "{name} {answer}");
        let Some(role) = ROLES.into_iter().find(|role| mays.iter().all(|may| may.role != *role))
        else {
            continue;
        };
        let token = office.token(role, "somebody", "G02");
        let answer =
            head(address, &format!("{request}Authorization: Bearer {token}\r\n\r\n")).await;
        assert!(answer.starts_with("http/1.1 403 "), "{name} {answer}");
        forbidden += 1;
    }
    assert!(office.operations.len() > 50 && forbidden > 40, "{forbidden}");
}

/// A door with these limits.
pub(crate) fn limited(limits: ServerLimits) -> impl FnOnce(Server) -> Server {
    move |server| server.limited(limits)
}

#[tokio::test]
async fn one_address_has_a_part_of_the_connections_and_the_others_come_in_all_the_same() {
    let limits = ServerLimits { connections: 8, connections_of_one: 2, ..Default::default() };
    let office = Office::open_behind(limited(limits)).await;
    let address = office.browser.address;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = connect("127.0.0.1", address).await;
        stream.write_all(LIVE.as_bytes()).await.unwrap();
        assert!(head_of(&mut stream).await.starts_with("http/1.1 404 "));
        held.push(stream);
    }
    let mut third = connect("127.0.0.1", address).await;
    let told = head_of(&mut third).await;
    assert!(told.is_empty() || told.starts_with("http/1.1 429 "), "{told}");
    let mut other = connect("127.0.0.2", address).await;
    other.write_all(LIVE.as_bytes()).await.unwrap();
    assert!(head_of(&mut other).await.starts_with("http/1.1 404 "));
}

#[tokio::test]
async fn where_all_connections_are_in_use_an_idle_one_of_the_greediest_makes_room() {
    let limits = ServerLimits { connections: 4, connections_of_one: 4, ..Default::default() };
    let office = Office::open_behind(limited(limits)).await;
    let address = office.browser.address;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = connect("127.0.0.1", address).await;
        stream.write_all(LIVE.as_bytes()).await.unwrap();
        head_of(&mut stream).await;
        held.push(stream);
    }
    let mut other = connect("127.0.0.2", address).await;
    other.write_all(LIVE.as_bytes()).await.unwrap();
    assert!(head_of(&mut other).await.starts_with("http/1.1 404 "));
    let text = office.engine.metrics.text();
    assert!(text.contains("turned_away_total{reason=\"evicted\"} 1"), "{text}");
}

#[tokio::test]
async fn who_does_not_read_the_answer_is_closed_and_does_not_hold_up_the_end() {
    let limits = ServerLimits { stalled: Duration::from_millis(500), ..Default::default() };
    for (limits, stops) in [(limits, false), (ServerLimits::default(), true)] {
        let mut office = Office::open_behind(limited(limits)).await;
        let token = office.applicant("u1");
        let request = format!(
            "GET /v1/procedures HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let mut stream = connect("127.0.0.1", office.browser.address).await;
        stream.write_all(request.repeat(40).as_bytes()).await.unwrap();
        let begins = async { while stream.readable().await.is_err() {} };
        timeout(SOON, begins).await.unwrap();
        if stops {
            let took = office.stop().await;
            assert!(took < Duration::from_secs(8), "{took:?}");
            continue;
        }
        let stalled = "turned_away_total{reason=\"stalled\"} 1";
        let until = Instant::now() + SOON;
        while !office.engine.metrics.text().contains(stalled) {
            assert!(Instant::now() < until, "{}", office.engine.metrics.text());
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_refused() {
    let every = Duration::from_millis(300);
    let office =
        Office::open_behind(limited(ServerLimits { body_every: every, ..Default::default() }))
            .await;
    let token = office.applicant("u1");
    for path in ["/v1/complaints", "/v1/documents"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k\r\n\
             Content-Type: application/pdf\r\nContent-Length: 20000\r\n\r\n%PDF"
        );
        let mut stream = connect("127.0.0.1", office.browser.address).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = head_of(&mut stream).await;
        assert!(answer.starts_with("http/1.1 408 "), "{path} {answer}");
        closed(&mut stream).await;
    }
}

/// Uploads two halves of a PDF with a pause between them, and gives the answer's head.
async fn upload_in_two(limits: ServerLimits, pause: Duration) -> String {
    let office = Office::open_behind(limited(limits)).await;
    let token = office.applicant("u1");
    let half = " ".repeat(10_000);
    let request = format!(
        "POST /v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k\r\n\
         Content-Type: application/pdf\r\nContent-Length: 20008\r\n\r\n%PDF-1.7{half}"
    );
    let mut stream = connect("127.0.0.1", office.browser.address).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    // Nothing is to come, however long this waits for it.
    assert!(timeout(pause, stream.readable()).await.is_err(), "it was answered too soon");
    stream.write_all(half.as_bytes()).await.unwrap();
    head_of(&mut stream).await
}

#[tokio::test]
async fn an_upload_may_take_longer_than_a_request_but_not_for_ever() {
    let (request, body_bytes_per_second) = (Duration::from_millis(200), 1_000);
    let limits = ServerLimits { request, body_bytes_per_second, ..Default::default() };
    let answer = upload_in_two(limits, Duration::from_millis(600)).await;
    assert!(answer.starts_with("http/1.1 201 "), "{answer}");
    let office =
        Office::open_behind(limited(ServerLimits { body_bytes_per_second: 100_000, ..limits }))
            .await;
    let token = office.applicant("u1");
    for path in ["/v1/complaints", "/v1/documents"] {
        let begun = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k\r\n\
             Content-Type: application/pdf\r\nContent-Length: 20000\r\n\r\n%PDF-1.7{}",
            " ".repeat(10_000)
        );
        let answer = head(office.browser.address, &begun).await;
        assert!(answer.starts_with("http/1.1 408 "), "{path} {answer}");
    }
}

#[tokio::test]
async fn what_the_listener_of_probes_holds_is_not_shown_as_what_the_service_holds() {
    let office = Office::open().await;
    let mut held = connect("127.0.0.1", office.browser.address).await;
    held.write_all(LIVE.as_bytes()).await.unwrap();
    assert!(head_of(&mut held).await.starts_with("http/1.1 404 "));
    let router = Router::new(&office.components.context, Vec::new());
    let probes = Server::bind("127.0.0.1:0".parse().unwrap(), router).unwrap().uncounted();
    let address = probes.address().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(probes.run(CancellationToken::new()));
    for _ in 0..3 {
        let mut probe = connect("127.0.0.1", address).await;
        probe
            .write_all(LIVE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        assert!(head_of(&mut probe).await.starts_with("http/1.1 404 "));
        closed(&mut probe).await;
        let text = office.engine.metrics.text();
        assert!(text.contains("connections_open 1\n"), "{text}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_and_a_connection_that_is_too_old_or_has_asked_enough_are_closed()
{
    let limits = ServerLimits {
        head: Duration::from_millis(200),
        requests_of_connection: 2,
        ..Default::default()
    };
    let office = Office::open_behind(limited(limits)).await;
    let address = office.browser.address;
    for begins in ["", "GET /health/live HTTP/1.1\r\nX: "] {
        let mut slow = connect("127.0.0.1", address).await;
        slow.write_all(begins.as_bytes()).await.unwrap();
        closed(&mut slow).await;
    }
    let mut asks = connect("127.0.0.1", address).await;
    asks.write_all(LIVE.repeat(3).as_bytes()).await.unwrap();
    let mut answers = String::new();
    timeout(SOON, asks.read_to_string(&mut answers)).await.unwrap().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 404 ").count(), 2, "{answers}");
    let aged = ServerLimits { connection_age: Duration::ZERO, ..Default::default() };
    let office = Office::open_behind(limited(aged)).await;
    closed(&mut connect("127.0.0.1", office.browser.address).await).await;
}

#[tokio::test]
async fn what_is_in_flight_is_bounded_in_bytes_in_all_and_for_one_client() {
    for (bytes, bytes_of_one, status) in [(10_000, 100_000, "503"), (100_000, 10_000, "429")] {
        let limits = ServerLimits { bytes, bytes_of_one, ..Default::default() };
        let office = Office::open_behind(limited(limits)).await;
        let token = office.applicant("u1");
        let post = |length: usize| {
            format!(
                "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            )
        };
        let mut first = connect("127.0.0.1", office.browser.address).await;
        first.write_all(post(9_000).as_bytes()).await.unwrap();
        // The first one's body is being waited for once the second one is told that there is no room.
        let until = Instant::now() + SOON;
        let told = loop {
            let told = head(office.browser.address, &post(9_000)).await;
            if told.starts_with(&format!("http/1.1 {status} ")) {
                break told;
            }
            assert!(Instant::now() < until, "{told}");
        };
        assert!(told.contains("retry-after: 1"), "{told}");
        first.write_all(" ".repeat(9_000).as_bytes()).await.unwrap();
        assert!(head_of(&mut first).await.starts_with("http/1.1 400 "));
    }
}

#[tokio::test]
async fn who_sends_the_whole_body_without_a_token_still_reads_why_it_was_refused() {
    let office = Office::open().await;
    let body = " ".repeat(524_000);
    let request = format!(
        "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect("127.0.0.1", office.browser.address).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(head_of(&mut stream).await.starts_with("http/1.1 401 "));
}

#[tokio::test]
async fn a_token_ahead_of_the_log_is_refused_at_once_and_waits_have_a_number_for_one_client() {
    let office = Office::open().await;
    let ahead = [("consistency-token", "\"18446744073709551615\""), ("accept-language", "en")];
    let browser = &office.browser;
    let begun = Instant::now();
    let told =
        browser.send(Method::GET, "/v1/register/lookup/x", &ahead, Vec::new()).await.unwrap();
    assert_eq!(told.refused(), (400, "consistency-token-ahead"));
    assert!(begun.elapsed() < Duration::from_secs(2));
    // Nothing works off the log here: whoever waits for its head waits until the limit.
    let head = format!("\"{}\"", office.engine.store.head().0);
    let asks = (0..=WAITS_OF_ONE_MAX).map(|_| async {
        let waits = [("consistency-token", &*head)];
        browser.send(Method::GET, "/v1/register/lookup/x", &waits, Vec::new()).await.unwrap()
    });
    let answers = futures_util::future::join_all(asks).await;
    let crowded = answers.iter().filter(|answer| answer.status == 429).count();
    assert!(crowded >= 1, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
}

/// One of them may call each operation.
const ALL: [Role; 11] = [
    Role::Applicant,
    Role::Clerk,
    Role::Reviewer,
    Role::Approver,
    Role::Cashier,
    Role::Consultee,
    Role::Carrier,
    Role::PaymentProvider,
    Role::ComplaintHandler,
    Role::Auditor,
    Role::Operator,
];

#[tokio::test]
async fn every_operation_refuses_a_token_that_nothing_here_has_and_no_read_waits_longer_than_it_may()
 {
    let office = Office::open().await;
    let applicant = office.applicant("company-1");
    let (path, _) = submitted(&office.browser, &applicant).await;
    let dossier = path.rsplit('/').next().unwrap();
    // Nothing works off the log here, so nothing that is waited for ever comes.
    let head = format!("\"{}\"", office.engine.store.head().0);
    let (mut refused, mut waited) = (0, JoinSet::new());
    for (number, (name, access)) in office.operations.iter().enumerate() {
        let (method, address) = name.split_once(' ').unwrap();
        if !address.starts_with("/v1/") {
            continue;
        }
        let path = address.replace("{dossier}", dossier).replace(['{', '}'], "");
        let body = if method == "POST" { b"{}".to_vec() } else { Vec::new() };
        let role = match access {
            Access::Open => None,
            Access::Roles(mays) => {
                let may = |role: &&Role| mays.iter().any(|may| may.role == **role);
                let Some(role) = ALL.iter().find(may) else { continue };
                Some(*role)
            }
        };
        // One person for each: nobody's quota is used up.
        let subject = format!("somebody-{number}");
        let token = role.map(|role| office.token(role, &subject, "G02")).unwrap_or_default();
        let authorization = format!("Bearer {token}");
        let headers = |token: &str| {
            let mut headers = vec![("consistency-token".to_owned(), token.to_owned())];
            headers.extend(role.map(|_| ("authorization".to_owned(), authorization.clone())));
            headers
        };
        let method: Method = method.parse().unwrap();
        for (sent, problem) in
            [("\"9999999\"", "consistency-token-ahead"), ("soon", "header-invalid")]
        {
            let headers = headers(sent);
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (&**name, &**value)).collect();
            let answer = office.browser.send(method.clone(), &path, &headers, body.clone()).await;
            assert_eq!(answer.unwrap().refused(), (400, problem), "{name}");
        }
        refused += 1;
        if method == Method::GET {
            let (browser, headers, name) = (office.browser.clone(), headers(&head), name.clone());
            waited.spawn(async move {
                let headers: Vec<(&str, &str)> =
                    headers.iter().map(|(name, value)| (&**name, &**value)).collect();
                let begun = Instant::now();
                let answer = browser.send(Method::GET, &path, &headers, Vec::new()).await.unwrap();
                assert!(begun.elapsed() < CONSISTENCY_WAIT_MAX + SOON, "{name}");
                let late = answer.status == 503;
                if late {
                    assert_eq!(answer.problem(), "not-yet-consistent", "{name}");
                    assert_eq!(answer.header("retry-after"), "1", "{name}");
                }
                (name, late)
            });
        }
    }
    assert!(refused > 50, "{refused}");
    let late: Vec<String> = waited
        .join_all()
        .await
        .into_iter()
        .filter(|(_, late)| *late)
        .map(|(name, _)| name)
        .collect();
    for name in ["GET /v1/register/lookup/{code}", "GET /v1/register/statistics"] {
        assert!(late.iter().any(|late| late == name), "{name} does not wait: {late:?}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_for_whom_it_asks_and_has_no_share_of_its_own() {
    let limits = ServerLimits { connections_of_one: 1, bytes_of_one: 10_000, ..Default::default() };
    let proxies = Proxies::new(&["127.0.0.1".parse().unwrap()]);
    let office = Office::open_behind(|server| server.limited(limits).behind(proxies)).await;
    let token = office.applicant("u1");
    let post = |client: &str| {
        format!(
            "POST /v1/complaints HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             X-Forwarded-For: 203.0.113.9, {client}\r\nContent-Type: application/json\r\n\
             Content-Length: 9000\r\n\r\n"
        )
    };
    let mut held = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2"] {
        let mut stream = connect("127.0.0.1", office.browser.address).await;
        stream.write_all(post(client).as_bytes()).await.unwrap();
        held.push(stream);
    }
    let until = Instant::now() + SOON;
    while !head(office.browser.address, &post("192.0.2.1")).await.starts_with("http/1.1 429 ") {
        assert!(Instant::now() < until);
    }
    for stream in &mut held {
        stream.write_all(" ".repeat(9_000).as_bytes()).await.unwrap();
        assert!(head_of(stream).await.starts_with("http/1.1 400 "));
    }
}
