//! The view behind all lists of dossiers and work queues. A dossier's row is derived from its
//! states (`dossier::overview`) and the law of the moment, and so does not depend on the order of
//! events; when the law of open dossiers changes, their rows are derived anew (`anew`).
//!
//! A list is a merge of ranges of the table `listed`, which has a key for each place in which a
//! dossier or a task is listed: under its agency, the agency that received it and each agency above
//! these, its applicant, its officer, and each label with its agency. A page therefore costs the
//! same however many dossiers are in other places. Rows have no text of `Personal` fields; of
//! labels, they have keyed digests.

use std::sync::Arc;

use dossier::contract::DossierId;
use engine::Engine;
use engine::tasks::{Follower, Following, Progress, Saved, Source, Stalled, Work};
use engine::view::{Shape, View};
use platform::secret::Secret;
use rusqlite::{Connection, OptionalExtension, params};

mod anew;
mod fold;
mod follow;
mod key;
mod labels;
mod limits;
mod oldest;
mod page;
mod row;

pub(crate) use fold::Seen;
pub(crate) use follow::Lists;
pub(crate) use key::{Flag, Key, Range, Scope};
pub(crate) use labels::LabelKey;
pub(crate) use limits::RANGES_MAX;
pub(crate) use oldest::{Submitted, oldest};
pub(crate) use page::{Asked, Listed, Place};
pub(crate) use row::ListedRow;

const SHAPE: Shape = Shape {
    name: "lists",
    version: 6,
    tables: "
CREATE TABLE dossiers (
  n              INTEGER PRIMARY KEY,
  id             BLOB    NOT NULL UNIQUE,
  code           TEXT    NOT NULL,
  procedure      TEXT    NOT NULL,
  version        INTEGER NOT NULL,
  agency         TEXT    NOT NULL,
  receiver       TEXT,
  channel        INTEGER NOT NULL,
  applicant      TEXT    NOT NULL,
  acted          TEXT    NOT NULL,
  submitted_at   INTEGER NOT NULL,
  stage          INTEGER NOT NULL,
  status         INTEGER NOT NULL,
  waiting_on     INTEGER NOT NULL,
  waiting_agency TEXT,
  officer        TEXT,
  due_at         INTEGER,
  flags          INTEGER NOT NULL,
  labels         TEXT    NOT NULL,
  consulted      TEXT    NOT NULL,
  tasks          TEXT    NOT NULL,
  corrected      INTEGER NOT NULL,
  seen           BLOB    NOT NULL
) STRICT;
CREATE INDEX dossiers_by_code ON dossiers (code);
CREATE TABLE listed (
  scope INTEGER NOT NULL,
  class INTEGER NOT NULL,
  sort  INTEGER NOT NULL,
  id    BLOB    NOT NULL,
  task  INTEGER NOT NULL,
  PRIMARY KEY (scope, class, sort, id, task)
) STRICT, WITHOUT ROWID;
CREATE TABLE roots (agency TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE anew (
  due_at    INTEGER NOT NULL,
  procedure TEXT    NOT NULL,
  after     INTEGER NOT NULL,
  PRIMARY KEY (due_at, procedure)
) STRICT, WITHOUT ROWID;",
};

/// The kinds of events of a dossier's streams, and those after which rows are derived anew.
const KINDS: [&str; 8] = [
    "intake.",
    "payment.",
    "review.",
    "delivery.",
    "feedback.",
    "notes.",
    "law.RulesIssued",
    "law.RulesWithdrawn",
];

/// Opens the view; returns the task that keeps it up to date, the view, and its progress. A view
/// that was made with another secret key is rebuilt.
pub(crate) fn open(
    engine: &Arc<Engine>,
    secret: &Secret,
) -> Result<(Follower<Lists>, Arc<View>, Progress), Stalled> {
    let labels = LabelKey::of(secret);
    let version = SHAPE.version | (labels.fingerprint() << 8);
    let shape = Shape { version, ..SHAPE };
    let view = Arc::new(View::open(engine.view_folder(), shape, &engine.store)?);
    let following = Following {
        work: Work::Shows,
        page_events: limits::PAGE_EVENTS,
        ..Following::new(SHAPE.name, &KINDS, Source::Every, Saved::View(Arc::clone(&view)))
    };
    let lists = Lists::new(engine, &view, labels);
    let follower = Follower::new(engine, following, lists)?;
    let progress = follower.progress();
    Ok((follower, view, progress))
}

/// A row that changed.
#[derive(Debug)]
struct Change {
    /// The row before, if it is in memory.
    before: Option<ListedRow>,
    row: ListedRow,
}

/// Writes a row, and moves its keys from those of the row before it.
fn write(tables: &Connection, change: &Change) -> rusqlite::Result<()> {
    let Change { before, row } = change;
    let found = if before.is_none() { find(tables, row.id)? } else { None };
    let before = before.as_ref().or(found.as_ref());
    let old = before.map(ListedRow::keys).unwrap_or_default();
    let new = row.keys();
    let id = row.id.0.as_bytes();
    let mut delete = tables.prepare_cached(
        "DELETE FROM listed WHERE scope = ?1 AND class = ?2 AND sort = ?3 AND id = ?4 AND task = ?5",
    )?;
    for Key { range, sort, task } in old.difference(&new) {
        delete.execute(params![range.scope.0, range.class, sort, id, task])?;
    }
    let mut insert =
        tables.prepare_cached("INSERT OR IGNORE INTO listed VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for Key { range, sort, task } in new.difference(&old) {
        insert.execute(params![range.scope.0, range.class, sort, id, task])?;
    }
    if before.is_none_or(|before| before.agency != row.agency) {
        let mut root = tables.prepare_cached("INSERT OR IGNORE INTO roots VALUES (?1)")?;
        root.execute([key::root(&row.agency)])?;
    }
    row.save(tables)
}

/// The row of a dossier.
pub(crate) fn find(tables: &Connection, dossier: DossierId) -> rusqlite::Result<Option<ListedRow>> {
    let mut statement = tables.prepare_cached(&format!("{} WHERE id = ?1", row::SELECT))?;
    statement.query_row([dossier.0.as_bytes()], ListedRow::read).optional()
}

/// The row of the dossier with this code.
pub(crate) fn find_by_code(tables: &Connection, code: &str) -> rusqlite::Result<Option<ListedRow>> {
    let mut statement = tables.prepare_cached(&format!("{} WHERE code = ?1", row::SELECT))?;
    statement.query_row([code], ListedRow::read).optional()
}

/// The highest agencies of which there are dossiers.
pub(crate) fn roots(tables: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = tables.prepare_cached("SELECT agency FROM roots")?;
    statement.query_map([], |row| row.get(0))?.collect()
}
