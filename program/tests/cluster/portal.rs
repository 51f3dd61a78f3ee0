//! A portal that remembers what it was promised: it carries dossiers through, repeats requests that
//! were not answered, and reads everything back in the end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dossier::contract::Role;
use dossier_client::types::{
    AcceptDossierRequest, CompleteActivityRequest, DossierStage, Outcome, ProposeDecisionRequest,
    SubmitDossierRequest,
};
use dossier_client::{
    Addresses, Client, ETag, Error, HttpTransport, Reply, Request, Retries, Service, Transport,
    TransportError, at_current, wait_until,
};
use events::{EventStore, Filter, Position};
use tokio::sync::watch;
use tokio::task::JoinSet;
use web::auth::{Claims, DevelopmentKey};

use crate::support::{Browser, energy_label, token};

/// Limit of a step until it is acknowledged, faults included.
const ACKNOWLEDGED_IN: Duration = Duration::from_secs(90);
/// Timeout of one attempt.
const ANSWERED_IN: Duration = Duration::from_secs(10);
/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(100);

static AGAIN: AtomicUsize = AtomicUsize::new(0);

/// Attempts that failed and were repeated.
pub(crate) fn again() -> usize {
    AGAIN.load(Ordering::Relaxed)
}

/// Counts the attempts that fail.
struct Counted(HttpTransport);

impl Transport for Counted {
    async fn send(
        &self,
        service: Service,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let sent = self.0.send(service, request).await;
        let failed = |response: &http::Response<Bytes>| {
            matches!(response.status().as_u16(), 408 | 429 | 502..)
        };
        if sent.as_ref().map_or(true, failed) {
            AGAIN.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }
}

/// A portal.
#[derive(Clone)]
pub(crate) struct Portal {
    client: Client<Counted>,
    applicant: String,
    clerk: String,
    reviewer: String,
    body: SubmitDossierRequest,
    name: String,
}

impl Portal {
    pub(crate) async fn open(address: SocketAddr, data: &Path, name: &str) -> Self {
        let key = DevelopmentKey::in_folder(data).unwrap();
        let officer = |role, name| token(&key, role, name, "G02.002");
        // A representative has the quotas of a portal.
        let claims = Claims {
            sub: "agent-1".into(),
            exp: 4_000_000_000,
            nbf: None,
            roles: vec![Role::Applicant],
            agency: None,
            on_behalf_of: Some("company-1".into()),
        };
        let applicant = key.mint(&claims).unwrap();
        let body = energy_label(&Browser::new(address), &applicant).await;
        let transport = HttpTransport::new(Addresses::new(&format!("http://{address}"))).unwrap();
        let client =
            Client::over(Counted(transport)).with_timeout(ANSWERED_IN).with_retries(Retries {
                within: ACKNOWLEDGED_IN,
                first_pause: PAUSE,
                pause_max: PAUSE,
            });
        let (clerk, reviewer) = (officer(Role::Clerk, "clerk-1"), officer(Role::Reviewer, "r-1"));
        let (body, name) = (serde_json::from_value(body).unwrap(), name.to_owned());
        Self { client, applicant, clerk, reviewer, body, name }
    }

    /// Carries a dossier from submission to the end. Its callers share a consistency token, which
    /// those of other dossiers do not.
    pub(crate) async fn carry(&self, number: usize) -> String {
        let client = self.client.independent();
        let [applicant, clerk, reviewer] =
            [&self.applicant, &self.clerk, &self.reviewer].map(|who| client.with_token(&**who));
        let key = |step: &str| format!("{}-{number}-{step}", self.name);
        let submitted = applicant.submit_dossier(&self.body).idempotency_key(key("submit"));
        let id = submitted.await.unwrap().body.id;
        let (dossier, review) = (|| clerk.get_dossier(id), || reviewer.get_review(id));
        take(dossier, |seen| {
            clerk
                .accept_dossier(id, seen, &AcceptDossierRequest::default())
                .idempotency_key(key("accept"))
        })
        .await;
        take(review, |seen| reviewer.claim_review(id, seen).idempotency_key(key("claim"))).await;
        let done = CompleteActivityRequest::new("registration");
        take(review, |seen| {
            reviewer.complete_activity(id, seen, &done).idempotency_key(key("activity"))
        })
        .await;
        let reason = "complete".to_owned();
        let decision = ProposeDecisionRequest { outcome: Outcome::Approved, reason };
        take(review, |seen| {
            reviewer.propose_decision(id, seen, &decision).idempotency_key(key("decision"))
        })
        .await;
        // This read waits for the reactions to the decision.
        let shown = applicant.get_dossier(id).await.unwrap().body;
        assert_eq!((shown.outcome, shown.stage), (Some(Outcome::Approved), DossierStage::Closed));
        id.to_string()
    }
}

/// Takes a step at the current version of a resource, once it exists.
async fn take<'a, R, S>(
    read: impl Fn() -> Request<'a, Counted, R> + Copy,
    step: impl Fn(&ETag) -> Request<'a, Counted, S> + Copy,
) -> Reply<S> {
    let taken = async {
        wait_until(ACKNOWLEDGED_IN, read, |_| Some(())).await?;
        at_current(read, step).await
    };
    let taken: Result<Reply<S>, Error> = taken.await;
    taken.unwrap()
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
