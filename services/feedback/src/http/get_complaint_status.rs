//! The state of a complaint for anybody who has its number and status code.

use std::sync::Arc;

use dossier::contract::{AgencyCode, ComplaintNumber};
use dossier::feedback::Owed;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::problem::NOT_FOUND;
use web::{Counts, Due, Operation, Problem, Reply, Request};

use super::attachments::ComplaintDocumentReply;
use super::reply::{ComplaintStage, answering, current_answer, documents};
use super::status::{CODE, CODE_HELP, NUMBER, NUMBER_HELP, found};
use crate::App;

/// State, dates and answer of a complaint, without its text and contact.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintStatusReply {
    /// Number of the complaint.
    number: ComplaintNumber,
    /// Code of the agency that handles it.
    agency: AgencyCode,
    /// Stage of the complaint.
    stage: ComplaintStage,
    /// When the agency received it.
    received_at: Option<Timestamp>,
    /// Next obligation of the agency; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<Owed>,
    /// Due instant of the next obligation.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether the due instant was missed.
    overdue: bool,
    /// Reason of the latest classification, extension or separation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nội dung phức tạp, cần xin ý kiến đơn vị khác.")]
    reason: Option<String>,
    /// Answer; absent until it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hồ sơ đã được giao cho cán bộ khác và có kết quả trong ngày.")]
    answer: Option<String>,
    /// Time of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Timestamp>,
    /// Documents of the answer, for `GET /v1/complaint-status/documents/{document}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<ComplaintDocumentReply>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/complaint-status",
        "get_complaint_status",
        "Show the state of a complaint to a caller who has its number and code",
    )
    .describe(
        "Public, for complainants without an account. A wrong number and a wrong code get the same \
         answer.",
    )
    .header(NUMBER, NUMBER_HELP)
    .header(CODE, CODE_HELP)
    .refusals(&[NOT_FOUND])
    .counted(Counts::LookUp)
    .reply::<ComplaintStatusReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let loaded = found(&app, &request).await?;
    let state = &loaded.state;
    let stage = ComplaintStage::of(&state.stage).ok_or_else(Problem::not_found)?;
    let agency = state.agency().ok_or_else(Problem::not_found)?;
    let number = state.filed.as_ref().and_then(|filed| filed.number.clone());
    let other = answering(&app, state).await?;
    let answer = current_answer(state, other.as_ref().map(|other| &other.state));
    let (law, due) = (app.complaints.engine().law(), state.due());
    Ok(Reply::ok(&ComplaintStatusReply {
        number: number.ok_or_else(Problem::not_found)?,
        agency: agency.clone(),
        stage,
        received_at: state.received_at(),
        owed: due.map(|due| due.what),
        due: Due::of(&law, agency, due.map(|due| due.running.due_at)),
        overdue: due.is_some_and(|due| due.missed),
        reason: state.reason.as_ref().and_then(|reason| reason.known().cloned()),
        answer: answer.and_then(|answer| answer.text.known().cloned()),
        answered_at: answer.map(|answer| answer.at),
        documents: documents(answer),
    }))
}
