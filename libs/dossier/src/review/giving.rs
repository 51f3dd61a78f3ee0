//! Gives a review to an officer: by a claim, by a rule, or by another officer.

use super::{Review, due_at};
use crate::contract::{
    Assigned, Brief, Personal, ReviewClaimed, ReviewEvent, ReviewHandedOver, Role, Subject,
};
use crate::law::{Chosen, Loads, Unable, choose, unable};
use crate::step::{Collected, Decision, Facts, LawError, Reasons, Refuse};

/// The event by which an officer takes charge of an unclaimed review: the period of the next
/// activity begins.
pub(super) fn claimed(
    review: &Review,
    facts: &Facts<'_>,
    officer: Subject,
) -> Result<ReviewClaimed, LawError> {
    let rule = facts.rule()?;
    let next = review.next(rule, None);
    Ok(ReviewClaimed {
        officer,
        activity: next.map(|activity| activity.code.clone()),
        due_at: due_at(rule, next, facts.at),
        assigned: None,
        unit: None,
        among: None,
        load: None,
        reason: None,
    })
}

/// The event by which the rule of a unit assigns an unclaimed review; `None` if no rule does.
/// `returned` is the officer who returns it now.
pub(super) fn assigned_by_rule(
    review: &Review,
    brief: &Brief,
    facts: &Facts<'_>,
    (returned, loads): (Option<&Subject>, &Loads),
) -> Result<Option<ReviewEvent>, LawError> {
    let mut excluded = review.returned_by.clone();
    excluded.extend(returned.cloned());
    // A deputy who returns it is no candidate either.
    excluded.extend(returned.map(|_| facts.actor.subject.clone()));
    let Some(chosen) = choose(facts.law, brief, (&excluded, loads), facts.at) else {
        return Ok(None);
    };
    let Chosen { officer, rule, unit, among, load } = chosen;
    let claim = claimed(review, facts, officer)?;
    let (assigned, unit, among) = (Some(rule), Some(unit), Some(among));
    Ok(Some(ReviewClaimed { assigned, unit, among, load, ..claim }.into()))
}

/// Gives the review to another officer, unless something prevents it: a claimed one is handed over
/// and its period goes on, that of an unclaimed one begins. `party` refuses one who is a party to
/// the dossier.
pub(super) fn give<R: Refuse + From<Unable> + From<LawError>>(
    review: &Review,
    facts: &Facts<'_>,
    (to, reason): (Subject, Personal<String>),
    (party, several): (R, fn(Reasons) -> R),
) -> Result<Decision<ReviewEvent>, R> {
    let mut wrong = Collected::after(Reasons::default());
    if let Some(brief) = &review.brief {
        if brief.is_party(&to) {
            wrong.add(party);
        }
        for unable in unable(facts.law, &brief.agency, (&to, Role::Reviewer), facts.at) {
            wrong.add(R::from(unable));
        }
    }
    wrong.done(several)?;
    if review.officer.is_some() {
        return Ok(Decision::event(ReviewHandedOver { to, reason }));
    }
    let claim = claimed(review, facts, to)?;
    let (assigned, reason) = (Some(Assigned::Officer), Some(reason));
    Ok(Decision::event(ReviewClaimed { assigned, reason, ..claim }))
}
