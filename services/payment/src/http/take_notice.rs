//! Receives a payment provider's notice. The law: `libs/dossier/src/payment/take_notice.rs`.
//!
//! The reply is 2xx once the notice is durable, in any order and for any number of repetitions. A
//! notice that matches no payment is kept until a cashier matches it.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::{
    DisputeOutcome, NoticeUnmatched, PaymentId, PaymentOrderId, RefundOutcome, Source,
    UnmatchedEvent, Vnd, parse_order_reference, parse_reference, partner_name,
};
use dossier::payment::take_notice::{Said, TakeNotice};
use dossier::payment::{DisputeSaid, Disputed, RefundSaid, Standing};
use dossier::payment_orders::take_order_notice::TakeOrderNotice;
use engine::unmatched;
use engine::unmatched::Unmatched;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::problem::NOT_FOUND;
use web::{Line, On, Operation, Partner, Problem, Reply, Request, send};

use crate::App;
use crate::payment_orders::OfOrder;
use crate::standing::in_standing;

/// A payment provider's notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeNoticeRequest {
    /// Code of the provider; must be the caller.
    provider: Partner,
    /// The provider's id of this fact; a repeated id is the same fact.
    event: Line<200>,
    /// The provider's transaction number. Notices with the same number for one payment are about
    /// one capture, even if their ids differ.
    transaction: Option<Line<200>>,
    /// The way in which it is reported.
    #[serde(default)]
    source: Source,
    /// The reference that was assigned when the payment was started.
    reference: Line<200>,
    /// Reported outcome.
    kind: ProviderFact,
    /// Amount in whole đồng.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 30_000)]
    amount_vnd: i64,
    /// The provider's reason.
    reason: Option<Line<500>>,
    /// When the money moved, by the provider's clock. The fee counts as paid at this time, but not
    /// before the attempt was begun.
    paid_at: Option<Timestamp>,
    /// Id of the refund, for `refunded` and `refund_refused`. Without it, `transaction` has to be
    /// the provider's number of the refund: one that is known, or a new one while only one refund
    /// can be meant. A report with neither matches no refund.
    refund: Option<Uuid>,
    /// The provider's number of the dispute, for `disputed`, `dispute_kept` and `dispute_lost`;
    /// without it, the end of a dispute is that of the only open one.
    dispute: Option<Line<200>>,
    /// When a dispute must be answered; without it, in the period for discrepancies.
    answer_by: Option<Timestamp>,
}

/// Outcome of a payment.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProviderFact {
    /// The money was captured.
    Captured,
    /// The payment failed.
    Failed,
    /// The outcome is not known yet.
    Pending,
    /// The money of a refund went back.
    Refunded,
    /// A refund was refused.
    RefundRefused,
    /// The money was taken back from the agency.
    Reversed,
    /// The payer disputes the payment.
    Disputed,
    /// A dispute ended, and the agency keeps the money.
    DisputeKept,
    /// A dispute ended, and the payer gets the money, which is reported as reversed.
    DisputeLost,
}

impl ProviderFact {
    /// As notices that match nothing are kept.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Refunded => "refunded",
            Self::RefundRefused => "refund_refused",
            Self::Reversed => "reversed",
            Self::Disputed => "disputed",
            Self::DisputeKept => "dispute_kept",
            Self::DisputeLost => "dispute_lost",
        }
    }
}

/// Whether the notice matched a payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeReply {
    /// False if it matches no payment; it is then kept until a cashier matches it.
    matched: bool,
}

