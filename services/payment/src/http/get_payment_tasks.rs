//! Shows what cashiers have to deal with: money that has to go back, what does not agree, refunds that wait for a second
//! person.

use std::sync::Arc;

use dossier::access::{self, Caller, Resource};
use dossier::contract::AgencyCode;
use dossier::payment::READ_TASKS;
use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use service_kit::http::{Access, Cursors, Due, Problem, Reply, Request, Route, endpoint0};
use service_kit::view::{Question, of_agency, of_others};
use utoipa::ToSchema;

use super::page::{PAGE_DEFAULT, limit};
use crate::App;

const ADDRESS: &str = "/v1/payment-tasks";

/// Which page of the tasks.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TasksQuery {
    /// The agency; that of the caller if absent.
    agency: Option<String>,
    /// `repayment`, `discrepancy` or `approval`; all if absent.
    kind: Option<String>,
    /// How many, at most 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The cursor of the `next` link.
    after: Option<String>,
}

/// Something for a cashier to deal with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentTaskReply {
    /// The dossier.
    dossier: String,
    /// Its code.
    code: String,
    /// The agency that received it.
    agency: String,
    /// `repayment`: money has to go back; `discrepancy`: what a provider said does not agree; `approval`: a refund, or the
    /// resolution of a discrepancy, waits for a second person.
    kind: String,
    /// Why, as in the payment itself.
    why: String,
    /// How much.
    amount_vnd: i64,
    /// By when.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was not done in time.
    missed: bool,
    /// By which it is sorted, in milliseconds.
    #[serde(skip)]
    sorted_by: i64,
}

/// The conditions on the rows that were asked for, and their values.
fn selected(
    app: &App,
    (caller, agency): (&Caller, Option<&AgencyCode>),
    query: &TasksQuery,
    cursors: &Cursors,
) -> Result<(Vec<String>, Vec<Value>), Problem> {
    let kit = app.payments.kit();
    let mut values = Vec::new();
    let mut conditions = vec![of_others(caller, &mut values), of_agency(kit, agency, &mut values)];
    if let Some(kind) = &query.kind {
        if !["repayment", "discrepancy", "approval"].contains(&kind.as_str()) {
            return Err(Problem::query("kind is repayment, discrepancy or approval"));
        }
        values.push(Value::Text(kind.clone()));
        conditions.push("kind = ?".to_owned());
    }
    if let Some(after) = &query.after {
        let mut parts = cursors.read(after)?.splitn(3, '_');
        let (Some(due_at), Some(dossier), Some(kind)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Problem::query("after"));
        };
        let due_at = due_at.parse().map_err(|_| Problem::query("after"))?;
        let cursor = [dossier, kind].map(|text| Value::Text(text.to_owned()));
        values.push(Value::Integer(due_at));
        values.extend(cursor);
        conditions.push("(due_at, dossier, kind) > (?, ?, ?)".to_owned());
    }
    Ok((conditions, values))
}

/// What an agency's cashiers have to deal with, the most urgent first.
#[utoipa::path(
    get,
    path = "/v1/payment-tasks",
    operation_id = "get_payment_tasks",
    params(TasksQuery),
    responses((status = 200, body = Vec<PaymentTaskReply>)),
)]
async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let query: TasksQuery = request.query()?;
    let agency = query.agency.as_deref().map(AgencyCode::from).or_else(|| caller.agency.clone());
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::query("agency"));
    }
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    access::decide(caller, READ_TASKS, Some(&resource))?;
    request.catch_up(app.payments.kit(), Some(&app.shown)).await?;
    let limit = limit(query.limit.unwrap_or(PAGE_DEFAULT))?;
    let of = agency.as_ref().map_or("", AgencyCode::as_str);
    let asked = [ADDRESS, of, query.kind.as_deref().unwrap_or("")];
    let cursors = Cursors::of(app.payments.kit(), &asked);
    let (conditions, values) = selected(&app, (caller, agency.as_ref()), &query, &cursors)?;
    let sql = format!(
        "SELECT dossier, code, agency, kind, why, amount, due_at, missed, dated FROM tasks WHERE {}
         ORDER BY due_at, dossier, kind LIMIT {limit}",
        conditions.join(" AND ")
    );
    let law = app.payments.kit().law();
    let rows = app.open.query(Question::List, move |rows| {
        rows.prepare(&sql)?
            .query_map(params_from_iter(values), |row| {
                let agency: String = row.get(2)?;
                let sorted_by = row.get(6)?;
                let due_at = Timestamp::from_millisecond(sorted_by).ok();
                let dated: bool = row.get(8)?;
                let due_at = due_at.filter(|_| dated);
                Ok(PaymentTaskReply {
                    dossier: row.get(0)?,
                    code: row.get(1)?,
                    due: Due::of(&law, &agency.as_str().into(), due_at),
                    agency,
                    kind: row.get(3)?,
                    why: row.get(4)?,
                    amount_vnd: row.get(5)?,
                    missed: row.get(7)?,
                    sorted_by,
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.await?;
    let next = request.page_after(ADDRESS, (&rows, limit), |last| {
        cursors.write(&format!("{}_{}_{}", last.sorted_by, last.dossier, last.kind))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    endpoint0(app, Access::Roles(READ_TASKS), warp::path!("v1" / "payment-tasks"), handle)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
