//! The one loop over the log. A [`Follower`] reads it page by page from a saved position, has a
//! [`Handler`] handle each page, and saves how far it is:
//!
//! - A page is limited in events, and by the store in bytes (`events::limits::READ_BYTES_MAX`).
//! - The position is saved after a page, in the same transaction as the rows that the page changed,
//!   or after several small pages. After a crash, or if saving failed, events are handled again:
//!   handlers derive the ids of what they record, so that this has no further effect.
//! - An error leaves the position where it is. The same page is read again after a wait that
//!   doubles (`tasks::Tasks`), so a handler returns an error for an event that must not be passed
//!   over, and logs and skips one that need not hold up the others.
//! - A step is at most one page, and a stop takes effect between steps. A step that is aborted in
//!   the middle is a page that was not saved.
//! - Followers that read the store in every replica share its pages ([`crate::scan`]).
//! - Source and leadership are a [`Source`]; where the position is saved is a [`Saved`].

use std::sync::Arc;
use std::time::Duration;

use events::Position;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::{Next, Progress, Stalled, Task, Work};
use crate::Engine;
use crate::limits::SCAN_FROM;
use crate::pulse::Followed;
use crate::scan::Member;
use crate::view::ViewError;

mod cursors;
mod following;
mod handler;
mod place;
mod source;

use cursors::Writing;
pub use cursors::{Cursors, Saved};
pub use following::Following;
pub use handler::{Handled, Handler, Rest, Rows};
use place::Place;
pub use source::Source;
use source::Standing;

/// Follows the log with a handler.
pub struct Follower<H> {
    pub(super) engine: Arc<Engine>,
    following: Following,
    /// Its part in the scan of the process, if it reads the store in every replica.
    scan: Option<Member>,
    position: Position,
    /// Upper bound on the events scanned since the position was saved.
    unsaved: u64,
    /// The position must be saved before the next page.
    owed: bool,
    /// Rows that are being written while the next page is handled, and the position before them.
    writing: Option<(Position, Writing)>,
    progress: watch::Sender<Position>,
    reached: Progress,
    pub(super) handler: H,
}