const AMOUNT_IMPOSSIBLE: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "amount-impossible",
    vi: "số tiền phải từ 0 đến 1.000.000.000.000 đồng",
    en: "the amount must be from 0 to 1,000,000,000,000 đồng",
};
const PROVIDER_NOT_CALLER: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "provider-not-caller",
    vi: "cổng thanh toán chỉ được báo về giao dịch của chính mình: `provider` phải trùng với mã xác thực",
    en: "providers report their own payments only: `provider` must be the subject of the token",
};

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/payment-notices", "take_notice", "Record a payment provider's notice")
        .describe(
            "Notices may come in any order and repeatedly. The answer is sent once the notice is \
             recorded; one that matches no payment is kept until a cashier matches it.",
        )
        .step(&TakeNotice::STEP)
        .refusals(&[AMOUNT_IMPOSSIBLE, PROVIDER_NOT_CALLER])
        .body::<TakeNoticeRequest>()
        .reply::<NoticeReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let body: TakeNoticeRequest = request.json()?;
    // Providers may report their own payments only.
    let is_other = partner_name(caller.subject.as_str()) != body.provider.0;
    let is_impossible = !(0..=1_000_000_000_000).contains(&body.amount_vnd);
    Problem::check(&[
        (is_other, PROVIDER_NOT_CALLER, "/provider"),
        (is_impossible, AMOUNT_IMPOSSIBLE, "/amount_vnd"),
    ])?;
    request.idempotency_key()?;
    if let Some(order) = parse_order_reference(&body.reference.0) {
        return of_order(&app, &request, order, body).await;
    }
    let Some((dossier, payment)) = parse_reference(&body.reference.0) else {
        return keep_unmatched(&app, body).await;
    };
    let command = TakeNotice {
        payment: PaymentId(payment),
        provider: body.provider.0.clone(),
        provider_event: body.event.0.clone(),
        transaction: body.transaction.as_ref().map(|number| number.0.clone()),
        source: body.source,
        said: in_standing(&app.payments, dossier, said(&body)).await?,
        paid_at: body.paid_at,
        message: None,
    };
    let id = dossier.to_string();
    let taken = send(&app.payments, &request, On::stream(&id, Some(dossier)), &command).await;
    match taken {
        Ok(loaded) => Ok(Reply::ok(&NoticeReply { matched: true }).position(loaded.position)),
        Err(problem) if problem.is(&NOT_FOUND) => keep_unmatched(&app, body).await,
        Err(problem) => Err(problem),
    }
}

/// Records a notice about a payment order. The same notice again is the same command.
async fn of_order(
    app: &App,
    request: &Request,
    order: PaymentOrderId,
    body: TakeNoticeRequest,
) -> Result<Reply, Problem> {
    let command = TakeOrderNotice {
        provider: body.provider.0.clone(),
        provider_event: body.event.0.clone(),
        transaction: body.transaction.as_ref().map(|number| number.0.clone()),
        source: body.source,
        said: said(&body),
        paid_at: body.paid_at,
        message: None,
    };
    let id = request.derived_id(request.caller()?, &order.to_string())?;
    match app.reports().take_for_order((order, id), &command).await {
        Ok(OfOrder::Taken | OfOrder::Known) => Ok(Reply::ok(&NoticeReply { matched: true })),
        Ok(OfOrder::Differs | OfOrder::NotOurs) => keep_unmatched(app, body).await,
        Err(error) => Err(Problem::unavailable(&error.to_string())),
    }
}

/// What it says about the payment, whatever the progress of the dossier is.
fn said(body: &TakeNoticeRequest) -> Said {
    let standing = Standing::Unanswered;
    let reason = || body.reason.as_ref().map_or(String::new(), |reason| reason.0.clone());
    let refund = |outcome| {
        let (refund, amount, code) = (body.refund, Some(Vnd(body.amount_vnd)), reason());
        Said::Refund(RefundSaid { refund, outcome, amount, code, standing })
    };
    let dispute = |what| {
        let number = body.dispute.as_ref().map(|number| number.0.clone());
        Said::Dispute(DisputeSaid { number, what })
    };
    match body.kind {
        ProviderFact::Captured => Said::Captured(Vnd(body.amount_vnd)),
        ProviderFact::Failed => Said::Failed(reason()),
        ProviderFact::Pending => Said::Pending,
        ProviderFact::Refunded => refund(RefundOutcome::Refunded),
        ProviderFact::RefundRefused => refund(RefundOutcome::Refused),
        ProviderFact::Reversed => Said::Reversed(Vnd(body.amount_vnd), standing),
        ProviderFact::Disputed => dispute(Disputed::Begun(Vnd(body.amount_vnd), body.answer_by)),
        ProviderFact::DisputeKept => dispute(Disputed::Ended(DisputeOutcome::Kept)),
        ProviderFact::DisputeLost => dispute(Disputed::Ended(DisputeOutcome::Lost)),
    }
}

/// Records a notice that matches no payment, once.
async fn keep_unmatched(app: &App, body: TakeNoticeRequest) -> Result<Reply, Problem> {
    let said = body.kind.as_str();
    let notice = UnmatchedEvent::from(NoticeUnmatched {
        provider: body.provider.0.clone(),
        provider_event: body.event.0,
        reference: body.reference.0.clone(),
        amount: Vnd(body.amount_vnd),
        said: Some(said.to_owned()),
        transaction: body.transaction.map(|number| number.0),
        paid_at: body.paid_at,
        findings: Vec::new(),
        message: None,
    });
    let (service, partner, reference) = (crate::NAME, &*body.provider.0, &*body.reference.0);
    unmatched::keep(
        app.payments.engine(),
        Unmatched { service, partner, reference, notice: &notice },
    )
    .await?;
    Ok(Reply::ok(&NoticeReply { matched: false }))
}
