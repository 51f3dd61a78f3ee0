//! A verification on site is recorded: time, place, participants and findings. Decree
//! 61/2018/NĐ-CP, arts 19.2 and 19.3. Where the procedure does not count that time, the deadline
//! moves by it.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Review;
use crate::access::agency;
use crate::clock::words;
use crate::contract::{ReviewEvent, Role, VerificationRecorded};
use crate::law::Finding;
use crate::step::{Command, Decision, Facts, Step, refusals};
use crate::text::Text;

/// Records a verification on site.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordVerificationRequest)]
pub struct RecordVerification {
    /// When the verification began.
    pub from: Timestamp,
    /// When it ended; not in the future.
    pub to: Timestamp,
    /// The place, at most 500 characters.
    pub place: Text<500>,
    /// The participants, at most 2000 characters.
    pub participants: Text<2000>,
    /// The findings, at most 4000 characters.
    pub findings: Text<4000>,
}

refusals! {
    /// Why a verification cannot be recorded.
    pub enum Refusal {
        NotYours => 409, "review-not-with-you",
            "hồ sơ không do bạn thụ lý", "you are not the officer in charge of this review";
        NotOver => 422, "verification-not-over" at "/to",
            "thời gian xác minh phải có đầu có cuối và đã kết thúc",
            "a verification must begin before it ends, and have ended";
    }
}

impl Command for RecordVerification {
    type State = Review;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "record_verification",
        basis: "61/2018/NĐ-CP Điều 19.2, 19.3",
        may: &[agency(Role::Reviewer)],
        events: &["review.VerificationRecorded.v1"],
        refusals: Refusal::ALL,
    };

    fn decide(&self, review: &Review, facts: &Facts<'_>) -> Result<Decision<ReviewEvent>, Refusal> {
        if !review.is_open() || !review.is_handled_by(facts.actor) {
            return Err(Refusal::NotYours);
        }
        let Self { from, to, ref place, ref participants, ref findings } = *self;
        if from >= to || to > facts.at {
            return Err(Refusal::NotOver);
        }
        if let Some(brief) = review.brief.as_ref().filter(|brief| from < brief.submitted_at) {
            let calendar = facts.rule()?.calendar;
            let (begun, filed) =
                (words::moment(calendar, from), words::moment(calendar, brief.submitted_at));
            let what = calendar::Text::new(
                format!("{} ở trước lúc nộp hồ sơ {}", begun.vi, filed.vi),
                format!("{} is before {}, when the dossier was submitted", begun.en, filed.en),
            );
            return Err(Refusal::Impossible(vec![Finding::said("/from", what)]));
        }
        let (place, participants) = (place.personal(), participants.personal());
        let findings = findings.personal();
        Ok(Decision::event(VerificationRecorded { from, to, place, participants, findings }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::claim_review::tests::claimed;
    use crate::testing::{Scene, at, law};

    fn verified(scene: &mut Scene<'_, Review>, from: &str, to: &str) -> Result<(), Refusal> {
        let command = RecordVerification {
            from: at(from),
            to: at(to),
            place: "xưởng".into(),
            participants: "A, B".into(),
            findings: "đạt".into(),
        };
        scene.execute("2026-11-25T17:00", Role::Reviewer, command).map(|_| ())
    }

    #[test]
    fn a_verification_is_recorded_once_it_is_over() {
        let law = law();
        let mut scene = claimed(&law);
        let ahead = verified(&mut scene, "2026-11-26T08:00", "2026-11-26T11:00");
        assert_eq!(ahead, Err(Refusal::NotOver));
        let backwards = verified(&mut scene, "2026-11-25T11:00", "2026-11-25T08:00");
        assert_eq!(backwards, Err(Refusal::NotOver));
        let early = verified(&mut scene, "2026-11-18T08:00", "2026-11-25T11:00");
        let Err(Refusal::Impossible(faults)) = early else {
            panic!("before its submission: {early:?}")
        };
        assert_eq!(faults[0].pointer, "/from");
        assert!(faults[0].en.contains("when the dossier was submitted"), "{}", faults[0].en);
        verified(&mut scene, "2026-11-25T08:00", "2026-11-25T11:00").unwrap();
        assert_eq!(scene.kinds().last(), Some(&"VerificationRecorded"));
    }
}
