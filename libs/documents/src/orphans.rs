//! Removes documents that no step refers to, after a day and in two steps, because several
//! processes accept uploads and steps at the same time. First a document is marked, which hides it
//! from steps. Once no request can still know it, the log is checked again: a document that a step
//! refers to is kept, others are removed, and the mark is deleted last.

use std::sync::Arc;
use std::time::Duration;

use dossier::contract::{DocumentName, KINDS_WITH_DOCUMENTS, documents_named};
use engine::Engine;
use engine::tasks::{BoxFuture, Next, NotApplied, Progress, Projection, Projector, Stalled, Task};
use engine::view::{Question, Shape, View, ViewError};
use events::{Position, ReadError, Recorded};
use futures_util::StreamExt;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::content::Names;
use super::media::MediaType;
use super::record::{RECORD, record_file};
use super::{Documents, HomeError, MEDIA_TYPES, is_name};
use crate::limits::{
    ORPHAN_AFTER, ORPHAN_GONE_FOR, ORPHANS_LOOKED_FOR_EVERY, ORPHANS_PAGE, ORPHANS_PAUSE_MIN,
};

/// File extension of marks.
const MARK: &str = "gone";

fn mark_file(name: &DocumentName) -> String {
    format!("{name}.{MARK}")
}

impl Documents {
    /// When a document was marked, if it is.
    pub(super) async fn marked_since(
        &self,
        name: &DocumentName,
    ) -> Result<Option<Timestamp>, HomeError> {
        let text = self.home.small(&mark_file(name)).await?;
        // An unreadable mark never becomes old enough.
        Ok(text.map(|text| serde_json::from_slice(&text).unwrap_or(Timestamp::MAX)))
    }

    async fn mark(&self, name: &DocumentName, since: Timestamp) -> Result<(), HomeError> {
        self.write_beside(&mark_file(name), &since).await?;
        self.forget(name);
        Ok(())
    }

    async fn unmark(&self, name: &DocumentName) -> Result<(), HomeError> {
        self.home.remove(&mark_file(name)).await
    }
}

/// Read model of all documents that events refer to.
#[derive(Debug)]
pub struct NamedDocuments(Arc<Documents>);

impl Projection for NamedDocuments {
    const SHAPE: Shape = Shape {
        name: "named-documents",
        version: 1,
        tables: "CREATE TABLE named (document TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;",
    };
    const KINDS: &'static [&'static str] = KINDS_WITH_DOCUMENTS;

    /// Documents that a skipped event refers to would be removed.
    const IS_COMPLETE: bool = true;

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        let documents = documents_named(&event.kind, &event.data)
            .map_err(|error| ReadError::corrupt(event, error))?;
        let mut insert = rows.prepare_cached("INSERT OR IGNORE INTO named VALUES (?1)")?;
        for document in &documents {
            insert.execute([document.name.as_str()])?;
        }
        self.0.named(documents.iter().map(|document| &document.name));
        Ok(())
    }
}

/// Removes documents that no step refers to.
pub struct Orphans {
    engine: Arc<Engine>,
    documents: Arc<Documents>,
    view: Arc<View>,
    named: Progress,
    look: Option<Look>,
    /// Not before.
    next: Timestamp,
    /// When the next known one is due.
    due: Option<Timestamp>,
    removed: u64,
}

/// A search through all documents.
struct Look {
    began: Timestamp,
    /// The read model must have reached this position.
    head: Position,
    names: Names,
    found: Found,
}

/// Counts of the search.
#[derive(Debug, Default)]
struct Found {
    unnamed: u64,
    without_record: u64,
    due: Option<Timestamp>,
}

impl Found {
    fn due(&mut self, at: Timestamp) {
        self.due = self.due.into_iter().chain([at]).min();
    }
}

/// Kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum File {
    Content,
    Record,
    Mark,
}

impl std::fmt::Debug for Orphans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orphans").field("next", &self.next).finish_non_exhaustive()
    }
}

impl Orphans {
    /// The task and its read model, which every replica has: it also reports which uploads of this
    /// process were referred to.
    pub fn open(
        engine: &Arc<Engine>,
        documents: &Arc<Documents>,
    ) -> Result<(Projector<NamedDocuments>, Self), ViewError> {
        let (projector, view, named) =
            Projector::open(engine, NamedDocuments(Arc::clone(documents)))?;
        let (engine, documents) = (Arc::clone(engine), Arc::clone(documents));
        let next = Timestamp::MIN;
        let orphans =
            Self { engine, documents, view, named, look: None, next, due: None, removed: 0 };
        Ok((projector, orphans))
    }

    async fn work(&mut self) -> Result<Next, Stalled> {
        let now = self.engine.time()?;
        let Some(mut look) = self.look.take() else {
            if now < self.next {
                return Ok(Next::Idle { done: Position(u64::MAX), wake_at: self.due });
            }
            let (head, names) = (self.engine.store.head(), self.documents.home.names());
            self.look = Some(Look { began: now, head, names, found: Found::default() });
            return Ok(Next::More);
        };
        let done = self.named.now();
        if done < look.head {
            self.look = Some(look);
            return Ok(Next::Idle { done, wake_at: None });
        }
        match self.page(&mut look).await {
            Ok(true) => self.look = Some(look),
            Ok(false) => self.finish(&look.found, now),
            Err(PageError::Home(error)) => {
                // Documents and marks remain unchanged until the next search.
                tracing::warn!(%error, "cannot list documents; retrying");
                self.next = later(now, ORPHANS_PAUSE_MIN);
                self.due = None;
            }
            Err(PageError::View(error)) => return Err(error.into()),
        }
        Ok(Next::More)
    }

