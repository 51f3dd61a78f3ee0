//! Payment: fees, money and receipts. Law 97/2015/QH13 on fees; Decree 254/2026/NĐ-CP on receipts.

use crate::access::{May, agency, any, informed, own};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod announce_repayment;
pub mod answer_dispute;
pub mod approve_entry;
pub mod approve_refund;
pub mod approve_resolution;
pub mod assess_fee;
pub mod charge_further_fee;
pub mod correct_refund;
pub mod end_dispute;
pub mod end_refund;
pub mod expire_fee_window;
pub mod issue_receipt;
pub mod join_payment_order;
pub mod lapse_fee;
pub mod limits;
pub mod match_notice;
pub mod miss_debt;
pub mod miss_discrepancy;
pub mod miss_dispute;
pub mod miss_proposal;
pub mod miss_repayment;
pub mod number_receipt;
pub mod open_payment;
pub mod query_payment;
pub mod reassess_fee;
pub mod record_dispute;
pub mod refund_payment;
pub mod reject_entry;
pub mod reject_refund;
pub mod reject_resolution;
pub mod report_reversal;
pub mod request_owed_refund;
pub mod request_refund;
pub mod resolve_discrepancy;
pub mod settle_debt;
pub mod start_payment;
pub mod take_cash;
pub mod take_notice;
pub mod take_order_fact;
pub mod transfer_fee;
pub mod write_off_debt;

mod attempt;
mod balance;
mod deadlines;
mod dispute;
mod entry;
mod evolve;
mod fee;
mod proposal;
mod reaction;
mod reasons;
mod receipted;
mod refunding;
mod reversal;
mod state;

use announce_repayment::AnnounceRepayment;
use answer_dispute::AnswerDispute;
use approve_entry::ApproveEntry;
use approve_refund::ApproveRefund;
use approve_resolution::ApproveResolution;
use assess_fee::AssessFee;
use charge_further_fee::ChargeFurtherFee;
use correct_refund::CorrectRefund;
use end_dispute::EndDispute;
use end_refund::EndRefund;
use expire_fee_window::ExpireFeeWindow;
use join_payment_order::JoinPaymentOrder;
use lapse_fee::LapseFee;
use match_notice::MatchNotice;
use miss_debt::MissDebt;
use miss_discrepancy::MissDiscrepancy;
use miss_dispute::MissDispute;
use miss_proposal::MissProposal;
use miss_repayment::MissRepayment;
use number_receipt::NumberReceipt;
use open_payment::OpenPayment;
use query_payment::QueryPayment;
use reassess_fee::ReassessFee;
use record_dispute::RecordDispute;
use refund_payment::RefundPayment;
use reject_entry::RejectEntry;
use reject_refund::RejectRefund;
use reject_resolution::RejectResolution;
use report_reversal::ReportReversal;
use request_owed_refund::RequestOwedRefund;
use request_refund::RequestRefund;
use resolve_discrepancy::ResolveDiscrepancy;
use settle_debt::SettleDebt;
use start_payment::StartPayment;
use take_cash::TakeCash;
use take_notice::TakeNotice;
use take_order_fact::TakeOrderFact;
use transfer_fee::TransferFee;
use write_off_debt::WriteOffDebt;

pub use attempt::{Attempt, Capture, DoubtfulWord, Identity, Query, Word};
pub use balance::{RefundBarred, Standing};
pub use deadlines::PaymentDeadline;
pub use dispute::{Dispute, DisputeSaid, Disputed};
pub use fee::{Closed, Fee, FeeStage};
pub use proposal::{Proposal, Proposed};
pub use reasons::{Reasons, Refund, Rejection, Resolution};
pub use receipted::Receipted;
pub use refunding::{RefundSaid, Returning, SentRefund, WayBack, named_in_order};
pub use reversal::{Debt, Reversal};
pub use state::{Owed, Payment, Repayment};

/// All steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    AssessFee::STEP,
    ReassessFee::STEP,
    ChargeFurtherFee::STEP,
    StartPayment::STEP,
    OpenPayment::STEP,
    JoinPaymentOrder::STEP,
    TakeNotice::STEP,
    MatchNotice::STEP,
    TakeCash::STEP,
    ResolveDiscrepancy::STEP,
    ApproveResolution::STEP,
    RejectResolution::STEP,
    RefundPayment::STEP,
    ApproveRefund::STEP,
    RejectRefund::STEP,
    RequestRefund::STEP,
    EndRefund::STEP,
    CorrectRefund::STEP,
    ReportReversal::STEP,
    SettleDebt::STEP,
    WriteOffDebt::STEP,
    RecordDispute::STEP,
    AnswerDispute::STEP,
    EndDispute::STEP,
    TakeOrderFact::STEP,
    ApproveEntry::STEP,
    RejectEntry::STEP,
    RequestOwedRefund::STEP,
    QueryPayment::STEP,
    ExpireFeeWindow::STEP,
    LapseFee::STEP,
    MissDiscrepancy::STEP,
    MissRepayment::STEP,
    MissProposal::STEP,
    MissDispute::STEP,
    MissDebt::STEP,
    AnnounceRepayment::STEP,
    issue_receipt::STEP,
    NumberReceipt::STEP,
    TransferFee::STEP,
];

/// Permission to read the fees and payments of a dossier.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Cashier),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
    informed(Role::Clerk),
    informed(Role::Cashier),
    informed(Role::Approver),
    informed(Role::Auditor),
];

/// Permission to read reasons that are addressed to the payer.
pub const READ_TEXTS: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Cashier),
    agency(Role::Approver),
    agency(Role::Auditor),
    informed(Role::Clerk),
    informed(Role::Cashier),
    informed(Role::Approver),
    informed(Role::Auditor),
];

/// Permission to read what cashiers write for one another.
pub const READ_WORK: &[May] =
    &[agency(Role::Clerk), agency(Role::Cashier), agency(Role::Approver), agency(Role::Auditor)];

/// Permission to read the subjects of officers, and rejected proposals.
pub const READ_OFFICERS: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Cashier),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
    informed(Role::Clerk),
    informed(Role::Cashier),
    informed(Role::Approver),
    informed(Role::Auditor),
];

/// Permission to list the open tasks of an agency's cashiers.
pub const READ_TASKS: &[May] =
    &[agency(Role::Cashier), agency(Role::Approver), agency(Role::Auditor), any(Role::Operator)];

/// Permission to list, replay and cancel requests to payment partners.
pub const RUN_REQUESTS: &[May] = &[any(Role::Operator)];

/// Permission to list provider notices that match no payment. They belong to no agency, so that
/// all cashiers see them: one of them knows whose money it is.
pub const READ_UNMATCHED: &[May] = &[any(Role::Cashier), any(Role::Operator)];
