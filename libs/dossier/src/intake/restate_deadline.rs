//! The law changed after a date was promised: an outage was declared or ended, days off were
//! announced, or a procedure changed for open dossiers too. A date never moves without a record:
//! the new one is recorded with the reason. Decree 224/2026/NĐ-CP, art. 13; Decree 99/2022/NĐ-CP,
//! art. 16 (outages, also those declared afterwards).
//!
//! A promise is never shortened: where the law would now give an earlier date (for example because
//! a Saturday became a working day), the promised one remains. A provisional promise, computed
//! before the days off were announced, is confirmed once they are.

use super::Intake;
use crate::contract::{DeadlineMissWithdrawn, IntakeEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Compares the promised date with the date by the present law.
#[derive(Debug, Clone, Copy)]
pub struct RestateDeadline;

impl Command for RestateDeadline {
    type State = Intake;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "restate_deadline",
        basis: "224/2026/NĐ-CP Điều 13; 99/2022/NĐ-CP Điều 16",
        may: &[],
        events: &["intake.DeadlineMissWithdrawn.v1", "intake.DeadlineRestated.v1"],
        refusals: &[],
    };

    fn decide(
        &self,
        intake: &Intake,
        facts: &Facts<'_>,
    ) -> Result<Decision<IntakeEvent>, LawError> {
        Ok(restated(intake, facts)?.into())
    }
}

