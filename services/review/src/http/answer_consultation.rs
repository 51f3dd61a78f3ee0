//! Answers a consultation. The law: `libs/dossier/src/review/answer_consultation.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::review::answer_consultation::AnswerConsultation;
use service_kit::http::{Access, Problem, Reply, Request, Route, endpoint1, execute, shown};

use super::reply::ReviewReply;
use crate::App;

/// Answers a consultation.
#[utoipa::path(
    post,
    path = "/v1/reviews/{dossier}/consultation-answers",
    operation_id = "answer_consultation",
    params(("dossier" = Uuid, Path, description = "The dossier")),
    request_body = AnswerConsultation,
    responses((status = 200, body = ReviewReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute::<AnswerConsultation>(&app.reviews, id, &request).await?;
    let caller = request.caller()?;
    shown(&loaded, ReviewReply::to(&loaded.state, &app.reviews.kit().law(), caller))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(
        app,
        Access::Roles(AnswerConsultation::STEP.may),
        warp::path!("v1" / "reviews" / DossierId / "consultation-answers"),
        handle,
    )
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
