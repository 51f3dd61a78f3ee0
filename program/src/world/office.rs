//! All services of this process with an in-process client: requests take the same path as over
//! HTTP, but without a socket and in virtual time. Used by `replay` and `demo`.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use engine::Engine;
use engine::tasks::{DeadLetter, ReactionsHealth, Tasks};
use platform::TimeSource;
use web::Router;
use web::auth::{Claims, DevelopmentKey};

use anyhow::Result;
use bytes::Bytes;
use dossier::contract::Role;
pub use dossier_client::Answer;
use dossier_client::{Client, ETag, Language, Retries, Service, Transport, TransportError};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use serde_json::Value;

use crate::Components;

/// The services, their tasks, and a key to sign tokens.
pub struct Office {
    engine: Arc<Engine>,
    client: Client<InProcess>,
    tasks: Tasks,
    reactions: Vec<ReactionsHealth>,
    key: DevelopmentKey,
    tokens: HashMap<Bearer, String>,
    requests: u64,
}

impl std::fmt::Debug for Office {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Office").field("tasks", &self.tasks).finish_non_exhaustive()
    }
}

/// The bearer of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bearer {
    pub role: Role,
    pub subject: String,
    /// An officer's agency; empty for other roles.
    pub agency: String,
    /// The subject that a representative acts for; empty otherwise.
    pub on_behalf_of: String,
}

impl From<(Role, &str, &str)> for Bearer {
    fn from((role, subject, agency): (Role, &str, &str)) -> Self {
        let (subject, agency) = (subject.to_owned(), agency.to_owned());
        Self { role, subject, agency, on_behalf_of: String::new() }
    }
}

/// The router of this process as a transport.
struct InProcess(Router);

impl Transport for InProcess {
    async fn send(
        &self,
        _service: Service,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let response = self.0.answer(request.map(Full::new), Ipv4Addr::LOCALHOST.into()).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(TransportError::failed)?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

impl Office {
    /// All services on components whose tokens are signed with `key`.
    pub async fn open(components: &Components, key: DevelopmentKey) -> Result<Self> {
        let (mut routes, mut tasks, mut reactions) = (Vec::new(), Tasks::default(), Vec::new());
        for service in crate::services(components).await? {
            routes.extend(service.routes);
            tasks.append(service.tasks);
            reactions.extend(service.reactions);
        }
        // Time is virtual: nothing is gained by waiting.
        let client = Client::over(InProcess(Router::new(&components.context, routes)))
            .with_language(Language::English)
            .with_retries(Retries::NONE);
        let (engine, tokens) = (Arc::clone(&components.engine), HashMap::new());
        Ok(Self { engine, client, tasks, reactions, key, tokens, requests: 0 })
    }

    /// Dead letters of all services.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        let mut dead = Vec::new();
        for service in &self.reactions {
            dead.extend(service.dead_letters().await?);
        }
        Ok(dead)
    }

    /// The current virtual time.
    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    /// Moves the clock, stopping at each due instant.
    pub async fn wait_until(&mut self, at: Timestamp) -> Result<()> {
        Ok(self.tasks.run_until(&self.engine, at).await?)
    }

    /// Runs all tasks until they are idle, without moving the clock.
    pub async fn settle(&mut self) -> Result<()> {
        self.tasks.settle(&self.engine).await?;
        Ok(())
    }

    fn token(&mut self, who: Bearer) -> Result<String> {
        if let Some(token) = self.tokens.get(&who) {
            return Ok(token.clone());
        }
        let Bearer { role, subject, agency, on_behalf_of } = &who;
        let token = self.key.mint(&Claims {
            sub: subject.as_str().into(),
            exp: TimeSource::System.now().as_second() + 24 * 3_600,
            nbf: None,
            roles: vec![*role],
            agency: (!agency.is_empty()).then(|| agency.as_str().into()),
            on_behalf_of: (!on_behalf_of.is_empty()).then(|| on_behalf_of.as_str().into()),
        })?;
        self.tokens.insert(who, token.clone());
        Ok(token)
    }

    /// Reads a resource.
    pub async fn get(&mut self, path: &str, who: impl Into<Bearer>) -> Result<Answer> {
        let (caller, _) = self.caller(who.into())?;
        Ok(caller.call(Service::Process, Method::GET, path).answer().await?)
    }

    /// Takes a step, at the version of `etag`.
    pub async fn post(
        &mut self,
        path: &str,
        who: impl Into<Bearer>,
        etag: &str,
        body: &Value,
    ) -> Result<Answer> {
        let (caller, key) = self.caller(who.into())?;
        let mut step = caller.call(Service::Process, Method::POST, path).idempotency_key(key);
        if let Some(seen) = ETag::new(etag) {
            step = step.if_match(&seen);
        }
        Ok(step.json(body).answer().await?)
    }

    /// Uploads a PDF and gives its name.
    pub async fn upload(&mut self, who: impl Into<Bearer>, content: &str) -> Result<String> {
        let (caller, key) = self.caller(who.into())?;
        let content = format!("%PDF-1.7 {content}");
        let uploaded = caller.upload_document("application/pdf", content).idempotency_key(key);
        Ok(uploaded.await?.body.document)
    }

    /// A client that does not wait for reactions: in virtual time they run when told to.
    fn caller(&mut self, who: Bearer) -> Result<(Client<InProcess>, String)> {
        self.requests += 1;
        let caller = self.client.independent().with_token(self.token(who)?);
        Ok((caller, format!("office-{}", self.requests)))
    }
}
