//! Which changes a subscriber receives.

use super::limits::{AGENCIES_MAX, KINDS_MAX, PROCEDURES_MAX};
use crate::access::{Caller, Resource};
use crate::changes::{Pattern, Topic, role};
use crate::contract::{Role, Wanted};
use crate::law::Finding;

impl Wanted {
    /// Everything that the rights give.
    #[must_use]
    pub const fn all() -> Self {
        Self { kinds: Vec::new(), procedures: Vec::new(), agencies: Vec::new() }
    }

    /// The patterns of kinds; all kinds if it is empty.
    #[must_use]
    pub fn patterns(&self) -> Vec<Pattern> {
        self.kinds.iter().filter_map(|kind| Pattern::of(kind)).collect()
    }

    /// What is wrong with the filters, with pointers into the body of a request.
    #[must_use]
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for (place, kind) in self.kinds.iter().enumerate() {
            if Pattern::of(kind).is_none() {
                let vi = format!("không có loại sự kiện `{kind}`; ví dụ intake.DossierAccepted.v1");
                let en = format!("is no kind of event: `{kind}`; for example payment.*");
                found.push(Finding::new(format!("/kinds/{place}"), vi, en));
            }
        }
        for (place, agency) in self.agencies.iter().enumerate() {
            if !agency.is_well_formed() {
                let (vi, en) = ("không phải mã cơ quan", "is no code of an agency");
                found.push(Finding::new(format!("/agencies/{place}"), vi, en));
            }
        }
        let counts = [
            ("/kinds", self.kinds.len(), KINDS_MAX),
            ("/procedures", self.procedures.len(), PROCEDURES_MAX),
            ("/agencies", self.agencies.len(), AGENCIES_MAX),
        ];
        for (pointer, count, max) in counts {
            if count > max {
                let vi = format!("có {count} mục, nhiều nhất {max}");
                let en = format!("has {count} items; at most {max} are allowed");
                found.push(Finding::new(pointer, vi, en));
            }
        }
        found
    }

    /// Whether the filters by procedure and agency let through what belongs to `owner`. What
    /// belongs to no procedure or agency passes only if nothing is filtered by it.
    #[must_use]
    pub fn concerns(&self, owner: &Resource) -> bool {
        let is_of_procedure = self.procedures.is_empty()
            || owner.procedure.as_ref().is_some_and(|code| self.procedures.contains(code));
        let covers = || {
            let mut all = owner.agencies.iter();
            all.any(|one| self.agencies.iter().any(|wanted| wanted.covers(one)))
        };
        is_of_procedure && (self.agencies.is_empty() || covers())
    }

    /// The role in which `caller` receives a change; `None` if it is left out. `patterns` are those
    /// of [`Self::patterns`].
    #[must_use]
    pub fn received(
        &self,
        patterns: &[Pattern],
        caller: &Caller,
        (kind, topic): (&str, Topic),
        owner: &Resource,
    ) -> Option<Role> {
        let is_wanted = patterns.is_empty() || patterns.iter().any(|pattern| pattern.has(kind));
        if !is_wanted || !self.concerns(owner) {
            return None;
        }
        role(caller, kind, topic, owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Resource {
        Resource {
            procedure: Some("CO.D".into()),
            agencies: vec!["G02.001".into()],
            ..Resource::default()
        }
    }

    fn wanted(kinds: &[&str], procedures: &[&str], agencies: &[&str]) -> Wanted {
        Wanted {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            procedures: procedures.iter().map(|code| (*code).into()).collect(),
            agencies: agencies.iter().map(|code| (*code).into()).collect(),
        }
    }

    #[test]
    fn filters_are_by_procedure_and_by_agency_with_those_below_it() {
        assert!(wanted(&[], &[], &[]).concerns(&owner()));
        assert!(wanted(&[], &["CO.D"], &["G02"]).concerns(&owner()));
        assert!(!wanted(&[], &["ENERGY.LABEL"], &[]).concerns(&owner()));
        assert!(!wanted(&[], &[], &["G02.002", "H26"]).concerns(&owner()));
        let nothing = Resource::default();
        assert!(!wanted(&[], &["CO.D"], &[]).concerns(&nothing));
        assert!(!wanted(&[], &[], &["G02"]).concerns(&nothing));
    }

    #[test]
    fn a_filter_gives_nothing_that_the_rights_do_not() {
        let caller = Caller {
            subject: "c1".into(),
            roles: vec![Role::Clerk],
            agency: Some("G02.001".into()),
            predecessors: Vec::new(),
            on_behalf_of: None,
            mandate: None,
            credential: None,
        };
        let all = wanted(&["intake.*"], &[], &[]);
        let received = |caller: &Caller, kind| {
            all.received(&all.patterns(), caller, (kind, Topic::Dossier), &owner())
        };
        assert_eq!(received(&caller, "intake.DossierAccepted.v1"), Some(Role::Clerk));
        assert_eq!(received(&caller, "payment.FeeAssessed.v1"), None, "not wanted");
        let elsewhere = Caller { agency: Some("H26".into()), ..caller };
        assert_eq!(received(&elsewhere, "intake.DossierAccepted.v1"), None, "no right");
    }

    #[test]
    fn everything_that_is_wrong_with_filters_is_told_at_once() {
        let many: Vec<&str> = vec!["payment.*"; KINDS_MAX];
        let mut kinds = vec!["nothing.Such.v1"];
        kinds.extend(many);
        let found = wanted(&kinds, &[], &["g02"]).findings();
        let pointers: Vec<&str> = found.iter().map(|one| &*one.pointer).collect();
        assert_eq!(pointers, ["/kinds/0", "/agencies/0", "/kinds"]);
    }
}
