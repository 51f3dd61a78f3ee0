//! How far a task has followed the log.

use events::Position;
use tokio::sync::watch;

use crate::limits::CONSISTENCY_WAIT_MAX;

/// The position that a task has reached, for requests that wait for it.
#[derive(Debug, Clone)]
pub struct Progress(watch::Receiver<Position>);

impl Progress {
    /// A progress at the start of the log, and the sender that advances it.
    #[must_use]
    pub fn new() -> (watch::Sender<Position>, Self) {
        let (sender, receiver) = watch::channel(Position::START);
        (sender, Self(receiver))
    }

    /// The position reached so far.
    #[must_use]
    pub fn now(&self) -> Position {
        *self.0.borrow()
    }

    /// Returns once the task has passed `position`; never if the task has ended.
    pub async fn past(&self, position: Position) {
        let mut reached = self.0.clone();
        if reached.wait_for(|now| *now > position).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the task has reached `position`; false after a timeout.
    pub async fn reach(&self, position: Position) -> bool {
        let mut reached = self.0.clone();
        let wait = reached.wait_for(|now| *now >= position);
        matches!(tokio::time::timeout(CONSISTENCY_WAIT_MAX, wait).await, Ok(Ok(_)))
    }
}
