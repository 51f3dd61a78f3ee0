//! The register of dossiers, form 07: the dossiers that an agency received in a period (Circular
//! 03/2025/TT-VPCP, annex I).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::applicant::Applicant;
use super::slips::{channel, delivery};
use super::{Form, Office, Paper, PaperLanguage};
use crate::access::{May, agency};
use crate::contract::{AgencyCode, DossierId, Role};
use crate::intake::{Intake, Stage};
use crate::law::{Issuer, Law};

/// Permissions to read the register, which has the names of applicants.
pub const READ_BOOK: &[May] = &[agency(Role::Clerk), agency(Role::Approver), agency(Role::Auditor)];

/// A page of the register of an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Book {
    /// Code of the agency.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// Vietnamese name of the agency.
    #[schema(example = "Cục Xuất nhập khẩu")]
    pub agency_name: String,
    /// First day of the period.
    pub from: Date,
    /// Last day of the period.
    pub to: Date,
    /// Number of dossiers on this page.
    pub count: usize,
    /// Dossiers, in the order of their submission.
    pub dossiers: Vec<BookRow>,
}

/// A dossier in the register. Times are local to the agency; erased values are `[đã xóa]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BookRow {
    /// Id of the dossier.
    pub dossier: DossierId,
    /// Code of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// Vietnamese name of the procedure.
    #[schema(example = "Cấp Giấy chứng nhận xuất xứ hàng hóa ưu đãi mẫu D")]
    pub procedure_name: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub applicant: Applicant,
    /// Filing channel, in words.
    #[schema(example = "Trực tuyến")]
    pub channel: String,
    /// How the result reaches the applicant, in words.
    #[schema(example = "Nhận tại Bộ phận Tiếp nhận và Trả kết quả")]
    pub delivery: String,
    /// Local time of the submission.
    #[schema(example = "2026-11-20T09:00:00")]
    pub submitted_at: String,
    /// Local time of the acceptance; null if it was not accepted.
    #[schema(example = "2026-11-20T10:00:00")]
    pub accepted_at: Option<String>,
    /// The appointment, in words; null if there is none.
    #[schema(example = "hết ngày 30/11/2026")]
    pub due: Option<String>,
    /// Local time of the end of its handling; null while it is handled.
    #[schema(example = "2026-11-27T10:00:00")]
    pub ended_at: Option<String>,
    /// Its stage, in words.
    #[schema(example = "Đang giải quyết")]
    pub stage: String,
}

/// The row of a dossier. `None` if nothing was submitted, or agency or procedure is unknown.
#[must_use]
pub fn book_row(intake: &Intake, law: &Law) -> Option<BookRow> {
    let submission = intake.submission.as_ref()?;
    let brief = &submission.brief;
    let office = Office::of(law, &brief.agency, brief.submitted_at, None)?;
    let promised = intake.promised.as_ref().map(|promised| promised.promise.due_at);
    Some(BookRow {
        dossier: brief.dossier,
        code: brief.code.to_string(),
        procedure_name: law.procedure(&brief.procedure)?.name.vi.clone(),
        applicant: Applicant::of(brief, &submission.form, &mut false),
        channel: PaperLanguage::Vietnamese.pick(channel(brief.channel)).to_owned(),
        delivery: PaperLanguage::Vietnamese.pick(delivery(brief.delivery.channel)).to_owned(),
        submitted_at: office.local(brief.submitted_at),
        accepted_at: intake.accepted_at.map(|at| office.local(at)),
        due: promised.map(|due_at| office.end(due_at)),
        ended_at: intake.ended_at().map(|at| office.local(at)),
        stage: stage(intake.stage()).to_owned(),
    })
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Empty => "",
        Stage::Submitted => "Chờ tiếp nhận",
        Stage::Processing => "Đang giải quyết",
        Stage::Decided => "Đã có kết quả",
        Stage::Refused => "Từ chối tiếp nhận",
        Stage::Withdrawn => "Dừng theo đề nghị",
        Stage::Closed(_) => "Đã kết thúc",
    }
}

/// A page of the register, printed `now`. `None` if the registry has no such agency.
#[must_use]
pub fn book(
    (agency, from, to): (&AgencyCode, Date, Date),
    dossiers: Vec<BookRow>,
    (law, now): (&Law, Timestamp),
) -> Option<(Book, Paper)> {
    let agency_name = law.agency(agency)?.name.vi.clone();
    let count = dossiers.len();
    let book = Book { agency: agency.to_string(), agency_name, from, to, count, dossiers };
    let issuer = Issuer { law, agency, at: now };
    let paper = Paper::new(Form::Register07, (&book, false), &issuer, None)?;
    Some((book, paper))
}

#[cfg(test)]
mod tests;
