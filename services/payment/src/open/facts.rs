//! What cashiers record of money that moved without a capture, so that a notice about it leaves the
//! list of unmatched notices. A partner's number names one fact: reversals, disputes and refunds
//! are recorded with it. A notice without a number is named by its own id.

use dossier::contract::{EventSet, PaymentEvent, RefundOutcome};
use dossier::payment::Payment;
use events::Recorded;
use rusqlite::{Connection, params};

/// A row of the table `facts`.
pub(super) struct Fact {
    position: i64,
    provider: String,
    /// As notices say it.
    said: &'static str,
    number: String,
    amount: i64,
}

impl Fact {
    /// `None` if the event is about nothing of the kind, or has no number.
    pub(super) fn of(payment: &Payment, event: &Recorded) -> Option<Self> {
        let decoded = PaymentEvent::decode(&event.kind, &event.data).ok()?;
        let (provider, said, number, amount) = match decoded {
            PaymentEvent::PaymentReversed(reversed) => {
                let number = reversed.transaction.unwrap_or(reversed.provider_event);
                (reversed.provider, "reversed", number, reversed.amount)
            }
            PaymentEvent::PaymentDisputed(disputed) => {
                (disputed.provider, "disputed", disputed.dispute, disputed.amount)
            }
            PaymentEvent::RefundEnded(ended) if ended.outcome == RefundOutcome::Refunded => {
                let amount = payment.sent_refund(ended.refund)?.requested.amount;
                (ended.provider, "refunded", ended.transaction?, amount)
            }
            PaymentEvent::RefundCorrected(ended) if ended.outcome == RefundOutcome::Refunded => {
                (ended.provider, "refunded", ended.transaction?, ended.amount)
            }
            _ => return None,
        };
        let position = event.position.0.cast_signed();
        Some(Self { position, provider, said, number, amount: amount.0 })
    }

    pub(super) fn insert(&self, tables: &Connection) -> rusqlite::Result<()> {
        let Self { position, provider, said, number, amount } = self;
        let sql = "INSERT OR REPLACE INTO facts (position, provider, said, number, amount)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = tables.prepare_cached(sql)?;
        insert.execute(params![position, provider, said, number, amount])?;
        mark_recorded(tables, provider, number)
    }
}

/// Removes notices with this number, or this id, from the list if the facts with it have their
/// amount: one, or the parts of several dossiers.
pub(super) fn mark_recorded(
    tables: &Connection,
    provider: &str,
    number: &str,
) -> rusqlite::Result<()> {
    let sql = "UPDATE unmatched SET matched = 1
         WHERE matched = 0 AND provider = ?1 AND (number = ?2 OR event = ?2)
           AND amount = (SELECT sum(amount) FROM facts
             WHERE facts.provider = ?1 AND facts.said = unmatched.said AND facts.number = ?2)";
    tables.prepare_cached(sql)?.execute([provider, number]).map(drop)
}
