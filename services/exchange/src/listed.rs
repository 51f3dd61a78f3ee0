//! The view of subscribers by who subscribed. Parties are in the form in which they are compared.

use dossier::contract::{Subject, SubscriberEvent, party_name};
use engine::tasks::{NotApplied, Projection};
use engine::view::Shape;
use events::Recorded;
use rusqlite::{Connection, params};
use uuid::Uuid;

/// The projection of subscribers.
#[derive(Debug)]
pub(crate) struct Listed;

const TABLES: &str = "
CREATE TABLE subscribers (
  id    TEXT    PRIMARY KEY,
  party TEXT    NOT NULL,
  at    INTEGER NOT NULL,
  ended INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subscribers_of ON subscribers (party, at, id);
CREATE INDEX subscribers_open ON subscribers (ended, id);";

impl Projection for Listed {
    const SHAPE: Shape = Shape { name: "subscribers", version: 1, tables: TABLES };
    const KINDS: &'static [&'static str] = &["exchange."];

    fn apply(&self, rows: &Connection, event: &Recorded) -> Result<(), NotApplied> {
        match engine::decode(event)? {
            SubscriberEvent::Subscribed(made) => {
                let party = made.rights.on_behalf_of.as_ref().unwrap_or(&made.rights.subject);
                let at = engine::time_of(event)?.as_millisecond();
                rows.prepare_cached("INSERT OR IGNORE INTO subscribers VALUES (?1, ?2, ?3, 0)")?
                    .execute(params![event.stream.id(), name(party), at])?;
            }
            SubscriberEvent::SubscriberEnded(_) => {
                rows.prepare_cached("UPDATE subscribers SET ended = 1 WHERE id = ?1")?
                    .execute([event.stream.id()])?;
            }
            SubscriberEvent::SubscriberVerified(_)
            | SubscriberEvent::SubscriberChanged(_)
            | SubscriberEvent::SubscriberDisabled(_)
            | SubscriberEvent::SubscriberEnabled(_)
            | SubscriberEvent::SubscriberSecretRotated(_)
            | SubscriberEvent::ChangesReplayed(_) => {}
        }
        Ok(())
    }
}

/// A party as it is compared.
pub(crate) fn name(party: &Subject) -> String {
    party_name(party.as_str())
}

/// The subscribers that have not ended: of a party, and all.
pub(crate) fn open(rows: &Connection, party: &str) -> rusqlite::Result<(u32, u32)> {
    let sql = "SELECT count(*) FROM subscribers WHERE party = ?1 AND ended = 0";
    let own = rows.prepare_cached(sql)?.query_row([party], |row| row.get(0))?;
    let sql = "SELECT count(*) FROM subscribers WHERE ended = 0";
    Ok((own, rows.prepare_cached(sql)?.query_row([], |row| row.get(0))?))
}

/// The ids of all subscribers that have not ended.
pub(crate) fn all_open(rows: &Connection) -> rusqlite::Result<Vec<Uuid>> {
    let ids: Vec<String> = rows
        .prepare_cached("SELECT id FROM subscribers WHERE ended = 0 ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// A subscriber in a list: when it was added, in milliseconds since 1970, and its id.
pub(crate) type Key = (i64, String);

/// The subscribers of a party, or of all, before a key, the newest first.
pub(crate) fn page(
    rows: &Connection,
    party: Option<&str>,
    before: Option<Key>,
    limit: u32,
) -> rusqlite::Result<Vec<Key>> {
    let (at, id) = before.unwrap_or((i64::MAX, String::new()));
    rows.prepare_cached(
        "SELECT at, id FROM subscribers WHERE (?1 IS NULL OR party = ?1) AND (at, id) < (?2, ?3)
         ORDER BY at DESC, id DESC LIMIT ?4",
    )?
    .query_map(params![party, at, id, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}
