//! Events that no reaction could handle, for an operator.

use std::sync::Arc;

use events::Position;
use serde::Serialize;

use crate::limits::DEAD_LETTERS_MAX;
use crate::view::{View, ViewError};

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Which service gave it up.
    pub service: &'static str,
    /// Where it stands in the log.
    pub position: Position,
    /// Its kind.
    pub kind: String,
    /// Its stream.
    pub stream: String,
    /// Why it was given up.
    pub reason: String,
}

/// Looks at what a service's reactions gave up.
#[derive(Debug, Clone)]
pub struct ReactionsHealth {
    pub(super) service: &'static str,
    pub(super) view: Arc<View>,
}

impl ReactionsHealth {
    /// How many events were given up.
    pub fn dead(&self) -> Result<u64, ViewError> {
        let count = "SELECT count(*) FROM dead";
        let count: i64 = self.view.peek(|rows| rows.query_row(count, [], |row| row.get(0)))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Events that were given up, the oldest first, at most [`DEAD_LETTERS_MAX`].
    pub fn dead_letters(&self) -> Result<Vec<DeadLetter>, ViewError> {
        let select = "SELECT position, kind, stream, reason FROM dead ORDER BY position LIMIT ?1";
        self.view.peek(|rows| {
            rows.prepare(select)?
                .query_map([DEAD_LETTERS_MAX], |row| {
                    let position: i64 = row.get(0)?;
                    Ok(DeadLetter {
                        service: self.service,
                        position: Position(u64::try_from(position).unwrap_or(0)),
                        kind: row.get(1)?,
                        stream: row.get(2)?,
                        reason: row.get(3)?,
                    })
                })?
                .collect()
        })
    }
}
