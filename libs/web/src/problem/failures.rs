//! Failures as problems. What a retry may mend is a 503 with `Retry-After`; what no retry mends is
//! a 500 without it.

use std::time::Duration;

use dossier::Refuse;
use dossier::access::Denied;
use engine::Failure;
use engine::clock::ClockWrong;
use engine::codes::CodesError;
use engine::rulebook::RulebookError;
use engine::tasks::Stalled;
use engine::unmatched::UnmatchedError;
use engine::view::ViewError;
use events::{AppendError, InvalidStreamName, ReadError, TooLarge, Unwritable};

use super::{
    BUSY, CLOCK_WRONG, KEY_REUSED, NOT_FOUND, OWN_MATTER, Problem, ROLE_FORBIDDEN, STALE,
    TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_MISSING, TOO_LARGE, UNAVAILABLE,
};
use crate::auth::Unauthenticated;
use crate::limits::{CLOCK_RETRY_AFTER, KEYS_RETRY};

impl Problem {
    /// The store cannot be written to until an operator acts. `Retry-After` is sent only if
    /// retrying may help; a corrupt store, or one that refuses its own statements, is a defect.
    #[must_use]
    pub fn unwritable(why: &Unwritable) -> Self {
        match why {
            Unwritable::Corrupt(_) | Unwritable::Refused(_) => Self::internal(&why.to_string()),
            // Another process serves the log instead of this one.
            Unwritable::TakenOver(_)
            | Unwritable::Full(_)
            | Unwritable::ReadOnly(_)
            | Unwritable::Broken(_)
            | Unwritable::Locked(_)
            | Unwritable::Pinned { .. }
            | Unwritable::Silent(_) => {
                Self { retry_after: why.retry_after(), ..Self::unavailable(&why.to_string()) }
            }
        }
    }

    /// Events of one step exceed what the store accepts in one append.
    fn append_too_large(what: &TooLarge) -> Self {
        tracing::warn!(%what, "a step's events exceed the limit of one append");
        Self::new(TOO_LARGE)
    }
}

impl From<Unauthenticated> for Problem {
    fn from(refused: Unauthenticated) -> Self {
        let problem = match refused {
            Unauthenticated::Missing => Self::new(TOKEN_MISSING),
            Unauthenticated::Expired => Self::new(TOKEN_EXPIRED).about(refused.said()),
            // Retrying with the same token succeeds once the keys can be fetched.
            Unauthenticated::KeysTooOld => {
                Self { retry_after: Some(KEYS_RETRY), ..Self::new(UNAVAILABLE) }
            }
            _ => Self::new(TOKEN_INVALID).about(refused.said()),
        };
        Self { reason: Some(refused.reason()), ..problem }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let (entry, reason) = match denied {
            Denied::Role => (ROLE_FORBIDDEN, "role"),
            // A caller outside the scope does not learn whether it exists.
            Denied::Scope => (NOT_FOUND, "scope"),
            Denied::Party => (OWN_MATTER, "party"),
        };
        Self { reason: Some(reason), ..Self::new(entry) }
    }
}

impl From<ClockWrong> for Problem {
    fn from(wrong: ClockWrong) -> Self {
        // The caller cannot act on the reason; an operator can.
        tracing::warn!(%wrong, "request cannot be recorded");
        Self { retry_after: Some(CLOCK_RETRY_AFTER), ..Self::new(CLOCK_WRONG) }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        Self::failed(error.is_retryable(), &error)
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } | AppendError::IdReused(_) => Self::contended(),
            AppendError::Busy(wait) => Self::busy(wait),
            AppendError::Unwritable(why) => Self::unwritable(&why),
            AppendError::TooLarge(what) => Self::append_too_large(&what),
            AppendError::Read(error) => error.into(),
            AppendError::StreamName(_) | AppendError::Unreachable(_) | AppendError::Refused(_) => {
                Self::failed(error.is_retryable(), &error)
            }
        }
    }
}

/// Names of streams are checked where they come from a request; elsewhere they are our own.
impl From<InvalidStreamName> for Problem {
    fn from(error: InvalidStreamName) -> Self {
        Self::failed(false, &error)
    }
}

impl From<RulebookError> for Problem {
    fn from(error: RulebookError) -> Self {
        match error {
            RulebookError::Append(error) => error.into(),
            RulebookError::Read(error) => error.into(),
            error => Self::failed(error.is_retryable(), &error),
        }
    }
}

