//! What all operations of a process share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use documents::Documents;
use engine::Engine;
use engine::reads::ReadLog;
use platform::secret::Secret;

use super::Problem;
use super::problem::{BUSY, TOO_MANY_AT_ONCE};
use crate::auth::Auth;
use crate::crowd::{Crowd, Full, Held};
use crate::limits::{WAITS_MAX, WAITS_OF_ONE_MAX};
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
    /// Requests that wait until a position is visible, limited in number.
    waits: Arc<Crowd>,
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
            waits: Crowd::new(WAITS_MAX, WAITS_OF_ONE_MAX),
            requests: AtomicU64::new(0),
        })
    }

    /// Authenticates callers.
    #[must_use]
    pub const fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The installation's secret key.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Reserves one of the limited waits, of which each client may have a part.
    pub(super) fn wait(&self, client: IpAddr) -> Result<Held, Problem> {
        self.waits.enter(client, 1).map_err(|full| match full {
            Full::One => Problem::at_once(TOO_MANY_AT_ONCE),
            Full::All => Problem::at_once(BUSY),
        })
    }

    /// An id that is unique to a request.
    pub(crate) fn request_id(&self) -> String {
        let (number, holder) =
            (self.requests.fetch_add(1, Ordering::Relaxed), self.engine.holder());
        format!("{}-{number:x}", holder.get(..8).unwrap_or(holder))
    }
}
