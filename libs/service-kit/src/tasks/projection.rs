//! Derives views from the log.

use std::sync::Arc;

use events::{Page, Position, Recorded};
use rusqlite::Connection;

use super::{Follower, Following, Handled, Handler, Progress, Saved, Source, Stalled, Work};
use crate::Kit;
use crate::limits::VIEW_PAGE_EVENTS;
use crate::view::{Shape, View, ViewError};

/// A view's tables, and how events change them.
pub trait Projection: Send + Sync + 'static {
    const SHAPE: Shape;
    /// Prefixes of the event kinds that it needs; all if empty.
    const KINDS: &'static [&'static str];

    /// Applies an event. One that cannot be decoded is logged and skipped, because a view can be
    /// rebuilt.
    fn apply(&self, rows: &Connection, event: &Recorded) -> rusqlite::Result<()>;
}

/// Keeps a view up to date with the log.
pub type Projector<P> = Follower<Projected<P>>;

/// Handles events by a [`Projection`].
#[derive(Debug)]
pub struct Projected<P>(Arc<P>);

impl<P: Projection> Projector<P> {
    /// Opens the view. Returns the task, the view, and its progress.
    pub fn open(kit: &Arc<Kit>, projection: P) -> Result<(Self, Arc<View>, Progress), ViewError> {
        let view = Arc::new(View::open(kit.views.as_deref(), P::SHAPE, &kit.store)?);
        let following = Following {
            work: Work::Shows,
            page_events: VIEW_PAGE_EVENTS,
            ..Following::new(P::SHAPE.name, P::KINDS, Source::Every, Saved::View(Arc::clone(&view)))
        };
        let projector = Self::new(kit, following, Projected(Arc::new(projection)))?;
        let progress = projector.progress();
        Ok((projector, view, progress))
    }
}

impl<P: Projection> Handler for Projected<P> {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let projection = Arc::clone(&self.0);
        Ok(Handled::Rows(Box::new(move |rows| {
            page.events.iter().try_for_each(|event| projection.apply(rows, event))
        })))
    }
}
