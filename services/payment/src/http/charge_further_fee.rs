//! Charges a further fee. The law: `libs/dossier/src/payment/charge_further_fee.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::payment::charge_further_fee::ChargeFurtherFee;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Line, Operation, Problem, Reply, Request, Text};

use super::reply::{PaymentReply, standing, take_as};
use crate::App;

/// A further fee of a dossier that is being processed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChargeFurtherFeeRequest {
    /// Code of the line in the tariff of the procedure; one that is `further`.
    #[schema(example = "on-site")]
    rule: Line<100>,
    /// Written reason, which the payer reads.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/further-fees",
        "charge_further_fee",
        "Charge a further fee during processing",
    )
    .describe(
        "A line of the tariff that is not charged for every dossier. The dossier waits for it as for \
         its fee: the clock stops, or the time of waiting is not counted, where the law says so.",
    )
    .step(&ChargeFurtherFee::STEP)
    .body::<ChargeFurtherFeeRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let standing = standing(&app, dossier).await?;
    take_as(&app, dossier, &request, |body: ChargeFurtherFeeRequest| ChargeFurtherFee {
        rule: body.rule.0,
        reason: body.reason,
        standing,
    })
    .await
}
