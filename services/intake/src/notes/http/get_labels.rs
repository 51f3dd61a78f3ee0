//! Lists the labels of a dossier.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::notes::{Label, READ};
use web::{Operation, Problem, Reply, Request};

use super::on_dossier::{NotesQuery, OnDossier};
use super::reply::DossierLabelReply;
use crate::notes::App;

const ADDRESS: &str = "/v1/dossiers/{dossier}/labels";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_labels", "List the labels of a dossier")
        .describe("Those that it has now, in the order in which they were added.")
        .roles(READ)
        .query::<NotesQuery>()
        .list::<DossierLabelReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let query: NotesQuery = request.query()?;
    let (on, notes) = OnDossier::to_read(&app, dossier, &request, READ).await?;
    let rows = (ADDRESS, notes.state.present_labels());
    on.page(
        (&request, &query),
        rows,
        |label: &&Label| label.number,
        |label| DossierLabelReply::from(*label),
    )
}
