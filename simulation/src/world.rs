//! One office with a store in memory and a virtual clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use documents::Documents;
use dossier::contract::{Role, RulesIssued};
use engine::{Engine, Settings};
use events::EventStore;
use events::bus::Bus;
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use platform::secret::Secret;
use program::{Answer, Bearer, Components, Installation, Office};
use serde_json::{Value, json};
use tempfile::TempDir;
use web::auth::{Auth, DevelopmentKey};
use web::quotas::{Quotas, Rules};

use crate::edges;

/// Start time of every world: Monday, 5 October 2026.
pub(crate) const BEGINS: &str = "2026-10-05T09:00:00+07:00";

/// Quotas for walks, which send far more requests than any applicant.
const QUOTAS: &str = "
applicant:
  steps: { count: 1000000000, seconds: 60 }
  reads: { count: 1000000000, seconds: 60 }
  submissions: { count: 1000000000, seconds: 86400 }
  uploaded_bytes: { count: 100000000000, seconds: 86400 }
  unfinished_uploads: 1000000000
";

/// The office of one walk.
pub(crate) struct World {
    pub(crate) office: Office,
    pub(crate) engine: Arc<Engine>,
    /// A counter for names that can be used only once.
    serial: u64,
    began: Timestamp,
    /// Whether a dossier has begun in it.
    pub(crate) has_begun: bool,
    _folder: TempDir,
}

impl World {
    /// A world with these rules, at the start time, in which `rule_signers` persons issue rules.
    pub(crate) async fn open(rules: Vec<RulesIssued>, rule_signers: u8) -> Result<Self> {
        let began: Timestamp = BEGINS.parse()?;
        let clock = TimeSource::manual(began);
        // In memory if possible, so that uploads do not wait for a disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
        let key = DevelopmentKey::from_seed([7; 32]);
        let store = Arc::new(EventStore::memory());
        let secret = Arc::new(Secret::new(vec![7; 32]));
        let documents = Documents::in_folder(&folder.path().join("documents"), &clock, &secret)?;
        let installation = Installation {
            auth: Auth::development(&key, TimeSource::System),
            quotas: Quotas::new(Rules::with(QUOTAS)?, clock.clone()),
            documents,
            secret,
            outside: program::Outside::none(true)?,
            webhooks: program::webhooks(Vec::new(), false).map_err(anyhow::Error::msg)?,
            rule_signers,
        };
        let bus = Bus::Store(Arc::clone(&store));
        let settings = Settings { bus, store, rules, clock, views: None };
        let components = Components::open(settings, installation).await?;
        let (office, engine) =
            (Office::open(&components, key).await?, Arc::clone(&components.engine));
        Ok(Self { office, engine, serial: 0, began, has_begun: false, _folder: folder })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    /// Whether time has passed, so that a dossier cannot begin as in a new world.
    pub(crate) fn moved(&self) -> bool {
        self.now() != self.began
    }

    /// A number that was not used before.
    pub(crate) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Declares an outage of online filing, since one hour ago.
    pub(crate) async fn declare_outage(&mut self, agency: &str) -> Result<()> {
        let hour_ago = self.now().checked_sub(SignedDuration::from_hours(1))?;
        let mut body = edges::outage(agency, hour_ago, None, hour_ago);
        body["channels"] = json!(["online"]);
        let operator = (Role::Operator, "operator-1", "");
        let answer = self.office.post("/v1/outages", operator, "", &body).await?;
        anyhow::ensure!(answer.status.is_success(), "no outage: {} {}", answer.status, answer.body);
        self.office.settle().await?;
        Ok(())
    }

    /// Issues rules as an operator.
    pub(crate) async fn issue(&mut self, text: &str) -> Result<Answer> {
        let body = json!({ "kind": "procedure", "text": text });
        let operator = (Role::Operator, "operator-1", "");
        self.office.post("/v1/rules", operator, "", &body).await
    }

    /// Takes a step. Replaces every `$upload` in the body by an upload and every `$serial` by a new
    /// number.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        who: &Bearer,
        etag: &str,
        mut body: Value,
    ) -> Result<Answer> {
        let mut names = Vec::new();
        for _ in 0..count(&body) {
            let content = format!("document {}", self.serial());
            names.push(self.office.upload(who.clone(), &content).await.context("an upload")?);
        }
        let serial = self.serial();
        fill(&mut body, serial, &mut names);
        self.office.post(path, who.clone(), etag, &body).await
    }

    /// Kinds of all recorded events.
    pub(crate) async fn kinds(&self) -> Result<BTreeSet<String>> {
        let (mut kinds, mut from) = (BTreeSet::new(), events::Position::START);
        loop {
            let page = self.engine.store.read_all(from, &events::Filter::default(), 1_000).await?;
            kinds.extend(page.events.iter().map(|event| event.kind.to_string()));
            if page.through == from {
                return Ok(kinds);
            }
            from = page.through;
        }
    }
}

const UPLOAD: &str = "$upload";
const SERIAL: &str = "$serial";

fn count(body: &Value) -> usize {
    match body {
        Value::String(text) => usize::from(text == UPLOAD),
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn fill(body: &mut Value, serial: u64, names: &mut Vec<String>) {
    match body {
        Value::String(text) if text == UPLOAD => *text = names.pop().unwrap_or_default(),
        Value::String(text) if text.contains(SERIAL) => {
            *text = text.replace(SERIAL, &serial.to_string());
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, serial, names)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, serial, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
