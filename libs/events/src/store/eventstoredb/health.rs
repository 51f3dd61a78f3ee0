//! Whether the server answers, as the last call saw it: readiness asks this before it waits for
//! anything. Each change is logged once.

use tokio::sync::watch;

use super::failure::Failure;

/// Why the server counts as down, if it does.
#[derive(Debug)]
pub(super) struct Health(watch::Sender<Option<String>>);

impl Health {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// A call was answered.
    pub(super) fn up(&self) {
        if self.0.send_if_modified(|down| down.take().is_some()) {
            tracing::info!("the event store answers again");
        }
    }

    /// A call was not answered.
    pub(super) fn down(&self, why: &Failure) {
        let changed = self.0.send_if_modified(|down| down.replace(why.to_string()).is_none());
        if changed {
            tracing::warn!(%why, "the event store does not answer");
        }
    }

    /// An error at once if the server is down.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match &*self.0.borrow() {
            None => Ok(()),
            Some(why) => Err(Failure::Passing(why.clone())),
        }
    }
}
