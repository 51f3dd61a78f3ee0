//! The letter with the decision on a dossier and its reason: approval or refusal.

use ::papers::Fields;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::applicant::Applicant;
use super::{Form, Office, Paper, printed};
use crate::access::{May, agency, own};
use crate::contract::{DecidedBy, DecisionMade, Outcome, Role};
use crate::intake::Intake;
use crate::law::Law;

/// Permissions to read the letter.
pub const READ_LETTER: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
];

/// What the letter with a decision says. Times are local to the agency; erased values are `[đã
/// xóa]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Letter {
    pub outcome: Outcome,
    /// Code of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// Code of the deciding agency.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// Name of the deciding agency.
    #[schema(example = "Cục Xuất nhập khẩu")]
    pub agency_name: String,
    /// Vietnamese name of the procedure.
    #[schema(example = "Cấp Giấy chứng nhận xuất xứ hàng hóa ưu đãi mẫu D")]
    pub procedure_name: String,
    /// Legal basis of the procedure.
    #[schema(example = "Nghị định 31/2018/NĐ-CP Điều 15")]
    pub legal_basis: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub applicant: Applicant,
    /// Local time of the submission.
    #[schema(example = "2026-11-20T09:00:00")]
    pub submitted_at: String,
    /// Local time of the decision.
    #[schema(example = "2026-11-25T10:00:00")]
    pub decided_at: String,
    /// Whether a rule of the procedure decided, not officers.
    pub by_rule: bool,
    /// Written reason; null if a rule decided.
    #[schema(example = "Hồ sơ đáp ứng điều kiện")]
    pub reason: Option<String>,
}

/// The fields that templates of letters may use.
pub(super) const FIELDS: Fields = Fields {
    plain: &[
        "outcome",
        "code",
        "agency",
        "agency_name",
        "procedure_name",
        "legal_basis",
        "applicant_name",
        "applicant_code",
        "applicant_address",
        "applicant_phone",
        "representative",
        "submitted_at",
        "decided_at",
        "by_rule",
        "reason",
    ],
    lists: &[],
};

/// The letter with a decision that was made at `at`. `intake` is the dossier, whose form names the
/// applicant. `None` if nothing was submitted, or the agency or procedure is unknown.
#[must_use]
pub fn letter(
    decision: &DecisionMade,
    at: Timestamp,
    intake: &Intake,
    law: &Law,
) -> Option<(Letter, Paper)> {
    let brief = &decision.brief;
    let procedure = law.procedure(&brief.procedure)?;
    let office = Office::of(law, &brief.agency, at, None)?;
    let mut erased = false;
    let applicant = Applicant::of(brief, &intake.submission.as_ref()?.form, &mut erased);
    let letter = Letter {
        outcome: decision.outcome,
        code: brief.code.to_string(),
        agency: brief.agency.to_string(),
        agency_name: office.name.clone(),
        procedure_name: procedure.name.vi.clone(),
        legal_basis: procedure.legal_basis.clone(),
        applicant,
        submitted_at: office.local(brief.submitted_at),
        decided_at: office.local(at),
        by_rule: decision.by == DecidedBy::Rule,
        reason: decision.reason.as_ref().map(|reason| printed(reason, &mut erased)),
    };
    let form = match decision.outcome {
        Outcome::Approved => Form::Approval,
        Outcome::Refused => Form::Rejection,
    };
    let paper = Paper::new(form, &letter, erased, None)?;
    Some((letter, paper))
}

#[cfg(test)]
mod tests;
