use std::sync::Arc;

use super::*;
use crate::clock::{DeadlineKind, Deadlines};
use crate::contract::{
    Brief, Channel, DeliveryChannel, IntakeAnswerMissed, IntakeEvent, Outcome, RatingInvited, Role,
};
use crate::delivery::DossierResult;
use crate::intake::accept_dossier::tests::{accepted, submitted};
use crate::intake::request_supplement::tests::asked;
use crate::intake::{Intake, IntakeDeadline, Owed, Progress, Stage};
use crate::payment::Payment;
use crate::payment::start_payment::tests::started;
use crate::review::Review;
use crate::review::complete_activity::CompleteActivity;
use crate::review::consult_agency::tests::consulted;
use crate::review::propose_decision::ProposeDecision;
use crate::testing::{Scene, at, law};

fn overview(law: &Law, states: &DossierStates) -> Overview {
    Overview::of(states, law, at("2026-11-20T12:00")).unwrap()
}

/// Who is waited on, and the kinds of all tasks.
fn waits(law: &Law, states: &DossierStates) -> (WaitingOn, Vec<&'static str>) {
    let overview = overview(law, states);
    let kinds = overview.tasks.iter().map(|task| task.kind.text()).collect();
    (overview.waiting_on(), kinds)
}

fn of_intake(intake: Intake) -> DossierStates {
    DossierStates { intake, ..DossierStates::default() }
}

/// An accepted dossier with this brief.
fn in_process(law: &Law, brief: &Brief) -> DossierStates {
    let mut intake = accepted(law).state;
    Arc::make_mut(intake.submission.as_mut().unwrap()).brief = brief.clone();
    of_intake(intake)
}

fn in_review(law: &Law, review: Review) -> DossierStates {
    let brief = review.brief.clone().unwrap();
    DossierStates { review, ..in_process(law, &brief) }
}

/// A decided dossier with this result.
fn with_result(law: &Law, delivery: DossierResult) -> DossierStates {
    let brief = delivery.prepared().unwrap().brief.clone();
    let mut states = in_process(law, &brief);
    let command = crate::intake::record_decision::RecordDecision {
        outcome: Outcome::Approved,
        by: crate::contract::DecidedBy::Officers,
        decided_at: at("2026-11-20T11:00"),
        cause: uuid::Uuid::from_u128(9),
        brief: None,
        reason: None,
    };
    let mut scene = Scene::<Intake>::new(law, "2.000004", "H26.14");
    scene.state = states.intake.clone();
    scene.procedure = brief.procedure.clone();
    scene.execute("2026-11-20T11:00", Role::System, command).unwrap();
    states.intake = scene.state;
    DossierStates { delivery, ..states }
}

fn with_payment(law: &Law, payment: Payment) -> DossierStates {
    let brief = payment.assessed().unwrap().brief.clone();
    let mut intake = submitted(law).state;
    let submission = Arc::make_mut(intake.submission.as_mut().unwrap());
    (submission.brief, submission.fee_first) = (brief, true);
    // No period to answer runs before the fee is paid.
    intake.progress = Progress::Submitted(Owed::Nothing);
    DossierStates { payment, ..of_intake(intake) }
}

#[test]
fn nothing_is_known_of_a_dossier_that_was_not_submitted() {
    assert_eq!(Overview::of(&DossierStates::default(), &law(), at("2026-11-20T12:00")), None);
}

#[test]
fn a_submitted_dossier_waits_on_the_clerk_until_the_answer_is_due() {
    let law = law();
    let states = of_intake(submitted(&law).state);
    let overview = overview(&law, &states);
    assert_eq!((overview.stage, overview.status), (DossierStage::Submitted, 1));
    assert_eq!(overview.waiting_on(), WaitingOn::Clerk);
    let due = states.intake.deadlines().into_iter().find(|d| d.kind == IntakeDeadline::Answer);
    assert_eq!(overview.next_due_at(), due.map(|due| due.due_at));
    assert_eq!(overview.tasks[0].kind.roles(), [Role::Clerk]);
}

#[test]
fn a_missed_answer_stays_a_task_and_a_flag() {
    let law = law();
    let mut scene = submitted(&law);
    let missed = IntakeAnswerMissed { due_at: at("2026-11-23T09:00"), late_by_ms: 0 };
    scene.record(
        at("2026-11-23T09:00"),
        &crate::testing::actor(Role::System),
        IntakeEvent::IntakeAnswerMissed(missed),
    );
    let mut states = DossierStates::default();
    for (event, meta) in scene.recorded() {
        states.apply(&DossierEvent::Intake(event.clone()), meta);
    }
    let overview = overview(&law, &states);
    assert!(overview.flags.intake_answer_missed && overview.tasks[0].missed);
    assert_eq!(overview.waiting_on(), WaitingOn::Clerk);
}

