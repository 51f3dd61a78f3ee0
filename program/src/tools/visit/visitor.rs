//! The HTTP client of `visit`: a token per role, a consistency token, and retries where the
//! response says that they may help.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::Value;
use service_kit::Clock;
use tokio::runtime::Handle;

/// Timeout of one response.
const ANSWERED_IN: Duration = Duration::from_secs(30);
/// Time limit of retries.
const PATIENCE: Duration = Duration::from_secs(90);
/// Wait between retries.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) struct Visitor {
    agent: ureq::Agent,
    tokens: Vec<(&'static str, String)>,
    /// The newest `Consistency-Token`.
    seen: String,
    /// Prefix of idempotency keys.
    name: String,
    steps: u32,
    runtime: Handle,
}

/// One request, the same at each retry.
struct Asked<'a> {
    method: &'static str,
    url: &'a str,
    who: &'a str,
    media: &'static str,
    key: String,
    etag: String,
    body: String,
}

struct Answer {
    status: u16,
    etag: String,
    body: Value,
}

impl Answer {
    /// Retryable: not visible here yet, a replica that starts or stops, or too many requests.
    fn may_change(&self) -> bool {
        matches!(self.status, 404 | 429 | 502 | 503 | 504)
    }
}

impl Visitor {
    /// Reads the token files of these roles.
    pub(super) fn new(folder: &Path, roles: &[&'static str]) -> Result<Self> {
        let mut tokens = Vec::new();
        for role in roles {
            let path = folder.join(role);
            let token =
                std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            tokens.push((*role, token.trim().to_owned()));
        }
        let config = service_kit::outside::client(ANSWERED_IN).http_status_as_error(false);
        let name = Clock::System.now().to_string();
        let (agent, runtime) = (config.build().into(), Handle::current());
        Ok(Self { agent, tokens, seen: String::new(), name, steps: 0, runtime })
    }

    /// Uploads a PDF; returns its name.
    pub(super) fn upload(&mut self, intake: &str, who: &str, content: String) -> Result<String> {
        let url = format!("{intake}/v1/documents");
        let asked = Asked { media: "application/pdf", ..self.asks("POST", &url, who, content) };
        let answer = self.until_granted(&asked)?;
        Ok(answer.body["document"].as_str().context("the response names no document")?.to_owned())
    }

    /// Sends a step that needs no version.
    pub(super) fn post(&mut self, url: &str, who: &str, body: &Value) -> Result<Value> {
        let asked = self.asks("POST", url, who, body.to_string());
        Ok(self.until_granted(&asked)?.body)
    }

    pub(super) fn read(&mut self, url: &str, who: &str) -> Result<Value> {
        let asked = self.asks("GET", url, who, String::new());
        Ok(self.until_granted(&asked)?.body)
    }

    /// Polls until the condition holds.
    pub(super) fn wait<T>(
        &mut self,
        what: &str,
        url: &str,
        who: &str,
        found: impl Fn(&Value) -> Option<T>,
    ) -> Result<T> {
        let until = patience();
        loop {
            let shown = self.read(url, who)?;
            if let Some(found) = found(&shown) {
                return Ok(found);
            }
            if Clock::System.now() > until {
                bail!("{url}: {what} not reached within {PATIENCE:?}; last response: {shown}");
            }
            self.pause();
        }
    }

    /// Takes a step on a resource at its current version; retries at the new version after a
    /// conflict.
    pub(super) fn step(
        &mut self,
        resource: &str,
        step: &str,
        who: &str,
        body: &Value,
    ) -> Result<Value> {
        let path = format!("{resource}/{step}");
        let until = patience();
        loop {
            let read = self.asks("GET", resource, who, String::new());
            let etag = self.until_granted(&read)?.etag;
            let asked = Asked { etag, ..self.asks("POST", &path, who, body.to_string()) };
            let answer = self.until_settled(&asked)?;
            match answer.status {
                200..=299 => return Ok(answer.body),
                412 if Clock::System.now() < until => self.pause(),
                status => bail!("{path}: {status} {}", answer.body),
            }
        }
    }

    fn asks<'a>(
        &mut self,
        method: &'static str,
        url: &'a str,
        who: &'a str,
        body: String,
    ) -> Asked<'a> {
        self.steps += 1;
        let key = format!("visit-{}-{}", self.name, self.steps);
        Asked { method, url, who, media: "application/json", key, etag: String::new(), body }
    }

    fn until_granted(&mut self, asked: &Asked<'_>) -> Result<Answer> {
        let answer = self.until_settled(asked)?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        bail!("{}: {} {}", asked.url, answer.status, answer.body)
    }

    /// Sends a request, and retries it with the same key, also if there was no response: it is
    /// applied once.
    fn until_settled(&mut self, asked: &Asked<'_>) -> Result<Answer> {
        let until = patience();
        loop {
            match self.send(asked) {
                Ok(answer) if !answer.may_change() => return Ok(answer),
                answer if Clock::System.now() > until => return answer,
                _ => self.pause(),
            }
        }
    }

    fn send(&mut self, asked: &Asked<'_>) -> Result<Answer> {
        let of = |(role, _): &&(&str, String)| *role == asked.who;
        let token = self.tokens.iter().find(of).map_or("", |(_, token)| token);
        let mut request = http::Request::builder()
            .method(asked.method)
            .uri(asked.url)
            .header("authorization", format!("Bearer {token}"));
        if asked.method == "POST" {
            request =
                request.header("idempotency-key", &asked.key).header("content-type", asked.media);
        }
        if !self.seen.is_empty() {
            request = request.header("consistency-token", &self.seen);
        }
        if !asked.etag.is_empty() {
            request = request.header("if-match", &asked.etag);
        }
        let request = request.body(asked.body.clone())?;
        let mut answer = self.agent.run(request).with_context(|| asked.url.to_owned())?;
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (etag, seen) = (header("etag"), header("consistency-token"));
        if !seen.is_empty() {
            self.seen = seen;
        }
        let text = answer.body_mut().read_to_string()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status: answer.status().as_u16(), etag, body })
    }

    fn pause(&self) {
        let until = Clock::System.now().checked_add(PAUSE).unwrap_or(Timestamp::MAX);
        self.runtime.block_on(Clock::System.sleep_until(until, PAUSE));
    }
}

fn patience() -> Timestamp {
    Clock::System.now().checked_add(PATIENCE).unwrap_or(Timestamp::MAX)
}
