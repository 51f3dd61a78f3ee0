//! The open tasks until the result is delivered. Due instants are those that the states declare as
//! their deadlines.

use jiff::Timestamp;

use super::{DossierStates, Task, TaskKind, after, messages, money};
use crate::clock::Deadlines;
use crate::contract::{AgencyCode, Brief, DeliveryChannel, ReceiverTask};
use crate::delivery;
use crate::intake::{self, IntakeDeadline};
use crate::review::{self, Review, ReviewDeadline};
use crate::step::Rule;

/// All open tasks, in no particular order.
pub(super) fn tasks(states: &DossierStates, brief: &Brief, rule: Option<Rule<'_>>) -> Vec<Task> {
    let agency = &brief.agency;
    let mut tasks = at_intake(states, brief, rule);
    tasks.extend(money::tasks(states, brief));
    // A dossier that waits for its applicant is not reviewed meanwhile.
    if states.intake.stage() == intake::Stage::Processing {
        let due_at = if states.intake.is_suspended() { None } else { promised(states) };
        tasks.extend(in_review(&states.review, agency, rule, due_at));
    }
    tasks.extend(of_result(states, brief));
    tasks.extend(after::tasks(states, agency, rule));
    tasks.extend(messages::tasks(states, agency));
    tasks
}

/// The instant of a deadline, open or not; `None` if it is not set.
pub(super) fn due<S: Deadlines>(state: &S, kind: &S::Kind) -> Option<Timestamp> {
    let mut deadlines = state.deadlines().into_iter();
    deadlines.find(|deadline| deadline.kind == *kind).map(|deadline| deadline.due_at)
}

/// The promised date.
fn promised(states: &DossierStates) -> Option<Timestamp> {
    due(&states.intake, &IntakeDeadline::Decision)
}

fn at_intake(states: &DossierStates, brief: &Brief, rule: Option<Rule<'_>>) -> Vec<Task> {
    let (intake, agency) = (&states.intake, &brief.agency);
    let mut tasks = Vec::new();
    if intake.open_request().is_some() {
        let window = due(intake, &IntakeDeadline::SupplementWindow);
        tasks.push(Task::new(TaskKind::SubmitSupplement, agency).due(window).blocking(true));
    }
    match intake.stage() {
        intake::Stage::Submitted => {
            let fee_first = intake.submission.as_ref().is_some_and(|sent| sent.fee_first);
            let unpaid = fee_first && intake.fee.received_at().is_none();
            if intake.open_request().is_none() && !unpaid {
                let missed = intake.answer().is_some_and(|answer| answer.missed);
                let answer = Task::new(TaskKind::AnswerSubmission, agency);
                let answer = answer.due(due(intake, &IntakeDeadline::Answer)).missed(missed);
                let receiver = brief.receiver_with(ReceiverTask::Accept);
                tasks.push(answer.blocking(true).or_by(receiver));
            }
        }
        intake::Stage::Processing => {
            let clock = rule.map(|rule| &rule.procedure.clock);
            let running = !intake.is_suspended();
            if let Some(promised) =
                intake.promised.as_ref().filter(|one| one.foreseen && !one.missed)
                && running
                && clock.is_some_and(|clock| intake.redatings < clock.redatings_max)
            {
                let announce = Task::new(TaskKind::AnnounceLateness, agency);
                tasks.push(announce.due(promised.promise.due_at));
            }
            let is_given = clock.is_some_and(|clock| clock.budget.contains_key(&brief.channel));
            if intake.promised.is_none() && clock.is_some() && !is_given {
                tasks.push(Task::new(TaskKind::FixAppointment, agency));
            }
        }
        intake::Stage::Empty
        | intake::Stage::Decided
        | intake::Stage::Refused
        | intake::Stage::Withdrawn
        | intake::Stage::Closed(_) => {}
    }
    tasks
}

fn in_review(
    review: &Review,
    agency: &AgencyCode,
    rule: Option<Rule<'_>>,
    promised: Option<Timestamp>,
) -> Vec<Task> {
    let mut tasks: Vec<Task> = consultations(review).collect();
    match &review.stage {
        review::Stage::Open => {
            let next = rule.and_then(|rule| review.next(rule, None));
            let kind = match next {
                _ if review.officer.is_none() => TaskKind::ClaimReview,
                Some(_) => TaskKind::CompleteActivity,
                None => TaskKind::ProposeDecision,
            };
            let within_period =
                |open: &review::Consultation| !open.silent && open.running.is_some();
            let waits = kind == TaskKind::ProposeDecision
                && review.consultations.values().any(within_period);
            if waits {
                for task in &mut tasks {
                    task.blocks = true;
                }
                return tasks;
            }
            let mut task = Task::new(kind, agency).due(promised).blocking(true);
            task.officer.clone_from(&review.officer);
            if kind == TaskKind::CompleteActivity {
                task.subject = next.map(|activity| activity.code.clone());
                let activity = due(review, &ReviewDeadline::Activity);
                task.due_at = [activity, promised].into_iter().flatten().min();
            }
            tasks.push(task);
        }
        review::Stage::Proposed(proposed) => {
            let approve = Task::new(TaskKind::ApproveDecision, agency).about(proposed.proposal);
            let mut approve = approve.due(promised).blocking(true);
            approve.not_by = Some(proposed.officer.clone());
            tasks.push(approve);
        }
        review::Stage::Empty
        | review::Stage::Paused(_)
        | review::Stage::Decided(_)
        | review::Stage::Cancelled => {}
    }
    tasks
}

fn consultations(review: &Review) -> impl Iterator<Item = Task> {
    review.consultations.iter().map(|(id, open)| {
        let task = Task::new(TaskKind::AnswerConsultation, &open.requested.agency).about(id);
        task.due(open.running.map(|running| running.due_at)).missed(open.silent)
    })
}

/// The tasks of a result that is not delivered yet.
fn of_result(states: &DossierStates, brief: &Brief) -> Option<Task> {
    let result = &states.delivery;
    let kind = match result.stage() {
        delivery::Stage::Prepared => TaskKind::IssueResult,
        delivery::Stage::Issued => match result.delivery.as_ref()?.channel {
            DeliveryChannel::Post => TaskKind::HandToCarrier,
            DeliveryChannel::Collection => TaskKind::HandOutResult,
            DeliveryChannel::Download => TaskKind::DownloadResult,
        },
        delivery::Stage::WithCarrier => TaskKind::DeliverParcel,
        delivery::Stage::Empty
        | delivery::Stage::Delivered
        | delivery::Stage::Revoked
        | delivery::Stage::Cancelled => return None,
    };
    let hands_out = kind == TaskKind::HandOutResult;
    let receiver = brief.receiver_with(ReceiverTask::HandOut).filter(|_| hands_out);
    Some(Task::new(kind, &brief.agency).blocking(true).or_by(receiver))
}
