//! Explains the next obligation of the agency to a complaint, and its due instant.

use std::sync::Arc;

use dossier::LawError;
use dossier::clock::{self, Explanation};
use dossier::contract::ComplaintId;
use dossier::feedback::{ComplaintDeadline, Owed, READ};
use dossier::step::{LAW_NOT_APPLICABLE, NOT_COMPUTABLE};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Due, Operation, Problem, Reply, Request, read};

use crate::App;

/// The next obligation of the agency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintDeadlineReply {
    /// The kind of obligation; null if nothing is due.
    owed: Option<Owed>,
    /// Due instant.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Calculation of the due instant.
    explanation: Option<Explanation>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/complaints/{complaint}/deadline",
        "get_complaint_deadline",
        "Explain the next deadline of a complaint",
    )
    .impersonal("dates and their calculation")
    .roles(READ)
    .refusals(&[LAW_NOT_APPLICABLE, NOT_COMPUTABLE])
    .versioned()
    .reply::<ComplaintDeadlineReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.complaints, READ, &complaint.to_string(), &request).await?;
    let due = loaded.state.due();
    let law = app.complaints.engine().law();
    let agency = loaded.state.agency().ok_or_else(Problem::not_found)?;
    let explanation = clock::explanation(&loaded.state, &ComplaintDeadline::Task, &law)
        .map_err(|error: LawError| Problem::refused(&error))?;
    let reply = ComplaintDeadlineReply {
        owed: due.map(|due| due.what),
        due: Due::of(&law, agency, due.map(|due| due.running.due_at)),
        explanation,
    };
    Ok(Reply::ok(&reply).version(loaded.version).position(loaded.position))
}
