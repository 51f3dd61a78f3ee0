//! The overdue open dossiers, the longest overdue first.

use std::sync::Arc;

use web::{Operation, Problem, Reply, Request};

use super::queue::{Kind, QueueQuery, QueuedDossierReply, READ_AGENCY, page};
use crate::App;

const ADDRESS: &str = "/v1/register/queues/overdue";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_overdue_queue", "List the dossiers of an agency that are overdue")
        .describe("The longest overdue first.")
        .roles(READ_AGENCY)
        .query::<QueueQuery>()
        .list::<QueuedDossierReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    page(&app, &request, Kind::Overdue, ADDRESS).await
}
