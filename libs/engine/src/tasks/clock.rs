//! Periodically compares the clock with that of the store's machine, so that a wrong clock is
//! noticed before its time is recorded.

use std::sync::Arc;

use events::Position;
use futures_util::future::BoxFuture;
use platform::TimeSource;

use super::{Next, Stalled, Task};
use crate::Engine;
use crate::limits::CLOCK_COMPARED_EVERY;

/// Checks the clock while the process runs.
#[derive(Debug)]
pub struct ClockTask(Arc<Engine>);

impl ClockTask {
    /// A task that checks the clock of this engine.
    #[must_use]
    pub fn new(engine: &Arc<Engine>) -> Self {
        Self(Arc::clone(engine))
    }
}

impl Task for ClockTask {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(async {
            let done = Position(u64::MAX);
            if matches!(self.0.clock, TimeSource::Manual(_)) {
                return Ok(Next::Idle { done, wake_at: None });
            }
            self.0.guard.compare(&self.0.store).await?;
            let wake_at = self.0.clock.now().checked_add(CLOCK_COMPARED_EVERY).ok();
            Ok(Next::Idle { done, wake_at })
        })
    }
}
