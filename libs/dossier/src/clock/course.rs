//! The course of a dossier: all events that any clock could depend on, so that the date can be
//! computed under other rules than its own (a shorter period, another start, other days off). For
//! comparison only; decisions use [`super::promise`].

use jiff::Timestamp;

use super::{Ledger, Moments, Suspension, effective_start, start_moment};
use crate::contract::{
    AgencyCode, Channel, DossierCode, DossierSubmitted, FeeReceived, IntakeEvent, Meta, NotCounted,
    ProcedureRef, Promise, SupplementEffect, SupplementStage, TimeNotCounted,
};
use crate::law::ClockStart;
use crate::step::{LawError, Rule};
use calendar::CalendarError;
use uuid::Uuid;

/// A supplement request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    stage: SupplementStage,
    at: Timestamp,
    by: Uuid,
    /// When the supplement was submitted.
    supplied_at: Option<Timestamp>,
}

/// The course of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    pub code: DossierCode,
    /// The procedure under which it was received.
    pub procedure: ProcedureRef,
    pub agency: AgencyCode,
    pub channel: Channel,
    /// The newest promised date that was computed; a fixed date does not count.
    pub promised: Option<Timestamp>,
    /// When that date was promised; the instant of submission before there is one.
    pub promised_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    /// Whether it has ended.
    pub ended: bool,
    received_at: Timestamp,
    accepted_at: Option<Timestamp>,
    fee_at: Option<Timestamp>,
    /// The spans in which the fee of an accepted dossier was missing after it had been received.
    fee_missing: Vec<Suspension>,
    asked: Vec<Asked>,
    not_counted: Vec<(NotCounted, Suspension)>,
    extensions: u32,
}

impl Course {
    /// The course of a dossier that was submitted at `at`.
    #[must_use]
    pub fn of(submitted: &DossierSubmitted, at: Timestamp) -> Self {
        let brief = &submitted.brief;
        Self {
            code: brief.code.clone(),
            procedure: brief.procedure.clone(),
            agency: brief.agency.clone(),
            channel: brief.channel,
            promised: None,
            promised_at: at,
            decided_at: None,
            ended: false,
            received_at: submitted.posted_at.unwrap_or(at),
            accepted_at: None,
            fee_at: None,
            fee_missing: Vec::new(),
            asked: Vec::new(),
            not_counted: Vec::new(),
            extensions: 0,
        }
    }

    /// Applies one event.
    pub fn apply(&mut self, event: &IntakeEvent, meta: &Meta) {
        match event {
            IntakeEvent::DossierAccepted(accepted) => {
                self.accepted_at = Some(meta.at());
                self.promise(accepted.promise.as_ref(), meta);
            }
            IntakeEvent::FeeReceived(fee) => {
                self.fee_came(fee);
                self.promise(fee.promise.as_ref(), meta);
            }
            IntakeEvent::FeeReturned(returned) if self.accepted_at.is_some() => {
                let from = returned.clock_stops_at.unwrap_or(meta.at());
                self.fee_missing.push(Suspension { from, to: None, cause: meta.id });
            }
            IntakeEvent::FeeReturned(_) => self.fee_at = None,
            IntakeEvent::FeeClaimsDecided(decided) => {
                if decided.fee.is_some() {
                    self.fee_at = None;
                }
            }
            IntakeEvent::SupplementRequested(request) => self.asked.push(Asked {
                stage: request.stage,
                at: meta.at(),
                by: meta.id,
                supplied_at: None,
            }),
            IntakeEvent::SupplementSubmitted(supplement) => {
                if let Some(asked) = self.asked.last_mut() {
                    asked.supplied_at = Some(meta.at());
                }
                if supplement.started_at.is_some() {
                    self.extensions = 0;
                }
                self.promise(supplement.promise.as_ref(), meta);
            }
            IntakeEvent::DeadlineExtended(extended) => {
                self.extensions = self.extensions.saturating_add(1);
                self.promise(Some(&extended.promise), meta);
            }
            IntakeEvent::TimeNotCounted(span) => {
                let TimeNotCounted { reason, from, to, cause, .. } = *span;
                self.not_counted.push((reason, Suspension { from, to: Some(to), cause }));
                self.promise(span.promise.as_ref(), meta);
            }
            IntakeEvent::DeadlineRestated(restated) => self.promise(Some(&restated.promise), meta),
            IntakeEvent::DossierTransferred(transferred) => {
                self.agency.clone_from(&transferred.to);
            }
            IntakeEvent::DossierDecided(decided) => self.decided_at = Some(decided.decided_at),
            IntakeEvent::DossierClosed(_)
            | IntakeEvent::DossierWithdrawn(_)
            | IntakeEvent::DossierRefused(_) => self.ended = true,
            IntakeEvent::DossierSubmitted(_)
            | IntakeEvent::SupplementDeclined(_)
            | IntakeEvent::AppointmentMoved(_)
            | IntakeEvent::AppointmentFixed(_)
            | IntakeEvent::IntakeAnswerMissed(_)
            | IntakeEvent::LatenessForeseen(_)
            | IntakeEvent::DeadlineMissed(_)
            | IntakeEvent::DeadlineMissWithdrawn(_)
            | IntakeEvent::PeriodExtended(_) => {}
        }
    }

