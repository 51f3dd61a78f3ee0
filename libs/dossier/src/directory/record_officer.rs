//! Records an officer of an agency: the unit, and the work that the officer may be given. A record
//! replaces the earlier ones from its first day on. It grants no access: the roles of a caller are
//! those of the token.

use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use super::addition::addition;
use super::limits::OFFICERS_MAX;
use crate::access::any;
use crate::contract::{AgencyCode, DirectoryEvent, OfficerRecorded, Role, Subject, UnitCode};
use crate::law::Directory;
use crate::step::{Collected, Command, Decision, Facts, Known, Reasons, Step, refusals};
use crate::text::{Line, List};

/// Records an officer of an agency.
#[derive(Debug, Clone)]
pub struct RecordOfficer {
    pub agency: AgencyCode,
    pub officer: Officer,
}

/// An officer of an agency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordOfficerRequest)]
pub struct Officer {
    /// The subject of the officer's tokens.
    #[schema(example = "reviewer-1")]
    pub officer: Line<200>,
    /// The officer's name, at most 200 characters.
    #[schema(example = "Trần Thị B")]
    pub name: Line<200>,
    /// The code of the officer's unit.
    #[schema(example = "imports")]
    pub unit: Line<40>,
    /// The work that the officer may be given: `clerk`, `reviewer`, `approver`, `cashier`,
    /// `consultee`, `complaint_handler`, `auditor`.
    #[schema(value_type = Vec<Role>, max_items = 7, example = json!(["reviewer"]))]
    pub roles: List<Role, 7>,
    /// The first day.
    pub from: Date,
    /// The last day; absent if there is none.
    pub to: Option<Date>,
}

/// The roles of officers of agencies.
const ROLES: [Role; 7] = [
    Role::Clerk,
    Role::Reviewer,
    Role::Approver,
    Role::Cashier,
    Role::Consultee,
    Role::ComplaintHandler,
    Role::Auditor,
];

refusals! {
    /// Why an officer cannot be recorded.
    pub enum Refusal {
        NoAgency => 404, "no-such-agency",
            "không có cơ quan này", "there is no such agency";
        UnknownUnit(Known) => 422, "unknown-unit" at "/unit",
            "cơ quan không có đơn vị này vào ngày đầu", "the agency has no such unit on the first day";
        NotOfAnAgency(Known) => 422, "role-not-of-an-agency" at "/roles",
            "không phải vai trò của cán bộ cơ quan", "this is not a role of an agency's officers";
        RoleMissing => 422, "role-missing" at "/roles",
            "phải có ít nhất một vai trò", "at least one role is required";
        Backwards => 422, "days-backwards" at "/to",
            "ngày cuối không được trước ngày đầu", "the last day must not be before the first one";
        Elsewhere(AgencyCode) => 422, "officer-elsewhere" at "/officer",
            "cán bộ thuộc cơ quan khác", "this is an officer of another agency";
        TooMany => 409, "directory-full",
            "danh bạ đã đủ số đơn vị, cán bộ hoặc lần ghi nhận",
            "the directory has no room for more units, officers or records";
    }
}

impl Command for RecordOfficer {
    type State = Directory;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "record_officer",
        basis: "61/2018/NĐ-CP Điều 8",
        may: &[any(Role::Operator)],
        events: &["directory.OfficerRecorded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(
        &self,
        directory: &Directory,
        facts: &Facts<'_>,
    ) -> Result<Decision<DirectoryEvent>, Refusal> {
        let recorded = self.recorded();
        let OfficerRecorded { agency, officer, unit, from, to, .. } = &recorded;
        if facts.law.calendar_of(agency).is_none() {
            return Err(Refusal::NoAgency);
        }
        let mut wrong = Collected::after(Reasons::default());
        if to.is_some_and(|to| to < *from) {
            wrong.add(Refusal::Backwards);
        }
        if directory.unit(unit, *from).is_none() {
            let known = directory.units_on(*from).map(|known| &known.unit);
            let list = "GET /v1/directory/{agency}/units";
            wrong.add(Refusal::UnknownUnit(Known::new(unit, known, list)));
        }
        if self.officer.roles.is_empty() {
            wrong.add(Refusal::RoleMissing);
        }
        for (place, role) in self.officer.roles.iter().enumerate() {
            if !ROLES.contains(role) {
                let known = Known::of_values(role, &ROLES, "GET /openapi.json");
                wrong.add_at(format!("/roles/{place}"), Refusal::NotOfAnAgency(known));
            }
        }
        let mut others = facts.law.directories().filter(|(other, _)| *other != agency);
        if let Some((other, _)) = others.find(|(_, other)| other.officer(officer, *from).is_some())
        {
            wrong.add(Refusal::Elsewhere(other.clone()));
        }
        let key = (officer, *from);
        let added = addition(directory, directory.officers(), key, recorded.clone(), OFFICERS_MAX);
        if !added.has_room {
            wrong.add(Refusal::TooMany);
        }
        wrong.done(Refusal::Several)?;
        Ok(Decision::from(added.event))
    }
}

