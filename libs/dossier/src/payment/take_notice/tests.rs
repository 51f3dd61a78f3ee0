use proptest::prelude::*;

use super::*;
use crate::clock::{self, Deadlines};
use crate::contract::{DossierEnd, EventSet, OwedBack};
use crate::law::Law;
use crate::payment::PaymentDeadline;
use crate::payment::Standing;
use crate::payment::assess_fee::tests::assessed;
use crate::payment::expire_fee_window::ExpireFeeWindow;
use crate::payment::refund_payment::RefundPayment;
use crate::payment::resolve_discrepancy::ResolveDiscrepancy;
use crate::payment::start_payment;
use crate::payment::start_payment::tests::{sandbox, started, through};
use crate::payment::take_cash::{self, TakeCash};
use crate::testing::{Scene, at, law};

/// A capture reported by the sandbox, without a transaction number.
pub(crate) fn say(payment: PaymentId, event: &str, amount: Vnd) -> TakeNotice {
    notice(payment, event, Said::Captured(amount))
}

fn notice(payment: PaymentId, event: &str, said: Said) -> TakeNotice {
    let (provider, provider_event) = ("sandbox".to_owned(), event.to_owned());
    let (transaction, source, paid_at, message) = (None, Source::Notice, None, None);
    TakeNotice { payment, provider, provider_event, transaction, source, said, paid_at, message }
}

/// A capture reported by a provider that may capture in parts.
fn part(payment: PaymentId, event: &str, number: Option<&str>, amount: i64) -> TakeNotice {
    TakeNotice {
        provider: "sandbox-partial".to_owned(),
        transaction: number.map(ToOwned::to_owned),
        ..say(payment, event, Vnd(amount))
    }
}

/// The kinds of the recorded events, without service and version.
pub(crate) fn take(scene: &mut Scene<'_, Payment>, notice: &TakeNotice) -> Vec<&'static str> {
    let taken = scene.execute("2026-11-20T09:20", Role::PaymentProvider, notice.clone());
    taken.unwrap().iter().map(|event| event.kind().split('.').nth(1).unwrap()).collect()
}

fn in_parts(law: &Law) -> (Scene<'_, Payment>, PaymentId) {
    let mut scene = assessed(law);
    let start = through("sandbox-partial");
    scene.execute("2026-11-20T09:10", Role::Applicant, start).unwrap();
    let id = *scene.state.attempts.keys().next().unwrap();
    (scene, id)
}

/// 30,000 captured through the sandbox, and the same amount paid in cash meanwhile.
pub(crate) fn paid_twice(law: &Law) -> Scene<'_, Payment> {
    let (mut scene, id) = started(law);
    let cash = TakeCash { amount_vnd: Vnd(30_000) };
    scene.execute("2026-11-20T09:15", Role::Cashier, cash).unwrap();
    assert_eq!(take(&mut scene, &say(id, "e1", Vnd(30_000))), ["PaymentCaptured", "RefundOwed"]);
    scene
}

/// 40,000 captured for an attempt of 20,000, as if part of the fee had been paid in another way and
/// then refunded.
fn doubtful(law: &Law) -> (Scene<'_, Payment>, PaymentId) {
    let (mut scene, id) = started(law);
    scene.state.attempts.get_mut(&id).unwrap().started.amount = Vnd(20_000);
    let said = take(&mut scene, &say(id, "e1", Vnd(40_000)));
    assert_eq!(said, ["PaymentCaptured", "DiscrepancyFound"], "not settled");
    (scene, id)
}

fn resolution(payment: PaymentId, captured: i64) -> ResolveDiscrepancy {
    let (captured, reason) = (Vnd(captured), "the statement says so".into());
    ResolveDiscrepancy { payment, captured, reason, standing: Standing::Unanswered }
}

