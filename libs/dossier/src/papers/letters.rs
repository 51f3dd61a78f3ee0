//! The letter with the decision on a dossier and its reason: approval or refusal.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::applicant::Applicant;
use super::{Comparison, Form, Office, Paper, PaperLanguage, printed};
use crate::access::{May, agency, own};
use crate::contract::{DecidedBy, DecisionMade, Outcome, PaperIssued, Role};
use crate::intake::Intake;
use crate::law::{Issuer, Law};

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
    /// Name of the procedure in the version that applies.
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

/// The letter with a decision that was made at `at`, in a language. `intake` is the dossier, whose
/// form names the applicant. `None` if nothing was submitted, or the agency or procedure is
/// unknown.
#[must_use]
pub fn letter(
    decision: &DecisionMade,
    at: Timestamp,
    intake: &Intake,
    (law, language): (&Law, PaperLanguage),
) -> Option<(Letter, Paper)> {
    let form = match decision.outcome {
        Outcome::Approved => Form::Approval,
        Outcome::Refused => Form::Rejection,
    };
    let (letter, erased) = said(decision, at, intake, (law, PaperLanguage::Vietnamese))?;
    let issuer = Issuer { law, agency: &decision.brief.agency, at };
    let paper = Paper::new(form, (&letter, erased), &issuer, record_in(intake))?;
    if language == PaperLanguage::Vietnamese {
        return Some((letter, paper));
    }
    let (english, _) = said(decision, at, intake, (law, language))?;
    // A template of an agency may have no translation.
    let translated = Paper::translated(form, &english, (&paper, law));
    Some(translated.map_or((letter, paper), |translated| (english, translated)))
}

/// The record of the letter with a decision that intake is about to record.
pub(crate) fn letter_record(
    decision: &DecisionMade,
    at: Timestamp,
    intake: &Intake,
    law: &Law,
) -> Option<PaperIssued> {
    let (letter, paper) = letter(decision, at, intake, (law, PaperLanguage::Vietnamese))?;
    Some(paper.record(&letter.agency_name))
}

/// The comparison of the letter with a decision with its record; `intake` is the state after it
/// recorded the decision. `None` if there is no such record.
#[must_use]
pub fn verify_letter(
    decision: Option<&DecisionMade>,
    intake: &Intake,
    law: &Law,
) -> Option<Comparison> {
    record_in(intake)?;
    let at = intake.decision()?.decided_at;
    let made = letter(decision?, at, intake, (law, PaperLanguage::Vietnamese));
    Some(made.map_or(Comparison::Differs, |(_, paper)| paper.comparison()))
}

/// The record of the letter, with the decision in intake: review, which decides, does not know the
/// form that names the applicant.
fn record_in(intake: &Intake) -> Option<&PaperIssued> {
    intake.decision()?.paper.as_ref()
}

/// What a letter says in a language, and whether a value of it was erased.
fn said(
    decision: &DecisionMade,
    at: Timestamp,
    intake: &Intake,
    (law, language): (&Law, PaperLanguage),
) -> Option<(Letter, bool)> {
    let brief = &decision.brief;
    let procedure = law.procedure(&brief.procedure)?;
    let office = Office::of(law, &brief.agency, at, record_in(intake))?;
    let office = office.written_in(language, (law, &brief.agency, at));
    let mut erased = false;
    let applicant = Applicant::of(brief, &intake.submission.as_ref()?.form, &mut erased);
    let letter = Letter {
        outcome: decision.outcome,
        code: brief.code.to_string(),
        agency: brief.agency.to_string(),
        agency_name: office.name.clone(),
        procedure_name: language.of_text(&procedure.name).to_owned(),
        legal_basis: procedure.legal_basis.clone(),
        applicant,
        submitted_at: office.local(brief.submitted_at),
        decided_at: office.local(at),
        by_rule: decision.by == DecidedBy::Rule,
        reason: decision.reason.as_ref().map(|reason| printed(reason, &mut erased)),
    };
    Some((letter, erased))
}

#[cfg(test)]
mod tests;
