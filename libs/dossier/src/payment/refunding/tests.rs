use super::*;
use crate::payment::FeeStage;
use crate::payment::refund_payment::tests::refund;
use crate::payment::request_refund::tests::{request, told};
use crate::payment::take_notice::tests::{paid_twice, take};
use crate::payment::take_notice::{Refusal, Said, TakeNotice};
use crate::testing::{Scene, law};

/// A report that does not name the refund.
fn report(scene: &Scene<'_, Payment>, outcome: RefundOutcome, number: Option<&str>) -> TakeNotice {
    let amount = Some(Vnd(10_000));
    let standing = Standing::Unanswered;
    let said = RefundSaid { refund: None, outcome, amount, code: "00".to_owned(), standing };
    let transaction = number.map(str::to_owned);
    TakeNotice { transaction, said: Said::Refund(said), ..told(scene, outcome) }
}

fn is_kept(scene: &mut Scene<'_, Payment>, report: TakeNotice) -> bool {
    let taken = scene.execute("2026-11-20T09:20", Role::PaymentProvider, report);
    matches!(taken, Err(Refusal::NotOurs))
}

#[test]
fn a_late_report_about_an_earlier_refund_does_not_end_the_one_on_its_way() {
    let law = law();
    let mut scene = paid_twice(&law);
    request(&mut scene, 10_000).unwrap();
    let said = told(&scene, RefundOutcome::Refunded);
    take(&mut scene, &said);
    request(&mut scene, 10_000).unwrap();
    let late = report(&scene, RefundOutcome::Refunded, Some("R1"));
    assert_eq!(take(&mut scene, &late), [""; 0], "it is known");
    assert_eq!(scene.state.on_its_way(), Vnd(10_000));
    let new = report(&scene, RefundOutcome::Refunded, Some("R2"));
    assert_eq!(take(&mut scene, &new), ["RefundEnded", "PaymentRefunded"]);
    assert_eq!(scene.state.sent_refunds[1].number(), Some("R2"));
}

#[test]
fn a_report_with_neither_an_id_nor_a_number_of_a_refund_is_kept_for_a_cashier() {
    let law = law();
    let mut scene = paid_twice(&law);
    let attempt = scene.state.attempts.values_mut().next().unwrap();
    attempt.captures[0].transaction = Some("T1".to_owned());
    request(&mut scene, 10_000).unwrap();
    for number in [None, Some("T1")] {
        let unclear = report(&scene, RefundOutcome::Refunded, number);
        assert!(is_kept(&mut scene, unclear), "{number:?}");
    }
    assert_eq!(scene.state.on_its_way(), Vnd(10_000));
}

#[test]
fn a_refund_of_which_nobody_knows_the_number_may_be_the_one_that_is_reported() {
    let law = law();
    let mut scene = paid_twice(&law);
    request(&mut scene, 10_000).unwrap();
    let refund = scene.state.sent_refunds[0].requested.refund;
    // As cashiers recorded it before they had to state the number.
    let said = RefundSaid {
        refund: Some(refund),
        outcome: RefundOutcome::Refunded,
        amount: None,
        code: String::new(),
        standing: Standing::Unanswered,
    };
    let unnumbered = TakeNotice {
        transaction: None,
        said: Said::Refund(said),
        ..told(&scene, RefundOutcome::Refunded)
    };
    take(&mut scene, &unnumbered);
    let next = scene.state.attempts.keys().next_back().copied().unwrap();
    let next = crate::payment::request_refund::RequestRefund {
        payment: next,
        amount: Vnd(10_000),
        reason: "twice".into(),
    };
    scene.execute("2026-11-21T12:00", Role::Cashier, next).unwrap();
    let unclear = report(&scene, RefundOutcome::Refunded, Some("R0"));
    assert!(is_kept(&mut scene, unclear));
    assert_eq!(scene.state.on_its_way(), Vnd(10_000));
}

#[test]
fn a_refused_refund_that_went_back_all_the_same_reopens_the_fee_while_the_dossier_needs_it() {
    let law = law();
    let owed = |in_process| Some(FeeStage::Owed { in_process });
    for (standing, effect, stage) in [
        (Standing::Unanswered, RefundEffect::OwedAgain, owed(false)),
        (Standing::InProcess, RefundEffect::OwedAgain, owed(true)),
        (Standing::AtItsEnd, RefundEffect::AtTheEnd, None),
    ] {
        let mut scene = paid_twice(&law);
        request(&mut scene, 30_000).unwrap();
        let said = told(&scene, RefundOutcome::Refused);
        take(&mut scene, &said);
        refund(&mut scene, 30_000, Standing::InProcess).unwrap();
        let mut late = told(&scene, RefundOutcome::Refunded);
        let Said::Refund(said) = &mut late.said else { panic!() };
        said.standing = standing;
        let events = scene.execute("2026-11-20T12:00", Role::PaymentProvider, late).unwrap();
        let returned = events.iter().find_map(|event| match event {
            PaymentEvent::PaymentRefunded(returned) => returned.effect,
            _ => None,
        });
        assert_eq!(returned, Some(effect));
        let fee = scene.state.fee.as_ref().unwrap();
        assert_eq!(scene.state.net(), Vnd(0));
        let is_owed = stage.is_some();
        assert_eq!(scene.state.outstanding(), Vnd(if is_owed { 30_000 } else { 0 }));
        match stage {
            Some(stage) => assert_eq!(fee.stage, stage),
            None => assert!(scene.state.is_closed()),
        }
    }
}

#[test]
fn money_that_goes_back_beyond_the_fee_leaves_a_settled_fee_settled() {
    let law = law();
    let mut scene = paid_twice(&law);
    request(&mut scene, 30_000).unwrap();
    let mut said = told(&scene, RefundOutcome::Refunded);
    let Said::Refund(refund) = &mut said.said else { panic!() };
    refund.standing = Standing::InProcess;
    assert_eq!(take(&mut scene, &said), ["RefundEnded", "PaymentRefunded"]);
    assert!(scene.state.settled_at().is_some());
}

#[test]
fn what_was_not_requested_or_contradicts_what_is_recorded_is_kept_for_a_cashier() {
    let law = law();
    let mut scene = paid_twice(&law);
    request(&mut scene, 10_000).unwrap();
    let said = told(&scene, RefundOutcome::Refunded);
    take(&mut scene, &said);
    let unrequested = report(&scene, RefundOutcome::Refunded, Some("R7"));
    assert!(is_kept(&mut scene, unrequested), "of the amount of one that went back");
    let contradicts = told(&scene, RefundOutcome::Refused);
    assert!(is_kept(&mut scene, contradicts));
}
