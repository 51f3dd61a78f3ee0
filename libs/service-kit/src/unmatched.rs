//! Unmatched notices: notices of partners that refer to nothing of this installation. Each is kept
//! once, in the order of arrival, for an operator. The partner gets a 2xx and does not send it
//! again, so a notice that is not kept here is lost.

use std::sync::Arc;

use dossier::contract::{Actor, Envelope, EventSet, Unreadable};
use events::{AppendError, Expected, NewEvent, StreamName, Version};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Kit;
use crate::clock::following;
use crate::http::Problem;
use crate::limits::{ATTEMPTS_MAX, UNMATCHED_PAGE_MAX};
use crate::metrics::Counted;
use crate::streams::recorded_at;

/// An unmatched notice that was kept.
#[derive(Debug, Clone)]
pub struct Kept<E> {
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

/// Keeps a notice. Notices that are equal in every field count as one.
pub async fn keep<E: EventSet>(kit: &Kit, unmatched: Unmatched<'_, E>) -> Result<(), Problem> {
    let Unmatched { service, partner, reference, notice } = unmatched;
    let (kind, data) = (notice.kind(), notice.encode());
    let command = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{kind}\n{data}").as_bytes());
    let at = kit.time()?;
    let new =
        record(kit, service, command, (kind, data), at).await.map_err(|error| match error {
            AppendError::Busy(wait) => Problem::busy(wait),
            AppendError::Unwritable(why) => Problem::unwritable(&why),
            error => Problem::unavailable(&error.to_string()),
        })?;
    if new {
        kit.metrics.unmatched(service);
    }
    tracing::warn!(service, partner, reference, new, "unmatched notice of a partner");
    Ok(())
}

/// Adds the number of a service's kept notices to the metrics.
pub fn offer(kit: &Arc<Kit>, service: &'static str) {
    let store = Arc::clone(&kit.store);
    kit.metrics.asks(move || {
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
    kit: &Kit,
    service: &'static str,
    after: Option<u64>,
) -> Result<Vec<Kept<E>>, Problem> {
    let unreadable = |error: Unreadable| Problem::unavailable(&error.to_string());
    let stream = stream(service).map_err(|error| Problem::unavailable(&error.to_string()))?;
    let recorded = kit.store.read(&stream, after.map(Version)).await?;
    recorded
        .iter()
        .take(UNMATCHED_PAGE_MAX)
        .map(|event| {
            let notice = E::decode(&event.kind, &event.data).map_err(unreadable)?;
            Ok(Kept { at: event.version.0, received_at: recorded_at(event), notice })
        })
        .collect()
}

fn stream(service: &str) -> Result<StreamName, AppendError> {
    Ok(StreamName::new(&format!("unmatched-{service}"))?)
}

/// Appends the notice; false if it was kept before.
async fn record(
    kit: &Kit,
    service: &'static str,
    command: Uuid,
    (kind, data): (&str, String),
    at: Timestamp,
) -> Result<bool, AppendError> {
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
    let mut failed = AppendError::Unavailable("the stream moves on too fast".to_owned());
    for _ in 0..ATTEMPTS_MAX {
        let last = kit.store.last(&stream).await;
        let last = last.map_err(|error| AppendError::Unavailable(error.to_string()))?;
        let at = following(at, last.as_ref().and_then(recorded_at))
            .map_err(|wrong| AppendError::Unavailable(wrong.to_string()))?;
        let expected = Expected::from(last.map(|event| event.version));
        let meta = serde_json::to_string(&envelope(at)).unwrap_or_default();
        let event = NewEvent { id, kind: kind.into(), data: data.clone(), meta };
        match kit.store.append(&stream, expected, vec![event]).await {
            Ok(_) => return Ok(true),
            // The notice was kept before.
            Err(AppendError::IdReused(_)) => return Ok(false),
            Err(error @ (AppendError::Conflict { .. } | AppendError::Unavailable(_))) => {
                failed = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(failed)
}