#[test]
fn money_in_doubt_settles_no_fee_and_the_window_waits_for_the_cashier() {
    let law = law();
    let (mut scene, id) = doubtful(&law);
    assert_eq!((scene.state.net(), scene.state.in_doubt()), (Vnd(40_000), Vnd(20_000)));
    assert!(scene.state.waits_for_certainty() && scene.state.settled_at().is_none());
    let windows = |payment: &Payment| {
        let mut open = clock::open_deadlines(payment);
        open.any(|open| open.kind == PaymentDeadline::Window)
    };
    assert!(!windows(&scene.state), "nobody loses a dossier for money that may be there");
    let resolve = |scene: &mut Scene<'_, Payment>, captured| {
        scene.execute("2026-11-20T10:00", Role::Cashier, resolution(id, captured))
    };
    let events = resolve(&mut scene, 40_000).unwrap();
    assert!(events.iter().any(|event| matches!(event, PaymentEvent::FeeSettled(_))), "{events:?}");
    let (mut less, _) = doubtful(&law);
    let events = resolve(&mut less, 20_000).unwrap();
    assert!(matches!(events[..], [PaymentEvent::DiscrepancyResolved(_)]), "{events:?}");
    assert!(windows(&less.state) && less.state.outstanding() == Vnd(10_000));
}

#[test]
fn who_could_not_pay_while_money_was_in_doubt_gets_the_whole_window_again() {
    let law = law();
    let (mut scene, id) = doubtful(&law);
    let refused = scene.execute("2026-11-20T10:00", Role::Applicant, sandbox());
    assert_eq!(refused, Err(start_payment::Refusal::InDoubt));
    let cash = TakeCash { amount_vnd: Vnd(10_000) };
    let refused = scene.execute("2026-11-20T10:00", Role::Cashier, cash);
    assert_eq!(refused, Err(take_cash::Refusal::InDoubt));
    let was_due_at = scene.state.window_ends_at().unwrap();
    assert!(scene.execute("2027-03-01T09:00", Role::System, ExpireFeeWindow).unwrap().is_empty());
    scene.execute("2027-03-01T10:00", Role::Cashier, resolution(id, 20_000)).unwrap();
    let window = scene.state.basis(&PaymentDeadline::Window, &law).unwrap().period().unwrap();
    assert_eq!(scene.state.window_ends_at(), Some(window.end().due_at), "as it is computed again");
    assert!(window.end().due_at > was_due_at.max(at("2027-03-02T00:00")));
    assert!(scene.execute("2027-03-01T10:00", Role::System, ExpireFeeWindow).unwrap().is_empty());
    scene.execute("2027-03-01T10:05", Role::Applicant, sandbox()).unwrap();
    let (rest, paid) = (*scene.state.attempts.keys().find(|of| **of != id).unwrap(), "e2");
    let paid = say(rest, paid, Vnd(10_000));
    let settled = scene.execute("2027-03-01T10:10", Role::PaymentProvider, paid);
    assert!(settled.is_ok() && scene.state.settled_at().is_some(), "{settled:?}");
    // A resolution after which the rest was payable all the time leaves the window unchanged.
    let (mut other, id) = started(&law);
    take(&mut other, &say(id, "e1", Vnd(20_000)));
    let before = other.state.window();
    other.execute("2026-11-20T10:00", Role::Cashier, resolution(id, 10_000)).unwrap();
    assert_eq!(other.state.window(), before, "the rest could be paid all the time");
}

#[test]
fn a_capture_after_a_failure_counts() {
    let law = law();
    let (mut scene, id) = started(&law);
    take(&mut scene, &notice(id, "e1", Said::Failed("declined".to_owned())));
    assert!(scene.state.settled_at().is_none());
    take(&mut scene, &say(id, "e1", Vnd(30_000)));
    assert!(scene.state.settled_at().is_some(), "though under the name of the failure");
}

#[test]
fn query_notice_return_and_settlement_of_one_capture_are_one_capture() {
    let law = law();
    let (mut scene, id) = started(&law);
    let said = Said::Captured(Vnd(30_000));
    let mut recorded = Vec::new();
    for (event, source, number) in [
        ("query-1", Source::Query, None),
        ("ipn-4711", Source::Notice, Some("T1")),
        ("return-77", Source::Return, None),
        ("line-9", Source::Settlement, Some("T1")),
        ("ipn-4711", Source::Notice, Some("T1")),
    ] {
        let transaction = number.map(ToOwned::to_owned);
        recorded.extend(take(
            &mut scene,
            &TakeNotice { transaction, source, ..notice(id, event, said.clone()) },
        ));
    }
    assert_eq!(
        recorded,
        [
            "PaymentCaptured",
            "FeeSettled",
            "CaptureConfirmed",
            "CaptureConfirmed",
            "CaptureConfirmed"
        ]
    );
    assert_eq!(scene.state.received, Vnd(30_000));
    assert_eq!(scene.state.attempts[&id].captures[0].transaction.as_deref(), Some("T1"));
}

