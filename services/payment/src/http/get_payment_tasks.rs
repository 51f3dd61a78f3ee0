//! Lists the tasks of cashiers: repayments, discrepancies, and proposals that wait for a second
//! person.

use std::sync::Arc;

use dossier::access::{Caller, Resource};
use dossier::contract::{AgencyCode, DossierCode, DossierId, Vnd};
use dossier::payment::READ_TASKS;
use engine::view::{Question, of_agency, of_uninvolved};
use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Due, Operation, PageRows, Problem, Reply, Request};

use crate::App;

const ADDRESS: &str = "/v1/payment-tasks";

/// Filter and page of the tasks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TasksQuery {
    /// Code of the agency; the caller's if absent.
    agency: Option<AgencyCode>,
    /// Kind of task; all if absent.
    kind: Option<TaskKind>,
    /// Where the refunds of repayments are; all tasks if absent.
    state: Option<RefundState>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// What a cashier, or a second person, has to do.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskKind {
    /// Money has to be refunded.
    Repayment,
    /// A discrepancy in a provider's reports has to be resolved.
    Discrepancy,
    /// A refund or resolution waits for a second person.
    Approval,
}

impl TaskKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Repayment => "repayment",
            Self::Discrepancy => "discrepancy",
            Self::Approval => "approval",
        }
    }
}

/// Where the refund of a repayment is.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundState {
    /// Nobody has begun it, or a part of it is left.
    Owed,
    /// It is on its way through a provider, at least in part.
    OnItsWay,
    /// The provider has refused the newest one.
    Refused,
}

impl RefundState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::OnItsWay => "on_its_way",
            Self::Refused => "refused",
        }
    }
}

/// A task of a cashier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentTaskReply {
    /// Id of the dossier.
    #[schema(value_type = DossierId)]
    dossier: String,
    /// Code of the dossier.
    #[schema(value_type = DossierCode)]
    code: String,
    /// Code of the agency that received it.
    #[schema(value_type = AgencyCode)]
    agency: String,
    /// Kind of task.
    #[schema(value_type = TaskKind)]
    kind: String,
    /// Cause, with the values of the payment: a `why`, a `doubt`, or `refund_proposed` or
    /// `resolution_proposed`.
    #[schema(example = "over_payment")]
    why: String,
    /// Where the refund of a repayment is; null for other tasks.
    #[schema(value_type = Option<RefundState>)]
    state: Option<String>,
    /// The provider's code, if it refused the newest refund.
    #[schema(example = "95")]
    refused_code: Option<String>,
    /// Since when it is open.
    since: Option<Timestamp>,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Due instant.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether it was not done in time.
    missed: bool,
    /// Sort key: Unix time in milliseconds.
    #[serde(skip)]
    sorted_by: i64,
}

/// SQL conditions for the requested rows, and their parameters.
fn selected(
    app: &App,
    (caller, agency): (&Caller, Option<&AgencyCode>),
    query: &TasksQuery,
    cursors: &Cursors,
) -> Result<(Vec<String>, Vec<Value>), Problem> {
    let engine = app.payments.engine();
    let mut values = Vec::new();
    let mut conditions = vec![
        of_uninvolved(caller, &mut values),
        of_agency((&engine.law(), engine.clock.now()), agency, &mut values),
    ];
    if let Some(kind) = query.kind {
        values.push(Value::Text(kind.as_str().to_owned()));
        conditions.push("kind = ?".to_owned());
    }
    if let Some(state) = query.state {
        values.push(Value::Text(state.as_str().to_owned()));
        conditions.push("state = ?".to_owned());
    }
    if let Some(after) = &query.after {
        let mut parts = cursors.read(after)?.splitn(3, '_');
        let (Some(due_at), Some(dossier), Some(kind)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Cursors::invalid());
        };
        let due_at = due_at.parse().map_err(|_| Cursors::invalid())?;
        let cursor = [dossier, kind].map(|text| Value::Text(text.to_owned()));
        values.push(Value::Integer(due_at));
        values.extend(cursor);
        conditions.push("(due_at, dossier, kind) > (?, ?, ?)".to_owned());
    }
    Ok((conditions, values))
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_payment_tasks", "List the open payment tasks of an agency")
        .describe(
            "Refunds that are owed, discrepancies, and proposals that need the approval of a second \
             person; the most urgent first.",
        )
        .impersonal("codes, amounts and dates")
        .roles(READ_TASKS)
        .query::<TasksQuery>()
        .list::<PaymentTaskReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let query: TasksQuery = request.query()?;
    let agency = query.agency.clone().or_else(|| caller.agency.clone());
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    request.read_as(READ_TASKS, &resource)?;
    request.catch_up(Some(&app.shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let of = agency.as_ref().map_or("", AgencyCode::as_str);
    let state = query.state.map_or("", RefundState::as_str);
    let asked = [ADDRESS, of, query.kind.map_or("", TaskKind::as_str), state];
    let cursors = Cursors::of(&request, &asked);
    let (conditions, values) = selected(&app, (caller, agency.as_ref()), &query, &cursors)?;
    let sql = format!(
        "SELECT dossier, code, agency, kind, why, amount, due_at, missed, dated, state,
                refused, since FROM tasks WHERE {}
         ORDER BY due_at, dossier, kind LIMIT {limit}",
        conditions.join(" AND ")
    );
    let law = app.payments.engine().law();
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
                    state: row.get(9)?,
                    refused_code: row.get(10)?,
                    since: Timestamp::from_millisecond(row.get(11)?).ok(),
                    amount_vnd: Vnd(row.get(5)?),
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
