//! Explains what an agency owes to a complaint next, and by when.

use std::sync::Arc;

use dossier::LawError;
use dossier::clock::{Explanation, explain_obligations};
use dossier::contract::ComplaintId;
use dossier::feedback::READ;
use serde::Serialize;
use service_kit::http::{Access, Due, Problem, Reply, Request, Route, endpoint1, read};
use utoipa::ToSchema;

use crate::App;

/// What is owed next.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintDeadlineReply {
    /// What: `classify`, `forward`, `answer` or `publish`; null if nothing is.
    owed: Option<&'static str>,
    /// By when.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// How that instant came about.
    #[schema(value_type = Option<Object>)]
    explanation: Option<Explanation>,
}

/// Explains what an agency owes to a complaint next, and by when.
#[utoipa::path(
    get,
    path = "/v1/complaints/{complaint}/deadline",
    operation_id = "get_complaint_deadline",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    responses((status = 200, body = ComplaintDeadlineReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.complaints, READ, &complaint.to_string(), &request).await?;
    let due = loaded.state.due;
    let law = app.complaints.kit().law();
    let agency = loaded.state.agency().ok_or_else(Problem::not_found)?;
    let explained = explain_obligations(&loaded.state, &law)
        .map_err(|error: LawError| Problem::refused(&error))?;
    let reply = ComplaintDeadlineReply {
        owed: due.map(|due| due.what.as_str()),
        due: Due::of(&law, agency, due.map(|due| due.running.due_at)),
        explanation: explained.into_iter().next().map(|(_, _, explanation)| explanation),
    };
    Ok(Reply::ok(&reply).version(loaded.version).position(loaded.position))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(READ),
        warp::path!("v1" / "complaints" / ComplaintId / "deadline"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
