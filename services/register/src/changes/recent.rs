//! The newest changes in memory, with the present owners of their subjects: a client that waits is
//! answered from here, without reading the store or a view.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use dossier::access::{Caller, Resource};
use dossier::changes;
use dossier::contract::Role;
use events::Position;

use super::Kinds;
use super::limits::RECENT_MAX;
use web::changes::{Change, Subject};

/// The present owners of subjects.
pub(super) type Owners = HashMap<Subject, Arc<Resource>>;

/// Who follows, and which changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) kinds: &'a Kinds,
    /// Changes of a page, at most.
    pub(crate) limit: usize,
}

/// Changes that a caller receives, each with the role in which the caller does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selected {
    pub(super) changes: Vec<(Change, Role)>,
    /// Position up to which the changes were scanned.
    pub(super) through: Position,
}

impl Selected {
    /// Selects from `changes`, which reach to `through`. A change of a subject without an owner is
    /// left out.
    pub(super) fn of<'c>(
        asked: Asked<'_>,
        changes: impl Iterator<Item = &'c Change>,
        owner: impl Fn(&Subject) -> Option<Arc<Resource>>,
        through: Position,
    ) -> Self {
        let mut found = Vec::new();
        for change in changes.filter(|change| asked.kinds.has(&change.kind)) {
            let Some(owner) = owner(&change.subject) else { continue };
            let topic = change.subject.topic();
            let Some(role) = changes::role(asked.caller, &change.kind, topic, &owner) else {
                continue;
            };
            found.push((change.clone(), role));
            if found.len() >= asked.limit {
                return Self { changes: found, through: change.position };
            }
        }
        Self { changes: found, through }
    }
}

/// The changes after `from` up to `through`.
#[derive(Debug, Default)]
pub(super) struct Recent {
    from: Position,
    through: Position,
    changes: VecDeque<Change>,
    /// The owner of each subject, with the number of its changes.
    owners: HashMap<Subject, (Arc<Resource>, usize)>,
}

impl Recent {
    pub(super) const fn through(&self) -> Position {
        self.through
    }

    /// Forgets everything, and goes on from `position`.
    pub(super) fn restart(&mut self, position: Position) {
        *self = Self { from: position, through: position, ..Self::default() };
    }

    /// Adds the changes up to `through`. `owners` has the owners of their subjects, and those of
    /// other subjects that have changed.
    pub(super) fn add(&mut self, changes: Vec<Change>, owners: Owners, through: Position) {
        for change in changes {
            let known = self.owners.get_mut(&change.subject);
            if let Some((_, count)) = known {
                *count += 1;
            } else if let Some(owner) = owners.get(&change.subject) {
                self.owners.insert(change.subject.clone(), (Arc::clone(owner), 1));
            } else {
                continue;
            }
            self.changes.push_back(change);
        }
        for (subject, owner) in owners {
            if let Some((known, _)) = self.owners.get_mut(&subject) {
                *known = owner;
            }
        }
        self.through = through.max(self.through);
        while self.changes.len() > RECENT_MAX {
            self.forget();
        }
    }

    fn forget(&mut self) {
        let Some(oldest) = self.changes.pop_front() else { return };
        self.from = oldest.position;
        if let Some((_, count)) = self.owners.get_mut(&oldest.subject) {
            *count -= 1;
            if *count == 0 {
                self.owners.remove(&oldest.subject);
            }
        }
    }

    /// The changes after `after`; `None` if older ones are needed.
    pub(super) fn after(&self, after: Position, asked: Asked<'_>) -> Option<Selected> {
        if after < self.from {
            return None;
        }
        let first = self.changes.partition_point(|change| change.position <= after);
        let owner =
            |subject: &Subject| self.owners.get(subject).map(|(owner, _)| Arc::clone(owner));
        Some(Selected::of(asked, self.changes.range(first..), owner, self.through.max(after)))
    }
}

#[cfg(test)]
mod tests {
    use dossier::contract::DossierId;
    use events::{Recorded, StreamName, Version};
    use uuid::Uuid;

    use super::*;

    fn subject(n: u128) -> Subject {
        Subject::Dossier(DossierId(Uuid::from_u128(n)))
    }

