//! Lists the differences between statements and recorded payments.

use std::sync::Arc;

use dossier::books::{BookId, Difference};
use dossier::contract::{AgencyCode, DossierCode, DossierId, Vnd};
use dossier::law::Law;
use engine::view::{Question, of_agency, of_uninvolved};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Due, Operation, PageRows, Problem, Reply, Request};

use super::get_payment_books::asked;
use crate::books::App;
use crate::books::totals::OPEN;

const ADDRESS: &str = "/v1/payment-differences";

/// Filter and page of the differences.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferencesQuery {
    /// Code of the agency; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// Name of the account; all if absent.
    #[schema(example = "sandbox")]
    account: Option<String>,
    /// The day of the line or movement; all if absent.
    day: Option<Date>,
    /// Whether they should have been settled by now; both if absent.
    overdue: Option<bool>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// How a line of a statement and a recorded movement differ.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "the values of a property, for the description of the API")]
pub(crate) enum DifferenceKind {
    /// A line names no payment of ours.
    Unknown,
    /// Money came in for a payment, and is not recorded.
    MissingHere,
    /// Money is recorded, and no statement has it.
    MissingThere,
    /// Both have it, with different amounts.
    AmountDiffers,
    /// Money that had come in was taken back.
    Reversed,
    /// Money went back to a payer, and no refund is recorded.
    RefundNotRecorded,
    /// A refund is recorded, and no statement has it.
    RefundNotSeen,
    /// A refund came back from the payer's bank.
    CameBack,
    /// A payout is not the sum of its lines, net of charges.
    PayoutDiffers,
}

