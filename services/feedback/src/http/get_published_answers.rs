//! The published answers to complaints; no login is needed. Decree 20/2008/NĐ-CP, art. 19.

use std::sync::Arc;

use dossier::contract::{AgencyCode, ComplaintClass, ComplaintId, ProcedureCode};
use engine::view::{Question, instant, of_agency};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Counts, Cursors, Line, Operation, PageRows, Problem, Reply, Request};

use super::month::Month;
use crate::App;
use crate::listed::word;

const ADDRESS: &str = "/v1/published-answers";

/// Filter and page of published answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishedAnswersQuery {
    /// Code of an agency; those below it are included. All agencies if absent.
    agency: Option<AgencyCode>,
    /// Code of the procedure.
    procedure: Option<Line<100>>,
    /// Class of the complaints.
    class: Option<ComplaintClass>,
    /// Month of publication, by the agency's clocks.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-11")]
    month: Option<Month>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A published answer. It names nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublishedAnswerReply {
    /// Id of the complaint.
    #[schema(value_type = ComplaintId)]
    complaint: String,
    /// Code of the agency that answered.
    #[schema(value_type = AgencyCode)]
    agency: String,
    /// Procedure that it is about; absent if it is about no dossier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProcedureCode>)]
    procedure: Option<String>,
    /// Class of the complaint.
    #[schema(value_type = Option<ComplaintClass>)]
    class: Option<String>,
    /// Published text.
    #[schema(example = "Cơ quan đã xin lỗi và bổ sung người trực.")]
    text: String,
    /// Time of publication.
    published_at: Timestamp,
    /// Sort key: Unix time in milliseconds.
    #[serde(skip)]
    sorted_by: i64,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_published_answers", "List published answers to complaints")
        .describe("Public (Decree 20/2008/NĐ-CP, art. 19); the newest first.")
        .counted(Counts::Published)
        .query::<PublishedAnswersQuery>()
        .list::<PublishedAnswerReply>()
        .pages()
        .handle(handle)
}

fn selected(
    app: &App,
    query: &PublishedAnswersQuery,
    cursors: &Cursors,
) -> Result<(String, Vec<Value>), Problem> {
    let engine = app.complaints.engine();
    let mut values = Vec::new();
    if query.agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let (law, now) = (engine.law(), engine.clock.now());
    let mut conditions = vec![
        "published_at IS NOT NULL".to_owned(),
        of_agency((&law, now), query.agency.as_ref(), &mut values),
    ];
    for (condition, value) in [
        ("procedure = ?", query.procedure.as_ref().map(|code| code.0.clone())),
        ("class = ?", query.class.as_ref().map(word)),
        ("published_month = ?", query.month.as_ref().map(ToString::to_string)),
    ] {
        if let Some(value) = value {
            values.push(Value::Text(value));
            conditions.push(condition.to_owned());
        }
    }
    if let Some(after) = &query.after {
        let (at, id) = cursors.read(after)?.split_once('_').ok_or_else(Cursors::invalid)?;
        let at = at.parse().map_err(|_| Cursors::invalid())?;
        values.extend([Value::Integer(at), Value::Text(id.to_owned())]);
        conditions.push("(published_at, id) < (?, ?)".to_owned());
    }
    Ok((conditions.join(" AND "), values))
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: PublishedAnswersQuery = request.query()?;
    let PublishedAnswersQuery { agency, procedure, class, month, .. } = &query;
    let asked = format!("{:?}", (agency, procedure, class, month));
    let cursors = Cursors::of(&request, &[ADDRESS, &asked]);
    let (conditions, values) = selected(&app, &query, &cursors)?;
    request.catch_up(Some(&app.shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let sql = format!(
        "SELECT id, agency, procedure, class, published, published_at FROM complaints
         WHERE {conditions} ORDER BY published_at DESC, id DESC LIMIT {limit}"
    );
    let rows = app.listed.query(Question::List, move |rows| {
        let published = |row: &Row<'_>| {
            Ok(PublishedAnswerReply {
                complaint: row.get(0)?,
                agency: row.get(1)?,
                procedure: row.get(2)?,
                class: row.get(3)?,
                text: row.get(4)?,
                published_at: instant(row, 5)?,
                sorted_by: row.get(5)?,
            })
        };
        let mut found = rows.prepare(&sql)?;
        let found = found.query_map(params_from_iter(values), published)?;
        found.collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.await?;
    let next = request.page_after(ADDRESS, (&rows, limit), |last| {
        cursors.write(&format!("{}_{}", last.sorted_by, last.complaint))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}