/// The events that restate the date; none if the present law gives the same or an earlier date, if
/// the date was fixed, or while the clock is suspended.
fn restated(intake: &Intake, facts: &Facts<'_>) -> Result<Vec<IntakeEvent>, LawError> {
    let (Some(promised), Some(date)) = (&intake.promised, intake.promised_date(facts.law)) else {
        return Ok(Vec::new());
    };
    let decided_at = intake.decision().map(|decision| decision.decided_at);
    if !(intake.clock_runs() || decided_at.is_some() && promised.missed) {
        return Ok(Vec::new());
    }
    let Some(restated) = date.restatement(facts.at)? else { return Ok(Vec::new()) };
    // A decision that is late by the new date as well stays late; nothing changes.
    if decided_at.is_some_and(|at| at > restated.promise.due_at) {
        return Ok(Vec::new());
    }
    let mut events = Vec::new();
    if promised.missed && restated.promise.due_at > restated.was_due_at {
        let cause = restated.outages.last().copied().unwrap_or(facts.command);
        events.push(DeadlineMissWithdrawn { due_at: restated.was_due_at, cause }.into());
    }
    events.push(restated.into());
    Ok(events)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contract::{Channel, OutageDeclared, OutageEnded, Role};
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier::tests::accepted;
    use crate::law::{Law, next_version, shipped_rules};
    use crate::testing::{Scene, at, law};

    const OUTAGE: Uuid = Uuid::from_u128(77);

    fn declared(law: &Law, from: &str, to: Option<&str>, channels: Vec<Channel>) -> Law {
        let mut law = law.clone();
        let declared = OutageDeclared {
            outage: OUTAGE,
            agency: "H26".into(),
            channels,
            from: at(from),
            to: to.map(at),
            planned: false,
            notice_at: at(from),
            reason: "cáp quang biển".to_owned(),
        };
        law.declare(&declared, at(from));
        law
    }

    fn due(scene: &Scene<'_, Intake>) -> jiff::Timestamp {
        scene.state.promised.as_ref().unwrap().promise.due_at
    }

    #[test]
    fn an_outage_over_two_midnights_moves_five_working_days_by_two_and_names_itself() {
        let law = law();
        let mut scene = accepted(&law);
        assert_eq!(due(&scene), at("2026-12-01T00:00"));
        let hit = declared(&law, "2026-11-25T10:00", Some("2026-11-27T09:00"), vec![]);
        scene.law = &hit;
        let events = scene.execute("2026-11-27T09:00", Role::System, RestateDeadline).unwrap();
        let [IntakeEvent::DeadlineRestated(restated)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(restated.promise.due_at, at("2026-12-03T00:00"));
        assert_eq!(
            (restated.was_due_at, &restated.outages),
            (at("2026-12-01T00:00"), &vec![OUTAGE])
        );
        assert!(
            scene.execute("2026-11-27T10:00", Role::System, RestateDeadline).unwrap().is_empty(),
            "once"
        );
    }

    #[test]
    fn an_outage_of_another_way_of_filing_moves_nothing() {
        let law = law();
        let mut scene = accepted(&law);
        let span = ("2026-11-25T10:00", Some("2026-11-27T09:00"));
        let hit = declared(&law, span.0, span.1, vec![Channel::Post]);
        scene.law = &hit;
        assert!(
            scene.execute("2026-11-27T09:00", Role::System, RestateDeadline).unwrap().is_empty()
        );
    }

    #[test]
    fn nothing_is_missed_while_an_outage_lasts_and_its_end_moves_the_date() {
        let law = law();
        let mut scene = accepted(&law);
        let mut hit = declared(&law, "2026-11-30T10:00", None, vec![]);
        scene.law = &hit;
        let held = scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        assert!(held.is_empty());
        let events = scene.events.clone();
        let state = scene.state.clone();
        drop(scene);
        hit.end(
            &OutageEnded { outage: OUTAGE, to: at("2026-12-01T15:00") },
            at("2026-12-01T15:00"),
        );
        let mut scene = Scene::<Intake>::new(&hit, "2.000004", "H26.14");
        (scene.events, scene.state) = (events, state);
        scene.enforce("2026-12-01T15:00", &IntakeDeadline::Decision);
        assert_eq!(scene.kinds().last(), Some(&"DeadlineRestated"));
        // The last day ended inside the outage: the first that begins after it is 2 December.
        assert_eq!(due(&scene), at("2026-12-03T00:00"));
    }

    #[test]
    fn an_outage_declared_after_a_miss_withdraws_it() {
        let law = law();
        let mut scene = accepted(&law);
        scene.enforce("2026-12-01T00:00", &IntakeDeadline::Decision);
        assert!(scene.state.promised.as_ref().unwrap().missed);
        let hit = declared(&law, "2026-11-30T20:00", Some("2026-12-01T05:00"), vec![]);
        scene.law = &hit;
        scene.execute("2026-12-01T08:00", Role::System, RestateDeadline).unwrap();
        assert_eq!(scene.kinds()[3..], ["DeadlineMissWithdrawn", "DeadlineRestated"]);
        assert!(!scene.state.promised.as_ref().unwrap().missed);
        // The last day ended inside the outage: the first that begins after it is 2 December.
        assert_eq!(due(&scene), at("2026-12-03T00:00"));
    }

    /// Vietnam's days off in a next version, with one more day.
    fn announced(law: &Law, day: &str) -> Law {
        let shipped =
            shipped_rules().unwrap().into_iter().find(|rules| rules.name == "vn").unwrap();
        let text = next_version(&shipped.text).replace("\ndays:\n", &format!("\ndays:\n{day}\n"));
        let mut law = law.clone();
        law.add_calendar("vietnam.yaml", &text).unwrap();
        law
    }

    #[test]
    fn a_day_off_announced_days_before_moves_a_promised_date_and_says_so() {
        let law = law();
        let mut scene = accepted(&law);
        let next = announced(
            &law,
            "  - { from: 2026-11-27, off: { vi: Nghỉ hoán đổi, en: Swapped day off } }",
        );
        scene.law = &next;
        let events = scene.execute("2026-11-23T09:00", Role::System, RestateDeadline).unwrap();
        let [IntakeEvent::DeadlineRestated(restated)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(restated.promise.due_at, at("2026-12-02T00:00"));
        assert_eq!(restated.calendar, restated.promise.calendar);
        assert!(restated.calendar.is_some() && restated.outages.is_empty());
    }

    #[test]
    fn a_saturday_that_is_worked_after_all_does_not_shorten_a_promise() {
        let law = law();
        let mut scene = accepted(&law);
        let worked = "  - { from: 2026-11-28, worked: { hours: [\"08:00-12:00\", \"13:30-17:30\"], why: { vi: Làm bù, en: Make-up day } } }";
        let next = announced(&law, worked);
        scene.law = &next;
        assert!(
            scene.execute("2026-11-23T09:00", Role::System, RestateDeadline).unwrap().is_empty()
        );
        assert_eq!(due(&scene), at("2026-12-01T00:00"));
    }
}
