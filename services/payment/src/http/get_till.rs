//! Lists the money that an agency received and refunded on a day, for the closing of the till.

use std::sync::Arc;

use dossier::access::Resource;
use dossier::contract::{AgencyCode, DossierCode, DossierId, Subject, Vnd};
use dossier::payment::READ_TASKS;
use engine::view::{Question, of_agency, of_uninvolved};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use crate::App;

const ADDRESS: &str = "/v1/payment-movements";

/// Agency, day and page of the movements.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TillQuery {
    /// Code of the agency; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// The day, in the agency's time zone; today if absent.
    on: Option<Date>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// How money moved.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MovementKind {
    /// Cash was received at the counter.
    Cash,
    /// A provider captured a payment.
    Capture,
    /// A cashier corrected the total of an attempt.
    Correction,
    /// Money was refunded.
    Refund,
    /// A provider or a bank took money back.
    Reversal,
}

/// Money that was received or refunded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MovementReply {
    /// Time at which it was recorded.
    at: Option<Timestamp>,
    /// Id of the dossier.
    #[schema(value_type = DossierId)]
    dossier: String,
    /// Code of the dossier.
    #[schema(value_type = DossierCode)]
    code: String,
    /// Code of the agency.
    #[schema(value_type = AgencyCode)]
    agency: String,
    /// How it moved.
    #[schema(value_type = MovementKind)]
    kind: String,
    /// Amount in VND; negative if it left the agency.
    amount_vnd: Vnd,
    /// Code of the provider of a capture, and of a refund or a reversal through it; null otherwise.
    #[schema(example = "sandbox")]
    provider: Option<String>,
    /// The officer who recorded it; null if a provider did.
    #[schema(value_type = Option<Subject>)]
    officer: Option<String>,
    /// Position in the log, the sort key.
    #[serde(skip)]
    position: i64,
}

/// The money of an agency on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TillReply {
    /// Code of the agency.
    agency: AgencyCode,
    /// The day.
    on: Date,
    /// Sum of the cash received, in VND.
    cash_vnd: Vnd,
    /// Sum of the captures of providers, in VND.
    captured_vnd: Vnd,
    /// Sum of the corrections, in VND; may be negative.
    corrected_vnd: Vnd,
    /// Sum of the refunds, in VND.
    refunded_vnd: Vnd,
    /// Sum of what providers and banks took back, in VND.
    reversed_vnd: Vnd,
    /// A page of the movements, the oldest first, without those of matters to which the caller is a
    /// party. The sums are those of the whole day, with all movements.
    movements: Vec<MovementReply>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_till", "List the money of an agency on a day")
        .describe(
            "Cash, captures, corrections, refunds and reversals with their sums, for the closing of the till. \
             Movements in matters to which the caller is a party are counted, but not listed.",
        )
        .impersonal("codes, amounts and dates")
        .roles(READ_TASKS)
        .query::<TillQuery>()
        .reply::<TillReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let query: TillQuery = request.query()?;
    let agency = query.agency.clone().or_else(|| caller.agency.clone());
    let unknown = || {
        Problem::parameter(
            "agency",
            "không có cơ quan này; hãy nêu mã cơ quan, ví dụ G02.001",
            "names no agency; give the code of one, for example G02.001",
        )
    };
    let agency = agency.ok_or_else(unknown)?;
    let engine = app.payments.engine();
    let law = engine.law();
    let calendar = law.calendar_of(&agency).ok_or_else(unknown)?;
    let on = query.on.unwrap_or_else(|| calendar.date_of(engine.clock.now()));
    let resource = Resource { agencies: vec![agency.clone()], ..Resource::default() };
    request.read_as(READ_TASKS, &resource)?;
    request.catch_up(Some(&app.shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let day = on.to_string();
    let cursors = Cursors::of(&request, &[ADDRESS, agency.as_str(), &day]);
    let after = query
        .after
        .as_deref()
        .map(|after| cursors.read(after)?.parse::<i64>().map_err(|_| Cursors::invalid()));
    let after = after.transpose()?.unwrap_or(-1);
    let (mut values, mut parties) = (Vec::new(), Vec::new());
    let of_agency = of_agency((&law, engine.clock.now()), Some(&agency), &mut values);
    values.push(Value::Text(day));
    let of_day = format!("{of_agency} AND day = ?");
    let listed = format!("{of_day} AND {}", of_uninvolved(caller, &mut parties));
    let found = app.open.query(Question::List, move |tables| {
        let sums = sums(tables, &of_day, &values)?;
        values.extend(parties);
        values.push(Value::Integer(after));
        Ok((sums, page(tables, &listed, values, limit)?))
    });
    let (sums, movements) = found.await?;
    let next = request
        .page_after(ADDRESS, (&movements, limit), |last| cursors.write(&last.position.to_string()));
    let [cash_vnd, captured_vnd, corrected_vnd, refunded_vnd, reversed_vnd] = sums.map(Vnd);
    let reply = TillReply {
        agency,
        on,
        cash_vnd,
        captured_vnd,
        corrected_vnd,
        refunded_vnd,
        reversed_vnd,
        movements,
    };
    Ok(Reply::ok(&reply).next_page(next.as_deref()))
}

/// The sums of cash, captures, corrections, refunds and reversals; the last two are positive.
fn sums(tables: &Connection, of_day: &str, values: &[Value]) -> rusqlite::Result<[i64; 5]> {
    let sql = format!(
        "SELECT sum(iif(kind = 'cash', amount, 0)), sum(iif(kind = 'capture', amount, 0)),
           sum(iif(kind = 'correction', amount, 0)), sum(iif(kind = 'refund', -amount, 0)),
           sum(iif(kind = 'reversal', -amount, 0))
         FROM movements WHERE {of_day}"
    );
    tables.query_row(&sql, params_from_iter(values), |row| {
        let sum = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
        Ok([sum(0)?, sum(1)?, sum(2)?, sum(3)?, sum(4)?])
    })
}

fn page(
    tables: &Connection,
    listed: &str,
    values: Vec<Value>,
    limit: u32,
) -> rusqlite::Result<Vec<MovementReply>> {
    let sql = format!(
        "SELECT position, dossier, code, agency, kind, amount, provider, officer, at FROM movements
         WHERE {listed} AND position > ? ORDER BY position LIMIT {limit}"
    );
    tables
        .prepare(&sql)?
        .query_map(params_from_iter(values), |row| {
            Ok(MovementReply {
                position: row.get(0)?,
                dossier: row.get(1)?,
                code: row.get(2)?,
                agency: row.get(3)?,
                kind: row.get(4)?,
                amount_vnd: Vnd(row.get(5)?),
                provider: row.get(6)?,
                officer: row.get(7)?,
                at: Timestamp::from_millisecond(row.get(8)?).ok(),
            })
        })?
        .collect()
}