impl<R: Refuse> From<Failure<R>> for Problem {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::refused(&refusal),
            Failure::Denied(denied) => denied.into(),
            Failure::Missing => Self::not_found(),
            Failure::Stale(version) => Self { current: Some(version), ..Self::new(STALE) },
            Failure::KeyReused => Self::new(KEY_REUSED),
            Failure::Contended | Failure::NotYet => Self::contended(),
            Failure::Busy(wait) => Self::busy(wait),
            Failure::Clock(wrong) => wrong.into(),
            Failure::Unwritable(why) => Self::unwritable(&why),
            Failure::TooLarge(what) => Self::append_too_large(&what),
            Failure::Read(error) => error.into(),
            Failure::Append(error) => error.into(),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Busy => {
                Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(BUSY) }
            }
            _ => Self::failed(error.is_retryable(), &error),
        }
    }
}

impl From<Stalled> for Problem {
    fn from(error: Stalled) -> Self {
        match error {
            Stalled::Store(error) => error.into(),
            Stalled::View(error) => error.into(),
            Stalled::Append(error) => error.into(),
            Stalled::Clock(wrong) => wrong.into(),
            Stalled::Rules(error) => error.into(),
            Stalled::Parked(_) | Stalled::Bus(_) | Stalled::Defect(_) | Stalled::Outside(_) => {
                Self::failed(error.is_retryable(), &error)
            }
        }
    }
}

impl From<CodesError> for Problem {
    fn from(error: CodesError) -> Self {
        match error {
            CodesError::Append(error) => error.into(),
            CodesError::Read(error) => error.into(),
            CodesError::Contended => Self::unavailable(&error.to_string()),
        }
    }
}

impl From<UnmatchedError> for Problem {
    fn from(error: UnmatchedError) -> Self {
        match error {
            UnmatchedError::Clock(wrong) => wrong.into(),
            UnmatchedError::Append(error) => error.into(),
            UnmatchedError::Read(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use dossier::LawError;
    use events::{Cause, Position, Version};

    use super::*;

    /// Status and seconds of `Retry-After`.
    fn of(problem: impl Into<Problem>) -> (u16, Option<u64>) {
        let problem = problem.into();
        (problem.status().as_u16(), problem.retry_after.map(|wait| wait.as_secs().max(1)))
    }

    fn cause() -> Cause {
        Cause::new("cause")
    }

    #[test]
    fn a_read_that_a_retry_may_mend_is_a_503_with_retry_after_and_any_other_a_500_without() {
        assert_eq!(of(ReadError::Unreachable(cause())), (503, Some(1)));
        assert_eq!(of(ReadError::Refused(cause())), (500, None));
        assert_eq!(of(ReadError::Corrupt { position: None, cause: cause() }), (500, None));
        assert_eq!(of(ReadError::NoSuchPosition(Position(7))), (500, None));
    }

    #[test]
    fn an_append_that_a_retry_may_mend_is_a_503_with_retry_after_and_any_other_a_500_without() {
        assert_eq!(of(AppendError::Unreachable(cause())), (503, Some(1)));
        assert_eq!(of(AppendError::Busy(Duration::from_secs(3))), (503, Some(3)));
        assert_eq!(of(AppendError::Read(ReadError::Unreachable(cause()))), (503, Some(1)));
        assert_eq!(of(AppendError::Refused(cause())), (500, None));
        assert_eq!(of(AppendError::Conflict { actual: Some(Version(1)) }), (409, Some(1)));
        let unwritable = |why| of(Failure::<LawError>::Unwritable(why));
        assert_eq!(unwritable(Unwritable::Corrupt(cause())), (500, None));
        assert_eq!(unwritable(Unwritable::Refused(cause())), (500, None));
        assert_eq!(unwritable(Unwritable::TakenOver(cause())), (503, None));
        assert!(matches!(unwritable(Unwritable::Full(cause())), (503, Some(_))));
    }

    #[test]
    fn a_failed_step_has_the_problem_of_its_cause() {
        let corrupt = ReadError::Corrupt { position: None, cause: cause() };
        assert_eq!(of(Failure::<LawError>::Read(corrupt)), (500, None));
        let unreachable = AppendError::Unreachable(cause());
        assert_eq!(of(Failure::<LawError>::Append(unreachable)), (503, Some(1)));
        assert!(matches!(of(ViewError::Busy), (503, Some(_))));
        assert_eq!(of(ViewError::BrokenOff), (500, None), "a query panicked");
        let no_table = rusqlite::Error::InvalidQuery;
        assert_eq!(of(ViewError::Sqlite(no_table)), (500, None));
    }
}
