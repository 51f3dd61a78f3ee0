//! Events of mandates, by which one party acts for another, and of the credentials of firms'
//! programs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    CredentialId, DocumentDigest, DocumentName, MandateId, Personal, ProcedureCode, Subject,
};
use super::{events, payload};

/// What a mandate is evidenced by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateEvidence {
    /// The principal declared it with their own account.
    Declaration,
    /// A contract of mandate (hợp đồng ủy quyền).
    Contract,
    /// A power of attorney (giấy ủy quyền) that is not notarised.
    PowerOfAttorney,
    /// A notarised or certified deed.
    Notarised,
}

/// A party to a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MandateParty {
    /// Who is represented.
    Principal,
    /// Who represents.
    Representative,
}

payload! {
    /// A person or firm granted another one a mandate. It has no effect until it is accepted.
    MandateGranted for Mandate {
        mandate: MandateId,
        /// The person or firm that is represented.
        principal: Subject,
        /// The person or firm that represents.
        representative: Subject,
        /// The procedures that it covers; all if empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        procedures: Vec<ProcedureCode>,
        /// The first instant at which it is no longer in force.
        ends_at: Timestamp,
        /// The first instant at which it can no longer be accepted.
        accept_by: Timestamp,
        evidence: MandateEvidence,
        /// The number of the notarial act, contract or power of attorney.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Personal<String>>,
        /// The notary, or the authority that certified it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certified_by: Option<Personal<String>>,
        /// The text of the power of attorney, or what it says beyond the other fields.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Personal<String>>,
        /// A copy of the evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentName>,
        /// The digest of that copy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document_sha256: Option<DocumentDigest>,
    }
    /// The representative accepted a mandate, which is in force from then on.
    MandateAccepted for Mandate {
        mandate: MandateId,
    }
    /// The representative declined a mandate.
    MandateDeclined for Mandate {
        mandate: MandateId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    }
    /// A party ended a mandate.
    MandateRevoked for Mandate {
        mandate: MandateId,
        /// Who ended it; an officer records it for the principal.
        by: MandateParty,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    }
    /// A mandate was not accepted in time, or its term ended.
    MandateExpired for Mandate {
        mandate: MandateId,
        /// Whether it had been accepted.
        accepted: bool,
    }
    /// A firm registered the account of a program that acts for it.
    CredentialRegistered for Credential {
        credential: CredentialId,
        /// The firm for which the program acts.
        firm: Subject,
        /// The subject of the program's tokens (OAuth 2.0 client credentials, RFC 6749, section
        /// 4.4).
        machine: Subject,
        /// What the firm calls the program.
        name: Personal<String>,
        /// The first instant at which it is no longer valid.
        ends_at: Timestamp,
    }
    /// A firm revoked the credential of a program.
    CredentialRevoked for Credential {
        credential: CredentialId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Personal<String>>,
    }
}

events! {
    /// What is recorded of a mandate, from its grant to its end.
    pub enum MandateEvent {
        MandateGranted = "mandate.MandateGranted.v1",
        MandateAccepted = "mandate.MandateAccepted.v1",
        MandateDeclined = "mandate.MandateDeclined.v1",
        MandateRevoked = "mandate.MandateRevoked.v1",
        MandateExpired = "mandate.MandateExpired.v1",
    }
}

events! {
    /// What is recorded of a program that acts for a firm.
    pub enum CredentialEvent {
        CredentialRegistered = "mandate.CredentialRegistered.v1",
        CredentialRevoked = "mandate.CredentialRevoked.v1",
    }
}
