//! Adds an internal note to a dossier. The law: `libs/dossier/src/notes/add_note.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::notes::add_note::AddNote;
use web::{Operation, Problem, Reply, Request, shown};

use super::on_dossier::OnDossier;
use super::reply::NoteReply;
use crate::notes::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers/{dossier}/notes", "add_note", "Add an internal note to a dossier")
        .describe(
            "Notes are for officers and auditors of the agency; the applicant never sees them.",
        )
        .command::<AddNote>()
        .unseen()
        .reply::<NoteReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let command: AddNote = request.json()?;
    let on = OnDossier::to_change(&app, dossier, &request, AddNote::STEP.may).await?;
    let notes = on.take(&app, &request, &command).await?;
    shown(&notes, notes.state.notes.last().map(NoteReply::from))
}