#[test]
fn a_provider_of_which_nothing_is_known_is_not_believed_twice_for_the_whole_amount() {
    let law = law();
    let (mut scene, id) = in_parts(&law);
    take(&mut scene, &part(id, "e1", None, 30_000));
    assert_eq!(take(&mut scene, &part(id, "e2", Some("T1"), 30_000)), ["CaptureConfirmed"]);
    assert_eq!(take(&mut scene, &part(id, "e3", None, 30_000)), ["CaptureConfirmed"]);
    assert_eq!(scene.state.received, Vnd(30_000));
    let second = take(&mut scene, &part(id, "e4", Some("T2"), 30_000));
    assert_eq!(second, ["PaymentCaptured", "DiscrepancyFound"], "two numbers are two captures");
    assert_eq!((scene.state.received, scene.state.owed_back()), (Vnd(60_000), Vnd(0)));
}

#[test]
fn parts_with_numbers_are_counted_each_and_the_rest_settles() {
    let law = law();
    let (mut scene, id) = in_parts(&law);
    assert_eq!(take(&mut scene, &part(id, "e1", Some("T1"), 20_000)), ["PaymentCaptured"]);
    assert_eq!(scene.state.outstanding(), Vnd(10_000));
    assert!(!scene.state.attempts[&id].is_complete(), "not captured after the first part");
    assert!(scene.state.settled_at().is_none());
    let rest = take(&mut scene, &part(id, "e2", Some("T2"), 10_000));
    assert_eq!(rest, ["PaymentCaptured", "FeeSettled"]);
    assert!(scene.state.attempts[&id].is_complete());
    assert!(scene.state.discrepancy.is_none());
}

#[test]
fn parts_that_nothing_tells_apart_are_counted_when_somebody_has_asked() {
    let law = law();
    let (mut scene, id) = in_parts(&law);
    let first = take(&mut scene, &part(id, "e1", None, 15_000));
    assert_eq!(first, ["PaymentCaptured", "DiscrepancyFound"]);
    assert_eq!(take(&mut scene, &part(id, "e2", None, 15_000)), ["DiscrepancyFound"]);
    assert_eq!(scene.state.received, Vnd(15_000));
    assert_eq!(scene.state.attempts[&id].said_at_most(), Vnd(30_000));
}

#[test]
fn the_same_name_with_another_amount_is_a_discrepancy_and_said_again_nothing_new() {
    let law = law();
    let (mut scene, id) = started(&law);
    take(&mut scene, &say(id, "e1", Vnd(30_000)));
    assert_eq!(take(&mut scene, &say(id, "e1", Vnd(99_000))), ["DiscrepancyFound"]);
    assert!(take(&mut scene, &say(id, "e1", Vnd(99_000))).is_empty());
    assert!(take(&mut scene, &say(id, "e1", Vnd(30_000))).is_empty());
    assert_eq!(scene.state.received, Vnd(30_000));
    assert_eq!(scene.state.attempts[&id].doubts[0].doubt, Doubt::OtherAmount);
}

#[test]
fn a_second_number_of_a_provider_that_captures_once_is_a_discrepancy() {
    let law = law();
    let (mut scene, id) = started(&law);
    let numbered = |event: &str, number: &str| TakeNotice {
        transaction: Some(number.to_owned()),
        ..say(id, event, Vnd(30_000))
    };
    take(&mut scene, &numbered("e1", "T1"));
    assert_eq!(take(&mut scene, &numbered("e2", "T2")), ["DiscrepancyFound"]);
    assert_eq!(scene.state.attempts[&id].doubts[0].doubt, Doubt::OtherTransaction);
    assert_eq!(scene.state.received, Vnd(30_000));
}

