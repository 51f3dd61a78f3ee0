//! Figures of complaints: received, answered in time and late, reopened, by agency, class, month or
//! channel. Circular 01/2018/TT-VPCP, art. 13, counts complaints that were answered in time.

use std::sync::Arc;

use dossier::access::{self, Resource};
use dossier::contract::AgencyCode;
use dossier::feedback::READ_FIGURES;
use engine::view::{Question, of_agency};
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::month::Month;
use crate::App;

/// Months that one request may count.
const MONTHS_MAX: i32 = 36;
/// Groups in a reply.
const GROUPS_MAX: u32 = 1_000;

/// Which complaints are counted, and how they are grouped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComplaintFiguresQuery {
    /// Code of the agency, with those below it; the caller's if absent.
    agency: Option<AgencyCode>,
    /// First month of receipt; this month if absent.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-01")]
    from: Option<Month>,
    /// Last month of receipt, at most 36 months in total; this month if absent.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-11")]
    to: Option<Month>,
    /// One row for each; one row in total if absent.
    by: Option<FiguresBy>,
}

/// The value by which complaints are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FiguresBy {
    /// The agency that handles them.
    Agency,
    /// The class that the agency gave them.
    Class,
    /// The month of receipt.
    Month,
    /// The channel by which they were received.
    Channel,
}

impl FiguresBy {
    const fn column(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Class => "coalesce(class, 'unclassified')",
            Self::Month => "month",
            Self::Channel => "channel",
        }
    }
}

/// Figures of complaints that were received in these months.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintFiguresReply {
    /// Value by which the row is grouped; `unclassified` without a class, absent for the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "conduct_or_delay")]
    group: Option<String>,
    /// Complaints received.
    received: u32,
    /// Those whose first answer was in time.
    answered_in_time: u32,
    /// Those whose first answer was late.
    answered_late: u32,
    /// Those to be classified, forwarded or answered, none of whose periods was missed.
    open: u32,
    /// Those to be classified, forwarded or answered, whose period was missed.
    overdue: u32,
    /// Those dismissed as not acceptable.
    dismissed: u32,
    /// Duplicates that are answered with another complaint.
    merged: u32,
    /// Those that were reopened at least once.
    reopened: u32,
    /// Those whose answer is public.
    published: u32,
    /// Those whose latest answer the complainant rated.
    rated: u32,
    /// Those of them that were rated 4 or 5.
    satisfied: u32,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/complaint-figures",
        "get_complaint_figures",
        "Count complaints by agency, class, month or channel",
    )
    .describe(
        "Counts complaints by the month in which the agency received them. Every complaint is in \
         exactly one of answered_in_time, answered_late, open, overdue, dismissed and merged.",
    )
    .roles(READ_FIGURES)
    .impersonal("counts")
    .query::<ComplaintFiguresQuery>()
    .list::<ComplaintFiguresReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let query: ComplaintFiguresQuery = request.query()?;
    let agency = query.agency.clone().or_else(|| caller.agency.clone());
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    access::decide(caller, READ_FIGURES, Some(&resource))?;
    let engine = app.complaints.engine();
    let (law, now) = (engine.law(), engine.clock.now());
    let calendar = agency.as_ref().and_then(|agency| law.calendar_of(agency));
    let calendar = calendar.or_else(|| {
        let mut all = law.agencies();
        all.find_map(|agency| law.calendar_of(&agency.code))
    });
    let today = calendar.map(|calendar| Month::of(calendar.date_of(now)));
    let this_month = today.ok_or_else(|| Problem::internal("no agency has a calendar"))?;
    let to = query.to.unwrap_or(this_month);
    let from = query.from.unwrap_or(to);
    if !(1..=MONTHS_MAX).contains(&from.until(to)) {
        return Err(Problem::parameter(
            "from",
            "phải không sau `to` và cách không quá 36 tháng",
            "must not be after `to`, and at most 36 months are counted",
        ));
    }
    request.catch_up(Some(&app.shown)).await?;
    let mut values = Vec::new();
    let of_agency = of_agency((&law, now), agency.as_ref(), &mut values);
    values.extend([from, to].map(|month| Value::Text(month.to_string())));
    let group = query.by.map_or("NULL", FiguresBy::column);
    let sql = format!(
        "SELECT {group}, count(*),
           sum(answered IS 'in_time' AND stage <> 'merged'),
           sum(answered IS 'late' AND stage <> 'merged'),
           sum(answered IS NULL AND stage IN ('filed', 'classified') AND missed = 0),
           sum(answered IS NULL AND stage IN ('filed', 'classified') AND missed = 1),
           sum(answered IS NULL AND stage = 'dismissed'),
           sum(stage = 'merged'),
           sum(reopened > 0),
           sum(published_at IS NOT NULL),
           sum(score IS NOT NULL),
           coalesce(sum(score >= 4), 0)
         FROM complaints WHERE {of_agency} AND month BETWEEN ? AND ?
         GROUP BY 1 ORDER BY 1 LIMIT {GROUPS_MAX}"
    );
    let rows = app.listed.query(Question::Statistics, move |rows| {
        let mut found = rows.prepare(&sql)?;
        let found = found.query_map(params_from_iter(values), counted)?;
        found.collect::<rusqlite::Result<Vec<_>>>()
    });
    Ok(Reply::ok(&rows.await?))
}

/// A row of the query, in the order of its columns.
fn counted(row: &Row<'_>) -> rusqlite::Result<ComplaintFiguresReply> {
    Ok(ComplaintFiguresReply {
        group: row.get(0)?,
        received: row.get(1)?,
        answered_in_time: row.get(2)?,
        answered_late: row.get(3)?,
        open: row.get(4)?,
        overdue: row.get(5)?,
        dismissed: row.get(6)?,
        merged: row.get(7)?,
        reopened: row.get(8)?,
        published: row.get(9)?,
        rated: row.get(10)?,
        satisfied: row.get(11)?,
    })
}
