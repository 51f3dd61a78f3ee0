//! The table of tasks: the step that does each, who has to act, and the roles in whose work queue
//! it is.

use calendar::Text;
use serde::{Deserialize, Serialize};

use super::WaitingOn;
use crate::contract::Role;
use crate::delivery::collect_result::CollectResult;
use crate::delivery::decide_renewal::DecideRenewal;
use crate::delivery::download_result::DownloadResult;
use crate::delivery::hand_to_carrier::HandToCarrier;
use crate::delivery::issue_result::IssueResult;
use crate::delivery::meet_duty::MeetDuty;
use crate::delivery::take_carrier_notice::TakeCarrierNotice;
use crate::feedback::rate_dossier::RateDossier;
use crate::intake::accept_dossier::AcceptDossier;
use crate::intake::fix_appointment::FixAppointment;
use crate::intake::move_appointment::MoveAppointment;
use crate::intake::submit_supplement::SubmitSupplement;
use crate::notes::read_messages::ReadMessages;
use crate::payment::answer_dispute::AnswerDispute;
use crate::payment::approve_entry::ApproveEntry;
use crate::payment::approve_refund::ApproveRefund;
use crate::payment::approve_resolution::ApproveResolution;
use crate::payment::refund_payment::RefundPayment;
use crate::payment::resolve_discrepancy::ResolveDiscrepancy;
use crate::payment::settle_debt::SettleDebt;
use crate::payment::start_payment::StartPayment;
use crate::payment::take_cash::TakeCash;
use crate::payment::take_notice::TakeNotice;
use crate::review::answer_consultation::AnswerConsultation;
use crate::review::approve_decision::ApproveDecision;
use crate::review::claim_review::ClaimReview;
use crate::review::complete_activity::CompleteActivity;
use crate::review::propose_decision::ProposeDecision;
use crate::step::{Command, Step};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal, $step:ty, $who:ident, [$($role:ident),*], $vi:literal, $en:literal;)+) => {
        /// What has to be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[derive(utoipa::ToSchema)]
        #[schema(as = DossierTaskKind)]
        // The schema does not see names that a macro gives to variants; a test compares them.
        #[serde(rename_all = "snake_case")]
        pub enum TaskKind {
            $($(#[$doc])* $kind,)+
        }

        impl TaskKind {
            /// All kinds, in the order of the procedure.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The text in replies, filters and views.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$kind => $text,)+ }
            }

            /// The step that does it; its roles may do it too.
            #[must_use]
            pub const fn step(self) -> Step {
                match self { $(Self::$kind => <$step>::STEP,)+ }
            }

            /// Who has to act.
            #[must_use]
            pub const fn who(self) -> WaitingOn {
                match self { $(Self::$kind => WaitingOn::$who,)+ }
            }

            /// The roles in whose work queue it is; none for what is no officer's work.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$kind => &[$(Role::$role),*],)+ }
            }

            /// What has to be done, in a few words.
            #[must_use]
            pub fn title(self) -> Text {
                match self { $(Self::$kind => Text::new($vi, $en),)+ }
            }
        }
    };
}

