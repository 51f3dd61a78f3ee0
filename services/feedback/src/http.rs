//! The operations of the API, one file each.

mod add_complaint_documents;
mod answer_complaint;
mod assign_complaint;
mod attachments;
mod classify_complaint;
mod extend_complaint;
mod file_complaint;
mod forward_complaint;
mod get_complaint;
mod get_complaint_deadline;
mod get_complaint_document;
mod get_complaint_figures;
mod get_complaint_status;
mod get_complaint_templates;
mod get_complaints;
mod get_publication;
mod get_published_answers;
mod get_rating;
mod get_status_document;
mod impartial;
mod merge_complaint;
mod month;
mod note_complaint;
mod publish_answer;
mod rate_answer;
mod rate_dossier;
mod reopen_complaint;
pub(crate) mod reply;
mod separate_complaint;
mod status;

use web::Operation;

use crate::App;

pub(crate) fn operations() -> Vec<Operation<App>> {
    vec![
        file_complaint::operation(),
        get_complaints::operation(),
        get_complaint::operation(),
        get_complaint_deadline::operation(),
        get_complaint_document::operation(),
        get_publication::operation(),
        add_complaint_documents::operation(),
        assign_complaint::operation(),
        note_complaint::operation(),
        classify_complaint::operation(),
        forward_complaint::operation(),
        merge_complaint::operation(),
        separate_complaint::operation(),
        extend_complaint::operation(),
        answer_complaint::operation(),
        publish_answer::operation(),
        rate_answer::operation(),
        reopen_complaint::operation(),
        get_complaint_status::operation(),
        get_status_document::operation(),
        get_published_answers::operation(),
        get_complaint_templates::operation(),
        get_complaint_figures::operation(),
        rate_dossier::operation(),
        get_rating::operation(),
    ]
}
