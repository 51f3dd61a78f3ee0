//! Who has read the personal data of a complaint.

use std::sync::Arc;

use dossier::contract::ComplaintId;
use web::{Operation, Problem, Reply, Request};

use super::reads_of::{PersonalReadReply, READ_READS, ReadsQuery, page};
use crate::App;

const ADDRESS: &str = "/v1/register/complaints/{complaint}/reads";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_complaint_reads", "List the reads of a complaint's personal data")
        .describe("The newest first. The person's own reads are not recorded.")
        .roles(READ_READS)
        .query::<ReadsQuery>()
        .list::<PersonalReadReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, complaint: ComplaintId, request: Request) -> Result<Reply, Problem> {
    let address = ADDRESS.replace("{complaint}", &complaint.to_string());
    page(&app, &app.complaints, complaint.0, &address, &request).await
}
