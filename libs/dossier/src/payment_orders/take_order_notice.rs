//! A provider reports the outcome of a payment order. The exact sum pays all its dossiers; anything
//! else is counted for none of them until a cashier has looked into it. Reports are accepted in any
//! order and any number of times, as for an attempt.

use jiff::Timestamp;

use super::PaymentOrder;
use crate::contract::{
    Doubt, OrderConfirmed, OrderDoubted, OrderEnd, OrderEnded, OrderPaid, OrderStarted,
    PaymentOrderEvent, Personal, Source, Vnd,
};
use crate::payment::limits::ATTEMPT_FACTS_MAX;
use crate::payment::take_notice::Said;
use crate::payment::{Attempt, Identity, Word};
use crate::step::{Command, Decision, Facts, Step, refusals};

refusals! {
    /// Refusals of `take_order_notice`.
    pub enum Refusal {
        NotOurs => 404, "not-found",
            "không tìm thấy", "not found, or you have no access to it";
    }
}

/// Records a provider's report about an order.
#[derive(Debug, Clone)]
pub struct TakeOrderNotice {
    pub provider: String,
    /// The provider's id of the report.
    pub provider_event: String,
    /// The provider's transaction number; `None` if the report has none.
    pub transaction: Option<String>,
    pub source: Source,
    pub said: Said,
    /// When the money moved, by the provider's clock.
    pub paid_at: Option<Timestamp>,
    /// The message as it was sent.
    pub message: Option<Personal<String>>,
}

impl Command for TakeOrderNotice {
    type State = PaymentOrder;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "take_order_notice",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[],
        events: &[
            "payment.OrderPaid.v1",
            "payment.OrderConfirmed.v1",
            "payment.OrderDoubted.v1",
            "payment.OrderEnded.v1",
        ],
        refusals: Refusal::ALL,
    };

    /// Nothing, if the fact is known or has no effect. Refused if it is about no order of this
    /// provider, about one that could never be paid, about a refund, a reversal or a dispute, or
    /// if too many facts are known of it: a cashier looks into the notice.
    fn decide(
        &self,
        order: &PaymentOrder,
        _facts: &Facts<'_>,
    ) -> Result<Decision<PaymentOrderEvent>, Refusal> {
        let (Some(started), Some(attempt)) = (order.started(), order.attempt()) else {
            return Err(Refusal::NotOurs);
        };
        if started.provider != self.provider || !order.is_opened() {
            return Err(Refusal::NotOurs);
        }
        let amount = match &self.said {
            Said::Captured(amount) if *amount > Vnd::ZERO => *amount,
            Said::Captured(_) | Said::Pending => return Ok(Decision::Nothing),
            Said::Failed(code) => return Ok(failed(order, started, code)),
            Said::Refund(_) | Said::Reversed(..) | Said::Dispute(_) => {
                return Err(Refusal::NotOurs);
            }
        };
        let (event, transaction) = (self.provider_event.clone(), self.transaction.clone());
        self.captured(started, attempt, Word { event, transaction, amount })
    }
}

fn failed(order: &PaymentOrder, started: &OrderStarted, code: &str) -> Decision<PaymentOrderEvent> {
    if order.paid().is_some() || order.ended().is_some() {
        return Decision::Nothing;
    }
    let (order, why, code) = (started.order, OrderEnd::Failed, Some(code.to_owned()));
    Decision::event(OrderEnded { order, why, dossier: None, code })
}

impl TakeOrderNotice {
    fn captured(
        &self,
        started: &OrderStarted,
        attempt: &Attempt,
        word: Word,
    ) -> Result<Decision<PaymentOrderEvent>, Refusal> {
        let doubt = match attempt.identify(&word) {
            Identity::Known => return Ok(Decision::Nothing),
            _ if attempt.facts() >= ATTEMPT_FACTS_MAX => return Err(Refusal::NotOurs),
            Identity::NameOf(of) => {
                let of = of.to_owned();
                return Ok(Decision::event(self.confirmed(started, word, of)));
            }
            Identity::Doubtful(doubt) => doubt,
            Identity::New if word.amount != started.total => Doubt::NotTheAttemptsAmount,
            Identity::New if !attempt.captures.is_empty() => Doubt::OtherTransaction,
            Identity::New => return Ok(Decision::event(self.paid(started, word))),
        };
        Ok(Decision::event(OrderDoubted {
            order: started.order,
            provider_event: word.event,
            transaction: word.transaction,
            source: self.source,
            doubt,
            said: word.amount,
        }))
    }

    fn paid(&self, started: &OrderStarted, word: Word) -> OrderPaid {
        OrderPaid {
            order: started.order,
            provider: self.provider.clone(),
            provider_event: word.event,
            amount: word.amount,
            transaction: word.transaction,
            source: self.source,
            paid_at: self.paid_at,
            message: self.message.clone(),
        }
    }

