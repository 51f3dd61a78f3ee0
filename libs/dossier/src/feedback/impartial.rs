//! Who may not handle a complaint: a party to the dossier that it is about, and an officer whose
//! own act it is about. Law 36/2018/QH14, art. 23, on conflicts of interest.

use uuid::Uuid;

use crate::access::Caller;
use crate::contract::{Actor, Brief, ComplaintFiled};
use crate::step::Step;

/// The conflict of interest of an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The officer, or the party for whom the officer acts, is a party to the dossier.
    Party,
    /// The complaint is about an act of the officer.
    OwnStep,
}

/// An event of the dossier, with its actor.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub id: Uuid,
    pub kind: &'a str,
    pub actor: &'a Actor,
    /// Id of the event that caused this one.
    pub cause: Option<Uuid>,
}

/// The dossier that a complaint is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The brief; `None` if the dossier was not found.
    pub brief: Option<&'a Brief>,
    /// All events of the dossier.
    pub acts: &'a [Act<'a>],
    /// The steps of all services that act on dossiers.
    pub steps: &'a [&'a [Step]],
}

/// The conflict of interest of `caller` for a complaint about this dossier, if any. An event that
/// the system recorded is attributed to the officer whose act caused it. A complaint that names no
/// event, or none that can be attributed to an officer, concerns all acts of officers.
#[must_use]
pub fn conflict(filed: &ComplaintFiled, about: About<'_>, caller: &Caller) -> Option<Conflict> {
    let About { brief, acts, steps } = about;
    let own = |brief: &Brief| {
        brief.is_party(&caller.subject)
            || caller.on_behalf_of.as_ref().is_some_and(|firm| brief.is_party(firm))
    };
    if brief.is_some_and(own) {
        return Some(Conflict::Party);
    }
    let own = |act: &&Act<'_>| act.actor.role.is_officer() && act.actor.subject.is(&caller.subject);
    let meant = meant(filed, steps, acts).unwrap_or_else(|| acts.iter().collect());
    meant.iter().any(own).then_some(Conflict::OwnStep)
}

/// The acts that a complaint is about; `None` if it concerns all acts of officers.
fn meant<'a>(
    filed: &ComplaintFiled,
    steps: &[&[Step]],
    acts: &'a [Act<'a>],
) -> Option<Vec<&'a Act<'a>>> {
    let step = filed.step.as_deref().and_then(|name| by_officers(steps, name));
    let alike = acts.iter().filter(|act| step.is_some_and(|s| s.events.contains(&act.kind)));
    let mut alike: Vec<&Act<'_>> = alike.collect();
    if let Some(event) = filed.event {
        let named = acts.iter().find(|act| act.id == event)?;
        alike.push(by_whom(named, acts)?);
        return Some(alike);
    }
    step?;
    let by: Vec<_> = alike.iter().filter_map(|act| by_whom(act, acts)).collect();
    if by.is_empty() && !alike.is_empty() {
        return None;
    }
    alike.extend(by);
    Some(alike)
}

/// The act of an officer that led to `act`, which may be `act` itself; `None` if there is none.
fn by_whom<'a>(act: &'a Act<'a>, acts: &'a [Act<'a>]) -> Option<&'a Act<'a>> {
    let mut act = act;
    // Causes are earlier events; the bound ends the search if a log contains a cycle.
    for _ in acts {
        if act.actor.role.is_officer() {
            return Some(act);
        }
        act = acts.iter().find(|earlier| Some(earlier.id) == act.cause)?;
    }
    None
}

