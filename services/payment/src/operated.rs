//! What operators did with requests to partners: an event in a stream of each request. The outbox
//! forgets a request after 30 days, the log does not.

use std::sync::Arc;

use dossier::contract::{Actor, Envelope, EventSet, PartnerRequestChanged, PartnerRequestEvent};
use dossier::services::Category;
use engine::clock::ClockWrong;
use engine::limits::ATTEMPTS_MAX;
use engine::{Engine, decode, recorded_at};
use events::{AppendError, Cause, Expected, InvalidStreamName, NewEvent, ReadError, StreamName};
use jiff::Timestamp;
use uuid::Uuid;

/// Why a change of a request cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRecorded {
    #[error(transparent)]
    Clock(#[from] ClockWrong),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn stream(request: &str) -> Result<StreamName, InvalidStreamName> {
    StreamName::new(&Category::Requests.stream(request))
}

/// When the command with this id was recorded for the request; `None` if it was not.
pub(crate) async fn known(
    engine: &Engine,
    request: &str,
    command: Uuid,
) -> Result<Option<Timestamp>, ReadError> {
    let stream = stream(request).map_err(|error| ReadError::Refused(Cause::new(error)))?;
    let id = NewEvent::id_of(&stream, command, 0);
    let recorded = engine.store.read_whole(&stream).await?;
    Ok(recorded.iter().find(|event| event.id == id).and_then(recorded_at))
}

/// Records what an operator does, once for each command.
pub(crate) async fn record(
    engine: &Arc<Engine>,
    changed: PartnerRequestChanged,
    (actor, command): (Actor, Uuid),
) -> Result<(), NotRecorded> {
    let stream = stream(&changed.request).map_err(AppendError::from)?;
    let id = NewEvent::id_of(&stream, command, 0);
    let event = PartnerRequestEvent::from(changed);
    let mut failed = AppendError::Conflict { actual: None };
    for _ in 0..ATTEMPTS_MAX {
        let last = engine.store.last(&stream).await?;
        let envelope = Envelope {
            at: engine.time_after(last.as_ref().and_then(recorded_at))?,
            actor: actor.clone(),
            command,
            digest: String::new(),
            cause: None,
            dossier: None,
            trace: None,
        };
        let expected = Expected::from(last.map(|event| event.version));
        let (kind, data, meta) = (event.kind().into(), event.encode(), envelope.encode());
        let new = NewEvent { id, kind, data, meta };
        match engine.store.append(&stream, expected, vec![new]).await {
            // Recorded before.
            Ok(_) | Err(AppendError::IdReused(_)) => return Ok(()),
            Err(error @ AppendError::Conflict { .. }) => failed = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(failed.into())
}

/// What an operator did last with a request, and when.
pub(crate) async fn newest(
    engine: &Engine,
    request: &str,
) -> Result<Option<(PartnerRequestChanged, Option<Timestamp>)>, ReadError> {
    let stream = stream(request).map_err(|error| ReadError::Refused(Cause::new(error)))?;
    let Some(last) = engine.store.last(&stream).await? else { return Ok(None) };
    let PartnerRequestEvent::PartnerRequestChanged(changed) = decode(&last)?;
    let at = recorded_at(&last);
    Ok(Some((changed, at)))
}