    fn confirmed(&self, started: &OrderStarted, word: Word, of: String) -> OrderConfirmed {
        OrderConfirmed {
            order: started.order,
            provider_event: word.event,
            amount: word.amount,
            transaction: word.transaction,
            source: self.source,
            of,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::{EventSet, Role};
    use crate::law::Law;
    use crate::payment_orders::open_payment_order::OpenPaymentOrder;
    use crate::payment_orders::start_payment_order::tests::{command, scene};
    use crate::testing::{Scene, law};

    /// An order of 90,000 đồng that can be paid.
    pub(crate) fn open<'a>(law: &'a Law, provider: &str) -> Scene<'a, PaymentOrder> {
        let mut scene = scene(law);
        let start = command(provider, &[30_000, 60_000]);
        scene.execute("2026-11-20T09:10", Role::Applicant, start).unwrap();
        scene.execute("2026-11-20T09:10", Role::System, OpenPaymentOrder).unwrap();
        scene
    }

    pub(crate) fn captured(event: &str, transaction: Option<&str>, amount: i64) -> TakeOrderNotice {
        TakeOrderNotice {
            provider: "sandbox".to_owned(),
            provider_event: event.to_owned(),
            transaction: transaction.map(str::to_owned),
            source: Source::Notice,
            said: Said::Captured(Vnd(amount)),
            paid_at: None,
            message: None,
        }
    }

    fn take(scene: &mut Scene<'_, PaymentOrder>, notice: TakeOrderNotice) -> Vec<&'static str> {
        let events = scene.execute("2026-11-20T09:30", Role::PaymentProvider, notice).unwrap();
        events.iter().map(EventSet::kind).collect()
    }

    #[test]
    fn the_exact_sum_pays_once_however_often_it_is_reported() {
        let law = law();
        let mut scene = open(&law, "sandbox");
        let notice = captured("e1", Some("t1"), 90_000);
        assert_eq!(take(&mut scene, notice.clone()), ["payment.OrderPaid.v1"]);
        assert!(take(&mut scene, notice).is_empty());
        let again = captured("e2", Some("t1"), 90_000);
        assert_eq!(take(&mut scene, again), ["payment.OrderConfirmed.v1"]);
        assert_eq!(scene.state.confirmed().len(), 1);
    }

    #[test]
    fn another_sum_and_a_second_payment_are_counted_for_nobody() {
        let law = law();
        let mut scene = open(&law, "sandbox-partial");
        let other = |notice| TakeOrderNotice { provider: "sandbox-partial".to_owned(), ..notice };
        for (event, amount) in [("e1", 89_999), ("e2", 90_001)] {
            let wrong = other(captured(event, Some(event), amount));
            assert_eq!(take(&mut scene, wrong), ["payment.OrderDoubted.v1"]);
        }
        assert!(scene.state.paid().is_none());
        let right = other(captured("e3", Some("t3"), 90_000));
        assert_eq!(take(&mut scene, right), ["payment.OrderPaid.v1"], "the right sum after all");
        let twice = other(captured("e4", Some("t4"), 90_000));
        assert_eq!(take(&mut scene, twice), ["payment.OrderDoubted.v1"]);
        assert_eq!(scene.state.attempt().unwrap().captured, Vnd(90_000));
    }

    #[test]
    fn a_failure_ends_the_order_and_money_after_it_counts() {
        let law = law();
        let mut scene = open(&law, "sandbox");
        let failed =
            TakeOrderNotice { said: Said::Failed("24".to_owned()), ..captured("e1", None, 0) };
        assert_eq!(take(&mut scene, failed.clone()), ["payment.OrderEnded.v1"]);
        assert!(take(&mut scene, failed).is_empty());
        assert_eq!(take(&mut scene, captured("e2", Some("t1"), 90_000)), ["payment.OrderPaid.v1"]);
    }

    #[test]
    fn money_for_an_order_that_could_never_be_paid_or_of_another_provider_is_not_taken() {
        let law = law();
        let mut joining = scene(&law);
        let start = command("sandbox", &[30_000, 60_000]);
        joining.execute("2026-11-20T09:10", Role::Applicant, start).unwrap();
        let mut open = open(&law, "sandbox");
        let other =
            TakeOrderNotice { provider: "other".to_owned(), ..captured("e1", None, 90_000) };
        for (scene, notice) in [(&mut joining, captured("e1", None, 90_000)), (&mut open, other)] {
            let taken = scene.execute("2026-11-20T09:30", Role::PaymentProvider, notice);
            assert_eq!(taken, Err(Refusal::NotOurs));
        }
    }
}