#[test]
fn a_requested_supplement_is_waited_for_until_its_window_ends() {
    let law = law();
    let mut scene = submitted(&law);
    asked(&mut scene, "2026-11-20T10:00").unwrap();
    let window = scene.state.open_request().unwrap().window.due_at;
    let overview = overview(&law, &of_intake(scene.state));
    assert_eq!(overview.waiting_on(), WaitingOn::Applicant);
    assert_eq!((overview.status, overview.next_due_at()), (5, Some(window)));
}

#[test]
fn a_fee_that_comes_first_is_awaited_from_the_applicant_and_then_from_the_provider() {
    let law = law();
    let assessed = crate::payment::assess_fee::tests::assessed(&law).state;
    let states = with_payment(&law, assessed);
    assert_eq!(waits(&law, &states), (WaitingOn::Applicant, vec!["pay_fee"]));
    assert_eq!(overview(&law, &states).status, 6);
    let states = with_payment(&law, started(&law).0.state);
    assert_eq!(waits(&law, &states), (WaitingOn::Provider, vec!["confirm_payment"]));
    assert_eq!(TaskKind::ConfirmPayment.roles(), [Role::Cashier], "who watches it");
}

#[test]
fn the_fee_of_a_dossier_that_was_filed_at_the_counter_is_work_of_the_cashier() {
    let law = law();
    let assessed = crate::payment::assess_fee::tests::assessed(&law).state;
    let mut states = with_payment(&law, assessed);
    Arc::make_mut(states.intake.submission.as_mut().unwrap()).brief.channel = Channel::Counter;
    let overview = overview(&law, &states);
    assert_eq!(overview.waiting_on(), WaitingOn::Applicant);
    assert_eq!(overview.tasks[0].kind, TaskKind::TakeCash);
    assert_eq!(overview.tasks[0].kind.roles(), [Role::Cashier]);
}

#[test]
fn money_that_is_owed_back_is_work_of_a_cashier_and_does_not_hold_the_dossier_up() {
    let law = law();
    let mut states = with_payment(&law, crate::payment::take_notice::tests::paid_twice(&law).state);
    Arc::make_mut(states.intake.submission.as_mut().unwrap()).fee_first = false;
    let overview = overview(&law, &states);
    assert_eq!(overview.waiting_on(), WaitingOn::Clerk);
    let refund = overview.tasks.iter().find(|task| task.kind == TaskKind::GiveBack).unwrap();
    assert!(refund.due_at.is_some() && !refund.blocks, "{refund:?}");
}

#[test]
fn a_proposed_refund_is_signed_by_somebody_else() {
    let law = law();
    let (scene, refund) = crate::payment::approve_refund::tests::proposed(&law);
    let overview = overview(&law, &with_payment(&law, scene.state));
    let sign = overview.tasks.iter().find(|task| task.kind == TaskKind::SignRefund).unwrap();
    assert_eq!(sign.subject, Some(refund.to_string()));
    assert_eq!(sign.not_by, Some("tester".into()));
}

#[test]
fn an_accepted_dossier_waits_for_a_reviewer_then_for_the_activity_the_proposal_and_the_approver() {
    let law = law();
    let opened = crate::review::open_review::tests::opened(&law).state;
    let states = in_review(&law, opened);
    assert_eq!(waits(&law, &states), (WaitingOn::Reviewer, vec!["claim_review"]));
    assert_eq!(overview(&law, &states).status, 2);

    let mut scene = crate::review::claim_review::tests::claimed(&law);
    let states = in_review(&law, scene.state.clone());
    let claimed = overview(&law, &states);
    let task = claimed.awaited().unwrap();
    assert_eq!(
        (task.kind, task.subject.as_deref()),
        (TaskKind::CompleteActivity, Some("appraisal"))
    );
    assert_eq!(task.officer, Some("tester".into()));
    let activity = scene.state.due.as_ref().unwrap().running.due_at;
    let promised = states.intake.promised.as_ref().unwrap().promise.due_at;
    assert_eq!(task.due_at, Some(activity.min(promised)));

    let done = CompleteActivity { activity: "appraisal".into(), note: None };
    scene.execute("2026-11-23T09:00", Role::Reviewer, done).unwrap();
    let states = in_review(&law, scene.state.clone());
    assert_eq!(waits(&law, &states), (WaitingOn::Reviewer, vec!["propose_decision"]));

    let propose = ProposeDecision { outcome: Outcome::Approved, reason: "complete".into() };
    scene.execute("2026-11-23T10:00", Role::Reviewer, propose).unwrap();
    let proposed = overview(&law, &in_review(&law, scene.state));
    let task = proposed.awaited().unwrap();
    assert_eq!(
        (proposed.waiting_on(), task.kind),
        (WaitingOn::Approver, TaskKind::ApproveDecision)
    );
    assert_eq!(task.not_by, Some("tester".into()), "nobody approves their own proposal");
}

