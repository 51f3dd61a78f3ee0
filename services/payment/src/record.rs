//! Records what partners report, from messages and from answers to queries.

use std::sync::Arc;

use dossier::contract::{
    DisputeOutcome, DossierId, Doubt, NoticeUnmatched, PaymentId, PaymentOrderId, Personal,
    RefundOutcome, Source, UnmatchedEvent, Vnd, parse_order_reference, parse_reference,
};
use dossier::payment::take_notice::{Refusal, Said, TakeNotice};
use dossier::payment::{DisputeSaid, Disputed, Payment, RefundSaid, Standing};
use dossier::payment_orders::PaymentOrder;
use engine::tasks::Progress;
use engine::unmatched::{self, Unmatched, UnmatchedError};
use engine::view::{Question, View, ViewError};
use engine::{CommandEnvelope, Failure, Streams};
use partners::{Answer, Capability, Notice, Outcome, Reference};
use rusqlite::OptionalExtension;
use uuid::Uuid;

use crate::standing::in_standing;

/// Where reports are recorded.
#[derive(Debug, Clone)]
pub(crate) struct Reports {
    pub(crate) payments: Arc<Streams<Payment>>,
    pub(crate) orders: Arc<Streams<PaymentOrder>>,
    /// The view with the attempts by their references.
    pub(crate) open: Arc<View>,
    /// Position that this view has reached.
    pub(crate) shown: Progress,
}

/// What a reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Attempt(DossierId, PaymentId),
    Order(PaymentOrderId),
}

/// A report, and the partner that made it.
#[derive(Debug, Clone)]
pub(crate) struct Report<'a> {
    pub(crate) partner: &'a str,
    pub(crate) notice: &'a Notice,
    /// The message as it was sent.
    pub(crate) message: Option<String>,
}

