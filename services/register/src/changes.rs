//! The change feed: which events were recorded, for the readers of their subjects, by long polls
//! and as server-sent events. It has ids, kinds and times, and none of the data.
//!
//! Waiting clients are woken by the progress of the views, so an event is sent once the lists have
//! its dossier. The newest changes are in memory ([`Recent`]): the first client that needs them
//! reads the log and the owners for all. Only clients that are further behind read the log
//! themselves. Rights are those of the present: an agency that lost a dossier receives none of
//! its events, whenever they were recorded.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use dossier::RefusalEntry;
use dossier::access::Caller;
use dossier::contract::{ComplaintId, Role};
use engine::Engine;
use engine::tasks::Progress;
use engine::view::View;
use events::{Filter, Position};
use platform::secret::Secret;
use tokio::sync::{Mutex, Semaphore};
use web::Problem;
use web::changes::{Change, Cursors, Subject, Unusable, all};
pub(crate) use web::changes::{ChangeReply, Kinds};

mod limits;
mod owners;
mod recent;
mod stream;

pub(crate) use limits::WAIT_S_MAX;
use limits::{EVENTS_AT_ONCE, PAGES_OF_ANSWER, SCANS_AT_ONCE};
pub(crate) use recent::Asked;
use recent::{Owners, Recent, Selected};
pub(crate) use stream::Streaming;

/// The problem of a cursor that this log does not have.
pub(crate) const CURSOR_GONE: RefusalEntry = RefusalEntry {
    status: 410,
    code: "cursor-gone",
    vi: "con trỏ không thuộc nhật ký này: hãy đọc lại dữ liệu, rồi theo dõi từ nay (không có `after`) hoặc từ đầu (`after=start`)",
    en: "this cursor is not one of this log: read your data again, and follow from now on, without `after`, or from the beginning, with `after=start`",
};

/// The value of `after` for all changes from the beginning of the log.
const START: &str = "start";

/// The feed of all changes.
#[derive(Debug)]
pub(crate) struct Feed {
    engine: Arc<Engine>,
    /// The view of lists, which has the owners of dossiers, and how far it is.
    lists: (Arc<View>, Progress),
    /// The view of dossiers, which has their complaints, and how far it is.
    dossiers: (Arc<View>, Progress),
    cursors: Cursors,
    recent: RwLock<Recent>,
    /// Held by the client that reads the newest changes for all.
    filling: Mutex<()>,
    /// Permits to read older events.
    scans: Semaphore,
}

/// An answer to a client.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) changes: Vec<ChangeReply>,
    /// Position up to which the client has received all changes.
    pub(crate) through: Position,
    /// Whether there is nothing more at present.
    pub(crate) is_at_end: bool,
}

impl Feed {
    pub(crate) fn new(
        engine: &Arc<Engine>,
        lists: (Arc<View>, Progress),
        dossiers: (Arc<View>, Progress),
        secret: &Secret,
    ) -> Self {
        Self {
            engine: Arc::clone(engine),
            lists,
            dossiers,
            cursors: Cursors::new(engine.store.id(), secret.clone()),
            recent: RwLock::default(),
            filling: Mutex::default(),
            scans: Semaphore::new(SCANS_AT_ONCE),
        }
    }

    /// The position up to which the views are, and so the feed.
    pub(crate) fn reached(&self) -> Position {
        self.lists.1.now().min(self.dossiers.1.now())
    }

    /// Returns once there may be changes after `position`.
    pub(crate) async fn past(&self, position: Position) {
        self.lists.1.past(position).await;
        self.dossiers.1.past(position).await;
    }

    /// The cursor of a position.
    pub(crate) fn cursor(&self, position: Position) -> String {
        self.cursors.write(position)
    }

    /// The position from which a client goes on: that of the cursor `after` in the parameter or
    /// header `name`, the beginning, or the present.
    ///
    /// # Errors
    ///
    /// 410 if the cursor is one of another log, or after the end of this one; 400 if it is none.
    pub(crate) async fn begin(
        &self,
        after: Option<&str>,
        name: Place,
    ) -> Result<Position, Problem> {
        let after = match after {
            None => return Ok(self.reached()),
            Some(START) => return Ok(Position::START),
            Some(after) => after,
        };
        let position = self.cursors.read(after).map_err(|unusable| match unusable {
            Unusable::Malformed => name.malformed(),
            Unusable::Foreign => Problem::new(CURSOR_GONE),
        })?;
        // Another replica may have been further.
        let is_known = position <= self.engine.store.head()
            || self.engine.store.event_at(position).await?.is_some();
        if is_known { Ok(position) } else { Err(Problem::new(CURSOR_GONE)) }
    }

