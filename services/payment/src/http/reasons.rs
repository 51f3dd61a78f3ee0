//! Refunds, and what cashiers wrote about payments, in their reply.

use dossier::contract::{PaymentId, RefundOutcome, Subject, Vnd};
use dossier::payment::{Refund, Rejection, Resolution, SentRefund};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Money that was refunded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundReply {
    /// Time of the refund.
    at: Timestamp,
    /// Id of the refund.
    refund: Uuid,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Written reason; null after its erasure, and for operators.
    #[schema(example = "Nộp hai lần")]
    reason: Option<String>,
}

/// A discrepancy that was resolved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResolutionReply {
    /// Time of the resolution.
    at: Timestamp,
    /// Id of the attempt.
    payment: PaymentId,
    /// Total that the attempt brought, in VND.
    captured_vnd: Vnd,
    /// Total that was counted for it before, in VND.
    counted_vnd: Vnd,
    /// Written finding; null after its erasure, and for operators.
    #[schema(example = "Ngân hàng xác nhận 30.000 đ")]
    reason: Option<String>,
}

/// A proposed refund or resolution that was rejected or withdrawn; for officers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectionReply {
    /// Time of the rejection.
    at: Timestamp,
    /// Id of the proposal.
    proposal: Uuid,
    /// Written reason; null after its erasure, and for operators.
    #[schema(example = "Sai số tiền")]
    reason: Option<String>,
}

impl From<&Refund> for RefundReply {
    fn from(refund: &Refund) -> Self {
        let Refund { at, id, amount, reason } = refund;
        let reason = reason.known().cloned();
        Self { at: *at, refund: *id, amount_vnd: *amount, reason }
    }
}

impl RefundReply {
    pub(super) fn without_text(&mut self) {
        self.reason = None;
    }
}

impl From<&Resolution> for ResolutionReply {
    fn from(resolution: &Resolution) -> Self {
        Self {
            at: resolution.at,
            payment: resolution.payment,
            captured_vnd: resolution.captured,
            counted_vnd: resolution.counted,
            reason: resolution.reason.known().cloned(),
        }
    }
}

impl ResolutionReply {
    pub(super) fn without_text(&mut self) {
        self.reason = None;
    }
}

impl From<&Rejection> for RejectionReply {
    fn from(rejection: &Rejection) -> Self {
        let Rejection { at, proposal, reason } = rejection;
        Self { at: *at, proposal: *proposal, reason: reason.known().cloned() }
    }
}

impl RejectionReply {
    pub(super) fn without_text(&mut self) {
        self.reason = None;
    }
}

/// Where a refund through a provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SentRefundState {
    /// The provider is to return the money, or its outcome is not known yet.
    OnItsWay,
    /// The money went back.
    Refunded,
    /// The provider refused it; the money is owed back again.
    Refused,
}

/// A refund through the provider that took the money.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SentRefundReply {
    /// Id of the refund.
    refund: Uuid,
    /// Id of the attempt of which money goes back.
    payment: PaymentId,
    /// Code of the provider.
    #[schema(example = "vnpay")]
    provider: String,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Where it is.
    state: SentRefundState,
    /// Time of the request.
    requested_at: Timestamp,
    /// Officer who requested or approved it; for officers. Null if the payment rules began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_by: Option<Subject>,
    /// Written reason; null after its erasure, and for operators.
    #[schema(example = "Nộp hai lần")]
    reason: Option<String>,
    /// Time at which its outcome was recorded.
    ended_at: Option<Timestamp>,
    /// The provider's code of the outcome; null if a cashier recorded it.
    #[schema(example = "95")]
    code: Option<String>,
    /// The provider's number of the refund.
    #[schema(example = "14422575")]
    transaction: Option<String>,
    /// When the money moved, by the provider's clock.
    refunded_at: Option<Timestamp>,
    /// How the cashier knows the outcome; for officers, without operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Theo trang quản trị của cổng thanh toán")]
    finding: Option<String>,
}

impl From<&SentRefund> for SentRefundReply {
    fn from(sent: &SentRefund) -> Self {
        let state = match sent.outcome() {
            None => SentRefundState::OnItsWay,
            Some(RefundOutcome::Refunded) => SentRefundState::Refunded,
            Some(RefundOutcome::Refused) => SentRefundState::Refused,
        };
        let ended = sent.ended.as_ref().map(|(ended, _)| ended);
        let requested = &sent.requested;
        Self {
            refund: requested.refund,
            payment: requested.payment,
            provider: requested.provider.clone(),
            amount_vnd: requested.amount,
            state,
            requested_at: sent.requested_at,
            requested_by: sent.by.clone(),
            reason: requested.reason.known().cloned(),
            ended_at: sent.ended.as_ref().map(|(_, at)| *at),
            code: ended.and_then(|ended| ended.code.clone()),
            transaction: ended.and_then(|ended| ended.transaction.clone()),
            refunded_at: ended.and_then(|ended| ended.refunded_at),
            finding: ended.and_then(|ended| ended.reason.as_ref()?.known().cloned()),
        }
    }
}

impl SentRefundReply {
    /// The part for callers who may read the texts for payers, those of cashiers, and the subjects
    /// of officers.
    pub(super) fn for_caller(&mut self, (texts, work, officers): (bool, bool, bool)) {
        self.reason = self.reason.take().filter(|_| texts);
        self.finding = self.finding.take().filter(|_| work);
        self.requested_by = self.requested_by.take().filter(|_| officers);
    }
}
