//! Which officer a review is assigned to by the rule of its unit. The choice depends on the dossier
//! and the directory, so that it can be computed again, and on the officers' loads if the rule
//! considers them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::{Directory, Law};
use crate::contract::{Assigned, AssignmentRule, Brief, Role, Subject, UnitCode, UnitRecorded};

/// An officer chosen by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub officer: Subject,
    pub rule: Assigned,
    pub unit: UnitCode,
    /// The number of officers among whom the rule chose.
    pub among: u32,
    /// The officer's load, if the rule considers it.
    pub load: Option<u32>,
}

/// The number of undecided reviews of each officer; those who are missing have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loads(pub BTreeMap<Subject, u32>);

impl Loads {
    fn of(&self, officer: &Subject) -> u32 {
        self.0.get(officer).copied().unwrap_or(0)
    }
}

/// The officer to whom the review of a dossier is assigned at an instant; `None` if no rule assigns
/// it, or nobody can be given it. `returned` are those who have returned it.
#[must_use]
pub fn choose(
    law: &Law,
    brief: &Brief,
    (returned, loads): (&BTreeSet<Subject>, &Loads),
    at: Timestamp,
) -> Option<Chosen> {
    let (directory, day, unit) = assigning(law, brief, at)?;
    let able: Vec<&Subject> =
        able(directory, unit, brief, day).filter(|officer| !returned.contains(*officer)).collect();
    let among = u32::try_from(able.len()).ok()?;
    let digest = Uuid::new_v5(&brief.dossier.0, b"assignment").as_u128();
    let place = usize::try_from(digest.checked_rem(u128::from(among))?).ok()?;
    // Officers with equal loads are taken in turn.
    let (later, earlier) = (able.iter().skip(place), able.iter().take(place));
    let mut in_turn = later.chain(earlier).copied();
    let (officer, rule, load) = match unit.assignment {
        AssignmentRule::None => return None,
        AssignmentRule::Spread => (in_turn.next()?, Assigned::Spread, None),
        AssignmentRule::LeastLoad => {
            let officer = in_turn.min_by_key(|officer| loads.of(officer))?;
            (officer, Assigned::LeastLoad, Some(loads.of(officer)))
        }
    };
    Some(Chosen { officer: officer.clone(), rule, unit: unit.unit.clone(), among, load })
}

/// The officers whose loads the assignment of a dossier depends on; empty if it depends on none.
#[must_use]
pub fn weighed(law: &Law, brief: &Brief, at: Timestamp) -> Vec<Subject> {
    match assigning(law, brief, at) {
        Some((directory, day, unit)) if unit.assignment == AssignmentRule::LeastLoad => {
            able(directory, unit, brief, day).cloned().collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// The unit whose rule assigns the reviews of a dossier, in the nearest directory that has one.
fn assigning<'l>(
    law: &'l Law,
    brief: &Brief,
    at: Timestamp,
) -> Option<(&'l Directory, Date, &'l UnitRecorded)> {
    let mut directories = law.directories_for(&brief.agency, at).into_iter();
    directories
        .find_map(|(directory, day)| Some((directory, day, unit_for(directory, brief, day)?)))
}

/// The present reviewers of a unit who are no parties to the dossier, by subject.
fn able<'d>(
    directory: &'d Directory,
    unit: &'d UnitRecorded,
    brief: &'d Brief,
    day: Date,
) -> impl Iterator<Item = &'d Subject> {
    let present = directory.officers_on(day).filter(move |officer| {
        officer.unit == unit.unit
            && officer.roles.contains(&Role::Reviewer)
            && directory.absence(&officer.officer, day).is_none()
    });
    present.map(|officer| &officer.officer).filter(move |officer| !brief.is_party(officer))
}

/// The unit whose rule assigns the reviews of a dossier: one that names the procedure, else one for
/// all procedures.
fn unit_for<'d>(directory: &'d Directory, brief: &Brief, day: Date) -> Option<&'d UnitRecorded> {
    let assigns = |unit: &&UnitRecorded| unit.assignment != AssignmentRule::None;
    let named = |unit: &&UnitRecorded| unit.procedures.contains(&brief.procedure.code);
    let mut units = directory.units_on(day).filter(assigns);
    units.find(named).or_else(|| {
        let mut units = directory.units_on(day).filter(assigns);
        units.find(|unit| unit.procedures.is_empty())
    })
}

