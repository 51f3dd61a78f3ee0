use uuid::Uuid;

use super::*;
use crate::contract::{DossierCode, DossierId, OrderMember, PaymentOrderId, Role};
use crate::payment::approve_entry::{self, ApproveEntry};
use crate::payment::record_dispute::{self, RecordDispute};
use crate::payment::report_reversal::{self, ReportReversal};
use crate::payment::reversal::tests::settled;
use crate::testing::{Scene, law};

const ORDER: PaymentOrderId = PaymentOrderId(Uuid::from_u128(7));

/// An order of this attempt, with this part, and of one more.
fn whole(payment: PaymentId, part: i64, other: i64) -> WholeOrder {
    let member = |payment: PaymentId, amount| OrderMember {
        dossier: DossierId(payment.0),
        code: DossierCode::from("G02.001-261120-0000000001"),
        payment,
        amount: Vnd(amount),
    };
    let members = vec![member(payment, part), member(PaymentId(Uuid::from_u128(9)), other)];
    WholeOrder { order: ORDER, members }
}

fn fact(payment: PaymentId, fact: OrderFact, order: WholeOrder) -> TakeOrderFact {
    TakeOrderFact {
        payment,
        fact,
        provider_event: "r1".to_owned(),
        source: Some(Source::Notice),
        order,
        reason: None,
        message: None,
    }
}

fn reversed(amount: i64) -> OrderFact {
    OrderFact::Reversed {
        amount: Vnd(amount),
        transaction: Some("CB1".to_owned()),
        reversed_at: None,
        standing: Standing::Unanswered,
    }
}

fn take(scene: &mut Scene<'_, Payment>, fact: TakeOrderFact) -> Vec<PaymentEvent> {
    scene.execute("2026-11-23T10:00", Role::System, fact).unwrap()
}

#[test]
fn a_part_of_a_reversed_payment_is_taken_back_once_and_makes_its_fee_owed_again() {
    let law = law();
    for first in [true, false] {
        let (mut scene, id) = settled(&law);
        let order = whole(id, 30_000, 60_000);
        let order = if first { order } else { order.passed_on() };
        let events = take(&mut scene, fact(id, reversed(30_000), order.clone()));
        let [PaymentEvent::PaymentReversed(reversal), PaymentEvent::FeeOwedAgain(_)] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(reversal.whole(), Vnd(if first { 90_000 } else { 30_000 }));
        assert_eq!((scene.state.received, scene.state.outstanding()), (Vnd(0), Vnd(30_000)));
        assert!(take(&mut scene, fact(id, reversed(30_000), order)).is_empty(), "it is known");
    }
}

#[test]
fn more_than_a_dossier_has_left_is_a_discrepancy_and_not_counted() {
    let law = law();
    let (mut scene, id) = settled(&law);
    let events = take(&mut scene, fact(id, reversed(30_001), whole(id, 30_001, 1).passed_on()));
    assert!(matches!(events[..], [PaymentEvent::DiscrepancyFound(_)]), "{events:?}");
    assert_eq!(scene.state.received, Vnd(30_000));
}

#[test]
fn a_letter_about_a_whole_order_has_its_amount_and_is_approved_while_that_is_left() {
    let law = law();
    let (mut scene, id) = settled(&law);
    let letter = |amount, order| ReportReversal {
        payment: id,
        amount: Vnd(amount),
        number: "CB1".to_owned(),
        reversed_at: None,
        reason: "letter 12/NH".into(),
        order: Some(order),
    };
    let mut propose = |letter| scene.execute("2026-11-23T10:00", Role::Cashier, letter);
    let refused = propose(letter(89_999, whole(id, 30_000, 60_000)));
    assert_eq!(refused, Err(report_reversal::Refusal::NotWholeOrder(Vnd(90_000))));
    let refused = propose(letter(90_001, whole(id, 30_001, 60_000)));
    assert_eq!(refused, Err(report_reversal::Refusal::MoreThanLeft(Vnd(30_000))));
    propose(letter(90_000, whole(id, 30_000, 60_000))).unwrap();
    let entry = scene.state.proposal.as_ref().unwrap().id;
    scene.subject = "second";
    let approve = |order| ApproveEntry { entry, standing: Standing::Unanswered, order };
    // Meanwhile a part of it has gone back.
    let mut decide = |order| scene.execute("2026-11-23T11:00", Role::Cashier, approve(order));
    for other in [None, Some(whole(id, 30_000, 50_000))] {
        assert_eq!(decide(other), Err(approve_entry::Refusal::NoLongerHolds));
    }
    let events = decide(Some(whole(id, 30_000, 60_000))).unwrap();
    let Some(PaymentEvent::PaymentReversed(reversal)) = events.first() else {
        panic!("{events:?}")
    };
    assert_eq!((reversal.amount, reversal.whole()), (Vnd(30_000), Vnd(90_000)));
    assert_eq!(scene.state.received, Vnd(0));
    assert!(scene.state.proposal.is_none());
}

#[test]
fn a_dispute_about_an_order_is_one_of_each_dossier_and_ends_in_all_of_them() {
    let law = law();
    let (mut scene, id) = settled(&law);
    let letter = |amount| RecordDispute {
        payment: id,
        number: "D1".to_owned(),
        amount: Vnd(amount),
        answer_by: None,
        reason: "letter 7/NH".into(),
        order: Some(whole(id, 30_000, 60_000)),
    };
    let mut record = |amount| scene.execute("2026-11-23T10:00", Role::Cashier, letter(amount));
    let refused = record(30_000);
    assert_eq!(refused, Err(record_dispute::Refusal::NotWholeOrder(Vnd(90_000))));
    record(90_000).unwrap();
    assert_eq!(scene.state.disputed(), Vnd(30_000), "its own part");

    let (mut other, id) = settled(&law);
    let order = whole(id, 30_000, 60_000).passed_on();
    let (dispute, reason) = ("D1".to_owned(), Personal::Known("sent".to_owned()));
    let (amount, answer_by) = (Vnd(30_000), None);
    let begun = OrderFact::Disputed { dispute: dispute.clone(), amount, answer_by };
    let answered = OrderFact::Answered { dispute: dispute.clone(), reason };
    let ended = OrderFact::Ended { dispute, outcome: DisputeOutcome::Kept };
    for step in [begun, answered, ended] {
        assert_eq!(take(&mut other, fact(id, step.clone(), order.clone())).len(), 1, "{step:?}");
        assert!(take(&mut other, fact(id, step, order.clone())).is_empty(), "once");
    }
    let dispute = &other.state.attempts[&id].disputes[0];
    assert_eq!((dispute.outcome, dispute.order), (Some(DisputeOutcome::Kept), Some(ORDER)));
    assert!(other.state.due_dispute().is_none());
}
