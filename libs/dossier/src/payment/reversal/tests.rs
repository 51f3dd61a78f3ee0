use proptest::prelude::*;

use super::*;
use crate::contract::{DisputeOutcome, Role};
use crate::payment::answer_dispute::AnswerDispute;
use crate::payment::refund_payment::tests::refund;
use crate::payment::request_refund::tests::{request, told};
use crate::payment::resolve_discrepancy::ResolveDiscrepancy;
use crate::payment::settle_debt::{self, SettleDebt};
use crate::payment::start_payment::tests::started;
use crate::payment::take_notice::Said;
use crate::payment::take_notice::tests::{paid_twice, say, take};
use crate::payment::{
    DisputeSaid, Disputed, FeeStage, PaymentDeadline, refund_payment, request_refund,
};
use crate::testing::{Scene, at, law};

pub(crate) fn reversal(
    payment: PaymentId,
    event: &str,
    amount: i64,
    standing: Standing,
) -> TakeNotice {
    TakeNotice { said: Said::Reversed(Vnd(amount), standing), ..say(payment, event, Vnd(0)) }
}

pub(crate) fn dispute(payment: PaymentId, event: &str, what: Disputed) -> TakeNotice {
    let said = Said::Dispute(DisputeSaid { number: Some("D1".to_owned()), what });
    TakeNotice { said, ..say(payment, event, Vnd(0)) }
}

/// A fee of 30,000 that was paid through the sandbox.
pub(crate) fn settled(law: &crate::law::Law) -> (Scene<'_, Payment>, PaymentId) {
    let (mut scene, id) = started(law);
    take(&mut scene, &say(id, "e1", Vnd(30_000)));
    assert!(scene.state.settled_at().is_some());
    (scene, id)
}

#[test]
fn a_reversal_makes_the_fee_owed_again_while_the_dossier_needs_it() {
    let law = law();
    for (standing, in_process) in [(Standing::Unanswered, false), (Standing::InProcess, true)] {
        let (mut scene, id) = settled(&law);
        // It has the event id of its capture.
        let taken = take(&mut scene, &reversal(id, "e1", 30_000, standing));
        assert_eq!(taken, ["PaymentReversed", "FeeOwedAgain"]);
        let state = &scene.state;
        assert_eq!(
            (state.received, state.net(), state.outstanding()),
            (Vnd(0), Vnd(0), Vnd(30_000))
        );
        assert_eq!(state.fee.as_ref().unwrap().stage, FeeStage::Owed { in_process });
        assert!(state.debts.is_empty() && state.window_ends_at().is_some());
        assert!(state.receipts.iter().all(|receipt| receipt.left() == Vnd(0)), "void");
        assert_eq!(take(&mut scene, &reversal(id, "e1", 30_000, standing)), [""; 0], "once");
        assert_eq!(take(&mut scene, &say(id, "e1", Vnd(30_000))), [""; 0], "the capture is known");
    }
}

#[test]
fn two_reports_with_one_number_and_amount_are_one_reversal() {
    let law = law();
    let (mut scene, id) = settled(&law);
    let with_number = |event: &str, amount| TakeNotice {
        transaction: Some("CB1".to_owned()),
        ..reversal(id, event, amount, Standing::Unanswered)
    };
    take(&mut scene, &with_number("r1", 10_000));
    assert_eq!(take(&mut scene, &with_number("r2", 10_000)), [""; 0]);
    assert_eq!(take(&mut scene, &with_number("r3", 5_000)), ["PaymentReversed"]);
    assert_eq!(scene.state.attempts[&id].reversed(), Vnd(15_000));
    assert_eq!(scene.state.outstanding(), Vnd(15_000), "what is missing now");
}

