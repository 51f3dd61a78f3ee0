//! Imports a statement or settlement file. The law: `libs/dossier/src/books/import_statement.rs`.
//!
//! The lines are recorded by day, each day in the stream of its own. All days are tried before one
//! is recorded, so that a file with a wrong line changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use dossier::Command;
use dossier::access::Resource;
use dossier::books::import_statement::ImportStatement;
use dossier::books::limits::LINES_MAX;
use dossier::books::{Book, BookId};
use dossier::contract::{AgencyCode, StatementLine, Vnd};
use dossier::law::is_account;
use engine::Streams;
use engine::view::Question;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Line, List, On, Operation, Problem, Reply, Request, preview, send};

use super::line::{AMOUNT_IMPOSSIBLE, PAYOUT_MISSING, StatementLineRequest};
use super::statement_file::{self, FILES, INVALID, NO_READER};
use crate::books::App;

const NO_AGENCY: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "unknown-agency",
    vi: "không có cơ quan này",
    en: "there is no such agency",
};
const ACCOUNT_INVALID: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "account-invalid",
    vi: "tên tài khoản gồm 1 đến 40 ký tự a-z 0-9 -",
    en: "the name of an account is 1 to 40 of a-z 0-9 -",
};
const NO_LINES: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "statement-empty",
    vi: "sao kê không có dòng nào",
    en: "the statement has no lines",
};
const LINE_TWICE: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "line-twice",
    vi: "dòng này đã có trong tệp, hoặc trong sổ của ngày khác",
    en: "the line occurs twice in the file, or is in the book of another day",
};

/// Lines of a bank's statement or a provider's settlement file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportStatementRequest {
    /// Code of the agency that has the account; the caller's if absent.
    agency: Option<AgencyCode>,
    /// The account: its code in the payment rules, or the name of a provider.
    #[schema(example = "sandbox")]
    account: Line<40>,
    /// The lines, of one or more days; at most 1,000.
    #[schema(value_type = Vec<StatementLineRequest>, max_items = 1_000)]
    lines: List<StatementLineRequest, LINES_MAX>,
}

/// The account of a file; a request as JSON names it in its body.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatementQuery {
    /// For a file: code of the agency that has the account; the caller's if absent.
    agency: Option<AgencyCode>,
    /// For a file: the account.
    #[schema(example = "bank-transfer")]
    account: Option<String>,
}

/// What a file brought to an account on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportedDayReply {
    /// Id of the book.
    #[schema(example = "2026-11-20_G02.001_sandbox")]
    book: String,
    /// Local day on which the money moved.
    day: Date,
    /// Lines of this file on the day.
    lines: u64,
    /// Lines that this file was the first to bring. Another import of the same file has the same
    /// answer.
    new_lines: u64,
    /// Sum of what came in by the lines of this file, in VND.
    in_vnd: Vnd,
    /// Sum of what went out, in VND.
    out_vnd: Vnd,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post("/v1/payment-statements", "import_statement", "Import a statement")
        .describe(
            "Lines of a bank's statement or a provider's settlement file. Each line counts once, by \
             its `event`, however often it is imported. A line about an attempt that is not known \
             to be paid is taken as the provider's report; one that names no payment waits in \
             `get_unmatched_payment_notices`. Files of banks are taken as they are, with the account in \
             the query: `text/csv` with the columns that the partner's file names, and camt.053 \
             (ISO 20022) as `application/xml`. Longer files are imported in parts.",
        )
        .step(&ImportStatement::STEP)
        .refusals(&[
            NO_AGENCY,
            ACCOUNT_INVALID,
            NO_LINES,
            LINE_TWICE,
            AMOUNT_IMPOSSIBLE,
            PAYOUT_MISSING,
            NO_READER,
            INVALID,
        ])
        .query::<StatementQuery>()
        .body::<ImportStatementRequest>()
        .or_takes(FILES)
        .list::<ImportedDayReply>()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let Stated { of, lines } = stated(&app, &request)?;
    let days = by_day(&app, &of, lines)?;
    check_events(&app, &of, &days).await?;
    let file = request.secret().digest(&[&request.body]);
    let partners: Vec<String> =
        app.partners.enabled().map(|known| known.partner.name.clone()).collect();
    let commands = days.into_iter().map(|(day, lines)| {
        let (agency, account) = of.clone();
        let id = BookId { day, agency, account };
        ImportStatement { id, partners: partners.clone(), file: file.clone(), lines }
    });
    let commands: Vec<ImportStatement> = commands.collect();
    for command in &commands {
        let id = command.id.to_string();
        preview(&app.books, &request, On::stream(&id, None).existing_or_new(), command).await?;
    }
    let (mut imported, mut position) = (Vec::new(), None);
    for command in &commands {
        let id = command.id.to_string();
        let on = On::stream(&id, None).existing_or_new();
        let loaded = send(&app.books, &request, on, command).await?;
        position = position.max(Some(loaded.position));
        // The newest state also has what an earlier request of the same file brought.
        let stream = Streams::<Book>::name(&id).map_err(|_| Problem::not_found())?;
        let newest = app.books.load(&stream).await?;
        let new_lines = newest.state.files.get(&file).copied().unwrap_or_default();
        imported.push(reply(command, new_lines));
    }
    let reply = Reply::ok(&imported);
    Ok(match position {
        Some(position) => reply.position(position),
        None => reply,
    })
}

/// The lines of a request, each with its place in it, and their account.
struct Stated {
    of: (AgencyCode, String),
    lines: Vec<(usize, StatementLine)>,
}

