//! The applicant is asked to complete a dossier: once per stage, with everything that is missing
//! (form 02, Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ). Decree 61/2018/NĐ-CP, arts 15.3, 17.2a,
//! 19.4. Before acceptance the request is the answer to the submission; after acceptance it stops
//! the statutory clock until the supplement is submitted.

use uuid::Uuid;

use super::miss_deadline::unrecorded;
use super::{Intake, Stage};
use crate::access::agency;
use crate::clock;
use crate::contract::{
    ComponentCode, IntakeEvent, Personal, Role, SupplementRequested, SupplementStage,
};
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};

/// Asks the applicant to complete a dossier.
#[derive(Debug, Clone)]
pub struct RequestSupplement {
    /// Everything that is missing; empty if only the form is to be corrected.
    pub components: Vec<ComponentCode>,
    pub reason: Personal<String>,
    /// The event of another service that needs the supplement.
    pub asked_by: Option<Uuid>,
}

refusals! {
    /// Why a supplement cannot be requested.
    pub enum Refusal {
        NotOpen => 409, "dossier-not-open",
            "hồ sơ không còn đang được giải quyết", "the dossier is not being processed";
        AlreadyAwaited => 409, "supplement-awaited",
            "hồ sơ đang chờ bổ sung", "a supplement is awaited";
        TooManyRequests => 409, "supplement-once-only",
            "đã yêu cầu bổ sung đủ số lần cho phép ở giai đoạn này",
            "supplements have been requested as often as the law allows at this stage";
        UnknownComponent(Known) => 422, "unknown-component",
            "thành phần hồ sơ không có trong quy định của thủ tục", "the procedure has no such component";
    }
}

impl Command for RequestSupplement {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "request_supplement",
        basis: "61/2018/NĐ-CP Điều 15.3, 17.2a, 19.4; Mẫu 02",
        may: &[agency(Role::Clerk)],
        events: &["intake.DeadlineMissed.v1", "intake.SupplementRequested.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        let (stage, made) = match intake.stage() {
            Stage::Submitted => (SupplementStage::Intake, intake.requests_at_intake),
            Stage::Processing => (SupplementStage::Review, intake.requests_at_review),
            Stage::Empty
            | Stage::Decided
            | Stage::Refused
            | Stage::Withdrawn
            | Stage::Closed(_) => {
                return Err(Refusal::NotOpen);
            }
        };
        if intake.open_request().is_some() {
            return Err(Refusal::AlreadyAwaited);
        }
        let rule = facts.rule()?;
        if rule.procedure.clock.supplements_max.is_some_and(|max| made >= max) {
            return Err(Refusal::TooManyRequests);
        }
        let mut wrong = Collected::after(Reasons::default());
        for (place, unknown) in Known::unknown_components(rule.procedure, &self.components) {
            wrong.add_at(format!("/components/{place}"), Refusal::UnknownComponent(unknown));
        }
        wrong.done(Refusal::Several)?;
        let window = rule.procedure.clock.supplement_window;
        let made_before = intake.requests_at_intake.saturating_add(intake.requests_at_review);
        // A deadline that was missed before the clock stops stays missed.
        let mut events: Vec<IntakeEvent> = unrecorded(intake, facts.at).into_iter().collect();
        events.push(
            SupplementRequested {
                request: made_before.saturating_add(1),
                stage,
                components: self.components.clone(),
                reason: self.reason.clone(),
                effect: rule.procedure.clock.supplement,
                window_ends_at: clock::end_of(rule, facts.at, window),
                asked_by: self.asked_by,
                stops_clock: stage == SupplementStage::Review && intake.started_at.is_some(),
                paper: None,
            }
            .into(),
        );
        Ok(events.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::intake::accept_dossier::tests::{accepted, submitted};
    use crate::intake::submit_dossier::tests::pointed;
    use crate::testing::{Scene, at, law};

    pub(crate) fn ask() -> RequestSupplement {
        RequestSupplement {
            components: vec!["rules".into()],
            reason: Personal::from("the rules lack a date".to_owned()),
            asked_by: None,
        }
    }

    pub(crate) fn asked(scene: &mut Scene<'_, Intake>, moment: &str) -> Result<(), Refusal> {
        scene.execute(moment, Role::Clerk, ask()).map(|_| ())
    }

    #[test]
    fn a_second_supplement_at_the_same_stage_is_refused() {
        let law = law();
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        assert_eq!(asked(&mut scene, "2026-11-20T11:00"), Err(Refusal::AlreadyAwaited));
        scene.state.progress.supplemented();
        assert_eq!(asked(&mut scene, "2026-11-20T11:00"), Err(Refusal::TooManyRequests));
    }

    #[test]
    fn one_may_be_asked_for_before_and_one_after_acceptance() {
        let law = law();
        let mut scene = accepted(&law);
        scene.state.requests_at_intake = 1;
        asked(&mut scene, "2026-11-20T11:00").unwrap();
    }

    #[test]
    fn while_the_supplement_is_awaited_only_its_window_runs() {
        let law = law();
        let mut scene = accepted(&law);
        asked(&mut scene, "2026-11-20T11:00").unwrap();
        let open = scene.open();
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(open[0].kind, crate::intake::IntakeDeadline::SupplementWindow);
        // Fifteen working days from 20 November, with the 24th off.
        assert_eq!(open[0].due_at, at("2026-12-15T00:00"));
    }

    #[test]
    fn what_the_procedure_does_not_name_cannot_be_asked_for() {
        let law = law();
        let mut scene = submitted(&law);
        let command = RequestSupplement { components: vec!["photo".into()], ..ask() };
        let refused = scene.execute("2026-11-20T10:00", Role::Clerk, command);
        assert_eq!(pointed(refused), [("/components/0".to_owned(), "unknown-component")]);
    }
}
