//! The control slip, form 06: who handled the dossier, from hand-over to hand-over, and whether in
//! time (Decree 61/2018/NĐ-CP, art. 19; Circular 03/2025/TT-VPCP, annex I). It accompanies the
//! dossier within the agency and is not shown to the applicant.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Form, Office, Paper};
use crate::access::{May, agency, any};
use crate::contract::{Actor, Brief, DossierId, Role, Subject};
use crate::law::{Issuer, Law};

/// Permissions to read the control slip.
pub const READ_CONTROL: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// What the control slip says. Times are local to the agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ControlSlip {
    /// Id of the dossier.
    pub dossier: DossierId,
    /// Code of the dossier.
    #[schema(example = "G02.001-261126-0200000042")]
    pub code: String,
    /// Vietnamese name of the agency.
    #[schema(example = "Cục Xuất nhập khẩu")]
    pub agency_name: String,
    /// Code of the procedure.
    #[schema(example = "CO.D")]
    pub procedure: String,
    /// Vietnamese name of the procedure.
    #[schema(example = "Cấp Giấy chứng nhận xuất xứ hàng hóa ưu đãi mẫu D")]
    pub procedure_name: String,
    /// Local time of the submission.
    #[schema(example = "2026-11-20T09:00:00")]
    pub submitted_at: String,
    /// The appointment, in words; null if there is none.
    #[schema(example = "hết ngày 30/11/2026")]
    pub due: Option<String>,
    /// Hand-overs and other steps, in their order.
    pub steps: Vec<ControlStep>,
}

/// A step of the handling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ControlStep {
    /// Local time.
    #[schema(example = "2026-11-20T10:00:00")]
    pub at: String,
    /// The step, in words.
    #[schema(example = "Tiếp nhận hồ sơ, hẹn trả kết quả")]
    pub step: String,
    /// Who took it: the officer's number, otherwise the part in the procedure.
    #[schema(example = "clerk-1")]
    pub by: String,
    /// Who has the dossier afterwards, for a hand-over.
    #[schema(example = "reviewer-2")]
    pub to: Option<String>,
    /// Whether it records a missed period.
    pub late: bool,
}

/// A recorded event of any service, as far as the slip shows it.
#[derive(Debug, Clone)]
pub struct Handled<'a> {
    /// For example `review.ReviewClaimed.v1`.
    pub kind: &'a str,
    pub at: Timestamp,
    pub actor: &'a Actor,
    /// The officer to whom a review is handed over.
    pub to: Option<Subject>,
}

