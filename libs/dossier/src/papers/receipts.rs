//! Receipts for fees (Decree 254/2026/NĐ-CP, art. 23.2): phí and lệ phí apart, because they are
//! accounted for separately (Law 97/2015/QH13, arts 12 to 14).

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::applicant::Applicant;
use super::{Form, Office, Paper};
use crate::contract::{ReceiptIssued, Vnd};
use crate::intake::Intake;
use crate::law::{FeeKind, Issuer, Law};

/// What a receipt says. Amounts are in whole đồng; erased values are `[đã xóa]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// Symbol of the series of receipts.
    #[schema(example = "XNK-26E")]
    pub symbol: String,
    pub year: i16,
    /// Number within symbol and year, eight digits.
    #[schema(example = "00000017")]
    pub number: String,
    /// Code of the collecting agency.
    #[schema(example = "G02.001")]
    pub agency: String,
    /// Name of the collecting agency.
    #[schema(example = "Cục Xuất nhập khẩu")]
    pub agency_name: String,
    /// Tax code of the collecting agency; null if the registry has none.
    #[schema(example = "0101243150")]
    pub agency_tax_code: Option<String>,
    /// Code of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// Vietnamese name of the procedure.
    #[schema(example = "Cấp Giấy chứng nhận xuất xứ hàng hóa ưu đãi mẫu D")]
    pub procedure_name: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub payer: Applicant,
    /// Local time of the issue.
    #[schema(example = "2026-11-20T10:00:00")]
    pub issued_at: String,
    /// Lines of phí.
    pub phi: Vec<ReceiptLine>,
    /// Sum of the lines of phí.
    pub phi_vnd: Vnd,
    /// Lines of lệ phí.
    pub le_phi: Vec<ReceiptLine>,
    /// Sum of the lines of lệ phí.
    pub le_phi_vnd: Vnd,
    /// Fee of the dossier.
    pub total_vnd: Vnd,
    /// Amount received with this receipt.
    pub amount_vnd: Vnd,
    /// Whether it is only a part of the fee.
    pub is_part: bool,
}

/// A line of the fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceiptLine {
    /// Name of the fee.
    #[schema(example = "Phí cấp C/O")]
    pub name: String,
    /// Amount before the reduction.
    pub full_vnd: Vnd,
    /// Code of the reduction.
    #[schema(example = "digital-citizen")]
    pub reduction: Option<String>,
    /// Amount to pay.
    pub charged_vnd: Vnd,
}

/// The paper of a receipt that was issued at `at`. `intake` is the dossier when the money arrived,
/// whose form names the payer. `None` if nothing was submitted, or the agency or procedure is
/// unknown.
#[must_use]
pub fn receipt(
    issued: &ReceiptIssued,
    at: Timestamp,
    intake: &Intake,
    law: &Law,
) -> Option<(Receipt, Paper)> {
    let submission = intake.submission.as_ref()?;
    let office = Office::of(law, &issued.agency, at, issued.paper.as_ref())?;
    let mut erased = false;
    let payer = Applicant::of(&submission.brief, &submission.form, &mut erased);
    let of_kind = |kind: FeeKind| {
        let lines = issued.lines.iter().filter(|line| line.kind == kind);
        let lines: Vec<ReceiptLine> = lines
            .map(|line| ReceiptLine {
                name: line.name_vi.clone(),
                full_vnd: line.full,
                reduction: line.reduction.clone(),
                charged_vnd: line.charged,
            })
            .collect();
        let sum = Vnd::sum(lines.iter().map(|line| line.charged_vnd)).ok()?;
        Some((lines, sum))
    };
    let ((phi, phi_vnd), (le_phi, le_phi_vnd)) = (of_kind(FeeKind::Phi)?, of_kind(FeeKind::LePhi)?);
    let total_vnd = phi_vnd.plus(le_phi_vnd).ok()?;
    let receipt = Receipt {
        symbol: issued.symbol.clone(),
        year: issued.year,
        number: format!("{:08}", issued.number),
        agency: issued.agency.to_string(),
        agency_name: office.name.clone(),
        agency_tax_code: office.tax_code.clone(),
        code: submission.brief.code.to_string(),
        procedure_name: law.procedure(&submission.brief.procedure)?.name.vi.clone(),
        payer,
        issued_at: office.local(at),
        phi,
        phi_vnd,
        le_phi,
        le_phi_vnd,
        total_vnd,
        amount_vnd: issued.amount,
        is_part: issued.amount != total_vnd,
    };
    let issuer = Issuer { law, agency: &issued.agency, at };
    let paper = Paper::new(Form::Receipt, (&receipt, erased), &issuer, issued.paper.as_ref())?;
    Some((receipt, paper))
}

impl Paper {
    /// The record of a receipt's issue, for its event.
    #[must_use]
    pub fn record_of_receipt(&self, receipt: &Receipt) -> crate::contract::PaperIssued {
        let record = self.record(&receipt.agency_name);
        crate::contract::PaperIssued { agency_tax_code: receipt.agency_tax_code.clone(), ..record }
    }
}

#[cfg(test)]
mod tests;