    /// For a clock that starts with the fee: a fee that is paid again lets the clock resume. Older
    /// logs recorded a new start instead, which is kept.
    fn fee_came(&mut self, fee: &FeeReceived) {
        match self.fee_missing.iter_mut().find(|missing| missing.to.is_none()) {
            Some(missing) if fee.started_at.is_none() => missing.to = Some(fee.paid_at),
            Some(_) | None => {
                self.fee_missing.clear();
                self.fee_at = Some(fee.paid_at);
            }
        }
    }

    fn promise(&mut self, promise: Option<&Promise>, meta: &Meta) {
        if let Some(promise) = promise.filter(|promise| promise.calendar.is_some()) {
            (self.promised, self.promised_at) = (Some(promise.due_at), meta.at());
        }
    }

    /// The date that would be promised under `rule`; `None` if the clock would not have started, is
    /// suspended, or has no period for the dossier's channel.
    pub fn due_under(&self, rule: Rule<'_>) -> Result<Option<Timestamp>, LawError> {
        let Some(ledger) = self.ledger_under(rule)? else { return Ok(None) };
        if ledger.stands() {
            return Ok(None);
        }
        Ok(super::promise(rule, self.channel, &ledger)?.map(|promise| promise.due_at))
    }

    /// The ledger under `rule`, computed as by the steps for acceptance, fee and supplement.
    fn ledger_under(&self, rule: Rule<'_>) -> Result<Option<Ledger>, CalendarError> {
        let Some(accepted_at) = self.accepted_at else { return Ok(None) };
        let clock = &rule.procedure.clock;
        let restarts = clock.supplement == SupplementEffect::Restart;
        let Self { received_at, fee_at, .. } = *self;
        let at_intake = || self.asked.iter().filter(|asked| asked.stage == SupplementStage::Intake);
        let completed_at = at_intake().filter_map(|asked| asked.supplied_at).max();
        let completed_at = completed_at.unwrap_or(received_at);
        let moments = Moments { received_at, completed_at, accepted_at, fee_at };
        let Some(start) = start_moment(clock, moments) else { return Ok(None) };
        let started_at = effective_start(rule, start)?;
        let mut ledger = Ledger { extensions: self.extensions, ..Ledger::since(started_at) };
        for asked in &self.asked {
            let suspension = Suspension { from: asked.at, to: asked.supplied_at, cause: asked.by };
            match (asked.stage, asked.supplied_at) {
                (SupplementStage::Review, Some(at)) if restarts => {
                    let extensions = ledger.extensions;
                    ledger = Ledger { extensions, ..Ledger::anew(effective_start(rule, at)?) };
                }
                _ => ledger.suspensions.push(suspension),
            }
        }
        let not_counted = self.not_counted.iter();
        let not_counted = not_counted.filter(|(reason, _)| clock.not_counted.contains(reason));
        ledger.suspensions.extend(not_counted.map(|(_, span)| *span));
        if clock.start == ClockStart::FeeReceived {
            ledger.suspensions.extend(&self.fee_missing);
        }
        Ok(Some(ledger))
    }
}

#[cfg(test)]
mod tests {
    use calendar::{Budget, Unit};

    use super::*;
    use crate::contract::Role;
    use crate::intake::Intake;
    use crate::intake::accept_dossier::AcceptDossier;
    use crate::intake::accept_dossier::tests::{accepted, submitted};
    use crate::intake::record_fee::tests::record;
    use crate::intake::request_supplement::tests::asked;
    use crate::intake::return_fee::tests::{give_back, started};
    use crate::intake::submit_dossier::tests::document;
    use crate::intake::submit_supplement::SubmitSupplement;
    use crate::law::{Law, Procedure};
    use crate::testing::{Scene, at, law};

    fn course(scene: &Scene<'_, Intake>) -> Course {
        let mut recorded = scene.recorded();
        let Some((IntakeEvent::DossierSubmitted(submitted), meta)) = recorded.next() else {
            panic!("it begins with a submission")
        };
        let mut course = Course::of(submitted, meta.at());
        recorded.for_each(|(event, meta)| course.apply(event, meta));
        course
    }

    fn supplied(scene: &mut Scene<'_, Intake>, moment: &str) {
        let command = SubmitSupplement {
            documents: vec![document("rules")],
            form: None,
            found: crate::step::Reasons::default(),
        };
        scene.execute(moment, Role::Applicant, command).unwrap();
    }

    fn due(law: &Law, course: &Course, change: impl FnOnce(&mut Procedure)) -> Option<Timestamp> {
        let rule = law.rule(&course.procedure, &course.agency, course.promised_at).unwrap();
        let mut procedure = rule.procedure.clone();
        change(&mut procedure);
        course.due_under(Rule { procedure: &procedure, ..rule }).unwrap()
    }

