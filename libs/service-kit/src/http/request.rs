//! What every request carries, read strictly: what cannot be understood is refused with what to
//! change.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use dossier::State;
use dossier::access::{self, Caller, May, Resource};
use dossier::text::fault;
use events::Position;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::headers::trace_parent;
use super::problem::{
    BUSY, CONSISTENCY_AHEAD, HEADER_INVALID, KEY_MISSING, MEDIA_TYPE, TOKEN_MISSING,
    TOO_MANY_AT_ONCE,
};
use super::{Language, Problem, Seen, strict};
use crate::Kit;
use crate::crowd::Full;
use crate::limits::KEY_BYTES_MAX;
use crate::streams::Streams;
use crate::tasks::Progress;
use crate::telemetry;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CONSISTENCY_TOKEN: HeaderName = HeaderName::from_static("consistency-token");

/// What is known of a request by its head alone.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) client: IpAddr,
    pub(crate) operation: Arc<str>,
    pub(crate) path: Arc<str>,
    /// Absent where an operation is open to everybody.
    pub(crate) caller: Option<Arc<Caller>>,
}

/// A request whose sender was let in.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it comes from: the peer, or what a trusted proxy says of it.
    pub client: IpAddr,
    /// Method and address of the operation, for example `POST /v1/reviews/{dossier}/claim`.
    pub operation: Arc<str>,
    /// The path as it was sent.
    pub path: Arc<str>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its query string, without the question mark.
    pub query: String,
    /// Its body, within the limit.
    pub body: Bytes,
    caller: Option<Arc<Caller>>,
}

impl Request {
    pub(crate) fn new(head: Head, headers: HeaderMap, query: String, body: Bytes) -> Self {
        let Head { client, operation, path, caller } = head;
        Self { client, operation, path, headers, query, body, caller }
    }

