//! Returns a page of the register of an agency, form 07, as JSON or as PDF. What it says:
//! `libs/dossier/src/papers/book.rs`.

use std::sync::Arc;

use dossier::access::{self, Resource};
use dossier::contract::AgencyCode;
use dossier::intake::Intake;
use dossier::papers::{Book, READ_BOOK, book, book_row};
use engine::view::Question;
use engine::{Streams, fold};
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PDF, PageRows, PaperReply, Problem, Reply, Request};

use crate::App;
use crate::lists::{Submitted, oldest};

const ADDRESS: &str = "/v1/register/book";
/// Days between the first and the last day of a period at most.
const DAYS_MAX: i32 = 366;

/// Agency, period and page of the register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookQuery {
    /// Code of the agency; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// First day of submission, in the agency's time zone.
    from: Date,
    /// Last day of submission, at most 366 days after the first.
    to: Date,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "1764123456789-018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    after: Option<String>,
}

/// A page of the register.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookReply {
    #[serde(flatten)]
    #[schema(inline)]
    paper: PaperReply,
    /// The data that the template prints.
    data: Book,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_book", "Show the register of an agency")
        .describe(
            "Form 07 of Circular 03/2025/TT-VPCP: the dossiers that were submitted in the period to \
             the agency, those below it and those that it has taken over, the oldest first. A PDF \
             with `Accept: application/pdf`.",
        )
        .roles(READ_BOOK)
        .query::<BookQuery>()
        .reply::<BookReply>()
        .or_bytes(&[PDF])
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: BookQuery = request.query()?;
    let latest = query.from.saturating_add(Span::new().days(DAYS_MAX));
    if query.to < query.from || query.to > latest {
        return Err(Problem::parameter(
            "to",
            "phải từ ngày `from` và trong vòng 366 ngày sau đó",
            "must be the day `from` or at most 366 days later",
        ));
    }
    let caller = request.caller()?;
    let agency = query.agency.or_else(|| caller.agency.clone()).ok_or_else(Problem::not_found)?;
    let whose = Resource { agencies: vec![agency.clone()], ..Resource::default() };
    access::decide(caller, READ_BOOK, Some(&whose))?;
    let law = app.engine.law();
    let calendar = law.calendar_of(&agency).ok_or_else(Problem::not_found)?;
    let ends = (calendar.start_of_day(query.from), calendar.end_of_day(query.to));
    let (Ok(from), Ok(to)) = ends else { return Err(Problem::not_found()) };
    let PageRows(limit) = query.limit.unwrap_or_default();
    let after = query.after.as_deref().map(|after| key(after).ok_or_else(Cursors::invalid));
    let after = after.transpose()?;
    request.catch_up(Some(&app.listed)).await?;
    let mut agencies = law.predecessors(&agency, app.engine.clock.now());
    agencies.push(agency.clone());
    let ends = (from.as_millisecond(), to.as_millisecond());
    let found = app
        .lists
        .query(Question::List, move |tables| oldest(tables, &agencies, ends, (after, limit)));
    let found = found.await?;
    let mut dossiers = Vec::new();
    for Submitted { id, .. } in &found {
        let stream = Streams::<Intake>::of(id.0);
        let intake: Intake = fold(&app.engine.store.read_whole(&stream).await?)?;
        dossiers.extend(book_row(&intake, &law));
    }
    let printed = (&*law, app.engine.clock.now());
    let made = book((&agency, query.from, query.to), dossiers, printed);
    let (data, paper) = made.ok_or_else(Problem::not_found)?;
    let next = request.page_after(ADDRESS, (&found, limit), |one| format!("{}-{}", one.at, one.id));
    let name = format!("{agency}-{}-{}", query.from, query.to);
    let body = BookReply { paper: PaperReply::of(&paper), data };
    let about = found.iter().map(|one| one.id);
    Ok(Reply::paper(&request, &body, &paper, &name)?.about(about).next_page(next.as_deref()))
}

/// The key of the last row of a page: submission in milliseconds, and dossier.
fn key(after: &str) -> Option<Submitted> {
    let (at, id) = after.split_once('-')?;
    Some(Submitted { at: at.parse().ok()?, id: id.parse().ok()? })
}
