//! Authentication and permissions: the server's users and the metadata of streams (`$acl`). A
//! server without TLS (`--insecure`) requires no credentials.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::log::Log;

/// Group with all permissions.
const ADMINS: &str = "$admins";
/// All users, in an access list.
const EVERYBODY: &str = "$all";
/// Name of the whole log, for permissions.
pub(crate) const LOG: &str = "$all";

/// A user of the server.
#[derive(Debug, Clone)]
pub struct User {
    pub name: String,
    pub password: String,
    /// `$admins`, `$ops` or a custom group.
    pub groups: Vec<String>,
}

impl User {
    /// A user with these groups.
    #[must_use]
    pub fn new(name: &str, password: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Self { name: name.to_owned(), password: password.to_owned(), groups }
    }

    /// Users that a new server creates.
    #[must_use]
    pub fn first() -> Vec<Self> {
        vec![Self::new("admin", "changeit", &[ADMINS]), Self::new("ops", "changeit", &["$ops"])]
    }
}

#[derive(Debug)]
pub(crate) struct Users {
    /// `None` if no credentials are required.
    known: Option<HashMap<String, User>>,
    /// Whether the cluster has created them; until then all users are refused.
    pub(crate) written: AtomicBool,
}

/// Caller of a request.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// No credentials are required.
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

    /// The caller of a request; an error if the credentials are wrong.
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

    /// Whether the caller may access a stream: administrators always; users whom its list names or,
    /// without a list, all users, except for the server's own streams.
    fn may(&self, stream: &str, named: Option<&[String]>) -> Result<(), Status> {
        let user = match self {
            Self::Anybody => return Ok(()),
            Self::Anonymous => return Err(access_denied()),
            Self::User(user) => user,
        };
        let is = |role: &str| role == user.name || user.groups.iter().any(|group| group == role);
        let allowed = match named {
            // A stream's read list applies to its events; its metadata may be read by those who may
            // write it.
            Some(named) if !stream.starts_with("$$") => {
                named.iter().any(|role| role == EVERYBODY || is(role))
            }
            _ => !of(stream).starts_with('$'),
        };
        if allowed || is(ADMINS) { Ok(()) } else { Err(access_denied()) }
    }
}

/// The stream that a metadata stream belongs to; any other stream itself.
fn of(stream: &str) -> &str {
    stream.strip_prefix("$$").unwrap_or(stream)
}

pub(crate) fn access_denied() -> Status {
    let mut said = MetadataMap::new();
    said.insert("exception", MetadataValue::from_static("access-denied"));
    Status::with_metadata(Code::PermissionDenied, "Access Denied", said)
}
