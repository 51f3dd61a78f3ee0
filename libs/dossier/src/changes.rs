//! The change feed: which events a caller receives. It has the kind, the time and the subject of an
//! event and none of its data; the readers of the subject's timeline receive it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::{
    self, Caller, May, Resource, agency, any, complained, consulted, informed, own,
};
use crate::contract::Role;
use crate::services::Category;
use crate::{feedback, intake, mandates, timeline};

/// Permissions to follow changes. [`role`] decides which of them a caller receives.
pub const FOLLOW: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    consulted(Role::Consultee),
    complained(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// Permissions of a consulted agency, which cannot read the timeline.
const CONSULTED: &[May] = &[consulted(Role::Consultee)];

/// The kinds of events that a consulted agency receives.
const OF_CONSULTATIONS: &[&str] = &[
    "review.ConsultationRequested.v1",
    "review.ConsultationAnswered.v1",
    "review.ConsultationSilent.v1",
];

/// Permissions of an agency that received a dossier for the deciding one. It cannot read the
/// timeline, and nothing of the review.
const RECEIVED: &[May] = &[informed(Role::Clerk), informed(Role::Cashier)];

/// The first parts of the kinds of events that a receiving agency receives.
const OF_RECEIVED: &[&str] = &["intake.", "payment.", "delivery."];

/// What the events of a stream are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Dossier,
    Complaint,
    /// A mandate. Its events are for those who may read it, and not for who acts by one.
    Mandate,
    /// The rules and the outages.
    Law,
}

impl Topic {
    /// What the events of a category are about; `None` if the feed leaves them out.
    #[must_use]
    pub fn of(category: Category) -> Option<Self> {
        if Category::OF_A_DOSSIER.contains(&category) {
            return Some(Self::Dossier);
        }
        let is_law = matches!(category, Category::Law | Category::Outage);
        if is_law {
            return Some(Self::Law);
        }
        if category == Category::Mandate {
            return Some(Self::Mandate);
        }
        (category == Category::Complaint).then_some(Self::Complaint)
    }
}

/// The kinds of events in the feed, in the order of the procedure.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let included = Category::ALL.into_iter().filter(|category| Topic::of(*category).is_some());
    let all = included.filter_map(Category::events).flat_map(|events| events.kinds).copied();
    // The two categories of the law have the same set.
    let mut known = BTreeSet::new();
    all.filter(move |kind| known.insert(*kind))
}

/// Kinds of events in a filter: one, or all of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Kind(Arc<str>),
    /// The first part of a kind with its dot.
    Source(Arc<str>),
}

impl Pattern {
    /// A kind, or `payment.*` for all of a source. `None` if the feed has no such kind.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        match text.strip_suffix('*') {
            Some(source) if source.ends_with('.') => kinds()
                .any(|kind| kind.starts_with(source) && kind.matches('.').count() > 1)
                .then(|| Self::Source(source.into()))
                .filter(|_| source.matches('.').count() == 1),
            _ => kinds().any(|kind| kind == text).then(|| Self::Kind(text.into())),
        }
    }

    /// Whether a kind is one of them.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        match self {
            Self::Kind(known) => **known == *kind,
            Self::Source(source) => kind.starts_with(&**source),
        }
    }

    /// With what the kinds begin.
    #[must_use]
    pub fn prefix(&self) -> Arc<str> {
        let (Self::Kind(text) | Self::Source(text)) = self;
        Arc::clone(text)
    }
}

