//! Reads of the log and of its streams, page by page.

use tokio::time::Instant;

use super::super::failure::Failure;
use super::super::reads::{self, Direction, Part, Wanted, of_log, of_stream};
use super::super::wire::read::{From, Revision};
use super::{Log, place};
use crate::event::{fill, is_whole};
use crate::limits::{CALL_IN, FIND_TIMEOUT};
use crate::{Position, Recorded, StreamName, Version};

impl Log {
    /// At most `limit` events of a stream after a version.
    pub(in super::super) async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        (limit, until): (usize, Instant),
    ) -> Result<Vec<Recorded>, Failure> {
        // Revisions begin at 0, so the revision of the event after `after` is `after`.
        let (mut events, mut from) = (Vec::new(), Some(after.0));
        while let Some(at) = from.take() {
            let (from_here, within) = (Revision::At(at), (limit - events.len(), until));
            let part = self.stream_part(stream, from_here, Direction::Forwards, within).await?;
            events.extend(part.events);
            if !part.ended && is_whole(&events, limit) {
                from = part.last.and_then(|(_, revision)| revision.checked_add(1));
            }
        }
        Ok(fill(events, limit))
    }

    /// The newest event of a stream.
    pub(in super::super) async fn last(
        &self,
        stream: &StreamName,
        until: Instant,
    ) -> Result<Option<Recorded>, Failure> {
        let mut from = Some(Revision::End(()));
        while let Some(at) = from.take() {
            let part = self.stream_part(stream, at, Direction::Backwards, (1, until)).await?;
            if let Some(event) = part.events.into_iter().next() {
                return Ok(Some(event));
            }
            let before = part.last.and_then(|(_, revision)| revision.checked_sub(1));
            from = before.map(Revision::At);
        }
        Ok(None)
    }

    async fn stream_part(
        &self,
        stream: &StreamName,
        from: Revision,
        direction: Direction,
        (limit, until): (usize, Instant),
    ) -> Result<Part, Failure> {
        let options = of_stream(&self.name(stream), from, direction, limit);
        let part = self.connection.ask((until, CALL_IN), |node| {
            reads::take(node, options.clone(), Wanted::most(limit), (&self.prefix, &self.oddities))
        });
        match part.await {
            Err(Failure::NoStream) => Ok(Part { ended: true, ..Part::default() }),
            part => part,
        }
    }

    /// At most `limit` events after a position that the store returned, up to `through`.
    pub(in super::super) async fn behind(
        &self,
        after: Position,
        through: Option<Position>,
        (limit, until): (usize, Instant),
    ) -> Result<Vec<Recorded>, Failure> {
        let (mut events, mut from) = (Vec::new(), Some(after));
        while let Some(after) = from.take() {
            let begins = place(after).map_or(From::Start(()), From::Place);
            let wanted = Wanted { events: limit - events.len(), through, but: Some(after) };
            // The read begins with the event at `after`.
            let part = self.log_part(begins, Direction::Forwards, wanted, until).await?;
            events.extend(part.events);
            if !part.ended && is_whole(&events, limit) {
                from = part.last.map(|(position, _)| position);
            }
        }
        Ok(fill(events, limit))
    }

    /// At most `limit` events before a position, newest first.
    pub(in super::super) async fn before(
        &self,
        from: From,
        limit: usize,
        until: Instant,
    ) -> Result<Vec<Recorded>, Failure> {
        let (mut events, mut from) = (Vec::new(), Some(from));
        while let Some(at) = from.take() {
            let wanted = Wanted::most(limit - events.len());
            let part = self.log_part(at, Direction::Backwards, wanted, until).await?;
            events.extend(part.events);
            if !part.ended && is_whole(&events, limit) {
                from = part.last.and_then(|(position, _)| place(position)).map(From::Place);
            }
        }
        Ok(fill(events, limit))
    }

    async fn log_part(
        &self,
        from: From,
        direction: Direction,
        wanted: Wanted,
        until: Instant,
    ) -> Result<Part, Failure> {
        // One more, if the first one is skipped.
        let count = wanted.events + usize::from(wanted.but.is_some());
        let options = of_log(&self.prefix, from, direction, count);
        self.connection
            .ask((until, FIND_TIMEOUT), |node| {
                reads::take(node, options.clone(), wanted, (&self.prefix, &self.oddities))
            })
            .await
    }

    /// At most `limit` events up to and including the one at a position, newest first.
    pub(in super::super) async fn up_to(
        &self,
        through: Position,
        (limit, until): (usize, Instant),
    ) -> Result<Vec<Recorded>, Failure> {
        let head = *self.head.borrow();
        let beyond = through > head && {
            // The position of another store, or of an event of another process that was not
            // received yet.
            through > self.connection.ask((until, CALL_IN), reads::end).await?
        };
        let through = if beyond { head } else { through };
        if let Some(back) = self.tail.back(through, limit)
            && through <= head
        {
            return self.and_before(back, limit, until).await;
        }
        let Some(at) = place(through) else { return Ok(Vec::new()) };
        // A read forwards begins with the event at its position, backwards with the one before.
        let wanted = Wanted { events: 1, through: Some(through), but: None };
        let part = self.log_part(From::Place(at), Direction::Forwards, wanted, until);
        let mut events = match part.await {
            // The position of another store, from which the log was copied.
            Err(Failure::NoPlace) => return Ok(Vec::new()),
            part => part?.events,
        };
        events.retain(|event| event.position <= through);
        if events.len() < limit {
            let before = From::Place(at);
            events.extend(self.before(before, limit - events.len(), until).await?);
        }
        // Each of the two reads may have reached the byte limit.
        Ok(fill(events, limit))
    }

    /// Continues before the oldest cached event.
    async fn and_before(
        &self,
        mut events: Vec<Recorded>,
        limit: usize,
        until: Instant,
    ) -> Result<Vec<Recorded>, Failure> {
        if is_whole(&events, limit)
            && let Some(oldest) = events.last().and_then(|oldest| place(oldest.position))
        {
            let before = From::Place(oldest);
            events.extend(self.before(before, limit - events.len(), until).await?);
        }
        Ok(fill(events, limit))
    }
}
