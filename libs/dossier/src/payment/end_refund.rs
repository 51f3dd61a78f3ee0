//! A cashier records what became of a refund through a provider, if the provider does not answer:
//! it was asked by telephone, or its portal shows it. Before a day has passed the provider is asked
//! by itself, and its answer counts.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::refunding::UnfitNumber;
use super::{Payment, Standing};
use crate::access::agency;
use crate::contract::{PaymentEvent, RefundEnded, RefundOutcome, Role};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// Records the outcome of a refund.
#[derive(Debug, Clone)]
pub struct EndRefund {
    pub refund: Uuid,
    pub outcome: RefundOutcome,
    /// The provider's number of the refund, if the money went back.
    pub number: Option<String>,
    /// How the cashier knows it.
    pub reason: Text<2000>,
    /// Progress of the dossier at intake.
    pub standing: Standing,
    /// What the payment order knows, if the money came by one.
    pub order: Option<OfOrder>,
}

/// What a payment order knows of a refund.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfOrder {
    /// Since when the provider is asked for it; `None` if it waits for others.
    pub begun_at: Option<Timestamp>,
    /// Numbers of the refunds of its other dossiers.
    pub numbers: BTreeSet<String>,
}

/// How long a refund is the provider's to answer for.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

refusals! {
    /// Refusals of `end_refund`.
    pub enum Refusal {
        UnknownRefund(Known) => 422, "unknown-refund" at "/refund",
            "hồ sơ này không có khoản hoàn qua cổng như vậy",
            "the dossier has no such refund through a provider";
        Ended => 409, "refund-ended",
            "khoản hoàn này đã có kết quả", "the outcome of this refund is known";
        TooEarly => 409, "refund-being-sent",
            "cổng thanh toán còn đang được hỏi; chỉ ghi kết quả sau 24 giờ",
            "the provider is being asked; record the outcome after 24 hours";
        NumberMissing => 422, "refund-number-missing" at "/transaction",
            "tiền đã hoàn thì phải ghi mã giao dịch hoàn của cổng thanh toán hoặc ngân hàng",
            "money that went back has a transaction number of the provider or the bank";
        NumberOfOther => 422, "refund-number-of-other" at "/transaction",
            "mã này là của khoản thu hoặc khoản hoàn khác",
            "this is the number of the payment or of another refund";
    }
}

