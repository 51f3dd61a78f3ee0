//! What officers wrote during a review, in its reply.

use dossier::contract::{ComponentCode, DecidedBy, DecisionMade, Personal, Subject};
use dossier::review::{CompletedActivity, Remark, RemarkKind, Verification};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An activity that was completed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompletedActivityReply {
    /// Time of completion.
    at: Timestamp,
    /// Code of the activity.
    #[schema(example = "appraisal")]
    activity: String,
    /// Officer who completed it.
    officer: Subject,
    /// The officer's note; null if there is none, after its erasure, and for operators.
    #[schema(example = "Đã đối chiếu tờ khai với hóa đơn")]
    note: Option<String>,
}

/// A verification on site.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationReply {
    /// Time at which it was recorded.
    at: Timestamp,
    /// Officer who recorded it.
    officer: Subject,
    /// Beginning of the verification.
    from: Timestamp,
    /// End of the verification.
    to: Timestamp,
    /// Place; null after its erasure, and for operators.
    #[schema(example = "Xưởng tại Nam Định")]
    place: Option<String>,
    /// Participants; null after its erasure, and for operators.
    #[schema(example = "Đại diện doanh nghiệp và hai cán bộ")]
    participants: Option<String>,
    /// Findings; null after its erasure, and for operators.
    #[schema(example = "Đủ điều kiện")]
    findings: Option<String>,
}

/// The reason that an officer gave for a step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemarkReply {
    /// Time of the step.
    at: Timestamp,
    /// Officer who took it.
    officer: Subject,
    /// What the officer did.
    step: RemarkStep,
    /// Officer to whom the review was handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Subject>,
    /// Codes of the missing components.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<ComponentCode>,
    /// Written reason; null after its erasure, and for operators.
    #[schema(example = "Nghỉ phép")]
    reason: Option<String>,
}

/// A step for which an officer gives a reason.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RemarkStep {
    /// The officer returned the review to the queue.
    Returned,
    /// The officer handed the review over.
    HandedOver,
    /// The officer needed a supplement.
    SupplementNeeded,
    /// The second officer rejected the proposal.
    ProposalRejected,
}

/// What was decided, when and by whom.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewDecisionReply {
    /// Who decided.
    by: DecidedBy,
    /// Time of the decision.
    decided_at: Option<Timestamp>,
    /// Written reason; null if there is none, after its erasure, and for operators.
    #[schema(example = "Hồ sơ đầy đủ, hợp lệ.")]
    reason: Option<String>,
}

fn known(text: Option<&Personal<String>>) -> Option<String> {
    text.and_then(Personal::known).cloned()
}

impl From<&CompletedActivity> for CompletedActivityReply {
    fn from(completed: &CompletedActivity) -> Self {
        Self {
            at: completed.at,
            activity: completed.activity.clone(),
            officer: completed.officer.clone(),
            note: known(completed.note.as_ref()),
        }
    }
}

impl CompletedActivityReply {
    pub(super) fn without_content(&mut self) {
        self.note = None;
    }
}

impl From<&Verification> for VerificationReply {
    fn from(verification: &Verification) -> Self {
        let Verification { at, officer, recorded } = verification;
        Self {
            at: *at,
            officer: officer.clone(),
            from: recorded.from,
            to: recorded.to,
            place: recorded.place.known().cloned(),
            participants: recorded.participants.known().cloned(),
            findings: recorded.findings.known().cloned(),
        }
    }
}

impl VerificationReply {
    pub(super) fn without_content(&mut self) {
        (self.place, self.participants, self.findings) = (None, None, None);
    }
}

impl From<&Remark> for RemarkReply {
    fn from(remark: &Remark) -> Self {
        let (step, to, components) = match &remark.kind {
            RemarkKind::Returned => (RemarkStep::Returned, None, Vec::new()),
            RemarkKind::HandedOver(to) => (RemarkStep::HandedOver, Some(to.clone()), Vec::new()),
            RemarkKind::SupplementNeeded(components) => {
                (RemarkStep::SupplementNeeded, None, components.clone())
            }
            RemarkKind::ProposalRejected => (RemarkStep::ProposalRejected, None, Vec::new()),
        };
        let (at, officer) = (remark.at, remark.officer.clone());
        Self { at, officer, step, to, components, reason: remark.reason.known().cloned() }
    }
}

impl RemarkReply {
    pub(super) fn without_content(&mut self) {
        self.reason = None;
    }
}

impl ReviewDecisionReply {
    pub(super) fn new(decision: &DecisionMade, decided_at: Option<Timestamp>) -> Self {
        Self { by: decision.by, decided_at, reason: known(decision.reason.as_ref()) }
    }

    pub(super) fn without_content(&mut self) {
        self.reason = None;
    }
}
