//! Leadership among the replicas of a service.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Whether this process leads. Correctness does not depend on there being only one leader: two do
/// the same work twice.
#[derive(Debug, Clone)]
pub struct Leadership {
    leads: watch::Receiver<bool>,
    seeking: Option<Arc<Seeking>>,
}

#[derive(Debug)]
struct Seeking {
    stop: CancellationToken,
    back: watch::Sender<bool>,
    _task: JoinSet<()>,
}

impl Leadership {
    /// Leadership of a single process, which always leads.
    #[must_use]
    pub fn alone() -> Self {
        Self { leads: watch::channel(true).1, seeking: None }
    }

    /// Leadership that is decided elsewhere, and follows what `leads` has.
    #[must_use]
    pub const fn decided(leads: watch::Receiver<bool>) -> Self {
        Self { leads, seeking: None }
    }

    #[cfg(feature = "nats")]
    pub(super) fn sought(seeker: super::nats::Seeker) -> Self {
        let (leading, leads) = watch::channel(false);
        let stop = CancellationToken::new();
        let (back, stands_back) = watch::channel(false);
        let mut task = JoinSet::new();
        task.spawn(seeker.seek(leading, stands_back, stop.clone()));
        Self { leads, seeking: Some(Arc::new(Seeking { stop, back, _task: task })) }
    }

    /// Whether this process leads at the moment.
    #[must_use]
    pub fn now(&self) -> bool {
        *self.leads.borrow()
    }

    /// Begins to watch for [`Self::is_unbroken`].
    pub fn mark(&mut self) {
        self.leads.mark_unchanged();
    }

    /// Whether this process leads, and has without a break since [`Self::mark`].
    #[must_use]
    pub fn is_unbroken(&self) -> bool {
        // Without a sender it never changes again.
        self.now() && !self.leads.has_changed().unwrap_or(false)
    }

    /// Returns once leadership differs from `before`.
    pub async fn other_than(&mut self, before: bool) {
        if self.leads.wait_for(|leads| *leads != before).await.is_err() {
            // The sender is gone: it never changes again.
            std::future::pending::<()>().await;
        }
    }

    /// Gives up the lease while this process is not fit to lead, and competes again afterwards.
    pub fn stand_back(&self, back: bool) {
        if let Some(seeking) = &self.seeking {
            seeking.back.send_if_modified(|now| std::mem::replace(now, back) != back);
        }
    }

    /// Gives up the lease for good, at shutdown.
    pub async fn resign(mut self) {
        let Some(seeking) = &self.seeking else { return };
        seeking.stop.cancel();
        let resigned = self.leads.wait_for(|leads| !leads);
        let _ = tokio::time::timeout(Duration::from_secs(2), resigned).await;
    }
}