    #[test]
    fn under_the_law_it_was_received_under_the_date_is_the_promised_one() {
        let law = law();
        let mut scene = accepted(&law);
        assert_eq!(due(&law, &course(&scene), |_| {}), course(&scene).promised);
        asked(&mut scene, "2026-11-23T10:00").unwrap();
        assert_eq!(due(&law, &course(&scene), |_| {}), None, "it stands still");
        supplied(&mut scene, "2026-11-26T10:00");
        let course = course(&scene);
        assert!(course.promised.is_some());
        assert_eq!(due(&law, &course, |_| {}), course.promised);
    }

    #[test]
    fn a_supplement_before_acceptance_is_seen_too() {
        let law = law();
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-25T10:00").unwrap();
        supplied(&mut scene, "2026-11-26T10:00");
        scene.execute("2026-11-26T11:00", Role::Clerk, AcceptDossier::default()).unwrap();
        let course = course(&scene);
        assert_eq!(due(&law, &course, |_| {}), course.promised);
        // Where supplements only pause the clock, it counts from the submission, without the day
        // that began while it was paused.
        let paused =
            |procedure: &mut Procedure| procedure.clock.supplement = SupplementEffect::Pause;
        assert_eq!(course.promised, Some(at("2026-12-04T00:00")));
        assert_eq!(due(&law, &course, paused), Some(at("2026-12-02T00:00")));
    }

    #[test]
    fn where_supplements_restart_the_clock_nothing_before_acceptance_holds_it() {
        let law = law();
        let mut scene = submitted(&law);
        // Requested and supplied over two midnights, then accepted: it counts from the supplement.
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        supplied(&mut scene, "2026-11-25T10:00");
        scene.execute("2026-11-25T11:00", Role::Clerk, AcceptDossier::default()).unwrap();
        let course = course(&scene);
        let accepted_first = |procedure: &mut Procedure| {
            procedure.clock.start = ClockStart::Accepted;
        };
        assert_eq!(due(&law, &course, |_| {}), Some(at("2026-12-03T00:00")));
        assert_eq!(due(&law, &course, accepted_first), Some(at("2026-12-03T00:00")));
    }

    #[test]
    fn a_fee_that_was_missing_for_a_while_does_not_start_the_clock_anew() {
        let law = law();
        let mut scene = started(&law);
        give_back(&mut scene, "2026-11-30T10:00", "2026-11-30T10:00");
        assert_eq!(due(&law, &course(&scene), |_| {}), None, "it stands still");
        record(&mut scene, "2026-12-02T10:00");
        let course = course(&scene);
        assert_eq!(course.promised, Some(at("2026-12-19T00:00")));
        assert_eq!(due(&law, &course, |_| {}), course.promised);
    }

    #[test]
    fn what_was_extended_stays_extended() {
        let law = law();
        let mut course = course(&accepted(&law));
        course.extensions = 1;
        let extended = |procedure: &mut Procedure| {
            let budget = Budget { amount: 3, unit: Unit::WorkingDays };
            let (times, basis) = (1, String::new());
            procedure.clock.extension = Some(crate::law::Extension { budget, times, basis });
        };
        assert_eq!(due(&law, &course, |_| {}), Some(at("2026-12-01T00:00")));
        assert_eq!(due(&law, &course, extended), Some(at("2026-12-04T00:00")));
        // Also where a supplement that paused the clock would have restarted it: eight days from
        // Wednesday 25.
        let (since, by, stage) = (at("2026-11-24T10:00"), Uuid::nil(), SupplementStage::Review);
        let supplied_at = Some(at("2026-11-25T10:00"));
        course.asked.push(Asked { stage, at: since, by, supplied_at });
        assert_eq!(due(&law, &course, extended), Some(at("2026-12-08T00:00")));
    }

    #[test]
    fn a_shorter_period_and_another_effect_of_supplements_move_the_date() {
        let law = law();
        let mut scene = accepted(&law);
        asked(&mut scene, "2026-11-23T10:00").unwrap();
        supplied(&mut scene, "2026-11-26T10:00");
        let course = course(&scene);
        let three = Budget { amount: 3, unit: Unit::WorkingDays };
        let under = |effect| {
            due(&law, &course, |procedure| {
                procedure.clock.supplement = effect;
                procedure.clock.budget.insert(Channel::Online, three);
            })
        };
        // From the supplement of Thursday 26 November: Friday, Monday, Tuesday.
        assert_eq!(under(SupplementEffect::Restart), Some(at("2026-12-02T00:00")));
        // Monday 23 was counted before; Wednesday and Thursday did not begin with the clock
        // running.
        assert_eq!(under(SupplementEffect::Pause), Some(at("2026-12-01T00:00")));
        assert_eq!(due(&law, &course, |p| p.clock.budget.clear()), None, "no period at all");
    }
}
