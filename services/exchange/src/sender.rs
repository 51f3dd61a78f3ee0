//! Sends changes to subscribers: one task, which follows the log once for all, with a lane for each
//! subscriber. A lane saves its position in the log and the few messages before it that were not
//! delivered. What was sent and not yet saved when a process ends is sent again with the same ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dossier::contract::SubscriberId;
use engine::Engine;
use engine::tasks::{BoxFuture, Next, Stalled, Task};
use events::bus::Leadership;
use events::{Filter, Position};
use jiff::Timestamp;
use outbox::{Kept, Place};
use tokio::task::JoinSet;
use web::changes::{Change, all};

use self::calls::Ended;
use crate::App;
use crate::figures::Totals;
use crate::lane::Lane;
use crate::limits::{BEHIND_EVENTS, PAGE_EVENTS, RIGHTS_EVERY, SAVED_EVERY, SENDER_WAIT_MAX};
use crate::owners::Owners;

mod calls;
mod keep;
mod lanes;

/// Sends changes.
#[derive(Debug)]
pub(crate) struct Sender {
    app: Arc<App>,
    lead: Leadership,
    owners: Arc<Owners>,
    filter: Filter,
    lanes: BTreeMap<SubscriberId, Lane>,
    /// How far subscribers are that have no lane at present.
    places: BTreeMap<SubscriberId, Place>,
    disabled: BTreeSet<SubscriberId>,
    /// Subscribers of which something was recorded that their lanes do not have yet.
    touched: BTreeSet<SubscriberId>,
    /// What became of messages could not be written the last time.
    is_unwritten: bool,
    totals: Totals,
    /// Position up to which the log was read for all lanes; `None` before the first time.
    read: Option<Position>,
    calls: JoinSet<Ended>,
    kept: Kept,
    saved_at: Instant,
    rights_at: Timestamp,
    /// Number of the newest lane.
    numbers: u64,
    /// The lane after which the next one that is behind is looked for.
    behind: Option<SubscriberId>,
}

impl Sender {
    pub(crate) fn new(app: &Arc<App>, lead: Leadership) -> Self {
        let mut filter = all();
        filter.kinds.push("exchange.".into());
        Self {
            app: Arc::clone(app),
            lead,
            owners: Arc::new(Owners::new(app.engine())),
            filter,
            lanes: BTreeMap::new(),
            places: BTreeMap::new(),
            disabled: BTreeSet::new(),
            touched: BTreeSet::new(),
            is_unwritten: false,
            totals: Totals::default(),
            read: None,
            calls: JoinSet::new(),
            kept: Kept::default(),
            saved_at: Instant::now(),
            rights_at: Timestamp::MIN,
            numbers: 0,
            behind: None,
        }
    }

    fn engine(&self) -> &Arc<Engine> {
        self.app.engine()
    }

    async fn advance(&mut self) -> Result<Next, Stalled> {
        let now = self.engine().time()?;
        if self.read.is_none() || !self.lead.is_unbroken() {
            // Another process may have sent messages meanwhile.
            self.lead.mark();
            self.take_over(now).await?;
        }
        let Some(read) = self.read else { return Ok(Next::More) };
        while let Some(ended) = self.calls.try_join_next() {
            if let Ok(ended) = ended {
                self.ended(ended, now).await?;
            }
        }
        self.reload_touched(now).await?;
        let has_read = self.follow(read, now).await?;
        if now.duration_since(self.rights_at) >= RIGHTS_EVERY {
            self.confirm(now).await?;
        }
        let has_caught_up = self.catch_up().await?;
        if self.is_unwritten {
            // Nothing new is sent before it is known again what became of the rest.
            self.save(now).await?;
        }
        let wake_at = self.send_all(now);
        let is_resting = !has_read && !has_caught_up && self.calls.is_empty();
        if is_resting || self.saved_at.elapsed() >= SAVED_EVERY {
            self.save(now).await?;
        }
        if has_read || has_caught_up {
            return Ok(Next::More);
        }
        let read = self.read.unwrap_or(read);
        if self.calls.is_empty() {
            return Ok(Next::Idle { done: read, wake_at });
        }
        let engine = Arc::clone(self.engine());
        let next = async {
            tokio::select! {
                ended = self.calls.join_next() => ended,
                () = engine.store.wait_past(read) => None,
            }
        };
        let wait = wake_at.map_or(SENDER_WAIT_MAX, |at| {
            let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
            wait.clamp(Duration::from_millis(1), SENDER_WAIT_MAX)
        });
        if let Ok(Some(Ok(ended))) = tokio::time::timeout(wait, next).await {
            let now = self.engine().time()?;
            self.ended(ended, now).await?;
        }
        Ok(Next::More)
    }

