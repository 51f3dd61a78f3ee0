//! Records an absence of an officer, with the deputy who acts in the officer's place. Nobody is
//! asked for the reason: it may be an illness.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ABSENCES;
use super::limits::{ABSENCE_DAYS_MAX, ABSENCES_MAX};
use crate::contract::{AbsenceId, AbsenceRecorded, Actor, DirectoryEvent, Role, Subject};
use crate::law::Directory;
use crate::step::{Collected, Command, Decision, Facts, Known, LawError, Reasons, Step, refusals};
use crate::text::Line;

/// Records an absence of an officer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordAbsenceRequest)]
pub struct RecordAbsence {
    /// The subject of the officer.
    #[schema(example = "reviewer-1")]
    pub officer: Line<200>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The subject of the officer who acts in the absent one's place.
    #[schema(example = "reviewer-2")]
    pub deputy: Option<Line<200>>,
}

refusals! {
    /// Why an absence cannot be recorded.
    pub enum Refusal {
        UnknownOfficer(Known) => 422, "unknown-officer" at "/officer",
            "không có cán bộ này trong danh bạ", "the directory has no such officer";
        NotYours => 409, "not-your-absence",
            "chỉ người phê duyệt hoặc quản trị được ghi nhận vắng mặt của người khác",
            "only approvers and operators record absences of others";
        Backwards => 422, "days-backwards" at "/to",
            "ngày cuối không được trước ngày đầu", "the last day must not be before the first one";
        Past => 422, "absence-past" at "/to",
            "ngày cuối đã qua", "the last day is in the past";
        TooFar => 422, "absence-too-far" at "/from",
            "kéo dài hoặc cách hiện tại hơn 366 ngày", "it lasts, or is away, more than 366 days";
        Overlaps => 409, "absence-overlaps",
            "trùng với lần vắng mặt khác của cán bộ", "the officer has another absence on one of these days";
        DeputyUnfit(Known) => 422, "deputy-unfit" at "/deputy",
            "người thay không cùng vai trò, vắng mặt trong thời gian đó, hoặc không có trong danh bạ",
            "the deputy is not in the directory, has none of the officer's roles, or is absent then as well";
        TooMany => 409, "directory-full",
            "danh bạ đã đủ số đơn vị, cán bộ hoặc lần ghi nhận",
            "the directory has no room for more units, officers or records";
    }
}

impl Command for RecordAbsence {
    type State = Directory;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "record_absence",
        basis: "61/2018/NĐ-CP Điều 8",
        may: ABSENCES,
        events: &["directory.AbsenceRecorded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        directory: &Directory,
        facts: &Facts<'_>,
    ) -> Result<Decision<DirectoryEvent>, Refusal> {
        let agency = directory.agency().ok_or(LawError::NotLoaded)?;
        let today = facts.law.calendar_of(agency).ok_or(LawError::NotLoaded)?.date_of(facts.at);
        let officer = Subject::from(&*self.officer.0);
        let (from, to) = (self.from, self.to);
        if !may_record_of(&officer, facts.actor) {
            return Err(Refusal::NotYours);
        }
        let mut wrong = Collected::after(Reasons::default());
        if directory.officer(&officer, from).is_none() {
            let known = directory.officers_on(from).map(|known| &known.officer);
            let list = "GET /v1/directory/{agency}/officers";
            wrong.add(Refusal::UnknownOfficer(Known::new(&officer, known, list)));
        }
        let most = ABSENCE_DAYS_MAX.days();
        let after = |day: Date| day.checked_add(most).unwrap_or(Date::MAX);
        if to < from {
            wrong.add(Refusal::Backwards);
        } else if to < today {
            wrong.add(Refusal::Past);
        } else if to >= after(from) || from > after(today) {
            wrong.add(Refusal::TooFar);
        }
        if directory.absences_of(&officer).any(|absence| absence.overlaps(from, to)) {
            wrong.add(Refusal::Overlaps);
        }
        let deputy = self.deputy.as_ref().map(|deputy| Subject::from(&*deputy.0));
        if let Some(deputy) = deputy.as_ref()
            && !fit(directory, &officer, (from, to), deputy)
        {
            let others = directory.officers_on(from).map(|known| &known.officer);
            let fit = others.filter(|other| fit(directory, &officer, (from, to), other));
            let list = "GET /v1/directory/{agency}/officers";
            wrong.add(Refusal::DeputyUnfit(Known::new(deputy, fit, list)));
        }
        if directory.absences_of(&officer).filter(|absence| absence.to >= today).count()
            >= ABSENCES_MAX
        {
            wrong.add(Refusal::TooMany);
        }
        wrong.done(Refusal::Several)?;
        let (agency, absence) = (agency.clone(), AbsenceId(facts.id("absence")));
        Ok(Decision::event(AbsenceRecorded { agency, absence, officer, from, to, deputy }))
    }
}

