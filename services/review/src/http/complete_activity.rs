//! Completes an activity. The law: `libs/dossier/src/review/complete_activity.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::complete_activity::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// An activity that was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteActivityRequest {
    /// The activity, as the procedure names it.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    activity: Line<200>,
    /// What was found.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    note: Option<Text<4000>>,
}

/// Completes an activity.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/activities",
    operation_id = "complete_activity",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = CompleteActivityRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &CompleteActivityRequest, state, facts| {
        let note = body.note.as_ref().map(|note| note.0.clone());
        decide(state, &body.activity.0, note, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "activities"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