fn stated(app: &App, request: &Request) -> Result<Stated, Problem> {
    let query: StatementQuery = request.query()?;
    let Some(form) = statement_file::form(&request.media_type()) else {
        if request.media_type() != "application/json" {
            return Err(Problem::media_type(&["application/json", "text/csv", "application/xml"]));
        }
        if query.agency.is_some() || query.account.is_some() {
            let (vi, en) = ("nằm trong nội dung JSON", "is in the body of JSON");
            let name = if query.account.is_some() { "account" } else { "agency" };
            return Err(Problem::parameter(name, vi, en));
        }
        let ImportStatementRequest { agency, account, lines } = request.json()?;
        let of = (permitted(request, agency)?, account.0);
        let of_lines = lines.iter().enumerate().flat_map(|(place, line)| line.wrong(place));
        check(app, &of, lines.is_empty(), of_lines.collect())?;
        let lines = lines.0.into_iter().enumerate();
        let lines = lines.map(|(place, line)| (place, line.recorded())).collect();
        return Ok(Stated { of, lines });
    };
    let account = query.account.ok_or_else(|| {
        let (vi, en) = ("phải nêu tài khoản của tệp", "is required: the account of the file");
        Problem::parameter("account", vi, en)
    })?;
    let of = (permitted(request, query.agency)?, account);
    check(app, &of, request.body.is_empty(), Vec::new())?;
    let lines = statement_file::read(app, &of, form, &request.body)?;
    check(app, &of, lines.is_empty(), Vec::new())?;
    Ok(Stated { of, lines })
}

/// The agency of the account, whose statements the caller may import.
fn permitted(request: &Request, agency: Option<AgencyCode>) -> Result<AgencyCode, Problem> {
    let caller = request.caller()?;
    let agency = agency.or_else(|| caller.agency.clone());
    let agency = agency.ok_or_else(|| Problem::at(NO_AGENCY, "/agency"))?;
    let resource = Resource { agencies: vec![agency.clone()], ..Resource::default() };
    Request::permitted_over(caller, ImportStatement::STEP.may, Some(resource))?;
    Ok(agency)
}

fn check(
    app: &App,
    (agency, account): &(AgencyCode, String),
    is_empty: bool,
    of_lines: Vec<(bool, dossier::RefusalEntry, String)>,
) -> Result<(), Problem> {
    let wrong = [
        (app.engine.law().calendar_of(agency).is_none(), NO_AGENCY, "/agency".to_owned()),
        (!is_account(account), ACCOUNT_INVALID, "/account".to_owned()),
        (is_empty, NO_LINES, "/lines".to_owned()),
    ];
    let wrong: Vec<_> =
        wrong.into_iter().chain(of_lines).filter(|(is_wrong, ..)| *is_wrong).collect();
    let reasons: Vec<_> = wrong.iter().map(|(is, entry, at)| (*is, *entry, &**at)).collect();
    Problem::check(&reasons)
}

/// The lines by day, each with its place in the file.
type Days = BTreeMap<Date, Vec<(usize, StatementLine)>>;

fn by_day(
    app: &App,
    (agency, _): &(AgencyCode, String),
    lines: Vec<(usize, StatementLine)>,
) -> Result<Days, Problem> {
    let law = app.engine.law();
    let calendar = law.calendar_of(agency).ok_or_else(|| Problem::at(NO_AGENCY, "/agency"))?;
    let mut days = Days::new();
    for (place, line) in lines {
        let day = calendar.date_of(line.booked_at);
        days.entry(day).or_default().push((place, line));
    }
    Ok(days)
}

/// Refuses a name that occurs twice in the file, or in the book of another day of the account:
/// such a line would be counted in both.
async fn check_events(
    app: &App,
    (agency, account): &(AgencyCode, String),
    days: &Days,
) -> Result<(), Problem> {
    let mut asked: BTreeMap<String, (usize, Date)> = BTreeMap::new();
    let mut twice = Vec::new();
    for (day, lines) in days {
        for (place, line) in lines {
            if asked.insert(line.event.clone(), (*place, *day)).is_some() {
                twice.push(*place);
            }
        }
    }
    let (agency, account) = (agency.to_string(), account.clone());
    let elsewhere = app.view.query(Question::List, move |tables| {
        let mut of = tables.prepare_cached(
            "SELECT day FROM lines WHERE agency = ?1 AND account = ?2 AND event = ?3",
        )?;
        let mut elsewhere = Vec::new();
        for (event, (place, day)) in &asked {
            let mut days = of.query((&agency, &account, event))?;
            if let Some(row) = days.next()?
                && row.get::<_, String>(0)? != day.to_string()
            {
                elsewhere.push(*place);
            }
        }
        Ok(elsewhere)
    });
    twice.extend(elsewhere.await?);
    twice.sort_unstable();
    let at: Vec<String> = twice.iter().map(|place| format!("/lines/{place}/event")).collect();
    let reasons: Vec<_> = at.iter().map(|at| (true, LINE_TWICE, &**at)).collect();
    Problem::check(&reasons)
}

fn reply(command: &ImportStatement, new_lines: u64) -> ImportedDayReply {
    let sum = |is_credit: bool| {
        let lines = command.lines.iter().map(|(_, line)| line);
        let lines = lines.filter(|line| line.kind.is_credit() == is_credit);
        Vnd(lines.fold(0, |sum, line| sum.saturating_add(line.amount.0)))
    };
    ImportedDayReply {
        book: command.id.to_string(),
        day: command.id.day,
        lines: command.lines.len() as u64,
        new_lines,
        in_vnd: sum(true),
        out_vnd: sum(false),
    }
}
