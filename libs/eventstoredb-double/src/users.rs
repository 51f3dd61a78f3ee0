//! Who asks, and what they may: the server's own users, and the metadata of streams (`$acl`). A server without TLS
//! (`--insecure`) asks nobody who they are.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::log::Log;

/// Who may do everything.
const ADMINS: &str = "$admins";
/// In an access list: everybody.
const EVERYBODY: &str = "$all";
/// The log, as a stream that somebody may read or not.
pub(crate) const LOG: &str = "$all";

/// A user of the server.
#[derive(Debug, Clone)]
pub struct User {
    /// What they are called.
    pub name: String,
    /// What they prove it with.
    pub password: String,
    /// What they belong to: `$admins`, `$ops` or a group of one's own.
    pub groups: Vec<String>,
}

impl User {
    /// A user who belongs to these groups.
    #[must_use]
    pub fn new(name: &str, password: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Self { name: name.to_owned(), password: password.to_owned(), groups }
    }

    /// The users that a new server writes for itself.
    #[must_use]
    pub fn first() -> Vec<Self> {
        vec![Self::new("admin", "changeit", &[ADMINS]), Self::new("ops", "changeit", &["$ops"])]
    }
}

/// The users of a cluster.
#[derive(Debug)]
pub(crate) struct Users {
    /// Nothing where nobody is asked.
    known: Option<HashMap<String, User>>,
    /// Whether the cluster has written them yet: until then nobody is who they say.
    pub(crate) written: AtomicBool,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// Nobody is asked.
    Anybody,
    Anonymous,
    User(User),
}

impl Users {
    pub(crate) fn new(known: Option<Vec<User>>) -> Self {
        let by_name = |users: Vec<User>| users.into_iter().map(|user| (user.name.clone(), user));
        let known = known.map(|users| by_name(users).collect());
        Self { known, written: AtomicBool::new(true) }
    }

    /// Who sends this request; refused are those who are not who they say.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Status> {
        let Some(known) = &self.known else { return Ok(Caller::Anybody) };
        let Some(said) = headers.get(AUTHORIZATION) else { return Ok(Caller::Anonymous) };
        let said = said.to_str().ok().and_then(|said| said.strip_prefix("Basic "));
        let said = said.and_then(|said| STANDARD.decode(said).ok());
        let said = said.and_then(|said| String::from_utf8(said).ok());
        let user = said
            .as_deref()
            .and_then(|said| said.split_once(':'))
            .and_then(|(name, password)| known.get(name).filter(|user| user.password == password));
        match user.filter(|_| self.written.load(Ordering::SeqCst)) {
            Some(user) => Ok(Caller::User(user.clone())),
            None => Err(Status::unauthenticated("Unauthenticated")),
        }
    }
}

impl Caller {
    pub(crate) fn may_read(&self, log: &Log, stream: &str) -> Result<(), Status> {
        self.may(stream, log.metadata(of(stream)).and_then(|said| said.readers.as_deref()))
    }

    pub(crate) fn may_append(&self, log: &Log, stream: &str) -> Result<(), Status> {
        self.may(stream, log.metadata(of(stream)).and_then(|said| said.writers.as_deref()))
    }

    /// Whoever is named may, and otherwise everybody who is known; what is the server's own is for administrators.
    fn may(&self, stream: &str, named: Option<&[String]>) -> Result<(), Status> {
        let user = match self {
            Self::Anybody => return Ok(()),
            Self::Anonymous => return Err(access_denied()),
            Self::User(user) => user,
        };
        let is = |role: &str| role == user.name || user.groups.iter().any(|group| group == role);
        let allowed = match named {
            // The list of a stream is of those who read its events; its metadata are read by those who write them.
            Some(named) if !stream.starts_with("$$") => {
                named.iter().any(|role| role == EVERYBODY || is(role))
            }
            _ => !of(stream).starts_with('$'),
        };
        if allowed || is(ADMINS) { Ok(()) } else { Err(access_denied()) }
    }
}

/// The stream that a stream of metadata is of, or itself.
fn of(stream: &str) -> &str {
    stream.strip_prefix("$$").unwrap_or(stream)
}

pub(crate) fn access_denied() -> Status {
    let mut said = MetadataMap::new();
    said.insert("exception", MetadataValue::from_static("access-denied"));
    Status::with_metadata(Code::PermissionDenied, "Access Denied", said)
}
