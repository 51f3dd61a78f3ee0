//! A consulted agency stayed silent: reported to the head of the one-stop unit, and it holds nothing up any more.
//! Decree 61/2018/NĐ-CP, art. 19.5.

use super::Review;
use crate::clock::{Running, late_by_ms};
use crate::contract::{ConsultationSilent, ReviewEvent};
use crate::step::{Facts, Step};

/// The obligation that leads here.
pub const KIND: &str = "consultation";

/// This step, which the service takes itself.
pub const STEP: Step = Step {
    name: "miss_consultation",
    service: "review",
    basis: "61/2018/NĐ-CP Điều 19.5",
    may: &[],
    events: &["review.ConsultationSilent.v1", "review.PeriodExtended.v1"],
    refusals: &[],
};

/// Decides; nothing if no answer is overdue.
#[must_use]
pub fn decide(review: &Review, facts: &Facts<'_>) -> Vec<ReviewEvent> {
    let overdue = review.next_silent().filter(|(_, running)| running.due_at <= facts.at);
    let silent = overdue.map(|(consultation, Running { due_at, .. })| {
        let late_by_ms = late_by_ms(due_at, facts.at);
        let asked_at = review.consultations.get(&consultation).map(|asked| asked.asked_at);
        ConsultationSilent { consultation, due_at, late_by_ms, asked_at }.into()
    });
    silent.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::review::consult_agency::tests::consulted;
    use crate::step::LawError;
    use crate::testing::law;

    #[test]
    fn silence_is_reported_once() {
        let law = law();
        let (mut scene, _) = consulted(&law);
        let step = |s: &Review, f: &Facts<'_>| Ok::<_, LawError>(decide(s, f));
        assert!(scene.step("2026-11-26T23:59", Role::System, step).unwrap().is_empty());
        assert_eq!(scene.step("2026-11-27T00:00", Role::System, step).unwrap().len(), 1);
        assert!(scene.step("2026-11-28T00:00", Role::System, step).unwrap().is_empty());
    }
}
