//! All services of this process with an in-process client: requests take the same path as over
//! HTTP, but without a socket and in virtual time. Used by `replay` and `demo`.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use dossier::contract::Role;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use jiff::Timestamp;
use serde_json::Value;
use service_kit::auth::{Claims, DevelopmentKey};
use service_kit::http::Router;
use service_kit::tasks::{DeadLetter, ReactionsHealth, Tasks};
use service_kit::{Clock, Kit};

/// The services, their tasks, and a key to sign tokens.
pub struct Office {
    kit: Arc<Kit>,
    router: Router,
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

/// A response: status, tag and body.
#[derive(Debug)]
pub struct Answer {
    /// How it was answered.
    pub status: StatusCode,
    /// The version that it shows, if it is of a resource.
    pub etag: String,
    pub body: Value,
}

impl Answer {
    /// The body, if the request was granted.
    pub fn granted(self) -> Result<Value> {
        if self.status.is_success() {
            Ok(self.body)
        } else {
            bail!("{} {}", self.status, self.body)
        }
    }
}

impl Office {
    /// All services on a kit whose tokens are signed with `key`.
    pub async fn open(kit: &Arc<Kit>, key: DevelopmentKey) -> Result<Self> {
        let (mut routes, mut tasks, mut reactions) = (Vec::new(), Tasks::default(), Vec::new());
        for service in crate::services(kit).await? {
            routes.extend(service.routes);
            tasks.append(service.tasks);
            reactions.extend(service.reactions);
        }
        let (router, tokens) = (Router::new(kit, routes), HashMap::new());
        Ok(Self { kit: Arc::clone(kit), router, tasks, reactions, key, tokens, requests: 0 })
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
        self.kit.clock.now()
    }

    /// Moves the clock, stopping at each due instant.
    pub async fn wait_until(&mut self, at: Timestamp) -> Result<()> {
        Ok(self.tasks.run_until(&self.kit, at).await?)
    }

    /// Runs all tasks until they are idle, without moving the clock.
    pub async fn settle(&mut self) -> Result<()> {
        self.tasks.settle(&self.kit).await?;
        Ok(())
    }

    fn token(&mut self, who: Bearer) -> Result<String> {
        if let Some(token) = self.tokens.get(&who) {
            return Ok(token.clone());
        }
        let Bearer { role, subject, agency, on_behalf_of } = &who;
        let token = self.key.mint(&Claims {
            sub: subject.as_str().into(),
            exp: Clock::System.now().as_second() + 24 * 3_600,
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
        self.send(Method::GET, path, who.into(), "", ("application/json", Vec::new())).await
    }

    /// Takes a step, at the version of `etag`.
    pub async fn post(
        &mut self,
        path: &str,
        who: impl Into<Bearer>,
        etag: &str,
        body: &Value,
    ) -> Result<Answer> {
        let body = body.to_string().into_bytes();
        self.send(Method::POST, path, who.into(), etag, ("application/json", body)).await
    }

    /// Uploads a PDF and gives its name.
    pub async fn upload(&mut self, who: impl Into<Bearer>, content: &str) -> Result<String> {
        let body = format!("%PDF-1.7 {content}").into_bytes();
        let pdf = ("application/pdf", body);
        let answer =
            self.send(Method::POST, "/v1/documents", who.into(), "", pdf).await?.granted()?;
        let name = answer.get("document").and_then(Value::as_str).context("no document name")?;
        Ok(name.to_owned())
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        who: Bearer,
        etag: &str,
        (media_type, body): (&str, Vec<u8>),
    ) -> Result<Answer> {
        self.requests += 1;
        let token = self.token(who)?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", media_type)
            .header("idempotency-key", format!("office-{}", self.requests))
            .header("accept-language", "en");
        if !etag.is_empty() {
            request = request.header("if-match", etag);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        let response = self.router.answer(request, Ipv4Addr::LOCALHOST.into()).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.context("incomplete response")?.to_bytes();
        let etag = parts.headers.get("etag").and_then(|tag| tag.to_str().ok()).unwrap_or("");
        Ok(Answer {
            status: parts.status,
            etag: etag.to_owned(),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }
}
