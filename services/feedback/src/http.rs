//! The routes, one file each.

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
pub(crate) mod reply;

service_kit::routes!(App:
    file_complaint,
    get_complaint,
    get_complaint_deadline,
    get_publication,
    classify_complaint,
    forward_complaint,
    answer_complaint,
    publish_answer,
    reopen_complaint,
    rate_dossier,
);