#[test]
fn of_a_closed_fee_a_reversal_is_a_debt_with_a_due_date_that_is_paid_once() {
    let law = law();
    let (mut scene, id) = settled(&law);
    let taken = take(&mut scene, &reversal(id, "r1", 30_000, Standing::AtItsEnd));
    assert_eq!(taken, ["PaymentReversed", "DebtArisen"]);
    assert_eq!((scene.state.outstanding(), scene.state.debt()), (Vnd(0), Vnd(30_000)));
    let debt = scene.state.debts[0];
    assert!(debt.owed.running.due_at > at("2026-11-21T00:00"));
    assert!(scene.open().iter().any(|open| open.kind == PaymentDeadline::Debt));
    let overdue = scene.enforce("2027-01-20T00:00", &PaymentDeadline::Debt);
    assert!(matches!(overdue[..], [PaymentEvent::DebtOverdue(_)]), "{overdue:?}");
    assert!(scene.enforce("2027-01-21T00:00", &PaymentDeadline::Debt).is_empty());
    let mut pay = |amount| {
        let settle = SettleDebt { debt: debt.id, amount_vnd: Vnd(amount) };
        scene.execute("2027-01-21T10:00", Role::Cashier, settle)
    };
    assert_eq!(pay(1), Err(settle_debt::Refusal::AmountDiffers(Vnd(30_000))));
    pay(30_000).unwrap();
    assert!(matches!(pay(30_000), Err(settle_debt::Refusal::UnknownDebt(_))));
    let state = &scene.state;
    assert_eq!((state.net(), state.debt(), state.owed_back()), (Vnd(30_000), Vnd(0), Vnd(0)));
    let valid: i64 = state.receipts.iter().map(|receipt| receipt.left().0).sum();
    assert_eq!(valid, 30_000, "the cash has a receipt");
}

#[test]
fn money_that_was_refunded_by_hand_and_is_taken_back_too_is_a_debt() {
    let law = law();
    let mut scene = paid_twice(&law);
    let id = *scene.state.attempts.keys().next().unwrap();
    refund(&mut scene, 30_000, Standing::InProcess).unwrap();
    // 30,000 of cash are left, and the sandbox takes back what was returned by hand.
    let taken = take(&mut scene, &reversal(id, "r1", 30_000, Standing::InProcess));
    assert_eq!(taken, ["PaymentReversed", "FeeOwedAgain"]);
    assert_eq!((scene.state.net(), scene.state.outstanding()), (Vnd(0), Vnd(30_000)));
    let (mut scene, id) = settled(&law);
    refund(&mut scene, 30_000, Standing::AtItsEnd).unwrap();
    let taken = take(&mut scene, &reversal(id, "r1", 30_000, Standing::AtItsEnd));
    assert_eq!(taken, ["PaymentReversed", "DebtArisen"], "it has gone twice");
    assert_eq!(scene.state.debt(), Vnd(30_000));
}

#[test]
fn what_exceeds_the_rest_of_the_attempt_is_a_discrepancy_and_never_counted() {
    let law = law();
    let mut scene = paid_twice(&law);
    let id = *scene.state.attempts.keys().next().unwrap();
    request(&mut scene, 20_000).unwrap();
    assert_eq!(scene.state.reversible(id), Vnd(10_000), "20,000 are on their way");
    let taken = take(&mut scene, &reversal(id, "r1", 30_000, Standing::InProcess));
    assert_eq!(taken, ["DiscrepancyFound"]);
    assert_eq!(scene.state.received, Vnd(60_000));
    let attempt = &scene.state.attempts[&id];
    assert_eq!((attempt.reversed(), attempt.said_at_most()), (Vnd(0), Vnd(30_000)));
    assert_eq!(take(&mut scene, &reversal(id, "r1", 30_000, Standing::InProcess)), [""; 0]);
    let resolve = ResolveDiscrepancy {
        payment: id,
        captured: Vnd(30_000),
        reason: "the provider confirms the refund only".into(),
        standing: Standing::InProcess,
    };
    scene.execute("2026-11-20T12:00", Role::Cashier, resolve).unwrap();
    assert!(scene.state.discrepancy.is_none());
    assert_eq!(
        take(&mut scene, &say(id, "r1", Vnd(30_000))),
        ["CaptureConfirmed"],
        "not taken for it"
    );
    let said = told(&scene, crate::contract::RefundOutcome::Refunded);
    take(&mut scene, &said);
    assert_eq!(scene.state.reversible(id), Vnd(10_000));
    assert_eq!(take(&mut scene, &reversal(id, "r2", 10_000, Standing::InProcess)).len(), 1);
    assert_eq!(request(&mut scene, 1), Err(request_refund::Refusal::NotOwed(Vnd(0))));
}

