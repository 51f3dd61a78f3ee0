//! Derives views from the log.

use std::sync::Arc;

use events::{Filter, Position, Recorded};
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::watch;

use super::{Next, Progress, Stalled, Task, Work};
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
pub struct Projector<P> {
    kit: Arc<Kit>,
    view: Arc<View>,
    filter: Filter,
    position: Position,
    progress: watch::Sender<Position>,
    projection: P,
}

impl<P> std::fmt::Debug for Projector<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projector").field("position", &self.position).finish_non_exhaustive()
    }
}

impl<P: Projection> Projector<P> {
    /// Opens the view. Returns the task, the view, and its progress.
    pub fn open(kit: &Arc<Kit>, projection: P) -> Result<(Self, Arc<View>, Progress), ViewError> {
        let view = Arc::new(View::open(kit.views.as_deref(), P::SHAPE, &kit.store)?);
        let position = view.position()?;
        let (progress, reached) = Progress::new();
        progress.send_replace(position);
        let projector = Self {
            kit: Arc::clone(kit),
            view: Arc::clone(&view),
            filter: Filter { kinds: P::KINDS.iter().map(|kind| (*kind).into()).collect() },
            position,
            progress,
            projection,
        };
        Ok((projector, view, reached))
    }
}

impl<P: Projection> Task for Projector<P> {
    fn name(&self) -> &'static str {
        P::SHAPE.name
    }

    fn work(&self) -> Work {
        Work::Shows
    }

    fn gather(&self) -> std::time::Duration {
        super::GATHER
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(async move {
            let page =
                self.kit.store.read_all(self.position, &self.filter, VIEW_PAGE_EVENTS).await?;
            if page.through == self.position {
                return Ok(Next::Idle { done: self.position, wake_at: None });
            }
            if !page.events.is_empty() {
                let projection = &self.projection;
                self.view.write(page.through, |rows| {
                    page.events.iter().try_for_each(|event| projection.apply(rows, event))
                })?;
            }
            self.position = page.through;
            self.progress.send_replace(page.through);
            Ok(Next::More)
        })
    }
}
