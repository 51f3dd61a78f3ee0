//! The services with a store in memory and a virtual clock, and the callers of the month.

use std::sync::Arc;

use documents::Documents;
use dossier::contract::Role;
use dossier::law::shipped_rules;
use engine::{Engine, Settings};
use events::EventStore;
use events::bus::Bus;
use jiff::Timestamp;
use platform::TimeSource;
use platform::secret::Secret;
use program::{Answer, Bearer, Components, Installation};
use serde_json::Value;
use tempfile::TempDir;
use web::auth::{Auth, DevelopmentKey};
use web::quotas::{Quotas, Rules};

/// Nobody is limited: a firm of the month files for many.
const QUOTAS: &str = "
applicant:
  steps: { count: 1000000000, seconds: 60 }
  reads: { count: 1000000000, seconds: 60 }
  submissions: { count: 1000000000, seconds: 86400 }
  uploaded_bytes: { count: 100000000000, seconds: 86400 }
  unfinished_uploads: 1000000000
";

pub(crate) const AGENCY: &str = "G02.001";

pub(crate) struct Office {
    office: program::Office,
    pub(crate) engine: Arc<Engine>,
    pub(crate) requests: usize,
    _folder: TempDir,
}

pub(crate) fn firm(name: &str) -> Bearer {
    (Role::Applicant, name, "").into()
}

pub(crate) fn clerk() -> Bearer {
    (Role::Clerk, "clerk-1", AGENCY).into()
}

/// One of two cashiers; what one proposes, the other decides.
pub(crate) fn cashier(name: &str) -> Bearer {
    (Role::Cashier, name, AGENCY).into()
}

pub(crate) fn provider(name: &str) -> Bearer {
    (Role::PaymentProvider, name, "").into()
}

impl Office {
    pub(crate) async fn open(now: Timestamp) -> Self {
        let clock = TimeSource::manual(now);
        // In memory if possible, so that uploads do not wait for a disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let key = DevelopmentKey::from_seed([7; 32]);
        let store = Arc::new(EventStore::memory());
        let secret = Arc::new(Secret::new(vec![7; 32]));
        let documents = folder.path().join("documents");
        let documents = Documents::in_folder(&documents, &clock, &secret).unwrap();
        let installation = Installation {
            auth: Auth::development(&key, TimeSource::System),
            quotas: Quotas::new(Rules::with(QUOTAS).unwrap(), clock.clone()),
            documents,
            secret,
            outside: program::Outside::none(true).unwrap(),
            webhooks: program::webhooks(Vec::new(), false).unwrap(),
            rule_signers: 1,
        };
        let (bus, rules) = (Bus::Store(Arc::clone(&store)), shipped_rules().unwrap());
        let settings = Settings { bus, store, rules, clock, views: None };
        let components = Components::open(settings, installation).await.unwrap();
        let office = program::Office::open(&components, key).await.unwrap();
        let engine = Arc::clone(&components.engine);
        Self { office, engine, requests: 0, _folder: folder }
    }

    pub(crate) async fn wait_until(&mut self, at: Timestamp) {
        self.office.wait_until(at).await.unwrap();
    }

    pub(crate) async fn settle(&mut self) {
        self.office.settle().await.unwrap();
    }

    pub(crate) async fn upload(&mut self, who: Bearer, content: &str) -> String {
        self.office.upload(who, content).await.unwrap()
    }

    pub(crate) async fn get(&mut self, path: &str, who: Bearer) -> Answer {
        self.requests += 1;
        let answer = self.office.get(path, who).await.unwrap();
        assert!(answer.status.is_success(), "GET {path}: {} {}", answer.status, answer.body);
        answer
    }

    /// All rows of a list, of all its pages.
    pub(crate) async fn list(&mut self, path: &str, who: &Bearer) -> Vec<Value> {
        let (mut rows, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let answer = self.get(&path, who.clone()).await;
            rows.extend(answer.body.as_array().unwrap().iter().cloned());
            let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
            next = link.and_then(|link| link.split(['<', '>']).nth(1).map(str::to_owned));
        }
        rows
    }

    pub(crate) async fn post(&mut self, path: &str, who: Bearer, body: &Value) -> Answer {
        self.post_at(path, who, "", body).await
    }

    pub(crate) async fn post_at(
        &mut self,
        path: &str,
        who: Bearer,
        etag: &str,
        body: &Value,
    ) -> Answer {
        self.requests += 1;
        let answer = self.office.post(path, who, etag, body).await.unwrap();
        assert!(!answer.status.is_server_error(), "POST {path}: {}", answer.body);
        answer
    }

    /// Takes a step on a payment as it is now.
    pub(crate) async fn step(
        &mut self,
        dossier: &str,
        step: &str,
        who: Bearer,
        body: &Value,
    ) -> Result<Value, String> {
        let payments = format!("/v1/payments/{dossier}");
        let etag = etag(&self.get(&payments, who.clone()).await);
        let answer = self.post_at(&format!("{payments}/{step}"), who, &etag, body).await;
        granted(answer)
    }
}

pub(crate) fn etag(answer: &Answer) -> String {
    answer.headers.get("etag").map_or(String::new(), |tag| tag.to_str().unwrap().to_owned())
}

/// The body, or the code of the problem.
pub(crate) fn granted(answer: Answer) -> Result<Value, String> {
    if answer.status.is_success() {
        return Ok(answer.body);
    }
    let problem = answer.body["type"].as_str().unwrap_or_default();
    Err(problem.trim_start_matches("urn:dossier:problem:").to_owned())
}
