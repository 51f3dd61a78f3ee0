//! The routes, one file each.

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

service_kit::routes!(App:
    submit_dossier,
    get_dossier,
    accept_dossier,
    refuse_dossier,
    request_supplement,
    submit_supplement,
    withdraw_dossier,
    move_appointment,
    extend_deadline,
    fix_appointment,
    close_dossier,
    get_deadline,
    upload_document,
    get_document,
    get_procedures,
    get_procedure,
    issue_rules,
    get_rules,
    get_rules_version,
    sign_rules,
    reject_rules,
    withdraw_rules,
    declare_outage,
    end_outage,
    get_outages,
);
