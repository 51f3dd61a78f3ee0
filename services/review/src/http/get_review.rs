//! Returns the review of a dossier.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::review::READ;
use web::{Operation, Problem, Reply, Request, read, shown};

use super::reply::ReviewReply;
use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/reviews/{dossier}", "get_review", "Show the review of a dossier")
        .describe(
            "404 `not-found` before the acceptance. A consulted agency sees only its own consultations.",
        )
        .roles(READ)
        .versioned()
        .reply::<ReviewReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let loaded = read(&app.reviews, READ, &dossier.to_string(), &request).await?;
    let caller = request.caller()?;
    shown(&loaded, ReviewReply::to(&loaded.state, &app.reviews.engine().law(), caller))
}
