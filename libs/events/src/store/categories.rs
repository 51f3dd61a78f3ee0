//! Reading the streams of a few small categories, for example the law's, out of a large log.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::EventStore;
use super::sqlite::{head_of, row_at};
use crate::limits::{PAGE_EVENTS_MAX, READ_BYTES_MAX};
use crate::{Filter, Page, Position, ReadError};

impl EventStore {
    /// The events after `after` that pass `filter`, which passes no event of another category than
    /// `categories`: like [`EventStore::read_all`], but an engine that can find the streams of a
    /// category (`SQLite`) does not read the rest of the log.
    pub async fn read_categories(
        &self,
        categories: &'static [&'static str],
        after: Position,
        filter: &Filter,
    ) -> Result<Page, ReadError> {
        match self {
            Self::Sqlite(store) => {
                let filter = filter.clone();
                store.reading(move |rows| page(rows, categories, after, &filter)).await
            }
            Self::Faulty(store) => {
                Box::pin(store.reads()?.read_categories(categories, after, filter)).await
            }
            _ => self.read_all(after, filter, PAGE_EVENTS_MAX).await,
        }
    }
}

/// The positions are found in the index of streams alone.
const POSITIONS: &str = "SELECT position FROM events INDEXED BY events_by_stream
  WHERE stream IN (SELECT no FROM streams WHERE name >= ?1 AND name < ?2) AND position > ?3
  ORDER BY position LIMIT ?4";

fn page(
    rows: &Connection,
    categories: &[&str],
    after: Position,
    filter: &Filter,
) -> rusqlite::Result<Page> {
    // One snapshot: an event that is appended meanwhile is not before the page's end.
    let rows = rows.unchecked_transaction()?;
    let from = i64::try_from(after.0).unwrap_or(i64::MAX);
    let limit = i64::try_from(PAGE_EVENTS_MAX).unwrap_or(i64::MAX);
    let mut positions: Vec<i64> = Vec::new();
    for category in categories {
        let (first, beyond) = (format!("{category}-"), format!("{category}."));
        let mut found = rows.prepare_cached(POSITIONS)?;
        let found = found.query_map(params![first, beyond, from, limit], |row| row.get(0))?;
        positions.extend(found.collect::<rusqlite::Result<Vec<i64>>>()?);
    }
    positions.sort_unstable();
    let is_all = positions.len() < PAGE_EVENTS_MAX;
    positions.truncate(PAGE_EVENTS_MAX);
    let (mut page, mut bytes) = (Page { events: Vec::new(), through: after }, 0);
    for position in positions {
        let event = row_at(&rows, position)?;
        page.through = event.position;
        if filter.passes(&event.kind) {
            bytes += event.bytes();
            page.events.push(Arc::new(event));
        }
        if bytes >= READ_BYTES_MAX {
            return Ok(page);
        }
    }
    if is_all {
        page.through = page.through.max(head_of(&rows)?);
    }
    Ok(page)
}
