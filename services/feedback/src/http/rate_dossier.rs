//! Rates the handling of a dossier. The law: `libs/dossier/src/feedback/rate_dossier.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::access::{self, Caller};
use dossier::contract::DossierId;
use dossier::feedback::rate_dossier::RateDossier;
use dossier::feedback::{READ_COMMENT, Rating};
use jiff::Timestamp;
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
    /// Comment in the applicant's words; not for clerks and operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nhanh và rõ ràng.")]
    comment: Option<String>,
    /// When it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    rated_at: Option<Timestamp>,
}

impl RatingReply {
    /// The part that the caller may read; `None` if the dossier cannot be rated.
    pub(super) fn new(rating: &Rating, caller: &Caller) -> Option<Self> {
        let brief = rating.brief.as_ref()?;
        let rated = rating.rated.as_ref();
        let comment = rated.and_then(|rated| rated.comment.as_ref()?.known().cloned());
        let may = access::decide(caller, READ_COMMENT, Some(&brief.resource())).is_ok();
        Some(Self {
            dossier: brief.dossier.0,
            score: rated.map(|rated| rated.score),
            comment: comment.filter(|_| may),
            rated_at: rated.map(|rated| rated.at),
        })
    }
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
    shown(&loaded, RatingReply::new(&loaded.state, request.caller()?))
}