#[test]
fn a_consulted_agency_has_its_task_and_holds_the_proposal_up_within_its_period() {
    let law = law();
    let (mut scene, id) = consulted(&law);
    let states = in_review(&law, scene.state.clone());
    let (who, kinds) = waits(&law, &states);
    assert_eq!(who, WaitingOn::Reviewer, "the activity goes on meanwhile");
    assert_eq!(kinds, ["complete_activity", "answer_consultation"]);
    let done = CompleteActivity { activity: "appraisal".into(), note: None };
    scene.execute("2026-11-23T09:00", Role::Reviewer, done).unwrap();
    let waiting = overview(&law, &in_review(&law, scene.state.clone()));
    assert_eq!(waiting.waiting_on(), WaitingOn::Agency);
    assert_eq!(waiting.waiting_on_agency(), Some(&"H26.14".into()));
    scene.state.consultations.get_mut(&id).unwrap().silent = true;
    let (who, kinds) = waits(&law, &in_review(&law, scene.state));
    assert_eq!(
        (who, kinds),
        (WaitingOn::Reviewer, vec!["propose_decision", "answer_consultation"])
    );
}

#[test]
fn foreseen_lateness_is_announced_by_the_clerk() {
    let law = law();
    let opened = crate::review::open_review::tests::opened(&law).state;
    let mut states = in_review(&law, opened);
    states.intake.promised.as_mut().unwrap().foreseen = true;
    let overview = overview(&law, &states);
    assert!(overview.flags.foreseen_late);
    assert!(overview.tasks.iter().any(|task| task.kind == TaskKind::AnnounceLateness));
    assert_eq!(overview.waiting_on(), WaitingOn::Reviewer);
}

#[test]
fn a_decided_dossier_waits_for_its_result_and_the_result_for_its_way() {
    let law = law();
    let prepared =
        |channel| crate::delivery::prepare_result::tests::prepared(&law, "CO.D", channel).state;
    let states = with_result(&law, prepared(DeliveryChannel::Post));
    assert_eq!(waits(&law, &states), (WaitingOn::Approver, vec!["issue_result"]));
    assert_eq!(overview(&law, &states).status, 9);
    let issued = |channel| crate::delivery::issue_result::tests::issued(&law, channel).state;
    for (channel, who, kind) in [
        (DeliveryChannel::Post, WaitingOn::Clerk, "hand_to_carrier"),
        (DeliveryChannel::Collection, WaitingOn::Applicant, "hand_out_result"),
        (DeliveryChannel::Download, WaitingOn::Applicant, "download_result"),
    ] {
        let states = with_result(&law, issued(channel));
        assert_eq!(waits(&law, &states), (who, vec![kind]));
    }
    let sent = crate::delivery::hand_to_carrier::tests::sent(&law).state;
    assert_eq!(waits(&law, &with_result(&law, sent)), (WaitingOn::Carrier, vec!["deliver_parcel"]));
}

#[test]
fn after_the_result_duties_and_renewals_are_tasks_of_those_who_owe_them() {
    let law = law();
    let mut states =
        with_result(&law, crate::delivery::request_renewal::tests::requested(&law).state);
    let renewal = overview(&law, &states);
    let renewal = renewal.tasks.iter().find(|task| task.kind == TaskKind::DecideRenewal).unwrap();
    assert_eq!((renewal.kind.who(), renewal.blocks), (WaitingOn::Approver, false));
    states.delivery = crate::delivery::issue_result::tests::promotion(&law).state;
    let code = states.delivery.after.duties.keys().next().unwrap().clone();
    assert!(waits(&law, &states).1.contains(&"meet_duty"));
    states.delivery.after.duties.get_mut(&code).unwrap().missed = true;
    let kinds = waits(&law, &states).1;
    assert!(kinds.contains(&"check_missed_duty") && kinds.contains(&"meet_duty"), "{kinds:?}");
}

#[test]
fn between_two_services_a_dossier_waits_on_the_system_and_at_its_end_on_nobody() {
    let law = law();
    let mut states = of_intake(accepted(&law).state);
    assert_eq!(waits(&law, &states), (WaitingOn::System, vec![]), "its review is not opened yet");
    let withdrawn = crate::contract::DossierWithdrawn {
        reason: None,
        accepted_at: None,
        accepted: None,
        paper: None,
    };
    let mut scene = Scene::<Intake>::new(&law, "2.000004", "H26.14");
    scene.state = states.intake.clone();
    scene.record(at("2026-11-20T11:00"), &crate::testing::actor(Role::Applicant), withdrawn.into());
    states.intake = scene.state;
    assert_eq!(states.intake.stage(), Stage::Withdrawn);
    assert_eq!(waits(&law, &states), (WaitingOn::Nobody, vec![]));
    assert_eq!(overview(&law, &states).status, 7);
}

