//! An open task, and those who have to act.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TaskKind;
use crate::contract::{AgencyCode, Subject};

/// Who has to act.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WaitingOn {
    /// The applicant or a representative.
    Applicant,
    /// A clerk of the one-stop unit.
    Clerk,
    /// The officer who has claimed the review; any reviewer while nobody has.
    Reviewer,
    /// An officer who may decide on a proposal, or issue the result.
    Approver,
    /// An officer who takes cash, refunds money or resolves discrepancies.
    Cashier,
    /// A consulted agency.
    Agency,
    /// A postal partner.
    Carrier,
    /// A payment provider.
    Provider,
    /// The service itself: a reaction that follows within seconds.
    System,
    /// Nobody: everything is done.
    Nobody,
}

impl WaitingOn {
    /// All values.
    pub const ALL: [Self; 10] = [
        Self::Applicant,
        Self::Clerk,
        Self::Reviewer,
        Self::Approver,
        Self::Cashier,
        Self::Agency,
        Self::Carrier,
        Self::Provider,
        Self::System,
        Self::Nobody,
    ];
}

/// Something that somebody has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub kind: TaskKind,
    /// The code of the activity or duty, the id of the consultation or proposal, or the number of
    /// the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The agency in which it has to be done.
    pub agency: AgencyCode,
    /// The agency that received the dossier for that one, if it may do it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<AgencyCode>,
    /// The officer who has it; absent if nobody has, and for the tasks of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Subject>,
    /// The officer who may not do it, because a second person has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_by: Option<Subject>,
    /// When it is due, if the law gives a period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whether the end of the period was recorded as missed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub missed: bool,
    /// Whether the dossier does not go on without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub blocks: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Task {
    pub(super) fn new(kind: TaskKind, agency: &AgencyCode) -> Self {
        Self {
            kind,
            subject: None,
            agency: agency.clone(),
            receiver: None,
            officer: None,
            not_by: None,
            due_at: None,
            missed: false,
            blocks: false,
        }
    }

    pub(super) fn due(mut self, due_at: impl Into<Option<Timestamp>>) -> Self {
        self.due_at = due_at.into();
        self
    }

    pub(super) fn or_by(mut self, receiver: Option<&AgencyCode>) -> Self {
        self.receiver = receiver.cloned();
        self
    }

    /// The agencies whose officers may do it.
    pub fn agencies(&self) -> impl Iterator<Item = &AgencyCode> + Clone {
        std::iter::once(&self.agency).chain(&self.receiver)
    }

    pub(super) fn missed(mut self, missed: bool) -> Self {
        self.missed = missed;
        self
    }

    pub(super) fn about(mut self, subject: impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    pub(super) fn blocking(mut self, blocks: bool) -> Self {
        self.blocks = blocks;
        self
    }

    /// Blocking tasks first, optional ones last, the soonest due first.
    pub(super) fn order(&self) -> (bool, bool, Timestamp, TaskKind) {
        let due_at = self.due_at.unwrap_or(Timestamp::MAX);
        (!self.blocks, self.kind.is_optional(), due_at, self.kind)
    }
}
