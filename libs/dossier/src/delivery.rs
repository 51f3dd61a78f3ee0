//! Result delivery: the result of a dossier, and its delivery to the applicant. Decree
//! 61/2018/NĐ-CP, art. 20; Decision 45/2016/QĐ-TTg on public post.

use crate::access::{May, agency, any, informed, own, received};
use crate::contract::{ReceiverTask, Role};
use crate::step::{Command, Step};

pub mod cancel_result;
pub mod choose_channel;
pub mod collect_result;
pub mod decide_renewal;
pub mod download_result;
pub mod expire_result;
pub mod hand_to_carrier;
pub mod issue_result;
pub mod meet_duty;
pub mod miss_duty;
pub mod miss_renewal;
pub mod numbers;
pub mod prepare_result;
pub mod request_renewal;
pub mod revoke_result;
pub mod take_carrier_notice;

pub mod limits;
pub mod waybill;

mod after;
mod deadlines;
mod parcel;
mod progress;
mod reaction;
mod reasons;
mod state;

pub use after::{After, Owed};
pub use deadlines::DeliveryDeadline;
pub use parcel::Parcel;
pub use progress::{Issued, Place, Progress, Stage};
pub use reasons::{HandedOut, Reasons};
pub use state::DossierResult;

use cancel_result::CancelResult;
use choose_channel::ChooseChannel;
use collect_result::CollectResult;
use decide_renewal::DecideRenewal;
use download_result::DownloadResult;
use expire_result::ExpireResult;
use hand_to_carrier::HandToCarrier;
use issue_result::IssueResult;
use meet_duty::MeetDuty;
use miss_duty::MissDuty;
use miss_renewal::MissRenewal;
use prepare_result::PrepareResult;
use request_renewal::RequestRenewal;
use revoke_result::RevokeResult;
use take_carrier_notice::TakeCarrierNotice;

/// All steps, in the order of the procedure.
pub const STEPS: &[Step] = &[
    PrepareResult::STEP,
    CancelResult::STEP,
    IssueResult::STEP,
    ChooseChannel::STEP,
    DownloadResult::STEP,
    CollectResult::STEP,
    HandToCarrier::STEP,
    TakeCarrierNotice::STEP,
    RevokeResult::STEP,
    MeetDuty::STEP,
    MissDuty::STEP,
    RequestRenewal::STEP,
    DecideRenewal::STEP,
    MissRenewal::STEP,
    ExpireResult::STEP,
];

/// Permission to list carrier notices that match no parcel.
pub const UNMATCHED: &[May] = &[any(Role::Operator)];

/// Permission to read the state of a result.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
    informed(Role::Clerk),
];

/// Permission to read the address of a parcel, for its carrier.
pub const READ_LABEL: &[May] = &[any(Role::Carrier)];

/// Permission to read the address that the applicant gave.
pub const READ_ADDRESS: &[May] =
    &[own(Role::Applicant), agency(Role::Clerk), agency(Role::Auditor), informed(Role::Clerk)];

/// Permission to read the subjects of officers.
pub const READ_OFFICERS: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
    informed(Role::Clerk),
];

/// Permission to read the registers of result numbers.
pub const READ_NUMBERS: &[May] =
    &[agency(Role::Clerk), agency(Role::Approver), agency(Role::Auditor), any(Role::Operator)];

/// Permission to read the document of a result.
pub const READ_DOCUMENT: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    received(Role::Clerk, ReceiverTask::HandOut),
];
