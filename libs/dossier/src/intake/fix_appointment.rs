//! Another authority fixes the date by which a dossier must be decided, where the law gives no
//! period. The date (`AppointmentFixed`) is recorded with the authority and the legal basis; it is
//! never computed.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Intake, Stage};
use crate::access::agency;
use crate::clock;
use crate::contract::{AppointmentFixed, IntakeEvent, Role};
use crate::law::Finding;
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Line;

/// Records a date that another authority fixed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FixAppointmentRequest)]
pub struct FixAppointment {
    /// The date by which the dossier must be decided.
    pub at: Timestamp,
    /// The authority that fixed the date; at most 200 characters.
    pub by: Line<200>,
    /// The basis on which it was fixed, for example a decision; at most 500 characters.
    pub basis: Line<500>,
}

refusals! {
    /// Why a date cannot be fixed.
    pub enum Refusal {
        NotBeingProcessed => 409, "dossier-not-open",
            "hồ sơ không còn đang được giải quyết", "the dossier is not being processed";
        PeriodSetByLaw => 409, "period-set-by-law",
            "thời hạn của thủ tục này do pháp luật quy định", "the period of this procedure is set by law";
        AlreadyFixed => 409, "appointment-already-fixed",
            "ngày hẹn đã được ấn định", "a date has been fixed already";
    }
}

impl Command for FixAppointment {
    type State = Intake;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "fix_appointment",
        basis: "61/2018/NĐ-CP Điều 17.3",
        may: &[agency(Role::Clerk)],
        events: &["intake.AppointmentFixed.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, intake: &Intake, facts: &Facts<'_>) -> Result<Decision<IntakeEvent>, Refusal> {
        let Some(submission) =
            intake.submission.as_ref().filter(|_| intake.stage() == Stage::Processing)
        else {
            return Err(Refusal::NotBeingProcessed);
        };
        let rule = facts.rule()?;
        if rule.procedure.clock.budget.contains_key(&submission.brief.channel) {
            return Err(Refusal::PeriodSetByLaw);
        }
        if intake.promised.is_some() {
            return Err(Refusal::AlreadyFixed);
        }
        let (at, by, basis) = (self.at, self.by.0.clone(), self.basis.0.clone());
        let day = rule.calendar.date_of(at);
        let from = facts.law.first_day(&rule.procedure.code);
        let from = from.unwrap_or(rule.procedure.effective.from);
        let before =
            (day < from).then(|| Finding::said("/at", clock::before_it_took_effect(day, from)));
        let faults: Vec<Finding> =
            clock::impossible("/at", facts.at, at).into_iter().chain(before).collect();
        if !faults.is_empty() {
            return Err(Refusal::Impossible(faults));
        }
        let promise = clock::given(rule, facts.at, at)?;
        Ok(Decision::event(AppointmentFixed { at, by, basis, promise }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::accept_dossier;
    use crate::intake::submit_dossier::{SubmitDossier, tests::promotion};
    use crate::law::Law;
    use crate::testing::{Scene, at, law};

    fn fixed(due: &str) -> FixAppointment {
        let at = at(due);
        FixAppointment { at, by: "the register".into(), basis: "case file".into() }
    }

    /// A dossier in processing, of a procedure for which the law sets no period.
    fn without_a_period(law: &Law) -> Scene<'_, Intake> {
        let mut scene = Scene::<Intake>::new(law, "WABO.RECEIPT", "Z99.NL");
        let command =
            SubmitDossier { agency: "Z99.NL".into(), documents: Vec::new(), ..promotion() };
        scene.execute("2011-05-02T15:00", Role::Clerk, command).unwrap();
        scene
            .execute("2011-05-02T15:00", Role::Clerk, accept_dossier::AcceptDossier::default())
            .unwrap();
        scene
    }

    #[test]
    fn a_fixed_date_is_the_deadline_where_the_law_gives_none() {
        let law = law();
        let mut scene = without_a_period(&law);
        assert!(scene.open().is_empty());
        let step = scene.execute("2011-05-02T15:00", Role::Clerk, fixed("2011-06-27T15:00"));
        step.unwrap();
        let due: Vec<_> = scene.open().iter().map(|o| o.due_at).collect();
        assert_eq!(due, [at("2011-06-24T15:00"), at("2011-06-27T15:00")]);
    }

    #[test]
    fn a_date_of_another_age_is_refused_with_its_place_and_one_of_this_age_is_taken_after_it() {
        let law = law();
        let mut scene = without_a_period(&law);
        for (due, said) in [
            ("1970-01-01T07:00", "took effect"),
            ("2031-01-01T08:00", "days ahead"),
            ("9998-12-31T23:59", "days ahead"),
        ] {
            let step = scene.execute("2011-05-02T15:00", Role::Clerk, fixed(due));
            let Err(Refusal::Impossible(faults)) = step else { panic!("{due}: {step:?}") };
            assert_eq!(faults.len(), 1, "{due}");
            assert_eq!(faults[0].pointer, "/at", "{due}");
            assert!(faults[0].en.contains(said), "{due}: {}", faults[0].en);
        }
        let step = scene.execute("2011-05-02T15:00", Role::Clerk, fixed("2011-06-27T15:00"));
        step.unwrap();
        let again = scene.execute("2011-05-02T15:00", Role::Clerk, fixed("2011-06-28T15:00"));
        assert_eq!(again, Err(Refusal::AlreadyFixed));
    }

    #[test]
    fn nobody_fixes_a_date_where_the_law_sets_the_period() {
        let law = law();
        let mut scene = accept_dossier::tests::accepted(&law);
        let step = scene.execute("2026-11-20T15:00", Role::Clerk, fixed("2026-12-27T15:00"));
        assert_eq!(step, Err(Refusal::PeriodSetByLaw));
    }
}