    /// Reads a page of the log for all lanes that are not behind. Whether there was any.
    async fn follow(&mut self, after: Position, now: Timestamp) -> Result<bool, Stalled> {
        let page = self.engine().store.read_all(after, &self.filter, PAGE_EVENTS).await?;
        if page.through <= after {
            return Ok(false);
        }
        let changes: Vec<Change> =
            page.events.iter().filter_map(|event| Change::of(event)).collect();
        let owners = self.owners.of(changes.iter()).await?;
        let (app, through) = (Arc::clone(&self.app), page.through);
        for lane in self.lanes.values_mut() {
            lane.offer(&changes, &owners, (after, through), |change| body(&app, change));
        }
        self.read = Some(through);
        for event in &page.events {
            if event.kind.starts_with("exchange.") {
                self.touched.extend(event.stream.id().parse::<SubscriberId>());
            }
            if event.kind.starts_with("law.") || event.kind.starts_with("mandate.Credential") {
                self.rights_at = Timestamp::MIN;
            }
        }
        self.reload_touched(now).await?;
        Ok(true)
    }

    /// One that cannot be loaded now stays; nothing is sent before it is.
    async fn reload_touched(&mut self, now: Timestamp) -> Result<(), Stalled> {
        while let Some(id) = self.touched.first().copied() {
            self.reload(id, now).await?;
            self.touched.remove(&id);
        }
        Ok(())
    }

    /// Reads a page of the log for one lane that is behind and has room: the next one after that of
    /// the last time. Whether there was one.
    async fn catch_up(&mut self) -> Result<bool, Stalled> {
        let Some(head) = self.read else { return Ok(false) };
        let is_behind = |lane: &Lane| {
            let has_more = lane.read < head || !lane.left.is_empty();
            has_more && lane.has_room() && lane.challenge.is_none()
        };
        let next = |from: Option<SubscriberId>| {
            let mut after = self.lanes.values().filter(|lane| from.is_none_or(|id| lane.id > id));
            after.find(|lane| is_behind(lane)).map(|lane| lane.id)
        };
        self.behind = next(self.behind).or_else(|| next(None));
        let Some(id) = self.behind else { return Ok(false) };
        let Some(lane) = self.lanes.get(&id) else { return Ok(false) };
        if !lane.left.is_empty() {
            return self.restore(id).await;
        }
        let (after, kinds) = (lane.read, lane.kinds());
        let filter = if kinds.is_empty() { all() } else { Filter { kinds } };
        let page = self.engine().store.read_all(after, &filter, BEHIND_EVENTS).await?;
        let through = page.through.min(head);
        if through <= after {
            return Ok(false);
        }
        let within = page.events.iter().filter(|event| event.position <= through);
        let changes: Vec<Change> = within.filter_map(|event| Change::of(event)).collect();
        let owners = self.owners.of(changes.iter()).await?;
        let app = Arc::clone(&self.app);
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.offer(&changes, &owners, (after, through), |change| body(&app, change));
        }
        Ok(true)
    }
}

impl Sender {
    /// Reads the messages that a lane had left when it began: they were not delivered before a
    /// restart, unlike others after them.
    async fn restore(&mut self, id: SubscriberId) -> Result<bool, Stalled> {
        let left = self.lanes.get(&id).map(|lane| lane.left.clone()).unwrap_or_default();
        let mut changes = Vec::with_capacity(left.len());
        for one in &left {
            let event = self.engine().store.event_at(Position(one.position)).await?;
            changes.extend(event.as_ref().and_then(Change::of));
        }
        let owners = self.owners.of(changes.iter()).await?;
        let app = Arc::clone(&self.app);
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.restore(&changes, &owners, |change| body(&app, change));
        }
        Ok(true)
    }
}

/// The message about a change: what the change feed answers.
fn body(app: &App, change: &Change) -> Vec<u8> {
    let cursor = app.cursors.write(change.position);
    serde_json::to_vec(&change.reply(app.engine().store.id(), cursor)).unwrap_or_default()
}

impl Task for Sender {
    fn name(&self) -> &'static str {
        "exchange-sender"
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.advance())
    }

    fn finish(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if !self.lead.is_unbroken() {
                // Another process writes now.
                return;
            }
            // What came back is noted; the rest is sent again by the next process.
            while let Some(Ok(ended)) = self.calls.try_join_next() {
                if let Ok(now) = self.app.engine().time() {
                    let _ = self.ended(ended, now).await;
                }
            }
            if let Ok(now) = self.app.engine().time() {
                let _ = self.save(now).await;
            }
        })
    }
}
