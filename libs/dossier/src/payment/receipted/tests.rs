use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::contract::{
    EventSet, FeeLapsed, FurtherFeeCharged, PaymentEvent, Personal, RefundEffect, Role, Source,
};
use crate::law::Law;
use crate::payment::Standing;
use crate::payment::approve_resolution::tests::{agree_to_resolution, resolution_proposed};
use crate::payment::assess_fee::tests::assessed;
use crate::payment::issue_receipt;
use crate::payment::refund_payment::tests::refund;
use crate::payment::resolve_discrepancy::ResolveDiscrepancy;
use crate::payment::start_payment::tests::{sandbox, started, through};
use crate::payment::take_cash::TakeCash;
use crate::payment::take_notice::tests::{paid_twice, say, take};
use crate::payment::take_notice::{Said, TakeNotice};
use crate::testing::{Scene, actor, at, law};

/// The issued receipts: amount, and the part that is still valid.
fn issued(scene: &Scene<'_, Payment>) -> Vec<(i64, i64)> {
    let all = scene.state.receipts.iter();
    let owed = all.filter(|one| issue_receipt::owed(&scene.state, one.source).is_some());
    owed.map(|one| (one.amount.0, one.left().0)).collect()
}

fn resolve(scene: &mut Scene<'_, Payment>, payment: PaymentId, captured: i64) {
    let (captured, standing) = (Vnd(captured), Standing::InProcess);
    let command = ResolveDiscrepancy { payment, captured, reason: "asked".into(), standing };
    scene.execute("2026-11-20T10:00", Role::Cashier, command).unwrap();
}

fn cash(scene: &mut Scene<'_, Payment>, amount: i64) {
    let cash = TakeCash { amount_vnd: Vnd(amount) };
    scene.execute("2026-11-20T09:40", Role::Cashier, cash).unwrap();
}

fn corrected(events: &[PaymentEvent]) -> Vec<(i64, ReceiptBecomes)> {
    let receipts = match &events[0] {
        PaymentEvent::PaymentRefunded(refunded) => refunded.receipts.as_ref(),
        PaymentEvent::DiscrepancyResolved(resolved) => resolved.receipts.as_ref(),
        other => panic!("{other:?}"),
    };
    receipts.unwrap().iter().map(|one| (one.left.0, one.becomes)).collect()
}

#[test]
fn a_receipt_is_for_the_fee_and_neither_for_what_is_in_doubt_with_it_nor_for_what_goes_back() {
    let law = law();
    let (mut scene, id) = started(&law);
    take(&mut scene, &say(id, "e1", Vnd(3_000_000)));
    assert_eq!(issued(&scene), [(30_000, 30_000)]);
    let resolution = resolution_proposed(&mut scene, id, 3_000_000);
    agree_to_resolution(&mut scene, resolution, "second").unwrap();
    assert_eq!(issued(&scene), [(30_000, 30_000)], "the rest came and has to go back");
}

#[test]
fn what_was_begun_for_less_than_is_owed_now_is_receipted_for_no_more_while_it_is_in_doubt() {
    let law = law();
    let mut scene = assessed(&law);
    cash(&mut scene, 30_000);
    let events = refund(&mut scene, 20_000, Standing::Unanswered).unwrap();
    assert_eq!(corrected(&events), [(10_000, ReceiptBecomes::Reduced)]);
    scene.execute("2026-11-20T11:10", Role::Applicant, sandbox()).unwrap();
    let id = *scene.state.attempts.keys().next().unwrap();
    let events = refund(&mut scene, 10_000, Standing::Unanswered).unwrap();
    assert_eq!(corrected(&events), [(0, ReceiptBecomes::Cancelled)]);
    take(&mut scene, &say(id, "e1", Vnd(900_000)));
    assert_eq!(issued(&scene), [(30_000, 0), (20_000, 20_000)]);
    resolve(&mut scene, id, 900_000);
    assert_eq!(issued(&scene), [(30_000, 0), (20_000, 20_000), (10_000, 10_000)]);
}

