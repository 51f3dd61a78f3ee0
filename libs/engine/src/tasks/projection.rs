//! Derives views from the log.

use std::sync::Arc;

use events::{Page, Position, ReadError, Recorded};
use platform::metrics::Metrics;
use rusqlite::Connection;

use super::{Follower, Following, Handled, Handler, Progress, Saved, Source, Stalled, Work};
use crate::Engine;
use crate::limits::VIEW_PAGE_EVENTS;
use crate::view::{Shape, View, ViewError};

/// A view's tables, and how events change them.
pub trait Projection: Send + Sync + 'static {
    const SHAPE: Shape;
    /// Prefixes of the event kinds that it needs; all if empty.
    const KINDS: &'static [&'static str];

    /// Whether the view must have every event, so that its task stalls at one that cannot be
    /// decoded. Otherwise such an event is skipped, because a view can be rebuilt.
    const IS_COMPLETE: bool = false;

    /// Applies an event.
    ///
    /// # Errors
    ///
    /// [`NotApplied::Corrupt`] before any row is changed.
    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied>;
}

/// Why an event was not applied to a view.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    #[error(transparent)]
    View(#[from] rusqlite::Error),
    /// The event cannot be decoded. It is logged, and the metric `defects_total` counts it.
    #[error(transparent)]
    Corrupt(#[from] ReadError),
}

/// Keeps a view up to date with the log.
pub type Projector<P> = Follower<Projected<P>>;

/// Handles events by a [`Projection`].
#[derive(Debug)]
pub struct Projected<P>(Arc<P>, Arc<Metrics>);

impl<P: Projection> Projected<P> {
    fn apply(
        projection: &P,
        metrics: &Metrics,
        rows: &Connection,
        event: &Recorded,
    ) -> rusqlite::Result<()> {
        match projection.apply(rows, event) {
            Ok(()) => Ok(()),
            Err(NotApplied::View(error)) => Err(error),
            Err(NotApplied::Corrupt(error)) if P::IS_COMPLETE => {
                Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
            }
            Err(NotApplied::Corrupt(error)) => {
                let (view, kind) = (P::SHAPE.name, &*event.kind);
                tracing::error!(view, kind, %error, "event could not be projected; left out of the view");
                metrics.defect(Work::Shows.name());
                Ok(())
            }
        }
    }
}

impl<P: Projection> Projector<P> {
    /// Opens the view. Returns the task, the view, and its progress.
    pub fn open(
        engine: &Arc<Engine>,
        projection: P,
    ) -> Result<(Self, Arc<View>, Progress), ViewError> {
        let view = Arc::new(View::open(engine.views.as_deref(), P::SHAPE, &engine.store)?);
        let following = Following {
            work: Work::Shows,
            page_events: VIEW_PAGE_EVENTS,
            ..Following::new(P::SHAPE.name, P::KINDS, Source::Every, Saved::View(Arc::clone(&view)))
        };
        let projector = Self::new(
            engine,
            following,
            Projected(Arc::new(projection), Arc::clone(&engine.metrics)),
        )?;
        let progress = projector.progress();
        Ok((projector, view, progress))
    }
}

impl<P: Projection> Handler for Projected<P> {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let (projection, metrics) = (Arc::clone(&self.0), Arc::clone(&self.1));
        Ok(Handled::Rows(Box::new(move |rows| {
            page.events.iter().try_for_each(|event| Self::apply(&projection, &metrics, rows, event))
        })))
    }
}
