//! Dead letters: events that no reaction could handle. They are recorded in a stream of their own,
//! and retried on request of an operator.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::services::Category;
use events::{
    AppendError, Cause, EventStore, Expected, InvalidStreamName, NewEvent, Position, ReadError,
    Recorded, StreamName,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::{at_of, following};
use crate::limits::{ATTEMPTS_MAX, DEAD_LETTERS_MAX};
use crate::tasks::{Progress, Stalled};

/// Kind of the event that records a dead letter.
const GIVEN_UP: &str = "bus.EventGivenUp.v1";
/// Kind of the event that requests its retry.
pub(super) const TRIED_AGAIN: &str = "bus.EventTriedAgain.v1";

/// An event that a reaction gave up on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeadLetter {
    /// The service whose reaction gave up.
    #[schema(example = "review")]
    pub service: String,
    /// Commit position of the event.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Source, name and version of the event.
    #[schema(example = "intake.DossierAccepted.v1")]
    pub kind: String,
    /// Service and id that name the stream of the event.
    #[schema(example = "intake-018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    pub stream: String,
    /// Why the last attempt did not succeed.
    #[schema(example = "the law for this dossier is not loaded")]
    pub reason: String,
    /// When the reaction gave up; absent if that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up_at: Option<Timestamp>,
}

/// A request to retry a dead letter, as it is recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TriedAgain {
    position: Position,
    /// Subject of the operator; absent if it was requested on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// A request to retry a dead letter.
#[derive(Debug, Clone)]
pub struct Retry {
    /// The same request has the same id; it is recorded once.
    pub id: Uuid,
    /// Subject of the operator; absent for the command line.
    pub by: Option<String>,
    pub at: Timestamp,
}

/// Access to a service's dead letters and the progress of its reactions.
#[derive(Debug, Clone)]
pub struct ReactionsHealth {
    pub(super) service: &'static str,
    pub(super) store: Arc<EventStore>,
    pub(super) progress: Progress,
}

impl ReactionsHealth {
    /// Name of the service.
    #[must_use]
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// The position up to which events were handled or parked.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Dead letters, the oldest first, at most [`DEAD_LETTERS_MAX`].
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, ReadError> {
        dead_letters(&self.store, self.service).await
    }

    /// Requests the retry of the dead letter at `position`; false if there is none.
    pub async fn try_again(&self, position: Position, retry: &Retry) -> Result<bool, Stalled> {
        try_again(&self.store, self.service, position, retry).await
    }
}

fn stream(service: &str) -> Result<StreamName, InvalidStreamName> {
    StreamName::new(&Category::Letters.stream(service))
}

/// Dead letters of `service` whose retry was not requested since, the oldest first, at most
/// [`DEAD_LETTERS_MAX`].
pub async fn dead_letters(store: &EventStore, service: &str) -> Result<Vec<DeadLetter>, ReadError> {
    let stream = stream(service).map_err(|error| ReadError::Refused(Cause::new(error)))?;
    waiting(&store.read_whole(&stream).await?)
}

/// The dead letters that the events of a stream leave.
fn waiting(events: &[Recorded]) -> Result<Vec<DeadLetter>, ReadError> {
    let mut dead: BTreeMap<Position, DeadLetter> = BTreeMap::new();
    for event in events {
        if &*event.kind == GIVEN_UP {
            let letter: DeadLetter = serde_json::from_str(&event.data)
                .map_err(|error| ReadError::corrupt(event, error))?;
            let given_up_at = at_of(event);
            dead.insert(letter.position, DeadLetter { given_up_at, ..letter });
        } else if let Some(TriedAgain { position, .. }) = tried_again(event) {
            dead.remove(&position);
        }
    }
    Ok(dead.into_values().take(DEAD_LETTERS_MAX).collect())
}

/// Requests the retry of the dead letter at `position`; false if there is none. The same request
/// has the same outcome when it is repeated.
pub async fn try_again(
    store: &EventStore,
    service: &str,
    position: Position,
    Retry { id, by, at }: &Retry,
) -> Result<bool, Stalled> {
    let stream = stream(service)?;
    let events = store.read_whole(&stream).await?;
    let recorded = NewEvent::id_of(&stream, *id, 0);
    if events.iter().any(|event| event.id == recorded) {
        return Ok(true);
    }
    if !waiting(&events)?.iter().any(|letter| letter.position == position) {
        return Ok(false);
    }
    let again = TriedAgain { position, by: by.clone() };
    let again = serde_json::to_string(&again).expect("a struct with a number and a text");
    record(store, service, *id, (TRIED_AGAIN, again), *at).await?;
    Ok(true)
}

/// Records an event as a dead letter; it was parked at `since`.
pub(super) async fn give_up(
    store: &EventStore,
    letter: &DeadLetter,
    (event, since): (Uuid, Timestamp),
    at: Timestamp,
) -> Result<(), Stalled> {
    // The id depends on the time of parking, so that each parking gives at most one dead letter.
    let command = Uuid::new_v5(&event, format!("given-up/{}/{since}", letter.service).as_bytes());
    let data = serde_json::to_string(letter).expect("a struct of texts and a number");
    record(store, &letter.service, command, (GIVEN_UP, data), at).await
}

async fn record(
    store: &EventStore,
    service: &str,
    command: Uuid,
    (kind, data): (&str, String),
    at: Timestamp,
) -> Result<(), Stalled> {
    let stream = stream(service)?;
    let id = NewEvent::id_of(&stream, command, 0);
    let mut failed = None;
    for _ in 0..ATTEMPTS_MAX {
        let last = store.last(&stream).await?;
        let at = following(at, last.as_ref().and_then(at_of))?;
        let expected = Expected::from(last.map(|event| event.version));
        let meta = serde_json::json!({ "at": at }).to_string();
        let event = NewEvent { id, kind: kind.into(), data: data.clone(), meta };
        match store.append(&stream, expected, vec![event]).await {
            // Recorded before.
            Ok(_) | Err(AppendError::IdReused(_)) => return Ok(()),
            Err(error @ AppendError::Conflict { .. }) => failed = Some(error),
            Err(error) if error.is_retryable() => failed = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// The position of the dead letter that `event` requests to retry, if it belongs to this service.
pub(super) fn tried_again_by(service: &str, event: &Recorded) -> Option<Position> {
    let own = stream(service).is_ok_and(|own| own == event.stream);
    tried_again(event).filter(|_| own).map(|again| again.position)
}

fn tried_again(event: &Recorded) -> Option<TriedAgain> {
    if &*event.kind != TRIED_AGAIN {
        return None;
    }
    serde_json::from_str(&event.data).ok()
}
