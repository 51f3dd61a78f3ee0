//! Parked events and the events to handle. Of a parked event only the position is kept and the
//! event is read again on a retry, because [`PARKED_MAX`](crate::limits::PARKED_MAX) events of the
//! largest size exceed the memory.

use std::sync::Arc;

use dossier::contract::{DossierId, Envelope};
use events::{EventStore, Position, ReadError, Recorded};
use jiff::Timestamp;

use crate::envelope;

/// An event that waits for another one.
#[derive(Debug, Clone)]
pub(super) struct Parked {
    pub(super) position: Position,
    /// A position before this event and after all earlier ones.
    pub(super) before: Position,
    pub(super) dossier: Option<DossierId>,
    pub(super) since: Timestamp,
    pub(super) tries: u32,
    pub(super) next_at: Timestamp,
    pub(super) reason: &'static str,
}

impl Parked {
    /// Its position, the second since which it is parked, and the tries, for the table.
    pub(super) fn row(&self) -> (i64, i64, u32) {
        (self.position.0.cast_signed(), self.since.as_second(), self.tries)
    }
}

/// An event to handle.
pub(super) struct Arrived {
    pub(super) position: Position,
    pub(super) before: Position,
    pub(super) dossier: Option<DossierId>,
    /// `None` if it is to be read from the store.
    event: Option<Arc<Recorded>>,
}

impl Arrived {
    /// An event of a page.
    pub(super) fn new(event: Arc<Recorded>, before: Position) -> Self {
        let (position, dossier) = (event.position, dossier_of(&event));
        Self { position, before, dossier, event: Some(event) }
    }

    /// A parked event, to be read again.
    pub(super) const fn again(parked: &Parked) -> Self {
        let Parked { position, before, dossier, .. } = *parked;
        Self { position, before, dossier, event: None }
    }

    /// A dead letter; `None` if the event does not exist.
    pub(super) async fn given_up(
        store: &EventStore,
        position: Position,
    ) -> Result<Option<Self>, ReadError> {
        let event = store.event_at(position).await?;
        let dossier = event.as_ref().and_then(dossier_of);
        let before = Position::START;
        Ok(event.map(|_| Self { position, before, dossier, event: None }))
    }

    /// The event, and its envelope or why that cannot be decoded.
    pub(super) async fn read(
        &self,
        store: &EventStore,
    ) -> Result<Option<(Arc<Recorded>, Result<Envelope, ReadError>)>, ReadError> {
        let event = match &self.event {
            Some(event) => Some(Arc::clone(event)),
            None => store.event_at(self.position).await?.map(Arc::new),
        };
        Ok(event.map(|event| {
            let envelope = envelope(&event);
            (event, envelope)
        }))
    }
}

pub(super) fn dossier_of(event: &Recorded) -> Option<DossierId> {
    envelope(event).ok()?.dossier
}