kinds! {
    /// The applicant has to submit a supplement.
    SubmitSupplement = "submit_supplement", SubmitSupplement, Applicant, [],
        "Nộp bổ sung hồ sơ", "Submit the requested supplement";
    /// The applicant has to pay the fee through a provider.
    PayFee = "pay_fee", StartPayment, Applicant, [],
        "Nộp phí, lệ phí", "Pay the fee";
    /// The applicant has to pay at the counter; the cashier takes the cash.
    TakeCash = "take_cash", TakeCash, Applicant, [Cashier],
        "Thu phí, lệ phí tại quầy", "Take the fee at the counter";
    /// A provider has to report the outcome of a payment; cashiers see that it is awaited.
    ConfirmPayment = "confirm_payment", TakeNotice, Provider, [Cashier],
        "Xác nhận kết quả thanh toán", "Confirm the outcome of the payment";
    /// The one-stop unit has to accept or refuse the dossier, or to request a supplement.
    AnswerSubmission = "answer_submission", AcceptDossier, Clerk, [Clerk],
        "Trả lời việc tiếp nhận hồ sơ", "Accept or refuse the dossier, or request a supplement";
    /// The law gives no period: the one-stop unit has to fix the appointment.
    FixAppointment = "fix_appointment", FixAppointment, Clerk, [Clerk],
        "Ấn định ngày hẹn trả kết quả", "Fix the appointment";
    /// A reviewer has to claim the review.
    ClaimReview = "claim_review", ClaimReview, Reviewer, [Reviewer],
        "Nhận thụ lý hồ sơ", "Claim the review";
    /// The reviewer has to complete an activity.
    CompleteActivity = "complete_activity", CompleteActivity, Reviewer, [Reviewer],
        "Hoàn thành bước thẩm định", "Complete the activity";
    /// A consulted agency has to answer.
    AnswerConsultation = "answer_consultation", AnswerConsultation, Agency, [Consultee],
        "Trả lời lấy ý kiến", "Answer the consultation";
    /// The reviewer has to propose a decision.
    ProposeDecision = "propose_decision", ProposeDecision, Reviewer, [Reviewer],
        "Đề xuất quyết định", "Propose the decision";
    /// A second officer has to approve or reject the proposed decision.
    ApproveDecision = "approve_decision", ApproveDecision, Approver, [Approver],
        "Phê duyệt đề xuất", "Approve or reject the proposed decision";
    /// Lateness is foreseen: the one-stop unit has to announce it with a new appointment.
    AnnounceLateness = "announce_lateness", MoveAppointment, Clerk, [Clerk],
        "Xin lỗi và hẹn lại ngày trả kết quả", "Announce the delay and a new appointment";
    /// The result has to be issued.
    IssueResult = "issue_result", IssueResult, Approver, [Approver, Clerk],
        "Phát hành kết quả", "Issue the result";
    /// The result has to be handed to a carrier.
    HandToCarrier = "hand_to_carrier", HandToCarrier, Clerk, [Clerk],
        "Giao kết quả cho bưu chính", "Hand the result to the carrier";
    /// The carrier has to deliver the result.
    DeliverParcel = "deliver_parcel", TakeCarrierNotice, Carrier, [],
        "Phát bưu gửi", "Deliver the parcel";
    /// The applicant has to collect the result; the clerk hands it out.
    HandOutResult = "hand_out_result", CollectResult, Applicant, [Clerk],
        "Trả kết quả tại quầy", "Hand out the result at the counter";
    /// The applicant has to download the result.
    DownloadResult = "download_result", DownloadResult, Applicant, [],
        "Tải kết quả", "Download the result";
    /// A cashier has to resolve a discrepancy.
    ResolveDiscrepancy = "resolve_discrepancy", ResolveDiscrepancy, Cashier, [Cashier],
        "Xử lý sai lệch thanh toán", "Resolve the discrepancy with the provider";
    /// A second person has to approve or reject the resolution of a discrepancy.
    SignResolution = "sign_resolution", ApproveResolution, Cashier, [Cashier, Approver],
        "Phê duyệt xử lý sai lệch", "Approve or reject the proposed resolution";
    /// A cashier has to refund money.
    GiveBack = "give_back", RefundPayment, Cashier, [Cashier],
        "Hoàn trả tiền", "Refund what is owed back";
    /// A second person has to approve or reject a refund.
    SignRefund = "sign_refund", ApproveRefund, Cashier, [Cashier, Approver],
        "Phê duyệt hoàn tiền", "Approve or reject the proposed refund";
    /// A second person has to approve or reject an entry on which two persons decide.
    SignEntry = "sign_entry", ApproveEntry, Cashier, [Cashier, Approver],
        "Phê duyệt bút toán", "Approve or reject the proposed entry";
    /// A cashier has to answer a dispute.
    AnswerDispute = "answer_dispute", AnswerDispute, Cashier, [Cashier],
        "Trả lời tra soát, khiếu nại", "Answer the dispute about a payment";
    /// A cashier has to collect a debt, or to have it written off.
    CollectDebt = "collect_debt", SettleDebt, Cashier, [Cashier],
        "Thu khoản nợ sau khi tiền bị thu hồi", "Collect what the payer owes after a reversal";
    /// An approver has to decide on a renewal.
    DecideRenewal = "decide_renewal", DecideRenewal, Approver, [Approver],
        "Quyết định gia hạn", "Decide on the renewal";
    /// The applicant has to meet a duty after the result.
    MeetDuty = "meet_duty", MeetDuty, Applicant, [],
        "Thực hiện nghĩa vụ sau khi có kết quả", "Meet the duty that follows from the result";
    /// The agency has to meet a duty after the result.
    MeetAgencyDuty = "meet_agency_duty", MeetDuty, Clerk, [Clerk, Reviewer, Approver],
        "Thực hiện nghĩa vụ của cơ quan sau khi có kết quả", "Meet the agency's duty after the result";
    /// The applicant has missed a duty: the agency has to look into it.
    CheckMissedDuty = "check_missed_duty", MeetDuty, Clerk, [Clerk, Reviewer],
        "Kiểm tra nghĩa vụ chưa thực hiện", "Look into the duty that was not met";
    /// The applicant may rate the handling.
    RateDossier = "rate_dossier", RateDossier, Applicant, [],
        "Đánh giá việc giải quyết hồ sơ", "Rate the handling of the dossier";
    /// The agency has to read a message of the applicant.
    ReadApplicantMessage = "read_applicant_message", ReadMessages, Clerk, [Clerk, Reviewer],
        "Đọc tin nhắn của người nộp hồ sơ", "Read the applicant's message";
    /// The applicant has to read a message of the agency.
    ReadAgencyMessage = "read_agency_message", ReadMessages, Applicant, [],
        "Đọc tin nhắn của cơ quan", "Read the agency's message";
}

impl TaskKind {
    /// Whether no dossier waits on it, open or ended: a rating may be left out, and a message
    /// starts and stops nothing.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::RateDossier | Self::ReadApplicantMessage | Self::ReadAgencyMessage)
    }

    /// Its number in the order of the procedure, from 0.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}
