//! Periods other than that of the decision: the officers' periods to answer, to review and to be
//! consulted, the applicant's periods, and the periods for complaints. Each counts one budget from
//! one instant. Its end is set when it begins. If outages or days off that became known later make
//! it longer, one event records the extension when the period would end.

use calendar::{Budget, End, Gaps, Span};
use jiff::Timestamp;
use uuid::Uuid;

use super::end;
use super::explanation::{Explanation, Reckoned, explain_reckoned};
use crate::contract::{Channel, Meta, PeriodExtended};
use crate::law::Outage;

/// A running period, as stored in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Running {
    /// The first instant at which it has passed.
    pub due_at: Timestamp,
    /// The instant that started it. After the procedure's cut-off it may count from the next
    /// working day.
    pub since: Timestamp,
    /// The event that opened it.
    pub opened_by: Uuid,
    /// When its end was computed, by the law known then.
    pub known_at: Timestamp,
    /// The event that last set its end: the one that opened it, or an extension.
    pub set_by: Uuid,
}

impl Running {
    /// A period that began at `since` and was recorded by the event `opened_by` at `known_at`.
    #[must_use]
    pub const fn new(
        due_at: Timestamp,
        since: Timestamp,
        opened_by: Uuid,
        known_at: Timestamp,
    ) -> Self {
        Self { due_at, since, opened_by, known_at, set_by: opened_by }
    }

    /// Applies an extension.
    pub fn extend(&mut self, extended: &PeriodExtended, meta: &Meta) {
        (self.due_at, self.known_at, self.set_by) = (extended.due_at, meta.at(), meta.id);
    }

    /// Whether it was extended since it began.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.set_by != self.opened_by
    }
}

/// A running period with the law that applies to it.
#[derive(Debug, Clone, Copy)]
pub struct Period<'a> {
    pub running: Running,
    /// The instant from which it is counted.
    pub started_at: Timestamp,
    /// The length of the period.
    pub budget: Budget,
    /// The calendar of the agency.
    pub calendar: &'a calendar::Calendar,
    /// The outages that affect the agency.
    pub outages: &'a [Outage],
    /// The channel of the dossier. Without one, only outages of all channels apply.
    pub channel: Option<Channel>,
    /// The legal basis.
    pub basis: &'a str,
}

