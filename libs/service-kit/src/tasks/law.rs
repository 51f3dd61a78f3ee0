//! Applies rules that other processes have issued.

use std::sync::Arc;

use events::{Filter, Position, ReadError};
use futures_util::future::BoxFuture;

use super::{Next, Stalled, Task};
use crate::Kit;
use crate::limits::PAGE_EVENTS;

/// Follows the events of the law.
#[derive(Debug)]
pub struct FollowedLaw {
    kit: Arc<Kit>,
    position: Position,
}

impl FollowedLaw {
    /// Begins at the start of the log, although the rulebook has read most of it already.
    #[must_use]
    pub fn new(kit: &Arc<Kit>) -> Self {
        Self { kit: Arc::clone(kit), position: Position::START }
    }

    async fn work(&mut self) -> Result<Next, Stalled> {
        let filter = Filter { kinds: vec!["law.".into()] };
        let page = self.kit.store.read_all(self.position, &filter, PAGE_EVENTS).await?;
        if page.through == self.position {
            return Ok(Next::Idle { done: self.position, wake_at: None });
        }
        self.kit.guard.followed(page.events.last().map(|newest| &**newest));
        if !page.events.is_empty() {
            let caught_up = self.kit.rulebook.catch_up(&self.kit.store).await;
            caught_up.map_err(|error| ReadError::Unavailable(error.to_string()))?;
        }
        self.position = page.through;
        Ok(Next::More)
    }
}

impl Task for FollowedLaw {
    fn name(&self) -> &'static str {
        "law"
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.work())
    }
}
