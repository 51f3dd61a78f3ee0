//! Proposes not to collect a debt. The law:
//! `libs/dossier/src/payment/write_off_debt.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::write_off_debt::WriteOffDebt;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, take_as};
use crate::App;

/// A debt that is not to be collected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteOffDebtRequest {
    /// Id of the debt (`debts`).
    debt: Uuid,
    /// Written reason.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/debt-write-offs",
        "write_off_debt",
        "Propose not to collect a debt",
    )
    .describe("A second person has to approve it (`proposed_entry`).")
    .step(&WriteOffDebt::STEP)
    .body::<WriteOffDebtRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take_as(&app, dossier, &request, |body: WriteOffDebtRequest| {
        let WriteOffDebtRequest { debt, reason } = body;
        WriteOffDebt { debt, reason }
    })
    .await
}