#[test]
fn an_attempt_records_so_many_facts_and_money_of_its_own_all_the_same() {
    let law = law();
    let (mut scene, id) = in_parts(&law);
    take(&mut scene, &part(id, "e0", Some("T1"), 20_000));
    for n in 1..ATTEMPT_FACTS_MAX {
        assert_eq!(take(&mut scene, &part(id, &format!("e{n}"), Some("T1"), 20_000)).len(), 1);
    }
    assert!(take(&mut scene, &part(id, "more", Some("T1"), 20_000)).is_empty());
    let rest = take(&mut scene, &part(id, "rest", Some("T2"), 10_000));
    assert_eq!(rest, ["PaymentCaptured", "FeeSettled"]);
}

#[test]
fn several_names_of_one_doubtful_capture_are_said_once() {
    let law = law();
    let (mut scene, id) = started(&law);
    let second = |event: &str| TakeNotice {
        transaction: Some("T2".to_owned()),
        ..say(id, event, Vnd(30_000))
    };
    take(&mut scene, &TakeNotice { transaction: Some("T1".to_owned()), ..second("e1") });
    take(&mut scene, &second("ipn"));
    take(&mut scene, &second("line"));
    assert_eq!(scene.state.attempts[&id].doubts.len(), 2);
    assert_eq!(scene.state.attempts[&id].said_at_most(), Vnd(60_000));
}

#[test]
fn the_same_name_for_another_attempt_is_another_fact() {
    let law = law();
    let (mut scene, first) = started(&law);
    take(&mut scene, &notice(first, "e1", Said::Failed("declined".to_owned())));
    scene.execute("2026-11-20T09:30", Role::Applicant, sandbox()).unwrap();
    let second = *scene.state.attempts.keys().find(|id| **id != first).unwrap();
    let recorded = take(&mut scene, &say(second, "e1", Vnd(30_000)));
    assert_eq!(recorded, ["PaymentCaptured", "FeeSettled"]);
}

#[test]
fn what_is_paid_twice_is_owed_back_with_a_day() {
    let law = law();
    let scene = paid_twice(&law);
    let (owed, why) = scene.state.owed_repayment().unwrap();
    assert_eq!((scene.state.owed_back(), why), (Vnd(30_000), OwedBack::OverPayment));
    assert_eq!(owed.running.due_at, at("2026-12-02T00:00"));
    assert_eq!(scene.state.outstanding(), Vnd(0));
}

#[test]
fn a_capture_after_the_end_of_a_dossier_settles_nothing_and_goes_back() {
    use crate::payment::lapse_fee::LapseFee;

    let law = law();
    let (mut scene, id) = started(&law);
    let ended = LapseFee {
        end: Some(DossierEnd::Withdrawn),
        accepted: Some(false),
        cause: uuid::Uuid::from_u128(3),
    };
    scene.execute("2026-11-20T09:15", Role::System, ended).unwrap();
    let late = take(&mut scene, &say(id, "e1", Vnd(30_000)));
    assert_eq!(late, ["PaymentCaptured", "RefundOwed"]);
    assert_eq!(scene.state.owed_repayment().unwrap().1, OwedBack::DossierEnded);
    assert!(scene.state.settled_at().is_none());
}

/// Several reports of one capture, a failure and a pending notice.
fn said(id: PaymentId) -> Vec<TakeNotice> {
    let number = |mut notice: TakeNotice, number: &str, source| {
        notice.transaction = Some(number.to_owned());
        TakeNotice { source, ..notice }
    };
    vec![
        notice(id, "e0", Said::Failed("timeout".to_owned())),
        notice(id, "e1", Said::Pending),
        say(id, "e2", Vnd(30_000)),
        number(say(id, "e3", Vnd(30_000)), "T1", Source::Notice),
        number(say(id, "e4", Vnd(30_000)), "T1", Source::Settlement),
    ]
}