    /// Checks the next page of documents; false at the end.
    async fn page(&mut self, look: &mut Look) -> Result<bool, PageError> {
        let mut page = Vec::with_capacity(ORPHANS_PAGE);
        let mut more = true;
        for _ in 0..ORPHANS_PAGE {
            match look.names.next().await.transpose()? {
                Some(file) => page.extend(parse(&file)),
                None => {
                    more = false;
                    break;
                }
            }
        }
        let named = named_among(&self.view, &page).await?;
        for ((name, file), named) in page.iter().zip(named) {
            match file {
                File::Mark => self.look_at_mark(look, name, named).await?,
                File::Record if !named => self.look_at_record(look, name).await?,
                File::Content if !named => {
                    let record = self.documents.record(name).await?;
                    look.found.without_record += u64::from(record.is_none());
                }
                File::Record | File::Content => {}
            }
        }
        Ok(more)
    }

    /// Marks a document without a step once it is old enough.
    async fn look_at_record(
        &mut self,
        look: &mut Look,
        name: &DocumentName,
    ) -> Result<(), HomeError> {
        let (documents, clock) = (&self.documents, &self.engine.clock);
        let Some(record) = documents.record(name).await? else { return Ok(()) };
        look.found.unnamed += 1;
        let old_at = later(record.uploaded_at, ORPHAN_AFTER);
        if look.began < old_at {
            look.found.due(old_at);
            return Ok(());
        }
        if documents.marked_since(name).await?.is_some() {
            return Ok(());
        }
        let since = clock.now();
        documents.mark(name, since).await?;
        // An upload of the same content writes its record and then checks for the mark: one of the
        // two notices the other.
        match documents.record(name).await? {
            Some(again) if again != record => documents.unmark(name).await,
            Some(_) | None => {
                look.found.due(later(since, ORPHAN_GONE_FOR));
                Ok(())
            }
        }
    }

    /// Removes a marked document, or unmarks it if a step that still knew it refers to it.
    async fn look_at_mark(
        &mut self,
        look: &mut Look,
        name: &DocumentName,
        named: bool,
    ) -> Result<(), HomeError> {
        let documents = &self.documents;
        let Some(since) = documents.marked_since(name).await? else { return Ok(()) };
        let record = documents.record(name).await?;
        let young = record.as_ref().map(|record| later(record.uploaded_at, ORPHAN_AFTER));
        if named || young.is_some_and(|old_at| look.began < old_at) {
            return documents.unmark(name).await;
        }
        let gone_at = later(since, ORPHAN_GONE_FOR);
        if look.began < gone_at {
            look.found.due(gone_at);
            return Ok(());
        }
        let Some(record) = record else { return documents.unmark(name).await };
        if let Some(media) = MediaType::of(&record.media_type) {
            documents.home.remove(&media.file(name)).await?;
        }
        documents.home.remove(&record_file(name)).await?;
        self.removed += 1;
        tracing::info!("removed a document without a step");
        Ok(())
    }

    fn finish(&mut self, found: &Found, now: Timestamp) {
        let pause = later(now, ORPHANS_PAUSE_MIN);
        self.due = found.due.map(|due| due.max(pause));
        let regular = later(now, ORPHANS_LOOKED_FOR_EVERY);
        self.next = self.due.map_or(regular, |due| due.min(regular));
        let set = |name, help, value| self.engine.metrics.set(name, help, None, value);
        let help = "Documents that no recorded step names, when they were last looked through";
        set("documents_unnamed", help, found.unnamed);
        let help = "Documents without a record of this installation that no step names";
        set("documents_without_record", help, found.without_record);
        set(
            "documents_removed",
            "Unnamed documents that were removed since the start",
            self.removed,
        );
    }
}

/// Whether events refer to each of these documents.
async fn named_among(view: &View, page: &[(DocumentName, File)]) -> Result<Vec<bool>, ViewError> {
    let names: Vec<DocumentName> = page.iter().map(|(name, _)| name.clone()).collect();
    let read = move |rows: &Connection| {
        let mut query = rows.prepare_cached("SELECT 1 FROM named WHERE document = ?1")?;
        let names = names.iter().map(DocumentName::as_str);
        names.map(|name| Ok(query.query_row([name], |_| Ok(())).optional()?.is_some())).collect()
    };
    view.query(Question::List, read).await
}

impl Task for Orphans {
    fn name(&self) -> &'static str {
        "orphans"
    }

    /// While the read model lags, poll once a second.
    fn gather(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn step(&mut self) -> BoxFuture<'_, Result<Next, Stalled>> {
        Box::pin(self.work())
    }
}

#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    View(#[from] ViewError),
}

fn later(at: Timestamp, by: jiff::SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Name and kind of a file, if it is one of ours.
fn parse(file: &str) -> Option<(DocumentName, File)> {
    let (name, ending) = file.split_once('.')?;
    let name = DocumentName::from(name);
    let what = match ending {
        RECORD => File::Record,
        MARK => File::Mark,
        _ if MEDIA_TYPES.iter().any(|media| media.ending == ending) => File::Content,
        _ => return None,
    };
    is_name(&name).then_some((name, what))
}
