//! Returns the rating of a dossier.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::feedback::READ_RATING;
use web::{Operation, Problem, Reply, Request, read, shown};

use super::rate_dossier::RatingReply;
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/ratings/{dossier}", "get_rating", "Show the rating of a dossier")
        .describe("It exists once the dossier can be rated. Clerks and operators see no comment.")
        .roles(READ_RATING)
        .versioned()
        .reply::<RatingReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.ratings, READ_RATING, &dossier.to_string(), &request).await?;
    shown(&loaded, RatingReply::new(&loaded.state, request.caller()?))
}
