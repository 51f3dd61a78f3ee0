//! What all operations of a process share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use documents::Documents;
use dossier::access::Caller;
use dossier::contract::Subject;
use engine::Engine;
use engine::reads::ReadLog;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use platform::secret::Secret;
use tokio_util::sync::CancellationToken;

use super::Problem;
use super::problem::{BUSY, TOO_MANY_AT_ONCE};
use crate::auth::{Auth, Bearer};
use crate::crowd::{Crowd, Full, Held};
use crate::limits::{FOLLOWERS_MAX, FOLLOWERS_OF_ONE_MAX, WAITS_MAX, WAITS_OF_ONE_MAX};
use crate::mandate::Representation;
use crate::quotas::Quotas;

/// The parts of the HTTP layer that all operations share.
#[derive(Debug)]
pub struct Context {
    pub(crate) engine: Arc<Engine>,
    pub(crate) auth: Auth,
    pub(crate) quotas: Quotas,
    pub(crate) documents: Arc<Documents>,
    pub(crate) secret: Arc<Secret>,
    /// Records reads of personal data.
    pub(crate) reads: ReadLog,
    /// The recorded mandates and credentials.
    pub(crate) representation: Representation,
    /// Requests that wait until a position is visible, limited in number.
    waits: Arc<Crowd>,
    /// Long polls and event streams, limited in number.
    followers: Arc<Crowd<Subject>>,
    /// Cancelled when the server stops.
    closing: CancellationToken,
    /// Requests that have got an id so far.
    requests: AtomicU64,
}

impl Context {
    /// A context that authenticates with `auth`, limits with `quotas`, and derives digests and ids
    /// with `secret`. Uploads to `documents` count towards the quotas.
    #[must_use]
    pub fn new(
        engine: &Arc<Engine>,
        (auth, quotas): (Auth, Quotas),
        documents: &Arc<Documents>,
        secret: &Arc<Secret>,
    ) -> Arc<Self> {
        Arc::new(Self {
            engine: Arc::clone(engine),
            auth,
            quotas,
            documents: Arc::clone(documents),
            secret: Arc::clone(secret),
            reads: ReadLog::default(),
            representation: Representation::new(engine),
            waits: Crowd::new(WAITS_MAX, WAITS_OF_ONE_MAX),
            followers: Crowd::new(FOLLOWERS_MAX, FOLLOWERS_OF_ONE_MAX),
            closing: CancellationToken::new(),
            requests: AtomicU64::new(0),
        })
    }

    /// Authenticates callers.
    #[must_use]
    pub const fn auth(&self) -> &Auth {
        &self.auth
    }

    /// What callers may use.
    #[must_use]
    pub const fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// The installation's secret key.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The authenticated caller of a request with these headers.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        Ok(self.bearer(headers)?.caller)
    }

    /// The authenticated caller of a request with these headers, and the end of the token.
    pub(crate) fn bearer(&self, headers: &HeaderMap) -> Result<Bearer, Problem> {
        let mut sent = headers.get_all(AUTHORIZATION).iter();
        let authorization = sent.next().map(|value| value.to_str().unwrap_or(""));
        // Of two headers, it is unknown which one a proxy has checked.
        let authorization = if sent.next().is_some() { Some("") } else { authorization };
        let mut bearer = self.auth.bearer(authorization)?;
        if let Some(agency) = &bearer.caller.agency {
            let engine = &self.engine;
            bearer.caller.predecessors = engine.law().predecessors(agency, engine.clock.now());
        }
        Ok(bearer)
    }

    /// Reserves one of the limited waits, of which each client may have a part.
    pub(super) fn wait(&self, client: IpAddr) -> Result<Held, Problem> {
        self.waits.enter(client, 1).map_err(full)
    }

    /// Reserves one of the limited followers, of which each subject may have a few.
    pub(super) fn follow(&self, subject: &Subject) -> Result<Held<Subject>, Problem> {
        self.followers.enter(subject.clone(), 1).map_err(full)
    }

    /// Number of clients that wait for news.
    pub(crate) fn followers(&self) -> u64 {
        self.followers.held()
    }

    /// Cancelled when the server stops: whatever waits for news must end its answer.
    pub(crate) const fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// An id that is unique to a request.
    pub(crate) fn request_id(&self) -> String {
        let (number, holder) =
            (self.requests.fetch_add(1, Ordering::Relaxed), self.engine.holder());
        format!("{}-{number:x}", holder.get(..8).unwrap_or(holder))
    }
}

fn full(full: Full) -> Problem {
    match full {
        Full::One => Problem::at_once(TOO_MANY_AT_ONCE),
        Full::All => Problem::at_once(BUSY),
    }
}
