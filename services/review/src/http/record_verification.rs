//! Puts on record what was found on site. The law: `libs/dossier/src/review/record_verification.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::record_verification::{RecordVerification, STEP, decide};
use jiff::Timestamp;
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1};
use utoipa::ToSchema;

use super::reply::{ReviewReply, take};
use crate::App;

/// What was found on site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordVerificationRequest {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Where.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    place: Text<500>,
    /// Who took part.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    participants: Text<2000>,
    /// What was found.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    findings: Text<4000>,
}

/// Puts on record what was found on site.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/verifications",
    operation_id = "record_verification",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = RecordVerificationRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take(&app, STEP, dossier, &request, |body: &RecordVerificationRequest, state, facts| {
        let command = RecordVerification {
            from: body.from,
            to: body.to,
            place: body.place.0.clone(),
            participants: body.participants.0.clone(),
            findings: body.findings.0.clone(),
        };
        decide(state, command, facts)
    })
    .await
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "verifications"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
