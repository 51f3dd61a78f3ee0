//! Cancels a request to a payment partner, for an operator.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::RequestChange;
use dossier::payment::RUN_REQUESTS;
use web::{Operation, Problem, Reply, Request};

use super::get_partner_requests::{OUTBOX_UNAVAILABLE, PartnerRequestReply, changed, found};
use crate::App;

const NOT_CANCELLABLE: RefusalEntry = RefusalEntry {
    status: 409,
    code: "request-not-cancellable",
    vi: "chỉ hủy được yêu cầu đang chờ hoặc đã bỏ",
    en: "only a request that waits or was given up can be cancelled",
};

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/partners/{partner}/requests/{request}/cancellations",
        "cancel_partner_request",
        "Cancel a request to a partner",
    )
    .describe("It is not sent again. A try that is on its way may still succeed; its outcome is then recorded. A refund stays on its way until a cashier has recorded what became of it.")
    .parameter("partner", "Name of the partner.")
    .parameter("request", "Id of the request, from `get_partner_requests`.")
    .roles(RUN_REQUESTS)
    .refusals(&[NOT_CANCELLABLE, OUTBOX_UNAVAILABLE])
    .reply::<PartnerRequestReply>()
    .handle(handle)
}

async fn handle(
    app: Arc<App>,
    name: String,
    id: String,
    request: Request,
) -> Result<Reply, Problem> {
    request.idempotency_key()?;
    found(&app, &name, &id).await?;
    changed(&app, (&name, &id), &request, (RequestChange::Cancelled, NOT_CANCELLABLE)).await
}