#[test]
fn an_open_dispute_bars_refunds_until_it_has_ended_and_must_be_answered_in_time() {
    let law = law();
    let mut scene = paid_twice(&law);
    let id = *scene.state.attempts.keys().next().unwrap();
    let answer_by = at("2026-11-27T17:00");
    let begun = dispute(id, "d1", Disputed::Begun(Vnd(30_000), Some(answer_by)));
    assert_eq!(take(&mut scene, &begun), ["PaymentDisputed"]);
    assert_eq!(take(&mut scene, &TakeNotice { provider_event: "d2".into(), ..begun }), [""; 0]);
    assert_eq!(request(&mut scene, 10_000), Err(request_refund::Refusal::Disputed));
    let by_hand = refund(&mut scene, 30_000, Standing::InProcess).unwrap();
    assert_eq!(by_hand.len(), 1, "the cash is not disputed");
    let more = refund(&mut scene, 1, Standing::AtItsEnd);
    assert_eq!(more, Err(refund_payment::Refusal::Disputed(Vnd(0))));
    assert_eq!(scene.state.owed_repayment(), None);

    let due = scene.open().into_iter().find(|open| open.kind == PaymentDeadline::Dispute);
    assert_eq!(due.unwrap().due_at, answer_by);
    assert!(scene.enforce("2026-11-27T16:59", &PaymentDeadline::Dispute).is_empty());
    let overdue = scene.enforce("2026-11-27T17:00", &PaymentDeadline::Dispute);
    assert!(matches!(overdue[..], [PaymentEvent::DisputeOverdue(_)]), "{overdue:?}");
    assert!(scene.enforce("2026-11-28T17:00", &PaymentDeadline::Dispute).is_empty(), "once");
    let answer = AnswerDispute { dispute: "D1".into(), reason: "the receipt was sent".into() };
    scene.execute("2026-11-30T09:00", Role::Cashier, answer.clone()).unwrap();
    assert!(scene.execute("2026-11-30T09:01", Role::Cashier, answer).is_err());
    assert!(scene.state.due_dispute().is_none() && scene.state.disputed() == Vnd(30_000));
    let kept = dispute(id, "d3", Disputed::Ended(DisputeOutcome::Kept));
    assert_eq!(take(&mut scene, &kept), ["DisputeEnded"]);
    assert_eq!(take(&mut scene, &kept), [""; 0]);
    assert_eq!(scene.state.disputed(), Vnd(0));
}

#[derive(Debug, Clone)]
enum Deed {
    Reverse(i64),
    Refund(i64),
    Request(i64),
    Told(bool),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let amount = || prop_oneof![1_i64..40_000, Just(30_000), Just(10_000)];
    let deed = prop_oneof![
        amount().prop_map(Deed::Reverse),
        amount().prop_map(Deed::Refund),
        amount().prop_map(Deed::Request),
        any::<bool>().prop_map(Deed::Told),
    ];
    proptest::collection::vec(deed, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens, an attempt loses no more than it brought, and what the agency lacks is
    /// owed or a debt.
    #[test]
    fn no_attempt_loses_more_than_it_brought_and_nothing_is_missing_unseen(deeds in deeds()) {
        let law = law();
        let mut scene = paid_twice(&law);
        let id = *scene.state.attempts.keys().next().unwrap();
        for (number, deed) in deeds.into_iter().enumerate() {
            let standing = Standing::InProcess;
            match deed {
                Deed::Reverse(amount) => {
                    take(&mut scene, &reversal(id, &format!("r{number}"), amount, standing));
                }
                Deed::Refund(amount) => _ = refund(&mut scene, amount, standing),
                Deed::Request(amount) => _ = request(&mut scene, amount),
                Deed::Told(refunded) if scene.state.on_its_way() > Vnd(0) => {
                    use crate::contract::RefundOutcome::{Refunded, Refused};
                    let mut said = told(&scene, if refunded { Refunded } else { Refused });
                    said.transaction = Some(format!("R{number}"));
                    take(&mut scene, &said);
                }
                Deed::Told(_) => {}
            }
            let state = &scene.state;
            let attempt = &state.attempts[&id];
            let gone = attempt.reversed().0 + state.returned_of(id).0;
            prop_assert!(gone <= attempt.captured.0, "{gone} of {}", attempt.captured.0);
            prop_assert!(state.shortfall().0 <= state.debt().0, "{:?}", state.debts);
            let valid: i64 = state.receipts.iter().map(|receipt| receipt.left().0).sum();
            prop_assert!(valid <= state.net().0.max(0) + state.on_its_way().0);
        }
    }
}
