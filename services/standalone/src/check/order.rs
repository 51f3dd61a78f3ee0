//! The order of the log: positions, versions, times, and ids that follow from commands.

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::Meta;
use events::{NewEvent, Position, Recorded};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use service_kit::limits::CLOCK_BACK_MAX;
use uuid::Uuid;

use super::finding::Findings;

/// The order of what was looked at so far.
#[derive(Debug, Default)]
pub(super) struct Order {
    after: Position,
    newest: Option<(Timestamp, Position)>,
    streams: BTreeMap<String, Standing>,
    ids: BTreeSet<Uuid>,
}

/// Where a stream stands.
#[derive(Debug, Default)]
struct Standing {
    version: u64,
    at: Option<Timestamp>,
    /// The last command, and how many of its events there are.
    command: Option<(Uuid, usize)>,
}

/// When something was recorded: nearly every kind of event says so.
#[derive(Deserialize)]
struct When {
    at: Option<Timestamp>,
}

impl Order {
    /// Whether an event of this id was seen.
    pub(super) fn knows(&self, id: Uuid) -> bool {
        self.ids.contains(&id)
    }

    /// The place of an event, whatever it says.
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
            && back(newest) > CLOCK_BACK_MAX
        {
            let seconds = back(newest).as_secs();
            let what = format!("recorded {seconds} s before the event at {}", position.0);
            found.of(event, "time-backwards", what);
        }
        standing.at = standing.at.max(Some(at));
        self.newest = self.newest.max(Some((at, event.position)));
    }

    /// The index of the event among those of its command; its id follows from command, stream and index.
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

    /// Whether nothing was looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.after == Position::START
    }
}
