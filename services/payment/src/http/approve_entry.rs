//! A second person approves an entry. The law: `libs/dossier/src/payment/approve_entry.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, Entry};
use dossier::payment::approve_entry::ApproveEntry;
use dossier::payment::{Payment, Proposed};
use engine::Streams;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request};

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// The approval of a proposed entry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveEntryRequest {
    /// Id of the proposed entry (`proposed_entry`).
    entry: Uuid,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/entry-approvals",
        "approve_entry",
        "Approve a proposed entry",
    )
    .step(&ApproveEntry::STEP)
    .body::<ApproveEntryRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    let loaded = app.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
    let order = match loaded.state.proposal.as_ref().map(|proposal| &proposal.what) {
        Some(Proposed::Entry(Entry::Reversal { order: Some(order), .. })) => {
            Some(app.reports().members(*order).await?.left())
        }
        _ => None,
    };
    take_as(&app, dossier, &request, |body: ApproveEntryRequest| {
        let entry = body.entry;
        ApproveEntry { entry, standing, order }
    })
    .await
}