/// Whether `head` heads the unit of an officer who handles the dossier.
#[must_use]
pub fn is_head_over(
    law: &Law,
    brief: &Brief,
    (head, officer): (&Subject, &Subject),
    at: Timestamp,
) -> bool {
    let unit_of = |(directory, day): (&Directory, Date)| {
        let officer = directory.officer(officer, day)?;
        directory.unit(&officer.unit, day)?.head.clone()
    };
    let found = law.directories_for(&brief.agency, at).into_iter().find_map(unit_of);
    found.as_ref() == Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::DossierId;
    use crate::directory::record_absence::tests::absent;
    use crate::directory::record_officer::tests::{NOW, staffed, with};
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::{at, law};

    fn dossier(law: &Law, number: u128) -> Brief {
        let one = brief(law, "CO.D", "G02.001", "2026-11-20T09:00");
        Brief { dossier: DossierId(Uuid::from_u128(number)), ..one }
    }

    fn chosen(law: &Law, brief: &Brief, returned: &[&str], moment: &str) -> Option<Chosen> {
        let returned = returned.iter().map(|officer| (*officer).into()).collect();
        choose(law, brief, (&returned, &Loads::default()), at(moment))
    }

    #[test]
    fn reviews_are_spread_evenly_and_a_dossier_always_comes_to_the_same_officer() {
        let plain = law();
        let law = with(&staffed(&plain, &["r1", "r2", "r3"], AssignmentRule::Spread));
        let mut counts: BTreeMap<Subject, u32> = BTreeMap::new();
        for number in 0..300 {
            let brief = dossier(&law, number);
            let one = chosen(&law, &brief, &[], NOW).unwrap();
            assert_eq!(Some(&one), chosen(&law, &brief, &[], NOW).as_ref());
            assert_eq!((one.rule, one.among), (Assigned::Spread, 3));
            *counts.entry(one.officer).or_default() += 1;
        }
        assert_eq!(counts.len(), 3);
        assert!(counts.values().all(|count| (70..130).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_officer_with_the_least_load_is_chosen_and_equal_ones_in_turn() {
        let plain = law();
        let law = with(&staffed(&plain, &["r1", "r2", "r3"], AssignmentRule::LeastLoad));
        let loads = |loads: [u32; 3]| {
            Loads(["r1", "r2", "r3"].map(Into::into).into_iter().zip(loads).collect())
        };
        let none = BTreeSet::new();
        let mut first: BTreeSet<Subject> = BTreeSet::new();
        for number in 0..20 {
            let brief = dossier(&law, number);
            let one = choose(&law, &brief, (&none, &loads([2, 1, 5])), at(NOW)).unwrap();
            assert_eq!((one.officer, one.load), ("r2".into(), Some(1)));
            first
                .insert(choose(&law, &brief, (&none, &loads([3, 3, 3])), at(NOW)).unwrap().officer);
        }
        assert_eq!(first.len(), 3);
        assert_eq!(weighed(&law, &dossier(&law, 1), at(NOW)).len(), 3);
        let spread = with(&staffed(&plain, &["r1"], AssignmentRule::Spread));
        assert!(weighed(&spread, &dossier(&spread, 1), at(NOW)).is_empty());
    }

    #[test]
    fn nothing_is_assigned_to_somebody_absent_or_a_party_or_who_has_returned_it() {
        let plain = law();
        let mut scene = staffed(&plain, &["r1", "r2", "r3"], AssignmentRule::Spread);
        scene.execute(NOW, Role::Operator, absent("r1", None)).unwrap();
        let law = with(&scene);
        let during = "2026-11-23T09:00";
        for number in 0..20 {
            let mut brief = dossier(&law, number);
            brief.representative = Some("r2".into());
            let one = chosen(&law, &brief, &[], during).unwrap();
            assert_eq!((one.officer, one.among), ("r3".into(), 1));
            assert_eq!(chosen(&law, &brief, &["r3"], during), None);
        }
    }

    #[test]
    fn without_a_rule_for_its_procedure_a_review_is_assigned_to_nobody() {
        let plain = law();
        let law = with(&staffed(&plain, &["r1"], AssignmentRule::Spread));
        let mut other = dossier(&law, 1);
        other.procedure.code = "ENERGY.LABEL".into();
        assert_eq!(chosen(&law, &other, &[], NOW), None);
        let law = with(&staffed(&plain, &["r1"], AssignmentRule::None));
        assert_eq!(chosen(&law, &dossier(&law, 1), &[], NOW), None);
    }
}
