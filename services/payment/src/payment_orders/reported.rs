//! Records what partners report about payment orders.

use dossier::contract::{OrderEnd, PaymentOrderId, Personal};
use dossier::payment::take_notice::{self, Said, TakeNotice};
use dossier::payment::{Payment, RefundSaid};
use dossier::payment_orders::PaymentOrder;
use dossier::payment_orders::end_payment_order::EndPaymentOrder;
use dossier::payment_orders::take_order_notice::{Refusal, TakeOrderNotice};
use engine::{CommandEnvelope, Failure, Streams};
use events::ReadError;
use partners::Answer;
use uuid::Uuid;

use super::Members;
use crate::record::{NotRecorded, Report, Reports, command_id, source};
use crate::standing::standing;

/// What became of a report about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfOrder {
    /// It was recorded.
    Taken,
    /// It was known.
    Known,
    /// It is recorded, and its money is counted for nobody: a cashier looks into it.
    Differs,
    /// It is about no order of the partner that could be paid.
    NotOurs,
}

impl Reports {
    /// The order with the payments of its dossiers.
    ///
    /// # Errors
    ///
    /// A stream cannot be read.
    pub(crate) async fn members(&self, order: PaymentOrderId) -> Result<Members, ReadError> {
        Members::load(&self.orders, &self.payments, order).await
    }

    /// Records a report about an order, by the command with this id.
    ///
    /// # Errors
    ///
    /// See [`NotRecorded`]; the partner should report again.
    pub(crate) async fn take_for_order(
        &self,
        (order, id): (PaymentOrderId, Uuid),
        command: &TakeOrderNotice,
    ) -> Result<OfOrder, NotRecorded> {
        if let Said::Refund(said) = &command.said {
            return self.take_refund((order, id), command, said).await;
        }
        if matches!(command.said, Said::Reversed(..) | Said::Dispute(_)) {
            return self.take_fact((order, id), command).await;
        }
        let stream = Streams::<PaymentOrder>::of(order.0);
        let before = self.orders.load(&stream).await?;
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id);
        match self.orders.execute(&envelope, command).await {
            Ok(executed) => {
                let attempt = executed.loaded.state.attempt();
                let mut doubts = attempt.iter().flat_map(|attempt| &attempt.doubts);
                let is_same =
                    |amount| matches!(command.said, Said::Captured(said) if said == amount);
                let differs = doubts.any(|one| {
                    one.word.event == command.provider_event && is_same(one.word.amount)
                });
                let is_new = executed.loaded.version != before.version && !executed.repeated;
                Ok(match (differs, is_new) {
                    (true, _) => OfOrder::Differs,
                    (false, true) => OfOrder::Taken,
                    (false, false) => OfOrder::Known,
                })
            }
            Err(Failure::Refused(Refusal::NotOurs) | Failure::Missing) => Ok(OfOrder::NotOurs),
            Err(failure) => Err(NotRecorded::Append(format!("{failure:?}"))),
        }
    }

    /// Records a report about a refund with the dossier whose money went back.
    async fn take_refund(
        &self,
        (order, id): (PaymentOrderId, Uuid),
        command: &TakeOrderNotice,
        said: &RefundSaid,
    ) -> Result<OfOrder, NotRecorded> {
        let members = self.members(order).await?;
        let of_provider = members.order.state.started().map(|started| &started.provider);
        let number = command.transaction.as_deref();
        let named = members.named(said, number).filter(|_| of_provider == Some(&command.provider));
        let Some((dossier, sent)) = named else { return Ok(OfOrder::NotOurs) };
        let said = RefundSaid {
            refund: Some(sent.requested.refund),
            standing: standing(&self.payments, dossier).await?,
            ..said.clone()
        };
        let notice = TakeNotice {
            payment: sent.requested.payment,
            provider: command.provider.clone(),
            provider_event: command.provider_event.clone(),
            transaction: command.transaction.clone(),
            source: command.source,
            said: Said::Refund(said),
            paid_at: command.paid_at,
            message: command.message.clone(),
        };
        let stream = Streams::<Payment>::of(dossier.0);
        let before = self.payments.load(&stream).await?;
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id).about(Some(dossier));
        match self.payments.execute(&envelope, &notice).await {
            Ok(executed) if executed.loaded.version != before.version && !executed.repeated => {
                Ok(OfOrder::Taken)
            }
            Ok(_) => Ok(OfOrder::Known),
            Err(Failure::Refused(take_notice::Refusal::NotOurs) | Failure::Missing) => {
                Ok(OfOrder::NotOurs)
            }
            Err(failure) => Err(NotRecorded::Append(format!("{failure:?}"))),
        }
    }

    /// Records a partner's message about an order; what is counted for nobody is kept for a
    /// cashier.
    pub(crate) async fn record_of_order(
        &self,
        order: PaymentOrderId,
        said: Said,
        report: Report<'_>,
    ) -> Result<Answer, NotRecorded> {
        let (partner, notice) = (report.partner, report.notice);
        let command = TakeOrderNotice {
            provider: partner.to_owned(),
            provider_event: notice.event.clone(),
            transaction: notice.transaction.clone(),
            source: source(notice.by),
            said,
            paid_at: notice.paid_at,
            message: report.message.clone().map(Personal::Known),
        };
        let id = command_id(partner, notice);
        match self.take_for_order((order, id), &command).await? {
            OfOrder::Taken => Ok(Answer::Taken),
            OfOrder::Known => Ok(Answer::Known),
            OfOrder::Differs => {
                self.keep(report).await?;
                Ok(Answer::AmountDiffers)
            }
            OfOrder::NotOurs => self.keep(report).await,
        }
    }

    /// Records that a partner has not begun an order.
    pub(crate) async fn not_begun(
        &self,
        order: PaymentOrderId,
        request: Uuid,
    ) -> Result<(), NotRecorded> {
        let code = Some("not-opened".to_owned());
        let command = EndPaymentOrder { why: OrderEnd::Failed, dossier: None, code };
        let id = Uuid::new_v5(&request, b"not-begun");
        let stream = Streams::<PaymentOrder>::of(order.0);
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id);
        let ended = self.orders.execute(&envelope, &command).await;
        ended.map(drop).map_err(|failure| NotRecorded::Append(format!("{failure:?}")))
    }
}
