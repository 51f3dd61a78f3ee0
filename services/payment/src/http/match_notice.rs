//! Matches a notice that names no payment with an attempt. The law:
//! `libs/dossier/src/payment/match_notice.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::books::Transfer;
use dossier::contract::{DossierId, PaymentId, UnmatchedEvent};
use dossier::payment::match_notice::MatchNotice;
use dossier::payment::{Attempt, Payment};
use engine::Streams;
use engine::limits::ATTEMPTS_MAX;
use engine::unmatched::{self, Kept};
use engine::view::Question;
use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Line, List, On, Operation, Problem, Reply, Request, Text, preview, send};

use super::reply::{PaymentReply, shown_to};
use crate::App;
use crate::books::twins::{self, Known};

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

const PERHAPS_COUNTED: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 409,
    code: "transfer-perhaps-counted",
    vi: "khoản tiền này có thể đã được ghi nhận dưới tên khác: nếu là cùng một khoản thì khớp với lượt thanh toán \
         đã ghi nhận, nếu là khoản khác thì nêu các tên đó trong `distinct_from`",
    en: "this money may be counted already under another name; if it is the same, match it with the attempt \
         that has it, if it is another transfer, give these names in `distinct_from`",
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
    /// Names (`event`) of money of the same amount and days that the cashier has compared and found
    /// to be another transfer; at most 20.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20, example = json!([]))]
    distinct_from: List<Line<200>, 20>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payments/{dossier}/matched-notices",
        "match_notice",
        "Match a notice with a payment",
    )
    .describe(
        "For a provider's notice that names none of our payments. The money counts as if the \
         provider had named the attempt; the notice is matched once, with one dossier. A partner \
             and a statement may name one transfer differently: what may be counted already is refused \
             until the cashier has compared it.",
    )
    .step(&MatchNotice::STEP)
    .refusals(&[UNKNOWN_NOTICE, BEING_MATCHED, PERHAPS_COUNTED])
    .body::<MatchNoticeRequest>()
    .reply::<PaymentReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    let seen = request.if_match()?;
    let body: MatchNoticeRequest = request.json()?;
    request.catch_up(app.payments.reactions()).await?;
    let MatchNoticeRequest { notice: id, payment, reason, distinct_from } = body;
    let found = kept(&app, id).await?;
    let Some(Kept { notice: UnmatchedEvent::NoticeUnmatched(notice), received_at, .. }) = found
    else {
        return Err(Problem::at(UNKNOWN_NOTICE, "/notice"));
    };
    let distinct_from: Vec<String> = distinct_from.0.into_iter().map(|name| name.0).collect();
    let command = MatchNotice { id, notice, payment, reason, distinct_from };
    let name = dossier.to_string();
    let on = || On::stream(&name, Some(dossier)).seen(&seen);
    // A notice is assigned only to a dossier for which the step is permitted and makes sense, and
    // not again by a repeated request.
    if preview(&app.payments, &request, on(), &command).await?.is_some() {
        let compared = Compared { app: &app, command: &command, dossier, received_at };
        for shown in [&app.shown, &app.books_shown] {
            twins::catch_up(app.payments.engine(), shown).await?;
        }
        compared.check().await?;
        assign(&app, id, dossier).await?;
        // Of two requests that match one transfer under two names, the later one sees the other.
        compared.check().await?;
    }
    let loaded = send(&app.payments, &request, on(), &command).await?;
    shown_to(&app, &loaded, &request)
}

/// A notice that is compared with money by the other side, before it is matched.
struct Compared<'a> {
    app: &'a App,
    command: &'a MatchNotice,
    dossier: DossierId,
    received_at: Option<Timestamp>,
}

