//! The open dossiers of an officer, those with the least remaining legal time first.

use std::sync::Arc;

use web::{Operation, Problem, Reply, Request};

use super::queue::{Kind, QueueQuery, QueuedDossierReply, READ_AGENCY, page};
use crate::App;

const ADDRESS: &str = "/v1/register/queues/officer";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_officer_queue", "List the open dossiers of an officer")
        .describe("Ordered by remaining legal time, the least first.")
        .roles(READ_AGENCY)
        .query::<QueueQuery>()
        .list::<QueuedDossierReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    page(&app, &request, Kind::Officer, ADDRESS).await
}
