//! The time that a dossier took from submission to decision, as the applicant experiences it. The
//! legal clock does not show this: it is suspended and restarted in between.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::intake::READ;
use engine::view::Question;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use crate::App;

/// Elapsed time, divided into that of the applicant and that of the agency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ElapsedReply {
    /// Time of the submission.
    submitted_at: Timestamp,
    /// Time of the decision or the end; null while the dossier is open, and then all figures are up
    /// to now.
    handled_at: Option<Timestamp>,
    /// Seconds since the submission.
    elapsed_s: i64,
    /// Seconds of these while a fee or a supplement was awaited.
    with_applicant_s: i64,
    /// All other seconds.
    with_agency_s: i64,
    /// Contacts with the applicant: the submission, and each supplement or fee.
    contacts: u32,
    /// Number of supplement requests.
    supplements: u32,
    /// How often the agency restarted the clock.
    restarts: u32,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/register/dossiers/{dossier}/elapsed",
        "get_elapsed",
        "Show the elapsed time of a dossier",
    )
    .impersonal("durations")
    .roles(READ)
    .reply::<ElapsedReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    super::get_obligations::permitted(&app, dossier, &request).await?;
    request.catch_up(Some(&app.progress)).await?;
    let now = app.engine.clock.now();
    let found = app
        .view
        .query(Question::LookUp, move |rows| {
            rows.query_row(
                "SELECT submitted_at, handled_at, awaits_since, applicant_ms, contacts, supplements, restarts
                 FROM dossiers WHERE id = ?1",
                [dossier.to_string()],
                |row| elapsed(row, now),
            )
            .optional()
        })
        .await?;
    Ok(Reply::ok(&found.ok_or_else(Problem::not_found)?))
}

fn elapsed(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<ElapsedReply> {
    let instant = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or(now);
    let (submitted_at, handled_at) = (instant(row.get(0)?), row.get::<_, Option<i64>>(1)?);
    let handled_at = handled_at.map(instant);
    let until = handled_at.unwrap_or(now);
    let awaits_since: Option<i64> = row.get(2)?;
    let awaited = awaits_since.map_or(0, |since| until.duration_since(instant(since)).as_secs());
    let elapsed_s = until.duration_since(submitted_at).as_secs();
    let with_applicant_s = row.get::<_, i64>(3)? / 1_000 + awaited.max(0);
    Ok(ElapsedReply {
        submitted_at,
        handled_at,
        elapsed_s,
        with_applicant_s,
        with_agency_s: elapsed_s.saturating_sub(with_applicant_s),
        contacts: row.get(4)?,
        supplements: row.get(5)?,
        restarts: row.get(6)?,
    })
}
