//! The state of a complaint for anybody who has its number and status code.

use std::sync::Arc;

use dossier::contract::{AgencyCode, ComplaintId, ComplaintNumber};
use dossier::feedback::Owed;
use engine::view::Question;
use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Counts, Due, Operation, Problem, Reply, Request};

use super::reply::{ComplaintStage, answering, loaded};
use super::status::digest;
use crate::App;

const NUMBER: &str = "Complaint-Number";
const CODE: &str = "Status-Code";

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
    .header(NUMBER, "The number of the complaint, in any case, with or without spaces.")
    .header(CODE, "The status code that was given with the number.")
    .counted(Counts::LookUp)
    .reply::<ComplaintStatusReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let number = header(&request, NUMBER)?;
    let code = header(&request, CODE)?;
    request.catch_up(Some(&app.shown)).await?;
    let Some(number) = ComplaintNumber::typed(number) else { return Err(Problem::not_found()) };
    let asked = number.to_string();
    let id = app.listed.query(Question::LookUp, move |rows| {
        rows.prepare_cached("SELECT id FROM complaints WHERE number = ?1")?
            .query_row([asked], |row| row.get::<_, String>(0))
            .optional()
    });
    let id = id.await?.and_then(|id| id.parse::<ComplaintId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let loaded = loaded(&app, id).await?;
    let state = &loaded.state;
    let recorded = state.filed.as_ref().and_then(|filed| filed.status_digest.as_deref());
    if recorded != Some(&*digest(request.secret(), id, code)) {
        return Err(Problem::not_found());
    }
    let stage = ComplaintStage::of(&state.stage).ok_or_else(Problem::not_found)?;
    let agency = state.agency().ok_or_else(Problem::not_found)?;
    let other = answering(&app, state).await?;
    let answer = match &other {
        Some(other) => other.state.answer.as_ref().filter(|_| other.state.is_answered()),
        None => state.answer.as_ref(),
    };
    let (law, due) = (app.complaints.engine().law(), state.due());
    Ok(Reply::ok(&ComplaintStatusReply {
        number,
        agency: agency.clone(),
        stage,
        received_at: state.received_at(),
        owed: due.map(|due| due.what),
        due: Due::of(&law, agency, due.map(|due| due.running.due_at)),
        overdue: due.is_some_and(|due| due.missed),
        reason: state.reason.as_ref().and_then(|reason| reason.known().cloned()),
        answer: answer.and_then(|answer| answer.text.known().cloned()),
        answered_at: answer.map(|answer| answer.at),
    }))
}

fn header<'a>(request: &'a Request, name: &'static str) -> Result<&'a str, Problem> {
    let value = request.headers.get(name).and_then(|value| value.to_str().ok());
    value.filter(|value| !value.trim().is_empty()).ok_or_else(|| Problem::invalid_header(name))
}
