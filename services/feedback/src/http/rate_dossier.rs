//! Rates the handling of a dossier. The law: `libs/dossier/src/feedback/rate_dossier.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::feedback::Rating;
use dossier::feedback::rate_dossier::RateDossier;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request, execute_unseen, shown};

use crate::App;

/// The rating of a dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatingReply {
    /// Id of the dossier.
    dossier: Uuid,
    /// Score from 1 (very bad) to 5 (very good); null until it is given.
    #[schema(minimum = 1, maximum = 5, example = 5)]
    score: Option<u8>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/ratings/{dossier}", "rate_dossier", "Rate the handling of a dossier")
        .step(&RateDossier::STEP)
        .describe("A dossier can be rated once.")
        .body::<RateDossier>()
        .unseen()
        .reply::<RatingReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = execute_unseen::<RateDossier>(&app.ratings, id, &request).await?;
    shown(&loaded, reply(&loaded.state))
}

fn reply(rating: &Rating) -> Option<RatingReply> {
    let dossier = rating.brief.as_ref()?.dossier.0;
    Some(RatingReply { dossier, score: rating.score })
}
