//! The operations of the API, one file each.

mod accept_dossier;
mod close_dossier;
mod declare_outage;
mod end_outage;
mod extend_deadline;
mod fix_appointment;
mod get_deadline;
mod get_document;
mod get_dossier;
mod get_outages;
mod get_procedure;
mod get_procedures;
mod get_rules;
mod get_rules_version;
mod issue_rules;
mod move_appointment;
mod refuse_dossier;
mod reject_rules;
pub(crate) mod reply;
mod request_supplement;
mod rules_version;
mod sign_rules;
mod submit_dossier;
mod submit_supplement;
mod upload_document;
mod withdraw_dossier;
mod withdraw_rules;

use service_kit::http::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        submit_dossier::operation(),
        get_dossier::operation(),
        accept_dossier::operation(),
        refuse_dossier::operation(),
        request_supplement::operation(),
        submit_supplement::operation(),
        withdraw_dossier::operation(),
        move_appointment::operation(),
        extend_deadline::operation(),
        fix_appointment::operation(),
        close_dossier::operation(),
        get_deadline::operation(),
        upload_document::operation(),
        get_document::operation(),
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
    ]
}
