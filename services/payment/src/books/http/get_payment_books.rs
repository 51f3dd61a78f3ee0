//! Lists the books of an agency.

use std::sync::Arc;

use dossier::access::Resource;
use dossier::books::READ;
use dossier::contract::AgencyCode;
use engine::view::{Question, of_agency};
use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use crate::books::App;

const ADDRESS: &str = "/v1/payment-books";

/// Filter and page of the books.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BooksQuery {
    /// Code of the agency; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// Name of the account; all if absent.
    #[schema(example = "sandbox")]
    account: Option<String>,
    /// Stage; all if absent.
    stage: Option<BookStage>,
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// Stage of an account on a day.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BookStage {
    /// Statements may come.
    Open,
    /// A closing waits for a second person.
    Proposed,
    /// Two persons closed it.
    Closed,
}

impl BookStage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proposed => "proposed",
            Self::Closed => "closed",
        }
    }
}

/// An account on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedBookReply {
    /// Id of the book.
    #[schema(example = "2026-11-20_G02.001_sandbox")]
    book: String,
    /// Code of the agency.
    #[schema(value_type = AgencyCode)]
    agency: String,
    /// Name of the account.
    #[schema(example = "sandbox")]
    account: String,
    /// Local day on which the money moved.
    #[schema(value_type = Date)]
    day: String,
    /// Whether it is open, proposed for closing, or closed.
    #[schema(value_type = BookStage)]
    stage: String,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_payment_books", "List the books of an agency")
        .describe("Accounts and days with a statement, a closing or a proposal; the newest first.")
        .impersonal("accounts and days")
        .roles(READ)
        .query::<BooksQuery>()
        .list::<ListedBookReply>()
        .pages()
        .handle(handle)
}

/// The agency whose books are asked for, which the caller may read.
pub(super) fn asked(
    request: &Request,
    agency: Option<&AgencyCode>,
) -> Result<Option<AgencyCode>, Problem> {
    let agency = agency.or(request.caller()?.agency.as_ref()).cloned();
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    request.read_as(READ, &resource)?;
    Ok(agency)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let query: BooksQuery = request.query()?;
    let agency = asked(&request, query.agency.as_ref())?;
    request.catch_up(Some(&app.shown)).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let stage = query.stage.map_or("", BookStage::as_str);
    let account = query.account.as_deref().unwrap_or_default();
    let of = agency.as_ref().map_or("", AgencyCode::as_str);
    let cursors = Cursors::of(&request, &[ADDRESS, of, account, stage]);
    let mut values = Vec::new();
    let now = app.engine.clock.now();
    let mut conditions = vec![of_agency((&app.engine.law(), now), agency.as_ref(), &mut values)];
    for (column, value) in [("account", account), ("stage", stage)] {
        if !value.is_empty() {
            values.push(Value::Text(value.to_owned()));
            conditions.push(format!("{column} = ?"));
        }
    }
    if let Some(after) = &query.after {
        values.push(Value::Text(cursors.read(after)?.to_owned()));
        conditions.push("id < ?".to_owned());
    }
    let sql = format!(
        "SELECT id, agency, account, day, stage FROM books WHERE {} ORDER BY id DESC LIMIT {limit}",
        conditions.join(" AND ")
    );
    let rows = app.view.query(Question::List, move |tables| {
        tables
            .prepare(&sql)?
            .query_map(params_from_iter(values), |row| {
                Ok(ListedBookReply {
                    book: row.get(0)?,
                    agency: row.get(1)?,
                    account: row.get(2)?,
                    day: row.get(3)?,
                    stage: row.get(4)?,
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.await?;
    let next = request.page_after(ADDRESS, (&rows, limit), |last| cursors.write(&last.book));
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}
