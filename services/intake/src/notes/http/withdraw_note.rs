//! Withdraws an internal note. The law: `libs/dossier/src/notes/withdraw_note.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::notes::withdraw_note::WithdrawNote;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, Text, shown};

use super::on_dossier::OnDossier;
use super::reply::NoteReply;
use crate::notes::App;

/// Why a note is withdrawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawNoteRequest {
    /// Why the note is wrong.
    #[schema(example = "Ghi nhầm hồ sơ")]
    reason: Text<1000>,
}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/dossiers/{dossier}/notes/{note}/withdrawal";
    Operation::post(address, "withdraw_note", "Withdraw an internal note")
        .describe("Only its author may. The note stays readable, marked as withdrawn.")
        .parameter("note", "The note's number.")
        .step(&WithdrawNote::STEP)
        .body::<WithdrawNoteRequest>()
        .unseen()
        .reply::<NoteReply>()
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    dossier: DossierId,
    note: u32,
    request: Request,
) -> Result<Reply, Problem> {
    let WithdrawNoteRequest { reason } = request.json()?;
    let on = OnDossier::to_change(&app, dossier, &request, WithdrawNote::STEP.may).await?;
    let notes = on.take(&app, &request, &WithdrawNote { note, reason }).await?;
    let note = notes.state.notes.iter().find(|one| one.number == note);
    shown(&notes, note.map(NoteReply::from))
}
