//! Lists the tasks of cashiers: repayments, discrepancies, proposals that wait for a second person,
//! and differences between statements and recorded payments.

use std::sync::Arc;

use dossier::access::{Caller, Resource};
use dossier::contract::{AgencyCode, DossierCode, DossierId, PaymentOrderId, Vnd};
use dossier::payment::READ_TASKS;
use engine::view::{Question, of_agency, of_uninvolved, texts};
use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Due, Operation, PageRows, Problem, Reply, Request};

use crate::App;
use crate::books::tasks::{self, DifferenceTask};
use crate::open::PART;
use crate::owed::{Desk, NotReturning};

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
    /// A dispute about a payment has to be answered.
    Dispute,
    /// Money that was taken back has to be collected again, or written off.
    Debt,
    /// A statement and the recorded payments differ, see `get_payment_differences`.
    Difference,
}

impl TaskKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Repayment => "repayment",
            Self::Discrepancy => "discrepancy",
            Self::Approval => "approval",
            Self::Dispute => "dispute",
            Self::Debt => "debt",
            Self::Difference => "difference",
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

/// Why money does not go back through its provider at present.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ByHand {
    /// It came in cash, or nothing is left of what came through providers.
    NoProvider,
    /// The provider is switched off.
    ProviderOff,
    /// The provider does not return money, or no part of a payment: `order` then names the payment
    /// order by which the money came.
    ProviderCannotRefund,
    /// The provider has refused the newest refund.
    ProviderRefused,
}

impl ByHand {
    /// The reason for a repayment in this state, which these providers would have to return; `None`
    /// if one of them can.
    fn of(desk: &Desk, state: Option<&str>, providers: &[String]) -> Option<Self> {
        let state = state?;
        let (mut is_able, mut unable) = (false, None);
        for way in providers {
            let (provider, is_part) =
                way.strip_suffix(PART).map_or((&**way, false), |provider| (provider, true));
            match desk.why_not_returning(provider, is_part) {
                None => is_able = true,
                Some(NotReturning::Off) => unable = Some(Self::ProviderOff),
                Some(NotReturning::Unable) => unable = unable.or(Some(Self::ProviderCannotRefund)),
            }
        }
        let is_refused = state == RefundState::Refused.as_str();
        match (is_able, is_refused) {
            (true, true) => Some(Self::ProviderRefused),
            (true, false) => None,
            (false, _) => unable.or(Some(Self::NoProvider)),
        }
    }
}

/// A task of a cashier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentTaskReply {
    /// Id of the dossier; null for a difference of which none is known.
    #[schema(value_type = Option<DossierId>)]
    dossier: Option<String>,
    /// Code of the dossier.
    #[schema(value_type = Option<DossierCode>)]
    code: Option<String>,
    /// Code of the agency that received it; for a difference, of the one that has the account.
    #[schema(value_type = AgencyCode)]
    agency: String,
    /// Kind of task.
    #[schema(value_type = TaskKind)]
    kind: String,
    /// Cause, with the values of the payment: a `why`, a `doubt`, `refund_proposed`,
    /// `resolution_proposed` or `entry_proposed`, `disputed`, `reversed`, or a
    /// `difference`.
    #[schema(example = "over_payment")]
    why: String,
    /// Where the refund of a repayment is; null for other tasks.
    #[schema(value_type = Option<RefundState>)]
    state: Option<String>,
    /// The provider's code, if it refused the newest refund.
    #[schema(example = "95")]
    refused_code: Option<String>,
    /// Why a cashier has to return the money of a repayment; null if a provider can, and for other
    /// tasks.
    by_hand: Option<ByHand>,
    /// Id of the payment order by which the money of a repayment came, with its payer in
    /// `get_payment_order`; null if it came by itself, and for other tasks.
    #[schema(value_type = Option<PaymentOrderId>)]
    order: Option<String>,
    /// Since when it is open.
    since: Option<Timestamp>,
    /// Key of the difference, for `propose_correction`; null for other tasks.
    #[schema(example = "line:FT26324001")]
    difference: Option<String>,
    /// Id of the book of the difference; null for other tasks.
    #[schema(example = "2026-11-20_G02.001_sandbox")]
    book: Option<String>,
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

impl PaymentTaskReply {
    /// What the tasks are sorted by.
    fn order(&self) -> (i64, &str, &str) {
        let key = self.difference.as_deref().or(self.dossier.as_deref()).unwrap_or_default();
        (self.sorted_by, key, &self.kind)
    }
}

