//! What was written about a dossier: earlier supplement requests, changes of the date, the
//! decision.

use dossier::contract::{AgencyCode, DecidedBy, DossierDecided, Outcome, Personal};
use dossier::intake::transfer_dossier::Transfer;
use dossier::intake::{DateChange, DateChangeKind, PastRequest};
use dossier::law::Law;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Due, WasDue};

/// A supplement request that is no longer open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PastSupplementReply {
    /// Number of the request within the dossier, from 1.
    pub request: u32,
    /// Codes of the requested components.
    #[schema(example = json!(["application-form"]))]
    pub components: Vec<String>,
    /// Written reason; null after its erasure, and for cashiers and operators.
    #[schema(example = "Thiếu trang 2")]
    pub reason: Option<String>,
    /// Time of the supplement; absent if the dossier ended without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
}

/// A change of the promised date by an authority.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DateChangeReply {
    /// Time at which it was recorded.
    pub at: Timestamp,
    /// Kind of change.
    pub kind: DateChangeKindReply,
    /// The earlier date.
    #[serde(flatten)]
    #[schema(inline)]
    pub was: WasDue,
    /// The new date.
    #[serde(flatten)]
    #[schema(inline)]
    pub due: Due,
    /// Written reason; null after its erasure, for cashiers and operators, and if another authority
    /// fixed the date.
    #[schema(example = "Phải kiểm tra lại tại cơ sở")]
    pub reason: Option<String>,
    /// Legal basis of an extension or of a fixed date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Điều 19.9 Nghị định 61/2018/NĐ-CP")]
    pub basis: Option<String>,
    /// The authority that fixed the date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Thủ tướng Chính phủ")]
    pub by: Option<String>,
}

/// How a promised date was changed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DateChangeKind)]
pub(crate) enum DateChangeKindReply {
    /// The agency apologised and gave a new date (form 04).
    Apology,
    /// The agency extended the period, as the procedure allows.
    Extension,
    /// Another authority fixed the date.
    Fixed,
}

/// A transfer of the dossier to another agency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DossierTransferReply)]
pub(crate) struct TransferReply {
    /// Time at which it was recorded.
    pub at: Timestamp,
    /// Code of the agency that transferred it.
    pub from: AgencyCode,
    /// Code of the agency that has had it since.
    pub to: AgencyCode,
    /// Written reason; null after its erasure, for cashiers and operators, and if a decision that
    /// the earlier agency had made already undid a transfer.
    #[schema(example = "Thuộc thẩm quyền của cơ quan khác")]
    pub reason: Option<String>,
}

impl From<&Transfer> for TransferReply {
    fn from(Transfer { at, from, to, reason, .. }: &Transfer) -> Self {
        Self { at: *at, from: from.clone(), to: to.clone(), reason: known(reason.as_ref()) }
    }
}

/// What was decided on a dossier, when and by whom.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DossierDecisionReply {
    /// Outcome of the decision.
    pub outcome: Outcome,
    /// Who decided.
    pub by: DecidedBy,
    /// Time of the decision.
    pub decided_at: Timestamp,
    /// Written reason; null if there is none, after its erasure, and for cashiers and operators.
    #[schema(example = "Hồ sơ đầy đủ, hợp lệ.")]
    pub reason: Option<String>,
}

pub(super) fn known(text: Option<&Personal<String>>) -> Option<String> {
    text.and_then(Personal::known).cloned()
}

impl From<&PastRequest> for PastSupplementReply {
    fn from(past: &PastRequest) -> Self {
        let PastRequest { request, answered_at } = past;
        Self {
            request: request.request,
            components: request.components.iter().map(ToString::to_string).collect(),
            reason: request.reason.known().cloned(),
            answered_at: *answered_at,
        }
    }
}

impl DateChangeReply {
    pub(super) fn new(change: &DateChange, law: &Law, agency: &AgencyCode) -> Self {
        Self {
            at: change.at,
            kind: match change.kind {
                DateChangeKind::Apology => DateChangeKindReply::Apology,
                DateChangeKind::Extension => DateChangeKindReply::Extension,
                DateChangeKind::Fixed => DateChangeKindReply::Fixed,
            },
            was: WasDue::of(law, agency, change.was_due_at),
            due: Due::of(law, agency, change.due_at),
            reason: known(change.reason.as_ref()),
            basis: change.basis.clone(),
            by: change.by.clone(),
        }
    }
}

impl From<&DossierDecided> for DossierDecisionReply {
    fn from(decided: &DossierDecided) -> Self {
        let DossierDecided { outcome, by, decided_at, .. } = decided;
        Self { outcome: *outcome, by: *by, decided_at: *decided_at, reason: None }
    }
}
