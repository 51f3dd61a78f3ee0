//! Events of attempts to pay through a provider: alone, or as a part of a payment order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PaymentId, PaymentOrderId, Personal, Subject, Vnd, payload};

payload! {
    /// What an attempt has in common with the others of its payment order.
    OrderShare for Money {
        order: PaymentOrderId,
        /// The sum of all attempts of the order, which the provider is asked for.
        total: Vnd,
        /// When the order began.
        ordered_at: Timestamp,
        /// Whether the provider is called and queried about the order by this attempt.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        leads: bool,
        /// Who began the order for the payer by a recorded mandate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        represented_by: Option<Subject>,
    }
    /// The applicant started a payment.
    PaymentStarted for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        amount: Vnd,
        /// Our reference, which the provider returns: it contains the dossier's id, or that of the
        /// payment order.
        reference: String,
        /// When the provider is queried if it has not reported an outcome.
        query_at: Timestamp,
        /// When the attempt expires.
        expires_at: Timestamp,
        /// Whether the provider never captures twice for one attempt, by the rules in force when
        /// the attempt began.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        captures_once: bool,
        /// Where the payer's browser goes afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        return_url: Option<String>,
        /// The network address of the payer, if the provider is called to begin the payment and
        /// may ask for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payer_address: Option<Personal<String>> => Nobody("sent to the provider only"),
        /// The payment order that the attempt is a part of; absent if it is paid by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<OrderShare>,
    }
    /// A provider that is called to begin a payment has begun it.
    PaymentOpened for Money {
        /// The attempt.
        payment: PaymentId,
        provider: String,
        /// Where the payer's browser continues.
        next_url: String,
    }
}

impl PaymentStarted {
    /// The id by which the provider knows the money: that of the payment order, if the attempt is a
    /// part of one.
    #[must_use]
    pub fn at_provider(&self) -> Uuid {
        self.order.as_ref().map_or(self.payment.0, |share| share.order.0)
    }

    /// The amount that the provider is asked for: the sum of the payment order, if the attempt is a
    /// part of one.
    #[must_use]
    pub fn asked(&self) -> Vnd {
        self.order.as_ref().map_or(self.amount, |share| share.total)
    }
}
