//! Place of a replica among those of its service: the leader follows the bus and announces its
//! position; the standbys receive the announcements.

use std::sync::Arc;
use std::time::Duration;

use events::bus::{Announcements, Feed, Leadership, move_cursor};
use events::{EventStore, Filter, Page, Position, ReadError};
use jiff::{SignedDuration, Timestamp};

use super::Standing;
use crate::Engine;

/// Interval at which the leader repeats its position, for replicas that missed the announcement.
const SAY_AGAIN: Duration = Duration::from_secs(1);
/// Events after which the cursor is saved in the store.
const CURSOR_EVENTS: usize = 10_000;
/// Time after which the cursor is saved if there were any events.
const CURSOR_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How far the reactions of a service are, and the feed of further events.
#[derive(Debug)]
pub struct Place {
    engine: Arc<Engine>,
    service: &'static str,
    filter: Filter,
    lead: Leadership,
    /// While this process leads.
    feed: Option<Feed>,
    /// While another process leads.
    announcements: Option<Announcements>,
    heard: Position,
    /// Events since the cursor was saved, and when that was.
    unsaid: usize,
    said_at: Timestamp,
}

impl Place {
    pub(super) fn new(engine: &Arc<Engine>, service: &'static str, filter: Filter) -> Self {
        Self {
            engine: Arc::clone(engine),
            service,
            filter,
            lead: engine.lead(service),
            feed: None,
            announcements: None,
            heard: Position::START,
            unsaid: 0,
            said_at: Timestamp::MIN,
        }
    }

    /// Whether there are other replicas.
    pub(super) fn is_shared(&self) -> bool {
        self.engine.bus.is_shared()
    }

    pub(super) fn store(&self) -> &EventStore {
        &self.engine.store
    }

    pub(super) const fn service(&self) -> &'static str {
        self.service
    }

    pub(super) fn settle(&mut self) -> Standing {
        if !self.lead.now() {
            self.feed = None;
            if self.announcements.is_none() {
                self.announcements = Some(self.engine.bus.announcements(self.service));
            }
            return Standing::By(self.heard);
        }
        if self.feed.is_some() {
            return Standing::Leads;
        }
        self.announcements = None;
        self.feed = Some(self.engine.bus.follow(self.service, self.filter.clone()));
        self.said_at = self.engine.clock.now();
        Standing::TakesOver
    }

    /// Makes the next call take over again.
    pub(super) fn leave(&mut self) {
        self.feed = None;
    }

    pub(super) async fn page(&mut self, after: Position, limit: usize) -> Result<Page, ReadError> {
        match &mut self.feed {
            Some(feed) => {
                let before = feed.filled();
                let page = feed.page(after, limit).await;
                self.engine.metrics.filled(self.service, feed.filled() - before);
                page
            }
            None => Ok(Page { events: Vec::new(), through: after }),
        }
    }

    /// Everything up to `through` was handled or parked, the last `events` of it since the previous
    /// call; nothing up to `surely` is parked.
    pub(super) async fn reached(&mut self, through: Position, surely: Position, events: usize) {
        if let Some(feed) = &mut self.feed {
            feed.handled(through).await;
        }
        if !self.engine.bus.is_shared() {
            return;
        }
        self.engine.bus.announce(self.service, through).await;
        self.unsaid += events;
        // A cursor is an event too: a clock that was set ahead would date it in the future, and
        // nobody could record anything until then.
        let Ok(now) = self.engine.time() else { return };
        let due = self.unsaid >= CURSOR_EVENTS
            || (self.unsaid > 0 && now.duration_since(self.said_at) >= CURSOR_EVERY);
        if due {
            let meta = serde_json::json!({ "at": now }).to_string();
            match move_cursor(&self.engine.store, self.service, surely, meta).await {
                Ok(()) => (self.unsaid, self.said_at) = (0, now),
                Err(error) => tracing::warn!(service = self.service, %error, "no cursor"),
            }
        }
    }

    pub(super) async fn woken(&mut self, done: Position) {
        match (&mut self.feed, &mut self.announcements) {
            (Some(feed), _) => {
                let woken = async {
                    tokio::select! {
                        () = feed.wait_past(done) => {}
                        () = self.lead.other_than(true) => {}
                    }
                };
                if self.engine.bus.is_shared() {
                    // After this time the position is announced again.
                    let _ = tokio::time::timeout(SAY_AGAIN, woken).await;
                } else {
                    woken.await;
                }
            }
            (None, Some(announcements)) => {
                tokio::select! {
                    heard = announcements.next() => self.heard = self.heard.max(heard),
                    () = self.lead.other_than(false) => {}
                }
            }
            (None, None) => self.lead.other_than(self.lead.now()).await,
        }
    }
}
