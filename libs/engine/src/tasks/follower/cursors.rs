//! Where followers save their positions: in the view whose rows they write, or in the table of
//! cursors of their service.

use std::path::PathBuf;
use std::sync::Arc;

use events::Position;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension, params};

use super::Rows;
use crate::Engine;
use crate::view::{Shape, View, ViewError, legacy};

const TABLES: &str = "
CREATE TABLE cursors (
  follower TEXT PRIMARY KEY, position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

/// The positions of a service's followers that write no rows of their own, in one file. It may be
/// deleted: then they begin again at the start of the log, to no further effect.
#[derive(Debug)]
pub struct Cursors {
    view: View,
    folder: Option<PathBuf>,
}

impl Cursors {
    /// Opens the table in the file `name`.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or created.
    pub fn open(engine: &Engine, name: &'static str) -> Result<Arc<Self>, ViewError> {
        let view = View::open(
            engine.views.as_deref(),
            Shape { name, version: 1, tables: TABLES },
            &engine.store,
        )?;
        Ok(Arc::new(Self { view, folder: engine.views.clone() }))
    }

    /// The row of a follower. Up to 2026 each had a file of its own, which is taken over.
    ///
    /// # Errors
    ///
    /// The table or the older file cannot be written.
    pub fn of(
        self: &Arc<Self>,
        engine: &Engine,
        follower: &'static str,
    ) -> Result<Saved, ViewError> {
        let saved = Saved::Cursor(Arc::clone(self), follower);
        let known = self.view.peek(|rows| position(rows, follower))?;
        if let (None, Some(folder)) = (known, &self.folder)
            && let Some(position) = legacy::position(folder, follower, &engine.store)
        {
            self.view.write_at_start(position, |rows| put(rows, follower, position))?;
            legacy::remove(folder, follower)?;
        }
        Ok(saved)
    }
}

fn position(rows: &Connection, follower: &str) -> rusqlite::Result<Option<Position>> {
    let position: Option<i64> = rows
        .prepare_cached("SELECT position FROM cursors WHERE follower = ?1")?
        .query_row([follower], |row| row.get(0))
        .optional()?;
    Ok(position.map(|position| Position(position.cast_unsigned())))
}

fn put(rows: &Connection, follower: &str, position: Position) -> rusqlite::Result<()> {
    rows.prepare_cached("INSERT OR REPLACE INTO cursors VALUES (?1, ?2)")?
        .execute(params![follower, position.0.cast_signed()])?;
    Ok(())
}

/// Rows that are being written.
pub(super) type Writing = BoxFuture<'static, Result<(), ViewError>>;

/// Where a follower saves its position.
#[derive(Debug, Clone)]
pub enum Saved {
    /// Nowhere: at each start, it begins after this position.
    Nowhere { begins: Position },
    /// In a row of the table of cursors.
    Cursor(Arc<Cursors>, &'static str),
    /// In the view that it maintains.
    View(Arc<View>),
}

impl Saved {
    /// The saved position; the start of the log if there is none.
    pub(super) fn position(&self) -> Result<Position, ViewError> {
        match self {
            Self::Nowhere { begins } => Ok(*begins),
            Self::Cursor(cursors, follower) => {
                let known = cursors.view.peek(|rows| position(rows, follower))?;
                Ok(known.unwrap_or(Position::START))
            }
            Self::View(view) => view.position(),
        }
    }

    /// Writes rows and the position in one transaction.
    pub(super) async fn write(&self, through: Position, rows: Rows) -> Result<(), ViewError> {
        match self {
            Self::Nowhere { .. } => Ok(()),
            Self::Cursor(cursors, follower) => {
                let follower = *follower;
                let write = move |tables: &Connection| {
                    rows(tables)?;
                    put(tables, follower, through)
                };
                cursors.view.write(through, write).await
            }
            Self::View(view) => view.write(through, rows).await,
        }
    }

    /// Begins [`Self::write`], if it is written to a view of its own.
    pub(super) fn begin_write(&self, through: Position, rows: Rows) -> Result<Writing, Rows> {
        match self {
            Self::View(view) => Ok(Box::pin(view.begin_write(through, rows))),
            Self::Nowhere { .. } | Self::Cursor(..) => Err(rows),
        }
    }
}
