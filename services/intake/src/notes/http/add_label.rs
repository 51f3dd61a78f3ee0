//! Adds a label to a dossier. The law: `libs/dossier/src/notes/add_label.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::notes::add_label::AddLabel;
use dossier::notes::label_key;
use web::{Operation, Problem, Reply, Request, shown};

use super::on_dossier::OnDossier;
use super::reply::DossierLabelReply;
use crate::notes::App;

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/dossiers/{dossier}/labels", "add_label", "Add a label to a dossier")
        .describe(
            "Labels are for officers of the agency, who list dossiers by them. A dossier has at most \
             20. If it has the label already, in whatever spelling, the reply is that one.",
        )
        .command::<AddLabel>()
        .unseen()
        .reply::<DossierLabelReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let command: AddLabel = request.json()?;
    let on = OnDossier::to_change(&app, dossier, &request, AddLabel::STEP.may).await?;
    let notes = on.take(&app, &request, &command).await?;
    let label = notes.state.labelled(&label_key(&command.label.0));
    shown(&notes, label.map(DossierLabelReply::from))
}
