//! Replies that show a mandate or a credential, and the party that a caller is.

use dossier::RefusalEntry;
use dossier::access::Caller;
use dossier::contract::{
    AgencyCode, CredentialId, DocumentDigest, DocumentName, MandateEvidence, MandateId,
    MandateParty, Personal, ProcedureCode, Role, Subject,
};
use dossier::mandates::{Credential, Mandate, MandateStatus, last_day};
use engine::Loaded;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Problem, Reply};

/// A mandate is not the business of those who act by one.
pub(super) const ACTS_FOR_OTHERS: RefusalEntry = RefusalEntry {
    status: 403,
    code: "acts-under-mandate",
    vi: "hãy bỏ tiêu đề `Mandate`: ủy quyền chỉ do chính các bên xem và thay đổi",
    en: "omit the `Mandate` header: mandates are read and changed by their parties themselves",
};

/// The party that the caller is, who must not act by a mandate.
pub(super) fn party(caller: &Caller) -> Result<&Subject, Problem> {
    match caller.mandate {
        Some(_) => Err(Problem::new(ACTS_FOR_OTHERS)),
        None => Ok(caller.party()),
    }
}

/// A mandate as its parties and officers of its agencies read it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MandateReply {
    /// Id of the mandate.
    mandate: MandateId,
    /// The person or firm that is represented.
    principal: Subject,
    /// The person or firm that represents.
    #[schema(example = "0101234565")]
    representative: Subject,
    /// What the caller is; absent for officers.
    #[serde(skip_serializing_if = "Option::is_none")]
    you_are: Option<MandateParty>,
    /// Codes of the procedures that it covers; all if empty.
    procedures: Vec<ProcedureCode>,
    /// Stage of the mandate.
    status: MandateStatus,
    /// When it was granted.
    granted_at: Timestamp,
    /// First instant at which it can no longer be accepted.
    accept_by: Timestamp,
    /// First instant at which it is no longer in force.
    ends_at: Timestamp,
    /// Last day on which it is in force.
    ends_on: Date,
    /// When it was accepted; null if it was not.
    accepted_at: Option<Timestamp>,
    /// When it was declined, revoked or recorded as expired; null if it was not.
    ended_at: Option<Timestamp>,
    /// Why it was declined or revoked.
    #[schema(example = "việc đã xong")]
    end_reason: Option<String>,
    /// What it is evidenced by.
    evidence: MandateEvidence,
    /// Number of the deed.
    #[schema(example = "1234/2026/CC-SCC")]
    number: Option<String>,
    /// The notary, or the authority that certified it.
    #[schema(example = "Văn phòng công chứng Hà Nội")]
    certified_by: Option<String>,
    /// Text of the power of attorney.
    #[schema(example = "Ủy quyền nộp và nhận kết quả thủ tục C/O mẫu D")]
    text: Option<String>,
    /// Name of the copy of the evidence, for `GET /v1/mandates/{mandate}/documents/{document}`.
    document: Option<DocumentName>,
    /// SHA-256 of that copy.
    document_sha256: Option<DocumentDigest>,
    /// Agency whose clerk recorded it; absent if the principal granted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
}

impl MandateReply {
    fn new(mandate: &Mandate, caller: &Caller, now: Timestamp) -> Option<Self> {
        let granted = mandate.granted()?;
        let terms = &granted.terms;
        let text = |text: &Option<Personal<String>>| text.as_ref().and_then(|t| t.known().cloned());
        let is_applicant = caller.roles.contains(&Role::Applicant);
        let you_are = if terms.principal.is(caller.party()) {
            Some(MandateParty::Principal)
        } else {
            Some(MandateParty::Representative).filter(|_| terms.representative.is(caller.party()))
        };
        Some(Self {
            mandate: terms.mandate,
            principal: terms.principal.clone(),
            representative: terms.representative.clone(),
            you_are: you_are.filter(|_| is_applicant),
            procedures: terms.procedures.clone(),
            status: mandate.status(now),
            granted_at: granted.at,
            accept_by: terms.accept_by,
            ends_at: terms.ends_at,
            ends_on: last_day(terms.ends_at),
            accepted_at: mandate.accepted().map(|(at, _)| at),
            ended_at: mandate.ended_at(),
            end_reason: text(&mandate.reason),
            evidence: terms.evidence,
            number: text(&terms.number),
            certified_by: text(&terms.certified_by),
            text: text(&terms.text),
            document: terms.document.clone(),
            document_sha256: terms.document_sha256.clone(),
            agency: granted.agency.clone(),
        })
    }
}

/// A mandate as the body of a reply; 404 if there is none.
pub(super) fn of_mandate(
    loaded: &Loaded<Mandate>,
    caller: &Caller,
    now: Timestamp,
) -> Result<MandateReply, Problem> {
    MandateReply::new(&loaded.state, caller, now).ok_or_else(Problem::not_found)
}

/// 200 with a mandate.
pub(super) fn shown(
    loaded: &Loaded<Mandate>,
    caller: &Caller,
    now: Timestamp,
) -> Result<Reply, Problem> {
    let body = of_mandate(loaded, caller, now)?;
    Ok(Reply::ok(&body).version(loaded.version).position(loaded.position))
}

/// The credential of a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CredentialReply {
    /// Id of the credential, which the program sends in the header `Credential`.
    credential: CredentialId,
    /// The firm for which the program acts.
    #[schema(example = "0101234565")]
    firm: Subject,
    /// Subject of the program's tokens.
    #[schema(example = "machine-1")]
    machine: Subject,
    /// What the firm calls the program.
    #[schema(example = "Phần mềm khai báo")]
    name: Option<String>,
    /// Whether the program may act by it now.
    valid: bool,
    /// When it was registered.
    registered_at: Option<Timestamp>,
    /// First instant at which it is no longer valid.
    ends_at: Timestamp,
    /// Last day on which it is valid.
    ends_on: Date,
    /// When it was revoked; null if it was not.
    revoked_at: Option<Timestamp>,
    /// Why it was revoked.
    #[schema(example = "thay phần mềm")]
    revoked_because: Option<String>,
}

/// A credential as the body of a reply; 404 if there is none.
pub(super) fn of_credential(
    credential: &Credential,
    now: Timestamp,
) -> Result<CredentialReply, Problem> {
    let registered = credential.registered.as_ref().ok_or_else(Problem::not_found)?;
    Ok(CredentialReply {
        credential: registered.credential,
        firm: registered.firm.clone(),
        machine: registered.machine.clone(),
        name: registered.name.known().cloned(),
        valid: credential.valid(now).is_some(),
        registered_at: credential.registered_at,
        ends_at: registered.ends_at,
        ends_on: last_day(registered.ends_at),
        revoked_at: credential.revoked_at,
        revoked_because: credential.reason.as_ref().and_then(|reason| reason.known().cloned()),
    })
}
