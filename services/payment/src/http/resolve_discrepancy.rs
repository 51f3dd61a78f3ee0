//! Corrects the total of an attempt. The law: `libs/dossier/src/payment/resolve_discrepancy.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, PaymentId, Vnd};
use dossier::payment::resolve_discrepancy::ResolveDiscrepancy;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// The confirmed total of an attempt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveDiscrepancyRequest {
    /// Id of the attempt.
    payment: PaymentId,
    /// Total that it has brought, in VND.
    captured_vnd: Vnd,
    /// Written finding.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/resolutions",
        "resolve_discrepancy",
        "Resolve a discrepancy of a payment",
    )
    .describe(
        "Sets the confirmed total of an attempt, after an inquiry with the provider. If the surplus \
         is above the amount that one person may refund, a second person must approve it \
         (`proposed_resolution`).",
    )
    .step(&ResolveDiscrepancy::STEP)
    .body::<ResolveDiscrepancyRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take_as(&app, dossier, &request, |body: ResolveDiscrepancyRequest| {
        let ResolveDiscrepancyRequest { payment, captured_vnd: captured, reason } = body;
        ResolveDiscrepancy { payment, captured, reason, standing }
    })
    .await
}
