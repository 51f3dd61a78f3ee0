//! The state of a stream, folded from its events.

use std::sync::Arc;

use dossier::State;
use dossier::contract::Meta;
use events::{Position, ReadError, Recorded, Version};
use jiff::Timestamp;
use uuid::Uuid;

use crate::record::decoded;

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
    pub(super) fn take(&mut self, recorded: &Recorded) -> Result<(), ReadError> {
        let (event, meta) = decoded::<S>(recorded)?;
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
