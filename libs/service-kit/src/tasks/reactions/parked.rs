//! What a service's reactions have still to do. Of an event that waits only its place is kept: up to
//! [`PARKED_MAX`](crate::limits::PARKED_MAX) of the largest size would not fit into memory. It is read again when it is tried.

use std::sync::Arc;

use dossier::contract::{DossierId, Envelope};
use events::{EventStore, Position, ReadError, Recorded};
use jiff::Timestamp;

use crate::streams::envelope;

/// An event that waits for something that must come first.
#[derive(Debug, Clone)]
pub(super) struct Parked {
    pub(super) position: Position,
    /// A position before the event's own.
    pub(super) before: Position,
    pub(super) dossier: Option<DossierId>,
    pub(super) since: Timestamp,
    pub(super) tries: u32,
    pub(super) next_at: Timestamp,
    pub(super) reason: &'static str,
}

/// An event to be handled.
pub(super) struct Arrived {
    pub(super) position: Position,
    pub(super) before: Position,
    pub(super) dossier: Option<DossierId>,
    /// As it came with a page; nothing where it is read when its turn comes.
    event: Option<Arc<Recorded>>,
}

impl Arrived {
    /// One of a page.
    pub(super) fn new(event: Arc<Recorded>, before: Position) -> Self {
        let (position, dossier) = (event.position, dossier_of(&event));
        Self { position, before, dossier, event: Some(event) }
    }

    /// One that is read again.
    pub(super) const fn again(parked: &Parked) -> Self {
        let Parked { position, before, dossier, .. } = *parked;
        Self { position, before, dossier, event: None }
    }

    /// One that was given up, if it is there.
    pub(super) async fn given_up(
        store: &EventStore,
        position: Position,
    ) -> Result<Option<Self>, ReadError> {
        let event = store.event_at(position).await?;
        let dossier = event.as_ref().and_then(dossier_of);
        let before = Position::START;
        Ok(event.map(|_| Self { position, before, dossier, event: None }))
    }

    /// The event, and what stands beside it if that can be read.
    pub(super) async fn read(
        &self,
        store: &EventStore,
    ) -> Result<Option<(Arc<Recorded>, Option<Envelope>)>, ReadError> {
        let event = match &self.event {
            Some(event) => Some(Arc::clone(event)),
            None => store.event_at(self.position).await?.map(Arc::new),
        };
        Ok(event.map(|event| {
            let envelope = envelope(&event).ok();
            (event, envelope)
        }))
    }
}

pub(super) fn dossier_of(event: &Recorded) -> Option<DossierId> {
    envelope(event).ok()?.dossier
}
