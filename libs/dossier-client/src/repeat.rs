//! Operations that are repeated until they succeed or a resource has the state that is waited for.

use std::time::Duration;

use http::StatusCode;

use crate::{ETag, Error, Reply, Request, Transport, request};

/// Interval of [`wait_until`].
const POLLED_EVERY: Duration = Duration::from_millis(250);
/// Conflicts after which [`at_current`] gives up.
const CONFLICTS_MAX: u32 = 8;

/// Reads a resource and takes a step at its version; does both again if another step came
/// between (412), at most eight times. All attempts have the same `Idempotency-Key`.
///
/// For steps that are right whatever the other one was. Where a person decided on what was
/// shown, send the step with the version that was shown, and let the person decide again.
///
/// # Errors
///
/// Those of both operations.
pub async fn at_current<'a, T: Transport, R, S>(
    read: impl Fn() -> Request<'a, T, R>,
    step: impl Fn(&ETag) -> Request<'a, T, S>,
) -> Result<Reply<S>, Error> {
    let key = request::new_key();
    let mut conflicts = 0;
    loop {
        let seen = read().send().await?;
        let taken = step(seen.etag()?).idempotency_key_or(&key).send().await;
        match taken {
            Err(error) if error.status() == Some(StatusCode::PRECONDITION_FAILED) => {
                conflicts += 1;
                if conflicts > CONFLICTS_MAX {
                    return Err(error);
                }
            }
            taken => return taken,
        }
    }
}

/// Reads every 250 ms until `found` returns something; a 404 counts as "not yet". Resources of
/// other services appear shortly after the step that they follow from.
///
/// # Errors
///
/// [`Error::NotReached`] after `limit`, and all other errors of the operation at once.
pub async fn wait_until<'a, T: Transport, R, F>(
    limit: Duration,
    read: impl Fn() -> Request<'a, T, R>,
    mut found: impl FnMut(&Reply<R>) -> Option<F>,
) -> Result<F, Error> {
    let begun = tokio::time::Instant::now();
    loop {
        match read().send().await {
            Ok(shown) => {
                if let Some(found) = found(&shown) {
                    return Ok(found);
                }
            }
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {}
            Err(error) => return Err(error),
        }
        if begun.elapsed() > limit {
            return Err(Error::NotReached(limit));
        }
        request::rest(POLLED_EVERY).await;
    }
}
