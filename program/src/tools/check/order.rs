//! Order of the log: positions, versions, times, and derived ids.

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::Meta;
use engine::limits::RECORDED_BACK_MAX;
use events::{NewEvent, Position, Recorded};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::finding::Findings;

/// State of the events checked so far.
#[derive(Debug, Default)]
pub(super) struct Order {
    after: Position,
    newest: Option<(Timestamp, Position)>,
    streams: BTreeMap<String, Standing>,
    ids: BTreeSet<Uuid>,
}

/// State of a stream.
#[derive(Debug, Default)]
struct Standing {
    version: u64,
    at: Option<Timestamp>,
    /// The last command and the number of its events.
    command: Option<(Uuid, usize)>,
}

/// The recording time, which nearly every kind of event has.
#[derive(Deserialize)]
struct When {
    at: Option<Timestamp>,
}

impl Order {
    /// Whether an event with this id was checked.
    pub(super) fn knows(&self, id: Uuid) -> bool {
        self.ids.contains(&id)
    }

    /// Checks position, version and time of an event.
    pub(super) fn look(&mut self, event: &Recorded, found: &mut Findings) {
        let after = std::mem::replace(&mut self.after, event.position);
        if event.position <= after {
            found.of(event, "position-order", "a position that does not grow");
        }
        if !self.ids.insert(event.id) {
            found.of(event, "id-twice", "an id that stands in the log twice");
        }
        let standing = self.streams.entry(event.stream.to_string()).or_default();
        standing.version += 1;
        if standing.version != event.version.0 {
            found.of(event, "version-gap", "a version that does not follow the one before it");
            standing.version = event.version.0;
        }
        let when = serde_json::from_str::<When>(&event.meta).ok().and_then(|when| when.at);
        let Some(at) = when else { return };
        let back = |since: Timestamp| since.duration_since(at);
        if standing.at.is_some_and(|before| back(before) > SignedDuration::ZERO) {
            found.of(event, "time-backwards", "recorded before the event before it in its stream");
        } else if let Some((newest, position)) = self.newest
            && back(newest) > RECORDED_BACK_MAX
        {
            let seconds = back(newest).as_secs();
            let what = format!("recorded {seconds} s before the event at {}", position.0);
            found.of(event, "time-backwards", what);
        }
        standing.at = standing.at.max(Some(at));
        self.newest = self.newest.max(Some((at, event.position)));
    }

    /// Checks the event's id, which is derived from command, stream and index; returns the index.
    pub(super) fn check_id(
        &mut self,
        event: &Recorded,
        meta: &Meta,
        found: &mut Findings,
    ) -> usize {
        let command = meta.envelope.command;
        let standing = self.streams.entry(event.stream.to_string()).or_default();
        let index = match standing.command {
            Some((last, count)) if last == command => count,
            _ => 0,
        };
        standing.command = Some((command, index + 1));
        if NewEvent::id_of(&event.stream, command, index) != event.id {
            found.of(event, "id-not-derived", "an id that does not follow from its command");
        }
        index
    }

    /// Whether no event was checked.
    pub(super) fn is_empty(&self) -> bool {
        self.after == Position::START
    }
}

#[cfg(test)]
mod tests {
    use events::{StreamName, Version};

    use super::*;

    fn recorded(position: u64, at: Timestamp) -> Recorded {
        Recorded {
            position: Position(position),
            stream: StreamName::new(&format!("test-{position}")).unwrap(),
            version: Version(1),
            id: Uuid::from_u128(position.into()),
            kind: "test.Happened.v1".into(),
            data: "{}".to_owned(),
            meta: serde_json::json!({ "at": at }).to_string(),
        }
    }

    #[test]
    fn an_event_may_be_older_than_one_before_it_by_as_long_as_its_append_may_take() {
        let newest: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
        let earliest = newest - RECORDED_BACK_MAX;
        let (mut order, mut found) = (Order::default(), Findings::default());
        order.look(&recorded(1, newest), &mut found);
        order.look(&recorded(2, earliest), &mut found);
        assert_eq!(found.count, 0);
        order.look(&recorded(3, earliest - SignedDuration::from_secs(1)), &mut found);
        assert_eq!(found.count, 1);
    }
}