impl RecordOfficer {
    fn recorded(&self) -> OfficerRecorded {
        let Officer { officer, name, unit, roles, from, to } = &self.officer;
        let mut distinct: Vec<Role> = Vec::new();
        for role in roles.iter().filter(|role| ROLES.contains(role)) {
            if !distinct.contains(role) {
                distinct.push(*role);
            }
        }
        OfficerRecorded {
            agency: self.agency.clone(),
            officer: Subject::from(&*officer.0),
            name: name.0.clone().into(),
            unit: UnitCode::from(&*unit.0),
            roles: distinct,
            from: *from,
            to: *to,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::AssignmentRule;
    use crate::directory::record_unit::tests::unit;
    use crate::law::Law;
    use crate::step::Refuse;
    use crate::testing::{Scene, at, law};

    pub(crate) const NOW: &str = "2026-11-20T09:00";

    pub(crate) fn officer(subject: &str, unit: &str, roles: &[Role]) -> RecordOfficer {
        RecordOfficer {
            agency: "G02.001".into(),
            officer: Officer {
                officer: subject.into(),
                name: "Trần Thị B".into(),
                unit: unit.into(),
                roles: roles.to_vec().into(),
                from: date(2026, 11, 1),
                to: None,
            },
        }
    }

    /// The directory of `G02.001`: a unit for certificates of origin with these reviewers, the
    /// first of whom heads it.
    pub(crate) fn staffed<'a>(
        law: &'a Law,
        reviewers: &[&str],
        rule: AssignmentRule,
    ) -> Scene<'a, Directory> {
        let mut scene = Scene::new(law, "CO.D", "G02.001");
        scene.execute(NOW, Role::Operator, unit("origin", &["CO.D"], rule)).unwrap();
        for reviewer in reviewers {
            let one = officer(reviewer, "origin", &[Role::Reviewer]);
            scene.execute(NOW, Role::Operator, one).unwrap();
        }
        let mut headed = unit("origin", &["CO.D"], rule);
        headed.unit.head = reviewers.first().map(|head| (*head).into());
        scene.execute(NOW, Role::Operator, headed).unwrap();
        scene
    }

    /// The shipped law with a directory.
    pub(crate) fn with(scene: &Scene<'_, Directory>) -> Law {
        let mut law = law();
        for event in &scene.events {
            law.record_in_directory(event, at(NOW));
        }
        law
    }

    #[test]
    fn an_officer_is_of_a_unit_that_the_agency_has_then() {
        let law = law();
        let scene = staffed(&law, &["r1"], AssignmentRule::None);
        let known = with(&scene);
        let found = known.officer(&"G02.001".into(), &"r1".into(), at(NOW)).unwrap();
        assert_eq!(found.unit.as_str(), "origin");
        let mut scene = scene;
        let refused = scene.execute(NOW, Role::Operator, officer("r2", "exports", &[Role::Clerk]));
        assert_eq!(refused.unwrap_err().entry().code, "unknown-unit");
    }

    #[test]
    fn everything_that_is_wrong_with_an_officer_is_told_at_once() {
        let plain = law();
        let known = with(&staffed(&plain, &["r1"], AssignmentRule::None));
        let mut scene = Scene::new(&known, "CO.D", "G02.002");
        let mut wrong = officer("r1", "none", &[Role::Applicant, Role::Operator]);
        wrong.agency = "G02.002".into();
        wrong.officer.to = Some(date(2026, 10, 1));
        let refused = scene.execute(NOW, Role::Operator, wrong).unwrap_err();
        let found = refused.findings();
        let found: Vec<_> = found.iter().map(|one| (&*one.pointer, one.code.unwrap())).collect();
        let expected = [
            ("/to", "days-backwards"),
            ("/unit", "unknown-unit"),
            ("/roles/0", "role-not-of-an-agency"),
            ("/roles/1", "role-not-of-an-agency"),
            ("/officer", "officer-elsewhere"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_officer_who_leaves_may_be_recorded_by_the_next_agency() {
        let plain = law();
        let mut scene = staffed(&plain, &["r1"], AssignmentRule::None);
        let mut leaves = officer("r1", "origin", &[Role::Reviewer]);
        leaves.officer.to = Some(date(2026, 11, 30));
        scene.execute(NOW, Role::Operator, leaves).unwrap();
        let known = with(&scene);
        let mut next = Scene::new(&known, "CO.D", "G02.002");
        let mut there = unit("origin", &[], AssignmentRule::None);
        there.agency = "G02.002".into();
        next.execute(NOW, Role::Operator, there).unwrap();
        let mut arrives = officer("r1", "origin", &[Role::Reviewer]);
        arrives.agency = "G02.002".into();
        let early = next.execute(NOW, Role::Operator, arrives.clone());
        assert_eq!(early, Err(Refusal::Elsewhere("G02.001".into())));
        arrives.officer.from = date(2026, 12, 1);
        next.execute(NOW, Role::Operator, arrives).unwrap();
    }
}