/// The kinds of events that are steps on the slip, with their words, and whether they record a
/// missed period.
const STEPS: &[(&str, &str, bool)] = &[
    ("intake.DossierSubmitted.v1", "Nộp hồ sơ", false),
    ("intake.DossierAccepted.v1", "Tiếp nhận hồ sơ, hẹn trả kết quả", false),
    ("intake.DossierRefused.v1", "Từ chối tiếp nhận", false),
    ("intake.SupplementRequested.v1", "Yêu cầu bổ sung, hoàn thiện hồ sơ", false),
    ("intake.SupplementSubmitted.v1", "Nhận hồ sơ bổ sung", false),
    ("intake.FeeReceived.v1", "Ghi nhận phí, lệ phí đã nộp", false),
    ("intake.DossierTransferred.v1", "Chuyển hồ sơ đến cơ quan có thẩm quyền", false),
    ("intake.AppointmentMoved.v1", "Xin lỗi và hẹn lại ngày trả kết quả", false),
    ("intake.DeadlineExtended.v1", "Gia hạn giải quyết", false),
    ("intake.IntakeAnswerMissed.v1", "Quá hạn trả lời tiếp nhận", true),
    ("intake.DeadlineMissed.v1", "Quá hạn giải quyết", true),
    ("intake.DossierWithdrawn.v1", "Dừng giải quyết theo đề nghị của người nộp", false),
    ("intake.DossierClosed.v1", "Kết thúc hồ sơ", false),
    ("review.ReviewOpened.v1", "Chuyển bộ phận chuyên môn", false),
    ("review.ReviewClaimed.v1", "Nhận thụ lý", false),
    ("review.ReviewReturned.v1", "Trả lại bộ phận chuyên môn", false),
    ("review.ReviewHandedOver.v1", "Bàn giao hồ sơ", false),
    ("review.ActivityCompleted.v1", "Hoàn thành công việc", false),
    ("review.ActivityOverdue.v1", "Quá hạn công việc", true),
    ("review.ConsultationRequested.v1", "Lấy ý kiến cơ quan khác", false),
    ("review.ConsultationAnswered.v1", "Nhận ý kiến của cơ quan khác", false),
    ("review.ConsultationSilent.v1", "Cơ quan được lấy ý kiến không trả lời đúng hạn", true),
    ("review.VerificationRecorded.v1", "Thẩm tra, xác minh thực tế", false),
    ("review.SupplementNeeded.v1", "Đề nghị yêu cầu bổ sung hồ sơ", false),
    ("review.DecisionProposed.v1", "Trình dự thảo kết quả", false),
    ("review.ProposalRejected.v1", "Trả lại dự thảo kết quả", false),
    ("review.DecisionMade.v1", "Phê duyệt kết quả", false),
    ("delivery.ResultIssued.v1", "Ban hành kết quả, chuyển trả kết quả", false),
    ("delivery.ResultHandedToCarrier.v1", "Giao kết quả cho đơn vị chuyển phát", false),
    ("delivery.ParcelReturned.v1", "Đơn vị chuyển phát hoàn trả", false),
    ("delivery.ResultDelivered.v1", "Trả kết quả cho người nộp hồ sơ", false),
];

/// The control slip of a dossier. `events` are those of all services in their order; those that are
/// no steps are left out. `due_at` is the appointment in force. `now` determines the template.
/// `None` if agency or procedure is unknown.
#[must_use]
pub fn control_slip<'a>(
    brief: &Brief,
    due_at: Option<Timestamp>,
    events: impl IntoIterator<Item = Handled<'a>>,
    (law, now): (&Law, Timestamp),
) -> Option<(ControlSlip, Paper)> {
    let office = Office::of(law, &brief.agency, brief.submitted_at, None)?;
    let known = |event: &Handled<'_>| STEPS.iter().find(|(kind, ..)| *kind == event.kind);
    let steps = events.into_iter().filter_map(|event| {
        let (_, step, late) = known(&event)?;
        let by = match event.actor.role {
            Role::System => "Hệ thống".to_owned(),
            Role::Applicant => "Người nộp hồ sơ".to_owned(),
            Role::Carrier => "Đơn vị chuyển phát".to_owned(),
            Role::PaymentProvider => "Đơn vị thanh toán".to_owned(),
            Role::Clerk
            | Role::Reviewer
            | Role::Approver
            | Role::Cashier
            | Role::Consultee
            | Role::ComplaintHandler
            | Role::Auditor
            | Role::Operator => event.actor.subject.to_string(),
        };
        let (at, step) = (office.local(event.at), (*step).to_owned());
        Some(ControlStep { at, step, by, to: event.to.map(|to| to.to_string()), late: *late })
    });
    let slip = ControlSlip {
        dossier: brief.dossier,
        code: brief.code.to_string(),
        procedure: brief.procedure.code.to_string(),
        procedure_name: law.procedure(&brief.procedure)?.name.vi.clone(),
        submitted_at: office.local(brief.submitted_at),
        due: due_at.map(|due_at| office.end(due_at)),
        steps: steps.collect(),
        agency_name: office.name,
    };
    let issuer = Issuer { law, agency: &brief.agency, at: now };
    let paper = Paper::new(Form::Control06, (&slip, false), &issuer, None)?;
    Some((slip, paper))
}

#[cfg(test)]
mod tests;
