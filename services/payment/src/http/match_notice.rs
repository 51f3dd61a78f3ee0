//! Matches a notice that names no payment with an attempt. The law:
//! `libs/dossier/src/payment/match_notice.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, PaymentId, UnmatchedEvent};
use dossier::payment::match_notice::MatchNotice;
use engine::unmatched::{self, Kept};
use engine::view::Question;
use rusqlite::OptionalExtension;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{On, Operation, Problem, Reply, Request, Text, preview, send};

use super::reply::{PaymentReply, shown_to};
use crate::App;

const UNKNOWN_NOTICE: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "unknown-notice",
    vi: "không có thông báo nào như vậy đang chờ khớp; xem `GET /v1/payment-notices/unmatched`",
    en: "no such notice waits to be matched; see `GET /v1/payment-notices/unmatched`",
};
const ALREADY_MATCHED: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 409,
    code: "notice-already-matched",
    vi: "thông báo này đã được khớp",
    en: "the notice has been matched already",
};

/// A notice and the attempt to which it belongs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchNoticeRequest {
    /// Id of the notice, from `get_unmatched_payment_notices`.
    notice: Uuid,
    /// Id of the attempt.
    payment: PaymentId,
    /// How the cashier knows that the money belongs to this attempt.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/matched-notices",
        "match_notice",
        "Match a notice with a payment",
    )
    .describe(
        "For a provider's notice that names none of our payments. The money counts as if the \
         provider had named the attempt; the notice is matched once, with one dossier.",
    )
    .step(&MatchNotice::STEP)
    .refusals(&[UNKNOWN_NOTICE])
    .body::<MatchNoticeRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let seen = request.if_match()?;
    let body: MatchNoticeRequest = request.json()?;
    request.catch_up(app.payments.reactions()).await?;
    let MatchNoticeRequest { notice: id, payment, reason } = body;
    let kept = kept(&app, id).await?;
    let Some(UnmatchedEvent::NoticeUnmatched(notice)) = kept else {
        return Err(Problem::at(UNKNOWN_NOTICE, "/notice"));
    };
    let command = MatchNotice { id, notice, payment, reason };
    let name = dossier.to_string();
    let on = || On::stream(&name, Some(dossier)).seen(&seen);
    // A notice is assigned only to a dossier for which the step is permitted and makes sense.
    preview(&app.payments, &request, on(), &command).await?;
    let engine = app.payments.engine();
    if unmatched::assign(engine, crate::NAME, id, dossier).await? != dossier {
        return Err(Problem::new(ALREADY_MATCHED));
    }
    let loaded = send(&app.payments, &request, on(), &command).await?;
    shown_to(&app, &loaded, &request)
}

/// A kept notice, from the log; the view knows its place there. `None` if there is none.
async fn kept(app: &App, id: Uuid) -> Result<Option<UnmatchedEvent>, Problem> {
    let id_text = id.to_string();
    let version = app.open.query(Question::List, move |tables| {
        let sql = "SELECT version FROM unmatched WHERE id = ?1";
        tables.query_row(sql, [id_text], |row| row.get::<_, i64>(0)).optional()
    });
    let Some(version) = version.await? else { return Ok(None) };
    let before = version.cast_unsigned().checked_sub(1);
    let page = unmatched::page(app.payments.engine(), crate::NAME, before).await?;
    let mut page = page.into_iter();
    Ok(page.find(|kept: &Kept<UnmatchedEvent>| kept.id == id).map(|kept| kept.notice))
}