    /// The next changes after `after`. Without any, more of the log is read, up to a limit.
    pub(crate) async fn next(&self, asked: Asked<'_>, after: Position) -> Result<Answer, Problem> {
        let mut through = after;
        for _ in 0..PAGES_OF_ANSWER {
            let selected = self.page(asked, through).await?;
            through = selected.through;
            let changes = self.fair(selected.changes, asked.caller).await?;
            let is_at_end = through >= self.reached();
            if !changes.is_empty() || is_at_end {
                return Ok(Answer { changes: self.replies(&changes), through, is_at_end });
            }
        }
        Ok(Answer { changes: Vec::new(), through, is_at_end: false })
    }

    fn replies(&self, changes: &[Change]) -> Vec<ChangeReply> {
        let store = self.engine.store.id();
        let reply = |change: &Change| change.reply(store, self.cursor(change.position));
        changes.iter().map(reply).collect()
    }

    async fn page(&self, asked: Asked<'_>, after: Position) -> Result<Selected, Problem> {
        self.fill(after).await?;
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner).after(after, asked);
        match recent {
            Some(selected) => Ok(selected),
            None => self.scan(asked, after).await,
        }
    }

    /// Reads the newest changes into memory for all clients, at most one page of the log. If that
    /// does not reach `after`, because nobody has followed for a while, memory begins there anew.
    async fn fill(&self, after: Position) -> Result<(), Problem> {
        if self.known() >= self.reached() {
            return Ok(());
        }
        let _filling = self.filling.lock().await;
        let (known, reached) = (self.known(), self.reached());
        if known >= reached {
            return Ok(());
        }
        let mut read = self.read(&all(), known, reached).await?;
        if read.1 < after {
            self.recent.write().unwrap_or_else(PoisonError::into_inner).restart(after);
            read = self.read(&all(), after, reached.max(after)).await?;
        }
        let (changes, through) = read;
        let owners = owners::of(self, &changes).await?;
        self.recent.write().unwrap_or_else(PoisonError::into_inner).add(changes, owners, through);
        Ok(())
    }

    /// Position up to which changes are in memory.
    fn known(&self) -> Position {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).through()
    }

    /// Reads a page of older events for one client.
    async fn scan(&self, asked: Asked<'_>, after: Position) -> Result<Selected, Problem> {
        let _permit = self.scans.acquire().await;
        let reached = self.reached();
        let (changes, through) = self.read(&asked.kinds.filter(), after, reached).await?;
        let owners: Owners = owners::of(self, &changes).await?;
        let owner = |subject: &Subject| owners.get(subject).cloned();
        Ok(Selected::of(asked, changes.iter(), owner, through))
    }

    /// The changes of a page of the log, none after `reached`, and the position to which it
    /// reaches.
    async fn read(
        &self,
        filter: &Filter,
        after: Position,
        reached: Position,
    ) -> Result<(Vec<Change>, Position), Problem> {
        let page = self.engine.store.read_all(after, filter, EVENTS_AT_ONCE).await?;
        let events = page.events.iter().filter(|event| event.position <= reached);
        let changes = events.filter_map(|event| Change::of(event)).collect();
        Ok((changes, page.through.min(reached).max(after)))
    }

    /// Leaves out the complaints that the caller may not handle: those about their own acts.
    async fn fair(
        &self,
        selected: Vec<(Change, Role)>,
        caller: &Caller,
    ) -> Result<Vec<Change>, Problem> {
        let mut known: HashMap<ComplaintId, bool> = HashMap::new();
        let mut fair = Vec::with_capacity(selected.len());
        for (change, role) in selected {
            if let (Subject::Complaint(complaint), Role::ComplaintHandler) = (&change.subject, role)
            {
                let is_biased = match known.get(complaint) {
                    Some(is_biased) => *is_biased,
                    None => owners::is_biased(self, *complaint, caller).await?,
                };
                known.insert(*complaint, is_biased);
                if is_biased {
                    continue;
                }
            }
            fair.push(change);
        }
        Ok(fair)
    }
}

/// Where a cursor was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The parameter `after`.
    After,
    /// The header `Last-Event-ID`.
    LastEventId,
}

impl Place {
    fn malformed(self) -> Problem {
        match self {
            Self::After => Problem::parameter(
                "after",
                "phải là `start` hoặc con trỏ của câu trả lời trước",
                "must be `start` or the cursor of an earlier answer",
            ),
            Self::LastEventId => Problem::invalid_header("Last-Event-ID"),
        }
    }
}
