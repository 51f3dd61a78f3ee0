//! A portal that remembers what it was promised: it carries dossiers through, tries again whatever was not answered, and
//! reads everything back in the end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dossier::contract::Role;
use events::{EventStore, Filter, Position};
use http::Method;
use serde_json::{Value, json};
use service_kit::auth::{Claims, DevelopmentKey};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::{Answer, Browser, energy_label, token};

/// Before a request is sent again.
#[expect(clippy::disallowed_methods, reason = "nothing tells when a service is back")]
async fn rest() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// How long a step may take to be acknowledged, faults included.
const ACKNOWLEDGED_IN: Duration = Duration::from_secs(90);

/// A portal.
#[derive(Clone)]
pub(crate) struct Portal {
    browser: Browser,
    applicant: String,
    clerk: String,
    reviewer: String,
    body: Value,
    name: String,
}

static AGAIN: AtomicUsize = AtomicUsize::new(0);

/// How often a request had to be sent again.
pub(crate) fn again() -> usize {
    AGAIN.load(Ordering::Relaxed)
}

impl Portal {
    pub(crate) async fn open(address: SocketAddr, data: &Path, name: &str) -> Self {
        let key = DevelopmentKey::in_folder(data).unwrap();
        let officer = |role, name| token(&key, role, name, "G02.002");
        // Who files for others may file as much as a portal does.
        let claims = Claims {
            sub: "agent-1".into(),
            exp: 4_000_000_000,
            nbf: None,
            roles: vec![Role::Applicant],
            agency: None,
            on_behalf_of: Some("company-1".into()),
        };
        let applicant = key.mint(&claims).unwrap();
        let browser = Browser::new(address);
        let body = energy_label(&browser, &applicant).await;
        let (clerk, reviewer) = (officer(Role::Clerk, "clerk-1"), officer(Role::Reviewer, "r-1"));
        Self { browser, applicant, clerk, reviewer, body, name: name.to_owned() }
    }

    /// Sends a request until it is answered by a service that is there.
    async fn insist(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let begun = Instant::now();
        loop {
            let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
            let sent = self.browser.send(method.clone(), path, headers, bytes);
            let why = match tokio::time::timeout(Duration::from_secs(10), sent).await {
                Ok(Ok(answer)) if !matches!(answer.status.as_u16(), 408 | 429 | 500..) => {
                    return answer;
                }
                Ok(Ok(answer)) => format!("{} {}", answer.status, answer.body),
                Ok(Err(error)) => format!("{error:?}"),
                Err(_) => "no answer".to_owned(),
            };
            assert!(begun.elapsed() < ACKNOWLEDGED_IN, "{method} {path}: {why}");
            AGAIN.fetch_add(1, Ordering::Relaxed);
            rest().await;
        }
    }

