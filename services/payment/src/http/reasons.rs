//! What cashiers wrote about payments, in their reply.

use dossier::contract::{PaymentId, Vnd};
use dossier::payment::{Refund, Rejection, Resolution};
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
