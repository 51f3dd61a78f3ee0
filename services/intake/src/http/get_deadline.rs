//! Explains a dossier's deadline: every day or hour counted or skipped, and why.

use std::sync::Arc;

use dossier::LawError;
use dossier::contract::DossierId;
use dossier::intake::READ;
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE};
use jiff::Timestamp;
use serde::Serialize;
use service_kit::http::{Due, Operation, Problem, Reply, Request, read};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A deadline and how it came about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadlineReply {
    /// The promise in force.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was missed.
    missed: bool,
    /// Whether the clock stands still now; then no instant can be named.
    suspended: bool,
    /// How often the appointment was moved.
    redatings: u32,
    /// The spans in which the clock stood still, with the event that stopped it.
    suspensions: Vec<SuspensionReply>,
    /// How the instant follows from start, period and calendar; null while the clock has not started.
    explanation: Option<dossier::clock::Explanation>,
}

/// A span in which the clock stood still.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuspensionReply {
    /// Since when.
    from: Timestamp,
    /// Until when; null while it lasts.
    to: Option<Timestamp>,
    /// The event that stopped it.
    cause: Uuid,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/dossiers/{dossier}/deadline",
        "get_deadline",
        "Explain the deadline of a dossier",
    )
    .describe("Every day or hour that was counted or skipped, and why.")
    .roles(READ)
    .versioned()
    .refusals(&[LAW_NOT_APPLICABLE, NOT_COMPUTABLE])
    .reply::<DeadlineReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.dossiers, READ, &dossier.to_string(), &request).await?;
    let intake = &loaded.state;
    let refused = |error: LawError| Problem::refused(&error);
    let law = app.kit.law();
    let submission = intake.submission.as_ref().ok_or_else(Problem::not_found)?;
    let agency = &submission.brief.agency;
    let reply = DeadlineReply {
        due: Due::of(&law, agency, intake.promised.as_ref().map(|p| p.promise.due_at)),
        missed: intake.promised.as_ref().is_some_and(|promised| promised.missed),
        suspended: intake.is_suspended(),
        redatings: intake.redatings,
        suspensions: intake
            .suspensions
            .iter()
            .map(|s| SuspensionReply { from: s.from, to: s.to.or(intake.ended_at), cause: s.cause })
            .collect(),
        explanation: intake.explanation(&law).map_err(refused)?,
    };
    Ok(Reply::ok(&reply).version(loaded.version).position(loaded.position))
}
