//! Answers a consultation. The law: `libs/dossier/src/review/answer_consultation.rs`.

use std::sync::Arc;

use dossier::contract::{ConsultationId, DossierId};
use dossier::review::answer_consultation::{STEP, decide};
use serde::Deserialize;
use service_kit::http::{Access, Problem, Reply, Request, Route, Text, endpoint1, shown, take};
use utoipa::ToSchema;

use super::reply::ReviewReply;
use crate::App;

/// An agency's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerConsultationRequest {
    /// Which.
    #[schema(value_type = Uuid)]
    consultation: ConsultationId,
    /// Whether the agency agrees.
    #[schema(value_type = bool)]
    agrees: bool,
    /// What it answers.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    answer: Text<4000>,
}

/// Answers a consultation.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/consultation-answers",
    operation_id = "answer_consultation",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = AnswerConsultationRequest,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let answered =
        take(&app.reviews, STEP, id, &request, |body: &AnswerConsultationRequest, state, facts| {
            decide(state, body.consultation, (body.agrees, body.answer.0.clone()), facts)
        });
    let loaded = answered.await?;
    let caller = request.caller()?;
    shown(&loaded, ReviewReply::to(&loaded.state, &app.reviews.kit().law(), caller))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "consultation-answers"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