/// A difference between a statement and the recorded payments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceReply {
    /// Key of the difference, for `propose_correction`.
    #[schema(example = "line:FT26324001")]
    key: String,
    /// Id of the book.
    #[schema(example = "2026-11-20_G02.001_sandbox")]
    book: String,
    /// What differs.
    #[schema(value_type = DifferenceKind)]
    difference: String,
    /// What the line or movement is: a kind of line, or `capture`, `correction`, `refund`.
    #[schema(example = "received")]
    of: String,
    /// Amount of the line or movement, in VND.
    amount_vnd: Vnd,
    /// Amount of its counterpart; null if it has none.
    other_vnd: Option<Vnd>,
    /// The bank's or provider's name of the line or report.
    #[schema(example = "FT26324001")]
    event: Option<String>,
    /// The provider's number of the transaction.
    #[schema(example = "14312345")]
    transaction: Option<String>,
    /// Our reference in the line.
    #[schema(example = "K7Q2M9XA")]
    reference: Option<String>,
    /// Id of the dossier; null if none is known.
    #[schema(value_type = Option<DossierId>)]
    dossier: Option<String>,
    /// Code of the dossier.
    #[schema(value_type = Option<DossierCode>)]
    code: Option<String>,
    /// Time of the line or movement.
    since: Option<Timestamp>,
    /// Age in seconds.
    age_s: i64,
    /// When it should be settled.
    #[serde(flatten)]
    #[schema(inline)]
    due: Due,
    /// Whether that has passed.
    overdue: bool,
    /// What to do about it, in Vietnamese.
    #[schema(example = "hỏi ngân hàng hoặc cổng thanh toán")]
    advice_vi: String,
    /// What to do about it, in English.
    #[schema(example = "ask the bank or provider")]
    advice_en: String,
    /// Sort key: Unix time in milliseconds.
    #[serde(skip)]
    sorted_by: i64,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        ADDRESS,
        "get_payment_differences",
        "List differences of statements and payments",
    )
    .describe(
        "The oldest first, with what to do about each. Those in matters to which the caller is a \
             party are not listed. What is recorded on an account counts from the day of its first \
             statement on.",
    )
    .impersonal("codes, amounts, dates and numbers of transactions")
    .roles(dossier::books::READ)
    .query::<DifferencesQuery>()
    .list::<DifferenceReply>()
    .pages()
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: DifferencesQuery = request.query()?;
    let agency = asked(&request, query.agency.as_ref())?;
    request.catch_up(Some(&app.shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let now = app.engine.clock.now().as_millisecond();
    let day = query.day.map(|day| day.to_string()).unwrap_or_default();
    let account = query.account.as_deref().unwrap_or_default();
    let of = agency.as_ref().map_or("", AgencyCode::as_str);
    let overdue = query.overdue.map_or("", |overdue| if overdue { "1" } else { "0" });
    let cursors = Cursors::of(&request, &[ADDRESS, of, account, &day, overdue]);
    let mut values = Vec::new();
    let law = app.engine.law();
    let mut conditions = vec![
        of_agency((&law, app.engine.clock.now()), agency.as_ref(), &mut values),
        of_uninvolved(request.caller()?, &mut values),
    ];
    for (column, value) in [("account", account), ("day", &*day)] {
        if !value.is_empty() {
            values.push(Value::Text(value.to_owned()));
            conditions.push(format!("{column} = ?"));
        }
    }
    if let Some(overdue) = query.overdue {
        values.extend([Value::Integer(now), Value::Integer(i64::from(overdue))]);
        conditions.push("(due_at <= ?) = ?".to_owned());
    }
    if let Some(after) = &query.after {
        let (at, key) = cursors.read(after)?.split_once('_').ok_or_else(Cursors::invalid)?;
        let at = at.parse().map_err(|_| Cursors::invalid())?;
        values.extend([Value::Integer(at), Value::Text(key.to_owned())]);
        conditions.push("(at, key) > (?, ?)".to_owned());
    }
    let sql = format!(
        "SELECT key, agency, account, day, difference, amount, other, dossier, code, at, due_at,
           kind, event, number, reference
         FROM ({OPEN}) WHERE {} ORDER BY at, key LIMIT {limit}",
        conditions.join(" AND ")
    );
    let rows = app.view.query(Question::List, move |tables| {
        tables
            .prepare(&sql)?
            .query_map(params_from_iter(values), |row| listed(&law, row, now))?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.await?;
    let next = request.page_after(ADDRESS, (&rows, limit), |last| {
        cursors.write(&format!("{}_{}", last.sorted_by, last.key))
    });
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

fn listed(law: &Law, row: &Row<'_>, now: i64) -> rusqlite::Result<DifferenceReply> {
    let (agency, account): (String, String) = (row.get(1)?, row.get(2)?);
    let day: String = row.get(3)?;
    let difference: String = row.get(4)?;
    let advice = Difference::named(&difference).map(Difference::advice);
    let advice = advice.map_or_else(Default::default, |advice| (advice.vi, advice.en));
    let (at, due_at): (i64, i64) = (row.get(9)?, row.get(10)?);
    let due_at = Timestamp::from_millisecond(due_at).ok();
    let due = Due::of(law, &agency.as_str().into(), due_at);
    let book = day.parse().map(|day| BookId { day, agency: agency.as_str().into(), account });
    Ok(DifferenceReply {
        key: row.get(0)?,
        book: book.map(|book| book.to_string()).unwrap_or_default(),
        difference,
        of: row.get(11)?,
        amount_vnd: Vnd(row.get(5)?),
        other_vnd: row.get::<_, Option<i64>>(6)?.map(Vnd),
        event: row.get(12)?,
        transaction: row.get(13)?,
        reference: row.get(14)?,
        dossier: row.get(7)?,
        code: row.get(8)?,
        since: Timestamp::from_millisecond(at).ok(),
        age_s: now.saturating_sub(at).div_euclid(1_000).max(0),
        due,
        overdue: due_at.is_some_and(|due_at| due_at.as_millisecond() <= now),
        advice_vi: advice.0,
        advice_en: advice.1,
        sorted_by: at,
    })
}
