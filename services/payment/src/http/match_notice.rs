//! Matches a notice that names no payment with an attempt. The law:
//! `libs/dossier/src/payment/match_notice.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{DossierId, PaymentId, UnmatchedEvent};
use dossier::payment::Payment;
use dossier::payment::match_notice::MatchNotice;
use engine::Streams;
use engine::limits::ATTEMPTS_MAX;
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

const BEING_MATCHED: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 409,
    code: "notice-being-matched",
    vi: "thông báo này đang được khớp với một hồ sơ khác; nếu sau 10 phút việc đó chưa xong thì khớp được với hồ sơ này",
    en: "the notice is being matched with another dossier; if that is not done after 10 minutes, it can be matched with this one",
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
    .refusals(&[UNKNOWN_NOTICE, BEING_MATCHED])
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
    // A notice is assigned only to a dossier for which the step is permitted and makes sense, and
    // not again by a repeated request.
    if preview(&app.payments, &request, on(), &command).await?.is_some() {
        assign(&app, id, dossier).await?;
    }
    let loaded = send(&app.payments, &request, on(), &command).await?;
    shown_to(&app, &loaded, &request)
}

/// Assigns the notice to the dossier, so that no other one counts its money. A request that failed
/// after its assignment leaves the notice unmatched: another dossier may have it once that request
/// cannot match it any more.
async fn assign(app: &App, id: Uuid, dossier: DossierId) -> Result<(), Problem> {
    let engine = app.payments.engine();
    for _ in 0..ATTEMPTS_MAX {
        let newest = unmatched::assigned(engine, id).await?;
        if let Some(other) = newest.filter(|newest| newest.dossier != dossier) {
            let stream = Streams::<Payment>::name(&other.dossier.to_string());
            let stream = stream.map_err(|_| Problem::not_found())?;
            if app.payments.load(&stream).await?.state.matched.contains(&id) {
                return Err(Problem::new(ALREADY_MATCHED));
            }
            if other.is_held {
                return Err(Problem::new(BEING_MATCHED));
            }
        }
        if unmatched::assign(engine, crate::NAME, (id, dossier), newest).await? {
            return Ok(());
        }
    }
    Err(Problem::new(BEING_MATCHED))
}

/// A kept notice, matched or not, from the log; the view knows its place there. `None` if there is
/// none.
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
