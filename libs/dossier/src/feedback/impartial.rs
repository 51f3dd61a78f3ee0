//! Who may not deal with a complaint: a party to the dossier that it is about, and an officer whose own step it is about. Law
//! 36/2018/QH14, art. 23, on conflicts of interest.

use crate::access::Caller;
use crate::contract::{Actor, Brief, ComplaintFiled, Role};
use crate::step::Step;

/// Why somebody may not deal with a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The dossier is their own, or that of whom they act for.
    Party,
    /// It is about what they did themselves.
    OwnStep,
}

/// What was recorded of the dossier, and who did it.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The kind of the event.
    pub kind: &'a str,
    /// Who.
    pub actor: &'a Actor,
}

/// What is known of the dossier that a complaint is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Its brief.
    pub brief: Option<&'a Brief>,
    /// What was recorded of it.
    pub acts: &'a [Act<'a>],
    /// The steps that may be taken on a dossier, of all services.
    pub steps: &'a [&'a [Step]],
}

/// Why `caller` may not deal with a complaint about this dossier; nothing if there is no reason. One that names no step, or
/// none that an officer takes, is about all that officers did.
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
    let step = filed.step.as_deref().and_then(|name| by_officers(steps, name));
    let meant = |kind: &str| step.is_none_or(|step| step.events.contains(&kind));
    let officer = |role: Role| !matches!(role, Role::Applicant | Role::System);
    acts.iter()
        .any(|act| {
            officer(act.actor.role) && act.actor.subject == caller.subject && meant(act.kind)
        })
        .then_some(Conflict::OwnStep)
}

/// The step of this name, or that leads to an event of this kind, if an officer takes it.
fn by_officers<'a>(steps: &[&'a [Step]], name: &str) -> Option<&'a Step> {
    let is_named = |step: &&Step| step.name == name || step.events.contains(&name);
    let named = steps.iter().copied().flatten().find(is_named);
    named.filter(|step| step.may.iter().any(|may| may.role != Role::Applicant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ComplaintEvent, EventSet};
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
        }
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
            Act { kind: "intake.DossierSubmitted.v1", actor: &applicant },
            Act { kind: "intake.DossierAccepted.v1", actor: &tester },
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
