//! Whether a log can be written: asked by many, tried seldom.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::Unwritable;
use crate::limits::{PROBE_FRESH, PROBE_WAIT};

#[derive(Debug, Default)]
pub(super) struct Probe {
    /// The last answer, and when it was given.
    last: Mutex<Option<(Instant, Result<(), Unwritable>)>>,
    /// When a transaction was last made durable: that is answer enough.
    committed: std::sync::Mutex<Option<Instant>>,
}

impl Probe {
    /// A transaction was made durable.
    pub(super) fn committed(&self) {
        let mut committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        *committed = Some(Instant::now());
    }

    fn committed_lately(&self) -> bool {
        let committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        committed.is_some_and(|at| at.elapsed() < PROBE_FRESH)
    }

    /// Asks, unless somebody has within `fresh` or transactions are being made. Whoever asks meanwhile waits for the same
    /// answer.
    pub(super) async fn answer(
        &self,
        fresh: Duration,
        ask: impl Future<Output = Result<(), Unwritable>>,
    ) -> Result<(), Unwritable> {
        if self.committed_lately() {
            return Ok(());
        }
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < fresh
        {
            return answer.clone();
        }
        let silent = |_| {
            let said = "not within a second: another program holds its lock, or its disk is slow";
            Err(Unwritable::Silent(said.to_owned()))
        };
        let answer = timeout(PROBE_WAIT, ask).await.unwrap_or_else(silent);
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
