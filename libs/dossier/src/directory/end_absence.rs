//! Ends an absence early, or cancels it before it begins.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ABSENCES;
use super::record_absence::may_record_of;
use crate::contract::{AbsenceEnded, AbsenceId, DirectoryEvent};
use crate::law::Directory;
use crate::step::{Command, Decision, Facts, LawError, Step, refusals};

/// Ends an absence of an officer.
#[derive(Debug, Clone)]
pub struct EndAbsence {
    pub absence: AbsenceId,
    pub end: End,
}

/// The end of an absence.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndAbsenceRequest)]
pub struct End {
    /// The new last day, not before yesterday; absent to cancel an absence that has not begun.
    pub to: Option<Date>,
}

refusals! {
    /// Why an absence cannot be ended.
    pub enum Refusal {
        Unknown => 404, "unknown-absence",
            "không có lần vắng mặt này", "there is no such absence";
        NotYours => 409, "not-your-absence",
            "chỉ người phê duyệt hoặc quản trị được ghi nhận vắng mặt của người khác",
            "only approvers and operators record absences of others";
        Begun => 409, "absence-begun",
            "vắng mặt đã bắt đầu, hãy ghi ngày cuối", "it has begun: give its last day";
        NotEarlier => 422, "absence-not-shortened" at "/to",
            "ngày cuối phải từ hôm qua trở đi, không trước ngày đầu và trước ngày cuối đã ghi nhận",
            "the last day must be yesterday or later, not before the first one, and earlier than recorded";
    }
}

impl Command for EndAbsence {
    type State = Directory;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "end_absence",
        basis: "61/2018/NĐ-CP Điều 8",
        may: ABSENCES,
        events: &["directory.AbsenceEnded.v1"],
        refusals: Refusal::ALL,
    };

    /// The past is not changed: what a deputy did in the absence stays lawful.
    fn decide(
        &self,
        directory: &Directory,
        facts: &Facts<'_>,
    ) -> Result<Decision<DirectoryEvent>, Refusal> {
        let agency = directory.agency().ok_or(LawError::NotLoaded)?;
        let today = facts.law.calendar_of(agency).ok_or(LawError::NotLoaded)?.date_of(facts.at);
        let absence = directory.absences().get(&self.absence).ok_or(Refusal::Unknown)?;
        if !may_record_of(&absence.officer, facts.actor) {
            return Err(Refusal::NotYours);
        }
        let yesterday = today.checked_sub(1.day()).unwrap_or(today);
        match self.end.to {
            None if absence.from <= today => return Err(Refusal::Begun),
            Some(to) if to < absence.from.max(yesterday) || to >= absence.to => {
                return Err(Refusal::NotEarlier);
            }
            None | Some(_) => {}
        }
        let (agency, absence, to) = (agency.clone(), self.absence, self.end.to);
        Ok(Decision::event(AbsenceEnded { agency, absence, to }))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::{AssignmentRule, Role};
    use crate::directory::record_absence::tests::absent;
    use crate::directory::record_officer::tests::{NOW, staffed};
    use crate::testing::law;

    #[test]
    fn an_absence_is_cancelled_before_it_begins_and_shortened_afterwards() {
        let law = law();
        let mut scene = staffed(&law, &["r1", "r2"], AssignmentRule::None);
        let take = |scene: &mut crate::testing::Scene<'_, Directory>, officer: &str| {
            scene.execute(NOW, Role::Operator, absent(officer, None)).unwrap();
            let of = Into::into(officer);
            scene.state.absences_of(&of).next().unwrap().id
        };
        let (one, other) = (take(&mut scene, "r1"), take(&mut scene, "r2"));
        let end = |absence, to| EndAbsence { absence, end: End { to } };
        scene.execute("2026-11-22T09:00", Role::Operator, end(one, None)).unwrap();
        assert_eq!(scene.state.absences().len(), 1);
        let again = scene.execute("2026-11-22T09:00", Role::Operator, end(one, None));
        assert_eq!(again, Err(Refusal::Unknown));
        let now = "2026-11-24T09:00";
        assert_eq!(scene.execute(now, Role::Operator, end(other, None)), Err(Refusal::Begun));
        for day in [22, 25] {
            let to = Some(date(2026, 11, day));
            let refused = scene.execute(now, Role::Operator, end(other, to));
            assert_eq!(refused, Err(Refusal::NotEarlier), "{day}");
        }
        scene.execute(now, Role::Operator, end(other, Some(date(2026, 11, 23)))).unwrap();
        assert!(scene.state.absence(&"r2".into(), date(2026, 11, 24)).is_none());
    }
}
