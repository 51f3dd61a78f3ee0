//! Keeps what a provider says of none of our payments, in a stream named by the fact. The same again is kept once; the same
//! fact with another amount is kept beside it.

use dossier::contract::{EventSet, NoticeUnmatched, UnmatchedEvent};
use events::{AppendError, Expected, NewEvent, StreamName, Version};
use service_kit::Kit;
use service_kit::http::Problem;
use service_kit::limits::ATTEMPTS_MAX;
use uuid::Uuid;

/// How many different things are kept of one fact: a provider that changes its mind for ever fills no disk.
const OF_ONE_FACT_MAX: usize = 16;

/// Keeps a notice.
pub(crate) async fn keep(kit: &Kit, notice: NoticeUnmatched) -> Result<(), Problem> {
    let unusable = |error: &dyn std::fmt::Display| Problem::unavailable(&error.to_string());
    let fact = format!("{}\n{}\n{}", notice.provider, notice.provider_event, notice.reference);
    let first = Uuid::new_v5(&Uuid::NAMESPACE_URL, fact.as_bytes());
    let stream = StreamName::new(&format!("unmatched-{first}")).map_err(|e| unusable(&e))?;
    let mut known: Vec<NoticeUnmatched> = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        let said = |one: &NoticeUnmatched| (one.amount, one.said.clone().unwrap_or_default());
        let mut before = known.iter();
        // What was kept before it was recorded what the provider said of it, is known by its amount.
        let same = before.any(|one| {
            one.amount == notice.amount && (one.said.is_none() || said(one) == said(&notice))
        });
        if same || known.len() >= OF_ONE_FACT_MAX {
            return Ok(());
        }
        let place = known.len();
        let id = if place == 0 { first } else { Uuid::new_v5(&first, &place.to_be_bytes()) };
        let version = u64::try_from(place).ok().filter(|version| *version > 0).map(Version);
        let event = UnmatchedEvent::from(notice.clone());
        let meta = serde_json::json!({ "at": kit.time()?, "actor": { "subject": "payment", "role": "system" },
            "command": id, "digest": "" });
        let (kind, data) = (event.kind().into(), event.encode());
        let new = NewEvent { id, kind, data, meta: meta.to_string() };
        match kit.store.append(&stream, Expected::from(version), vec![new]).await {
            Ok(_) => {
                tracing::warn!(%id, "a provider's notice names none of our payments");
                return Ok(());
            }
            Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => {
                known.clear();
                for recorded in kit.store.read_whole(&stream).await? {
                    let UnmatchedEvent::NoticeUnmatched(one) =
                        UnmatchedEvent::decode(&recorded.kind, &recorded.data)
                            .map_err(|error| unusable(&error))?;
                    known.push(one);
                }
            }
            Err(error) => return Err(unusable(&error)),
        }
    }
    Err(unusable(&"the notice could not be kept"))
}
