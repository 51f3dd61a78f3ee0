//! Who has read the personal data of a dossier.

use std::sync::Arc;

use dossier::contract::DossierId;
use web::{Operation, Problem, Reply, Request};

use super::reads_of::{PersonalReadReply, READ_READS, ReadsQuery, page};
use crate::App;

const ADDRESS: &str = "/v1/register/dossiers/{dossier}/reads";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_reads", "List the reads of a dossier's personal data")
        .describe("The newest first. The person's own reads are not recorded.")
        .roles(READ_READS)
        .query::<ReadsQuery>()
        .list::<PersonalReadReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let address = ADDRESS.replace("{dossier}", &dossier.to_string());
    page(&app, &app.intakes, dossier.0, &address, &request).await
}
