//! How far the messages to each subscriber are, and what became of the newest ones, in PostgreSQL.
//! Each call is one statement, which has the same effect when it is repeated.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::entry::StoreError;
use crate::limits::SENT_MAX;
use crate::sent::{Kept, Place, Sent, bound, oldest, page};
use crate::server::Server;

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS webhook_places (
  subscriber text PRIMARY KEY,
  state      text NOT NULL
);
CREATE TABLE IF NOT EXISTS webhook_sent (
  subscriber text   NOT NULL,
  position   bigint NOT NULL,
  at         bigint NOT NULL,
  state      text   NOT NULL,
  PRIMARY KEY (subscriber, position)
);
";

impl Server {
    pub(crate) async fn places(&self) -> Result<Vec<Place>, StoreError> {
        let rows = self.rows("SELECT state FROM webhook_places", &[]).await?;
        let mut places = Vec::with_capacity(rows.len());
        for row in &rows {
            places.extend(serde_json::from_str::<Place>(row.try_get(0)?).ok());
        }
        Ok(places)
    }

    pub(crate) async fn place(&self, subscriber: &str) -> Result<Option<Place>, StoreError> {
        let sql = "SELECT state FROM webhook_places WHERE subscriber = $1";
        let rows = self.rows(sql, &[&subscriber]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(serde_json::from_str(row.try_get(0)?).ok())
    }

    pub(crate) async fn keep(&self, kept: &Kept) -> Result<(), StoreError> {
        // Of two tries of a message the later one counts: a statement writes a row once.
        let newest: BTreeMap<(&str, u64), &Sent> =
            kept.sent.iter().map(|one| ((&*one.subscriber, one.position), one)).collect();
        let places: BTreeMap<&str, &Place> =
            kept.places.iter().map(|one| (&*one.subscriber, one)).collect();
        let of_places: Vec<&str> = places.keys().copied().collect();
        let places: Vec<String> =
            places.values().map(|one| serde_json::to_string(one).unwrap_or_default()).collect();
        let of_sent: Vec<&str> = newest.keys().map(|(subscriber, _)| *subscriber).collect();
        let positions: Vec<i64> = newest.keys().map(|(_, at)| bound(Some(*at))).collect();
        let times: Vec<i64> = newest.values().map(|one| one.at.as_microsecond()).collect();
        let states: Vec<&str> = newest.values().map(|one| &*one.state).collect();
        let sql = "WITH placed AS (
            INSERT INTO webhook_places SELECT * FROM unnest($1::text[], $2::text[])
              ON CONFLICT (subscriber) DO UPDATE SET state = excluded.state),
          noted AS (
            INSERT INTO webhook_sent
              SELECT * FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[])
              ON CONFLICT (subscriber, position)
              DO UPDATE SET at = excluded.at, state = excluded.state),
          removed AS (DELETE FROM webhook_places WHERE subscriber = ANY ($7::text[]))
          DELETE FROM webhook_sent WHERE subscriber = ANY ($7::text[])";
        self.rows(sql, &[&of_places, &places, &of_sent, &positions, &times, &states, &kept.ended])
            .await
            .map(drop)
    }

    pub(crate) async fn sent(
        &self,
        subscriber: &str,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<Sent>, StoreError> {
        let sql = "SELECT position, at, state FROM webhook_sent
          WHERE subscriber = $1 AND position < $2 ORDER BY position DESC LIMIT $3";
        let rows = self.rows(sql, &[&subscriber, &bound(before), &page(max)]).await?;
        let rows = rows.iter().map(|row| {
            Ok(Sent {
                subscriber: subscriber.to_owned(),
                position: row.try_get::<_, i64>(0)?.unsigned_abs(),
                at: Timestamp::from_microsecond(row.try_get(1)?).unwrap_or(Timestamp::MAX),
                state: row.try_get(2)?,
            })
        });
        rows.collect()
    }

    pub(crate) async fn prune_sent(
        &self,
        subscribers: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM webhook_sent WHERE subscriber = $1 AND (at < $2
          OR position <= coalesce((SELECT position FROM webhook_sent WHERE subscriber = $1
            ORDER BY position DESC LIMIT 1 OFFSET $3), -1))";
        let oldest = oldest(now).as_microsecond();
        for subscriber in subscribers {
            self.rows(sql, &[subscriber, &oldest, &SENT_MAX]).await?;
        }
        Ok(())
    }
}
