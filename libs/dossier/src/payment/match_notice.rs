//! A cashier matches a provider's notice that names none of our payments, for example one with a
//! misspelt reference, with the attempt for which the money came. It then counts as if the provider
//! had named that attempt. Decree 118/2025/NĐ-CP, art. 24.

use uuid::Uuid;

use super::Payment;
use super::take_notice::{Said, TakeNotice};
use crate::access::agency;
use crate::contract::{NoticeMatched, NoticeUnmatched, PaymentEvent, PaymentId, Role, Source};
use crate::step::{Command, Decision, Facts, Known, Step, refusals};
use crate::text::Text;

/// Matches a notice with an attempt.
#[derive(Debug, Clone)]
pub struct MatchNotice {
    /// Id of the event that recorded the notice.
    pub id: Uuid,
    pub notice: NoticeUnmatched,
    /// The attempt.
    pub payment: PaymentId,
    /// How the cashier knows that the money belongs to this attempt.
    pub reason: Text<2000>,
    /// Names of other money that the cashier has compared and found to be another transfer.
    pub distinct_from: Vec<String>,
}

refusals! {
    /// Refusals of `match_notice`.
    pub enum Refusal {
        UnknownAttempt(Known) => 422, "unknown-attempt" at "/payment",
            "hồ sơ này không có lượt thanh toán như vậy qua cổng đã gửi thông báo",
            "the dossier has no such attempt with the provider of the notice";
        NoMoney => 422, "notice-without-money" at "/notice",
            "thông báo này không báo đã thu tiền, không có gì để khớp",
            "the notice reports no capture, so there is nothing to match";
        AlreadyMatched => 409, "notice-already-matched",
            "thông báo này đã được khớp", "the notice has been matched already";
    }
}

impl Command for MatchNotice {
    type State = Payment;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "match_notice",
        basis: "118/2025/NĐ-CP Điều 24",
        may: &[agency(Role::Cashier)],
        events: &[
            "payment.NoticeMatched.v1",
            "payment.PaymentCaptured.v1",
            "payment.CaptureConfirmed.v1",
            "payment.DiscrepancyFound.v1",
            "payment.FeeSettled.v1",
            "payment.RefundOwed.v1",
        ],
        refusals: Refusal::ALL,
    };

    /// The match, and what follows from the capture: nothing more if it was known.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Self { id, notice, payment: attempt, reason, distinct_from } = self;
        if payment.matched.contains(id) {
            return Err(Refusal::AlreadyMatched);
        }
        // Notices recorded before the outcome was kept were captures.
        if notice.said.as_deref().unwrap_or("captured") != "captured" {
            return Err(Refusal::NoMoney);
        }
        let command = TakeNotice {
            payment: *attempt,
            provider: notice.provider.clone(),
            provider_event: notice.provider_event.clone(),
            transaction: notice.transaction.clone(),
            source: Source::Notice,
            said: Said::Captured(notice.amount),
            paid_at: notice.paid_at,
            message: notice.message.clone(),
        };
        let Some(of_provider) = command.attempt(payment) else {
            let attempts = payment.attempts.values().map(|attempt| &attempt.started);
            let attempts = attempts.filter(|started| started.provider == notice.provider);
            let known = attempts.map(|started| started.payment);
            let list = "GET /v1/payments/{dossier}";
            return Err(Refusal::UnknownAttempt(Known::new(attempt, known, list)));
        };
        let taken = command.record(payment, of_provider, facts)?;
        let (provider, provider_event) = (notice.provider.clone(), notice.provider_event.clone());
        let (notice, payment, reason) = (*id, *attempt, reason.personal());
        let distinct_from = distinct_from.clone();
        let matched =
            NoticeMatched { notice, payment, provider, provider_event, reason, distinct_from };
        let mut events = vec![matched.into()];
        events.extend(taken.into_events().unwrap_or_default());
        Ok(events.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Vnd;
    use crate::payment::assess_fee::tests::assessed;
    use crate::payment::start_payment::tests::sandbox;
    use crate::step::Refuse;
    use crate::testing::{Scene, law};

    fn notice(said: Option<&str>) -> NoticeUnmatched {
        NoticeUnmatched {
            provider: "sandbox".to_owned(),
            provider_event: "e1".to_owned(),
            reference: "DSR misspelt".to_owned(),
            amount: Vnd(30_000),
            said: said.map(str::to_owned),
            transaction: None,
            paid_at: None,
            findings: Vec::new(),
            message: None,
        }
    }

    fn command(scene: &Scene<'_, Payment>, said: Option<&str>) -> MatchNotice {
        let payment = *scene.state.attempts.keys().next().unwrap();
        let reason = "by the payer's statement".into();
        let (id, distinct_from) = (Uuid::from_u128(3), Vec::new());
        MatchNotice { id, notice: notice(said), payment, reason, distinct_from }
    }

    #[test]
    fn a_matched_notice_counts_as_a_capture_once() {
        let law = law();
        let mut scene = assessed(&law);
        scene.execute("2026-11-20T09:30", Role::Applicant, sandbox()).unwrap();
        let matching = command(&scene, Some("captured"));
        let events = scene.execute("2026-11-20T11:00", Role::Cashier, matching.clone()).unwrap();
        let [
            PaymentEvent::NoticeMatched(_),
            PaymentEvent::PaymentCaptured(_),
            PaymentEvent::FeeSettled(_),
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        let again = scene.execute("2026-11-20T11:01", Role::Cashier, matching);
        assert_eq!(again, Err(Refusal::AlreadyMatched));
    }

    #[test]
    fn a_notice_without_money_or_of_another_provider_is_matched_with_nothing() {
        let law = law();
        let mut scene = assessed(&law);
        scene.execute("2026-11-20T09:30", Role::Applicant, sandbox()).unwrap();
        let failed = command(&scene, Some("failed"));
        let refused = scene.execute("2026-11-20T11:00", Role::Cashier, failed);
        assert_eq!(refused, Err(Refusal::NoMoney));
        let mut other = command(&scene, None);
        other.notice.provider = "bank".to_owned();
        let refused = scene.execute("2026-11-20T11:00", Role::Cashier, other).unwrap_err();
        assert_eq!(refused.pointer(), Some("/payment"));
    }
}