/// The role in which `caller` receives an event of this kind; `None` if the event is left out.
/// `owner` is who owns the dossier or the complaint now, as opposed to when the event was recorded.
/// The law has no owner: all officers receive its events.
#[must_use]
pub fn role(caller: &Caller, kind: &str, topic: Topic, owner: &Resource) -> Option<Role> {
    let decided = |mays| access::decide(caller, mays, Some(owner)).ok().map(|actor| actor.role);
    let role = match topic {
        Topic::Dossier => decided(intake::READ_TIMELINE)
            .or_else(|| OF_CONSULTATIONS.contains(&kind).then(|| decided(CONSULTED)).flatten())
            .or_else(|| {
                let is_theirs = OF_RECEIVED.iter().any(|source| kind.starts_with(source));
                is_theirs.then(|| decided(RECEIVED)).flatten()
            }),
        Topic::Complaint => decided(feedback::READ),
        Topic::Mandate if caller.mandate.is_some() => None,
        Topic::Mandate => decided(mandates::READ),
        Topic::Law => {
            let mut roles = FOLLOW.iter().map(|may| may.role).filter(|role| role.is_officer());
            roles.find(|role| caller.roles.contains(role))
        }
    };
    role.filter(|role| !timeline::hides(*role, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ComplaintEvent, EventSet, ReviewEvent};

    const ACCEPTED: &str = "intake.DossierAccepted.v1";

    fn caller(role: Role, subject: &str, agency: Option<&str>) -> Caller {
        Caller {
            subject: subject.into(),
            roles: vec![role],
            agency: agency.map(Into::into),
            predecessors: Vec::new(),
            on_behalf_of: None,
            mandate: None,
            credential: None,
        }
    }

    fn owner() -> Resource {
        Resource {
            owners: vec!["a1".into()],
            agencies: vec!["G02.001".into()],
            consulted: vec!["H01".into()],
            complained: vec!["H26".into()],
            informed: vec!["H26.101".into()],
            ..Resource::default()
        }
    }

    fn receives(caller: &Caller, kind: &str, topic: Topic) -> bool {
        role(caller, kind, topic, &owner()).is_some()
    }

    #[test]
    fn the_applicant_and_the_agency_with_those_above_it_receive_the_changes_of_a_dossier() {
        let receives_it = |caller: Caller| receives(&caller, ACCEPTED, Topic::Dossier);
        assert!(receives_it(caller(Role::Applicant, "a1", None)));
        assert!(!receives_it(caller(Role::Applicant, "a2", None)));
        for (agency, expected) in [("G02.001", true), ("G02", true), ("G02.002", false)] {
            for role in [Role::Clerk, Role::Reviewer, Role::Approver, Role::Cashier, Role::Auditor]
            {
                assert_eq!(
                    receives_it(caller(role, "o1", Some(agency))),
                    expected,
                    "{role:?} {agency}"
                );
            }
        }
        assert!(receives_it(caller(Role::Operator, "o1", None)));
        assert!(receives_it(caller(Role::ComplaintHandler, "o1", Some("H26"))));
        assert!(!receives_it(caller(Role::ComplaintHandler, "o1", Some("G02"))));
        assert!(!receives_it(caller(Role::Carrier, "a1", None)));
    }

    #[test]
    fn an_officer_receives_changes_of_their_own_dossier_only_as_its_applicant() {
        let mut clerk = caller(Role::Clerk, "a1", Some("G02"));
        assert!(!receives(&clerk, ACCEPTED, Topic::Dossier));
        clerk.roles.push(Role::Applicant);
        let as_role = role(&clerk, ACCEPTED, Topic::Dossier, &owner());
        assert_eq!(as_role, Some(Role::Applicant));
    }

    #[test]
    fn a_consulted_agency_receives_its_consultations_and_nothing_else() {
        let consultee = caller(Role::Consultee, "c1", Some("H01"));
        let asked: Vec<&str> =
            kinds().filter(|kind| receives(&consultee, kind, Topic::Dossier)).collect();
        assert_eq!(asked, OF_CONSULTATIONS);
        assert!(OF_CONSULTATIONS.iter().all(|kind| ReviewEvent::KINDS.contains(kind)));
        let elsewhere = caller(Role::Consultee, "c1", Some("H02"));
        assert!(!receives(&elsewhere, OF_CONSULTATIONS[0], Topic::Dossier));
    }

    #[test]
    fn a_receiving_agency_receives_changes_of_the_dossier_and_none_of_the_review() {
        let clerk = caller(Role::Clerk, "c1", Some("H26.101"));
        for (kind, expected) in [
            (ACCEPTED, true),
            ("payment.FeeAssessed.v1", true),
            ("delivery.ResultIssued.v1", true),
            ("review.ReviewOpened.v1", false),
            (OF_CONSULTATIONS[0], false),
        ] {
            assert!(kinds().any(|known| known == kind), "{kind}");
            assert_eq!(receives(&clerk, kind, Topic::Dossier), expected, "{kind}");
        }
        assert!(!receives(
            &caller(Role::Reviewer, "r1", Some("H26.101")),
            ACCEPTED,
            Topic::Dossier
        ));
        assert!(!receives(&caller(Role::Clerk, "c1", Some("H26.102")), ACCEPTED, Topic::Dossier));
    }

    #[test]
    fn a_complainant_does_not_receive_internal_events_of_the_agency() {
        let complainant = caller(Role::Applicant, "a1", None);
        let handler = caller(Role::ComplaintHandler, "h1", Some("G02.001"));
        for kind in ComplaintEvent::KINDS {
            let hidden = feedback::INTERNAL.contains(kind);
            assert_eq!(receives(&complainant, kind, Topic::Complaint), !hidden, "{kind}");
            assert!(receives(&handler, kind, Topic::Complaint), "{kind}");
        }
        assert!(!receives(&caller(Role::Clerk, "c1", Some("G02.001")), ACCEPTED, Topic::Complaint));
    }

    #[test]
    fn all_officers_receive_changes_of_the_law_and_applicants_and_partners_do_not() {
        for one in Role::CALLERS {
            let receives_it = receives(&caller(one, "x", None), "law.RulesIssued.v1", Topic::Law);
            assert_eq!(receives_it, one.is_officer(), "{one:?}");
        }
    }

    #[test]
    fn every_role_that_receives_changes_may_follow() {
        let all =
            intake::READ_TIMELINE.iter().chain(CONSULTED).chain(RECEIVED).chain(feedback::READ);
        for may in all {
            assert!(FOLLOW.iter().any(|known| known.role == may.role), "{may:?}");
        }
    }

    #[test]
    fn every_kind_is_listed_once_and_none_of_the_directory_or_the_engine() {
        let all: Vec<&str> = kinds().collect();
        let distinct: BTreeSet<&str> = all.iter().copied().collect();
        assert!(all.len() == distinct.len() && all.contains(&ACCEPTED) && all.len() > 60);
        for category in Category::ALL.into_iter().filter(|one| Topic::of(*one).is_none()) {
            let kinds = category.events().map_or(&[][..], |events| events.kinds);
            assert!(kinds.iter().all(|kind| !all.contains(kind)), "{category}");
        }
    }
}
