//! A dossier that another agency is competent to decide is transferred there (Decree 61/2018/NĐ-CP,
//! art. 18). The statutory clock runs on: the applicant keeps the promised date. The earlier agency
//! may still read what had been recorded until then.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Intake, Stage};
use crate::access::agency;
use crate::contract::{AgencyCode, Brief, DossierTransferred, IntakeEvent, Meta, Personal, Role};
use crate::law::ClockStart;
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};
use crate::text::{Line, Text};

/// Maximum number of transfers of a dossier by officers.
pub const TRANSFERS_MAX: usize = 10;

/// Transfers a dossier to the competent agency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TransferDossierRequest)]
pub struct TransferDossier {
    /// Code of the competent agency.
    #[schema(example = "H26.14")]
    pub to: Line<35>,
    /// The written reason, which the applicant reads, at most 2000 characters.
    pub reason: Text<2000>,
}

/// A transfer of a dossier.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    pub at: Timestamp,
    pub from: AgencyCode,
    pub to: AgencyCode,
    /// The written reason; absent if a decision of the earlier agency undid a transfer.
    pub reason: Option<Personal<String>>,
    /// The version of the stream before the transfer.
    pub until: u64,
}

refusals! {
    /// Why a dossier cannot be transferred.
    pub enum Refusal {
        NotOpen => 409, "dossier-not-open",
            "hồ sơ không còn đang được giải quyết", "the dossier is not being processed";
        TooOften => 409, "transferred-too-often",
            "hồ sơ đã được chuyển quá nhiều lần; cơ quan đang giữ hồ sơ phải giải quyết hoặc từ chối",
            "the dossier was transferred too often; the agency that has it must decide or refuse it";
        AlreadyThere => 422, "already-there" at "/to",
            "hồ sơ đang ở cơ quan này", "the dossier is at this agency already";
        AgencyNotCompetent(Known) => 422, "agency-not-competent" at "/to",
            "cơ quan này không tiếp nhận thủ tục này", "this agency does not receive this procedure";
        AgencySucceeded(AgencyCode) => 422, "agency-succeeded" at "/to",
            "cơ quan này đã được sáp nhập hoặc giải thể, hãy chọn cơ quan kế tục",
            "this agency was merged or dissolved; use its successor";
        CalendarDiffers => 422, "calendar-differs" at "/to",
            "cơ quan này tính ngày làm việc theo lịch khác, ngày hẹn trả sẽ thay đổi",
            "this agency counts working days by another calendar, so the promised date would change";
    }
}

impl Command for TransferDossier {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "transfer_dossier",
        basis: "61/2018/NĐ-CP Điều 18",
        may: &[agency(Role::Clerk)],
        events: &["intake.DossierTransferred.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        let Some(submission) = intake.submission.as_ref().filter(|_| intake.is_open()) else {
            return Err(Refusal::NotOpen);
        };
        if intake.transfers.len() >= TRANSFERS_MAX {
            return Err(Refusal::TooOften);
        }
        let (from, to) = (&submission.brief.agency, AgencyCode::from(&*self.to.0));
        let mut wrong = Collected::after(Reasons::default());
        wrong.collect(check(from, &to, facts))?;
        wrong.done(Refusal::Several)?;
        let (brief, reason) = (submission.brief.transferred(&to), Some(self.reason.personal()));
        Ok(Decision::event(transferred(intake, facts, brief, (reason, None))?))
    }
}

/// Checks that the target is another agency which is competent and exists at that time.
fn check(from: &AgencyCode, to: &AgencyCode, facts: &Facts<'_>) -> Result<(), Refusal> {
    let (law, procedure) = (facts.law, facts.rule()?.procedure);
    let is_competent = |agency: &AgencyCode| procedure.agency.covers(agency);
    if law.agency(to).is_none() || !is_competent(to) {
        let all = law.agencies().filter(|known| known.succeeded.is_none());
        let others = all.map(|known| &known.code).filter(|code| is_competent(code));
        let others = others.filter(|code| *code != from);
        return Err(Refusal::AgencyNotCompetent(Known::agencies(to, others)));
    }
    let present = law.present(to, facts.at);
    if present != to {
        return Err(Refusal::AgencySucceeded(present.clone()));
    }
    let own = law.present(from, facts.at);
    if own == to {
        return Err(Refusal::AlreadyThere);
    }
    let calendar = |code| law.agency(code).map(|agency| &agency.calendar);
    if calendar(own) == calendar(to) { Ok(()) } else { Err(Refusal::CalendarDiffers) }
}

