//! A time budget for all calls of the event store by one request. Each call has its own timeout,
//! but a request makes several calls (read, decide, append) and must be answered in time.

use std::cell::Cell;
use std::time::Duration;

#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
use tokio::time::{Instant, timeout};

#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
use crate::{AppendError, Cause, ReadError};

tokio::task_local! {
    static LEFT: Cell<Duration>;
}

/// How long a call may exceed the budget, so that the engine's own error, which has the cause,
/// comes first.
#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
const GRACE: Duration = Duration::from_millis(500);

/// Runs `request` with a budget for its calls of an event store on a server. Calls after the budget
/// is used up fail as unavailable. Other time does not count.
pub async fn within<T>(budget: Duration, request: impl Future<Output = T>) -> T {
    LEFT.scope(Cell::new(budget), request).await
}

/// Deadline of a call that starts now with the timeout `most`.
#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
pub(crate) fn until(most: Duration) -> Instant {
    Instant::now() + LEFT.try_with(Cell::get).unwrap_or(most).min(most)
}

/// Makes a call and deducts its time from the budget.
#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
pub(crate) async fn counted<T, E: From<Spent>>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Ok(left) = LEFT.try_with(Cell::get) else { return call.await };
    if left.is_zero() {
        return Err(Spent.into());
    }
    let _counts = Counts(Instant::now());
    timeout(left + GRACE, call).await.unwrap_or_else(|_| Err(Spent.into()))
}

/// Deducts the time until it is dropped, also of a cancelled call.
#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
struct Counts(Instant);

#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
impl Drop for Counts {
    fn drop(&mut self) {
        // Without a budget, nothing is deducted.
        let _ = LEFT.try_with(|left| left.set(left.get().saturating_sub(self.0.elapsed())));
    }
}

/// The budget is used up.
#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no answer within the time that one request may wait for the event store")]
pub(crate) struct Spent;

#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
impl From<Spent> for ReadError {
    fn from(spent: Spent) -> Self {
        Self::Unreachable(Cause::new(spent))
    }
}

#[cfg(any(feature = "eventstoredb", feature = "postgres"))]
impl From<Spent> for AppendError {
    fn from(spent: Spent) -> Self {
        Self::Unreachable(Cause::new(spent))
    }
}

#[cfg(all(test, any(feature = "eventstoredb", feature = "postgres")))]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    type Read = Result<u32, ReadError>;

    #[tokio::test]
    async fn calls_of_one_request_share_its_time_and_others_have_their_own() {
        within(Duration::from_millis(50), async {
            assert_eq!(counted(ready(Read::Ok(1))).await.unwrap(), 1);
            assert!(until(Duration::from_secs(18)) <= Instant::now() + Duration::from_millis(50));
            assert!(counted(pending::<Read>()).await.is_err(), "given up");
            assert!(counted(ready(Read::Ok(2))).await.is_err(), "nothing is left");
            within(Duration::from_secs(9), async {
                assert_eq!(counted(ready(Read::Ok(3))).await.unwrap(), 3);
            })
            .await;
        })
        .await;
        assert_eq!(counted(ready(Read::Ok(4))).await.unwrap(), 4, "no request, no budget");
        assert!(until(Duration::from_secs(18)) > Instant::now() + Duration::from_secs(9));
    }

    #[tokio::test]
    async fn a_call_that_its_caller_gives_up_counts_as_well() {
        within(Duration::from_secs(60), async {
            let call = timeout(Duration::from_millis(20), counted(pending::<Read>()));
            assert!(call.await.is_err());
            assert!(until(Duration::from_secs(60)) < Instant::now() + Duration::from_secs(60));
        })
        .await;
    }
}
