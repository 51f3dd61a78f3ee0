//! Statistics that can be audited: every figure is counted from the rows, with its denominator.
//!
//! Dates are compared, not instants (QĐ 766/QĐ-TTg). Withdrawn and returned dossiers count as
//! handled. Satisfaction comes with its response rate. Two shares of online dossiers are given: (a)
//! procedures with at least one online dossier, (b) handled dossiers that were filed online. They
//! differ from the shares in the Ministry's national monitoring (2022), where (a) has another
//! denominator and levels of online service are distinguished.

use std::sync::Arc;

use dossier::contract::{AgencyCode, Channel, ProcedureCode};
use engine::view::{Question, of_agency};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Operation, Problem, Reply, Request};

use super::queue::{READ_AGENCY, agency_of};
use crate::App;
use crate::dossiers::channel_name;

/// Filter of the counted dossiers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatisticsQuery {
    /// Code of the agency, including subordinate ones; the caller's if absent.
    agency: Option<AgencyCode>,
    /// Code of the procedure; all if absent.
    procedure: Option<ProcedureCode>,
    /// Filing channel; all if absent.
    channel: Option<Channel>,
    /// Submitted at this instant or later.
    from: Option<Timestamp>,
    /// Submitted before this instant.
    to: Option<Timestamp>,
}

/// Figures with their denominators.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct StatisticsReply {
    /// Number of counted dossiers.
    dossiers: i64,
    /// Decided, refused, withdrawn, returned or ended.
    handled: i64,
    /// Handled before the promised day.
    early: i64,
    /// Handled on the promised day.
    on_time: i64,
    /// Handled after the promised day.
    late: i64,
    /// Handled without a promised day.
    without_deadline: i64,
    /// Open, and past the promised instant.
    overdue_open: i64,
    /// Missed deadlines, less those withdrawn.
    missed: i64,
    /// Decided by a rule.
    automatic: i64,
    /// Median time from submission to handling, in seconds.
    duration_median_s: Option<i64>,
    /// 90th percentile of that time, in seconds.
    duration_p90_s: Option<i64>,
    /// 99th percentile of that time, in seconds.
    duration_p99_s: Option<i64>,
    /// Mean of that time over handled dossiers, in seconds.
    elapsed_mean_s: Option<i64>,
    /// Part of the mean while a supplement or a fee was awaited from the applicant, in seconds.
    with_applicant_mean_s: Option<i64>,
    /// Remaining part of the mean, in seconds.
    with_agency_mean_s: Option<i64>,
    /// Mean number of contacts with the applicant of a handled dossier: submission, supplements,
    /// payments.
    contacts_mean: Option<f64>,
    /// Number of supplement requests.
    supplements: i64,
    /// Number of restarted clocks: each period may be kept although the applicant waits for more
    /// than one.
    restarts: i64,
    /// Procedures with at least one dossier.
    procedures: i64,
    /// Procedures with at least one online dossier.
    procedures_online: i64,
    /// Handled dossiers that were filed online.
    handled_online: i64,
    /// Mean rating, from 1 to 5.
    satisfaction: Option<f64>,
    /// Number of rated dossiers.
    rated: i64,
    /// Number of dossiers that could be rated.
    could_rate: i64,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/register/statistics", "get_statistics", "Count the dossiers of an agency")
        .describe("Every figure is given with its denominator.")
        .roles(READ_AGENCY)
        .query::<StatisticsQuery>()
        .reply::<StatisticsReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: StatisticsQuery = request.query()?;
    let (_, agency) = agency_of(&request, query.agency)?;
    request.catch_up(Some(&app.progress)).await?;
    let mut values = Vec::new();
    let below =
        of_agency((&app.engine.law(), app.engine.clock.now()), agency.as_ref(), &mut values);
    let mut conditions = vec![below.as_str()];
    let procedure = query.procedure.map(|procedure| procedure.as_str().to_owned());
    let channel = query.channel.map(|channel| channel_name(channel).to_owned());
    let texts = [(procedure, "procedure = ?"), (channel, "channel = ?")];
    for (text, condition) in texts {
        if let Some(text) = text {
            values.push(Value::Text(text));
            conditions.push(condition);
        }
    }
    for (instant, condition) in [(query.from, "submitted_at >= ?"), (query.to, "submitted_at < ?")]
    {
        if let Some(instant) = instant {
            values.push(Value::Integer(instant.as_millisecond()));
            conditions.push(condition);
        }
    }
    let scope = conditions.join(" AND ");
    let now = app.engine.clock.now().as_millisecond();
    let counting = move |rows: &Connection| count(rows, &scope, &values, now);
    Ok(Reply::ok(&app.view.query(Question::Statistics, counting).await?))
}

fn count(
    rows: &Connection,
    scope: &str,
    values: &[Value],
    now: i64,
) -> rusqlite::Result<StatisticsReply> {
    let sql = format!(
        "SELECT count(*), count(handled_at), sum(handled_day < due_day), sum(handled_day = due_day),
           sum(handled_day > due_day), sum(handled_at IS NOT NULL AND due_day IS NULL),
           sum(handled_at IS NULL AND suspended = 0 AND due_at <= {now}), sum(missed), sum(by_rule),
           count(DISTINCT procedure), count(DISTINCT iif(channel = 'online', procedure, NULL)),
           sum(handled_at IS NOT NULL AND channel = 'online'), avg(rated), count(rated), sum(delivered),
           CAST(avg(handled_at - submitted_at) / 1000 AS INTEGER),
           CAST(avg(iif(handled_at IS NULL, NULL, applicant_ms)) / 1000 AS INTEGER),
           CAST(avg(handled_at - submitted_at - applicant_ms) / 1000 AS INTEGER),
           avg(iif(handled_at IS NULL, NULL, contacts)), sum(supplements), sum(restarts)
         FROM dossiers WHERE {scope}"
    );
    let mut reply = rows.query_row(&sql, params_from_iter(values), |row| {
        let number =
            |index| Ok::<i64, rusqlite::Error>(row.get::<_, Option<i64>>(index)?.unwrap_or(0));
        Ok(StatisticsReply {
            dossiers: number(0)?,
            handled: number(1)?,
            early: number(2)?,
            on_time: number(3)?,
            late: number(4)?,
            without_deadline: number(5)?,
            overdue_open: number(6)?,
            missed: number(7)?,
            automatic: number(8)?,
            procedures: number(9)?,
            procedures_online: number(10)?,
            handled_online: number(11)?,
            satisfaction: row.get(12)?,
            rated: number(13)?,
            could_rate: number(14)?,
            elapsed_mean_s: row.get(15)?,
            with_applicant_mean_s: row.get(16)?,
            with_agency_mean_s: row.get(17)?,
            contacts_mean: row.get(18)?,
            supplements: number(19)?,
            restarts: number(20)?,
            ..StatisticsReply::default()
        })
    })?;
    let percentile = |percent: i64| -> rusqlite::Result<Option<i64>> {
        let offset = (reply.handled - 1).max(0) * percent / 100;
        let sql = format!(
            "SELECT (handled_at - submitted_at) / 1000 FROM dossiers
             WHERE handled_at IS NOT NULL AND {scope} ORDER BY handled_at - submitted_at LIMIT 1 OFFSET {offset}"
        );
        rows.query_row(&sql, params_from_iter(values), |row| row.get(0)).optional()
    };
    let (median, p90, p99) = (percentile(50)?, percentile(90)?, percentile(99)?);
    reply.duration_median_s = median;
    reply.duration_p90_s = p90;
    reply.duration_p99_s = p99;
    Ok(reply)
}
