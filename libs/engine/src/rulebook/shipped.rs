//! Issues shipped files of rules at start.

use dossier::contract::{Actor, Envelope, EventSet, LawEvent, RulesIssued};
use dossier::law::Law;
use dossier::rules::{Rules, RulesStage, Shipped, stream_id};
use dossier::services::Category;
use events::{AppendError, EventStore, Expected, NewEvent, ReadError, Recorded, StreamName};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Rulebook, RulebookError};
use crate::clock::{ClockWrong, following, newest_recorded};
use crate::limits::ATTEMPTS_MAX;
use crate::{fold, recorded_at};

impl Rulebook {
    /// Issues a shipped file, unless it is recorded already. Returns the reason if it is skipped in
    /// favour of an agency's own rules. `law` includes all files issued so far; a file that
    /// contradicts it is not recorded.
    pub(super) async fn issue(
        &self,
        store: &EventStore,
        law: &mut Law,
        rules: &RulesIssued,
        now: Timestamp,
    ) -> Result<Option<String>, RulebookError> {
        let id = stream_id(rules.kind, &rules.name);
        let stream =
            StreamName::new(&Category::Law.stream(&id)).map_err(AppendError::StreamName)?;
        for _ in 0..ATTEMPTS_MAX {
            let issued = store.read_whole(&stream).await?;
            let known: Rules = fold(&issued)?;
            match known.shipped(rules) {
                Shipped::New => {}
                Shipped::Known => {
                    let known = known.version(rules.version);
                    // A process that starts at the same time may have recorded it.
                    if known.is_some_and(|known| known.stage == RulesStage::Issued) {
                        law.record(rules, now);
                    }
                    return Ok(None);
                }
                Shipped::PassedOver(why) => return Ok(Some(why.to_owned())),
                Shipped::Changed => return Err(RulebookError::Changed(id, rules.version)),
            }
            let last = issued.last();
            let Ok(at) = at_end(store, now, last).await? else {
                let why = "the newest event of its stream was recorded by a clock that was ahead";
                return Ok(Some(why.to_owned()));
            };
            // The file may contradict rules that an agency has issued or withdrawn; that must not
            // prevent the start.
            let mut tried = law.clone();
            match tried.apply(rules, Some(at)) {
                Ok(()) => {}
                Err(error) if self.register().values().any(|rules| rules.is_touched()) => {
                    return Ok(Some(error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
            let expected = Expected::from(last.map(|event| event.version));
            match record(store, &stream, rules, at, expected).await {
                Ok(()) => {
                    *law = tried;
                    return Ok(None);
                }
                // A process that starts at the same time has appended; try again.
                Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(RulebookError::Contended)
    }
}

/// The time of an event at the head of the log, after `last` in its stream. Processes that start at
/// the same time have other clocks and may append first; the time is not before that of their
/// events.
async fn at_end(
    store: &EventStore,
    now: Timestamp,
    last: Option<&Recorded>,
) -> Result<Result<Timestamp, ClockWrong>, ReadError> {
    let now = newest_recorded(store).await?.map_or(now, |newest| newest.max(now));
    Ok(following(now, last.and_then(recorded_at)))
}

async fn record(
    store: &EventStore,
    stream: &StreamName,
    rules: &RulesIssued,
    now: Timestamp,
    expected: Expected,
) -> Result<(), AppendError> {
    let name = format!("{stream}/{}", rules.version);
    let command = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let event = LawEvent::from(rules.clone());
    let event = NewEvent {
        id: NewEvent::id_of(stream, command, 0),
        kind: event.kind().into(),
        data: event.encode(),
        meta: envelope(command, now).encode(),
    };
    store.append(stream, expected, vec![event]).await.map(|_| ())
}

pub(super) fn envelope(command: Uuid, at: Timestamp) -> Envelope {
    let actor = Actor::system(concat!("dossier/", env!("CARGO_PKG_VERSION")));
    let digest = String::new();
    Envelope { at, actor, command, digest, cause: None, dossier: None, trace: None }
}