#[test]
fn what_came_twice_or_too_late_has_no_receipt_and_giving_it_back_changes_none() {
    let law = law();
    let mut scene = paid_twice(&law);
    assert_eq!(issued(&scene), [(30_000, 30_000)]);
    let events = refund(&mut scene, 30_000, Standing::InProcess).unwrap();
    assert!(corrected(&events).is_empty());
    assert_eq!(issued(&scene), [(30_000, 30_000)]);
    let (mut scene, id) = started(&law);
    let lapsed = FeeLapsed { cause: Uuid::nil(), kept: Vnd(0) };
    scene.record(at("2026-11-20T09:15"), &actor(Role::System), lapsed.into());
    take(&mut scene, &say(id, "e1", Vnd(30_000)));
    assert!(issued(&scene).is_empty() && scene.state.owed_back() == Vnd(30_000));
}

#[test]
fn a_receipt_of_what_had_not_come_after_all_is_reduced_and_what_comes_then_has_its_own() {
    let law = law();
    let (mut scene, id) = started(&law);
    take(&mut scene, &say(id, "e1", Vnd(30_000)));
    take(&mut scene, &say(id, "e1", Vnd(20_000)));
    resolve(&mut scene, id, 20_000);
    let receipt = &scene.state.receipts[0];
    assert_eq!(receipt.became(), Some(ReceiptBecomes::Reduced));
    cash(&mut scene, 10_000);
    assert_eq!(issued(&scene), [(30_000, 20_000), (10_000, 10_000)]);
}

#[test]
fn receipts_of_kept_excess_count_with_the_money_that_brought_it() {
    let law = law();
    let (mut scene, id) = started(&law);
    take(&mut scene, &say(id, "e1", Vnd(45_000)));
    resolve(&mut scene, id, 45_000);
    let brought = scene.state.receipts[0].source;
    assert_eq!(scene.state.receipted(), [(brought, Vnd(30_000))]);
    // A further fee takes the excess: its receipt has the event of the fee as its source.
    let mut line = scene.state.assessed().unwrap().lines[0].clone();
    (line.rule, line.full, line.charged) = ("on-site".to_owned(), Vnd(10_000), Vnd(10_000));
    let reason = Personal::Known("thẩm định".to_owned());
    let charged = FurtherFeeCharged { line, total: Vnd(40_000), reason };
    scene.record(at("2026-11-20T11:00"), &actor(Role::Clerk), charged.into());
    assert_eq!(issued(&scene), [(30_000, 30_000), (10_000, 10_000)]);
    assert_eq!(scene.state.receipted(), [(brought, Vnd(40_000))]);
    refund(&mut scene, 5_000, Standing::InProcess).unwrap();
    assert_eq!(scene.state.receipted(), [(brought, Vnd(40_000))], "the excess went back");
}

#[test]
fn a_receipt_knows_its_number_and_is_known_by_it() {
    let law = law();
    let mut scene = assessed(&law);
    cash(&mut scene, 30_000);
    let receipt = &scene.state.receipts[0];
    let numbered = ReceiptNumbered {
        payment: receipt.payment,
        symbol: "XNK-26E".to_owned(),
        year: 2026,
        number: 7,
        source: Some(receipt.source),
        amount: Some(receipt.amount),
    };
    scene.record(at("2026-11-20T09:41"), &actor(Role::System), numbered.into());
    assert_eq!(scene.state.receipts[0].number, Some(("XNK-26E".to_owned(), 2026, 7)));
    assert_eq!(issued(&scene), [(30_000, 30_000)]);
}

/// The oldest sample of a kind of event, with another payment.
fn old(kind: &str, sample: &str, payment: Option<PaymentId>) -> PaymentEvent {
    let mut sample: serde_json::Value = serde_json::from_str(sample).unwrap();
    if let Some(payment) = payment {
        sample["payment"] = serde_json::to_value(payment).unwrap();
    }
    PaymentEvent::decode(kind, &sample.to_string()).unwrap()
}

