//! Lists the templates of answers in the rules for complaints.

use std::sync::Arc;

use dossier::feedback::READ_TEMPLATES;
use dossier::law::AnswerTemplate;
use web::{Operation, Problem, Reply, Request};

use crate::App;

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/complaint-templates",
        "get_complaint_templates",
        "List the templates of answers to complaints",
    )
    .describe(
        "From the rules for complaints. The client fills in the fields in double braces and sends \
         the finished text with the answer.",
    )
    .roles(READ_TEMPLATES)
    .impersonal("texts of the rules")
    .list::<AnswerTemplate>()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    request.catch_up_law().await?;
    let law = app.complaints.engine().law();
    let templates = law.complaints().map(|rules| rules.templates.clone()).unwrap_or_default();
    Ok(Reply::ok(&templates))
}
