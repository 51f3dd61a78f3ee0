//! A complaint that repeats an earlier one is merged into it. The earlier one is handled, and all
//! complainants read its answer. A merged complaint has no period of its own; its complainant may
//! reopen it once the earlier one is answered, and the agency may separate it again.

use jiff::Timestamp;

use super::Complaint;
use crate::access::agency;
use crate::contract::{AgencyCode, ComplaintEvent, ComplaintId, ComplaintMerged, Role};
use crate::step::{Command, Decision, Facts, Step, refusals};

/// Merges a complaint into an earlier one.
#[derive(Debug, Clone)]
pub struct MergeComplaint {
    /// The complaint that is handled, as found in the store; `None` if there is none that the
    /// agency handles.
    pub into: Option<Survivor>,
}

/// The complaint into which another one is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    pub complaint: ComplaintId,
    pub agency: AgencyCode,
    pub received_at: Timestamp,
    /// Whether it has something to be done.
    pub open: bool,
    pub about_data: bool,
    /// The complaint into which it was merged itself.
    pub merged_into: Option<ComplaintId>,
}

impl Survivor {
    /// The facts about a complaint that a merger depends on; `None` if it was not filed.
    #[must_use]
    pub fn of(complaint: &Complaint) -> Option<Self> {
        let filed = complaint.filed.as_ref()?;
        Some(Self {
            complaint: filed.complaint,
            agency: complaint.agency()?.clone(),
            received_at: complaint.received_at()?,
            open: complaint.is_open(),
            about_data: complaint.is_about_data(),
            merged_into: complaint.merged_into(),
        })
    }
}

refusals! {
    /// Refusals of `merge_complaint`.
    pub enum Refusal {
        NotOpen => 409, "complaint-not-to-be-merged",
            "chỉ gộp phản ánh đang chờ phân loại hoặc trả lời tại cơ quan này",
            "only a complaint that waits for its classification or answer by this agency is merged";
        Unknown => 422, "unknown-complaint" at "/into",
            "không có phản ánh này tại cơ quan", "the agency handles no such complaint";
        Itself => 422, "merged-into-itself" at "/into",
            "không gộp phản ánh vào chính nó", "a complaint cannot be merged into itself";
        SurvivorMerged(String) => 422, "survivor-merged" at "/into",
            "phản ánh đó đã được gộp; hãy gộp vào", "that complaint was merged itself; merge into";
        SurvivorDone => 422, "survivor-answered" at "/into",
            "phản ánh đó đã được trả lời xong; hãy trả lời phản ánh này riêng",
            "that complaint has been answered; answer this one by itself";
        Later => 422, "survivor-later" at "/into",
            "phản ánh đó được nhận sau; hãy gộp nó vào phản ánh này",
            "that complaint was received later; merge it into this one instead";
        AboutData => 409, "personal-data-not-merged",
            "yêu cầu về dữ liệu cá nhân được trả lời riêng cho từng người",
            "requests about personal data are answered to each person separately";
    }
}

impl Command for MergeComplaint {
    type State = Complaint;
    type Refusal = Refusal;
    const STEP: Step = Step {
        name: "merge_complaint",
        basis: "20/2008/NĐ-CP Điều 9",
        may: &[agency(Role::ComplaintHandler)],
        events: &["feedback.ComplaintMerged.v1"],
        refusals: Refusal::ALL,
    };

    /// The order of receipt excludes circles. Of two that were received at the same instant, either
    /// is merged into the other; should that happen at once, one has to be separated.
    fn decide(
        &self,
        complaint: &Complaint,
        facts: &Facts<'_>,
    ) -> Result<Decision<ComplaintEvent>, Refusal> {
        let waits = complaint.is_open() && !complaint.is_answered();
        let own = Survivor::of(complaint).filter(|_| waits && complaint.is_for(facts));
        let own = own.ok_or(Refusal::NotOpen)?;
        let Some(into) = &self.into else { return Err(Refusal::Unknown) };
        if into.complaint == own.complaint {
            return Err(Refusal::Itself);
        }
        let own_agency = facts.actor.agency.as_ref();
        if !own_agency.is_some_and(|own| facts.law.reaches(own, &into.agency, facts.at)) {
            return Err(Refusal::Unknown);
        }
        if own.about_data || into.about_data {
            return Err(Refusal::AboutData);
        }
        if let Some(other) = into.merged_into {
            return Err(Refusal::SurvivorMerged(other.to_string()));
        }
        if !into.open {
            return Err(Refusal::SurvivorDone);
        }
        if into.received_at > own.received_at {
            return Err(Refusal::Later);
        }
        Ok(Decision::event(ComplaintMerged { into: into.complaint }))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::feedback::answer_complaint::tests::answered;
    use crate::feedback::file_complaint::tests::{filed, requested};
    use crate::testing::{Scene, at, law};

    pub(crate) fn survivor(received: &str) -> Survivor {
        Survivor {
            complaint: ComplaintId(Uuid::from_u128(2)),
            agency: "G02.001".into(),
            received_at: at(received),
            open: true,
            about_data: false,
            merged_into: None,
        }
    }

    pub(crate) fn merge(
        scene: &mut Scene<'_, Complaint>,
        into: Survivor,
    ) -> Result<Vec<ComplaintEvent>, Refusal> {
        let merge = MergeComplaint { into: Some(into) };
        scene.execute("2026-11-20T10:00", Role::ComplaintHandler, merge)
    }

    #[test]
    fn a_duplicate_is_merged_into_an_earlier_open_complaint_of_the_agency() {
        let law = law();
        let earlier = || survivor("2026-11-19T09:00");
        let other = ComplaintId(Uuid::from_u128(9));
        for (into, refusal) in [
            (Survivor { agency: "H26.14".into(), ..earlier() }, Refusal::Unknown),
            (Survivor { complaint: ComplaintId(Uuid::from_u128(3)), ..earlier() }, Refusal::Itself),
            (
                Survivor { merged_into: Some(other), ..earlier() },
                Refusal::SurvivorMerged(other.to_string()),
            ),
            (Survivor { open: false, ..earlier() }, Refusal::SurvivorDone),
            (survivor("2026-11-20T09:01"), Refusal::Later),
            (Survivor { about_data: true, ..earlier() }, Refusal::AboutData),
        ] {
            assert_eq!(merge(&mut filed(&law), into), Err(refusal));
        }
        let mut scene = filed(&law);
        merge(&mut scene, earlier()).unwrap();
        assert!(scene.open().is_empty(), "the period of the other one counts");
        assert_eq!(merge(&mut scene, earlier()), Err(Refusal::NotOpen));
        assert_eq!(merge(&mut answered(&law), earlier()), Err(Refusal::NotOpen));
        assert_eq!(merge(&mut requested(&law), earlier()), Err(Refusal::AboutData));
    }
}
