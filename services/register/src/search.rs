//! Search by words: an index of dossiers in a file of its own, `search.sqlite`, which contains
//! keyed digests instead of words (ADR 20). It answers with ids; names and texts are read from the
//! streams when they are shown.
//!
//! The index is an FTS5 table without content. A row has the terms of a record, or of one of its
//! papers, and those of its rights: the agency with the agencies above it, the applicant, and the
//! parties. The rights of each record that has the words are checked, so records that the caller
//! may not read are never counted, returned or part of a page. Terms of fields with different
//! audiences have different tokens, so nobody finds a record by a field that they may not read.

use std::sync::Arc;

use dossier::search::Query;
use engine::Engine;
use engine::tasks::{Follower, Following, Progress, Saved, Source, Stalled, Work};
use engine::view::{Question, Shape, View, ViewError};
use platform::secret::Secret;

mod expression;
mod index;
mod indexer;
mod key;
mod merge;
mod page;

pub(crate) use expression::Rights;
pub(crate) use index::Kind;
use index::{SHAPE_VERSION, TABLES};
use indexer::{Indexer, KINDS};
use key::Key;
pub(crate) use page::Found;

/// Events per page: a transaction of the index costs a segment, so pages are large, and memory
/// grows with them.
const PAGE_EVENTS: usize = 4_096;

/// The index of dossiers by words.
#[derive(Debug)]
pub(crate) struct Search {
    view: Arc<View>,
    key: Key,
    progress: Progress,
}

impl Search {
    /// Opens the index. Returns it with the task that keeps it up to date. An index that was made
    /// with another key is rebuilt.
    pub(crate) fn open(
        engine: &Arc<Engine>,
        secret: &Secret,
    ) -> Result<(Self, Follower<Indexer>), Stalled> {
        let key = Key::of(secret);
        let version = SHAPE_VERSION | (key.fingerprint() << 8);
        let shape = Shape { name: "search", version, tables: TABLES };
        let view = Arc::new(View::open(engine.view_folder(), shape, &engine.store)?);
        let saved = Saved::View(Arc::clone(&view));
        let following = Following {
            work: Work::Shows,
            page_events: PAGE_EVENTS,
            ..Following::new(shape.name, KINDS, Source::Every, saved)
        };
        let indexer = Indexer::new(Arc::clone(engine), key.clone());
        let follower = Follower::new(engine, following, indexer)?;
        let progress = follower.progress();
        Ok((Self { view, key, progress }, follower))
    }

    /// The position that the index reflects.
    pub(crate) const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The ids of up to `limit` records of this kind that have all words of `query` and that
    /// `rights` admit, the newest first. Those before the cursor `before`, which is the `next` of
    /// another page.
    ///
    /// A limited number of records is scanned: a page may have fewer rows than `limit`, or none,
    /// and still a `next`.
    pub(crate) async fn page(
        &self,
        (kind, query, rights): (Kind, &Query, &Rights),
        before: Option<i64>,
        limit: usize,
    ) -> Result<Found, ViewError> {
        let sought = expression::of(&self.key, kind, query, rights);
        let scan = move |rows: &rusqlite::Connection| page::scan(rows, &sought, before, limit);
        self.view.query(Question::List, scan).await
    }
}
