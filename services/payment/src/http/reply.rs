//! Payments as they are shown, and how their steps are taken.

use dossier::contract::{DossierId, PaymentEvent};
use dossier::law::FeeKind;
use dossier::payment::Payment;
use dossier::{Facts, Refuse, Step};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service_kit::http::{Problem, Reply, Request, shown};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// What a dossier owes and has paid, in whole đồng.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentReply {
    /// The dossier.
    dossier: Uuid,
    /// The lines of what is owed, phí and lệ phí apart.
    lines: Vec<ChargedLineReply>,
    /// Their sum.
    total_vnd: i64,
    /// What came in.
    received_vnd: i64,
    /// What went back.
    refunded_vnd: i64,
    /// What is owed and not there.
    outstanding_vnd: i64,
    /// When what was owed was there.
    #[schema(value_type = Option<String>, format = DateTime)]
    settled_at: Option<Timestamp>,
    /// The end of the window to pay.
    #[schema(value_type = Option<String>, format = DateTime)]
    window_ends_at: Option<Timestamp>,
    /// The attempts to pay.
    attempts: Vec<AttemptReply>,
    /// The receipts.
    receipts: Vec<ReceiptReply>,
}

/// A line of what is owed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChargedLineReply {
    /// The rule of the tariff.
    rule: String,
    /// `phi` or `le_phi`.
    #[schema(value_type = String)]
    kind: FeeKind,
    /// What for, in Vietnamese.
    name_vi: String,
    /// What for, in English.
    name_en: String,
    /// The full amount.
    full_vnd: i64,
    /// The reduction that was applied.
    reduction: Option<String>,
    /// What is charged.
    charged_vnd: i64,
}

/// An attempt to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptReply {
    /// Its id.
    payment: Uuid,
    /// Through which provider.
    provider: String,
    /// How much.
    amount_vnd: i64,
    /// The reference that the provider sends back.
    reference: String,
    /// `started`, `unknown`, `captured`, `failed` or `expired`.
    state: &'static str,
}

/// A receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptReply {
    /// The payment.
    payment: Uuid,
    /// Its symbol.
    symbol: String,
    /// Its year.
    year: i16,
    /// Its number.
    number: u64,
}

impl PaymentReply {
    /// Nothing is owed: nothing to show.
    pub(crate) fn new(payment: &Payment) -> Option<Self> {
        let assessed = payment.assessed.as_ref()?;
        Some(Self {
            dossier: assessed.brief.dossier.0,
            lines: assessed
                .lines
                .iter()
                .map(|line| ChargedLineReply {
                    rule: line.rule.clone(),
                    kind: line.kind,
                    name_vi: line.name_vi.clone(),
                    name_en: line.name_en.clone(),
                    full_vnd: line.full.0,
                    reduction: line.reduction.clone(),
                    charged_vnd: line.charged.0,
                })
                .collect(),
            total_vnd: assessed.total.0,
            received_vnd: payment.received.0,
            refunded_vnd: payment.refunded.0,
            outstanding_vnd: payment.outstanding().0,
            settled_at: payment.settled_at,
            window_ends_at: payment.window.map(|window| window.due_at),
            attempts: payment.attempts.values().map(AttemptReply::from).collect(),
            receipts: payment
                .receipts
                .iter()
                .map(|(payment, symbol, year, number)| ReceiptReply {
                    payment: payment.0,
                    symbol: symbol.clone(),
                    year: *year,
                    number: *number,
                })
                .collect(),
        })
    }
}

impl From<&dossier::payment::Attempt> for AttemptReply {
    fn from(attempt: &dossier::payment::Attempt) -> Self {
        let state = if attempt.captured.0 > 0 {
            "captured"
        } else if attempt.failed {
            "failed"
        } else if attempt.expired {
            "expired"
        } else if attempt.queries > 0 {
            "unknown"
        } else {
            "started"
        };
        Self {
            payment: attempt.started.payment.0,
            provider: attempt.started.provider.clone(),
            amount_vnd: attempt.started.amount.0,
            reference: attempt.started.reference.clone(),
            state,
        }
    }
}

/// Takes a step and shows what came of it.
pub(crate) async fn take<B: DeserializeOwned + Sync, R: Refuse>(
    app: &App,
    which: Step,
    dossier: DossierId,
    request: &Request,
    decide: impl Fn(&B, &Payment, &Facts<'_>) -> Result<Vec<PaymentEvent>, R>,
) -> Result<Reply, Problem> {
    let id = (&*dossier.to_string(), Some(dossier));
    let loaded = service_kit::http::take(&app.payments, which, id, request, decide).await?;
    shown(&loaded, PaymentReply::new(&loaded.state))
}
