//! Records a unit of an agency: its head, its procedures, and how its reviews are assigned. A
//! record replaces the earlier ones from its first day on.

use std::ops::Bound;

use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use super::addition::addition;
use super::limits::UNITS_MAX;
use crate::access::any;
use crate::contract::{
    AgencyCode, AssignmentRule, DirectoryEvent, ProcedureCode, Role, Subject, UnitCode,
    UnitRecorded,
};
use crate::law::Directory;
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};
use crate::text::{Line, List};

/// Records a unit of an agency.
#[derive(Debug, Clone)]
pub struct RecordUnit {
    pub agency: AgencyCode,
    pub unit: Unit,
}

/// A unit of an agency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordUnitRequest)]
pub struct Unit {
    /// Its code within the agency, at most 40 characters.
    #[schema(example = "imports")]
    pub unit: Line<40>,
    /// Its name, at most 200 characters.
    #[schema(example = "Phòng Xuất xứ hàng hóa")]
    pub name: Line<200>,
    /// The subject of the officer who heads it.
    #[schema(example = "reviewer-1")]
    pub head: Option<Line<200>>,
    /// Codes of the procedures whose dossiers it reviews; all of the agency if empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 200, example = json!(["CO.D"]))]
    pub procedures: List<Line<60>, 200>,
    /// `none`: officers claim reviews themselves. `spread`: evenly over the officers who are
    /// present. `least_load`: to the present officer with the fewest undecided reviews.
    pub assignment: AssignmentRule,
    /// The first day.
    pub from: Date,
    /// The last day; absent if there is none.
    pub to: Option<Date>,
}

refusals! {
    /// Why a unit cannot be recorded.
    pub enum Refusal {
        NoAgency => 404, "no-such-agency",
            "không có cơ quan này", "there is no such agency";
        UnknownOfficer(Known) => 422, "unknown-officer" at "/head",
            "không có cán bộ này trong danh bạ", "the directory has no such officer";
        UnknownProcedure(Known) => 422, "unknown-procedure" at "/procedures",
            "không có thủ tục này", "there is no such procedure";
        Backwards => 422, "days-backwards" at "/to",
            "ngày cuối không được trước ngày đầu", "the last day must not be before the first one";
        Overlaps(String) => 422, "unit-overlaps" at "/procedures",
            "đơn vị khác đã được phân công tự động cho thủ tục này",
            "reviews of this procedure are assigned to officers of another unit already";
        TooMany => 409, "directory-full",
            "danh bạ đã đủ số đơn vị, cán bộ hoặc lần ghi nhận",
            "the directory has no room for more units, officers or records";
    }
}

impl Command for RecordUnit {
    type State = Directory;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "record_unit",
        basis: "61/2018/NĐ-CP Điều 8",
        may: &[any(Role::Operator)],
        events: &["directory.UnitRecorded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        directory: &Directory,
        facts: &Facts<'_>,
    ) -> Result<Decision<DirectoryEvent>, Refusal> {
        let recorded = self.recorded();
        let UnitRecorded { agency, unit, head, procedures, from, to, .. } = &recorded;
        if facts.law.calendar_of(agency).is_none() {
            return Err(Refusal::NoAgency);
        }
        let mut wrong = Collected::after(Reasons::default());
        if to.is_some_and(|to| to < *from) {
            wrong.add(Refusal::Backwards);
        }
        if let Some(head) = head.as_ref().filter(|head| !directory.officers().contains_key(*head)) {
            let known = directory.officers().keys();
            let list = "GET /v1/directory/{agency}/officers";
            wrong.add(Refusal::UnknownOfficer(Known::new(head, known, list)));
        }
        for (place, code) in procedures.iter().enumerate() {
            if facts.law.procedures().all(|known| known.code != *code) {
                let known = facts.law.procedures().map(|known| &known.code);
                let refusal =
                    Refusal::UnknownProcedure(Known::new(code, known, "GET /v1/procedures"));
                wrong.add_at(format!("/procedures/{place}"), refusal);
            }
        }
        if let Some(other) = overlapping(directory, &recorded) {
            wrong.add(Refusal::Overlaps(other.to_string()));
        }
        let key = (unit, *from);
        let added = addition(directory, directory.units(), key, recorded.clone(), UNITS_MAX);
        if !added.has_room {
            wrong.add(Refusal::TooMany);
        }
        wrong.done(Refusal::Several)?;
        Ok(Decision::from(added.event))
    }
}

impl RecordUnit {
    fn recorded(&self) -> UnitRecorded {
        let Unit { unit, name, head, procedures, assignment, from, to } = &self.unit;
        UnitRecorded {
            agency: self.agency.clone(),
            unit: UnitCode::from(&*unit.0),
            name: name.0.clone(),
            head: head.as_ref().map(|head| Subject::from(&*head.0)),
            procedures: procedures.iter().map(|code| ProcedureCode::from(&*code.0)).collect(),
            assignment: *assignment,
            from: *from,
            to: *to,
        }
    }
}

