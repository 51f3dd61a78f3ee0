//! The one-stop unit (bộ phận một cửa): receives dossiers, has all contact with the applicant, and
//! runs the statutory clock. Decree 61/2018/NĐ-CP, arts 16 to 20, and its successor 118/2025/NĐ-CP.

use crate::access::{May, agency, any, complained, consulted, informed, own};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod accept_dossier;
pub mod answer_review;
pub mod close_dossier;
pub mod close_unpaid;
pub mod exclude_time;
pub mod expire_supplement_window;
pub mod extend_deadline;
pub mod fix_appointment;
pub mod foresee_lateness;
pub mod miss_deadline;
pub mod miss_intake_answer;
pub mod move_appointment;
pub mod record_decision;
pub mod record_delivery;
pub mod record_fee;
pub mod refuse_dossier;
pub mod request_supplement;
pub mod restate_deadline;
pub mod return_fee;
pub mod submit_dossier;
pub mod submit_supplement;
pub mod transfer_dossier;
pub mod withdraw_dossier;

mod affected;
mod claims;
mod deadlines;
mod filed;
mod fold;
mod form;
mod progress;
mod quote;
mod reaction;
mod reasons;
mod resumption;
mod state;

use accept_dossier::AcceptDossier;
use answer_review::AnswerReview;
use close_dossier::CloseDossier;
use close_unpaid::CloseUnpaid;
use exclude_time::ExcludeTime;
use expire_supplement_window::ExpireSupplementWindow;
use extend_deadline::ExtendDeadline;
use fix_appointment::FixAppointment;
use foresee_lateness::ForeseeLateness;
use miss_deadline::MissDeadline;
use miss_intake_answer::MissIntakeAnswer;
use move_appointment::MoveAppointment;
use record_decision::RecordDecision;
use record_delivery::RecordDelivery;
use record_fee::RecordFee;
use refuse_dossier::RefuseDossier;
use request_supplement::RequestSupplement;
use restate_deadline::RestateDeadline;
use return_fee::ReturnFee;
use submit_dossier::SubmitDossier;
use submit_supplement::SubmitSupplement;
use transfer_dossier::TransferDossier;
use withdraw_dossier::WithdrawDossier;

pub use affected::concerns;
pub use claims::{Claim, ClaimDecision};
pub use deadlines::IntakeDeadline;
pub use filed::Filed;
pub use form::FormVersion;
pub use progress::{AnswerDue, Ending, Fee, OpenRequest, Owed, Progress, Stage};
pub use quote::{Considered, Quote, quotes};
pub use reasons::{DateChange, DateChangeKind, PastRequest, Reasons};
pub use state::{Intake, Promised};

/// All steps of intake, in the order of the procedure.
pub const STEPS: &[Step] = &[
    SubmitDossier::STEP,
    AcceptDossier::STEP,
    RefuseDossier::STEP,
    RequestSupplement::STEP,
    SubmitSupplement::STEP,
    WithdrawDossier::STEP,
    TransferDossier::STEP,
    MoveAppointment::STEP,
    ExtendDeadline::STEP,
    FixAppointment::STEP,
    CloseDossier::STEP,
    RecordFee::STEP,
    ReturnFee::STEP,
    AnswerReview::STEP,
    RecordDecision::STEP,
    ExcludeTime::STEP,
    RecordDelivery::STEP,
    CloseUnpaid::STEP,
    MissIntakeAnswer::STEP,
    ForeseeLateness::STEP,
    MissDeadline::STEP,
    ExpireSupplementWindow::STEP,
    RestateDeadline::STEP,
];

/// Permissions to read the status, the obligations and the events of a dossier.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
    informed(Role::Clerk),
];

/// Permissions to read the timeline. A complaint handler may read it while their agency handles a
/// complaint about the dossier.
pub const READ_TIMELINE: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    complained(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// Permissions to read the dossier itself; a consulted agency has access until it has answered.
pub const READ_DOSSIER: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    any(Role::Operator),
    consulted(Role::Consultee),
    informed(Role::Clerk),
    informed(Role::Cashier),
];

/// Permissions to read a dossier as it was at an earlier instant.
pub const READ_PAST: &[May] = &[agency(Role::Auditor)];

/// Permissions to read the postal address of the delivery.
pub const READ_ADDRESS: &[May] =
    &[own(Role::Applicant), agency(Role::Clerk), agency(Role::Auditor), informed(Role::Clerk)];

/// Permissions to read the form and the documents; not for cashiers and operators, who do not need
/// them.
pub const READ_CONTENT: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::ComplaintHandler),
    agency(Role::Auditor),
    consulted(Role::Consultee),
    informed(Role::Clerk),
];