/// Columns by which the rows of a table are told apart: the key, the kind, and the state.
type Key = [&'static str; 3];
const OF_TASK: Key = ["dossier", "kind", "state"];
const OF_DIFFERENCE: Key = ["key", "'difference'", "NULL"];

/// SQL conditions for the requested rows, and their parameters.
fn selected(
    app: &App,
    (caller, agency): (&Caller, Option<&AgencyCode>),
    query: &TasksQuery,
    cursors: &Cursors,
    [key, kind, of_state]: Key,
) -> Result<(Vec<String>, Vec<Value>), Problem> {
    let engine = app.payments.engine();
    let mut values = Vec::new();
    let mut conditions = vec![
        of_uninvolved(caller, &mut values),
        of_agency((&engine.law(), engine.clock.now()), agency, &mut values),
    ];
    if let Some(asked) = query.kind {
        values.push(Value::Text(asked.as_str().to_owned()));
        conditions.push(format!("{kind} = ?"));
    }
    if let Some(state) = query.state {
        values.push(Value::Text(state.as_str().to_owned()));
        conditions.push(format!("{of_state} = ?"));
    }
    if let Some(after) = &query.after {
        // The key is last: names of lines may contain anything.
        let mut parts = cursors.read(after)?.splitn(3, '_');
        let (Some(due_at), Some(of_kind), Some(of_key)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(Cursors::invalid());
        };
        let due_at = due_at.parse().map_err(|_| Cursors::invalid())?;
        let cursor = [of_key, of_kind].map(|text| Value::Text(text.to_owned()));
        values.push(Value::Integer(due_at));
        values.extend(cursor);
        conditions.push(format!("(due_at, {key}, {kind}) > (?, ?, ?)"));
    }
    Ok((conditions, values))
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_payment_tasks", "List the open payment tasks of an agency")
        .describe(
            "Refunds that are owed, discrepancies, proposals that need the approval of a second \
             person, disputes to be answered, debts after reversals, and differences of \
             statements; the most urgent first.",
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
    request.catch_up(Some(&app.books_shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let of = agency.as_ref().map_or("", AgencyCode::as_str);
    let state = query.state.map_or("", RefundState::as_str);
    let asked = [ADDRESS, of, query.kind.map_or("", TaskKind::as_str), state];
    let cursors = Cursors::of(&request, &asked);
    let of = (caller, agency.as_ref());
    let mut rows = of_dossiers(&app, selected(&app, of, &query, &cursors, OF_TASK)?, limit).await?;
    let differences = selected(&app, of, &query, &cursors, OF_DIFFERENCE)?;
    rows.extend(of_books(&app, differences, limit).await?);
    rows.sort_by(|one, other| one.order().cmp(&other.order()));
    rows.truncate(limit as usize);
    let next = request.page_after(ADDRESS, (&rows, limit), |last| {
        let (due_at, key, kind) = last.order();
        cursors.write(&format!("{due_at}_{kind}_{key}"))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

/// The tasks of dossiers.
async fn of_dossiers(
    app: &App,
    (conditions, values): (Vec<String>, Vec<Value>),
    limit: u32,
) -> Result<Vec<PaymentTaskReply>, Problem> {
    let sql = format!(
        "SELECT dossier, code, agency, kind, why, amount, due_at, missed, dated, state,
                refused, since, providers, payment_order FROM tasks WHERE {}
         ORDER BY due_at, dossier, kind LIMIT {limit}",
        conditions.join(" AND ")
    );
    let law = app.payments.engine().law();
    let desk = Arc::clone(&app.desk);
    let rows = app.open.query(Question::List, move |rows| {
        rows.prepare(&sql)?
            .query_map(params_from_iter(values), |row| {
                let agency: String = row.get(2)?;
                let sorted_by = row.get(6)?;
                let due_at = Timestamp::from_millisecond(sorted_by).ok();
                let dated: bool = row.get(8)?;
                let due_at = due_at.filter(|_| dated);
                let state: Option<String> = row.get(9)?;
                Ok(PaymentTaskReply {
                    dossier: row.get(0)?,
                    code: row.get(1)?,
                    due: Due::of(&law, &agency.as_str().into(), due_at),
                    agency,
                    kind: row.get(3)?,
                    why: row.get(4)?,
                    by_hand: ByHand::of(&desk, state.as_deref(), &texts(row, 12)?),
                    state,
                    order: row.get(13)?,
                    refused_code: row.get(10)?,
                    since: Timestamp::from_millisecond(row.get(11)?).ok(),
                    difference: None,
                    book: None,
                    amount_vnd: Vnd(row.get(5)?),
                    missed: row.get(7)?,
                    sorted_by,
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    Ok(rows.await?)
}

/// The differences of the books.
async fn of_books(
    app: &App,
    selected: (Vec<String>, Vec<Value>),
    limit: u32,
) -> Result<Vec<PaymentTaskReply>, Problem> {
    let engine = app.payments.engine();
    let (law, now) = (engine.law(), engine.clock.now());
    let rows = tasks::open(&app.books, selected, limit).await?;
    let reply = |row: DifferenceTask| {
        let DifferenceTask { key, agency, account, day, difference, amount, .. } = row;
        let due_at = Timestamp::from_millisecond(row.due_at).ok();
        PaymentTaskReply {
            dossier: row.dossier,
            code: row.code,
            due: Due::of(&law, &agency.as_str().into(), due_at),
            kind: TaskKind::Difference.as_str().to_owned(),
            why: difference,
            state: None,
            refused_code: None,
            by_hand: None,
            order: None,
            since: Timestamp::from_millisecond(row.since).ok(),
            difference: Some(key),
            book: Some(format!("{day}_{agency}_{account}")),
            agency,
            amount_vnd: Vnd(amount),
            missed: due_at.is_some_and(|due_at| due_at <= now),
            sorted_by: row.due_at,
        }
    };
    Ok(rows.into_iter().map(reply).collect())
}
