//! The one-stop unit finds a dossier valid and accepts it with an appointment (form 01, Giấy tiếp
//! nhận hồ sơ và hẹn trả kết quả). Decree 61/2018/NĐ-CP, art. 17.3. The statutory clock starts
//! here, from the instant that the procedure names, unless it waits for the fee.
//!
//! The officer decides on the applicant's claims to groups that reduce the fee (Law 97/2015/QH13,
//! art. 10). If a rejected claim leaves a part of a fee unpaid that is due before acceptance, only
//! the decision is recorded: the dossier waits for the rest, as for an unpaid fee, and is accepted
//! after it. While that fee is unpaid, the officer may confirm a rejected claim after all: the fee
//! is assessed anew. Once it is paid, the decision is final.

use serde::Deserialize;
use utoipa::ToSchema;

use super::claims::Wrong;
use super::{ClaimDecision, Intake, Stage};
use crate::access::{agency, received};
use crate::clock::{self, Ledger, Moments};
use crate::contract::{
    Brief, DossierAccepted, DossierSubmitted, FeeClaimsDecided, IntakeEvent, ReceiverTask, Role,
};
use crate::law::fee_of;
use crate::step::{Collected, Command, Decision, Facts, Known, LawError, Reasons, Step, refusals};
use crate::text::List;

/// Accepts a dossier with an appointment.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptDossierRequest)]
pub struct AcceptDossier {
    /// The decisions on the applicant's claims to groups that reduce the fee: one for each claim
    /// that is open. While the fee is unpaid, a rejected claim can be confirmed, with a reason.
    #[serde(default)]
    #[schema(value_type = Vec<ClaimDecision>, max_items = 20)]
    pub claims: List<ClaimDecision, 20>,
}

refusals! {
    /// Why a dossier cannot be accepted.
    pub enum Refusal {
        AlreadyAnswered => 409, "already-answered",
            "hồ sơ đã được trả lời", "the dossier has been answered already";
        SupplementAwaited => 409, "supplement-awaited",
            "hồ sơ đang chờ bổ sung", "a supplement is awaited";
        FeeNotReceived => 409, "fee-not-received",
            "chưa nhận được phí, lệ phí", "the fee has not been received";
        ClaimUnanswered(String) => 422, "claim-unanswered" at "/claims",
            "phải xác nhận hoặc bác đề nghị giảm phí của nhóm này",
            "the claim to this group must be confirmed or rejected";
        UnknownClaim(Known) => 422, "unknown-claim",
            "không có đề nghị giảm phí nào đang chờ xác nhận cho nhóm này",
            "no claim to this group is open";
        ClaimAnsweredTwice => 422, "claim-answered-twice",
            "đề nghị này được trả lời hai lần", "this claim is answered twice";
        ClaimReasonMissing => 422, "claim-reason-missing",
            "bác đề nghị giảm phí, hoặc xác nhận đề nghị đã bị bác, phải nêu lý do",
            "the rejection of a claim needs a reason, and so does confirming a rejected one";
        ClaimFinal => 409, "claim-final",
            "đã nhận đủ phí, lệ phí sau khi bác đề nghị giảm phí: không thể xác nhận lại; nếu bác sai, người nộp có thể phản ánh, kiến nghị",
            "the fee was paid after the claim was rejected, so the claim can no longer be confirmed; if the rejection was wrong, the applicant may file a complaint";
    }
}

impl Command for AcceptDossier {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "accept_dossier",
        basis: "61/2018/NĐ-CP Điều 17.3; Mẫu 01",
        may: &[agency(Role::Clerk), received(Role::Clerk, ReceiverTask::Accept)],
        events: &["intake.FeeClaimsDecided.v1", "intake.DossierAccepted.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        if self.confirms_rejected(intake) && intake.is_open() {
            return self.decide_anew(intake, facts);
        }
        let Some(submission) =
            intake.submission.as_ref().filter(|_| intake.stage() == Stage::Submitted)
        else {
            return Err(Refusal::AlreadyAnswered);
        };
        if intake.open_request().is_some() {
            return Err(Refusal::SupplementAwaited);
        }
        if submission.fee_first && intake.fee.received_at().is_none() {
            return Err(Refusal::FeeNotReceived);
        }
        let decided = self.decide_claims(intake, submission, facts)?;
        let brief = decided.as_ref().map_or(&submission.brief, |decided| &decided.brief).clone();
        // A fee that is due before acceptance must be paid in full before it.
        if let Some(decided) = decided.as_ref().filter(|decided| decided.fee.is_some()) {
            return Ok(Decision::event(decided.clone()));
        }
        let accepted = accept(intake, submission, brief, facts)?;
        let mut events: Vec<IntakeEvent> = decided.map(IntakeEvent::from).into_iter().collect();
        events.push(accepted.into());
        Ok(events.into())
    }
}