impl<H> std::fmt::Debug for Follower<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower")
            .field("name", &self.following.name)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl<H: Handler> Follower<H> {
    /// Continues from the saved position.
    ///
    /// # Errors
    ///
    /// The saved position cannot be read.
    pub fn new(engine: &Arc<Engine>, following: Following, handler: H) -> Result<Self, ViewError> {
        let position = following.saved.position()?;
        let (progress, reached) = Progress::new();
        progress.send_replace(position);
        let is_every = matches!(following.source, Source::Every);
        let scan = is_every.then(|| engine.scan.join(following.filter.clone(), position));
        let engine = Arc::clone(engine);
        Ok(Self {
            engine,
            following,
            scan,
            position,
            unsaved: 0,
            owed: false,
            writing: None,
            progress,
            reached,
            handler,
        })
    }

    /// The position that is reached, for those who wait for it.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.reached.clone()
    }

    /// Handles all events that there are.
    ///
    /// # Errors
    ///
    /// The first page that cannot be handled.
    pub async fn catch_up(&mut self) -> Result<(), Stalled> {
        while matches!(self.page().await?, Paged::More) {}
        Ok(())
    }

    async fn advance(&mut self) -> Result<Next, Stalled> {
        let source = &mut self.following.source;
        match source.settle() {
            Standing::By(announced) => {
                self.reach(announced);
                return Ok(Next::Idle { done: Position(u64::MAX), wake_at: None });
            }
            // The previous leader has saved the position up to which everything was handled.
            Standing::TakesOver => {
                let surely = source.cursor().await.inspect_err(|_| source.leave())?;
                self.position = self.position.max(surely);
            }
            Standing::Leads => {}
        }
        if self.handler.needs_rows() {
            self.written().await?;
        }
        let changed = self.handler.prepare().await?;
        // After a restart, events from the saved position are handled again without effect: a
        // position that cannot be saved does not stop the work.
        let saved = if changed || self.owed { self.save().await } else { Ok(()) };
        let paged = self.page().await?;
        saved?;
        match paged {
            Paged::More => return Ok(Next::More),
            Paged::NotYet => return Ok(Next::Idle { done: self.position, wake_at: None }),
            // It also passed what was skipped by taking over.
            Paged::Nothing => self.reach(self.position),
        }
        let rest = self.handler.rest(self.position).await?;
        if let Rest::Until { save: true, .. } = rest {
            self.save().await?;
        }
        self.announce(0).await;
        Ok(match rest {
            Rest::More => Next::More,
            Rest::Until { wake_at, .. } => Next::Idle { done: self.position, wake_at },
        })
    }

    /// Reads and handles a page.
    async fn page(&mut self) -> Result<Paged, Stalled> {
        let mut paged = self.next_page().await;
        if paged.is_err() {
            // It is also the end of what was written before.
            paged = self.written().await.and(paged);
        }
        if let Some(scan) = &self.scan {
            scan.rests(self.position);
        }
        paged
    }

    async fn next_page(&mut self) -> Result<Paged, Stalled> {
        let Following { source, filter, page_events, save_after, .. } = &mut self.following;
        let (after, limit) = (self.position, *page_events);
        let page = match &self.scan {
            Some(scan) => scan.page(&self.engine.store, after, limit).await?,
            None => source.page(&self.engine, filter, after, limit).await?,
        };
        if page.through <= after {
            self.written().await?;
            return Ok(Paged::Nothing);
        }
        self.engine.guard.followed(page.events.last().map(|newest| &**newest));
        let (through, events, save_after) = (page.through, page.events.len(), *save_after);
        // Near the head, requests wait for the rows.
        let is_far = self.engine.store.head().0.saturating_sub(through.0) >= SCAN_FROM;
        let handled = match events {
            0 => Handled::Done { save: false },
            _ => self.handler.handle(after, page).await?,
        };
        let unsaved = self.unsaved.saturating_add(scanned(after, through, limit));
        let save = match handled {
            Handled::NotYet => {
                self.written().await?;
                return Ok(Paged::NotYet);
            }
            Handled::Rows(rows) => {
                self.written().await?;
                match self.following.saved.begin_write(through, rows) {
                    Ok(writing) => self.writing = Some((self.position, writing)),
                    Err(rows) => self.following.saved.write(through, rows).await?,
                }
                (self.position, self.unsaved) = (through, 0);
                if is_far && self.writing.is_some() {
                    return Ok(Paged::More);
                }
                false
            }
            Handled::Done { save } => {
                (self.position, self.unsaved) = (through, unsaved);
                save || unsaved >= save_after
            }
        };
        self.written().await?;
        // The effects are durable; only the position may not be saved yet.
        self.reach(through);
        self.announce(events).await;
        if save {
            self.save().await?;
        }
        Ok(Paged::More)
    }

    /// Waits until the rows are written that are being written. If that fails, the position is the
    /// one before them.
    async fn written(&mut self) -> Result<(), Stalled> {
        let Some((before, writing)) = &mut self.writing else { return Ok(()) };
        let (before, written) = (*before, writing.await);
        self.writing = None;
        if let Err(error) = written {
            self.position = before;
            return Err(error.into());
        }
        self.reach(self.position);
        Ok(())
    }

    /// Saves the position with the handler's state.
    async fn save(&mut self) -> Result<(), Stalled> {
        self.written().await?;
        // Until it has succeeded.
        self.owed = true;
        let rows = self.handler.state().await?;
        self.following.saved.write(self.position, rows).await?;
        self.handler.saved();
        (self.owed, self.unsaved) = (false, 0);
        Ok(())
    }

    fn reach(&self, position: Position) {
        self.progress.send_if_modified(|now| {
            let further = position > *now;
            *now = position.max(*now);
            further
        });
    }

    /// Tells the source what was handled, the last `events` of it since the previous call.
    async fn announce(&mut self, events: usize) {
        let settled = self.handler.settled(self.position);
        self.following.source.reached(self.position, settled, events).await;
    }
}

enum Paged {
    More,
    NotYet,
    Nothing,
}

/// Upper bound on the events between two positions of a page; exact if positions have no gaps.
fn scanned(after: Position, through: Position, limit: usize) -> u64 {
    through.0.saturating_sub(after.0).min(limit as u64)
}

impl<H: Handler> Task for Follower<H> {
    fn name(&self) -> &'static str {
        self.following.name
    }

    fn work(&self) -> Work {
        self.following.work
    }

    fn gather(&self) -> Duration {
        self.following.gather
    }

    fn followed(&self) -> Option<Followed> {
        let lead = self.following.source.lead().cloned();
        Some(Followed { progress: self.progress(), lead })
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.advance())
    }

    fn finish(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.written().await {
                let follower = self.following.name;
                tracing::warn!(follower, %error, "last page not written; handled again at the next start");
            }
        })
    }

    fn woken<'a>(&'a mut self, engine: &'a Engine, done: Position) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            tokio::select! {
                () = self.following.source.woken(engine, done) => {}
                () = self.handler.woken() => {}
            }
        })
    }
}
