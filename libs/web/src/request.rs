//! Requests and their common parts. Input is parsed strictly: invalid input is refused with a
//! problem that names it.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use dossier::State;
use dossier::access::{self, Caller, May, Resource};
use dossier::contract::{Actor, Role};
use engine::Streams;
use engine::tasks::Progress;
use events::Position;
use http::header::{CONTENT_TYPE, HeaderValue, IF_MATCH};
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use platform::secret::Secret;
use platform::telemetry;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::headers::{prefers, trace_parent};
use super::if_match::seen;
use super::problem::{CONSISTENCY_AHEAD, KEY_MISSING, TOKEN_MISSING};
use super::{Context, Language, Problem, Seen, query, strict};
use crate::limits::KEY_BYTES_MAX;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("consistency-token");

/// What the head of a request determines.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) context: Arc<Context>,
    pub(crate) client: IpAddr,
    pub(crate) operation: Arc<str>,
    pub(crate) path: Arc<str>,
    /// Absent if the operation is open to everybody.
    pub(crate) caller: Option<Arc<Caller>>,
    /// When the token ends, if there is a caller.
    pub(crate) token_ends_at: Option<Timestamp>,
}

/// An authenticated request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Address of the client: the peer, or the address that a trusted proxy forwards.
    pub client: IpAddr,
    /// Method and address of the operation, for example `POST /v1/reviews/{dossier}/claim`.
    pub operation: Arc<str>,
    /// The path as it was sent.
    pub path: Arc<str>,
    pub headers: HeaderMap,
    /// Without the question mark.
    pub query: String,
    pub body: Bytes,
    caller: Option<Arc<Caller>>,
    token_ends_at: Option<Timestamp>,
    context: Arc<Context>,
    /// The role in which the caller reads; unset until it is decided.
    reader: Arc<OnceLock<Role>>,
}

impl Request {
    pub(crate) fn new(head: Head, headers: HeaderMap, query: String, body: Bytes) -> Self {
        let Head { context, client, operation, path, caller, token_ends_at } = head;
        let reader = Arc::default();
        Self {
            client,
            operation,
            path,
            headers,
            query,
            body,
            caller,
            token_ends_at,
            context,
            reader,
        }
    }

