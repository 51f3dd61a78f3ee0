//! Events of the directories of agencies: their units, officers and absences.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AbsenceId, AgencyCode, Personal, ProcedureCode, Role, Subject, UnitCode};
use super::{events, payload};

/// The rule by which a unit's reviews are assigned to its officers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentRule {
    /// Officers claim reviews themselves.
    None,
    /// Evenly over the officers who are present, by a digest of the dossier's id.
    Spread,
    /// To the present officer with the fewest undecided reviews.
    LeastLoad,
}

/// How the officer of a review was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assigned {
    /// By [`AssignmentRule::Spread`].
    Spread,
    /// By [`AssignmentRule::LeastLoad`].
    LeastLoad,
    /// By another officer: an approver, or the head of the unit.
    Officer,
}

payload! {
    /// A unit of an agency was recorded, or recorded anew from a later day.
    UnitRecorded for Staff {
        agency: AgencyCode,
        /// Its code within the agency.
        unit: UnitCode,
        name: String,
        /// The officer who heads it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<Subject>,
        /// The procedures whose dossiers it reviews; all of the agency if empty.
        #[serde(default)]
        procedures: Vec<ProcedureCode>,
        /// How its reviews are assigned.
        assignment: AssignmentRule,
        /// The first day.
        from: Date,
        /// The last day; absent if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Date>,
    }
    /// An officer of an agency was recorded, or recorded anew from a later day. It grants no
    /// access: the roles of a caller are those of the token.
    OfficerRecorded for Staff {
        agency: AgencyCode,
        /// The subject of the officer's tokens.
        officer: Subject,
        name: Personal<String>,
        unit: UnitCode,
        /// The work that the officer may be given.
        roles: Vec<Role>,
        /// The first day.
        from: Date,
        /// The last day; absent if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Date>,
    }
    /// An officer is, or will be, absent.
    AbsenceRecorded for Staff {
        agency: AgencyCode,
        absence: AbsenceId,
        officer: Subject,
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
        /// The officer who acts in the absent one's place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deputy: Option<Subject>,
    }
    /// An absence ended early, or was cancelled before it began.
    AbsenceEnded for Staff {
        agency: AgencyCode,
        absence: AbsenceId,
        /// The new last day; absent if it was cancelled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Date>,
    }
}

events! {
    /// The events of the directory of an agency.
    pub enum DirectoryEvent {
        UnitRecorded = "directory.UnitRecorded.v1",
        OfficerRecorded = "directory.OfficerRecorded.v1",
        AbsenceRecorded = "directory.AbsenceRecorded.v1",
        AbsenceEnded = "directory.AbsenceEnded.v1",
    }
}

impl DirectoryEvent {
    /// The agency whose directory it is.
    #[must_use]
    pub const fn agency(&self) -> &AgencyCode {
        match self {
            Self::UnitRecorded(event) => &event.agency,
            Self::OfficerRecorded(event) => &event.agency,
            Self::AbsenceRecorded(event) => &event.agency,
            Self::AbsenceEnded(event) => &event.agency,
        }
    }
}