impl Period<'_> {
    fn hits(&self, outage: &Outage) -> bool {
        self.channel.map_or(outage.channels.is_empty(), |channel| outage.hits(channel))
    }

    fn gaps(&self) -> Gaps {
        let outages = self.outages.iter().filter(|outage| self.hits(outage));
        Gaps::new(outages.filter_map(Outage::span).collect())
    }

    /// The end as set when it began, or, if it was extended, after the outages.
    #[must_use]
    pub fn end(&self) -> End {
        let gaps = if self.running.is_extended() { self.gaps() } else { Gaps::default() };
        end(self.calendar, self.started_at, self.budget, &gaps)
    }

    /// Whether an ongoing outage began within the period, so that its end is not known yet.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let mut lasting = self.outages.iter().filter(|outage| outage.to.is_none());
        lasting.any(|outage| self.hits(outage) && outage.from < self.running.due_at)
    }

    /// The extension, if the period ends later than recorded.
    #[must_use]
    pub fn extension(&self, kind: &str) -> Option<PeriodExtended> {
        let was_due_at = self.running.due_at;
        let due_at = end(self.calendar, self.started_at, self.budget, &self.gaps()).due_at;
        if due_at <= was_due_at {
            return None;
        }
        let whole = Span { from: self.started_at, to: due_at };
        let outages = self.outages.iter().filter(|outage| self.hits(outage));
        let inside = outages.filter(|o| o.span().is_some_and(|s| s.intersect(whole).is_some()));
        let outages = inside.map(|outage| outage.id).collect();
        Some(PeriodExtended { period: kind.to_owned(), due_at, was_due_at, outages })
    }

    /// Whether it has passed at `now`, counting outages that no extension has recorded yet.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        let end = end(self.calendar, self.started_at, self.budget, &self.gaps()).due_at;
        !self.is_held() && now >= end.max(self.running.due_at)
    }

    /// How the end was computed.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        let gaps = if self.running.is_extended() { self.gaps() } else { Gaps::default() };
        let outages: Vec<&Outage> = self.outages.iter().filter(|o| self.hits(o)).collect();
        explain_reckoned(&Reckoned {
            calendar: self.calendar,
            started_at: self.started_at,
            start: None,
            budget: self.budget,
            gaps: &gaps,
            suspensions: &[],
            outages: &outages,
            basis: self.basis,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::contract::{IntakeEvent, OutageDeclared, OutageEnded, Role};
    use crate::intake::IntakeDeadline;
    use crate::intake::accept_dossier::tests::submitted;
    use crate::intake::request_supplement::tests::asked;
    use crate::intake::submit_dossier::tests::document;
    use crate::intake::submit_supplement::{Refusal, SubmitSupplement};
    use crate::law::Law;
    use crate::testing::{at, law};

    const OUTAGE: Uuid = Uuid::from_u128(77);

    fn out_of_order(law: &Law, from: &str, to: Option<&str>) -> Law {
        let mut law = law.clone();
        let declared = OutageDeclared {
            outage: OUTAGE,
            agency: "H26".into(),
            channels: Vec::new(),
            from: at(from),
            to: None,
            planned: false,
            notice_at: at(from),
            reason: "mất điện".to_owned(),
        };
        law.declare(&declared, at(from));
        if let Some(to) = to {
            law.end(&OutageEnded { outage: OUTAGE, to: at(to) }, at(to));
        }
        law
    }

    #[test]
    fn an_answer_is_not_missed_for_the_hours_in_which_nothing_worked() {
        let law = law();
        let broken = out_of_order(&law, "2026-11-20T10:00", Some("2026-11-20T12:00"));
        let mut scene = submitted(&law);
        scene.law = &broken;
        let kind = &IntakeDeadline::Answer;
        // Eight working hours from 9:00 on Friday end on Monday at 9:00; two hours were lost.
        let events = scene.enforce("2026-11-23T09:00", kind);
        let [IntakeEvent::PeriodExtended(extended)] = &events[..] else { panic!("{events:?}") };
        assert_eq!(extended.due_at, at("2026-11-23T11:00"));
        assert_eq!(extended.outages, [OUTAGE]);
        assert!(scene.enforce("2026-11-23T10:59", kind).is_empty(), "not yet");
        let events = scene.enforce("2026-11-23T11:00", kind);
        assert!(matches!(events[..], [IntakeEvent::IntakeAnswerMissed(_)]), "{events:?}");
    }

    #[test]
    fn nothing_ends_while_an_outage_lasts_and_the_applicant_may_still_supply() {
        let law = law();
        let broken = out_of_order(&law, "2026-12-03T10:00", None);
        let mut scene = submitted(&law);
        asked(&mut scene, "2026-11-20T10:00").unwrap();
        let window = scene.state.open_request().unwrap().window.due_at;
        let later = window.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let later = later.to_zoned(jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap());
        let later = later.strftime("%Y-%m-%dT%H:%M").to_string();
        let supply = SubmitSupplement {
            documents: vec![document("rules")],
            form: None,
            found: crate::step::Reasons::default(),
        };
        let closed = scene.execute(&later, Role::Applicant, supply.clone());
        assert_eq!(closed, Err(Refusal::WindowClosed));
        scene.law = &broken;
        assert!(scene.enforce(&later, &IntakeDeadline::SupplementWindow).is_empty(), "held");
        assert!(scene.execute(&later, Role::Applicant, supply).is_ok());
    }

    #[test]
    fn only_an_outage_that_hits_it_lasts_and_began_inside_holds_a_period() {
        let law = law();
        let due_at = at("2026-11-23T09:00");
        let since = at("2026-11-20T09:00");
        let held = |from: &str, to: Option<&str>, channels: Vec<Channel>, channel| {
            let broken = out_of_order(&law, from, to);
            let outages: Vec<Outage> = broken
                .outages_of(&"H26.14".into())
                .iter()
                .map(|outage| Outage { channels: channels.clone(), ..outage.clone() })
                .collect();
            let period = Period {
                running: Running::new(due_at, since, OUTAGE, since),
                started_at: since,
                budget: Budget { amount: 8, unit: calendar::Unit::WorkingHours },
                calendar: broken.calendar_of(&"H26.14".into()).unwrap(),
                outages: &outages,
                channel,
                basis: "",
            };
            assert_eq!(period.is_over(due_at), !period.is_held(), "the rest is equal");
            period.is_held()
        };
        let (online, post) = (Some(Channel::Online), vec![Channel::Post]);
        assert!(held("2026-11-23T08:59", None, Vec::new(), online));
        assert!(!held("2026-11-23T09:00", None, Vec::new(), online), "it was over");
        assert!(!held("2026-11-23T08:59", None, post.clone(), online), "another way");
        assert!(held("2026-11-23T08:59", None, vec![Channel::Online], online));
        assert!(!held("2026-11-23T08:59", None, post, None), "no way at all");
        assert!(held("2026-11-23T08:59", None, Vec::new(), None));
        assert!(!held("2026-11-21T08:00", Some("2026-11-21T09:00"), Vec::new(), online), "ended");
    }

    #[test]
    fn an_end_is_explained_by_the_law_as_it_was_known_when_it_was_said() {
        let law = law();
        let broken = out_of_order(&law, "2026-11-20T10:00", Some("2026-11-20T12:00"));
        let scene = submitted(&law);
        let (deadline, explanation) = clock::explain(&scene.state, &broken).unwrap().remove(0);
        let (due_at, explanation) = (deadline.due_at, explanation.unwrap());
        assert_eq!(deadline.kind, IntakeDeadline::Answer);
        assert_eq!((due_at, explanation.due_at), (at("2026-11-23T09:00"), due_at));
        assert!(explanation.text.en.contains("8 working hours"), "{}", explanation.text.en);
        assert!(explanation.spans.iter().all(|span| span.cause.is_none()), "not known then");
    }
}