#[test]
fn receipts_of_an_old_log_are_for_all_that_came_and_are_cancelled_with_what_goes_back() {
    let law = law();
    let mut scene = paid_twice(&law);
    let numbered = include_str!("../../../../../schemas/samples/payment.ReceiptNumbered.v1.json");
    let payments: Vec<_> = scene.state.receipts.iter().map(|one| one.payment).collect();
    for payment in payments {
        let event = old("payment.ReceiptNumbered.v1", numbered, Some(payment));
        scene.record(at("2026-11-20T10:00"), &actor(Role::System), event);
    }
    assert_eq!(issued(&scene), [(30_000, 30_000), (30_000, 30_000)]);
    let events = refund(&mut scene, 30_000, Standing::InProcess).unwrap();
    assert_eq!(corrected(&events), [(0, ReceiptBecomes::Cancelled)]);
    assert_eq!(issued(&scene), [(30_000, 30_000), (30_000, 0)]);
}

#[test]
fn an_old_refund_of_a_settled_fee_changes_nothing_of_what_is_outstanding() {
    let law = law();
    let mut scene = assessed(&law);
    cash(&mut scene, 30_000);
    let before = (scene.state.outstanding(), scene.state.settled_at());
    let sample = include_str!("../../../../../schemas/samples/payment.PaymentRefunded.v1.json");
    let refund = old("payment.PaymentRefunded.v1", sample, None);
    let PaymentEvent::PaymentRefunded(refunded) = &refund else { panic!("{refund:?}") };
    assert_eq!((refunded.effect, refunded.amount), (None::<RefundEffect>, Vnd(30_000)));
    scene.record(at("2026-11-21T10:00"), &actor(Role::Cashier), refund);
    assert_eq!((scene.state.outstanding(), scene.state.settled_at()), before);
    assert_eq!((scene.state.net(), scene.state.owed_back()), (Vnd(0), Vnd(0)));
    assert!(scene.open().is_empty());
    // The receipted money was refunded.
    assert_eq!(issued(&scene), [(30_000, 0)]);
}

#[derive(Debug, Clone)]
enum Move {
    Capture(i64),
    Resolve(i64),
    Refund(i64, Standing),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let standing = prop_oneof![
        Just(Standing::Unanswered),
        Just(Standing::InProcess),
        Just(Standing::AtItsEnd)
    ];
    let one = prop_oneof![
        (1_i64..60_000).prop_map(Move::Capture),
        (0_i64..90_000).prop_map(Move::Resolve),
        (1_i64..60_000, standing).prop_map(|(amount, standing)| Move::Refund(amount, standing)),
    ];
    proptest::collection::vec(one, 1..12)
}

fn play(law: &Law, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let mut scene = assessed(law);
    let start = through("sandbox-partial");
    scene.execute("2026-11-20T09:10", Role::Applicant, start).unwrap();
    let payment = *scene.state.attempts.keys().next().unwrap();
    for (number, one) in moves.into_iter().enumerate() {
        match one {
            Move::Capture(amount) => {
                let (provider, event) = ("sandbox-partial".to_owned(), format!("e{number}"));
                let (transaction, said) = (Some(format!("T{number}")), Said::Captured(Vnd(amount)));
                let source = Source::Notice;
                let provider_event = event;
                let notice = TakeNotice {
                    payment,
                    provider,
                    provider_event,
                    transaction,
                    source,
                    said,
                    paid_at: None,
                    message: None,
                };
                take(&mut scene, &notice);
            }
            Move::Resolve(captured) => {
                let (captured, standing) = (Vnd(captured), Standing::Unanswered);
                let reason = "asked".into();
                let command = ResolveDiscrepancy { payment, captured, reason, standing };
                let _refused = scene.execute("2026-11-20T10:00", Role::Cashier, command);
            }
            Move::Refund(amount, standing) => {
                let _refused = refund(&mut scene, amount, standing);
            }
        }
        let stands: i64 = scene.state.receipts.iter().map(|one| one.left().0).sum();
        let sure = scene.state.net().0 - scene.state.in_doubt().0;
        prop_assert!(stands <= sure.max(0), "{stands} of {sure}");
        prop_assert!(stands <= 30_000, "{stands}");
        let by_money: i64 = scene.state.receipted().iter().map(|(_, amount)| amount.0).sum();
        prop_assert_eq!(by_money, stands, "each receipt counts with some money");
        if sure >= 30_000 && !scene.state.is_closed() {
            prop_assert_eq!(stands, 30_000, "what is the agency's has a receipt");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_more_is_receipted_than_is_here_for_sure_and_was_owed(moves in moves()) {
        play(&law(), moves)?;
    }
}
