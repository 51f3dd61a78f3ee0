//! The operations on rules, outages and the catalogue, one file each.

mod declare_outage;
mod end_outage;
mod get_agencies;
mod get_code_list;
mod get_fee_quote;
mod get_outage;
mod get_outages;
mod get_procedure;
mod get_procedures;
mod get_rules;
mod get_rules_version;
mod issue_rules;
mod procedure_reply;
mod reject_rules;
mod rules_version;
mod sign_rules;
mod withdraw_rules;

use std::time::Duration;

pub(crate) use declare_outage::{DeclareOutageRequest, tried_outage};
pub(crate) use get_fee_quote::QuotedLineReply;
pub(crate) use issue_rules::tried;
pub(crate) use procedure_reply::GroupEvidenceReply;
use web::Operation;

use super::App;

/// How long caches may keep a page of the public catalogue: a file of rules that is issued
/// meanwhile is seen that much later.
pub(crate) const CATALOGUE_AGE: Duration = Duration::from_secs(60);

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        get_procedures::operation(),
        get_procedure::operation(),
        get_fee_quote::operation(),
        get_agencies::operation(),
        get_code_list::operation(),
        issue_rules::operation(),
        get_rules::operation(),
        get_rules_version::operation(),
        sign_rules::operation(),
        reject_rules::operation(),
        withdraw_rules::operation(),
        declare_outage::operation(),
        end_outage::operation(),
        get_outages::operation(),
        get_outage::operation(),
    ]
}
