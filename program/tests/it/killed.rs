//! The real binary, killed in the middle of what spans several streams: mandates with what is filed
//! under them, and transfers, which the streams of review and payment follow.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dossier::contract::Role;
use events::{EventStore, SqliteOptions};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{Browser, energy_label, token};

const KILLS: usize = 8;
const FROM: &str = "G02.002";
const TO: &str = "G02.003";

/// What was acknowledged.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Mandates with the token of the principal and their stage.
    mandates: Vec<(String, String, &'static str)>,
    /// Dossiers filed under a mandate.
    filed: Vec<String>,
    /// Dossiers that were transferred.
    moved: Vec<String>,
    count: usize,
}

/// A client of a process that may be gone at any moment.
struct Client {
    browser: Browser,
    /// Distinguishes its requests from those of others.
    name: String,
    known: Arc<Mutex<Acknowledged>>,
    principal: String,
    representative: String,
    clerk: String,
    body: Value,
}

impl Client {
    /// The answer to a step; `None` once the process is gone.
    async fn step(
        &self,
        (token, mandate): (&str, &str),
        (path, etag): (&str, &str),
        body: &Value,
    ) -> Option<(Value, String)> {
        let authorization = format!("Bearer {token}");
        let key = format!("{}-{path}", self.name);
        let mut headers = vec![
            ("authorization", &*authorization),
            ("content-type", "application/json"),
            ("idempotency-key", &*key),
        ];
        headers.extend((!mandate.is_empty()).then_some(("mandate", mandate)));
        headers.extend((!etag.is_empty()).then_some(("if-match", etag)));
        let sent = self.browser.send(Method::POST, path, &headers, body.to_string().into_bytes());
        let answer = sent.await.ok()?;
        let etag = answer.etag();
        Some((answer.granted(), etag))
    }

    fn note(&self, note: impl FnOnce(&mut Acknowledged)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.count += 1;
        note(&mut known);
    }

    /// A mandate is granted and accepted, and a dossier filed under it is transferred.
    async fn one(&self) -> Option<()> {
        let grant = json!({ "representative": "agent", "procedures": ["ENERGY.LABEL"] });
        let (granted, _) = self.step((&self.principal, ""), ("/v1/mandates", ""), &grant).await?;
        let mandate = granted["mandate"].as_str()?.to_owned();
        self.note(|known| {
            known.mandates.push((mandate.clone(), self.principal.clone(), "offered"));
        });
        let acceptance = format!("/v1/mandates/{mandate}/acceptance");
        self.step((&self.representative, ""), (&acceptance, ""), &json!({})).await?;
        self.note(|known| {
            known.mandates.push((mandate.clone(), self.principal.clone(), "accepted"));
        });
        let by = (&*self.representative, &*mandate);
        let (filed, etag) = self.step(by, ("/v1/dossiers", ""), &self.body).await?;
        let id = filed["id"].as_str()?.to_owned();
        self.note(|known| known.filed.push(id.clone()));
        let transfer = format!("/v1/dossiers/{id}/transfer");
        let to = json!({ "to": TO, "reason": "Thuộc thẩm quyền của cơ quan khác" });
        self.step((&self.clerk, ""), (&transfer, &etag), &to).await?;
        self.note(|known| known.moved.push(id));
        Some(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_mandates_and_transfers_survive_being_killed_and_are_followed_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let key = Arc::new(DevelopmentKey::in_folder(folder.path()).unwrap());
    let known: Arc<Mutex<Acknowledged>> = Arc::default();
    let representative = token(&key, Role::Applicant, "agent", "");
    let body = {
        let process = Process::start(folder.path());
        energy_label(&process.browser, &representative).await
    };
    for round in 0..KILLS {
        let process = Process::start(folder.path());
        let before = known.lock().unwrap().count;
        let mut clients = JoinSet::new();
        for client in 0..4 {
            let (browser, known, key) =
                (process.browser.clone(), Arc::clone(&known), Arc::clone(&key));
            let (representative, body) = (representative.clone(), body.clone());
            clients.spawn(async move {
                for n in 0.. {
                    let name = format!("{round}-{client}-{n}");
                    let principal = token(&key, Role::Applicant, &format!("p-{name}"), "");
                    let clerk = token(&key, Role::Clerk, "clerk-1", FROM);
                    let (browser, known) = (browser.clone(), Arc::clone(&known));
                    let (representative, body) = (representative.clone(), body.clone());
                    let client =
                        Client { browser, name, known, principal, representative, clerk, body };
                    if client.one().await.is_none() {
                        return;
                    }
                }
            });
        }
        // Each round is killed after another number of acknowledgements, so in another step.
        let enough = before + 3 + round * 5;
        let reached = async {
            while known.lock().unwrap().count < enough {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached)
            .await
            .expect("nothing is acknowledged");
        process.kill();
        clients.join_all().await;
    }
    let process = Process::start(folder.path());
    let known = std::mem::take(&mut *known.lock().unwrap());
    assert!(!known.moved.is_empty(), "{known:?}");
    everything_is_there(&process.browser, &key, &known).await;
    drop(process);
    let log = folder.path().join("log.sqlite");
    let store = EventStore::sqlite(&log, SqliteOptions::default()).unwrap();
    let report = program::check(&store).await.unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// Each acknowledged step can be read, and each transferred dossier goes on with its new agency, in
/// review too.
async fn everything_is_there(browser: &Browser, key: &DevelopmentKey, known: &Acknowledged) {
    let auditor = token(key, Role::Auditor, "auditor-1", "G02");
    let read = async |path: String| browser.get(&path, &auditor).await.granted();
    for (mandate, principal, stage) in &known.mandates {
        let path = format!("/v1/mandates/{mandate}");
        let shown = browser.get(&path, principal).await.granted();
        let is = shown["status"].as_str().unwrap();
        assert!(is == *stage || is == "accepted", "{mandate}: {stage}, {is}");
    }
    for id in &known.filed {
        read(format!("/v1/dossiers/{id}")).await;
    }
    let clerk = token(key, Role::Clerk, "clerk-2", TO);
    let reviewer = token(key, Role::Reviewer, "reviewer-1", TO);
    for id in &known.moved {
        assert_eq!(read(format!("/v1/dossiers/{id}")).await["agency"], TO);
        let dossier = format!("/v1/dossiers/{id}");
        let etag = browser.get(&dossier, &clerk).await.etag();
        let acceptance = format!("{dossier}/acceptance");
        browser.post(&acceptance, &clerk, &etag, json!({})).await.granted();
        let review = format!("/v1/reviews/{id}");
        let opened = async {
            while browser.get(&review, &reviewer).await.status != 200 {
                tokio::task::yield_now().await;
            }
        };
        let limit = Duration::from_secs(60);
        tokio::time::timeout(limit, opened).await.unwrap_or_else(|_| panic!("{review}"));
    }
    let operator = token(key, Role::Operator, "o1", "");
    assert_eq!(browser.get("/v1/dead-letters", &operator).await.granted(), json!([]));
}