#[test]
fn any_order_of_notices_ends_in_the_same() {
    fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
        if of.is_empty() {
            return vec![Vec::new()];
        }
        let mut all = Vec::new();
        for first in of {
            let rest: Vec<usize> = of.iter().copied().filter(|other| other != first).collect();
            all.extend(permutations(&rest).into_iter().map(|mut order| {
                order.push(*first);
                order
            }));
        }
        all
    }
    let law = law();
    let orders = permutations(&[0, 1, 2, 3, 4]);
    assert_eq!(orders.len(), 120);
    for order in orders {
        let (mut scene, id) = started(&law);
        for index in &order {
            take(&mut scene, &said(id)[*index]);
        }
        let attempt = &scene.state.attempts[&id];
        assert_eq!((scene.state.received, attempt.captured), (Vnd(30_000), Vnd(30_000)));
        assert!(attempt.has_failed() && scene.state.settled_at().is_some(), "{order:?}");
        assert!(scene.state.discrepancy.is_none() && scene.state.owed_repayment().is_none());
        assert_eq!(attempt.captures[0].transaction.as_deref(), Some("T1"), "{order:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Numbered parts, each reported under several ids and any number of times, with refunds of
    /// excesses in between.
    #[test]
    fn parts_come_to_their_sum_whatever_the_order(
        order in prop::collection::vec((0_usize..4, 0_usize..3), 1..40),
        refunds in prop::collection::vec(0_usize..40, 0..4),
    ) {
        let law = law();
        let (mut scene, id) = in_parts(&law);
        let parts = [("T1", 10_000), ("T2", 15_000), ("T3", 5_000), ("T4", 30_000)];
        let mut seen = std::collections::BTreeSet::new();
        let mut back = 0;
        for (turn, (which, name)) in order.iter().enumerate() {
            let (number, amount) = parts[*which];
            seen.insert(*which);
            take(&mut scene, &part(id, &format!("{number}-{name}"), Some(number), amount));
            if refunds.contains(&turn) && scene.state.owed_back() > Vnd(0) {
                let owed = scene.state.owed_back();
                back += owed.0;
                let (reason, standing) = ("over".into(), Standing::InProcess);
                let refund = RefundPayment { amount: owed, reason, standing };
                scene.execute("2026-11-20T09:30", Role::Cashier, refund).unwrap();
            }
        }
        let came: i64 = seen.iter().map(|which| parts[*which].1).sum();
        let state = &scene.state;
        prop_assert_eq!((state.received, state.refunded), (Vnd(came), Vnd(back)));
        prop_assert_eq!(state.settled_at().is_some(), came >= 30_000);
        prop_assert_eq!(state.discrepancy.is_some(), came > 30_000, "more than was asked for");
        let above = (came - back - 30_000).max(0);
        prop_assert_eq!(state.owed_back().0 + state.in_doubt().0, above);
    }
}

#[test]
fn the_fee_counts_as_paid_when_the_money_moved_by_the_providers_clock() {
    let law = law();
    for (paid_at, counted_at) in [
        (Some("2026-11-20T09:15"), "2026-11-20T09:15"),
        // Not before the attempt began, and not in the future.
        (Some("2026-11-20T08:00"), "2026-11-20T09:10"),
        (Some("2026-11-21T08:00"), "2026-11-20T09:20"),
        (None, "2026-11-20T09:20"),
    ] {
        let (mut scene, id) = started(&law);
        let paid_at = paid_at.map(at);
        take(&mut scene, &TakeNotice { paid_at, ..say(id, "e1", Vnd(30_000)) });
        assert_eq!(scene.state.settled_at(), Some(at(counted_at)), "{paid_at:?}");
    }
}

#[test]
fn a_fee_in_parts_is_paid_with_the_last_part_whichever_is_reported_first() {
    let law = law();
    let (mut scene, id) = in_parts(&law);
    let paid = |event: &str, paid_at: &str| TakeNotice {
        paid_at: Some(at(paid_at)),
        ..part(id, event, Some(event), 15_000)
    };
    take(&mut scene, &paid("T2", "2026-11-20T09:18"));
    take(&mut scene, &paid("T1", "2026-11-20T09:12"));
    assert_eq!(scene.state.settled_at(), Some(at("2026-11-20T09:18")));
}

#[test]
fn of_a_providers_text_no_more_is_kept_than_the_limit_and_longer_old_ones_are_read() {
    let law = law();
    let (mut scene, id) = started(&law);
    let long = "ô".repeat(PROVIDER_CODE_CHARS_MAX + 1);
    take(&mut scene, &notice(id, "e1", Said::Failed(long.clone())));
    let Some(PaymentEvent::PaymentFailed(failed)) = scene.events.last() else { panic!() };
    assert_eq!(failed.reason.chars().count(), PROVIDER_CODE_CHARS_MAX);
    let old = PaymentEvent::from(PaymentFailed { reason: long, ..failed.clone() });
    assert_eq!(PaymentEvent::decode(old.kind(), &old.encode()).unwrap(), old);
}
