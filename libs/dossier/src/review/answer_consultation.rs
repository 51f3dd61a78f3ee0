//! A consulted agency answers. Decree 61/2018/NĐ-CP, art. 19.5. A late answer still counts; the silence stays in the record.

use super::{Consultation, Review};
use crate::access::consulted;
use crate::contract::{ConsultationAnswered, ConsultationId, Personal, ReviewEvent, Role};
use crate::step::{Facts, Step, refusals};

/// This step.
pub const STEP: Step = Step {
    name: "answer_consultation",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.5",
    may: &[consulted(Role::Consultee)],
    events: &["review.ConsultationAnswered.v1"],
    refusals: Refusal::ALL,
};

refusals! {
    /// Why an answer is not taken.
    pub enum Refusal {
        NotAsked => 409, "no-consultation-awaited",
            "không có yêu cầu lấy ý kiến đang mở", "no such consultation is open";
        AnotherAgency => 409, "consultation-of-another-agency",
            "yêu cầu lấy ý kiến gửi cơ quan khác", "another agency was asked";
    }
}

/// Decides.
pub fn decide(
    review: &Review,
    consultation: ConsultationId,
    (agrees, answer): (bool, String),
    facts: &Facts<'_>,
) -> Result<Vec<ReviewEvent>, Refusal> {
    let Some(Consultation { requested, asked_at, .. }) = review.consultations.get(&consultation)
    else {
        return Err(Refusal::NotAsked);
    };
    let own = facts.actor.agency.as_ref();
    if !own.is_some_and(|own| facts.law.reaches(own, &requested.agency, facts.at)) {
        return Err(Refusal::AnotherAgency);
    }
    let answer = Personal::from(answer);
    let asked_at = Some(*asked_at);
    Ok(vec![ConsultationAnswered { consultation, agrees, answer, asked_at }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Actor;
    use uuid::Uuid;

    use crate::review::cancel_review;
    use crate::review::consult_agency::tests::consulted;
    use crate::step::{Reacted, State};
    use crate::testing::law;

    #[test]
    fn only_the_agency_that_was_asked_answers_and_once() {
        let law = law();
        let (mut scene, id) = consulted(&law);
        let mut answer = |agency: &str| {
            scene.step("2026-11-23T09:00", Role::Consultee, |s, f| {
                let actor = Actor { agency: Some(agency.into()), ..f.actor.clone() };
                decide(s, id, (true, "agreed".to_owned()), &Facts { actor: &actor, ..*f })
            })
        };
        assert_eq!(answer("G02.003"), Err(Refusal::AnotherAgency));
        answer("H26.14").unwrap();
        assert_eq!(answer("H26.14"), Err(Refusal::NotAsked));
    }

    #[test]
    fn an_agency_reads_the_dossier_until_it_has_answered_or_the_review_ends_and_its_answer_for_ever()
     {
        let law = law();
        let (mut answered, id) = consulted(&law);
        let answer = |s: &Review, f: &Facts<'_>| {
            let agency = Some("H26.14".into());
            let actor = Actor { agency, ..f.actor.clone() };
            decide(s, id, (true, "agreed".to_owned()), &Facts { actor: &actor, ..*f })
        };
        answered.step("2026-11-23T09:00", Role::Consultee, answer).unwrap();
        let (mut cancelled, _) = consulted(&law);
        let cancel = |s: &Review, _: &Facts<'_>| match cancel_review::decide(s, Uuid::nil()) {
            Reacted::Done(events) => Ok(events),
            Reacted::NotYet => Err("not yet"),
        };
        cancelled.step("2026-11-23T09:00", Role::System, cancel).unwrap();
        for (over, said) in [(answered.state, Some("agreed")), (cancelled.state, None)] {
            assert_eq!(over.consulting().count(), 0);
            assert!(over.resource().unwrap().consulted.contains(&"H26.14".into()));
            let closed = &over.closed_consultations[&id];
            assert_eq!(closed.requested.question.known().map(String::as_str), Some("agreed?"));
            let answer = closed.answer.as_ref().and_then(|answer| answer.answer.known());
            assert_eq!(answer.map(String::as_str), said);
        }
    }
}
