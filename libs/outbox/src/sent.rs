//! How far the messages to each subscriber are, and what became of the newest ones, in SQLite.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::entry::StoreError;
use crate::limits::{KEPT_DAYS, PAGE_MAX, SENT_MAX};
use crate::store::{Store, micros};

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS place (
  subscriber TEXT PRIMARY KEY,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (
  subscriber TEXT NOT NULL,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (subscriber, position)
) STRICT, WITHOUT ROWID;
";

/// How far the messages to a subscriber are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub subscriber: String,
    /// The number of the beginning that it belongs to; a later one makes it void.
    pub begin: u32,
    /// Everything up to this position of the log was delivered, or was not for the subscriber,
    /// except for what is left.
    pub after: u64,
    /// Messages up to there that wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Left>,
    /// Since when no delivery has succeeded, if the newest one has not.
    pub failing_since: Option<Timestamp>,
}

/// A message that waits to be sent, or to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The position of its event.
    pub position: u64,
    /// When it was tried first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub subscriber: String,
    /// The position of its event; 0 for the challenge of an address.
    pub position: u64,
    /// When it was tried last.
    pub at: Timestamp,
    /// The message and its tries, as JSON, at most
    /// [`SENT_BYTES_MAX`](crate::limits::SENT_BYTES_MAX).
    pub state: String,
}

/// What is written at once.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Kept {
    pub places: Vec<Place>,
    pub sent: Vec<Sent>,
    /// Subscribers that have ended: everything of them is removed.
    pub ended: Vec<String>,
}

impl Kept {
    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty() && self.sent.is_empty() && self.ended.is_empty()
    }
}

/// The oldest time of what is kept.
pub(crate) fn oldest(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * KEPT_DAYS)).unwrap_or(Timestamp::MIN)
}

/// Limits a page.
pub(crate) fn page(max: usize) -> i64 {
    i64::try_from(max.min(PAGE_MAX)).unwrap_or(0)
}

/// A position as both databases keep it.
pub(crate) fn bound(before: Option<u64>) -> i64 {
    before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX))
}

impl Store {
    /// See [`Outbox::places`](crate::Outbox::places).
    pub(crate) fn places(&self) -> Result<Vec<Place>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT state FROM place")?;
        let rows: Vec<String> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        // One that cannot be decoded begins anew: messages are delivered at least once.
        Ok(rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect())
    }

    /// See [`Outbox::place`](crate::Outbox::place).
    pub(crate) fn place(&self, subscriber: &str) -> Result<Option<Place>, StoreError> {
        let sql = "SELECT state FROM place WHERE subscriber = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let state: Option<String> =
            statement.query_row([subscriber], |row| row.get(0)).optional()?;
        Ok(state.and_then(|state| serde_json::from_str(&state).ok()))
    }

    /// See [`Outbox::keep`](crate::Outbox::keep).
    pub(crate) fn keep(&mut self, kept: &Kept) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        {
            let sql = "INSERT OR REPLACE INTO place VALUES (?1, ?2)";
            let mut place = transaction.prepare_cached(sql)?;
            for one in &kept.places {
                let state = serde_json::to_string(one).unwrap_or_default();
                place.execute(params![one.subscriber, state])?;
            }
            let sql = "INSERT OR REPLACE INTO sent VALUES (?1, ?2, ?3, ?4)";
            let mut sent = transaction.prepare_cached(sql)?;
            for one in &kept.sent {
                let position = bound(Some(one.position));
                sent.execute(params![one.subscriber, position, micros(one.at), one.state])?;
            }
            for ended in &kept.ended {
                transaction.execute("DELETE FROM place WHERE subscriber = ?1", [ended])?;
                transaction.execute("DELETE FROM sent WHERE subscriber = ?1", [ended])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// See [`Outbox::sent`](crate::Outbox::sent).
    pub(crate) fn sent(
        &self,
        subscriber: &str,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<Sent>, StoreError> {
        let sql = "SELECT position, at, state FROM sent WHERE subscriber = ?1 AND position < ?2 \
                   ORDER BY position DESC LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![subscriber, bound(before), page(max)], |row| {
            Ok(Sent {
                subscriber: subscriber.to_owned(),
                position: row.get::<_, i64>(0)?.unsigned_abs(),
                at: Timestamp::from_microsecond(row.get(1)?).unwrap_or(Timestamp::MAX),
                state: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// See [`Outbox::prune_sent`](crate::Outbox::prune_sent).
    pub(crate) fn prune_sent(
        &mut self,
        subscribers: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM sent WHERE subscriber = ?1 AND (at < ?2 OR position <= coalesce(( \
                   SELECT position FROM sent WHERE subscriber = ?1 \
                   ORDER BY position DESC LIMIT 1 OFFSET ?3), -1))";
        let transaction = self.connection.transaction()?;
        {
            let mut removed = transaction.prepare_cached(sql)?;
            for subscriber in subscribers {
                removed.execute(params![subscriber, micros(oldest(now)), SENT_MAX])?;
            }
        }
        Ok(transaction.commit()?)
    }
}
