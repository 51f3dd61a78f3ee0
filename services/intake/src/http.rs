//! The routes, one file each.

use std::sync::Arc;

use service_kit::http::{Route, StepDoc};

use crate::App;

mod accept_dossier;
mod close_dossier;
mod fix_appointment;
mod get_deadline;
mod get_document;
mod get_dossier;
mod get_procedures;
mod move_appointment;
mod refuse_dossier;
pub(crate) mod reply;
mod request_supplement;
mod submit_dossier;
mod submit_supplement;
mod upload_document;
mod withdraw_dossier;

macro_rules! routes {
    ($($file:ident),+ $(,)?) => {
        pub(crate) fn routes(app: &Arc<App>) -> Vec<Route> {
            vec![$($file::route(app)),+]
        }

        pub(crate) const DOCS: &[StepDoc] =
            &[$(<$file::Doc as utoipa::OpenApi>::openapi),+];
    };
}

routes!(
    submit_dossier,
    get_dossier,
    accept_dossier,
    refuse_dossier,
    request_supplement,
    submit_supplement,
    withdraw_dossier,
    move_appointment,
    fix_appointment,
    close_dossier,
    get_deadline,
    upload_document,
    get_document,
    get_procedures,
);
