//! Intake receives the payment of a dossier's fee from payment. Where the fee comes first, the
//! period for the one-stop unit's answer begins; where the law says so, the statutory clock starts
//! or resumes (Decree 137/2026/NĐ-CP, art. 11.2).

use jiff::Timestamp;
use uuid::Uuid;

use super::exclude_time::ExcludeTime;
use super::submit_dossier::answer_due;
use super::{Intake, Stage, resumption};
use crate::clock::{self, Ledger};
use crate::contract::{FeeReceived, IntakeEvent, NotCounted, Vnd};
use crate::law::ClockStart;
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that the fee was received.
#[derive(Debug, Clone, Copy)]
pub struct RecordFee {
    pub amount: Vnd,
    /// When payment recorded it as received.
    pub paid_at: Timestamp,
    /// The event of payment.
    pub cause: Uuid,
}

impl Command for RecordFee {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "record_fee",
        basis: "61/2018/NĐ-CP Điều 22; 137/2026/NĐ-CP Điều 11.2",
        may: &[],
        events: &[
            "intake.FeeReceived.v1",
            "intake.TimeNotCounted.v1",
            "intake.DeadlineMissWithdrawn.v1",
        ],
        refusals: &[],
    };

    /// Nothing, if the fee is recorded already, less than the awaited fee was paid, or the dossier
    /// has ended.
    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        let Some(submission) = &intake.submission else { return Ok(Decision::NotYet) };
        if intake.fee.received_at().is_some() || !intake.is_open() {
            return Ok(Decision::Nothing);
        }
        // A payment of the fee as it was before a claim was rejected.
        if intake.fee_awaited.is_some_and(|fee| self.amount < fee) {
            return Ok(Decision::Nothing);
        }
        let rule = facts.rule()?;
        let paid_at = self.paid_at;
        let waiting = intake.stage() == Stage::Submitted && intake.open_request().is_none();
        let is_awaited = submission.fee_first && waiting;
        let answer_due_at = if is_awaited { answer_due(rule, paid_at)? } else { None };
        let by_fee = rule.procedure.clock.start == ClockStart::FeeReceived;
        // A clock that has started does not start again when the fee is paid again.
        let starts = by_fee && intake.stage() == Stage::Processing && intake.started_at.is_none();
        let mut fee = FeeReceived {
            amount: self.amount,
            paid_at,
            answer_due_at,
            promise: None,
            started_at: None,
            brief: None,
            awaiting: None,
        };
        if starts {
            let started_at = clock::effective_start(rule, paid_at)?;
            let ledger = Ledger::since(started_at);
            fee.promise = clock::promise(rule, submission.brief.channel, &ledger)?;
            fee.started_at = Some(started_at);
            fee.brief = Some(submission.brief.clone());
            fee.awaiting = intake.open_request().map(|open| open.request.request);
        }
        if let (Some(stop), Some(mut ledger)) = (intake.fee.stop(), intake.ledger()) {
            resumption::resume(&mut ledger.suspensions, paid_at, |one| one.cause == stop);
            fee.promise = resumption::promise(intake, &ledger, paid_at, facts)?;
        }
        let mut events = vec![fee.into()];
        events.extend(waited_for(intake, *self, facts)?);
        Ok(events.into())
    }
}

/// The time that is not counted: an accepted dossier with a running clock waited for its fee, and
/// the procedure does not count that time.
fn waited_for(
    intake: &Intake,
    RecordFee { amount, paid_at, cause }: RecordFee,
    facts: &Facts<'_>,
) -> Result<Vec<IntakeEvent>, LawError> {
    // The clock was stopped for the fee, so that the suspension is recorded already.
    if intake.fee.stop().is_some() {
        return Ok(Vec::new());
    }
    // A fee that was returned has been awaited since its return.
    let since = intake.accepted_at.max(intake.accepted_at.and(intake.fee.returned_at()));
    let since = since.filter(|at| *at < paid_at && amount > Vnd(0));
    let Some(from) = since else { return Ok(Vec::new()) };
    let waited = ExcludeTime { reason: NotCounted::Fee, from, to: paid_at, cause };
    Ok(waited.decide(intake, facts)?.into_events().unwrap_or_default())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::intake::accept_dossier;
    use crate::intake::submit_dossier::{SubmitDossier, tests::document, tests::promotion};
    use crate::testing::{Scene, at, law};

    pub(crate) fn record(scene: &mut Scene<'_, Intake>, moment: &str) -> Vec<IntakeEvent> {
        let cause = Uuid::from_u128(9);
        let command = RecordFee { amount: Vnd(1), paid_at: at(moment), cause };
        scene.execute(moment, Role::System, command).unwrap()
    }

    pub(crate) fn submitted<'a>(
        law: &'a crate::law::Law,
        code: &str,
        agency: &'static str,
        components: &[&str],
    ) -> Scene<'a, Intake> {
        let mut scene = Scene::new(law, code, agency);
        let documents = components.iter().map(|component| document(component)).collect();
        let command = SubmitDossier { agency: agency.into(), documents, ..promotion() };
        scene.execute("2026-11-20T09:00", Role::Applicant, command).unwrap();
        scene
    }

    #[test]
    fn where_the_fee_comes_first_the_answer_is_due_from_its_receipt() {
        let law = law();
        let components = ["application", "export_declaration", "invoice"];
        let mut scene = submitted(&law, "CO.D", "G02.001", &components);
        let early = scene.execute(
            "2026-11-20T09:30",
            Role::Clerk,
            accept_dossier::AcceptDossier::default(),
        );
        assert_eq!(early, Err(accept_dossier::Refusal::FeeNotReceived));
        record(&mut scene, "2026-11-20T10:00");
        assert_eq!(scene.state.answer().unwrap().running.due_at, at("2026-11-23T10:00"));
        scene
            .execute("2026-11-20T11:00", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
        assert!(record(&mut scene, "2026-11-20T12:00").is_empty(), "known already");
    }

    #[test]
    fn a_clock_that_starts_while_a_supplement_is_awaited_stands_still() {
        use crate::intake::request_supplement::{RequestSupplement, tests::ask};

        let law = law();
        let components = ["application", "deposit", "plan"];
        let mut scene = submitted(&law, "MLM.CERTIFICATE", "G02.003", &components);
        scene
            .execute("2026-11-20T10:00", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
        let ask = RequestSupplement { components: vec!["plan".into()], ..ask() };
        scene.execute("2026-11-23T10:00", Role::Clerk, ask).unwrap();
        record(&mut scene, "2026-11-25T10:00");
        assert!(scene.state.is_suspended());
    }

    #[test]
    fn where_the_law_says_so_the_clock_starts_with_the_fee() {
        let law = law();
        let components = ["application", "deposit", "plan"];
        let mut scene = submitted(&law, "MLM.CERTIFICATE", "G02.003", &components);
        scene
            .execute("2026-11-20T10:00", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
        assert!(scene.state.promised.is_none());
        record(&mut scene, "2026-11-25T10:00");
        // Fifteen working days from Wednesday 25 November.
        assert_eq!(scene.state.promised.unwrap().promise.due_at, at("2026-12-17T00:00"));
    }
}