impl AcceptDossier {
    /// The decisions on the open claims, with the fee if it rises by them and has to be paid before
    /// acceptance; `None` if no claim is open.
    fn decide_claims(
        &self,
        intake: &Intake,
        submission: &DossierSubmitted,
        facts: &Facts<'_>,
    ) -> Result<Option<FeeClaimsDecided>, Refusal> {
        let open = || intake.open_claims().map(|claim| &claim.group);
        refuse_wrong(intake.check_claims(&self.claims), open)?;
        if self.claims.is_empty() {
            return Ok(None);
        }
        let mut brief = submission.brief.clone();
        let is_rejected = |group: &str| {
            self.claims.iter().any(|decision| !decision.confirmed && decision.group.0 == group)
        };
        brief.groups.retain(|group| !is_rejected(group));
        let mut fee = None;
        if submission.fee_first {
            let (_, before) = fee_of(facts.law, &submission.brief)?;
            let (_, after) = fee_of(facts.law, &brief)?;
            fee = (after > before).then_some(after);
        }
        let claims = self.claims.iter().map(ClaimDecision::recorded).collect();
        Ok(Some(FeeClaimsDecided { brief, claims, fee }))
    }

    /// Whether a claim that was rejected is to be confirmed.
    fn confirms_rejected(&self, intake: &Intake) -> bool {
        let mut confirmed = self.claims.iter().filter(|decision| decision.confirmed);
        confirmed
            .any(|decision| intake.rejected_claims().any(|claim| claim.group == *decision.group.0))
    }

    /// Confirms claims that were rejected while the fee is unpaid. Payment assesses the fee anew.
    fn decide_anew(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, Refusal> {
        let Some(submission) = &intake.submission else { return Err(Refusal::AlreadyAnswered) };
        let rejected = || intake.rejected_claims().map(|claim| &claim.group);
        refuse_wrong(intake.check_confirmations(&self.claims), rejected)?;
        // A fee that is owed again, for example since a further one was charged, was paid before.
        let is_owed_again = intake.fee_awaited.is_none() && intake.fee.returned_at().is_some();
        if intake.fee.received_at().is_some() || is_owed_again {
            return Err(Refusal::ClaimFinal);
        }
        let mut brief = submission.brief.clone();
        brief.groups.extend(self.claims.iter().map(|decision| decision.group.0.clone()));
        let (_, before) = fee_of(facts.law, &submission.brief)?;
        let (_, after) = fee_of(facts.law, &brief)?;
        let claims = self.claims.iter().map(ClaimDecision::recorded).collect();
        let fee = (after != before).then_some(after);
        Ok(Decision::event(FeeClaimsDecided { brief, claims, fee }))
    }
}

/// Reports everything that is wrong with decisions on claims; `groups` are those of the claims that
/// can be decided.
fn refuse_wrong<'a, G: Iterator<Item = &'a String>>(
    wrong: Vec<Wrong<'a>>,
    groups: impl Fn() -> G,
) -> Result<(), Refusal> {
    let mut found = Collected::after(Reasons::default());
    for fault in wrong {
        match fault {
            Wrong::Unknown { place, group } => {
                let known = Known::new(group, groups(), "GET /v1/dossiers/{dossier}");
                found.add_at(format!("/claims/{place}/group"), Refusal::UnknownClaim(known));
            }
            Wrong::Twice { place } => {
                found.add_at(format!("/claims/{place}/group"), Refusal::ClaimAnsweredTwice);
            }
            Wrong::NoReason { place } => {
                found.add_at(format!("/claims/{place}/reason"), Refusal::ClaimReasonMissing);
            }
            Wrong::Unanswered(group) => found.add(Refusal::ClaimUnanswered(group.to_owned())),
        }
    }
    found.done(Refusal::Several)
}

/// The acceptance, with the appointment where the procedure gives one.
fn accept(
    intake: &Intake,
    submission: &DossierSubmitted,
    brief: Brief,
    facts: &Facts<'_>,
) -> Result<DossierAccepted, LawError> {
    let rule = facts.rule()?;
    let received_at = submission.posted_at.or(intake.submitted_at).unwrap_or(facts.at);
    let moments = Moments {
        received_at,
        completed_at: intake.completed_at.unwrap_or(received_at),
        accepted_at: facts.at,
        fee_at: intake.fee.received_at(),
    };
    let Some(moment) = clock::start_moment(&rule.procedure.clock, moments) else {
        return Ok(DossierAccepted { brief, promise: None, started_at: None, paper: None });
    };
    let started_at = clock::effective_start(rule, moment)?;
    let ledger = Ledger { suspensions: intake.suspensions.clone(), ..Ledger::since(started_at) };
    let promise = clock::promise(rule, brief.channel, &ledger)?;
    Ok(DossierAccepted { brief, promise, started_at: Some(started_at), paper: None })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::intake::submit_dossier::tests::promotion;
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    pub(crate) fn submitted(law: &Law) -> Scene<'_, Intake> {
        let mut scene = Scene::new(law, "2.000004", "H26.14");
        scene.execute("2026-11-20T09:00", Role::Applicant, promotion()).unwrap();
        scene
    }