    /// A request of the same caller that is a part of this one, for an operation at `path`. Headers
    /// that belong to one request are replaced: the key is derived from the whole request's key
    /// and `place`, and `If-Match` is `version`.
    pub(crate) fn part(
        &self,
        (operation, path): (&str, String),
        place: usize,
        version: Option<HeaderValue>,
        body: Bytes,
    ) -> Result<Self, Problem> {
        let key = format!("bulk\n{operation}\n{}\n{place}", self.idempotency_key()?);
        let key = Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes()).to_string();
        let mut headers = self.headers.clone();
        headers
            .insert(IDEMPOTENCY_KEY, HeaderValue::from_str(&key).expect("a UUID is visible ASCII"));
        headers.remove(IF_MATCH);
        headers.extend(version.map(|version| (IF_MATCH, version)));
        let (operation, path) = (operation.into(), path.into());
        Ok(Self { operation, path, headers, query: String::new(), body, ..self.clone() })
    }

    /// The same request of a caller who acts for somebody else.
    pub(crate) fn acting_as(&self, caller: Caller) -> Self {
        Self { caller: Some(Arc::new(caller)), ..self.clone() }
    }

    /// The context, for work that outlives the request.
    pub(super) fn shared_context(&self) -> Arc<Context> {
        Arc::clone(&self.context)
    }

    /// The caller, if the operation needs one.
    pub(super) fn shared_caller(&self) -> Option<Arc<Caller>> {
        self.caller.clone()
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// The installation's secret key.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        self.context.secret()
    }

    /// The caller, who has one of the permitted roles. Whether the resource permits them is decided
    /// once it is loaded.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_deref().ok_or(Problem::new(TOKEN_MISSING))
    }

    /// When the caller's token ends; `None` without one.
    #[must_use]
    pub const fn token_ends_at(&self) -> Option<Timestamp> {
        self.token_ends_at
    }

    /// Decides in which capacity the caller reads data of `resource`, as [`access::decide`]. The
    /// role of the first decision is the one in which the read is recorded.
    pub fn read_as(&self, mays: &[May], resource: &Resource) -> Result<Actor, Problem> {
        let actor = access::decide(self.caller()?, mays, Some(resource))?;
        self.reader.get_or_init(|| actor.role);
        Ok(actor)
    }

    /// The role of [`Request::read_as`], which is set later.
    pub(super) fn shared_reader(&self) -> Arc<OnceLock<Role>> {
        Arc::clone(&self.reader)
    }

    /// Fails if the resource is absent or the caller may not do this with it.
    pub fn permitted_over(
        caller: &Caller,
        mays: &[May],
        resource: Option<Resource>,
    ) -> Result<(), Problem> {
        let resource = resource.ok_or_else(Problem::not_found)?;
        access::decide(caller, mays, Some(&resource))?;
        Ok(())
    }

    /// The media type of the body in lower case, without parameters; empty if it has none.
    #[must_use]
    pub fn media_type(&self) -> String {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or("").split(';').next().unwrap_or("");
        essence.trim().to_ascii_lowercase()
    }

    /// The body as JSON of type `T`. Findings have the JSON Pointer of the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.media_type() != "application/json" {
            return Err(Problem::media_type(&["application/json"]));
        }
        strict::read(&self.body)
    }

    /// The query string as parameters of type `T`. Findings have the name of the parameter.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        query::read(&self.query)
    }

    /// The address of the page after `cursor`, with the same filters.
    #[must_use]
    pub fn next_page(&self, address: &str, cursor: &str) -> String {
        let asked: Vec<(String, String)> =
            serde_urlencoded::from_str(&self.query).unwrap_or_default();
        let asked = asked.iter().map(|(name, value)| (&**name, &**value));
        let next = asked.filter(|(name, _)| *name != "after").chain([("after", cursor)]);
        let next: Vec<(&str, &str)> = next.collect();
        format!("{address}?{}", serde_urlencoded::to_string(next).unwrap_or_default())
    }

    /// The address of the page after these rows; `None` if there are fewer than `limit`, because
    /// then no more follow. `key` gives the cursor of a row.
    #[must_use]
    pub fn page_after<T>(
        &self,
        address: &str,
        (rows, limit): (&[T], u32),
        key: impl FnOnce(&T) -> String,
    ) -> Option<String> {
        let full = usize::try_from(limit).is_ok_and(|limit| rows.len() == limit);
        let last = rows.last().filter(|_| full)?;
        Some(self.next_page(address, &key(last)))
    }

    /// The client's key for this request (draft-ietf-httpapi-idempotency-key-header): 1 or more
    /// printable ASCII characters, with or without quotation marks.
    pub fn idempotency_key(&self) -> Result<&str, Problem> {
        let key = self.headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        let key = key.map_or("", |key| key.trim().trim_matches('"'));
        let fits = (1..=KEY_BYTES_MAX).contains(&key.len());
        if fits && key.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(key)
        } else {
            Err(Problem::new(KEY_MISSING))
        }
    }

    /// The versions in `If-Match`.
    pub fn if_match(&self) -> Result<Seen, Problem> {
        seen(&self.headers)
    }

    /// The position in `Consistency-Token`: that of an event which the client has written or read.
    pub fn consistency_token(&self) -> Result<Option<Position>, Problem> {
        token_of(&self.headers)
    }

    /// Waits until `progress` has reached the position in `Consistency-Token`.
    pub async fn catch_up(&self, progress: Option<&Progress>) -> Result<(), Problem> {
        let Some(position) = self.consistency_token()? else { return Ok(()) };
        let Some(progress) = progress.filter(|progress| progress.now() < position) else {
            return Ok(());
        };
        let _waiting = self.context.wait(self.client)?;
        if progress.reach(position).await { Ok(()) } else { Err(Problem::not_yet_consistent()) }
    }

    /// If the request has a `Consistency-Token`, reads the newest law from the log.
    pub async fn catch_up_law(&self) -> Result<(), Problem> {
        if self.consistency_token()?.is_none() {
            return Ok(());
        }
        let _waiting = self.context.wait(self.client)?;
        let engine = &self.context.engine;
        Ok(engine.catch_up_law().await?)
    }

    /// The language that the client prefers.
    #[must_use]
    pub fn language(&self) -> Language {
        Language::of(&self.headers)
    }

    /// Whether the client prefers this media type to JSON.
    #[must_use]
    pub fn prefers(&self, media_type: &str) -> bool {
        prefers(&self.headers, media_type)
    }

    /// W3C trace context: that of the present span, else that of the request if it is well-formed.
    #[must_use]
    pub fn trace(&self) -> Option<String> {
        telemetry::current().or_else(|| trace_parent(&self.headers).map(str::to_owned))
    }

    /// Digest of operation, path, body, and invoked mandate and credential; tells apart different
    /// requests with the same key.
    pub(super) fn digest(&self) -> String {
        let mut parts = vec![self.operation.as_bytes(), self.path.as_bytes(), &*self.body];
        // Requests that invoke nothing keep the digest that older versions recorded.
        let mandate = self.caller.as_deref().and_then(|caller| caller.mandate.as_ref());
        parts.extend(mandate.map(|under| under.mandate.0.as_bytes().as_slice()));
        let credential = self.caller.as_deref().and_then(|caller| caller.credential.as_ref());
        parts.extend(credential.map(|id| id.0.as_bytes().as_slice()));
        self.context.secret.digest(&parts)
    }

    /// The id of a new resource. The same client, key and `purpose` give the same id, and it cannot
    /// be computed without the installation's key.
    ///
    /// Older versions derived ids without that key. If a resource with such an id exists, that id
    /// is returned.
    pub async fn new_id<S: State>(
        &self,
        streams: &Streams<S>,
        caller: &Caller,
        purpose: &str,
    ) -> Result<Uuid, Problem> {
        let key = self.idempotency_key()?;
        let older = self.derived_id(caller, purpose)?;
        let stream = Streams::<S>::name(&older.to_string()).map_err(|_| Problem::not_found())?;
        if streams.engine().store.last(&stream).await?.is_some() {
            return Ok(older);
        }
        let subject = caller.subject.as_str();
        let parts = [b"id", subject.as_bytes(), key.as_bytes(), purpose.as_bytes()];
        Ok(self.context.secret.id(&parts))
    }

    /// The id of a command. The same client, key and `purpose` give the same id. The derivation
    /// must not change: commands that older versions recorded are recognised by it.
    pub fn derived_id(&self, caller: &Caller, purpose: &str) -> Result<Uuid, Problem> {
        let key = self.idempotency_key()?;
        let name = format!("{}\n{key}\n{purpose}", caller.subject);
        Ok(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()))
    }
}

fn token_of(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let Some(value) = headers.get(CONSISTENCY_TOKEN) else { return Ok(None) };
    let position = value.to_str().ok().and_then(|text| text.trim_matches('"').parse().ok());
    match position {
        Some(position) => Ok(Some(Position(position))),
        None => Err(Problem::invalid_header("Consistency-Token")),
    }
}

/// Refuses a `Consistency-Token` that is after every event of the log: waiting for it would never
/// end.
pub(super) async fn check_token(
    context: &Context,
    client: IpAddr,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let Some(position) = token_of(headers)? else { return Ok(()) };
    if position <= context.engine.store.head() {
        return Ok(());
    }
    // Reading the store is expensive, and callers without a token may reach this point too.
    let _waiting = context.wait(client)?;
    // Another process may have appended events that this one has not received yet.
    match context.engine.store.event_at(position).await? {
        Some(_) => Ok(()),
        None => Err(Problem::new(CONSISTENCY_AHEAD)),
    }
}
