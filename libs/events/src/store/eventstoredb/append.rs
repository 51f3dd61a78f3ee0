//! Appends: each is sent over the long-lived call and returns once the follower has received its
//! events. If the answer was lost, or the append is a duplicate, the outcome is read from its
//! stream.

use std::sync::atomic::Ordering;

use tokio::time::Instant;
use uuid::Uuid;

use super::EventStoreDb;
use super::batch::{Answer, Append};
use super::failure::Failure;
use super::own;
use super::record;
use super::wire::append::ExpectedRevision;
use crate::budget;
use crate::limits::{ANSWERED_IN, BUSY_RETRY_AFTER, CALL_IN, READ_EVENTS_MAX};
use crate::store::is_same;
use crate::{
    AppendError, Appended, Cause, Expected, NewEvent, Position, Recorded, StreamName, Unwritable,
    Version,
};

impl EventStoreDb {
    pub(in crate::store) async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.check_not_read_only()?;
        let Ok(_permit) = self.permits.try_acquire() else {
            return Err(AppendError::Busy(BUSY_RETRY_AFTER));
        };
        let _taken = self.room.take(&events)?;
        check_ids(&events)?;
        let until = budget::until(ANSWERED_IN);
        let Some(base) = base(expected) else {
            return Err(AppendError::Conflict { actual: self.stands_at(stream, until).await? });
        };
        if let Some(id) = self.used((stream, base), &events, until).await? {
            return Err(AppendError::IdReused(id));
        }
        let append = self.prepared(stream, base, &events);
        let answer = self.log.connection.ask((until, CALL_IN), |node| {
            let append = append.clone();
            async move { node.send(append).await?.answered().await }
        });
        self.done((stream, base), &events, (answer.await, until)).await
    }

    /// The outcome of an append with this answer of the server.
    pub(super) async fn done(
        &self,
        place: (&StreamName, Version),
        events: &[NewEvent],
        (answer, until): (Answer, Instant),
    ) -> Result<Appended, AppendError> {
        match answer {
            Ok(position) => self.heard(place, events, (position, until)).await,
            Err(Failure::WrongVersion) => self.settle(place, events, until).await,
            Err(failure) => Err(self.refused(failure)),
        }
    }

    pub(super) fn prepared(
        &self,
        stream: &StreamName,
        base: Version,
        events: &[NewEvent],
    ) -> Append {
        // Revisions begin at zero, versions at one.
        let expected = base.0.checked_sub(1);
        let expected = expected.map_or(ExpectedRevision::NoStream(()), ExpectedRevision::At);
        Append {
            options: own::options(&self.log.name(stream), expected),
            proposed: events.iter().map(record::proposed).collect(),
        }
    }

    /// Returns once the follower has received the events of a successful append.
    async fn heard(
        &self,
        (stream, base): (&StreamName, Version),
        events: &[NewEvent],
        (position, until): (Option<Position>, Instant),
    ) -> Result<Appended, AppendError> {
        let heard = self.log.heard((stream, base), events, position).await.unwrap_or_default();
        let Some(last) = heard.last() else {
            return self.settle((stream, base), events, until).await;
        };
        self.known.note(stream, &heard);
        Ok(self.appended(last, events))
    }

    fn appended(&self, last: &Recorded, events: &[NewEvent]) -> Appended {
        self.probe.committed();
        self.appends.fetch_add(1, Ordering::Relaxed);
        self.appended.fetch_add(events.len() as u64, Ordering::Relaxed);
        Appended { version: last.version, position: last.position }
    }

    /// The outcome of an append, as read from its stream.
    async fn settle(
        &self,
        (stream, base): (&StreamName, Version),
        events: &[NewEvent],
        until: Instant,
    ) -> Result<Appended, AppendError> {
        let found = self.log.read_stream(stream, base, (events.len(), until)).await;
        let found = found.map_err(unread)?;
        self.known.note(stream, &found);
        if let Some(last) = found.last()
            && found.len() == events.len()
            && found.iter().zip(events).all(|(found, event)| is_same(found, event))
        {
            self.log.comes_to(last.position, until).await.map_err(unread)?;
            return Ok(self.appended(last, events));
        }
        let actual = self.stands_at(stream, until).await?;
        let through = actual.unwrap_or(Version(0));
        match self.used((stream, through), events, until).await? {
            Some(id) => Err(AppendError::IdReused(id)),
            None => Err(AppendError::Conflict { actual }),
        }
    }

    async fn stands_at(
        &self,
        stream: &StreamName,
        until: Instant,
    ) -> Result<Option<Version>, AppendError> {
        Ok(self.log.last(stream, until).await.map_err(unread)?.map(|last| last.version))
    }

    /// The first of the events' ids that exists in the stream up to a version; in a long stream,
    /// among the newest events.
    async fn used(
        &self,
        (stream, through): (&StreamName, Version),
        events: &[NewEvent],
        until: Instant,
    ) -> Result<Option<Uuid>, AppendError> {
        if through == Version(0) {
            return Ok(None);
        }
        if self.known.covers(stream, through) {
            return Ok(self.known.first_of(stream, through, events));
        }
        let mut after = Version(through.0.saturating_sub(READ_EVENTS_MAX as u64));
        while after < through {
            let stand = self.log.read_stream(stream, after, (READ_EVENTS_MAX, until)).await;
            let stand = stand.map_err(unread)?;
            self.known.note(stream, &stand);
            let stands = |event: &&NewEvent| {
                stand.iter().any(|stands| stands.id == event.id && stands.version <= through)
            };
            if let Some(event) = events.iter().find(stands) {
                return Ok(Some(event.id));
            }
            // A page that ended because of its bytes is not the last one.
            let Some(last) = stand.last() else { break };
            after = last.version;
        }
        Ok(None)
    }

    pub(super) fn refused(&self, failure: Failure) -> AppendError {
        match failure {
            Failure::Denied(why) => AppendError::Unwritable(Unwritable::ReadOnly(Cause::new(
                format!("the server refuses `{}`: {why}", self.log.connection.user()),
            ))),
            failure => unread(failure),
        }
    }
}

/// The version after which an append is written; `None` for a version that no stream can have.
pub(super) const fn base(expected: Expected) -> Option<Version> {
    match expected {
        Expected::NoStream => Some(Version(0)),
        Expected::At(Version(0)) => None,
        Expected::At(version) => Some(version),
    }
}

pub(super) fn check_ids(events: &[NewEvent]) -> Result<(), AppendError> {
    for (place, event) in events.iter().enumerate() {
        if events.iter().take(place).any(|before| before.id == event.id) {
            return Err(AppendError::IdReused(event.id));
        }
    }
    Ok(())
}

/// Not [`AppendError::Read`], because it may be the outcome of a successful append that was not
/// read.
fn unread(failure: Failure) -> AppendError {
    let retryable = failure.is_retryable();
    let cause = Cause::new(failure);
    if retryable { AppendError::Unreachable(cause) } else { AppendError::Refused(cause) }
}
