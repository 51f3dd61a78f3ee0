//! The open tasks of a fee and of its payments.

use super::open::due;
use super::{DossierStates, Task, TaskKind};
use crate::contract::{Brief, Channel, ReceiverTask, Vnd};
use crate::intake;
use crate::payment::{Attempt, Payment, PaymentDeadline, Proposed};
use crate::review;

pub(super) fn tasks(states: &DossierStates, brief: &Brief) -> Vec<Task> {
    let payment = &states.payment;
    let agency = &collected_by(payment, brief).agency;
    let mut tasks: Vec<Task> = fee(states, brief).into_iter().collect();
    if let Some(owed) = payment.discrepancy {
        let blocks = payment.waits_for_certainty() && blocks(states);
        let resolve = Task::new(TaskKind::ResolveDiscrepancy, agency).blocking(blocks);
        tasks.push(resolve.due(due(payment, &PaymentDeadline::Discrepancy)).missed(owed.missed));
    }
    if let Some((owed, _)) = payment.owed_repayment() {
        let refund = Task::new(TaskKind::GiveBack, agency);
        tasks.push(refund.due(due(payment, &PaymentDeadline::Repayment)).missed(owed.missed));
    }
    if let Some((_, dispute)) = payment.due_dispute() {
        let answer = Task::new(TaskKind::AnswerDispute, agency);
        let due = due(payment, &PaymentDeadline::Dispute);
        tasks.push(answer.due(due).missed(dispute.owed.missed));
    }
    if let Some(debt) = payment.due_debt() {
        let collect = Task::new(TaskKind::CollectDebt, agency);
        tasks.push(collect.due(due(payment, &PaymentDeadline::Debt)).missed(debt.owed.missed));
    }
    if let Some(proposal) = &payment.proposal {
        let kind = match &proposal.what {
            Proposed::Refund(_) => TaskKind::SignRefund,
            Proposed::Resolution(..) => TaskKind::SignResolution,
            Proposed::Entry(_) => TaskKind::SignEntry,
        };
        let missed = proposal.owed.is_some_and(|owed| owed.missed);
        let mut sign = Task::new(kind, agency).about(proposal.id).missed(missed);
        sign.due_at = due(payment, &PaymentDeadline::Proposal);
        sign.not_by = Some(proposal.by.clone());
        tasks.push(sign);
    }
    tasks
}

/// The payment of the fee, while it is owed.
fn fee(states: &DossierStates, brief: &Brief) -> Option<Task> {
    let payment = &states.payment;
    if payment.outstanding() == Vnd::ZERO {
        return None;
    }
    let kind = if is_being_paid(payment) {
        TaskKind::ConfirmPayment
    } else if brief.channel == Channel::Online {
        TaskKind::PayFee
    } else {
        TaskKind::TakeCash
    };
    let window = due(payment, &PaymentDeadline::Window);
    let at_counter = kind == TaskKind::TakeCash;
    let collector = collected_by(payment, brief);
    let receiver = collector.receiver_with(ReceiverTask::TakePayment).filter(|_| at_counter);
    Some(Task::new(kind, &collector.agency).due(window).blocking(blocks(states)).or_by(receiver))
}

/// The brief of the agency that collects the fee: it may stay with one that has transferred the
/// dossier.
fn collected_by<'a>(payment: &'a Payment, brief: &'a Brief) -> &'a Brief {
    payment.assessed().map_or(brief, |assessed| &assessed.brief)
}

/// Whether the outcome of an attempt is open.
fn is_being_paid(payment: &Payment) -> bool {
    payment.attempts.values().any(Attempt::is_open)
}

/// Whether the dossier does not go on without its fee: it is paid before acceptance, its clock is
/// suspended for it, or its review begins with it.
fn blocks(states: &DossierStates) -> bool {
    let intake = &states.intake;
    match intake.stage() {
        intake::Stage::Submitted => {
            let first = intake.submission.as_ref().is_some_and(|submission| submission.fee_first);
            first && intake.fee.received_at().is_none()
        }
        intake::Stage::Processing => {
            intake.awaits_fee() || states.review.stage == review::Stage::Empty
        }
        intake::Stage::Empty
        | intake::Stage::Decided
        | intake::Stage::Refused
        | intake::Stage::Withdrawn
        | intake::Stage::Closed(_) => false,
    }
}