impl Command for EndRefund {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "end_refund",
        basis: "97/2015/QH13 Điều 14",
        may: &[agency(Role::Cashier)],
        events: &[
            "payment.RefundEnded.v1",
            "payment.PaymentRefunded.v1",
            "payment.RefundOwed.v1",
            "payment.FeeSettled.v1",
            "payment.FeeOwedAgain.v1",
        ],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { refund, outcome, number, reason, standing, .. } = self;
        let Some(sent) = payment.sent_refund(*refund) else {
            let known = payment.sent_refunds.iter().map(|one| one.requested.refund);
            return Err(Refusal::UnknownRefund(Known::new(
                refund,
                known,
                "GET /v1/payments/{dossier}",
            )));
        };
        if sent.ended.is_some() {
            return Err(Refusal::Ended);
        }
        let attempt = payment.attempts.get(&sent.requested.payment);
        let is_of_order = attempt.is_some_and(|attempt| attempt.started.order.is_some());
        let begun_at = self.order.as_ref().and_then(|order| order.begun_at);
        let since = if is_of_order { begun_at } else { Some(sent.requested_at) };
        let from = since.and_then(|since| since.checked_add(ANSWERED_WITHIN).ok());
        if from.is_none_or(|from| facts.at < from) {
            return Err(Refusal::TooEarly);
        }
        let number =
            payment.number_of(sent, *outcome, number.as_deref()).map_err(|unfit| match unfit {
                UnfitNumber::Missing => Refusal::NumberMissing,
                UnfitNumber::OfOther => Refusal::NumberOfOther,
            })?;
        let is_of_other =
            |number| self.order.as_ref().is_some_and(|of| of.numbers.contains(number));
        if number.is_some_and(is_of_other) {
            return Err(Refusal::NumberOfOther);
        }
        let ended = RefundEnded {
            refund: *refund,
            payment: sent.requested.payment,
            provider: sent.requested.provider.clone(),
            outcome: *outcome,
            code: None,
            transaction: number.map(str::to_owned),
            refunded_at: None,
            reason: Some(reason.personal()),
            message: None,
        };
        Ok(payment.end_of_refund(ended, *standing, facts)?.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::request_refund::tests::{request, told};
    use crate::payment::take_notice::tests::{paid_twice, take};
    use crate::testing::law;

    pub(crate) fn end(refund: Uuid, outcome: RefundOutcome) -> EndRefund {
        let (number, reason, standing) = (None, "by telephone".into(), Standing::Unanswered);
        EndRefund { refund, outcome, number, reason, standing, order: None }
    }

    #[test]
    fn money_that_went_back_has_a_number_that_is_not_that_of_other_money() {
        let law = law();
        let mut scene = paid_twice(&law);
        let attempt = scene.state.attempts.values_mut().next().unwrap();
        attempt.captures[0].transaction = Some("T1".to_owned());
        request(&mut scene, 10_000).unwrap();
        let said = told(&scene, RefundOutcome::Refunded);
        take(&mut scene, &said);
        request(&mut scene, 10_000).unwrap();
        let refund = scene.state.sent_refunds[1].requested.refund;
        for (number, refused) in [
            (None, Refusal::NumberMissing),
            (Some("T1"), Refusal::NumberOfOther),
            (Some("R1"), Refusal::NumberOfOther),
        ] {
            let number = number.map(str::to_owned);
            let end = EndRefund { number, ..end(refund, RefundOutcome::Refunded) };
            assert_eq!(scene.execute("2026-11-21T11:00", Role::Cashier, end), Err(refused));
        }
        let number = Some("R2".to_owned());
        let end = EndRefund { number, ..end(refund, RefundOutcome::Refunded) };
        scene.execute("2026-11-21T11:00", Role::Cashier, end).unwrap();
        assert_eq!(scene.state.sent_refunds[1].number(), Some("R2"));
    }

    #[test]
    fn a_cashier_ends_a_refund_whose_outcome_the_provider_does_not_tell_for_a_day() {
        let law = law();
        for (outcome, refunded) in [(RefundOutcome::Refunded, 30_000), (RefundOutcome::Refused, 0)]
        {
            let mut scene = paid_twice(&law);
            request(&mut scene, 30_000).unwrap();
            let refund = scene.state.sent_refunds[0].requested.refund;
            let number = Some("R1".to_owned());
            let end = EndRefund { number, ..end(refund, outcome) };
            let early = scene.execute("2026-11-21T10:59", Role::Cashier, end.clone());
            assert_eq!(early, Err(Refusal::TooEarly));
            scene.execute("2026-11-21T11:00", Role::Cashier, end.clone()).unwrap();
            assert_eq!(scene.state.refunded, Vnd(refunded));
            assert_eq!(scene.state.on_its_way(), Vnd(0));
            let again = scene.execute("2026-11-21T11:01", Role::Cashier, end);
            assert_eq!(again, Err(Refusal::Ended));
        }
    }

    #[test]
    fn a_refund_that_is_not_there_or_has_its_outcome_is_not_ended() {
        let law = law();
        let mut scene = paid_twice(&law);
        let (refund, outcome) = (Uuid::nil(), RefundOutcome::Refused);
        let end = end(refund, outcome);
        let unknown = scene.execute("2026-11-21T11:00", Role::Cashier, end.clone());
        assert!(matches!(unknown, Err(Refusal::UnknownRefund(_))), "{unknown:?}");
        request(&mut scene, 30_000).unwrap();
        let said = told(&scene, RefundOutcome::Refunded);
        take(&mut scene, &said);
        let refund = scene.state.sent_refunds[0].requested.refund;
        let ended = scene.execute("2026-11-21T12:00", Role::Cashier, EndRefund { refund, ..end });
        assert_eq!(ended, Err(Refusal::Ended));
        assert_eq!(scene.state.refunded, Vnd(30_000));
    }
}
