//! The client: its caller, its settings, and the position up to which it has read.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[cfg(feature = "http")]
use crate::{Addresses, HttpTransport, TransportError};
use crate::{Reply, Request, Retries, Service, Transport, request};

/// Timeout of one attempt: longer than any wait of the server.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The language of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    Vietnamese,
    English,
}

impl Language {
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }
}

/// A client of one installation, for one caller. Clones share the transport and the consistency
/// token; [`Client::with_token`] gives one for another caller.
pub struct Client<T> {
    pub(crate) transport: Arc<T>,
    pub(crate) token: Option<Arc<str>>,
    pub(crate) mandate: Option<Arc<str>>,
    pub(crate) credential: Option<Arc<str>>,
    pub(crate) language: Language,
    pub(crate) retries: Retries,
    pub(crate) timeout: Duration,
    consistency: Arc<Mutex<Option<String>>>,
}

impl<T> Clone for Client<T> {
    fn clone(&self) -> Self {
        Self {
            transport: Arc::clone(&self.transport),
            token: self.token.clone(),
            mandate: self.mandate.clone(),
            credential: self.credential.clone(),
            consistency: Arc::clone(&self.consistency),
            ..*self
        }
    }
}

/// Without the token.
impl<T> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = (self.language, self.retries, self.timeout);
        f.debug_tuple("Client").field(&fields).finish_non_exhaustive()
    }
}

#[cfg(feature = "http")]
impl Client<HttpTransport> {
    /// A client of services that share a base URL, for example `https://dossier.example`.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up.
    pub fn new(base: &str) -> Result<Self, TransportError> {
        Ok(Self::over(HttpTransport::new(Addresses::new(base))?))
    }
}

impl<T: Transport> Client<T> {
    /// A client over a transport.
    pub fn over(transport: T) -> Self {
        Self {
            transport: Arc::new(transport),
            token: None,
            mandate: None,
            credential: None,
            language: Language::default(),
            retries: Retries::default(),
            timeout: TIMEOUT,
            consistency: Arc::default(),
        }
    }

    /// The same client for the caller with this bearer token. It shares the consistency token, so
    /// each caller reads what the others wrote.
    #[must_use]
    pub fn with_token(&self, token: impl Into<Arc<str>>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same client, acting for the principal of this mandate (its id).
    #[must_use]
    pub fn by_mandate(&self, mandate: impl Into<Arc<str>>) -> Self {
        Self { mandate: Some(mandate.into()), ..self.clone() }
    }

    /// The same client, as a program that acts for its firm by this credential (its id).
    #[must_use]
    pub fn by_credential(&self, credential: impl Into<Arc<str>>) -> Self {
        Self { credential: Some(credential.into()), ..self.clone() }
    }

    /// Requests problems in this language.
    #[must_use]
    pub fn with_language(&self, language: Language) -> Self {
        Self { language, ..self.clone() }
    }

    /// Limits the attempts of each request.
    #[must_use]
    pub fn with_retries(&self, retries: Retries) -> Self {
        Self { retries, ..self.clone() }
    }

    /// With a timeout of one attempt.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// The same client with a consistency token of its own, for work that need not wait for what
    /// this one writes.
    #[must_use]
    pub fn independent(&self) -> Self {
        let consistency = Arc::new(Mutex::new(self.consistency_token()));
        Self { consistency, ..self.clone() }
    }

    /// The newest `Consistency-Token` received, to be handed to another process.
    #[must_use]
    pub fn consistency_token(&self) -> Option<String> {
        self.consistency.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the `Consistency-Token`. `None` forgets it, as after 400 `consistency-token-ahead`: the
    /// installation was restored from a backup.
    pub fn set_consistency_token(&self, token: Option<String>) {
        *self.consistency.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Keeps a received token unless a response that overtook this one had a later position.
    pub(crate) fn received(&self, token: &str) {
        let mut newest = self.consistency.lock().unwrap_or_else(PoisonError::into_inner);
        let position = |text: &str| text.trim_matches('"').parse::<u64>().ok();
        let known = newest.as_deref().and_then(position);
        if known.zip(position(token)).is_none_or(|(known, received)| received > known) {
            *newest = Some(token.to_owned());
        }
    }

    /// A request without types, for programs that pass bodies on as they are.
    pub fn call(&self, service: Service, method: Method, path: &str) -> Request<'_, T, Value> {
        Request::new(self, service, method, path.to_owned(), request::read_json)
    }

    /// The next page of a list; `None` after the last one.
    pub fn next_page<R: DeserializeOwned>(&self, reply: &Reply<R>) -> Option<Request<'_, T, R>> {
        let address = reply.next()?.to_owned();
        Some(Request::new(self, reply.service, Method::GET, address, request::read_json))
    }
}
