//! Explains the deadline of a dossier: every counted or skipped day or hour, and the reason.

use std::sync::Arc;

use dossier::LawError;
use dossier::clock;
use dossier::contract::DossierId;
use dossier::intake::{IntakeDeadline, READ};
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Due, Operation, Problem, Reply, Request, read};

use crate::App;

/// The deadline of a dossier and its calculation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadlineReply {
    /// Promised due instant.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether the deadline was missed.
    missed: bool,
    /// Whether the clock is suspended now; then there is no due instant.
    suspended: bool,
    /// How often the appointment was moved.
    redatings: u32,
    /// Suspensions of the clock, with their causes.
    suspensions: Vec<SuspensionReply>,
    /// Calculation of the due instant from start, period and calendar; null until the clock has
    /// started.
    explanation: Option<clock::Explanation>,
}

/// A suspension of the clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuspensionReply {
    /// Start of the suspension.
    from: Timestamp,
    /// End of the suspension; null while it lasts.
    to: Option<Timestamp>,
    /// Id of the event that suspended the clock.
    cause: Uuid,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/dossiers/{dossier}/deadline",
        "get_deadline",
        "Explain the deadline of a dossier",
    )
    .describe("Lists every counted and skipped day or hour with its reason.")
    .impersonal("dates and their calculation")
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
    let law = app.engine.law();
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
            .map(|s| SuspensionReply {
                from: s.from,
                to: s.to.or(intake.ended_at()),
                cause: s.cause,
            })
            .collect(),
        explanation: clock::explanation(intake, &IntakeDeadline::Decision, &law)
            .map_err(refused)?,
    };
    Ok(Reply::ok(&reply).version(loaded.version).position(loaded.position))
}
