//! Waits at the start for the event store and the identity provider: after a power cut, everything
//! starts at the same time. The bus and the object store are not waited for.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use engine::EngineError;
use engine::rulebook::RulebookError;
use events::{OpenError, ReadError};
use jiff::Timestamp;
use platform::TimeSource;
use tokio::time::Instant;
use web::auth::AuthError;

use crate::Components;
use crate::data::{DataDirectory, Identity, Time};

/// First and longest back-off.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Creates the shared state of a process once its servers are available, within `at_most`.
pub(super) async fn components(
    data: &DataDirectory,
    time: Time,
    identity: &Identity,
    at_most: Duration,
) -> Result<Arc<Components>> {
    let until = Instant::now() + at_most;
    let (mut pause, mut said) = (PAUSES.0, String::new());
    loop {
        let error = match data.components(time, identity.clone()).await {
            Ok(components) => {
                if !said.is_empty() {
                    tracing::info!(
                        "event store and identity provider available; continuing the start"
                    );
                }
                return Ok(components);
            }
            Err(error) => error,
        };
        if !may_come(&error, data.is_on_server()) {
            return Err(error);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let waited = format!("gave up after {} s (--start-within)", at_most.as_secs());
            return Err(error).context(waited);
        }
        let why = events::chain(error.as_ref());
        // Log each change, not each attempt.
        if why != said {
            tracing::warn!(%why, left_s = left.as_secs(), "event store or identity provider unavailable; retrying");
            said = why;
        }
        TimeSource::System.sleep_until(Timestamp::MAX, pause.min(left)).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Whether the error may resolve by waiting.
fn may_come(error: &Error, on_server: bool) -> bool {
    error.chain().any(|cause| {
        let opened = matches!(
            cause.downcast_ref(),
            Some(OpenError::Unusable { .. } | OpenError::Unreachable { .. })
        );
        let asked = matches!(
            cause.downcast_ref(),
            Some(
                EngineError::Read(_)
                    | EngineError::Rulebook(
                        RulebookError::Read(_)
                            | RulebookError::Append(_)
                            | RulebookError::Contended
                    )
            )
        );
        let store = opened || asked || cause.is::<ReadError>();
        let provider = matches!(cause.downcast_ref(), Some(AuthError::Unreachable { .. }));
        provider || (store && on_server)
    })
}

#[cfg(test)]
mod tests {
    use events::Cause;

    use super::*;

    #[test]
    fn a_server_that_is_away_is_waited_for_and_a_setting_that_is_wrong_is_not() {
        let (path, cause) = (|| "x".to_owned(), || Cause::new("refused"));
        let unusable = || OpenError::Unusable { path: path(), cause: cause() };
        let away = AuthError::Unreachable { source_name: "x".to_owned(), reason: "y".to_owned() };
        assert!(may_come(&Error::from(away).context("starting"), false));
        assert!(may_come(&unusable().into(), true));
        let unreachable = OpenError::Unreachable { path: path(), cause: cause() };
        assert!(may_come(&unreachable.into(), true));
        assert!(!may_come(&unusable().into(), false), "a file does not come by itself");
        let wrong = AuthError::Jwks { source_name: "x".to_owned(), reason: "no JSON".to_owned() };
        assert!(!may_come(&wrong.into(), true));
        assert!(!may_come(&anyhow::anyhow!("something else"), true));
    }
}
