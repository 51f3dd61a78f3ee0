//! Whether a log can be written: asked by many, tried seldom.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::Unwritable;
use crate::limits::{MENDED_RETRY_AFTER, PROBE_FRESH, PROBE_WAIT};

#[derive(Debug, Default)]
pub(super) struct Probe {
    /// The last answer, and when it was given.
    last: Mutex<Option<(Instant, Result<(), Unwritable>)>>,
    /// When a transaction was last made durable: that is answer enough.
    committed: std::sync::Mutex<Option<Instant>>,
    /// When an append was last refused until somebody sees to the engine, and why, if none was written since. An engine that
    /// has no room for an event may have some for whatever is tried in its place.
    refused: std::sync::Mutex<Option<(Instant, Unwritable)>>,
}

impl Probe {
    /// A transaction was made durable.
    pub(super) fn committed(&self) {
        let mut committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        *committed = Some(Instant::now());
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// An append was refused.
    #[cfg(feature = "postgres")]
    pub(super) fn refused(&self, why: &Unwritable) {
        if !why.may_pass() {
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

    /// Asks, unless somebody has within `fresh`, or transactions are being made, or one was refused lately until somebody sees to
    /// the engine. Whoever asks meanwhile waits for the same answer.
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
            Err(Unwritable::Silent(said.to_owned()))
        };
        let answer = timeout(PROBE_WAIT, ask).await.unwrap_or_else(silent);
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
