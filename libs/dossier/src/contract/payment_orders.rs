//! Events of payment orders: one payment for the fees of several dossiers of one payer. The money
//! that it brings is recorded in the payments of the dossiers, each with its part.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AgencyCode, DossierCode, DossierId, Doubt, PaymentId, PaymentOrderId, Personal, ProcedureCode,
    Source, Subject, Vnd, events, payload,
};

/// Why a payment order ended without money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderEnd {
    /// What a dossier owes changed before the order could be paid.
    NotOpened,
    /// The payer or a cashier cancelled it.
    Cancelled,
    /// The provider reported a failure, or did not begin the payment.
    Failed,
}

payload! {
    /// A dossier in a payment order, with its part of the money.
    OrderMember for Money {
        dossier: DossierId,
        code: DossierCode,
        /// The attempt in the payments of the dossier.
        payment: PaymentId,
        /// What the dossier owes.
        amount: Vnd,
    }
    /// The fees of several dossiers of one payer are to be paid at once.
    OrderStarted for Money {
        order: PaymentOrderId,
        /// The applicant of all its dossiers.
        payer: Subject,
        /// Who began the order for the payer by a recorded mandate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        represented_by: Option<Subject>,
        /// The procedure of its dossiers, if all have the same one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        procedure: Option<ProcedureCode>,
        /// The agency of its dossiers.
        agency: AgencyCode,
        provider: String,
        /// Its dossiers; the provider is called and queried by the attempt of the first one.
        members: Vec<OrderMember>,
        /// The sum of all parts.
        total: Vnd,
        /// Our reference, which the provider returns.
        reference: String,
        /// When the order expires.
        expires_at: Timestamp,
        /// Whether the provider never captures twice for one order, by the rules in force when the
        /// order began.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        captures_once: bool,
        /// Where the payer's browser goes afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        return_url: Option<String>,
        /// The network address of the payer, if the provider is called to begin the payment and
        /// may ask for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payer_address: Option<Personal<String>> => Nobody("sent to the provider only"),
    }
    /// All dossiers of the order have their attempt: it can be paid.
    OrderOpened for Money {
        order: PaymentOrderId,
    }
    /// The order ended without money. If it had been opened, money that comes all the same counts.
    OrderEnded for Money {
        order: PaymentOrderId,
        why: OrderEnd,
        /// The dossier that could not be paid any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dossier: Option<DossierId>,
        /// The provider's code of a failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    }
    /// The provider reported the exact sum: each dossier gets its part.
    OrderPaid for Money {
        order: PaymentOrderId,
        provider: String,
        /// The provider's id of the report.
        provider_event: String,
        amount: Vnd,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The channel by which the report reached us.
        source: Source,
        /// When the money moved, by the provider's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paid_at: Option<Timestamp>,
        /// The provider's message as it was sent; absent if it came with a token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Personal<String>> => Nobody("evidence in a dispute with the provider, kept in the log"),
    }
    /// The payment was reported again under another id: evidence, not additional money.
    OrderConfirmed for Money {
        order: PaymentOrderId,
        /// The provider's id of the report.
        provider_event: String,
        amount: Vnd,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The channel by which the report reached us.
        source: Source,
        /// The id of the report with which the payment was counted.
        of: String,
    }
    /// The provider reported money that is not the sum of the order, or not its only payment:
    /// nothing of it is counted until a cashier matches the notice.
    OrderDoubted for Money {
        order: PaymentOrderId,
        /// The provider's id of the report.
        provider_event: String,
        /// The provider's number of the transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transaction: Option<String>,
        /// The channel by which the report reached us.
        source: Source,
        /// The contradiction.
        doubt: Doubt,
        /// The amount in the report.
        said: Vnd,
    }
    /// The provider is asked from now on to return money of a dossier: it may have got the refund.
    OrderRefundBegun for Money {
        order: PaymentOrderId,
        dossier: DossierId,
        /// The id of the refund.
        refund: Uuid,
        amount: Vnd,
        /// The amount of the transaction of which money goes back.
        captured: Vnd,
    }
}

events! {
    /// What is recorded of a payment order, from its beginning to its payment.
    pub enum PaymentOrderEvent {
        OrderStarted = "payment.OrderStarted.v1",
        OrderOpened = "payment.OrderOpened.v1",
        OrderEnded = "payment.OrderEnded.v1",
        OrderPaid = "payment.OrderPaid.v1",
        OrderConfirmed = "payment.OrderConfirmed.v1",
        OrderDoubted = "payment.OrderDoubted.v1",
        OrderRefundBegun = "payment.OrderRefundBegun.v1",
    }
}
