//! Cancels a request to a payment partner, for an operator.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::payment::RUN_REQUESTS;
use web::{Operation, Problem, Reply, Request};

use super::get_partner_requests::{
    OUTBOX_UNAVAILABLE, PartnerRequestReply, found, shown, unavailable,
};
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
    .describe("It is not sent again. A try that is on its way may still succeed; its outcome is then recorded.")
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
    let now = app.payments.engine().time()?;
    let changed = app.desk.outbox.cancel(&id, now).await.map_err(|error| unavailable(&error))?;
    if !changed {
        return Err(Problem::new(NOT_CANCELLABLE));
    }
    app.desk.added.notify_one();
    tracing::info!(partner = &*name, request = &*id, "request to a partner cancelled");
    let entry = found(&app, &name, &id).await?;
    Ok(Reply::ok(&shown(&app, entry).await?))
}
