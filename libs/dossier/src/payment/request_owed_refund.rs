//! Money that is owed back is returned by the provider that took it without a cashier, if the
//! payment rules say so for that provider. Only up to the amount that one person may refund, and
//! not again after the provider has refused it.

use super::{Payment, Returning};
use crate::contract::{PaymentEvent, Personal, RefundOutcome, Vnd};
use crate::law::RefundStart;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Requests refunds of what is owed back.
#[derive(Debug, Clone)]
pub struct RequestOwedRefund {
    /// The providers that return money at present.
    pub able: Returning,
}

/// The reason of refunds that no person began.
const REASON: &str = "Tự động hoàn theo quy định về thanh toán";

impl Command for RequestOwedRefund {
    type State = Payment;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "request_owed_refund",
        basis: "97/2015/QH13 Điều 14; quy định nội bộ",
        may: &[],
        events: &["payment.RefundRequested.v1"],
        refusals: &[],
    };

    /// One refund for each attempt of which money can go back, the newest first. Returns no event
    /// if there is none.
    fn decide(
        &self,
        payment: &Payment,
        facts: &Facts<'_>,
    ) -> Result<Decision<PaymentEvent>, LawError> {
        let rules = Payment::rules(facts)?;
        let mut left = payment.owed_back();
        if payment.returned_alone().0.saturating_add(left.0) > rules.second_person_above.0 {
            return Ok(Decision::Nothing);
        }
        let mut attempts: Vec<_> = payment.attempts.values().collect();
        attempts.sort_by_key(|attempt| std::cmp::Reverse(attempt.started_at));
        let mut events = Vec::new();
        for attempt in attempts {
            let (id, provider) = (attempt.started.payment, &attempt.started.provider);
            let is_automatic = rules.refund_start(provider) == RefundStart::Automatic;
            let is_refused = payment.sent_refunds.iter().any(|one| {
                one.requested.payment == id && one.outcome() == Some(RefundOutcome::Refused)
            });
            if !is_automatic || is_refused {
                continue;
            }
            let Some(part) = payment.part_of(id) else { continue };
            let amount = part.left.min(left);
            let is_able = self.able.may(provider, amount, part.captured);
            if !is_able || amount <= Vnd::ZERO || payment.sendable(id, amount).is_err() {
                continue;
            }
            left.0 = left.0.saturating_sub(amount.0);
            let refund = facts.id(&format!("refund-{}", id.0));
            let reason = Personal::Known(REASON.to_owned());
            events.push(part.request(refund, amount, reason, None).into());
        }
        if events.is_empty() { Ok(Decision::Nothing) } else { Ok(events.into()) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::contract::{Role, RulesKind};
    use crate::law::{Law, next_version, rules};
    use crate::payment::query_payment::QueryPayment;
    use crate::payment::request_refund::tests::told;
    use crate::payment::start_payment::tests::{sandbox, started};
    use crate::payment::take_notice::TakeNotice;
    use crate::payment::take_notice::tests::{paid_twice, say, take};
    use crate::testing::{Scene, law};

    fn automatic() -> Law {
        let mut law = law();
        let text = next_version(include_str!("../../procedures/payments.yaml"));
        let text = text.replace(
            "name: sandbox-partial, captures_once: false",
            "name: sandbox-partial, captures_once: false, refunds: automatic",
        );
        let text = text.replace(
            "name: sandbox, captures_once: true",
            "name: sandbox, captures_once: true, refunds: automatic",
        );
        law.apply(&rules(RulesKind::Payments, "p", &text).unwrap(), None).unwrap();
        law
    }

    #[test]
    fn what_is_owed_back_goes_by_itself_where_the_rules_say_so_and_not_again_after_a_refusal() {
        for (law, able, sent) in [(automatic(), true, 1), (automatic(), false, 0), (law(), true, 0)]
        {
            let mut scene = paid_twice(&law);
            let whole: BTreeSet<String> =
                scene.state.attempts.values().map(|one| one.started.provider.clone()).collect();
            let all = Returning { whole, ..Returning::default() };
            let able = if able { all } else { Returning::default() };
            let command = RequestOwedRefund { able };
            let at = "2026-11-20T11:00";
            let events = scene.execute(at, Role::System, command.clone()).unwrap();
            assert_eq!(events.len(), sent, "{events:?}");
            assert!(scene.execute(at, Role::System, command.clone()).unwrap().is_empty(), "once");
            if sent == 1 {
                assert_eq!(scene.state.on_its_way(), Vnd(30_000));
                let said = told(&scene, RefundOutcome::Refused);
                take(&mut scene, &said);
                assert!(scene.execute(at, Role::System, command).unwrap().is_empty());
            }
        }
    }

    #[test]
    fn of_two_attempts_each_returns_its_own_part_the_newest_first_and_no_more_than_is_owed() {
        let law = automatic();
        let (mut scene, first) = started(&law);
        // The first attempt is asked about and does not block another any more.
        scene.execute("2026-11-20T10:00", Role::System, QueryPayment).unwrap();
        scene.execute("2026-11-20T10:01", Role::Applicant, sandbox()).unwrap();
        let second = *scene.state.attempts.keys().find(|id| **id != first).unwrap();
        take(&mut scene, &say(first, "e1", Vnd(30_000)));
        take(&mut scene, &say(second, "e2", Vnd(30_000)));
        assert_eq!(scene.state.owed_back(), Vnd(30_000));
        let whole: BTreeSet<String> = ["sandbox".to_owned()].into();
        let command = RequestOwedRefund { able: Returning { whole, ..Returning::default() } };
        let sent = |scene: &mut Scene<'_, Payment>, at: &str| {
            let events = scene.execute(at, Role::System, command.clone()).unwrap();
            let of = |event| match event {
                PaymentEvent::RefundRequested(sent) => (sent.payment, sent.amount),
                other => panic!("{other:?}"),
            };
            events.into_iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(sent(&mut scene, "2026-11-20T11:00"), [(second, Vnd(30_000))]);
        // The provider refuses it: the older attempt is next, and then none is left.
        let refused = told(&scene, RefundOutcome::Refused);
        take(&mut scene, &refused);
        assert_eq!(sent(&mut scene, "2026-11-20T11:01"), [(first, Vnd(30_000))]);
        let refused =
            TakeNotice { provider_event: "r2".to_owned(), ..told(&scene, RefundOutcome::Refused) };
        take(&mut scene, &refused);
        assert_eq!(sent(&mut scene, "2026-11-20T11:02"), []);
        assert_eq!((scene.state.owed_back(), scene.state.on_its_way()), (Vnd(30_000), Vnd(0)));
        assert!(scene.state.owed_repayment().is_some(), "a cashier returns it");

        // A withdrawn dossier is owed everything: both parts go at once.
        let (mut scene, first) = started(&law);
        scene.execute("2026-11-20T10:00", Role::System, QueryPayment).unwrap();
        scene.execute("2026-11-20T10:01", Role::Applicant, sandbox()).unwrap();
        let second = *scene.state.attempts.keys().find(|id| **id != first).unwrap();
        take(&mut scene, &say(first, "e1", Vnd(30_000)));
        take(&mut scene, &say(second, "e2", Vnd(30_000)));
        scene.state.apply_end(Vnd::ZERO);
        assert_eq!(scene.state.owed_back(), Vnd(60_000));
        let both = [(second, Vnd(30_000)), (first, Vnd(30_000))];
        assert_eq!(sent(&mut scene, "2026-11-20T11:00"), both);
        assert_eq!(sent(&mut scene, "2026-11-20T11:01"), [], "once");
    }
}
