//! The operations on rules, outages and the catalogue, one file each.

mod declare_outage;
mod end_outage;
mod get_outage;
mod get_outages;
mod get_procedure;
mod get_procedures;
mod get_rules;
mod get_rules_version;
mod issue_rules;
mod reject_rules;
mod rules_version;
mod sign_rules;
mod withdraw_rules;

use web::Operation;

use super::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        get_procedures::operation(),
        get_procedure::operation(),
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
