//! Sends a request to a payment partner again, for an operator.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::contract::RequestChange;
use dossier::payment::{Payment, RUN_REQUESTS};
use engine::Streams;
use web::{Operation, Problem, Reply, Request};

use super::get_partner_requests::{OUTBOX_UNAVAILABLE, PartnerRequestReply, changed, found};
use crate::App;
use crate::work::Work;

const NOT_ENDED: RefusalEntry = RefusalEntry {
    status: 409,
    code: "request-not-to-be-replayed",
    vi: "chỉ gửi lại được yêu cầu đã bỏ hoặc đã hủy",
    en: "only a request that was given up or cancelled can be sent again",
};

const NOT_NEEDED: RefusalEntry = RefusalEntry {
    status: 409,
    code: "request-not-needed",
    vi: "giao dịch đã kết thúc hoặc đã có kết quả: không cần gửi lại yêu cầu này",
    en: "the payment has failed, ended or an outcome: this request is no longer needed",
};

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/partners/{partner}/requests/{request}/replays",
        "replay_partner_request",
        "Send a request to a partner again",
    )
    .describe("For a request that was given up or cancelled. Its time to be repeated begins anew; the partner recognises the same request by its id.")
    .parameter("partner", "Name of the partner.")
    .parameter("request", "Id of the request, from `get_partner_requests`.")
    .roles(RUN_REQUESTS)
    .refusals(&[NOT_ENDED, NOT_NEEDED, OUTBOX_UNAVAILABLE])
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
    let entry = found(&app, &name, &id).await?;
    if let Ok(work) = serde_json::from_str::<Work>(&entry.request.work) {
        let loaded = app.payments.load(&Streams::<Payment>::of(work.dossier().0)).await?;
        work.open(&loaded.state).ok_or_else(|| Problem::new(NOT_NEEDED))?;
    }
    changed(&app, (&name, &id), &request, (RequestChange::Replayed, NOT_ENDED)).await
}