/// Another unit whose reviews of one of the same procedures are assigned by a rule, on one of the
/// same days: it would be unclear which unit's officers to choose from. A unit that names the
/// procedure takes precedence over one for all procedures.
fn overlapping<'d>(directory: &'d Directory, unit: &UnitRecorded) -> Option<&'d UnitCode> {
    if unit.assignment == AssignmentRule::None {
        return None;
    }
    // A record ends at the latest when the next one of the same unit begins.
    let last = |record: &UnitRecorded| {
        let records = directory.units().get(&record.unit);
        let next = records.and_then(|records| {
            records.range((Bound::Excluded(record.from), Bound::Unbounded)).next()
        });
        let before_next = next.and_then(|(from, _)| from.yesterday().ok());
        record.to.into_iter().chain(before_next).min().unwrap_or(Date::MAX)
    };
    let last_day = last(unit);
    let others = directory.units().values().flat_map(|records| records.values());
    let mut others = others.filter(|other| {
        other.unit != unit.unit
            && other.assignment != AssignmentRule::None
            && other.from <= last_day
            && unit.from <= last(other)
            && if unit.procedures.is_empty() || other.procedures.is_empty() {
                unit.procedures.is_empty() && other.procedures.is_empty()
            } else {
                other.procedures.iter().any(|code| unit.procedures.contains(code))
            }
    });
    others.next().map(|other| &other.unit)
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::testing::{Scene, law};

    pub(crate) fn unit(code: &str, procedures: &[&str], assignment: AssignmentRule) -> RecordUnit {
        let procedures: Vec<Line<60>> = procedures.iter().map(|code| (*code).into()).collect();
        RecordUnit {
            agency: "G02.001".into(),
            unit: Unit {
                unit: code.into(),
                name: "Phòng Xuất xứ hàng hóa".into(),
                head: None,
                procedures: procedures.into(),
                assignment,
                from: date(2026, 11, 1),
                to: None,
            },
        }
    }

    const NOW: &str = "2026-11-20T09:00";

    #[test]
    fn a_unit_is_recorded_once_and_again_only_if_something_changes() {
        let law = law();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        let one = unit("origin", &["CO.D"], AssignmentRule::Spread);
        assert_eq!(scene.execute(NOW, Role::Operator, one.clone()).unwrap().len(), 1);
        assert_eq!(scene.execute(NOW, Role::Operator, one.clone()).unwrap().len(), 0);
        let mut renamed = one;
        renamed.unit.name = "Phòng C/O".into();
        assert_eq!(scene.execute(NOW, Role::Operator, renamed).unwrap().len(), 1);
        assert_eq!(scene.state.units().len(), 1);
    }

    #[test]
    fn everything_that_is_wrong_with_a_unit_is_told_at_once() {
        let law = law();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        let mut wrong = unit("origin", &["CO.D", "NO.SUCH"], AssignmentRule::Spread);
        wrong.unit.head = Some("nobody".into());
        wrong.unit.to = Some(date(2026, 10, 1));
        let refused = scene.execute(NOW, Role::Operator, wrong).unwrap_err();
        let found = crate::step::Refuse::findings(&refused);
        let found: Vec<_> = found.iter().map(|one| &*one.pointer).collect();
        assert_eq!(found, ["/to", "/head", "/procedures/1"]);
    }

    #[test]
    fn reviews_of_a_procedure_are_assigned_within_one_unit_only() {
        let law = law();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        let spread = AssignmentRule::Spread;
        scene.execute(NOW, Role::Operator, unit("origin", &["CO.D"], spread)).unwrap();
        let again = scene.execute(NOW, Role::Operator, unit("other", &["CO.D"], spread));
        assert_eq!(again, Err(Refusal::Overlaps("origin".to_owned())));
        // A unit for everything else, and one whose officers claim reviews themselves.
        scene.execute(NOW, Role::Operator, unit("general", &[], spread)).unwrap();
        scene.execute(NOW, Role::Operator, unit("help", &["CO.D"], AssignmentRule::None)).unwrap();
    }

    #[test]
    fn a_procedure_moves_to_another_unit_on_the_day_on_which_a_later_record_ends_its_assignment() {
        let law = law();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        let spread = AssignmentRule::Spread;
        let first = unit("origin", &["CO.D"], spread);
        scene.execute(NOW, Role::Operator, first.clone()).unwrap();
        let mut until = unit("origin", &["CO.D"], AssignmentRule::None);
        until.unit.from = date(2027, 6, 1);
        scene.execute(NOW, Role::Operator, until).unwrap();
        let mut next = unit("other", &["CO.D"], spread);
        next.unit.from = date(2027, 5, 31);
        let a_day_early = scene.execute(NOW, Role::Operator, next.clone());
        assert_eq!(a_day_early, Err(Refusal::Overlaps("origin".to_owned())));
        next.unit.from = date(2027, 6, 1);
        scene.execute(NOW, Role::Operator, next).unwrap();
        // The first record, corrected, also ends before the later one of its unit.
        let mut renamed = first;
        renamed.unit.name = "Phòng C/O".into();
        scene.execute(NOW, Role::Operator, renamed).unwrap();
    }

    #[test]
    fn a_directory_has_room_for_so_many_units() {
        let law = law();
        let mut scene = Scene::new(&law, "CO.D", "G02.001");
        for number in 0..UNITS_MAX {
            let one = unit(&format!("u{number}"), &["CO.D"], AssignmentRule::None);
            scene.execute(NOW, Role::Operator, one).unwrap();
        }
        let more = scene.execute(NOW, Role::Operator, unit("more", &[], AssignmentRule::None));
        assert_eq!(more, Err(Refusal::TooMany));
    }
}
