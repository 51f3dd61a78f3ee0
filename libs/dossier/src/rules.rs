//! The law as it is issued: procedures, calendars, lists of agencies and codes, payments, periods
//! of complaints; and the outages of the channels. An operator takes these steps; they are about no
//! dossier. Law on the Promulgation of Legal Documents 64/2025/QH15; Decree 61/2018/NĐ-CP, art. 26.

use crate::access::{May, any};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod declare_outage;
pub mod end_outage;
pub mod issue_rules;
pub mod reject_rules;
pub mod sign_rules;
pub mod withdraw_rules;

mod versions;

use declare_outage::DeclareOutage;
use end_outage::EndOutage;
use issue_rules::IssueRules;
use reject_rules::RejectRules;
use sign_rules::SignRules;
use withdraw_rules::WithdrawRules;

pub use declare_outage::OutageRecord;
pub use versions::{Rules, RulesStage, RulesVersion, Shipped, stream_id};

/// All steps, in the order in which they are taken.
pub const STEPS: &[Step] = &[
    IssueRules::STEP,
    SignRules::STEP,
    RejectRules::STEP,
    WithdrawRules::STEP,
    DeclareOutage::STEP,
    EndOutage::STEP,
];

/// Permissions to read files of rules and their approval status.
pub const READ: &[May] = &[any(Role::Operator), any(Role::Auditor)];

/// Permissions to try a change of the law on dossiers without recording it: of all agencies, or of
/// the caller's own.
pub const TRY: &[May] = &[any(Role::Operator), any(Role::Auditor), any(Role::Approver)];

/// Permissions to read the outages: every authenticated role.
pub const READ_OUTAGES: &[May] = &[
    any(Role::Applicant),
    any(Role::Clerk),
    any(Role::Reviewer),
    any(Role::Approver),
    any(Role::Cashier),
    any(Role::ComplaintHandler),
    any(Role::Auditor),
    any(Role::Operator),
];