    /// Who is calling. One of their roles may do this; over what, is decided where that is known.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_deref().ok_or(Problem::new(TOKEN_MISSING))
    }

    /// Whether the caller may do this with what was found.
    pub fn permitted_over(
        caller: &Caller,
        mays: &[May],
        resource: Option<Resource>,
    ) -> Result<(), Problem> {
        let resource = resource.ok_or_else(Problem::not_found)?;
        access::decide(caller, mays, Some(&resource))?;
        Ok(())
    }

    /// The body as JSON of a known shape. What fails is named by its place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(MEDIA_TYPE).about("application/json"));
        }
        strict::read(&self.body)
    }

    /// The query string as a known shape.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let invalid = |error: serde_urlencoded::de::Error| Problem::query(error.to_string());
        let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            serde_urlencoded::from_str(&self.query).map_err(invalid)?;
        for (key, value) in &pairs {
            if let Some(fault) = fault(value).or_else(|| fault(key)) {
                return Err(Problem::query(fault.to_string()));
            }
        }
        serde_urlencoded::from_str(&self.query).map_err(invalid)
    }

    /// The address of the page behind `cursor`: the same question, filters and all, from there on.
    #[must_use]
    pub fn next_page(&self, address: &str, cursor: &str) -> String {
        let asked: Vec<(String, String)> =
            serde_urlencoded::from_str(&self.query).unwrap_or_default();
        let asked = asked.iter().map(|(name, value)| (&**name, &**value));
        let next = asked.filter(|(name, _)| *name != "after").chain([("after", cursor)]);
        let next: Vec<(&str, &str)> = next.collect();
        format!("{address}?{}", serde_urlencoded::to_string(next).unwrap_or_default())
    }

    /// The address of the page behind these rows, if there may be one: when they are as many as
    /// were asked for. `key` is the cursor of a row.
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

    /// The client's key for this request (draft-ietf-httpapi-idempotency-key-header).
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

    /// The versions that the client has seen.
    pub fn if_match(&self) -> Result<Seen, Problem> {
        Seen::of(&self.headers)
    }

    /// What the client has written or read and wants to see.
    pub fn consistency_token(&self) -> Result<Option<Position>, Problem> {
        token_of(&self.headers)
    }

    /// Waits until what the client has written or read has had its effect where `progress` says how
    /// far that is.
    pub async fn catch_up(&self, kit: &Kit, progress: Option<&Progress>) -> Result<(), Problem> {
        let Some(position) = self.consistency_token()? else { return Ok(()) };
        let Some(progress) = progress.filter(|progress| progress.now() < position) else {
            return Ok(());
        };
        let _waiting = wait(kit, self.client)?;
        if progress.reach(position).await { Ok(()) } else { Err(Problem::not_yet_consistent()) }
    }

    /// Reads on in the law, if the client has written or read something that may be a part of it.
    pub async fn catch_up_law(&self, kit: &Kit) -> Result<(), Problem> {
        if self.consistency_token()?.is_none() {
            return Ok(());
        }
        let _waiting = wait(kit, self.client)?;
        let caught_up = kit.rulebook.catch_up(&kit.store).await;
        caught_up.map_err(|error| Problem::unavailable(&error.to_string()))
    }

    /// The language of the answer.
    #[must_use]
    pub fn language(&self) -> Language {
        Language::of(&self.headers)
    }

    /// W3C trace context: of the span in which it is answered, or as the caller says, if that is
    /// well formed.
    #[must_use]
    pub fn trace(&self) -> Option<String> {
        telemetry::current().or_else(|| trace_parent(&self.headers).map(str::to_owned))
    }

    /// What tells this request from every other that comes with the same key: the operation, its
    /// address, and the body.
    pub(super) fn digest(&self, kit: &Kit) -> String {
        kit.keyed_digest(&[self.operation.as_bytes(), self.path.as_bytes(), &self.body])
    }

    /// The id of a new thing, the same whenever this client sends the same key for the same
    /// `purpose`. Nobody can compute it without the installation's key.
    ///
    /// A thing that an older version recorded for that key has another id, from which anybody could
    /// compute it; whoever asks again has that one.
    pub async fn new_id<S: State>(
        &self,
        streams: &Streams<S>,
        caller: &Caller,
        purpose: &str,
    ) -> Result<Uuid, Problem> {
        let (kit, key) = (streams.kit(), self.idempotency_key()?);
        let older = self.derived_id(caller, purpose)?;
        let stream = Streams::<S>::name(&older.to_string()).map_err(|_| Problem::not_found())?;
        if kit.store.last(&stream).await?.is_some() {
            return Ok(older);
        }
        let subject = caller.subject.as_str();
        Ok(kit.keyed_id(&[b"id", subject.as_bytes(), key.as_bytes(), purpose.as_bytes()]))
    }

    /// The id of a command, the same whenever this client sends the same key for the same
    /// `purpose`. It is derived as it always was, so that a command that an older version recorded
    /// is known.
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
        None => Err(Problem::new(HEADER_INVALID).about("Consistency-Token")),
    }
}

/// A place among those who wait: not more than some do, of one client and in all.
fn wait(kit: &Kit, client: IpAddr) -> Result<impl Drop + use<>, Problem> {
    kit.waits.enter(client, 1).map_err(|full| match full {
        Full::One => Problem::at_once(TOO_MANY_AT_ONCE),
        Full::All => Problem::at_once(BUSY),
    })
}

/// Refuses a `Consistency-Token` that nothing here has, whatever the operation: waiting for it
/// would be in vain.
pub(super) async fn check_token(
    kit: &Kit,
    client: IpAddr,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let Some(position) = token_of(headers)? else { return Ok(()) };
    if position <= kit.store.head() {
        return Ok(());
    }
    // Reading the store is not for nothing, and some may ask who have no token.
    let _waiting = wait(kit, client)?;
    // Another process may have appended what is not heard of here yet.
    match kit.store.event_at(position).await? {
        Some(_) => Ok(()),
        None => Err(Problem::new(CONSISTENCY_AHEAD)),
    }
}