    pub(crate) fn accepted(law: &Law) -> Scene<'_, Intake> {
        let mut scene = submitted(law);
        scene.execute("2026-11-20T10:00", Role::Clerk, AcceptDossier::default()).unwrap();
        scene
    }

    #[test]
    fn rules_that_were_issued_once_with_a_period_without_end_do_not_stop_a_dossier() {
        let mut law = Law::default();
        for mut rules in crate::law::shipped_rules().unwrap() {
            if rules.name == "2.000004" {
                let endless = "online: { amount: 4294967295, unit: working_days }";
                rules.text =
                    rules.text.replace("online: { amount: 5, unit: working_days }", endless);
            }
            law.apply(&rules, None).unwrap();
        }
        let mut scene = submitted(&law);
        scene.execute("2026-11-20T10:00", Role::Clerk, AcceptDossier::default()).unwrap();
        let promised = scene.state.promised.unwrap().promise;
        assert!(promised.provisional && promised.due_at > at("2060-01-01T00:00"), "{promised:?}");
    }

    #[test]
    fn an_accepted_dossier_has_an_appointment() {
        let law = law();
        let scene = accepted(&law);
        // Five working days from Friday 20 November, with Tuesday 24 off.
        assert_eq!(scene.state.promised.as_ref().unwrap().promise.due_at, at("2026-12-01T00:00"));
        assert_eq!(scene.state.stage(), Stage::Processing);
    }

    #[test]
    fn a_supplement_before_acceptance_is_not_counted_against_the_agency() {
        use crate::intake::request_supplement::tests::asked;
        use crate::intake::submit_dossier::tests::document;
        use crate::intake::submit_supplement::SubmitSupplement;

        let law = law();
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        let supplied = SubmitSupplement {
            documents: vec![document("rules")],
            form: None,
            found: Reasons::default(),
        };
        scene.execute("2026-12-04T10:00", Role::Applicant, supplied).unwrap();
        scene.execute("2026-12-04T11:00", Role::Clerk, AcceptDossier::default()).unwrap();
        // Counted again from the start: five working days from Friday 4 December.
        assert_eq!(scene.state.promised.unwrap().promise.due_at, at("2026-12-12T00:00"));
    }

    #[test]
    fn a_dossier_is_accepted_once() {
        let law = law();
        let mut scene = accepted(&law);
        let again = scene.execute("2026-11-20T11:00", Role::Clerk, AcceptDossier::default());
        assert_eq!(again, Err(Refusal::AlreadyAnswered));
    }

    #[test]
    fn the_answer_is_no_longer_owed_once_given() {
        let law = law();
        let scene = accepted(&law);
        assert!(scene.state.answer().is_none());
    }
}
