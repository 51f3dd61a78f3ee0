use std::collections::BTreeSet;

use super::*;
use crate::contract::{Channel, EventSet, IntakeEvent, Role};
use crate::feedback::ComplaintDeadline;
use crate::intake::accept_dossier::tests::{accepted, submitted};
use crate::intake::restate_deadline::RestateDeadline;
use crate::intake::{Intake, IntakeDeadline};
use crate::law::Outage;
use crate::mandates::MandateDeadline;
use crate::payment::PaymentDeadline;
use crate::review::ReviewDeadline;
use crate::testing::{Scene, at, law};

fn parsed_again<K: DeadlineKind>(texts: &mut BTreeSet<&'static str>) {
    for text in K::TEXTS {
        assert_eq!(K::parse(text).map(|kind| kind.text()), Some((*text).into()));
        assert!(texts.insert(text), "{text} is a kind of another service too");
    }
    assert_eq!(K::parse("no such kind"), None);
}

#[test]
fn each_kind_has_a_text_of_its_own_that_names_it_again() {
    let mut texts = BTreeSet::new();
    parsed_again::<IntakeDeadline>(&mut texts);
    parsed_again::<PaymentDeadline>(&mut texts);
    parsed_again::<ReviewDeadline>(&mut texts);
    parsed_again::<ComplaintDeadline>(&mut texts);
    parsed_again::<MandateDeadline>(&mut texts);
    parsed_again::<crate::delivery::DeliveryDeadline>(&mut texts);
    let recorded = [
        "answer",
        "supplement-window",
        "foresee",
        "deadline",
        "query-payment",
        "fee-window",
        "repayment-announcement",
        "repayment",
        "discrepancy",
        "proposal",
        "dispute",
        "debt",
        "activity",
        "consultation",
        "complaint",
        "renewal",
        "validity",
        "mandate-end",
    ];
    assert_eq!(texts, BTreeSet::from(recorded), "recorded texts never change");
}

#[test]
fn the_promised_date_and_its_foresight_are_listed_and_explained_like_any_period() {
    let law = law();
    let scene = accepted(&law);
    let explained = explain(&scene.state, &law).unwrap();
    let kinds: Vec<IntakeDeadline> = explained.iter().map(|(open, _)| open.kind).collect();
    assert_eq!(kinds, [IntakeDeadline::Foresight, IntakeDeadline::Decision]);
    for (deadline, explanation) in explained {
        assert_eq!(explanation.map(|one| one.due_at), Some(deadline.due_at));
    }
}

#[test]
fn a_deadline_that_was_met_since_it_was_indexed_is_not_enforced() {
    let law = law();
    let mut scene = accepted(&law);
    assert!(scene.enforce("2026-11-25T09:00", &IntakeDeadline::Answer).is_empty());
    assert!(scene.enforce("2026-11-25T09:00", &IntakeDeadline::Decision).is_empty(), "not due");
}

#[test]
fn an_extension_of_a_kind_that_the_program_does_not_know_changes_nothing() {
    let law = law();
    let mut scene = submitted(&law);
    let before = scene.open();
    let later = at("2027-01-01T00:00");
    let unknown = PeriodExtended {
        period: "of another program".to_owned(),
        due_at: later,
        was_due_at: before[0].due_at,
        outages: Vec::new(),
    };
    let known = PeriodExtended { period: "answer".to_owned(), ..unknown.clone() };
    let system = crate::testing::actor(Role::System);
    scene.record(at("2026-11-23T09:00"), &system, unknown.into());
    assert_eq!(scene.open(), before);
    scene.record(at("2026-11-23T09:00"), &system, known.into());
    assert_eq!(scene.open()[0].due_at, later);
}

/// The last event's dates, recomputed by `law`.
fn checked(scene: &Scene<'_, Intake>, law: &Law) -> Vec<Checked> {
    let (_, meta) = scene.recorded().last().unwrap();
    check(&scene.state, law, meta).unwrap()
}

#[test]
fn dates_are_checked_with_the_event_that_set_them_and_a_wrong_one_is_seen() {
    let law = law();
    let scene = submitted(&law);
    let end = at("2026-11-23T09:00");
    assert_eq!(checked(&scene, &law), [Checked::Period { recorded: end, computed: end }]);
    let mut scene = accepted(&law);
    let [Checked::Promise { recorded, computed }] = &checked(&scene, &law)[..] else { panic!() };
    assert_eq!(Some(recorded), computed.as_ref());
    let mut wrong = scene.events.last().unwrap().clone();
    let IntakeEvent::DossierAccepted(accepted) = &mut wrong else { panic!("{wrong:?}") };
    accepted.promise.as_mut().unwrap().due_at = at("2026-12-02T00:00");
    scene.record(at("2026-11-20T11:00"), &crate::testing::actor(Role::Clerk), wrong);
    let [Checked::Promise { recorded, computed }] = &checked(&scene, &law)[..] else { panic!() };
    assert_ne!(Some(recorded), computed.as_ref());
}

#[test]
fn a_date_that_was_kept_when_the_law_gave_an_earlier_one_is_not_recomputed() {
    let law = law();
    let mut scene = accepted(&law);
    let promise = scene.state.promised.clone().unwrap().promise;
    let kept = Promise { due_at: at("2026-12-03T00:00"), provisional: true, ..promise };
    scene.state.promised.as_mut().unwrap().promise = kept.clone();
    let events = scene.execute("2026-11-25T09:00", Role::System, RestateDeadline).unwrap();
    assert_eq!(events[0].kind(), "intake.DeadlineRestated.v1");
    assert_eq!(scene.state.promised.as_ref().unwrap().promise.due_at, kept.due_at);
    assert_eq!(checked(&scene, &law), [Checked::Given]);
}

#[test]
fn the_law_is_asked_about_an_outage_alike_for_a_period_and_for_the_promised_date() {
    let law = law();
    let mut hit = law.clone();
    let outage = crate::contract::OutageDeclared {
        outage: Uuid::from_u128(77),
        agency: "H26".into(),
        channels: vec![Channel::Online],
        from: at("2026-11-20T09:30"),
        to: None,
        planned: false,
        notice_at: at("2026-11-20T09:30"),
        reason: String::new(),
    };
    hit.declare(&outage, at("2026-11-20T09:30"));
    let lasting =
        |law: &Law| law.outages_of(&"H26.14".into()).iter().any(|o: &Outage| o.to.is_none());
    assert!(lasting(&hit) && !lasting(&law));
    let (answer, decision) = (submitted(&law).state, accepted(&law).state);
    for (state, kind) in [
        (&answer, IntakeDeadline::Answer),
        (&decision, IntakeDeadline::Foresight),
        (&decision, IntakeDeadline::Decision),
    ] {
        let passed = |law| state.basis(&kind, law).unwrap().passed(&kind, at("2026-12-30T09:00"));
        assert_eq!(passed(&hit), Ok(Passed::Unknown), "{kind:?}");
        assert_eq!(passed(&law), Ok(Passed::Yes), "{kind:?}");
    }
}
