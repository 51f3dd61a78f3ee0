//! Declares an outage of an agency's systems, present or planned, during which the affected
//! statutory clocks stop. A planned outage is announced at least seven working days ahead (Decree
//! 224/2026/NĐ-CP, art. 13); any other counts only if the public was informed on the same day
//! (Decree 99/2022/NĐ-CP, art. 16), though it may be recorded here later.

use calendar::Text;
use calendar::{Budget, Gaps, Unit};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::{Resource, any};
use crate::contract::{AgencyCode, Channel, LawEvent, Meta, OutageDeclared, ProcedureRef, Role};
use crate::law::Finding;
use crate::services::Category;
use crate::step::{
    Collected, Command, Decision, Facts, Known, LawError, Reasons, State, Step, refusals,
};

/// Minimum notice of a planned outage.
const AHEAD: Budget = Budget { amount: 7, unit: Unit::WorkingDays };
/// Maximum duration of an outage, maximum age at its declaration, and maximum advance notice, in
/// days. A longer one is most likely a mistyped year, and would move every date of an agency by as
/// much.
const DAYS_MAX: i64 = 366;

/// An outage, from its declaration to its end.
#[derive(Debug, Clone, Default)]
pub struct OutageRecord {
    pub declared: Option<OutageDeclared>,
    /// Absent while the end is not known.
    pub ended_at: Option<Timestamp>,
}

impl State for OutageRecord {
    type Event = LawEvent;
    const CATEGORY: &'static str = Category::Outage.as_str();
    const IS_NAMED_BY_DOSSIER: bool = false;

    fn evolve(&mut self, event: &LawEvent, _: &Meta) {
        match event {
            LawEvent::OutageDeclared(declared) => {
                self.ended_at = declared.to;
                self.declared = Some(declared.clone());
            }
            LawEvent::OutageEnded(ended) => self.ended_at = Some(ended.to),
            LawEvent::RulesIssued(_)
            | LawEvent::RulesProposed(_)
            | LawEvent::RulesRejected(_)
            | LawEvent::RulesWithdrawalProposed(_)
            | LawEvent::RulesWithdrawn(_) => {}
        }
    }

    fn resource(&self) -> Option<Resource> {
        self.declared.as_ref().map(|_| Resource::default())
    }

    fn received_under(&self) -> Option<(&ProcedureRef, &AgencyCode)> {
        None
    }
}

/// Declares an outage of an agency's systems.
#[derive(Debug, Clone)]
pub struct DeclareOutage {
    pub outage: Uuid,
    /// The affected agency; the agencies below it are affected too.
    pub agency: AgencyCode,
    /// The affected channels of filing; all if empty.
    pub channels: Vec<Channel>,
    pub from: Timestamp,
    /// Absent while the end is not known.
    pub to: Option<Timestamp>,
    pub planned: bool,
    /// When the public was informed.
    pub notice_at: Timestamp,
    /// Shown to the public.
    pub reason: String,
}

refusals! {
    /// Why an outage cannot be declared.
    pub enum Refusal {
        UnknownAgency(Known) => 422, "unknown-agency" at "/agency",
            "không có cơ quan này", "there is no such agency";
        Backwards => 422, "outage-backwards" at "/to",
            "thời điểm kết thúc phải sau thời điểm bắt đầu", "the end must be later than the beginning";
        EndMissing => 422, "outage-end-missing" at "/to",
            "sự cố có kế hoạch phải có thời điểm kết thúc", "a planned outage must have an end";
        AnnouncedTooLate => 422, "outage-announced-too-late" at "/notice_at",
            "phải thông báo trước ít nhất 7 ngày làm việc",
            "a planned outage must be announced at least 7 working days ahead";
        NoticeNotSameDay => 422, "outage-notice-not-same-day" at "/notice_at",
            "phải thông báo công khai ngay trong ngày xảy ra sự cố",
            "the public must be informed on the day of the outage";
        InTheFuture => 422, "outage-in-the-future" at "/from",
            "thời điểm ở tương lai", "an unplanned outage or a notice must not be in the future";
    }
}

impl Command for DeclareOutage {
    type State = OutageRecord;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "declare_outage",
        basis: "224/2026/NĐ-CP Điều 13; 99/2022/NĐ-CP Điều 16",
        may: &[any(Role::Operator)],
        events: &["law.OutageDeclared.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        state: &OutageRecord,
        facts: &Facts<'_>,
    ) -> Result<Decision<LawEvent>, Refusal> {
        if state.declared.is_some() {
            return Ok(Decision::Nothing);
        }
        let Self { outage, agency, channels, from, to, planned, notice_at, reason } = self.clone();
        let mut wrong = Collected::after(Reasons::default());
        if to.is_some_and(|to| to <= from) {
            wrong.add(Refusal::Backwards);
        }
        let faults = too_long(from, to, notice_at, facts.at);
        let possible = faults.is_empty();
        if !possible {
            wrong.add(Refusal::Impossible(faults));
        }
        let is_ahead = |at: Timestamp| at > facts.at;
        let unplanned = Some(from).filter(|_| !planned);
        let times =
            [("/from", unplanned), ("/to", unplanned.and(to)), ("/notice_at", Some(notice_at))];
        for (pointer, _) in times.into_iter().filter(|(_, at)| possible && at.is_some_and(is_ahead))
        {
            wrong.add_at(pointer, Refusal::InTheFuture);
        }
        if planned && to.is_none() {
            wrong.add(Refusal::EndMissing);
        }
        match facts.law.calendar_of(&agency) {
            None => {
                let all = facts.law.agencies().map(|known| &known.code);
                wrong.add(Refusal::UnknownAgency(Known::agencies(&agency, all)));
            }
            Some(calendar) if planned && possible => {
                let ahead = calendar::end_of(calendar, notice_at, AHEAD, &Gaps::default());
                if ahead.map_err(LawError::from)?.due_at > from {
                    wrong.add(Refusal::AnnouncedTooLate);
                }
            }
            Some(calendar) => {
                let same_day = calendar.date_of(notice_at) == calendar.date_of(from);
                if !planned && possible && !same_day {
                    wrong.add(Refusal::NoticeNotSameDay);
                }
            }
        }
        wrong.done(Refusal::Several)?;
        let declared =
            OutageDeclared { outage, agency, channels, from, to, planned, notice_at, reason };
        Ok(Decision::event(declared))
    }
}

