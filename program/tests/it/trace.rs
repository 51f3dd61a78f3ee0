//! A dossier's life in two processes is one connected trace, as a collector receives it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cluster::Nats;
use dossier::contract::Role;
use dossier::services::ServiceName;
use events::{EventStore, SqliteOptions};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{Answer, DIGEST_KEY, Office, all_but, at, energy_label, postgres_url, token};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PORTAL: &str = "b7ad6b7169203331";
/// Some of the spans of that life: requests, the store, relays, reactions.
const NAMES: [&str; 10] = [
    "POST /v1/dossiers",
    "append to intake",
    "relay intake.DossierSubmitted.v1",
    "POST /v1/dossiers/{dossier}/acceptance",
    "relay intake.DossierAccepted.v1",
    "review reacts to intake.DossierAccepted.v1",
    "append to review",
    "POST /v1/reviews/{dossier}/decision-proposals",
    "relay review.DecisionMade.v1",
    "intake reacts to review.DecisionMade.v1",
];

/// A span, as the collector keeps it.
#[derive(Debug, Clone)]
struct Seen {
    process: String,
    name: String,
    id: String,
    parent: String,
    attributes: String,
    /// The traces that it is tied to.
    links: Vec<String>,
}

/// A collector on any free port.
struct Collector {
    spans: Arc<Mutex<Vec<Seen>>>,
    address: String,
    _serving: JoinSet<()>,
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The spans of the portal's trace in one batch.
fn taken(body: &[u8]) -> Vec<Seen> {
    let batch = ExportTraceServiceRequest::decode(body).unwrap();
    let mut seen = Vec::new();
    for resource in batch.resource_spans {
        let about = format!("{:?}", resource.resource.unwrap().attributes);
        let process = if about.contains("front") { "front" } else { "back" };
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let links: Vec<String> = span.links.iter().map(|link| hex(&link.trace_id)).collect();
            if hex(&span.trace_id) == TRACE || links.iter().any(|link| link == TRACE) {
                seen.push(Seen {
                    process: process.to_owned(),
                    name: span.name,
                    id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    attributes: format!("{:?}", span.attributes),
                    links,
                });
            }
        }
    }
    seen
}

async fn take(
    spans: Arc<Mutex<Vec<Seen>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!(request.uri().path(), "/v1/traces");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    spans.lock().unwrap().extend(taken(&body));
    Ok(Response::new(Full::default()))
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let spans: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (taking, mut serving) = (Arc::clone(&spans), JoinSet::new());
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let taking = Arc::clone(&taking);
                let service = hyper::service::service_fn(move |r| take(Arc::clone(&taking), r));
                let connection = hyper::server::conn::http1::Builder::new();
                connections.spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { spans, address, _serving: serving }
    }

    /// Once spans of all these names have arrived, and each one's parent.
    async fn until(&self, names: &[&str]) -> Vec<Seen> {
        let arrived = async {
            loop {
                let spans = self.spans.lock().unwrap().clone();
                let named = names.iter().all(|name| spans.iter().any(|span| span.name == *name));
                // A parent may be in a later batch than its child.
                if named && spans.iter().all(|span| is_connected(span, &spans)) {
                    return spans;
                }
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), arrived).await;
        waited.unwrap_or_else(|_| panic!("only {:?} came", self.spans.lock().unwrap()))
    }
}

fn is_connected(span: &Seen, spans: &[Seen]) -> bool {
    let tied = span.parent.is_empty() && !span.links.is_empty();
    tied || span.parent == PORTAL || spans.iter().any(|other| other.id == span.parent)
}

