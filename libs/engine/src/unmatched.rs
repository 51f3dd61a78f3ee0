//! Unmatched notices: notices of partners that refer to nothing of this installation. Each is kept
//! once, in the order of arrival, for an operator. The partner gets a 2xx and does not send it
//! again, so a notice that is not kept here is lost.

use std::sync::Arc;

use dossier::contract::{Actor, DossierId, Envelope, EventSet, NoticeAssigned, UnmatchedEvent};
use dossier::services::Category;
use events::{AppendError, Expected, NewEvent, ReadError, StreamName, Version};
use jiff::Timestamp;
use platform::metrics::Counted;
use uuid::Uuid;

use crate::clock::{ClockWrong, following};
use crate::limits::{ASSIGNED_FOR, ATTEMPTS_MAX, UNMATCHED_PAGE_MAX};
use crate::{Engine, decode, recorded_at};

/// An unmatched notice that was kept.
#[derive(Debug, Clone)]
pub struct Kept<E> {
    /// Id of the event that recorded it.
    pub id: Uuid,
    /// Cursor of the notice: its version in the stream of its service.
    pub at: u64,
    /// Absent if the recorded event has no envelope.
    pub received_at: Option<Timestamp>,
    pub notice: E,
}

/// A notice that refers to nothing of this installation.
#[derive(Debug, Clone, Copy)]
pub struct Unmatched<'a, E> {
    /// The service that received it.
    pub service: &'static str,
    /// Name of the sender, as it may appear in the operational log.
    pub partner: &'a str,
    /// The identifier that it refers to.
    pub reference: &'a str,
    pub notice: &'a E,
}

/// Why notices cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum UnmatchedError {
    /// The clock is wrong, so that nothing may be recorded.
    #[error(transparent)]
    Clock(#[from] ClockWrong),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Keeps a notice. Notices that are equal in every field count as one.
pub async fn keep<E: EventSet>(
    engine: &Engine,
    unmatched: Unmatched<'_, E>,
) -> Result<(), UnmatchedError> {
    let Unmatched { service, partner, reference, notice } = unmatched;
    let (kind, data) = (notice.kind(), notice.encode());
    let command = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{kind}\n{data}").as_bytes());
    let at = engine.time()?;
    let new = record(engine, service, command, (kind, data), at).await?;
    if new {
        engine.metrics.unmatched(service);
    }
    tracing::warn!(service, partner, reference, new, "unmatched notice of a partner");
    Ok(())
}

/// Adds the number of a service's kept notices to the metrics.
pub fn offer(engine: &Arc<Engine>, service: &'static str) {
    let store = Arc::clone(&engine.store);
    engine.metrics.asks(move || {
        let store = Arc::clone(&store);
        Box::pin(async move {
            let last = store.last(&stream(service).ok()?).await.ok()?;
            let value = last.map_or(0, |newest| newest.version.0);
            let help = "Notices of partners that named nothing of ours and are kept";
            let label = Some(("service", service));
            Some(vec![Counted { name: "notices_kept", help, label, value }])
        })
    });
}

/// Notices of a service after the cursor `after`, the oldest first, at most [`UNMATCHED_PAGE_MAX`].
pub async fn page<E: EventSet>(
    engine: &Engine,
    service: &'static str,
    after: Option<u64>,
) -> Result<Vec<Kept<E>>, UnmatchedError> {
    let stream = stream(service)?;
    let recorded = engine.store.read(&stream, after.map(Version)).await?;
    recorded
        .iter()
        .take(UNMATCHED_PAGE_MAX)
        .map(|event| {
            let notice = decode(event)?;
            Ok(Kept { id: event.id, at: event.version.0, received_at: recorded_at(event), notice })
        })
        .collect()
}

/// The newest assignment of a notice to a dossier.
#[derive(Debug, Clone, Copy)]
pub struct Assigned {
    pub dossier: DossierId,
    /// Whether the request that assigned it may still match it.
    pub is_held: bool,
    version: Version,
    at: Option<Timestamp>,
}

/// The newest assignment of a notice; `None` if it is assigned to no dossier.
pub async fn assigned(engine: &Engine, notice: Uuid) -> Result<Option<Assigned>, UnmatchedError> {
    let stream = StreamName::of(Category::Unmatched.as_str(), notice);
    let Some(last) = engine.store.last(&stream).await? else { return Ok(None) };
    let UnmatchedEvent::NoticeAssigned(assigned) = decode(&last)? else { return Ok(None) };
    let (now, at) = (engine.time()?, recorded_at(&last));
    let is_held = at.is_none_or(|at| now.duration_since(at) < ASSIGNED_FOR);
    Ok(Some(Assigned { dossier: assigned.dossier, is_held, version: last.version, at }))
}

/// Assigns a notice to a dossier, after the newest assignment `before`. The newest one counts.
/// Returns false if the notice has been assigned again since `before`.
pub async fn assign(
    engine: &Engine,
    service: &'static str,
    (notice, dossier): (Uuid, DossierId),
    before: Option<Assigned>,
) -> Result<bool, UnmatchedError> {
    let stream = StreamName::of(Category::Unmatched.as_str(), notice);
    let name = match before {
        None => dossier.to_string(),
        Some(before) => format!("{dossier} after {}", before.version.0),
    };
    let command = Uuid::new_v5(&notice, name.as_bytes());
    let assigned = UnmatchedEvent::from(NoticeAssigned { notice, dossier });
    let envelope = Envelope {
        at: engine.time_after(before.and_then(|before| before.at))?,
        actor: Actor::system(service),
        command,
        digest: String::new(),
        cause: None,
        dossier: Some(dossier),
        trace: None,
    };
    let event = NewEvent {
        id: NewEvent::id_of(&stream, command, 0),
        kind: assigned.kind().into(),
        data: assigned.encode(),
        meta: envelope.encode(),
    };
    let expected = Expected::from(before.map(|before| before.version));
    match engine.store.append(&stream, expected, vec![event]).await {
        Ok(_) => Ok(true),
        Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn stream(service: &str) -> Result<StreamName, AppendError> {
    Ok(StreamName::new(&Category::Unmatched.stream(service))?)
}

/// Appends the notice; false if it was kept before.
async fn record(
    engine: &Engine,
    service: &'static str,
    command: Uuid,
    (kind, data): (&str, String),
    at: Timestamp,
) -> Result<bool, UnmatchedError> {
    let stream = stream(service)?;
    let envelope = |at| Envelope {
        at,
        actor: Actor::system(service),
        command,
        digest: String::new(),
        cause: None,
        dossier: None,
        trace: None,
    };
    let id = NewEvent::id_of(&stream, command, 0);
    let mut failed = None;
    for _ in 0..ATTEMPTS_MAX {
        let last = engine.store.last(&stream).await?;
        let at = following(at, last.as_ref().and_then(recorded_at))?;
        let expected = Expected::from(last.map(|event| event.version));
        let meta = envelope(at).encode();
        let event = NewEvent { id, kind: kind.into(), data: data.clone(), meta };
        match engine.store.append(&stream, expected, vec![event]).await {
            Ok(_) => return Ok(true),
            // The notice was kept before.
            Err(AppendError::IdReused(_)) => return Ok(false),
            Err(error @ (AppendError::Conflict { .. } | AppendError::Unreachable(_))) => {
                failed = Some(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(failed.unwrap_or(AppendError::Conflict { actual: None }).into())
}
