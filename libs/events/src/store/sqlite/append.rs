//! One append inside the writer's open transaction.

use std::sync::Arc;

use rusqlite::{ErrorCode, OptionalExtension, params};

use super::writer::{Append, Outcome, Standing, Writer};
use super::{READ, recorded, signed, stored, unsigned};
use crate::store::is_same;
use crate::{AppendError, Appended, Expected, NewEvent, Position, Recorded, StreamName, Version};

/// Result of an append within the transaction.
pub(super) enum Tried {
    /// Written completely, or refused without a trace.
    Whole(Outcome),
    /// Refused after some of its rows were written.
    Half(AppendError),
}

impl Writer {
    /// Performs one append. The outer error fails the whole group.
    pub(super) fn append(
        &mut self,
        append: &Append,
        written: &mut Vec<Arc<Recorded>>,
    ) -> rusqlite::Result<Tried> {
        let Append { stream, expected, events, .. } = append;
        let begun = match expected {
            // Usually it is new: insert the name instead of selecting it first.
            Expected::NoStream if !self.standings.contains(stream) => self.begin(stream)?,
            Expected::NoStream | Expected::At(_) => None,
        };
        let standing = match begun {
            Some(_) => None,
            None => self.standing(stream)?,
        };
        let version = standing.map_or(0, |standing| standing.version);
        let base = match expected {
            Expected::NoStream => 0,
            Expected::At(Version(version)) => *version,
        };
        if base != version {
            return self.same_append(stream, base, version, events).map(Tried::Whole);
        }
        let Some(no) = standing.map(|standing| standing.no).or(begun) else {
            return Ok(Tried::Whole(Err(AppendError::Conflict { actual: None })));
        };
        let before = written.len();
        for (event, count) in events.iter().zip(1..) {
            let (position, version) = (self.head.0 + count, base + count);
            match self.insert(position, no, version, event) {
                Ok(()) => {}
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
                        && self.is_known(event)? =>
                {
                    written.truncate(before);
                    let refused = AppendError::IdReused(event.id);
                    let alone = count == 1 && begun.is_none();
                    return Ok(if alone {
                        Tried::Whole(Err(refused))
                    } else {
                        Tried::Half(refused)
                    });
                }
                Err(error) => return Err(error),
            }
            let NewEvent { id, kind, data, meta } = event.clone();
            let (position, version) = (Position(position), Version(version));
            let stream = stream.clone();
            written.push(Arc::new(Recorded { position, stream, version, id, kind, data, meta }));
        }
        let count = events.len() as u64;
        self.head = Position(self.head.0 + count);
        self.standings.put(stream.clone(), Standing { no, version: base + count });
        Ok(Tried::Whole(Ok(Appended { version: Version(base + count), position: self.head })))
    }

    /// The same within a savepoint, so that a refused append is undone without touching the others.
    pub(super) fn append_carefully(
        &mut self,
        append: &Append,
        written: &mut Vec<Arc<Recorded>>,
    ) -> rusqlite::Result<Tried> {
        self.run_cached("SAVEPOINT append")?;
        let tried = match self.append(append, written)? {
            Tried::Half(refused) => {
                self.run_cached("ROLLBACK TO append")?;
                Tried::Whole(Err(refused))
            }
            whole @ Tried::Whole(_) => whole,
        };
        self.run_cached("RELEASE append")?;
        Ok(tried)
    }

    fn insert(
        &self,
        position: u64,
        stream: i64,
        version: u64,
        event: &NewEvent,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO events (position, stream, version, id, kind, data, meta)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                stored(position),
                stream,
                stored(version),
                event.id.as_bytes().as_slice(),
                &*event.kind,
                event.data,
                event.meta,
            ])?;
        Ok(())
    }

    /// The result if the stream is at another version: the same append again, or a conflict.
    fn same_append(
        &self,
        stream: &StreamName,
        base: u64,
        standing: u64,
        events: &[NewEvent],
    ) -> rusqlite::Result<Outcome> {
        let recorded: Vec<Recorded> = self
            .connection
            .prepare_cached(READ)?
            .query_map(
                params![stream.as_str(), signed(base), signed(events.len() as u64)],
                |row| recorded(row, stream),
            )?
            .collect::<Result<_, _>>()?;
        if let [.., last] = &recorded[..]
            && recorded.len() == events.len()
            && recorded.iter().zip(events).all(|(a, b)| is_same(a, b))
        {
            return Ok(Ok(Appended { version: last.version, position: last.position }));
        }
        for event in events {
            if self.is_known(event)? {
                return Ok(Err(AppendError::IdReused(event.id)));
            }
        }
        let actual = (standing > 0).then_some(Version(standing));
        Ok(Err(AppendError::Conflict { actual }))
    }

    fn is_known(&self, event: &NewEvent) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("SELECT 1 FROM events WHERE id = ?1")?
            .exists([event.id.as_bytes().as_slice()])
    }

    /// Number and version of a stream; `None` if it does not exist.
    fn standing(&mut self, stream: &StreamName) -> rusqlite::Result<Option<Standing>> {
        if let Some(standing) = self.standings.get(stream) {
            return Ok(Some(*standing));
        }
        self.connection
            .prepare_cached(
                "SELECT no, (SELECT max(version) FROM events WHERE stream = no) FROM streams
                 WHERE name = ?1",
            )?
            .query_row([stream.as_str()], |row| {
                Ok(Standing { no: row.get(0)?, version: unsigned(row.get(1)?) })
            })
            .optional()
    }

    /// Creates a stream and returns its number; `None` if it exists.
    fn begin(&self, stream: &StreamName) -> rusqlite::Result<Option<i64>> {
        let changed = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO streams (name) VALUES (?1)")?
            .execute([stream.as_str()])?;
        Ok((changed == 1).then(|| self.connection.last_insert_rowid()))
    }
}
