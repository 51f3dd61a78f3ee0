//! Rates how a dossier was handled. The law: `libs/dossier/src/feedback/rate_dossier.rs`.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::feedback::Rating;
use dossier::feedback::rate_dossier::{STEP, decide};
use serde::{Deserialize, Serialize};
use service_kit::http::{
    Access, Problem, Reply, Request, Route, Text, endpoint1, shown, take_unseen,
};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A rating.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateDossierRequest {
    /// From 1 (very bad) to 5 (very good).
    #[schema(minimum = 1, maximum = 5)]
    score: u8,
    /// In words.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    comment: Option<Text<4000>>,
}

/// A rating.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatingReply {
    /// The dossier.
    dossier: Uuid,
    /// The score, once given.
    score: Option<u8>,
}

/// Rates how a dossier was handled, once.
#[utoipa::path(
    post,
    path = "/v1/ratings/{dossier}",
    operation_id = "rate_dossier",
    params(
        ("dossier" = Uuid, Path, description = "The dossier"),
        ("If-Match" = Option<String>, Header, description = "Not looked at: a dossier is rated once"),
    ),
    request_body = RateDossierRequest,
    responses((status = 200, body = RatingReply)),
)]
async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let rated = take_unseen(&app.ratings, STEP, id, &request, |body: &RateDossierRequest, s, f| {
        decide(s, body.score, body.comment.as_ref().map(|comment| comment.0.clone()), f)
    });
    let loaded = rated.await?;
    shown(&loaded, reply(&loaded.state))
}

fn reply(rating: &Rating) -> Option<RatingReply> {
    let dossier = rating.brief.as_ref()?.dossier.0;
    Some(RatingReply { dossier, score: rating.score })
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint1(app, Access::Roles(STEP.may), warp::path!("v1" / "ratings" / DossierId), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