impl Compared<'_> {
    /// Refuses what may be counted for another attempt under another name.
    async fn check(&self) -> Result<(), Problem> {
        let MatchNotice { notice, payment, distinct_from, .. } = self.command;
        let Some(at) = notice.paid_at.or(self.received_at) else { return Ok(()) };
        let transfer = Transfer {
            event: &notice.provider_event,
            number: notice.transaction.as_deref(),
            amount: notice.amount,
            at,
        };
        let app = self.app;
        let kept = twins::kept(&app.open, &notice.provider, &transfer).await?;
        // The books know the parts of a payment order by the order.
        let loaded = app.payments.load(&Streams::<Payment>::of(self.dossier.0)).await?;
        let attempt = loaded.state.attempts.get(payment);
        let payment = attempt.map_or(payment.0, Attempt::at_provider).to_string();
        let own = transfer.event.to_owned();
        let number = transfer.number.map(str::to_owned);
        let amount = transfer.amount;
        let found = app.books.query(Question::List, move |tables| {
            let Some(account) = twins::account_of(tables, &payment)? else { return Ok(None) };
            let is_line = twins::is_line(tables, &account, &own)?;
            let known = if is_line { Known::Reported } else { Known::Stated };
            let transfer = Transfer { event: &own, number: number.as_deref(), amount, at };
            let counted = twins::counted(tables, &account, (known, &payment), &transfer)?;
            let mut others = Vec::new();
            for (id, twin) in kept {
                // Two names by one side are two transfers.
                if twins::is_line(tables, &account, &twin.event)? != is_line {
                    others.push((id, twin.event));
                }
            }
            Ok(Some((counted, others)))
        });
        let Some((counted, others)) = found.await? else { return Ok(()) };
        let mut names: Vec<String> = counted.into_iter().map(|twin| twin.event).collect();
        for (other, event) in others {
            if !distinct_from.contains(&event) && self.has_other(other).await? {
                names.push(event);
            }
        }
        names.retain(|name| !distinct_from.contains(name));
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Ok(());
        }
        let names = names.join(", ");
        Err(Problem::new(PERHAPS_COUNTED).saying(
            format!("các khoản cùng số tiền, cùng thời gian: {names}"),
            format!("money of the same amount and days: {names}"),
        ))
    }

    /// Whether a notice is matched with another dossier; refused while it may be.
    async fn has_other(&self, notice: Uuid) -> Result<bool, Problem> {
        let engine = self.app.payments.engine();
        let assigned = unmatched::assigned(engine, notice).await?;
        let Some(other) = assigned.filter(|other| other.dossier != self.dossier) else {
            return Ok(false);
        };
        if has_matched(self.app, other.dossier, notice).await? {
            return Ok(true);
        }
        if other.is_held { Err(Problem::new(BEING_MATCHED)) } else { Ok(false) }
    }
}

/// Whether a dossier has matched a notice.
async fn has_matched(app: &App, dossier: DossierId, notice: Uuid) -> Result<bool, Problem> {
    let stream = Streams::<Payment>::of(dossier.0);
    Ok(app.payments.load(&stream).await?.state.matched.contains(&notice))
}

/// Assigns the notice to the dossier, so that no other one counts its money. A request that failed
/// after its assignment leaves the notice unmatched: another dossier may have it once that request
/// cannot match it any more.
async fn assign(app: &App, id: Uuid, dossier: DossierId) -> Result<(), Problem> {
    let engine = app.payments.engine();
    for _ in 0..ATTEMPTS_MAX {
        let newest = unmatched::assigned(engine, id).await?;
        if let Some(other) = newest.filter(|newest| newest.dossier != dossier) {
            if has_matched(app, other.dossier, id).await? {
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
async fn kept(app: &App, id: Uuid) -> Result<Option<Kept<UnmatchedEvent>>, Problem> {
    let id_text = id.to_string();
    let version = app.open.query(Question::List, move |tables| {
        let sql = "SELECT version FROM unmatched WHERE id = ?1";
        tables.query_row(sql, [id_text], |row| row.get::<_, i64>(0)).optional()
    });
    let Some(version) = version.await? else { return Ok(None) };
    let before = version.cast_unsigned().checked_sub(1);
    let page = unmatched::page(app.payments.engine(), crate::NAME, before).await?;
    let mut page = page.into_iter();
    Ok(page.find(|kept: &Kept<UnmatchedEvent>| kept.id == id))
}