#[test]
fn a_rating_is_offered_and_nobody_is_waited_for_because_of_it() {
    let law = law();
    let sent = crate::delivery::hand_to_carrier::tests::sent(&law).state;
    let mut states = with_result(&law, sent);
    let brief = states.intake.submission.as_ref().unwrap().brief.clone();
    let mut scene = Scene::<crate::feedback::Rating>::new(&law, "2.000004", "H26.14");
    let system = crate::testing::actor(Role::System);
    scene.record(at("2026-11-20T11:00"), &system, RatingInvited { brief }.into());
    states.rating = scene.state;
    let (who, kinds) = waits(&law, &states);
    assert_eq!((who, kinds), (WaitingOn::Carrier, vec!["deliver_parcel", "rate_dossier"]));
}

#[test]
fn dropping_the_content_changes_no_overview() {
    let law = law();
    let mut states = of_intake(accepted(&law).state);
    let before = overview(&law, &states);
    states.drop_content();
    assert!(states.intake.documents.is_empty());
    assert_eq!(overview(&law, &states), before);
}

#[test]
fn events_of_other_streams_are_not_those_of_a_dossier() {
    use crate::services::Category;
    let other = Category::ALL.into_iter().filter(|one| !Category::OF_A_DOSSIER.contains(one));
    for category in other {
        assert!(DossierEvent::decode(category, "x.Y.v1", "{}").unwrap().is_none(), "{category}");
    }
    for category in Category::OF_A_DOSSIER {
        assert!(DossierEvent::decode(category, "x.Y.v1", "{}").is_err(), "{category}");
    }
}

#[test]
fn every_kind_of_task_that_an_officer_has_is_done_by_a_step_that_this_role_may_take() {
    // What a partner has to report, officers see and do not do.
    let partners = [WaitingOn::Provider, WaitingOn::Carrier];
    for kind in TaskKind::ALL.iter().filter(|kind| !partners.contains(&kind.who())) {
        for role in kind.roles() {
            let may = kind.step().may.iter().any(|may| may.role == *role);
            assert!(may, "{role:?} may not take the step of {}", kind.text());
        }
    }
}

/// The open deadlines that somebody has to meet, with their instants.
fn owed(states: &DossierStates) -> Vec<(String, Timestamp)> {
    fn open<S: Deadlines>(state: &S) -> Vec<(String, Timestamp)> {
        let open = crate::clock::open_deadlines(state);
        open.map(|deadline| (deadline.kind.text().into_owned(), deadline.due_at)).collect()
    }
    // What the service does by itself, or of which the next step may be due earlier.
    let by_itself =
        ["foresee", "deadline", "activity", "query-payment", "repayment-announcement", "validity"];
    let all =
        [open(&states.intake), open(&states.payment), open(&states.review), open(&states.delivery)];
    all.concat().into_iter().filter(|(kind, _)| !by_itself.contains(&&**kind)).collect()
}

#[test]
fn every_period_that_runs_is_the_task_of_somebody_who_is_told_its_end() {
    let law = law();
    let mut awaited = accepted(&law);
    asked(&mut awaited, "2026-11-20T11:00").unwrap();
    let states = vec![
        of_intake(submitted(&law).state),
        of_intake(awaited.state),
        with_payment(&law, crate::payment::assess_fee::tests::assessed(&law).state),
        with_payment(&law, started(&law).0.state),
        with_payment(&law, crate::payment::take_notice::tests::paid_twice(&law).state),
        with_payment(&law, crate::payment::approve_refund::tests::proposed(&law).0.state),
        in_review(&law, consulted(&law).0.state),
        with_result(&law, crate::delivery::request_renewal::tests::requested(&law).state),
        with_result(&law, crate::delivery::issue_result::tests::promotion(&law).state),
    ];
    let mut kinds = std::collections::BTreeSet::new();
    for states in states {
        let tasks = overview(&law, &states).tasks;
        for (kind, due_at) in owed(&states) {
            let is_told = tasks.iter().any(|task| task.due_at == Some(due_at));
            assert!(is_told, "{kind} until {due_at} is nobody's: {tasks:?}");
            kinds.insert(kind);
        }
    }
    assert!(kinds.len() > 7, "{kinds:?}");
}

#[test]
fn a_kind_of_task_is_written_as_its_text() {
    for kind in TaskKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.text());
    }
}
