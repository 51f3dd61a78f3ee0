//! A consulted agency did not answer in time: reported to the head of the one-stop unit. The
//! consultation no longer delays the decision. Decree 61/2018/NĐ-CP, art. 19.5.

use super::Review;
use crate::clock::{Running, late_by_ms};
use crate::contract::{ConsultationSilent, ReviewEvent};
use crate::step::{Command, Decision, Facts, LawError, Step};

/// Records that a consulted agency did not answer in time.
#[derive(Debug, Clone, Copy)]
pub struct MissConsultation;

impl Command for MissConsultation {
    type State = Review;
    type Refusal = LawError;
    const STEP: Step = Step {
        name: "miss_consultation",
        basis: "61/2018/NĐ-CP Điều 19.5",
        may: &[],
        events: &["review.ConsultationSilent.v1", "review.PeriodExtended.v1"],
        refusals: &[],
    };

    /// Nothing, if no answer is overdue.
    fn decide(
        &self,
        review: &Review,
        facts: &Facts<'_>,
    ) -> Result<Decision<ReviewEvent>, LawError> {
        let overdue = review.next_silent().filter(|(_, running)| running.due_at <= facts.at);
        let silent = overdue.map(|(consultation, Running { due_at, .. })| {
            let late_by_ms = late_by_ms(due_at, facts.at);
            let asked_at = review.consultations.get(&consultation).map(|asked| asked.asked_at);
            ConsultationSilent { consultation, due_at, late_by_ms, asked_at }.into()
        });
        Ok(silent.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Role;
    use crate::review::consult_agency::tests::consulted;
    use crate::testing::law;

    #[test]
    fn silence_is_reported_once() {
        let law = law();
        let (mut scene, _) = consulted(&law);
        assert!(
            scene.execute("2026-11-26T23:59", Role::System, MissConsultation).unwrap().is_empty()
        );
        assert_eq!(
            scene.execute("2026-11-27T00:00", Role::System, MissConsultation).unwrap().len(),
            1
        );
        assert!(
            scene.execute("2026-11-28T00:00", Role::System, MissConsultation).unwrap().is_empty()
        );
    }
}
