//! Errors of the server, by what to do about them.

use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};

use super::wire::append::Refusal;

/// A node of the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host {
    /// A name or an address, without brackets.
    pub(super) name: String,
    pub(super) port: u16,
}

impl Host {
    /// `name` may be an address in the brackets that a URL has around IPv6.
    pub(super) fn new(name: &str, port: u16) -> Self {
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        Self { name: bare.unwrap_or(name).to_owned(), port }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::reach::write_place(f, &self.name, self.port)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// No node can be reached: the cause of each.
    #[error("{0}")]
    Unreachable(String),
    /// The user is refused or lacks a permission. A new cluster refuses every user until it has
    /// created its users.
    #[error("{0}")]
    Denied(String),
    #[error("no answer within {:.1} s", .0.as_secs_f64())]
    Silent(Duration),
    /// A retry may succeed. If it was an append, it may have been made.
    #[error("{0}")]
    Passing(String),
    /// Another node is the leader.
    #[error("{0} is the leader")]
    NotLeader(Host),
    /// There is no record at the position where a read begins.
    #[error("no event of the log has this position")]
    NoPlace,
    #[error("no such stream")]
    NoStream,
    /// The stream is not at the expected version.
    #[error("the stream is not at the expected version")]
    WrongVersion,
    /// A retry fails in the same way.
    #[error("{0}")]
    Final(String),
}

impl Failure {
    /// Whether a retry may succeed, at this node or another.
    pub(super) const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Silent(_) | Self::Passing(_) | Self::NotLeader(_)
        )
    }

    /// The error of an append.
    pub(super) fn of_append(refusal: &Refusal) -> Self {
        let Refusal { code, message, details } = refusal;
        let detail = details.as_ref().map_or("", |detail| &*detail.type_url);
        let said = || if message.is_empty() { detail.to_owned() } else { message.clone() };
        match detail.rsplit('.').next().unwrap_or_default() {
            "WrongExpectedVersion" => return Self::WrongVersion,
            "AccessDenied" => return Self::Denied(said()),
            "MaximumAppendSizeExceeded" | "BadRequest" | "StreamDeleted" | "InvalidTransaction" => {
                return Self::Final(said());
            }
            _ => {}
        }
        match Code::from_i32(*code) {
            Code::AlreadyExists => Self::WrongVersion,
            Code::PermissionDenied | Code::Unauthenticated => Self::Denied(said()),
            Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition => {
                Self::Final(said())
            }
            _ => Self::Passing(said()),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let said = |name: &str| status.metadata().get(name).and_then(|value| value.to_str().ok());
        if said("exception") == Some("not-leader")
            && let (Some(name), Some(port)) =
                (said("leader-endpoint-host"), said("leader-endpoint-port"))
            && let Ok(port) = port.parse()
        {
            return Self::NotLeader(Host::new(name, port));
        }
        let message = status.message();
        let text = || match cause(&status) {
            Some(cause) => format!("{:?}: {message} ({cause})", status.code()),
            None => format!("{:?}: {message}", status.code()),
        };
        match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => Self::Denied(text()),
            Code::NotFound if said("exception") == Some("stream-not-found") => Self::NoStream,
            // A read fails with a result that the server does not translate:
            // `FilteredReadAllResult: InvalidPosition`.
            Code::Unknown if message.contains("InvalidPosition") => Self::NoPlace,
            // A subscription has a message for it.
            Code::InvalidArgument if message.contains("invalid position") => Self::NoPlace,
            Code::Unknown if message.contains("Exception was thrown by handler") => {
                Self::Final(text())
            }
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented => Self::Final(text()),
            _ => Self::Passing(text()),
        }
    }
}

/// The root cause of an error of the transport.
fn cause(status: &Status) -> Option<String> {
    let mut cause = std::error::Error::source(status)?;
    while let Some(behind) = cause.source() {
        cause = behind;
    }
    let cause = cause.to_string();
    (!status.message().contains(&cause)).then_some(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::eventstoredb::wire::append::Detail;

    fn refusal(code: i32, message: &str, detail: &str) -> Refusal {
        let type_url = format!("type.googleapis.com/{detail}");
        let details = Some(Detail { type_url, value: Vec::new() });
        Refusal { code, message: message.to_owned(), details }
    }

    #[test]
    fn what_an_append_was_answered_says_whether_to_try_again() {
        let of = |code, message, detail| Failure::of_append(&refusal(code, message, detail));
        let wrong = "event_store.client.WrongExpectedVersion";
        assert_eq!(of(6, "WrongExpectedVersion", wrong), Failure::WrongVersion);
        // Its code is not set.
        assert!(of(0, "Server Is Not Ready", "google.protobuf.Empty").is_retryable());
        assert!(of(4, "Timeout", "event_store.client.Timeout").is_retryable());
        assert!(of(2, "Unknown", "event_store.client.Unknown").is_retryable());
        assert!(matches!(
            of(7, "AccessDenied", "event_store.client.AccessDenied"),
            Failure::Denied(_)
        ));
        assert!(!of(3, "BadRequest", "event_store.client.BadRequest").is_retryable());
    }

    #[test]
    fn a_refused_place_and_a_thrown_exception_are_not_asked_again() {
        let unknown = |said: &str| Failure::from(Status::unknown(said));
        let refused = "Unexpected FilteredReadAllResult: InvalidPosition";
        assert_eq!(unknown(refused), Failure::NoPlace);
        assert_eq!(unknown("Unexpected ReadAllResult: InvalidPosition"), Failure::NoPlace);
        let subscribed = Status::invalid_argument("Trying to read from an invalid position.");
        assert_eq!(Failure::from(subscribed), Failure::NoPlace);
        assert!(matches!(unknown("Exception was thrown by handler."), Failure::Final(_)));
        assert!(unknown("Unexpected FilteredReadAllResult: Error").is_retryable());
        assert!(Failure::from(Status::aborted("Commit phase timeout")).is_retryable());
        assert!(matches!(Failure::from(Status::unauthenticated("")), Failure::Denied(_)));
    }
}
