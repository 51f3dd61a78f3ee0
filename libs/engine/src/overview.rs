//! The states of a dossier in all services, read from the store.

use dossier::contract::{DossierId, Meta};
use dossier::overview::{DossierEvent, DossierStates};
use dossier::services::Category;
use events::{EventStore, ReadError, Recorded, StreamName};

use crate::record::envelope;

/// Applies a recorded event; one of a stream that is not a dossier's changes nothing.
///
/// # Errors
///
/// [`ReadError::Corrupt`] if it cannot be decoded; nothing is changed.
pub fn apply(states: &mut DossierStates, recorded: &Recorded) -> Result<(), ReadError> {
    let Some(category) = Category::named(recorded.stream.category()) else { return Ok(()) };
    let event = DossierEvent::decode(category, &recorded.kind, &recorded.data)
        .map_err(|error| ReadError::corrupt(recorded, error))?;
    if let Some(event) = event {
        let envelope = envelope(recorded)?;
        let meta = Meta { id: recorded.id, version: recorded.version.0, envelope };
        states.apply(&event, &meta);
    }
    Ok(())
}

/// All events of a dossier's streams, stream by stream; empty if there is no such dossier.
///
/// # Errors
///
/// The store cannot be read.
pub async fn events_of(store: &EventStore, dossier: DossierId) -> Result<Vec<Recorded>, ReadError> {
    let mut events = Vec::new();
    for category in Category::OF_A_DOSSIER {
        let Ok(stream) = StreamName::new(&category.stream(dossier)) else { continue };
        events.extend(store.read_whole(&stream).await?);
    }
    Ok(events)
}

/// The states of a dossier as the store has them.
///
/// # Errors
///
/// The store cannot be read, or an event cannot be decoded.
pub async fn states_of(store: &EventStore, dossier: DossierId) -> Result<DossierStates, ReadError> {
    let mut states = DossierStates::default();
    for event in events_of(store, dossier).await? {
        apply(&mut states, &event)?;
    }
    Ok(states)
}
