//! Requests to partners that are owed: what is kept of them, and when they are over.

use dossier::contract::{DossierId, PaymentId};
use dossier::payment::{Attempt, Payment};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a request to a partner is for. The request itself is made from the log when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Work {
    /// Begin a payment.
    Pay { dossier: DossierId, payment: PaymentId },
    /// Ask what became of it; the number of the query, from 1.
    Query { dossier: DossierId, payment: PaymentId, number: u32 },
    /// Return money, and ask what became of that.
    Refund { dossier: DossierId, payment: PaymentId, refund: Uuid },
}

impl Work {
    /// The id of the request in the outbox.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Pay { payment, .. } => format!("pay-{}", payment.0),
            Self::Query { payment, number, .. } => format!("query-{}-{number}", payment.0),
            Self::Refund { refund, .. } => format!("refund-{refund}"),
        }
    }

    /// The id of the request for the partner.
    pub(crate) fn request(&self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, self.id().as_bytes())
    }

    pub(crate) const fn dossier(&self) -> DossierId {
        match self {
            Self::Pay { dossier, .. }
            | Self::Query { dossier, .. }
            | Self::Refund { dossier, .. } => *dossier,
        }
    }

    pub(crate) const fn payment(&self) -> PaymentId {
        match self {
            Self::Pay { payment, .. }
            | Self::Query { payment, .. }
            | Self::Refund { payment, .. } => *payment,
        }
    }

    /// The attempt, as long as the request has a purpose.
    pub(crate) fn open<'a>(&self, state: &'a Payment) -> Option<&'a Attempt> {
        match self {
            Self::Pay { payment, .. } => {
                let attempt = state.attempts.get(payment)?;
                (attempt.next_url.is_none() && attempt.is_open()).then_some(attempt)
            }
            Self::Query { payment, number, .. } => {
                let attempt = state.attempts.get(payment)?;
                // A later query asks the same.
                attempt.open_query().is_some_and(|query| query.made <= *number).then_some(attempt)
            }
            Self::Refund { payment, refund, .. } => {
                let sent = state.sent_refund(*refund).filter(|sent| sent.ended.is_none());
                sent.and_then(|_| state.attempts.get(payment))
            }
        }
    }
}
