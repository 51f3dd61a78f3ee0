use super::*;
use crate::law::assert_fields;
use crate::payment::assess_fee::tests::brief;
use crate::services::Category;
use crate::testing::{actor, at, law};

#[test]
fn the_control_slip_lists_every_hand_over_in_order() {
    let law = law();
    let brief = brief(&law, "CO.D", "G02.001", "2026-11-20T09:00");
    let by = |role: Role, subject: &str| Actor { subject: subject.into(), ..actor(role) };
    let (applicant, clerk) = (by(Role::Applicant, "a1"), by(Role::Clerk, "clerk-1"));
    let (reviewer, system) = (by(Role::Reviewer, "reviewer-1"), Actor::system("review"));
    let steps = [
        ("intake.DossierSubmitted.v1", "2026-11-20T09:00", &applicant, None),
        ("payment.FeeAssessed.v1", "2026-11-20T09:00", &system, None),
        ("intake.DossierAccepted.v1", "2026-11-20T10:00", &clerk, None),
        ("review.ReviewOpened.v1", "2026-11-20T10:00", &system, None),
        ("review.ReviewClaimed.v1", "2026-11-20T10:30", &reviewer, None),
        ("review.ReviewHandedOver.v1", "2026-11-20T11:00", &reviewer, Some("reviewer-2".into())),
        ("intake.DeadlineMissed.v1", "2026-11-20T16:00", &system, None),
    ];
    let handled =
        steps.map(|(kind, moment, actor, to)| Handled { kind, at: at(moment), actor, to });
    let due_at = Some(at("2026-11-20T16:00"));
    let (slip, paper) =
        control_slip(&brief, due_at, handled, (&law, at("2026-12-01T09:00"))).unwrap();
    assert_fields(&slip, Form::Control06.fields());
    assert_eq!(slip.steps.len(), 6, "an assessed fee is no step");
    assert!(slip.steps[5].late && !slip.steps[4].late);
    assert_eq!(slip.steps[4].to.as_deref(), Some("reviewer-2"));
    assert_eq!(paper.text(), include_str!("../golden/control-slip.txt"));
}

#[test]
fn every_step_of_the_slip_is_an_event_that_there_is() {
    let sets = Category::ALL.into_iter().filter_map(Category::events);
    let kinds: Vec<&str> = sets.flat_map(|events| events.kinds.iter().copied()).collect();
    for (kind, ..) in STEPS {
        assert!(kinds.contains(kind), "{kind}");
    }
}
