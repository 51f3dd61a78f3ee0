//! Events of the law itself: the rules in force are recorded like everything done under them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AgencyCode, Channel, Subject, events, payload};

/// What a file of rules contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RulesKind {
    /// The working time of agencies.
    Calendar,
    /// The agencies, and the calendar of each.
    Agencies,
    /// The periods for complaints.
    Complaints,
    /// The rules for money that hold for all procedures.
    Payments,
    /// A list of codes, for example communes or chemicals.
    Codes,
    /// A procedure with its form, documents and periods.
    Procedure,
    /// Targets of figures, and the rules by which figures are published.
    Figures,
    /// A template of a paper of an agency.
    Papers,
}

impl RulesKind {
    /// The name as it is recorded, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Agencies => "agencies",
            Self::Complaints => "complaints",
            Self::Payments => "payments",
            Self::Codes => "codes",
            Self::Procedure => "procedure",
            Self::Figures => "figures",
            Self::Papers => "papers",
        }
    }
}

payload! {
    /// A file of rules was issued: from this event on it is part of the law by which everything is
    /// computed. The file contains the day on which it takes effect, which may be earlier or later.
    RulesIssued for Rules {
        kind: RulesKind,
        /// Its name among those of its kind, for example the code of a procedure.
        name: String,
        /// Increases with every change.
        version: u32,
        /// The legal basis of the rules.
        legal_basis: String,
        /// The complete file, so that the log contains the law.
        text: String,
        /// Who proposed it, where issuing took a second person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposed_by: Option<Subject>,
    }
    /// A file of rules was proposed: it has no effect until a second person signs it, which is then
    /// recorded as `RulesIssued`.
    RulesProposed for Rules {
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        /// The version number, in use from now on whatever becomes of the proposal.
        version: u32,
        /// The legal basis of the rules.
        legal_basis: String,
        /// The complete file.
        text: String,
    }
    /// A proposed file of rules was rejected.
    RulesRejected for Rules {
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        version: u32,
        /// The written reason.
        reason: String,
    }
    /// The withdrawal of an issued file of rules was proposed, which two persons had to issue: it
    /// stays law until a second person agrees, which is then recorded as `RulesWithdrawn`.
    RulesWithdrawalProposed for Rules {
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        version: u32,
        /// The written reason.
        reason: String,
    }
    /// A file of rules was withdrawn before it was in force: it is never law.
    RulesWithdrawn for Rules {
        kind: RulesKind,
        /// Its name among those of its kind.
        name: String,
        version: u32,
        /// The written reason.
        reason: String,
    }
    /// Systems are out of order, or will be: the clocks of the affected agencies and channels stop
    /// (Decree 224/2026/NĐ-CP, art. 13; Decree 99/2022/NĐ-CP, art. 16).
    OutageDeclared for Everyone {
        outage: Uuid,
        /// The affected agency; the agencies below it are affected too.
        agency: AgencyCode,
        /// The affected channels of filing; all if empty.
        channels: Vec<Channel>,
        from: Timestamp,
        /// Absent while the end is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Timestamp>,
        planned: bool,
        /// When the public was informed.
        notice_at: Timestamp,
        /// The reason, for the public.
        reason: String,
    }
    /// A period other than that of the decision ends later than recorded before, because of
    /// outages, or of days off announced since it began. Recorded by the service whose period it
    /// is.
    PeriodExtended for Everyone {
        /// The kind of the obligation.
        period: String,
        /// The new end.
        due_at: Timestamp,
        /// The end recorded before.
        was_due_at: Timestamp,
        /// The outages within the period.
        outages: Vec<Uuid>,
    }
    /// An outage ended: the stopped clocks resume.
    OutageEnded for Everyone {
        outage: Uuid,
        /// The instant from which all systems work again.
        to: Timestamp,
    }
}

events! {
    /// The events of files of rules and outages.
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
    /// The event that issues this proposal.
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