/// Whether the actor may record and end absences of an officer.
pub(super) fn may_record_of(officer: &Subject, actor: &Actor) -> bool {
    actor.subject == *officer || matches!(actor.role, Role::Approver | Role::Operator)
}

/// Whether `deputy` can act in an officer's place on all of these days.
fn fit(
    directory: &Directory,
    officer: &Subject,
    (from, to): (Date, Date),
    deputy: &Subject,
) -> bool {
    let on = |subject, day| directory.officer(subject, day);
    let shares_a_role = match (on(officer, from), on(deputy, from), on(deputy, to)) {
        (Some(officer), Some(deputy), Some(_)) => {
            deputy.roles.iter().any(|role| officer.roles.contains(role))
        }
        _ => false,
    };
    shares_a_role
        && deputy != officer
        && !directory.absences_of(deputy).any(|absence| absence.overlaps(from, to))
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::AssignmentRule;
    use crate::directory::record_officer::tests::{NOW, staffed};
    use crate::step::Refuse;
    use crate::testing::law;

    pub(crate) fn absent(officer: &str, deputy: Option<&str>) -> RecordAbsence {
        RecordAbsence {
            officer: officer.into(),
            from: date(2026, 11, 23),
            to: date(2026, 11, 25),
            deputy: deputy.map(Into::into),
        }
    }

    #[test]
    fn an_officer_records_an_absence_of_their_own_and_an_approver_those_of_others() {
        let law = law();
        let mut scene = staffed(&law, &["r1", "r2"], AssignmentRule::None);
        scene.subject = "r2";
        let others = scene.execute(NOW, Role::Reviewer, absent("r1", None));
        assert_eq!(others, Err(Refusal::NotYours));
        scene.execute(NOW, Role::Reviewer, absent("r2", Some("r1"))).unwrap();
        scene.execute(NOW, Role::Approver, absent("r1", None)).unwrap();
        assert_eq!(scene.state.absences().len(), 2);
    }

    #[test]
    fn a_deputy_is_a_present_colleague_with_the_same_work() {
        let law = law();
        let mut scene = staffed(&law, &["r1", "r2", "r3"], AssignmentRule::None);
        scene.execute(NOW, Role::Operator, absent("r3", None)).unwrap();
        for unfit in ["r1", "r3", "nobody"] {
            let refused =
                scene.execute(NOW, Role::Operator, absent("r1", Some(unfit))).unwrap_err();
            assert_eq!(refused.entry().code, "deputy-unfit", "{unfit}");
            let said = refused.subject().unwrap().en;
            assert!(said.contains("r2") && !said.contains("r3,"), "{said}");
        }
        scene.execute(NOW, Role::Operator, absent("r1", Some("r2"))).unwrap();
    }

    #[test]
    fn everything_that_is_wrong_with_an_absence_is_told_at_once() {
        let law = law();
        let mut scene = staffed(&law, &["r1", "r2"], AssignmentRule::None);
        scene.execute(NOW, Role::Operator, absent("r1", None)).unwrap();
        let mut wrong = absent("r1", Some("r1"));
        wrong.to = date(2028, 1, 1);
        let refused = scene.execute(NOW, Role::Operator, wrong).unwrap_err();
        let codes: Vec<_> = refused.findings().iter().map(|one| one.code.unwrap()).collect();
        assert_eq!(codes, ["absence-too-far", "absence-overlaps", "deputy-unfit"]);
        let mut past = absent("r2", None);
        (past.from, past.to) = (date(2026, 11, 18), date(2026, 11, 19));
        assert_eq!(scene.execute(NOW, Role::Operator, past), Err(Refusal::Past));
    }
}