/// A request of the portal, in its trace, behind what it has seen.
async fn send(process: &Process, at: (&str, &str), who: &str, seen: &str, body: Value) -> Answer {
    let (method, path) = at;
    let (authorization, key) = (format!("Bearer {who}"), process.browser.key());
    let parent = format!("00-{TRACE}-{PORTAL}-01");
    let mut headers = vec![
        ("authorization", &*authorization),
        ("traceparent", &parent),
        ("content-type", "application/json"),
        ("idempotency-key", &key),
    ];
    headers.extend([("consistency-token", seen)].into_iter().filter(|_| !seen.is_empty()));
    let (resource, step) = path.split_once(' ').unwrap_or((path, ""));
    let mut etag = String::new();
    if !step.is_empty() {
        let shown = process.browser.send(Method::GET, resource, &headers, Vec::new()).await;
        etag = shown.unwrap().etag();
    }
    headers.extend([("if-match", &*etag)].into_iter().filter(|_| !etag.is_empty()));
    let path = path.replace(' ', "/");
    let bytes = if method == "GET" { Vec::new() } else { body.to_string().into_bytes() };
    process.browser.send(method.parse().unwrap(), &path, &headers, bytes).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossiers_life_in_two_processes_is_one_connected_trace() {
    cluster::needs!(cluster::postgres(), cluster::tools::NATS_SERVER.path());
    let folder = tempfile::tempdir().unwrap();
    let (data, url) = (folder.path().join("data"), postgres_url());
    let nats =
        tokio::task::block_in_place(|| Nats::start(&nats_server(), folder.path(), 1)).unwrap();
    let collector = Collector::start().await;
    let start = |name: &str, services: &str| {
        let views = folder.path().join(name).display().to_string();
        let (urls, otlp) = (nats.urls(), &collector.address);
        let arguments = [
            ["--store", &url],
            ["--nats", &urls],
            ["--views", &views],
            ["--nats-stream-mib", "16"],
            ["--otlp", otlp],
            ["--otlp-service", name],
            ["--services", services],
        ];
        Process::start_with(&data, &arguments.concat())
    };
    let front = start("front", "intake,register");
    let back = start("back", &all_but(&[ServiceName::Intake, ServiceName::Register]));

    let key = DevelopmentKey::in_folder(&data).unwrap();
    let officer = |role, name| token(&key, role, name, "G02.002");
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let body = energy_label(&front.browser, &applicant).await;
    let submitted = send(&front, ("POST", "/v1/dossiers"), &applicant, "", body).await;
    let mut seen = submitted.header("consistency-token");
    let id = submitted.granted()["id"].as_str().unwrap().to_owned();
    let reviewer = officer(Role::Reviewer, "reviewer-1");
    let steps = [
        (&front, "dossiers", "acceptance", &officer(Role::Clerk, "clerk-1"), json!({})),
        (&back, "reviews", "claim", &reviewer, json!({})),
        (&back, "reviews", "activities", &reviewer, json!({ "activity": "registration" })),
        (
            &back,
            "reviews",
            "decision-proposals",
            &reviewer,
            json!({ "outcome": "approved", "reason": "complete" }),
        ),
    ];
    for (process, resource, step, who, body) in steps {
        let path = format!("/v1/{resource}/{id} {step}");
        let answer = send(process, ("POST", &path), who, &seen, body).await;
        seen = answer.header("consistency-token");
        answer.granted();
    }
    let path = format!("/v1/dossiers/{id}");
    let shown = send(&front, ("GET", &path), &applicant, &seen, json!({})).await;
    assert_eq!(shown.granted()["stage"], "closed");

    let spans = collector.until(&NAMES).await;
    let mut processes: BTreeMap<&str, usize> = BTreeMap::new();
    for span in &spans {
        *processes.entry(&*span.process).or_default() += 1;
        let personal =
            ["Điện Sáng", "0101234565", "a.pdf"].iter().any(|p| span.attributes.contains(p));
        assert!(!personal, "{span:?}");
    }
    assert!(processes.len() == 2, "{processes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_enforced_long_after_is_tied_to_the_request_that_it_follows_from() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventStore::sqlite(&folder.path().join("log.sqlite"), SqliteOptions::default());
    let office = Office::open_with(log.unwrap(), at("2026-01-05T09:00")).await;
    let applicant = format!("Bearer {}", office.applicant("company-1"));
    let body = energy_label(&office.browser, &office.applicant("company-1")).await.to_string();
    let parent = format!("00-{TRACE}-{PORTAL}-01");
    let headers = [
        ("authorization", &*applicant),
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
        ("traceparent", &parent),
    ];
    let submitted =
        office.browser.send(Method::POST, "/v1/dossiers", &headers, body.into_bytes()).await;
    submitted.unwrap().granted();
    drop(office);
    std::fs::write(folder.path().join("digest-key"), DIGEST_KEY).unwrap();
    let collector = Collector::start().await;
    let otlp = ["--confirm-clock", "--otlp", &collector.address];
    let _process = Process::start_with(folder.path(), &otlp);
    let spans = collector.until(&["intake enforces answer"]).await;
    let enforced = spans.iter().find(|span| span.name.contains(" enforces ")).unwrap();
    assert_eq!((&*enforced.parent, &enforced.links[..]), ("", &[TRACE.to_owned()][..]));
}

pub(crate) fn nats_server() -> std::path::PathBuf {
    cluster::tools::NATS_SERVER.path().unwrap()
}