/// A finding for each date that is too far from now or from another one, see [`DAYS_MAX`].
fn too_long(
    from: Timestamp,
    to: Option<Timestamp>,
    notice_at: Timestamp,
    now: Timestamp,
) -> Vec<Finding> {
    let most = SignedDuration::from_hours(24 * DAYS_MAX);
    let far = |one: Timestamp, other: Timestamp| one.duration_since(other).abs() > most;
    let mut faults = Vec::new();
    for (pointer, at) in [("/from", from), ("/notice_at", notice_at)] {
        if far(at, now) {
            let what = Text::new(
                format!("cách hiện tại hơn {DAYS_MAX} ngày"),
                format!("it is more than {DAYS_MAX} days from now"),
            );
            faults.push(Finding::said(pointer, what));
        }
    }
    if to.is_some_and(|to| far(to, from)) {
        let what = Text::new(
            format!("cách lúc bắt đầu hơn {DAYS_MAX} ngày"),
            format!("it is more than {DAYS_MAX} days after it begins"),
        );
        faults.push(Finding::said("/to", what));
    }
    faults
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::step::Refuse;
    use crate::testing::{Scene, at, law};

    pub(crate) fn broken(from: &str, to: Option<&str>) -> DeclareOutage {
        DeclareOutage {
            outage: Uuid::from_u128(77),
            agency: "G02".into(),
            channels: vec![Channel::Online],
            from: at(from),
            to: to.map(at),
            planned: false,
            notice_at: at(from),
            reason: "cáp quang biển".to_owned(),
        }
    }

    fn declare(command: DeclareOutage) -> Result<usize, Refusal> {
        let law = law();
        let mut scene = Scene::<OutageRecord>::new(&law, "CO.D", "G02");
        scene.execute("2026-11-20T15:00", Role::Operator, command).map(|events| events.len())
    }

    #[test]
    fn an_outage_of_this_morning_is_declared_with_or_without_its_end() {
        assert_eq!(declare(broken("2026-11-20T08:00", None)), Ok(1));
        assert_eq!(declare(broken("2026-11-20T08:00", Some("2026-11-20T14:00"))), Ok(1));
    }

    #[test]
    fn one_that_the_public_was_not_told_of_on_the_same_day_does_not_count() {
        let late =
            DeclareOutage { notice_at: at("2026-11-20T08:00"), ..broken("2026-11-19T08:00", None) };
        assert_eq!(declare(late), Err(Refusal::NoticeNotSameDay));
    }

    #[test]
    fn one_that_is_planned_is_announced_seven_working_days_ahead() {
        // With the 24th off, seven working days from the 20th end on 2 December.
        let planned = |from, to| DeclareOutage {
            planned: true,
            notice_at: at("2026-11-20T09:00"),
            ..broken(from, to)
        };
        let in_time = planned("2026-12-03T00:00", Some("2026-12-03T06:00"));
        assert_eq!(declare(in_time), Ok(1));
        let late = planned("2026-12-02T22:00", Some("2026-12-03T06:00"));
        assert_eq!(declare(late), Err(Refusal::AnnouncedTooLate));
        let endless = planned("2026-12-03T00:00", None);
        assert_eq!(declare(endless), Err(Refusal::EndMissing));
    }

    #[test]
    fn impossible_times_are_refused() {
        let backwards = broken("2026-11-20T08:00", Some("2026-11-20T07:00"));
        assert_eq!(declare(backwards), Err(Refusal::Backwards));
        let ahead = declare(broken("2026-11-20T16:00", Some("2026-11-20T15:30")));
        let found = ahead.unwrap_err().findings();
        let found: Vec<_> = found.iter().map(|one| (&*one.pointer, one.code)).collect();
        let future = Some("outage-in-the-future");
        let expected = [
            ("/to", Some("outage-backwards")),
            ("/from", future),
            ("/to", future),
            ("/notice_at", future),
        ];
        assert_eq!(found, expected);
        let planned = |from: &str, to: &str| DeclareOutage {
            planned: true,
            notice_at: at("2026-11-20T09:00"),
            ..broken(from, Some(to))
        };
        let pointers = |refused: Result<usize, Refusal>| match refused {
            Err(Refusal::Impossible(faults)) => {
                faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        let old = declare(broken("1970-01-01T08:00", None));
        assert_eq!(pointers(old), ["/from", "/notice_at"]);
        let endless = declare(planned("2026-12-03T00:00", "9999-12-03T00:00"));
        assert_eq!(pointers(endless), ["/to"]);
        let far = declare(planned("9998-12-03T00:00", "9998-12-04T00:00"));
        assert_eq!(pointers(far), ["/from"]);
        let elsewhere = DeclareOutage { agency: "X99".into(), ..broken("2026-11-20T08:00", None) };
        assert!(matches!(declare(elsewhere), Err(Refusal::UnknownAgency(_))));
    }
}
