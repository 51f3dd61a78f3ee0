//! Applies rules that other processes have issued.

use std::sync::Arc;

use events::{Page, Position};

use super::{Follower, Following, Handled, Handler, Saved, Source, Stalled};
use crate::view::ViewError;
use crate::{Engine, rulebook};

/// Follows the events of the law.
pub type FollowedLaw = Follower<Issued>;

/// Has the rulebook read what was issued.
#[derive(Debug)]
pub struct Issued(Arc<Engine>);

impl FollowedLaw {
    /// Begins after what the rulebook has read.
    pub fn open(engine: &Arc<Engine>) -> Result<Self, ViewError> {
        let saved = Saved::Nowhere { begins: engine.rulebook.read_to() };
        let following = Following::new("law", &rulebook::KINDS, Source::Every, saved);
        Self::new(engine, following, Issued(Arc::clone(engine)))
    }
}

impl Handler for Issued {
    async fn handle(&mut self, _after: Position, _page: Page) -> Result<Handled, Stalled> {
        self.0.rulebook.catch_up(&self.0.store).await?;
        Ok(Handled::Done { save: false })
    }
}
