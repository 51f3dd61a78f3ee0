//! Enforces due obligations in groups: the streams of all services that they depend on are read
//! together, and the resulting appends share a sync of the store.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::{Elsewhere, Obligation, State};
use events::{Position, Recorded, StreamName};
use futures_util::FutureExt;
use futures_util::future::join_all;
use uuid::Uuid;

use super::index::Due;
use tracing::Instrument;

use crate::limits::ENFORCED_TOGETHER;
use crate::streams::{CommandEnvelope, Executed, Streams, envelope};
use crate::{Kit, telemetry};

/// Due obligations, with the streams that they depend on.
pub(super) struct Group {
    pub(super) due: Vec<Due>,
    /// The same number of streams for each obligation.
    streams: Vec<StreamName>,
    read: Vec<Vec<Recorded>>,
}

/// What the index has to know of a changed stream.
pub(super) struct Changed {
    pub(super) position: Position,
    pub(super) obligations: Vec<Obligation>,
}

/// The first due obligations with the streams that they depend on: at most as many as are enforced
/// together and fit into memory.
pub(super) async fn read<S: State>(kit: &Kit, due: &[Due]) -> Group {
    let due = due.get(..ENFORCED_TOGETHER).unwrap_or(due);
    let mut streams: Vec<StreamName> =
        due.iter().flat_map(|due| looked_into::<S>(due.stream)).collect();
    let of_each = streams.len().checked_div(due.len()).unwrap_or(0).max(1);
    let mut read = Vec::new();
    // At least all streams of one obligation.
    while read.len() < of_each.min(streams.len()) {
        match kit.store.read_together(&streams[read.len()..]).await {
            Ok(more) if !more.is_empty() => read.extend(more),
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(category = S::CATEGORY, %error, "nothing can be enforced now");
                return Group { due: due.to_vec(), streams, read: Vec::new() };
            }
        }
    }
    let whole = read.len() / of_each;
    if whole == 0 {
        return Group { due: due.to_vec(), streams, read: Vec::new() };
    }
    read.truncate(whole * of_each);
    streams.truncate(whole * of_each);
    Group { due: due.iter().take(whole).cloned().collect(), streams, read }
}

/// The obligations of a state. In debug builds, panics on a kind that no command enforces.
pub(super) fn obligations<S: State>(state: &S) -> Vec<Obligation> {
    let open = state.obligations();
    for Obligation { kind, .. } in &open {
        debug_assert!(S::when_due(kind).is_some(), "no command enforces {kind} of {}", S::CATEGORY);
    }
    open
}

/// Categories of a dossier's streams whose events may meet an obligation.
const CATEGORIES: [&str; 4] = ["intake", "payment", "review", "delivery"];

/// Streams that are read before an obligation is enforced: its own and, if that is named by a
/// dossier's id, those of other services for the dossier.
fn looked_into<S: State>(id: Uuid) -> impl Iterator<Item = StreamName> {
    let others = CATEGORIES.into_iter().filter(|c| S::IS_NAMED_BY_DOSSIER && *c != S::CATEGORY);
    let all = std::iter::once(S::CATEGORY).chain(others);
    all.filter_map(move |category| StreamName::new(&format!("{category}-{}", DossierId(id))).ok())
}

fn elsewhere(event: &Recorded) -> Option<Elsewhere> {
    let at = envelope(event).ok()?.at;
    Some(Elsewhere { id: event.id, kind: event.kind.to_string(), data: event.data.clone(), at })
}

/// Enforces each obligation of the group; returns the changed stream for each, or `None` if it had
/// no effect.
pub(super) async fn enforce<S: State>(
    streams: Arc<Streams<S>>,
    service: &'static str,
    group: Group,
) -> Vec<Option<Changed>> {
    let Group { due, streams: names, read } = &group;
    if read.is_empty() {
        return due.iter().map(|_| None).collect();
    }
    let of_each = names.len().checked_div(due.len()).unwrap_or(0).max(1);
    let each = due.iter().zip(names.chunks(of_each).zip(read.chunks(of_each)));
    join_all(each.map(|(due, (names, read))| alone(&streams, service, due, (names, read)))).await
}

/// Catches a panic, so that the others of the group are still enforced.
async fn alone<S: State>(
    streams: &Streams<S>,
    service: &'static str,
    due: &Due,
    read: (&[StreamName], &[Vec<Recorded>]),
) -> Option<Changed> {
    let enforcing = AssertUnwindSafe(enforce_one(streams, service, due, read));
    enforcing.catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(stream = %due.stream, kind = &*due.kind, "an obligation panicked");
        None
    })
}

async fn enforce_one<S: State>(
    streams: &Streams<S>,
    service: &'static str,
    due: &Due,
    (names, read): (&[StreamName], &[Vec<Recorded>]),
) -> Option<Changed> {
    let ([stream, ..], [own, others @ ..]) = (names, read) else { return None };
    let before = match streams.take_in(stream, own) {
        Ok(before) => before.version,
        Err(error) => {
            tracing::error!(%stream, %error, "nothing of a stream can be enforced");
            return None;
        }
    };
    let opening = read.iter().flatten().find(|event| event.id == due.opened_by);
    let opened_in = opening.and_then(|event| envelope(event).ok()?.trace);
    let span = telemetry::enforcement(service, &due.kind, opened_in.as_deref());
    let elsewhere: Vec<Elsewhere> = others.iter().flatten().filter_map(elsewhere).collect();
    let name = format!("{}/{}/{stream}", due.kind, due.due_at);
    let Some(step) = S::when_due(&due.kind).map(|command| command.step()) else {
        tracing::error!(%stream, kind = &*due.kind, "no step enforces an obligation");
        return None;
    };
    let command = Uuid::new_v5(&due.opened_by, name.as_bytes());
    let envelope = CommandEnvelope::by_service(service, stream.clone(), command)
        .about(S::IS_NAMED_BY_DOSSIER.then_some(DossierId(due.stream)))
        .caused_by(due.opened_by)
        .traced(span.in_scope(telemetry::current))
        .knowing(&elsewhere);
    let enforced = streams.enforce(&envelope, (&due.kind, step));
    match enforced.instrument(span).await {
        Ok(executed) if executed.loaded.version == before => None,
        Ok(Executed { loaded, .. }) => {
            Some(Changed { position: loaded.position, obligations: obligations(&loaded.state) })
        }
        Err(error) => {
            tracing::error!(%stream, kind = &*due.kind, ?error, "an obligation failed");
            None
        }
    }
}
