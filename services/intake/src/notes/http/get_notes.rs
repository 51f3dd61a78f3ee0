//! Lists the internal notes on a dossier.

use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::notes::{Note, READ};
use web::{Operation, Problem, Reply, Request};

use super::on_dossier::{NotesQuery, OnDossier};
use super::reply::NoteReply;
use crate::notes::App;

const ADDRESS: &str = "/v1/dossiers/{dossier}/notes";

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_notes", "List the internal notes on a dossier")
        .describe("The oldest first, withdrawn ones included.")
        .roles(READ)
        .query::<NotesQuery>()
        .list::<NoteReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let query: NotesQuery = request.query()?;
    let (on, notes) = OnDossier::to_read(&app, dossier, &request, READ).await?;
    let rows = (ADDRESS, notes.state.notes.iter());
    on.page((&request, &query), rows, |note: &&Note| note.number, |note| NoteReply::from(*note))
}
