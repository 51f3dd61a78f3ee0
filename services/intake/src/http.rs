//! The operations on dossiers, one file each.

mod accept_dossier;
mod batch_dossiers;
mod bulk_dossiers;
mod check_dossier;
mod close_dossier;
mod extend_deadline;
mod fix_appointment;
mod get_deadline;
mod get_document;
mod get_dossier;
mod get_past_state;
mod get_slip;
mod get_slips;
mod get_upload;
mod move_appointment;
mod quote_dossier;
mod quote_reply;
mod refuse_dossier;
pub(crate) mod reply;
mod request_supplement;
mod submit_dossier;
mod submit_supplement;
mod transfer_dossier;
mod upload_document;
mod withdraw_dossier;

pub(crate) use submit_dossier::UNKNOWN_PROCEDURE;
use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        quote_dossier::operation(),
        check_dossier::operation(),
        submit_dossier::operation(),
        batch_dossiers::operation(),
        get_dossier::operation(),
        get_past_state::operation(),
        accept_dossier::operation(),
        refuse_dossier::operation(),
        request_supplement::operation(),
        submit_supplement::operation(),
        withdraw_dossier::operation(),
        transfer_dossier::operation(),
        bulk_dossiers::operation(),
        move_appointment::operation(),
        extend_deadline::operation(),
        fix_appointment::operation(),
        close_dossier::operation(),
        get_deadline::operation(),
        get_slips::operation(),
        get_slip::operation(),
        upload_document::operation(),
        get_document::operation(),
        get_upload::operation(),
    ]
}
