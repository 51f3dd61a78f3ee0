//! Refunds of money that came by a payment order: the provider knows one payment only. They are
//! passed on as the order begins them, of a provider whose answers name no refund one after the
//! other. A refund that waits is in the payment of its dossier, and begins when another one has
//! ended.

use dossier::contract::{DossierId, PaymentOrderId, RefundRequested};
use dossier::payment::Payment;
use dossier::payment_orders::begin_order_refund::{BeginOrderRefund, Refusal};
use dossier::payment_orders::{BegunRefund, PaymentOrder};
use engine::tasks::Stalled;
use engine::{CommandEnvelope, Failure, Streams};
use events::{Position, Recorded};
use uuid::Uuid;

use super::Owed;
use crate::payment_orders::Members;
use crate::work::Work;

/// The code of a refund that was not sent because the order has too little left.
const MORE_THAN_LEFT: &str = "not sent: more than is left of the payment order";

/// What an order does with a refund.
enum Turn {
    /// It began at this position.
    Begun(Position),
    /// It was begun before.
    Known,
    /// Others are on their way.
    Waits,
    MoreThanLeft,
}

impl Owed {
    /// Begins the refunds of an order that can begin, and passes them on; `requested` is the one
    /// that the event requests.
    pub(super) async fn refund_of_order(
        &self,
        event: &Recorded,
        order: PaymentOrderId,
        requested: Option<Uuid>,
    ) -> Result<(), Stalled> {
        let members = self.reports.members(order).await?;
        for (dossier, sent) in members.open() {
            let RefundRequested { refund, payment, .. } = sent.requested;
            let loaded = self.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
            let Some(attempt) = loaded.state.attempts.get(&payment) else { continue };
            // The payer could get it twice.
            if attempt.open_disputes().next().is_some() {
                continue;
            }
            let new_at = match self.turn(&members, (order, dossier), &sent.requested).await? {
                Turn::Begun(position) => Some(position),
                // It may have been passed on by another process, unless this event requests it.
                Turn::Known => Some(event.position).filter(|_| requested == Some(refund)),
                Turn::Waits => continue,
                Turn::MoreThanLeft => {
                    let of = (dossier, MORE_THAN_LEFT);
                    self.not_sent(event, (attempt, refund), of).await?;
                    continue;
                }
            };
            let work = Work::Refund { dossier, payment, refund };
            self.pass_on(event, (&loaded.state, attempt), (work, new_at)).await?;
        }
        Ok(())
    }

    async fn turn(
        &self,
        members: &Members,
        (order, dossier): (PaymentOrderId, DossierId),
        requested: &RefundRequested,
    ) -> Result<Turn, Stalled> {
        let known = self.desk.partners.get(&requested.provider);
        let command = BeginOrderRefund {
            dossier,
            requested: requested.clone(),
            is_alone: known.is_some_and(|known| !known.partner.scheme.names_refunds),
            ended: members.ended(),
        };
        let stream = Streams::<PaymentOrder>::of(order.0);
        let before = self.reports.orders.load(&stream).await?;
        if before.state.begun(requested.refund).is_some() {
            return Ok(Turn::Known);
        }
        let is_open = |one: &BegunRefund| !command.ended.contains_key(&one.refund);
        if command.is_alone && before.state.refunds().iter().any(is_open) {
            return Ok(Turn::Waits);
        }
        let id = Uuid::new_v5(&requested.refund, b"begin");
        let envelope = CommandEnvelope::by_service(crate::NAME, stream, id).about(Some(dossier));
        match self.reports.orders.execute(&envelope, &command).await {
            Ok(executed) if executed.repeated || executed.loaded.version == before.version => {
                Ok(Turn::Known)
            }
            Ok(executed) => Ok(Turn::Begun(executed.loaded.position)),
            Err(Failure::Refused(Refusal::Waits)) => Ok(Turn::Waits),
            Err(Failure::Refused(Refusal::MoreThanLeft(_))) => Ok(Turn::MoreThanLeft),
            Err(Failure::Append(error)) => Err(error.into()),
            Err(Failure::Read(error)) => Err(error.into()),
            Err(Failure::Clock(error)) => Err(error.into()),
            Err(failure) => Err(Stalled::Defect(format!("{failure:?}"))),
        }
    }
}