/// The step with this name, or with an event of this kind, if officers execute it.
fn by_officers<'a>(steps: &[&'a [Step]], name: &str) -> Option<&'a Step> {
    let is_named = |step: &&Step| step.name == name || step.events.contains(&name);
    let named = steps.iter().copied().flatten().find(is_named);
    named.filter(|step| step.may.iter().any(|may| may.role.is_officer()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ComplaintEvent, EventSet, Role};
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::{actor, law};

    fn filed(step: Option<&str>) -> ComplaintFiled {
        let sample = include_str!("../../../../schemas/samples/feedback.ComplaintFiled.v1.json");
        let decoded = ComplaintEvent::decode("feedback.ComplaintFiled.v1", sample).unwrap();
        let ComplaintEvent::ComplaintFiled(filed) = decoded else { panic!("{decoded:?}") };
        ComplaintFiled { step: step.map(ToOwned::to_owned), ..filed }
    }

    fn handler(subject: &str, on_behalf_of: Option<&str>) -> Caller {
        Caller {
            subject: subject.into(),
            roles: vec![Role::ComplaintHandler],
            agency: Some("G02".into()),
            predecessors: Vec::new(),
            on_behalf_of: on_behalf_of.map(Into::into),
            mandate: None,
            credential: None,
        }
    }

    fn act<'a>(id: u128, kind: &'a str, actor: &'a Actor, cause: Option<u128>) -> Act<'a> {
        Act { id: Uuid::from_u128(id), kind, actor, cause: cause.map(Uuid::from_u128) }
    }

    #[test]
    fn what_the_system_recorded_is_the_step_of_whoever_it_followed() {
        let by = |role, subject: &str| Actor { subject: subject.into(), ..actor(role) };
        let (applicant, system) = (by(Role::Applicant, "a1"), by(Role::System, "intake"));
        let (clerk, reviewer) = (by(Role::Clerk, "c1"), by(Role::Reviewer, "r1"));
        let (approver, provider) = (by(Role::Approver, "p1"), by(Role::PaymentProvider, "vnpay"));
        let acts = [
            act(1, "intake.DossierSubmitted.v1", &applicant, None),
            act(2, "intake.DossierAccepted.v1", &clerk, None),
            act(3, "review.SupplementNeeded.v1", &reviewer, None),
            act(4, "intake.SupplementRequested.v1", &system, Some(3)),
            act(5, "review.DecisionApproved.v1", &approver, None),
            act(6, "intake.DossierDecided.v1", &system, Some(5)),
            act(7, "intake.DossierClosed.v1", &system, Some(6)),
            act(8, "intake.DeadlineMissed.v1", &system, None),
            act(9, "intake.LatenessForeseen.v1", &system, Some(99)),
            act(10, "intake.SupplementSubmitted.v1", &system, Some(1)),
            act(11, "payment.PaymentCaptured.v1", &provider, None),
            act(12, "intake.FeeReceived.v1", &system, Some(11)),
        ];
        let steps: &[&[Step]] =
            &[crate::intake::STEPS, crate::review::STEPS, crate::payment::STEPS];
        let about = About { brief: None, acts: &acts, steps };
        for (event, own) in [
            (2, vec!["c1"]),
            (3, vec!["r1"]),
            (4, vec!["r1"]),
            (6, vec!["p1"]),
            (7, vec!["p1"]),
            (8, vec!["c1", "p1", "r1"]),
            (9, vec!["c1", "p1", "r1"]),
            (10, vec!["c1", "p1", "r1"]),
            (11, vec!["c1", "p1", "r1"]),
            (12, vec!["c1", "p1", "r1"]),
            (77, vec!["c1", "p1", "r1"]),
        ] {
            let kind = acts.get(event - 1).map_or("intake.DossierAccepted.v1", |act| act.kind);
            let event = Some(Uuid::from_u128(event as u128));
            let filed = ComplaintFiled { event, ..filed(Some(kind)) };
            let may_not = |who: &&str| {
                conflict(&filed, about, &handler(who, None)) == Some(Conflict::OwnStep)
            };
            let found: Vec<&str> = ["c1", "h1", "p1", "r1"].into_iter().filter(may_not).collect();
            assert_eq!(found, own, "{kind}");
        }
        let by_name = |step, who| conflict(&filed(Some(step)), about, &handler(who, None));
        assert_eq!(
            by_name("request_supplement", "r1"),
            Some(Conflict::OwnStep),
            "without its event"
        );
        assert_eq!(by_name("request_supplement", "c1"), None);
        assert_eq!(by_name("take_notice", "c1"), Some(Conflict::OwnStep), "a partner's step");
    }

    #[test]
    fn nobody_deals_with_a_complaint_about_their_own_dossier_or_that_of_whom_they_act_for() {
        let law = law();
        let brief = brief(&law, "CO.D", "G02.001", "2026-11-20T09:00");
        let about = About { brief: Some(&brief), acts: &[], steps: &[] };
        let of = |caller| conflict(&filed(None), about, &caller);
        let applicant = brief.applicant.as_str();
        assert_eq!(of(handler(applicant, None)), Some(Conflict::Party));
        assert_eq!(of(handler("h1", Some(applicant))), Some(Conflict::Party));
        assert_eq!(of(handler("h1", None)), None);
    }

    #[test]
    fn nobody_deals_with_a_complaint_about_what_they_did_and_whoever_did_something_else_may() {
        let tester = actor(Role::Clerk);
        let applicant = actor(Role::Applicant);
        let acts = [
            act(1, "intake.DossierSubmitted.v1", &applicant, None),
            act(2, "intake.DossierAccepted.v1", &tester, None),
        ];
        let about = About { brief: None, acts: &acts, steps: &[crate::intake::STEPS] };
        let of = |step, who| conflict(&filed(step), about, &handler(who, None));
        assert_eq!(of(Some("accept_dossier"), "tester"), Some(Conflict::OwnStep));
        assert_eq!(of(Some("refuse_dossier"), "tester"), None, "that was somebody else");
        assert_eq!(of(None, "tester"), Some(Conflict::OwnStep), "about all of it");
        assert_eq!(of(Some("the telephone"), "tester"), Some(Conflict::OwnStep));
        assert_eq!(of(None, "h1"), None);
    }
}
