//! Extends the period where the procedure allows it: by the amount, as often and on the legal basis
//! that the procedure names, and before the period has passed. Unlike an apology with a new date
//! (`move_appointment`), an extension is not lateness.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{Intake, Stage};
use crate::access::agency;
use crate::clock::{self, Ledger};
use crate::contract::{DeadlineExtended, IntakeEvent, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Extends the period, with a reason.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExtendDeadlineRequest)]
pub struct ExtendDeadline {
    /// The reason, as the applicant reads it; at most 2000 characters.
    pub reason: Text<2000>,
}

refusals! {
    /// Why a period cannot be extended.
    pub enum Refusal {
        NoPeriod => 409, "no-running-period",
            "hồ sơ không có thời hạn đang chạy", "the dossier has no running period";
        AlreadyPassed => 409, "deadline-already-missed",
            "hạn đã qua, không thể thay đổi", "the deadline has passed and can no longer be changed";
        NotProvided => 409, "extension-not-provided",
            "quy định của thủ tục không cho phép gia hạn", "the procedure does not allow an extension";
        ExtendedAlready => 409, "extended-as-often-as-allowed",
            "đã gia hạn đủ số lần cho phép", "the period has been extended as often as the law allows";
    }
}

impl Command for ExtendDeadline {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "extend_deadline",
        basis: "61/2018/NĐ-CP Điều 19; quy định của từng thủ tục",
        may: &[agency(Role::Approver)],
        events: &["intake.DeadlineExtended.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        let running = intake.stage() == Stage::Processing && !intake.is_suspended();
        let promised =
            intake.promised.as_ref().filter(|promised| running && promised.fixed.is_none());
        let (Some(promised), Some(ledger), Some(submission)) =
            (promised, intake.ledger(), &intake.submission)
        else {
            return Err(Refusal::NoPeriod);
        };
        let was_due_at = promised.promise.due_at;
        if promised.missed || facts.at >= was_due_at {
            return Err(Refusal::AlreadyPassed);
        }
        let rule = facts.rule()?;
        let extension = rule.procedure.clock.extension.as_ref().ok_or(Refusal::NotProvided)?;
        if ledger.extensions >= extension.times {
            return Err(Refusal::ExtendedAlready);
        }
        let ledger = Ledger { extensions: ledger.extensions.saturating_add(1), ..ledger };
        let promise = clock::promise(rule, submission.brief.channel, &ledger)?;
        let promise = promise.ok_or(Refusal::NoPeriod)?;
        let (basis, reason) = (extension.basis.clone(), self.reason.personal());
        Ok(Decision::event(DeadlineExtended { promise, was_due_at, basis, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::law::{Law, SHIPPED, next_version, shipped_rules};
    use crate::testing::{Scene, at, law};

    const EXTENSION: &str = "clock:
  extension: { budget: { amount: 3, unit: working_days }, times: 1, basis: Điều 9 }
";

    /// The shipped law; the period of the promotion procedure may be extended once, by three
    /// working days.
    fn extensible() -> Law {
        let mut law = Law::default();
        for mut rules in shipped_rules().unwrap() {
            if rules.name == "2.000004" {
                rules.text = rules.text.replace("clock:\n", EXTENSION);
            }
            law.apply(&rules, None).unwrap();
        }
        law
    }

    fn extend(scene: &mut Scene<'_, Intake>, now: &str) -> Result<(), Refusal> {
        scene.execute(now, Role::Approver, ExtendDeadline { reason: "xác minh".into() }).map(|_| ())
    }

    #[test]
    fn a_period_is_extended_as_often_as_the_procedure_says_and_explained_with_it() {
        let law = extensible();
        let mut scene = accepted(&law);
        extend(&mut scene, "2026-11-26T09:00").unwrap();
        let due_at = scene.state.promised.as_ref().unwrap().promise.due_at;
        // Eight working days from Friday 20 November instead of five.
        assert_eq!(due_at, at("2026-12-04T00:00"));
        let explained =
            clock::explanation(&scene.state, &IntakeDeadline::Decision, &law).unwrap().unwrap();
        assert_eq!((explained.due_at, explained.budget.unwrap().amount), (due_at, 8));
        assert_eq!(extend(&mut scene, "2026-11-27T09:00"), Err(Refusal::ExtendedAlready));
    }

    #[test]
    fn nothing_is_extended_that_the_law_does_not_extend_or_that_has_passed() {
        let shipped = law();
        let mut scene = accepted(&shipped);
        assert_eq!(extend(&mut scene, "2026-11-26T09:00"), Err(Refusal::NotProvided));
        let law = extensible();
        let mut scene = accepted(&law);
        assert_eq!(extend(&mut scene, "2026-12-01T00:00"), Err(Refusal::AlreadyPassed));
    }

    #[test]
    fn an_extension_in_another_unit_than_the_period_is_refused_with_the_file() {
        let wrong = EXTENSION.replace("working_days", "working_hours");
        let text = SHIPPED.iter().find(|(name, _)| name.starts_with("promotion")).unwrap().1;
        let text = next_version(text).replace("clock:\n", &wrong);
        let error = law().add_procedure("wrong.yaml", &text).unwrap_err().to_string();
        assert!(error.contains("clock.extension"), "{error}");
    }
}
