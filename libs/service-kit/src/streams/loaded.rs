//! The state of a stream, folded from its events.

use std::sync::Arc;

use dossier::State;
use dossier::contract::{Envelope, EventSet, Meta, Unreadable};
use events::{Position, Recorded, Version};
use jiff::Timestamp;
use uuid::Uuid;

/// State of a stream at a version.
#[derive(Debug, Clone)]
pub struct Loaded<S> {
    pub state: S,
    /// `None` if the stream is empty.
    pub version: Option<Version>,
    /// Position of its newest event.
    pub position: Position,
    pub(super) last_at: Option<Timestamp>,
    pub(super) commands: Vec<Mark>,
    /// Bytes of the folded events, as an estimate of the memory in use.
    pub(super) bytes: usize,
}

impl<S: Default> Default for Loaded<S> {
    fn default() -> Self {
        let (version, last_at) = (None, None);
        Self {
            state: S::default(),
            version,
            position: Position::START,
            last_at,
            commands: Vec::new(),
            bytes: 0,
        }
    }
}

/// A command that the stream has recorded.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) command: Uuid,
    pub(super) digest: Arc<str>,
    /// Version of the stream after it.
    pub(super) last: Version,
}

impl<S: State> Loaded<S> {
    pub(super) fn take(&mut self, recorded: &Recorded) -> Result<(), Unreadable> {
        let event = S::Event::decode(&recorded.kind, &recorded.data)?;
        let envelope = envelope(recorded)?;
        let meta = Meta { id: recorded.id, version: recorded.version.0, envelope };
        self.evolve(&event, &meta, recorded.version);
        self.position = recorded.position;
        self.bytes += recorded.bytes();
        Ok(())
    }

    pub(super) fn evolve(&mut self, event: &S::Event, meta: &Meta, version: Version) {
        self.state.evolve(event, meta);
        self.version = Some(version);
        self.last_at = Some(meta.at());
        match self.commands.last_mut() {
            Some(mark) if mark.command == meta.envelope.command => mark.last = version,
            Some(_) | None => self.commands.push(Mark {
                command: meta.envelope.command,
                digest: meta.envelope.digest.as_str().into(),
                last: version,
            }),
        }
    }
}

/// Folds a whole stream, without caching it.
pub fn fold<S: State>(recorded: &[Recorded]) -> Result<S, Unreadable> {
    let mut loaded = Loaded::<S>::default();
    recorded.iter().try_for_each(|event| loaded.take(event))?;
    Ok(loaded.state)
}

/// When an event was recorded; `None` if it has no envelope, for example one that only reserves a
/// number.
#[must_use]
pub fn recorded_at(recorded: &Recorded) -> Option<Timestamp> {
    envelope(recorded).ok().map(|envelope| envelope.at)
}

/// Decodes an event's metadata.
pub(crate) fn envelope(recorded: &Recorded) -> Result<Envelope, Unreadable> {
    serde_json::from_str(&recorded.meta)
        .map_err(|source| Unreadable::Payload { kind: recorded.kind.to_string(), source })
}
