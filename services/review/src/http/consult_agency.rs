//! Asks another agency for its opinion. The law: `libs/dossier/src/review/consult_agency.rs`.

use std::sync::Arc;

use dossier::contract::{AgencyCode, DossierId};
use dossier::review::consult_agency::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Line, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// Whom to ask what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsultAgencyRequest {
    /// The code of the agency.
    #[schema(value_type = String, min_length = 1, max_length = 35)]
    agency: Line<35>,
    /// What it is asked.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    question: Text<4000>,
}

/// Asks another agency for its opinion.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/consultations",
    operation_id = "consult_agency",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = ConsultAgencyRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &ConsultAgencyRequest, state, facts| {
        decide(state, AgencyCode::from(&*body.agency.0), body.question.0.clone(), facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "consultations"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
