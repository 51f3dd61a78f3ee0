//! Lists the lines of statements of an account on a day, with the texts of transfers.

use std::ops::Bound;
use std::sync::Arc;

use dossier::books::{Book, BookId, READ_TEXTS};
use dossier::contract::{DossierId, LineKind, StatementLine, Vnd};
use engine::view::Question;
use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request, read};

use super::reply::named;
use crate::books::App;

/// Page of the lines.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookLinesQuery {
    /// Rows per page, at most 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

/// A line of a statement or settlement file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookLineReply {
    /// The bank's or provider's name of the line.
    #[schema(example = "FT26324001")]
    event: String,
    /// What the line reports.
    kind: LineKind,
    /// Amount in VND.
    amount_vnd: Vnd,
    /// Charge that was withheld, in VND.
    fee_vnd: Vnd,
    /// Our reference; null if the line has none.
    #[schema(example = "K7Q2M9XA")]
    reference: Option<String>,
    /// The provider's number of the transaction.
    #[schema(example = "14312345")]
    transaction: Option<String>,
    /// The provider's number of the payout.
    #[schema(example = "P-2026-11-20")]
    payout: Option<String>,
    /// Time of booking.
    booked_at: Timestamp,
    /// Text of the transfer.
    #[schema(example = "nop phi ho so")]
    memo: Option<String>,
    /// Id of the dossier whose payment it is about; null if none is known.
    #[schema(value_type = Option<DossierId>)]
    dossier: Option<String>,
}

impl From<&StatementLine> for BookLineReply {
    fn from(line: &StatementLine) -> Self {
        Self {
            event: line.event.clone(),
            kind: line.kind,
            amount_vnd: line.amount,
            fee_vnd: line.fee,
            reference: line.reference.clone(),
            transaction: line.transaction.clone(),
            payout: line.payout.clone(),
            booked_at: line.booked_at,
            memo: line.memo.as_ref().and_then(|memo| memo.known().cloned()),
            dossier: None,
        }
    }
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/payment-books/{book}/lines",
        "get_payment_book_lines",
        "List the lines of an account on a day",
    )
    .describe("With the texts of transfers, by which the payer of an unknown one is found.")
    .parameter("book", "Id of the book: day, agency and account.")
    .roles(READ_TEXTS)
    .query::<BookLinesQuery>()
    .list::<BookLineReply>()
    .pages()
    .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let query: BookLinesQuery = request.query()?;
    let book = named(&book)?;
    let id = book.to_string();
    let loaded = read::<Book>(&app.books, READ_TEXTS, &id, &request).await?;
    let PageRows(limit) = query.limit.unwrap_or_default();
    let address = format!("/v1/payment-books/{id}/lines");
    let cursors = Cursors::of(&request, &[&address]);
    let after = query.after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let lines = loaded.state.lines.range::<str, _>((from, Bound::Unbounded));
    let rows = lines.take(limit as usize).map(|(_, line)| BookLineReply::from(&**line)).collect();
    let rows = with_dossiers(&app, &book, rows).await?;
    let next = request.page_after(&address, (&rows, limit), |last| cursors.write(&last.event));
    Ok(Reply::ok(&rows).next_page(next.as_deref()))
}

/// Adds the dossiers that the view has found.
async fn with_dossiers(
    app: &App,
    book: &BookId,
    mut rows: Vec<BookLineReply>,
) -> Result<Vec<BookLineReply>, Problem> {
    let of = (book.agency.to_string(), book.account.clone());
    let rows = app.view.query(Question::List, move |tables| {
        let sql = "SELECT dossier FROM lines WHERE agency = ?1 AND account = ?2 AND event = ?3";
        let mut find = tables.prepare_cached(sql)?;
        for row in &mut rows {
            let found = find.query_row((&of.0, &of.1, &row.event), |row| row.get(0)).optional()?;
            row.dossier = found.flatten();
        }
        Ok(rows)
    });
    Ok(rows.await?)
}