/// Why a report could not be recorded; it may be later.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRecorded {
    #[error("the view of attempts lags behind")]
    Lags,
    #[error(transparent)]
    View(#[from] ViewError),
    #[error(transparent)]
    Unmatched(#[from] UnmatchedError),
    #[error("the payment cannot be read")]
    Read(#[from] events::ReadError),
    #[error("the report could not be appended: {0}")]
    Append(String),
}

impl Reports {
    /// The attempt or payment order with this reference, as partners and payers write it; `None` if
    /// there is none.
    ///
    /// # Errors
    ///
    /// [`NotRecorded::Lags`] if it may have begun so recently that the view does not show it.
    pub(crate) async fn find(&self, reference: &str) -> Result<Option<Found>, NotRecorded> {
        if let Some((dossier, payment)) = parse_reference(reference) {
            return Ok(Some(Found::Attempt(dossier, PaymentId(payment))));
        }
        if let Some(order) = parse_order_reference(reference) {
            return Ok(Some(Found::Order(order)));
        }
        let Some(reference) = Reference::parse(reference) else { return Ok(None) };
        if let Some(found) = self.look_up(&reference).await? {
            return Ok(Some(found));
        }
        let head = self.payments.engine().store.head();
        if !self.shown.reach(head).await {
            return Err(NotRecorded::Lags);
        }
        self.look_up(&reference).await
    }

    async fn look_up(&self, reference: &Reference) -> Result<Option<Found>, NotRecorded> {
        let text = reference.to_string();
        let row = self.open.query(Question::List, move |tables| {
            // Two attempts with one reference: neither is meant.
            let sql = "SELECT min(dossier), min(payment) FROM attempts WHERE reference = ?1
                       GROUP BY reference HAVING count(*) = 1";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
            tables.query_row(sql, [text], row).optional()
        });
        let found: Option<(String, String)> = row.await?;
        Ok(found.and_then(|(dossier, payment)| {
            let payment: Uuid = payment.parse().ok()?;
            Some(match &*dossier {
                "" => Found::Order(PaymentOrderId(payment)),
                dossier => Found::Attempt(dossier.parse().ok()?, PaymentId(payment)),
            })
        }))
    }

    /// Records a report, or keeps it for a cashier if it matches no attempt of the partner.
    ///
    /// # Errors
    ///
    /// See [`NotRecorded`]; the partner should report again.
    pub(crate) async fn record(&self, report: Report<'_>) -> Result<Answer, NotRecorded> {
        let reference = report.notice.reference.as_deref().unwrap_or_default();
        let Some(found) = self.find(reference).await? else { return self.keep(report).await };
        let (dossier, payment) = match found {
            Found::Attempt(dossier, payment) => (dossier, payment),
            Found::Order(order) => {
                return match said(report.notice) {
                    Some(said) => self.record_of_order(order, said, report).await,
                    None => self.keep(report).await,
                };
            }
        };
        let Some(said) = said(report.notice) else { return self.keep(report).await };
        let said = in_standing(&self.payments, dossier, said).await?;
        let (partner, notice) = (report.partner, report.notice);
        let command = TakeNotice {
            payment,
            provider: partner.to_owned(),
            provider_event: notice.event.clone(),
            transaction: notice.transaction.clone(),
            source: source(notice.by),
            said,
            paid_at: notice.paid_at,
            message: report.message.clone().map(Personal::Known),
        };
        let stream = Streams::<Payment>::of(dossier.0);
        let before = self.payments.load(&stream).await?;
        let id = command_id(partner, notice);
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id).about(Some(dossier));
        match self.payments.execute(&envelope, &command).await {
            Ok(executed) => {
                let attempt = executed.loaded.state.attempts.get(&payment);
                let mut doubts = attempt.iter().flat_map(|attempt| &attempt.doubts);
                let differs = doubts.any(|one| {
                    let by_amount = [Doubt::NotTheAttemptsAmount, Doubt::OtherAmount];
                    one.word.event == notice.event && by_amount.contains(&one.doubt)
                });
                let is_new = executed.loaded.version != before.version && !executed.repeated;
                Ok(match (differs, is_new) {
                    (true, _) => Answer::AmountDiffers,
                    (false, true) => Answer::Taken,
                    (false, false) => Answer::Known,
                })
            }
            Err(Failure::Refused(Refusal::NotOurs) | Failure::Missing) => self.keep(report).await,
            Err(failure) => Err(NotRecorded::Append(format!("{failure:?}"))),
        }
    }

    pub(crate) async fn keep(&self, report: Report<'_>) -> Result<Answer, NotRecorded> {
        let Report { partner, notice, message } = report;
        self.kept(NoticeUnmatched {
            provider: partner.to_owned(),
            provider_event: notice.event.clone(),
            reference: notice.reference.clone().unwrap_or_default(),
            amount: Vnd(notice.amount.map_or(0, |amount| amount.0)),
            said: Some(outcome(notice.outcome).to_owned()),
            transaction: notice.transaction.clone(),
            paid_at: notice.paid_at,
            findings: Vec::new(),
            message: message.map(Personal::Known),
        })
        .await?;
        Ok(Answer::Unmatched)
    }

    /// Keeps a notice for a cashier, once.
    pub(crate) async fn kept(&self, notice: NoticeUnmatched) -> Result<(), NotRecorded> {
        let (partner, reference) = (notice.provider.clone(), notice.reference.clone());
        let notice = UnmatchedEvent::from(notice);
        let unmatched = Unmatched {
            service: crate::NAME,
            partner: &partner,
            reference: &reference,
            notice: &notice,
        };
        Ok(unmatched::keep(self.payments.engine(), unmatched).await?)
    }
}

/// The command of a report: the same report again is the same command.
pub(crate) fn command_id(partner: &str, notice: &Notice) -> Uuid {
    let Notice {
        event, reference, refund_reference, dispute, transaction, amount, outcome, ..
    } = notice;
    let amount = amount.map(|amount| amount.0);
    let mut name =
        format!("{partner}\n{event}\n{reference:?}\n{transaction:?}\n{amount:?}\n{outcome:?}");
    if let Some(refund) = refund_reference {
        name.extend(["\n", refund]);
    }
    if let Some(number) = dispute.as_ref().and_then(|dispute| dispute.number.as_deref()) {
        name.extend(["\ndispute\n", number]);
    }
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}

/// What it says about the attempt, whatever the progress of the dossier is; `None` if a person has
/// to look at it.
fn said(notice: &Notice) -> Option<Said> {
    let standing = Standing::Unanswered;
    let amount = notice.amount.map(|amount| Vnd(amount.0));
    let code = notice.code.clone();
    if let Some(reference) = &notice.refund_reference {
        let refund = Some(reference.parse().ok()?);
        let outcome = match notice.outcome {
            Outcome::Refunded => RefundOutcome::Refunded,
            Outcome::Failed => RefundOutcome::Refused,
            Outcome::Pending => return Some(Said::Pending),
            Outcome::Captured
            | Outcome::Reversed
            | Outcome::Disputed
            | Outcome::DisputeKept
            | Outcome::DisputeLost => return None,
        };
        return Some(Said::Refund(RefundSaid { refund, outcome, amount, code, standing }));
    }
    match (notice.outcome, notice.amount) {
        (Outcome::Captured, Some(amount)) => Some(Said::Captured(Vnd(amount.0))),
        (Outcome::Failed, _) => Some(Said::Failed(code)),
        (Outcome::Pending, _) => Some(Said::Pending),
        (Outcome::Refunded, Some(_)) => {
            let outcome = RefundOutcome::Refunded;
            Some(Said::Refund(RefundSaid { refund: None, outcome, amount, code, standing }))
        }
        (Outcome::Reversed, Some(amount)) => Some(Said::Reversed(Vnd(amount.0), standing)),
        (Outcome::Disputed, Some(amount)) => {
            let answer_by = notice.dispute.as_ref().and_then(|dispute| dispute.answer_by);
            Some(disputed(notice, Disputed::Begun(Vnd(amount.0), answer_by)))
        }
        (Outcome::DisputeKept, _) => Some(disputed(notice, Disputed::Ended(DisputeOutcome::Kept))),
        (Outcome::DisputeLost, _) => Some(disputed(notice, Disputed::Ended(DisputeOutcome::Lost))),
        _ => None,
    }
}

fn disputed(notice: &Notice, what: Disputed) -> Said {
    let number = notice.dispute.as_ref().and_then(|dispute| dispute.number.clone());
    Said::Dispute(DisputeSaid { number, what })
}

fn outcome(outcome: Outcome) -> &'static str {
    Outcome::ALL.iter().find(|(_, one)| *one == outcome).map_or("", |(name, _)| name)
}