    async fn post(
        &self,
        path: &str,
        who: &str,
        key: &str,
        seen: (&str, &str),
        body: &Value,
    ) -> Answer {
        let authorization = format!("Bearer {who}");
        let (etag, after) = seen;
        let mut headers = vec![
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        headers.extend([("if-match", etag)].into_iter().filter(|_| !etag.is_empty()));
        headers.extend([("consistency-token", after)].into_iter().filter(|_| !after.is_empty()));
        self.insist(Method::POST, path, &headers, body).await
    }

    async fn read(&self, path: &str, who: &str, after: &str) -> Answer {
        let authorization = format!("Bearer {who}");
        let mut headers = vec![("authorization", &*authorization)];
        headers.extend([("consistency-token", after)].into_iter().filter(|_| !after.is_empty()));
        self.insist(Method::GET, path, &headers, &Value::Null).await
    }

    /// Submits the dossier with this number; gives its id and the token of what was recorded.
    pub(crate) async fn submit(&self, number: usize) -> (String, String) {
        let key = format!("{}-{number}", self.name);
        let answer = self.post("/v1/dossiers", &self.applicant, &key, ("", ""), &self.body).await;
        let seen = answer.header("consistency-token");
        (answer.granted()["id"].as_str().unwrap().to_owned(), seen)
    }

    /// One step behind what was seen; whatever tag the resource has now.
    async fn take(&self, at: (&str, &str), who: &str, seen: &mut String, body: Value) {
        let (resource, step) = at;
        let key = format!("{}-{resource}-{step}", self.name).replace('/', "-");
        let begun = Instant::now();
        let path = format!("{resource}/{step}");
        loop {
            let etag = self.read(resource, who, seen).await.etag();
            let answer = self.post(&path, who, &key, (&etag, seen), &body).await;
            if answer.status.is_success() {
                *seen = answer.header("consistency-token");
                return;
            }
            // Somebody else's step, a reaction's for example, came between.
            let stale = matches!(answer.refused(), (404 | 412, _));
            assert!(
                stale && begun.elapsed() < ACKNOWLEDGED_IN,
                "{path}: {} {}",
                answer.status,
                answer.body
            );
        }
    }

    /// Carries a dossier from submission to the end.
    pub(crate) async fn carry(&self, number: usize) -> String {
        let (id, mut seen) = self.submit(number).await;
        let (dossier, review) = (format!("/v1/dossiers/{id}"), format!("/v1/reviews/{id}"));
        self.take((&dossier, "acceptance"), &self.clerk, &mut seen, json!({})).await;
        self.take((&review, "claim"), &self.reviewer, &mut seen, json!({})).await;
        let done = json!({ "activity": "registration" });
        self.take((&review, "activities"), &self.reviewer, &mut seen, done).await;
        let decision = json!({ "outcome": "approved", "reason": "complete" });
        self.take((&review, "decision-proposals"), &self.reviewer, &mut seen, decision).await;
        // What follows of itself has followed once this can be read.
        let shown = self.read(&dossier, &self.applicant, &seen).await.granted();
        assert_eq!((&shown["outcome"], &shown["stage"]), (&json!("approved"), &json!("closed")));
        id
    }
}

/// Dossiers that are carried through one after another by several clerks until they are told to stop.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clerks: JoinSet<Vec<String>>,
    carried: watch::Receiver<usize>,
}

impl Load {
    pub(crate) fn begin(portal: &Portal, clerks: usize) -> Self {
        let (stop, (count, carried)) = (Arc::new(AtomicBool::new(false)), watch::channel(0));
        let mut running = JoinSet::new();
        for clerk in 0..clerks {
            let (portal, stop, count) = (portal.clone(), Arc::clone(&stop), count.clone());
            running.spawn(async move {
                let mut done = Vec::new();
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    done.push(portal.carry(clerk * 1_000_000 + n).await);
                    count.send_modify(|count| *count += 1);
                }
                done
            });
        }
        Self { stop, clerks: running, carried }
    }

    /// Returns once this many more were carried through.
    pub(crate) async fn more(&self, dossiers: usize) {
        let mut carried = self.carried.clone();
        let until = *carried.borrow() + dossiers;
        let reached = carried.wait_for(|carried| *carried >= until);
        let reached = tokio::time::timeout(2 * ACKNOWLEDGED_IN, reached).await;
        reached.expect("nothing moves").expect("a clerk works");
    }

    /// All of them, once every clerk has finished the one in hand.
    pub(crate) async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.clerks.join_all().await.into_iter().flatten().collect()
    }
}

/// How often each kind of event stands in the streams of each dossier.
pub(crate) async fn recorded(url: &str) -> BTreeMap<(String, String), usize> {
    let store = EventStore::open(url).await.unwrap();
    let (mut counts, mut after) = (BTreeMap::new(), Position::START);
    loop {
        let page = store.read_all(after, &Filter::default(), 10_000).await.unwrap();
        if page.through == after {
            return counts;
        }
        after = page.through;
        for event in page.events {
            *counts.entry((event.stream.id().to_owned(), event.kind.to_string())).or_default() += 1;
        }
    }
}

/// The steps of a notice of energy labelling, each of which stands once in the log of a dossier that was carried through.
pub(crate) const STEPS: [&str; 5] = [
    "intake.DossierSubmitted.v1",
    "intake.DossierAccepted.v1",
    "review.ReviewOpened.v1",
    "review.DecisionMade.v1",
    "intake.DossierClosed.v1",
];

/// Reads back everything that was promised: each step of each dossier stands in the log, once; and the whole log is sound.
pub(crate) async fn verify(url: &str, ids: &[String]) {
    let counts = recorded(url).await;
    for id in ids {
        for step in STEPS {
            let found = counts.get(&(id.clone(), step.to_owned())).copied().unwrap_or(0);
            assert_eq!(found, 1, "{step} of {id}");
        }
    }
    let store = EventStore::open(url).await.unwrap();
    let report = program::check(&store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}
