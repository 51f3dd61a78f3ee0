//! The operations of the API, one file each.

mod answer_complaint;
mod classify_complaint;
mod file_complaint;
mod forward_complaint;
mod get_complaint;
mod get_complaint_deadline;
mod get_publication;
mod publish_answer;
mod rate_dossier;
mod reopen_complaint;
mod reply;

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        file_complaint::operation(),
        get_complaint::operation(),
        get_complaint_deadline::operation(),
        get_publication::operation(),
        classify_complaint::operation(),
        forward_complaint::operation(),
        answer_complaint::operation(),
        publish_answer::operation(),
        reopen_complaint::operation(),
        rate_dossier::operation(),
    ]
}
