//! Calls of the leader, retried until their deadline.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Connection;
use crate::limits::{ANSWERED_IN, KNOWN_IN, RECONNECT_PAUSE};
use crate::store::eventstoredb::failure::Failure;
use crate::store::eventstoredb::node::Node;
use crate::store::patience::{longer, rest};

impl Connection {
    /// Makes a call, with retries until `until`; one answer may take `limit`. The call must be
    /// idempotent.
    pub(in crate::store::eventstoredb) async fn ask<T, F>(
        &self,
        (until, limit): (Instant, Duration),
        call: impl Fn(Node) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pause = RECONNECT_PAUSE;
        // The error of the previous try, which is more informative than that the last one timed
        // out.
        let mut last = None;
        loop {
            let failure = match timeout_at(until.max(Instant::now()), self.node()).await {
                Ok(Ok(node)) => match self.once(&node, (until, limit), call(node.clone())).await {
                    Tried::Answered(answer) => return answer,
                    Tried::Failed(failure) => failure,
                    Tried::CutShort(failure) => last.take().unwrap_or(failure),
                },
                Ok(Err(failure)) if !failure.is_retryable() => return Err(failure),
                Ok(Err(failure)) => failure,
                Err(_) => last
                    .take()
                    .unwrap_or_else(|| Failure::Passing("no leader was found in time".to_owned())),
            };
            if Instant::now() + pause > until {
                return Err(failure);
            }
            let redirected = matches!(failure, Failure::NotLeader(_));
            if !redirected || pause > RECONNECT_PAUSE {
                rest(pause).await;
            }
            pause = longer(pause);
            last = Some(failure);
        }
    }

    async fn once<T>(
        &self,
        node: &Node,
        (until, limit): (Instant, Duration),
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Tried<T> {
        let began = Instant::now();
        match timeout_at(ends(until, limit), call).await {
            Ok(Err(failure)) if failure.is_retryable() => {
                self.forget(node, &failure);
                Tried::Failed(failure)
            }
            Ok(answer) => {
                self.health.up();
                Tried::Answered(answer)
            }
            Err(_) => {
                let waited = began.elapsed();
                let failure = Failure::Silent(waited);
                // If the caller's deadline ends soon, a timeout does not show that the node is
                // unavailable.
                if waited < limit.min(KNOWN_IN) {
                    return Tried::CutShort(failure);
                }
                self.forget(node, &failure);
                Tried::Failed(failure)
            }
        }
    }
}

/// Result of one try.
enum Tried<T> {
    Answered(Result<T, Failure>),
    Failed(Failure),
    /// The caller's deadline ended.
    CutShort(Failure),
}

/// When a try ends. A scan over events of other programs may take longer than a failover.
fn ends(until: Instant, limit: Duration) -> Instant {
    let ends = Instant::now() + limit;
    if limit > ANSWERED_IN { ends } else { ends.min(until) }
}
