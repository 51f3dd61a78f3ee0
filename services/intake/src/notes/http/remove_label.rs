//! Removes a label from a dossier. The law: `libs/dossier/src/notes/remove_label.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::notes::remove_label::RemoveLabel;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, shown};

use super::on_dossier::OnDossier;
use super::reply::DossierLabelReply;
use crate::notes::App;

/// An empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveLabelRequest {}

pub(super) fn operation() -> Operation<App> {
    let address = "/v1/dossiers/{dossier}/labels/{label}/removal";
    Operation::post(address, "remove_label", "Remove a label from a dossier")
        .describe("Any officer who may add labels may remove one.")
        .parameter("label", "The label's number.")
        .step(&RemoveLabel::STEP)
        .body::<RemoveLabelRequest>()
        .unseen()
        .reply::<DossierLabelReply>()
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    dossier: DossierId,
    label: u32,
    request: Request,
) -> Result<Reply, Problem> {
    let RemoveLabelRequest {} = request.json()?;
    let on = OnDossier::to_change(&app, dossier, &request, RemoveLabel::STEP.may).await?;
    let notes = on.take(&app, &request, &RemoveLabel { label }).await?;
    let label = notes.state.labels.iter().find(|one| one.number == label);
    shown(&notes, label.map(DossierLabelReply::from))
}
