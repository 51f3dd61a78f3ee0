//! Enforces due obligations in groups: the streams of all services that they depend on are read
//! together, and the resulting appends share a sync of the store.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use dossier::Elsewhere;
use dossier::clock::{self, DeadlineKind, Deadlines};
use dossier::contract::DossierId;
use dossier::services::Category;
use events::{Position, ReadError, Recorded, StreamName};
use futures_util::FutureExt;
use futures_util::future::join_all;
use uuid::Uuid;

use super::index::{Due, Open};
use tracing::Instrument;

use platform::telemetry;

use crate::limits::ENFORCED_TOGETHER;
use crate::pulse::Work;
use crate::{CommandEnvelope, Engine, Executed, Streams, envelope};

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
    pub(super) deadlines: Vec<Open>,
}

/// The first due obligations with the streams that they depend on: at most as many as are enforced
/// together and fit into memory.
pub(super) async fn read<S: Deadlines>(engine: &Engine, due: &[Due]) -> Group {
    let due = due.get(..ENFORCED_TOGETHER).unwrap_or(due);
    let mut streams: Vec<StreamName> =
        due.iter().flat_map(|due| looked_into::<S>(due.stream)).collect();
    let of_each = streams.len().checked_div(due.len()).unwrap_or(0).max(1);
    let mut read = Vec::new();
    // At least all streams of one obligation.
    while read.len() < of_each.min(streams.len()) {
        match engine.store.read_together(&streams[read.len()..]).await {
            Ok(more) if !more.is_empty() => read.extend(more),
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(category = S::CATEGORY, %error, "deadlines cannot be enforced; retrying");
                if !error.is_retryable() {
                    engine.metrics.defect(Work::Enforces.name());
                }
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

/// The open deadlines of a state.
pub(super) fn deadlines<S: Deadlines>(state: &S) -> Vec<Open> {
    clock::open_deadlines(state).map(Open::from).collect()
}

/// Streams that are read before an obligation is enforced: its own and, if that is named by a
/// dossier's id, those of other services for the dossier.
fn looked_into<S: Deadlines>(id: Uuid) -> impl Iterator<Item = StreamName> {
    let others = Category::HANDLING.into_iter().map(Category::as_str);
    let others = others.filter(|c| S::IS_NAMED_BY_DOSSIER && *c != S::CATEGORY);
    let all = std::iter::once(S::CATEGORY).chain(others);
    all.map(move |category| StreamName::of(category, id))
}

/// What another service recorded. One that cannot be decoded prevents the enforcement: it may be
/// what was waited for.
fn elsewhere(event: &Recorded) -> Result<Elsewhere, ReadError> {
    let at = envelope(event)?.at;
    Ok(Elsewhere { id: event.id, kind: event.kind.to_string(), data: event.data.clone(), at })
}

/// Enforces each obligation of the group; returns the changed stream for each, or `None` if it had
/// no effect.
pub(super) async fn enforce<S: Deadlines>(
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
async fn alone<S: Deadlines>(
    streams: &Streams<S>,
    service: &'static str,
    due: &Due,
    read: (&[StreamName], &[Vec<Recorded>]),
) -> Option<Changed> {
    let enforcing = AssertUnwindSafe(enforce_one(streams, service, due, read));
    enforcing.catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(stream = %due.stream, kind = &*due.kind, "enforcement of an obligation panicked; retrying");
        streams.engine().metrics.defect(Work::Enforces.name());
        None
    })
}

async fn enforce_one<S: Deadlines>(
    streams: &Streams<S>,
    service: &'static str,
    due: &Due,
    (names, read): (&[StreamName], &[Vec<Recorded>]),
) -> Option<Changed> {
    let ([stream, ..], [own, others @ ..]) = (names, read) else { return None };
    let before = match streams.take_in(stream, own) {
        Ok(before) => before.version,
        Err(error) => {
            tracing::error!(%stream, %error, "deadlines of a stream cannot be enforced");
            streams.engine().metrics.defect(Work::Enforces.name());
            return None;
        }
    };
    let opening = read.iter().flatten().find(|event| event.id == due.opened_by);
    let opened_in = opening.and_then(|event| envelope(event).ok()?.trace);
    let span = telemetry::enforcement(service, &due.kind, opened_in.as_deref());
    let elsewhere: Vec<Elsewhere> = match others.iter().flatten().map(elsewhere).collect() {
        Ok(elsewhere) => elsewhere,
        Err(error) => {
            tracing::error!(%stream, %error, "deadlines of a stream cannot be enforced");
            streams.engine().metrics.defect(Work::Enforces.name());
            return None;
        }
    };
    let name = format!("{}/{}/{stream}", due.kind, due.due_at);
    let Some(kind) = S::Kind::parse(&due.kind) else {
        tracing::error!(%stream, kind = &*due.kind, "the index has a deadline of an unknown kind");
        return None;
    };
    let command = Uuid::new_v5(&due.opened_by, name.as_bytes());
    let envelope = CommandEnvelope::by_service(service, stream.clone(), command)
        .about(S::IS_NAMED_BY_DOSSIER.then_some(DossierId(due.stream)))
        .caused_by(due.opened_by)
        .traced(span.in_scope(telemetry::current))
        .knowing(&elsewhere);
    let enforced = streams.enforce(&envelope, &kind);
    match enforced.instrument(span).await {
        Ok(executed) if executed.loaded.version == before => None,
        Ok(Executed { loaded, .. }) => {
            Some(Changed { position: loaded.position, deadlines: deadlines(&loaded.state) })
        }
        Err(error) => {
            tracing::error!(%stream, kind = &*due.kind, ?error, "enforcement of an obligation failed; retrying");
            if error.is_defect() {
                streams.engine().metrics.defect(Work::Enforces.name());
            }
            None
        }
    }
}
