//! Requests that wait for news: long polls and event streams.

use std::sync::Arc;

use dossier::access::Caller;
use dossier::contract::Subject;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::headers::prefers;
use super::mandate::{CREDENTIAL, Invoked, MANDATE};
use super::{Context, Problem, Request};
use crate::crowd::Held;

/// The media type of server-sent events (HTML, section 9.2).
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// A place among those who wait for news, limited in number per subject and in total; free again
/// when it is dropped.
#[derive(Debug)]
pub struct Follow {
    context: Arc<Context>,
    /// The headers of the request that name its caller.
    naming: HeaderMap,
    #[expect(dead_code, reason = "given back when it is dropped")]
    held: Held<Subject>,
}

impl Request {
    /// Reserves a place among those who wait for news.
    ///
    /// # Errors
    ///
    /// 429 if the caller has too many, 503 if all have.
    pub fn follow(&self) -> Result<Follow, Problem> {
        let context = self.shared_context();
        let held = context.follow(&self.caller()?.subject)?;
        let mut naming = HeaderMap::new();
        for name in [AUTHORIZATION, MANDATE, CREDENTIAL] {
            for value in self.headers.get_all(&name) {
                naming.append(&name, value.clone());
            }
        }
        Ok(Follow { context, naming, held })
    }

    /// Whether the client prefers server-sent events to JSON.
    #[must_use]
    pub fn wants_events(&self) -> bool {
        prefers(&self.headers, EVENT_STREAM)
    }
}

impl Follow {
    /// The caller, verified again: while the request waits, the token may expire, its key be
    /// withdrawn, a mandate be revoked, and the caller's agency succeed another.
    pub async fn caller(&self) -> Result<Caller, Problem> {
        let caller = self.context.caller(&self.naming)?;
        let invoked = Invoked::of(&self.naming)?;
        if invoked.is_nothing() {
            return Ok(caller);
        }
        self.context.representation.acting(caller, invoked).await
    }

    /// Returns when the server stops.
    pub async fn closing(&self) {
        self.context.closing().cancelled().await;
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.context.closing().is_cancelled()
    }
}