/// The event by which the agency in `brief` has the dossier: by an officer with a reason, or by a
/// decision that undoes a transfer.
pub(super) fn transferred(
    intake: &Intake,
    facts: &Facts<'_>,
    brief: Brief,
    (reason, undone_by): (Option<Personal<String>>, Option<Uuid>),
) -> Result<DossierTransferred, crate::step::LawError> {
    let by_fee = facts.rule()?.procedure.clock.start == ClockStart::FeeReceived;
    let accepted = intake.stage() == Stage::Processing;
    let submission = intake.submission.as_ref();
    Ok(DossierTransferred {
        from: submission.map_or_else(|| brief.agency.clone(), |sent| sent.brief.agency.clone()),
        to: brief.agency.clone(),
        reason,
        brief,
        fee_first: submission.is_some_and(|sent| sent.fee_first),
        accepted,
        in_review: accepted && (!by_fee || intake.started_at.is_some()),
        undone_by,
    })
}

impl Transfer {
    pub(super) fn of(event: &DossierTransferred, meta: &Meta) -> Self {
        Self {
            at: meta.at(),
            from: event.from.clone(),
            to: event.to.clone(),
            reason: event.reason.clone(),
            until: meta.version.saturating_sub(1),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::access::{Caller, Denied, decide};
    use crate::intake::accept_dossier::AcceptDossier;
    use crate::intake::accept_dossier::tests::{accepted, submitted};
    use crate::intake::withdraw_dossier::WithdrawDossier;
    use crate::intake::{IntakeDeadline, READ_DOSSIER};
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    /// Hanoi with a second department that is competent for promotions, one that was merged into
    /// it, and one with another calendar.
    pub(crate) fn hanoi() -> Law {
        let mut law = law();
        let agency = |code: &str, calendar: &str, more: &str| {
            format!(
                "  - {{ code: {code}, name: {{ vi: x, en: x }}, calendar: {calendar}, system: \"26\", receipt_symbol: R-{code}{more} }}\n"
            )
        };
        let merged = ", succeeded: { by: H26.14.2, on: 2026-11-01 }";
        let agencies = [
            agency("H26.14.1", "vn", ""),
            agency("H26.14.2", "vn", ""),
            agency("H26.14.3", "vn", merged),
            agency("H26.14.4", "nl", ""),
            agency("H26.101", "vn", ""),
        ]
        .concat();
        let text = format!("id: hanoi\nversion: 1\nlegal_basis: x\nagencies:\n{agencies}");
        law.add_agencies("hanoi.yaml", &text).unwrap();
        law
    }

    pub(crate) fn to(agency: &str) -> TransferDossier {
        TransferDossier { to: agency.into(), reason: "thuộc thẩm quyền".into() }
    }

    fn take(scene: &mut Scene<'_, Intake>, agency: &str) -> Result<Vec<IntakeEvent>, Refusal> {
        scene.execute("2026-11-20T11:00", Role::Clerk, to(agency))
    }

    fn reads(scene: &Scene<'_, Intake>, agency: &str) -> Result<(), Denied> {
        let caller = Caller {
            subject: "c".into(),
            roles: vec![Role::Clerk],
            agency: Some(agency.into()),
            predecessors: Vec::new(),
            on_behalf_of: None,
            mandate: None,
            credential: None,
        };
        let resource = crate::step::State::resource(&scene.state);
        decide(&caller, READ_DOSSIER, resource.as_ref()).map(|_| ())
    }

    #[test]
    fn the_new_agency_has_the_dossier_and_the_promised_date_stays() {
        let law = hanoi();
        let mut scene = accepted(&law);
        let promised = scene.state.promised.clone();
        take(&mut scene, "H26.14.1").unwrap();
        assert_eq!(scene.state.promised, promised);
        assert_eq!(scene.open().len(), 2, "the promised date and its announcement");
        assert_eq!(scene.state.submission.as_ref().unwrap().brief.agency, "H26.14.1".into());
        assert_eq!(reads(&scene, "H26.14.1"), Ok(()));
        let former = crate::step::State::resource(&scene.state).unwrap().former;
        assert_eq!((former[0].agency.as_str(), former[0].until), ("H26.14", 2));
    }

    #[test]
    fn an_agency_that_neither_has_nor_had_the_dossier_reads_nothing() {
        let law = hanoi();
        let mut scene = accepted(&law);
        take(&mut scene, "H26.14.1").unwrap();
        take(&mut scene, "H26.14.2").unwrap();
        assert_eq!(reads(&scene, "H26.14.1"), Err(Denied::Scope), "not what follows");
        assert_eq!(reads(&scene, "H26.101"), Err(Denied::Scope));
        assert_eq!(scene.state.transfers.len(), 2);
    }

    #[test]
    fn a_dossier_is_transferred_before_its_acceptance_and_accepted_by_the_new_agency() {
        let law = hanoi();
        let mut scene = submitted(&law);
        let events = take(&mut scene, "H26.14.1").unwrap();
        let [IntakeEvent::DossierTransferred(event)] = &events[..] else { panic!("{events:?}") };
        assert!(!event.accepted && !event.in_review);
        assert!(scene.state.answer().is_some(), "the answer is still owed");
        let events =
            scene.execute("2026-11-20T12:00", Role::Clerk, AcceptDossier::default()).unwrap();
        let IntakeEvent::DossierAccepted(accepted) = events.last().unwrap() else { panic!() };
        assert_eq!(accepted.brief.agency, "H26.14.1".into());
    }

    #[test]
    fn the_target_must_be_another_agency_that_is_competent_and_counts_alike() {
        let law = hanoi();
        let mut scene = accepted(&law);
        assert!(matches!(take(&mut scene, "H26.101"), Err(Refusal::AgencyNotCompetent(_))));
        assert!(matches!(take(&mut scene, "H26.14.9"), Err(Refusal::AgencyNotCompetent(_))));
        let successor = Refusal::AgencySucceeded("H26.14.2".into());
        assert_eq!(take(&mut scene, "H26.14.3"), Err(successor));
        assert_eq!(take(&mut scene, "H26.14.4"), Err(Refusal::CalendarDiffers));
        assert_eq!(take(&mut scene, "H26.14"), Err(Refusal::AlreadyThere));
        assert!(scene.state.transfers.is_empty());
    }

    #[test]
    fn a_receiver_stays_unless_it_is_the_earlier_agency_above_it_or_below_it() {
        let law = hanoi();
        let scene = submitted(&law);
        let mut brief = scene.state.submission.as_ref().unwrap().brief.clone();
        for (agency, stays) in
            [("H26.101", true), ("H26.14", false), ("H26", false), ("H26.14.3", false)]
        {
            let (agency, unit, may) = (AgencyCode::from(agency), None, Vec::new());
            brief.receiver = Some(crate::contract::Receiver { agency, unit, may });
            let after = brief.transferred(&"H26.15".into());
            assert_eq!(after.receiver.is_some(), stays, "{:?}", brief.receiver);
        }
    }

    #[test]
    fn a_dossier_that_has_ended_is_not_transferred() {
        let law = hanoi();
        let mut scene = accepted(&law);
        let withdraw = WithdrawDossier { reason: None };
        scene.execute("2026-11-20T10:30", Role::Applicant, withdraw).unwrap();
        assert_eq!(take(&mut scene, "H26.14.1"), Err(Refusal::NotOpen));
    }

    #[test]
    fn a_dossier_is_not_sent_round_for_ever() {
        let law = hanoi();
        let mut scene = accepted(&law);
        for number in 0..TRANSFERS_MAX {
            take(&mut scene, if number % 2 == 0 { "H26.14.1" } else { "H26.14.2" }).unwrap();
        }
        assert_eq!(take(&mut scene, "H26.14.1"), Err(Refusal::TooOften));
    }

    #[test]
    fn lateness_after_a_transfer_is_that_of_the_promised_date() {
        let law = hanoi();
        let mut scene = accepted(&law);
        take(&mut scene, "H26.14.1").unwrap();
        let events = scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        let [IntakeEvent::DeadlineMissed(missed)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(missed.due_at, at("2026-12-01T00:00"));
    }
}
