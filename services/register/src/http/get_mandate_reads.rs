//! Who has read the personal data of a mandate.

use std::sync::Arc;

use dossier::contract::MandateId;
use web::{Operation, Problem, Reply, Request};

use super::reads_of::{PersonalReadReply, READ_READS, ReadsQuery, page};
use crate::App;

const ADDRESS: &str = "/v1/register/mandates/{mandate}/reads";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_mandate_reads", "List the reads of a mandate's personal data")
        .describe("The newest first. The person's own reads are not recorded.")
        .roles(READ_READS)
        .query::<ReadsQuery>()
        .list::<PersonalReadReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, mandate: MandateId, request: Request) -> Result<Reply, Problem> {
    let address = ADDRESS.replace("{mandate}", &mandate.to_string());
    page(&app, &app.mandates, mandate.0, &address, &request).await
}