    fn change(position: u64, of: u128) -> Change {
        Change::of(&Recorded {
            position: Position(position),
            stream: StreamName::of("intake", Uuid::from_u128(of)),
            version: Version(1),
            id: Uuid::from_u128(position.into()),
            kind: "intake.DossierAccepted.v1".into(),
            data: "{}".to_owned(),
            meta: r#"{"at":"2026-11-20T02:00:00Z"}"#.to_owned(),
        })
        .unwrap()
    }

    fn owner(agency: &str) -> Arc<Resource> {
        Arc::new(Resource { agencies: vec![agency.into()], ..Resource::default() })
    }

    fn owners(of: &[(u128, &str)]) -> Owners {
        of.iter().map(|(n, agency)| (subject(*n), owner(agency))).collect()
    }

    /// The positions that a clerk of G02 receives, and the position reached.
    fn received(recent: &Recent, after: u64, limit: usize) -> Option<(Vec<u64>, u64)> {
        let caller = Caller {
            subject: "c1".into(),
            roles: vec![Role::Clerk],
            agency: Some("G02".into()),
            predecessors: Vec::new(),
            on_behalf_of: None,
            mandate: None,
            credential: None,
        };
        let asked = Asked { caller: &caller, kinds: &Kinds::default(), limit };
        let selected = recent.after(Position(after), asked)?;
        let positions = selected.changes.iter().map(|(change, _)| change.position.0).collect();
        Some((positions, selected.through.0))
    }

    #[test]
    fn a_client_goes_on_after_its_position_and_reaches_the_end() {
        let mut recent = Recent::default();
        let all = vec![change(2, 1), change(3, 2), change(5, 1)];
        recent.add(all, owners(&[(1, "G02"), (2, "H26")]), Position(9));
        assert_eq!(received(&recent, 0, 100), Some((vec![2, 5], 9)));
        assert_eq!(received(&recent, 2, 100), Some((vec![5], 9)));
        assert_eq!(received(&recent, 9, 100), Some((vec![], 9)));
        assert_eq!(received(&recent, 12, 100), Some((vec![], 12)), "the client is ahead");
        assert_eq!(received(&recent, 0, 1), Some((vec![2], 2)), "a full page");
    }

    #[test]
    fn an_agency_that_lost_a_dossier_receives_none_of_its_changes_any_more() {
        let mut recent = Recent::default();
        recent.add(vec![change(2, 1)], owners(&[(1, "G02")]), Position(2));
        recent.add(vec![change(3, 1)], owners(&[(1, "H26")]), Position(3));
        assert_eq!(received(&recent, 0, 100), Some((vec![], 3)));
        // The owner may change without a change of the subject.
        recent.add(Vec::new(), owners(&[(1, "G02"), (7, "G02")]), Position(4));
        assert_eq!(received(&recent, 0, 100), Some((vec![2, 3], 4)));
        assert_eq!(recent.owners.len(), 1, "of subjects with changes");
    }

    #[test]
    fn memory_is_bounded_and_older_changes_are_read_from_the_log() {
        let mut recent = Recent::default();
        let many = u64::try_from(RECENT_MAX).unwrap() + 10;
        for n in 1..=many {
            let of = u128::from(n);
            recent.add(vec![change(n, of)], owners(&[(of, "G02")]), Position(n));
        }
        assert_eq!((recent.changes.len(), recent.owners.len()), (RECENT_MAX, RECENT_MAX));
        assert_eq!(received(&recent, 9, 100), None);
        assert_eq!(received(&recent, 10, 1), Some((vec![11], 11)));
        recent.restart(Position(many + 50));
        assert_eq!(received(&recent, many, 1), None);
        assert_eq!(received(&recent, many + 50, 1), Some((vec![], many + 50)));
    }

    #[test]
    fn a_change_of_a_dossier_that_no_view_has_is_left_out() {
        let mut recent = Recent::default();
        recent.add(vec![change(2, 1)], Owners::new(), Position(2));
        assert_eq!(received(&recent, 0, 100), Some((vec![], 2)));
        assert!(recent.changes.is_empty());
    }
}
