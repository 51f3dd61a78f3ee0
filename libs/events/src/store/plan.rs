//! Decides the results of a group of appends in memory, by the same rules for every engine that
//! writes a group at once.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::is_same;
use crate::{AppendError, Appended, Expected, NewEvent, Position, Recorded, StreamName, Version};

/// A group of appends.
#[derive(Debug)]
pub(super) struct Plan {
    head: Position,
    /// Newest version of each stream of the group.
    standings: HashMap<StreamName, Version>,
    /// Recorded events, and those of this group, by id.
    known: HashMap<Uuid, Arc<Recorded>>,
    /// Events to write, in order.
    pub(super) written: Vec<Arc<Recorded>>,
}

impl Plan {
    /// A group after `head`, with everything recorded for its streams and ids.
    pub(super) fn new(
        head: Position,
        standings: HashMap<StreamName, Version>,
        known: impl IntoIterator<Item = Recorded>,
    ) -> Self {
        let known = known.into_iter().map(|event| (event.id, Arc::new(event))).collect();
        Self { head, standings, known, written: Vec::new() }
    }

    /// Head after the group.
    pub(super) const fn head(&self) -> Position {
        self.head
    }

    /// Adds an append.
    pub(super) fn append(
        &mut self,
        stream: &StreamName,
        expected: Expected,
        events: &[NewEvent],
    ) -> Result<Appended, AppendError> {
        let standing = self.standings.get(stream).copied();
        let base = match expected {
            Expected::NoStream => None,
            Expected::At(version) => Some(version),
        };
        let first = base.map_or(0, |version| version.0) + 1;
        if base != standing {
            if let Some(same) = self.same(stream, first, events) {
                return Ok(same);
            }
            self.check_new(events)?;
            return Err(AppendError::Conflict { actual: standing });
        }
        self.check_new(events)?;
        for (event, version) in events.iter().zip(first..) {
            self.head = Position(self.head.0 + 1);
            let NewEvent { id, kind, data, meta } = event.clone();
            let recorded = Arc::new(Recorded {
                position: self.head,
                stream: stream.clone(),
                version: Version(version),
                id,
                kind,
                data,
                meta,
            });
            self.known.insert(id, Arc::clone(&recorded));
            self.written.push(recorded);
        }
        let version = Version(first + events.len() as u64 - 1);
        self.standings.insert(stream.clone(), version);
        Ok(Appended { version, position: self.head })
    }

    /// The result of the first append, if all of its events are recorded.
    fn same(&self, stream: &StreamName, first: u64, events: &[NewEvent]) -> Option<Appended> {
        let mut last = None;
        for (event, version) in events.iter().zip(first..) {
            let known = self.known.get(&event.id).filter(|known| {
                known.stream == *stream && known.version.0 == version && is_same(known, event)
            })?;
            last = Some(Appended { version: known.version, position: known.position });
        }
        last
    }

    /// Checks that no id exists in the log or twice in the append.
    fn check_new(&self, events: &[NewEvent]) -> Result<(), AppendError> {
        for (place, event) in events.iter().enumerate() {
            let twice = events.iter().take(place).any(|before| before.id == event.id);
            if twice || self.known.contains_key(&event.id) {
                return Err(AppendError::IdReused(event.id));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> StreamName {
        StreamName::new("a-1").unwrap()
    }

    fn event(id: u128) -> NewEvent {
        let (id, kind) = (Uuid::from_u128(id), "test.Event.v1".into());
        NewEvent { id, kind, data: "{}".to_owned(), meta: "{}".to_owned() }
    }

    #[test]
    fn appends_of_one_group_see_one_another() {
        let mut plan = Plan::new(Position(10), HashMap::new(), []);
        let first = plan.append(&stream(), Expected::NoStream, &[event(1), event(2)]).unwrap();
        assert_eq!(first, Appended { version: Version(2), position: Position(12) });
        let again = plan.append(&stream(), Expected::NoStream, &[event(1), event(2)]);
        assert_eq!(again.unwrap(), first, "the same append");
        let next = plan.append(&stream(), Expected::At(Version(2)), &[event(3)]).unwrap();
        assert_eq!(next.position, Position(13));
        let stale = plan.append(&stream(), Expected::At(Version(2)), &[event(4)]);
        assert!(matches!(stale, Err(AppendError::Conflict { actual: Some(Version(3)) })));
        let used = plan.append(&stream(), Expected::At(Version(3)), &[event(5), event(1)]);
        assert!(matches!(used, Err(AppendError::IdReused(id)) if id == Uuid::from_u128(1)));
        assert_eq!((plan.written.len(), plan.head()), (3, Position(13)), "refusals leave nothing");
    }

    #[test]
    fn only_a_part_of_an_earlier_append_is_not_the_same_append() {
        let mut plan = Plan::new(Position::START, HashMap::new(), []);
        plan.append(&stream(), Expected::NoStream, &[event(1), event(2)]).unwrap();
        let longer = plan.append(&stream(), Expected::NoStream, &[event(1), event(2), event(3)]);
        assert!(matches!(longer, Err(AppendError::IdReused(_))), "{longer:?}");
        let changed = NewEvent { data: "{\"n\":1}".to_owned(), ..event(1) };
        let changed = plan.append(&stream(), Expected::NoStream, &[changed]);
        assert!(matches!(changed, Err(AppendError::IdReused(_))), "{changed:?}");
    }
}
