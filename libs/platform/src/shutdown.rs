//! Orderly stop of what a process does in the background.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Futures that run until they are told to stop, and are dropped if they do not.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    asked: CancellationToken,
    dropped: CancellationToken,
    running: TaskTracker,
}

impl Shutdown {
    /// Cancelled when the futures are to end.
    #[must_use]
    pub const fn asked(&self) -> &CancellationToken {
        &self.asked
    }

    /// Runs a future on a task of its own.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let dropped = self.dropped.clone();
        self.running.spawn(async move {
            let _ = dropped.run_until_cancelled(work).await;
        });
    }

    /// Asks all futures to end, and drops those that have not after `limit`; false if there were
    /// any.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.asked.cancel();
        self.running.close();
        if tokio::time::timeout(limit, self.running.wait()).await.is_ok() {
            return true;
        }
        self.dropped.cancel();
        self.running.wait().await;
        false
    }

    /// Drops all futures as soon as the guard is dropped.
    #[must_use]
    pub fn guard(&self) -> DropGuard {
        self.dropped.clone().drop_guard()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn what_ends_when_it_is_asked_is_not_dropped() {
        let (shutdown, ended) = (Shutdown::default(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..3 {
            let (asked, ended) = (shutdown.asked().clone(), Arc::clone(&ended));
            shutdown.spawn(async move {
                asked.cancelled().await;
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert!(shutdown.stop(SOON).await);
        assert_eq!(ended.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn what_does_not_end_is_dropped_by_the_limit_and_by_the_guard() {
        for guarded in [false, true] {
            let (shutdown, alive) = (Shutdown::default(), Arc::new(()));
            let held = Arc::clone(&alive);
            shutdown.spawn(async move {
                pending::<()>().await;
                drop(held);
            });
            tokio::task::yield_now().await;
            if guarded {
                drop(shutdown.guard());
                assert!(shutdown.stop(SOON).await);
            } else {
                assert!(!shutdown.stop(Duration::ZERO).await);
            }
            assert_eq!(Arc::strong_count(&alive), 1);
        }
    }

    #[tokio::test]
    async fn one_that_panics_holds_up_nothing() {
        let shutdown = Shutdown::default();
        shutdown.spawn(async { panic!("on purpose") });
        assert!(shutdown.stop(SOON).await);
    }
}
