//! Tests whether a log is writable, and shares the result among callers.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::limits::{MENDED_RETRY_AFTER, PROBE_FRESH, PROBE_WAIT};
use crate::{Cause, Unwritable};

#[derive(Debug, Default)]
pub(super) struct Probe {
    /// The last result and its time.
    last: Mutex<Option<(Instant, Result<(), Unwritable>)>>,
    /// Time of the last commit, which proves that the log is writable.
    committed: std::sync::Mutex<Option<Instant>>,
    /// Time and cause of the last append that failed until an operator acts, if none succeeded
    /// since. A disk that is too full for an event may have room for the test.
    refused: std::sync::Mutex<Option<(Instant, Unwritable)>>,
}

impl Probe {
    /// Notes a commit.
    pub(super) fn committed(&self) {
        let mut committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        *committed = Some(Instant::now());
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notes a failed append.
    #[cfg(feature = "postgres")]
    pub(super) fn refused(&self, why: &Unwritable) {
        if !why.is_retryable() {
            *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            *refused = Some((Instant::now(), why.clone()));
        }
    }

    fn refused_lately(&self) -> Option<Unwritable> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, why) = refused.as_ref()?;
        (at.elapsed() < MENDED_RETRY_AFTER).then(|| why.clone())
    }

    fn committed_lately(&self) -> bool {
        let committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        committed.is_some_and(|at| at.elapsed() < PROBE_FRESH)
    }

    /// Runs the test, unless there is a result younger than `fresh`, commits are being made, or an
    /// append failed recently until an operator acts. Concurrent callers share one test.
    pub(super) async fn answer(
        &self,
        fresh: Duration,
        ask: impl Future<Output = Result<(), Unwritable>>,
    ) -> Result<(), Unwritable> {
        if self.committed_lately() {
            return Ok(());
        }
        if let Some(why) = self.refused_lately() {
            return Err(why);
        }
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < fresh
        {
            return answer.clone();
        }
        let silent = |_| {
            let said = "not within a second: another program holds its lock, or its disk is slow";
            Err(Unwritable::Silent(Cause::new(said)))
        };
        let answer = timeout(PROBE_WAIT, ask).await.unwrap_or_else(silent);
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