pub(crate) const fn source(by: Capability) -> Source {
    match by {
        Capability::Query | Capability::Refund | Capability::RefundPart => Source::Query,
        Capability::Return => Source::Return,
        Capability::Statement => Source::Settlement,
        Capability::Pay | Capability::Notify | Capability::Bill => Source::Notice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(outcome: Outcome, refund_reference: Option<&str>) -> Notice {
        Notice {
            event: "e1".to_owned(),
            reference: Some("DSR1".to_owned()),
            refund_reference: refund_reference.map(str::to_owned),
            dispute: None,
            transaction: Some("t1".to_owned()),
            amount: Some(partners::Vnd(10_000)),
            outcome,
            code: "c".to_owned(),
            paid_at: None,
            by: Capability::Notify,
            key: None,
        }
    }

    #[test]
    fn a_report_that_names_a_refund_is_about_that_one_and_not_about_the_payment() {
        let id = Uuid::from_u128(7);
        let named = id.simple().to_string();
        for (outcome, expected) in [
            (Outcome::Refunded, RefundOutcome::Refunded),
            (Outcome::Failed, RefundOutcome::Refused),
        ] {
            let Some(Said::Refund(refund)) = said(&notice(outcome, Some(&named))) else {
                panic!("{outcome:?}");
            };
            assert_eq!((refund.refund, refund.outcome), (Some(id), expected));
        }
        assert_eq!(said(&notice(Outcome::Captured, Some(&named))), None);
        assert_eq!(said(&notice(Outcome::Refunded, Some("of somebody else"))), None);
        let Some(Said::Refund(refund)) = said(&notice(Outcome::Refunded, None)) else { panic!() };
        assert_eq!(refund.refund, None);
    }

    #[test]
    fn reversals_and_disputes_are_facts_of_their_own() {
        let reversed = said(&notice(Outcome::Reversed, None));
        assert_eq!(reversed, Some(Said::Reversed(Vnd(10_000), Standing::Unanswered)));
        let number = Some("D1".to_owned());
        let dispute = Some(partners::Dispute { number: number.clone(), answer_by: None });
        for (outcome, what) in [
            (Outcome::Disputed, Disputed::Begun(Vnd(10_000), None)),
            (Outcome::DisputeKept, Disputed::Ended(DisputeOutcome::Kept)),
            (Outcome::DisputeLost, Disputed::Ended(DisputeOutcome::Lost)),
        ] {
            let report = Notice { dispute: dispute.clone(), ..notice(outcome, None) };
            let number = number.clone();
            assert_eq!(said(&report), Some(Said::Dispute(DisputeSaid { number, what })));
        }
    }
}
