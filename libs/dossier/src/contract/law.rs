//! Events of the law itself: what is in force is recorded like everything that is done under it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AgencyCode, Channel, Subject, events, payload};

/// What a file of rules is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RulesKind {
    /// The working time of agencies.
    Calendar,
    /// The agencies and what they go by.
    Agencies,
    /// The periods for complaints.
    Complaints,
    /// What holds for money, whatever it is for.
    Payments,
    /// A list of codes, such as communes or chemicals.
    Codes,
    /// A procedure.
    Procedure,
}

impl RulesKind {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Agencies => "agencies",
            Self::Complaints => "complaints",
            Self::Payments => "payments",
            Self::Codes => "codes",
            Self::Procedure => "procedure",
        }
    }
}

payload! {
    /// A file of rules was issued: from this event on it belongs to the law by which everything is computed. When it takes
    /// effect, which may be earlier or later, stands in the file.
    RulesIssued {
        /// What it is about.
        kind: RulesKind,
        /// Its name among those of its kind, for example the code of a procedure.
        name: String,
        /// Counts up with every change.
        version: u32,
        /// On what it rests.
        legal_basis: String,
        /// The whole file, so that whoever has the log has the law.
        text: String,
        /// Who proposed it, where it took a second person to issue it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject>,
    }
    /// A file of rules was proposed: it has no effect until a second person signs it, which is then recorded as
    /// `RulesIssued`.
    RulesProposed {
        /// What it is about.
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        /// The number that it has used up, whatever becomes of it.
        version: u32,
        /// On what it rests.
        legal_basis: String,
        /// The whole file.
        text: String,
    }
    /// A proposed file of rules was not signed.
    RulesRejected {
        /// What it is about.
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        /// Its number.
        version: u32,
        /// Why.
        reason: String,
    }
    /// Somebody wants an issued file of rules taken back that two persons had to issue: it stays law until a second person agrees,
    /// which is then recorded as `RulesWithdrawn`.
    RulesWithdrawalProposed {
        /// What it is about.
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        /// Its number.
        version: u32,
        /// Why.
        reason: String,
    }
    /// A file of rules was taken back before it was in force: it is no law at any time.
    RulesWithdrawn {
        /// What it is about.
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        /// Its number.
        version: u32,
        /// Why.
        reason: String,
    }
    /// Systems are out of order, or will be: the clocks of the agencies and ways of filing that this hits stand still
    /// (Decree 224/2026/NĐ-CP, art. 13; Decree 99/2022/NĐ-CP, art. 16).
    OutageDeclared {
        /// Which.
        outage: Uuid,
        /// The agency that is hit, with those below it.
        agency: AgencyCode,
        /// The ways of filing that are hit; all if empty.
        channels: Vec<Channel>,
        /// Since when.
        from: Timestamp,
        /// Until when; absent while that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Timestamp>,
        /// Whether it was planned.
        planned: bool,
        /// When the public was told.
        notice_at: Timestamp,
        /// In words for the public.
        reason: String,
    }
    /// A period other than that for the decision ends later than was said, because of outages, or of days off that were
    /// announced since it began. Recorded by the service whose period it is.
    PeriodExtended {
        /// Which: the kind of the obligation.
        period: String,
        /// When it ends.
        due_at: Timestamp,
        /// When it was said to end.
        was_due_at: Timestamp,
        /// The outages that lie in it.
        outages: Vec<Uuid>,
    }
    /// Everything works again: the clocks run on.
    OutageEnded {
        /// Which.
        outage: Uuid,
        /// Since when.
        to: Timestamp,
    }
}

events! {
    /// The events of the law.
    pub enum LawEvent {
        RulesIssued = "law.RulesIssued.v1",
        RulesProposed = "law.RulesProposed.v1",
        RulesRejected = "law.RulesRejected.v1",
        RulesWithdrawalProposed = "law.RulesWithdrawalProposed.v1",
        RulesWithdrawn = "law.RulesWithdrawn.v1",
        OutageDeclared = "law.OutageDeclared.v1",
        OutageEnded = "law.OutageEnded.v1",
    }
}

impl RulesProposed {
    /// What would be issued.
    #[must_use]
    pub fn rules(&self) -> RulesIssued {
        let Self { kind, name, version, legal_basis, text } = self.clone();
        RulesIssued { kind, name, version, legal_basis, text, proposed_by: None }
    }
}

impl From<RulesIssued> for RulesProposed {
    fn from(rules: RulesIssued) -> Self {
        let RulesIssued { kind, name, version, legal_basis, text, .. } = rules;
        Self { kind, name, version, legal_basis, text }
    }
}
