//! Returns a receipt, as JSON or as PDF. What it says: `libs/dossier/src/papers/receipts.rs`.

use std::sync::Arc;

use dossier::State;
use dossier::contract::{DossierId, ReceiptBecomes, ReceiptEvent, Vnd};
use dossier::papers::{Receipt, receipt};
use dossier::payment::READ_TEXTS;
use dossier::payment::issue_receipt::Receipts;
use engine::{Streams, decode, envelope};
use events::{StreamName, Version};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Operation, PDF, PaperReply, Problem, Reply, Request, read};

use crate::App;
use crate::receipts::payer;

/// A receipt for a fee.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PrintedReceiptReply {
    #[serde(flatten)]
    #[schema(inline)]
    paper: PaperReply,
    /// Amount for which it is still valid, in VND.
    stands_for_vnd: Vnd,
    /// Whether it was cancelled or reduced after its issue; null if neither. The PDF says so.
    became: Option<ReceiptBecomes>,
    /// The data that the template prints.
    data: Receipt,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get("/v1/payments/{dossier}/receipts/{receipt}", "get_receipt", "Show a receipt")
        .describe("A PDF with `Accept: application/pdf`. 404 `not-found` until it is numbered.")
        .parameter("receipt", "Id of the receipt, from `get_payment`.")
        .roles(READ_TEXTS)
        .reply::<PrintedReceiptReply>()
        .or_bytes(&[PDF])
        .handle(handle)
}

async fn handle(
    app: Arc<App>,
    dossier: DossierId,
    id: String,
    request: Request,
) -> Result<Reply, Problem> {
    let loaded = read(&app.payments, READ_TEXTS, &dossier.to_string(), &request).await?;
    let named =
        |(symbol, year, number): &(String, i16, u64)| format!("{symbol}-{year}-{number}") == id;
    let mut receipts = loaded.state.receipts.iter();
    let known = receipts.find(|receipt| receipt.number.as_ref().is_some_and(named));
    let known = known.ok_or_else(Problem::not_found)?;
    let (symbol, year, number) = known.number.as_ref().ok_or_else(Problem::not_found)?;
    let engine = app.payments.engine();
    let book = StreamName::new(&format!("{}-{symbol}-{year}", Receipts::CATEGORY));
    let book = book.map_err(|_| Problem::not_found())?;
    let recorded = engine.store.read(&book, Some(Version(number.saturating_sub(1)))).await?;
    let recorded = recorded.first().ok_or_else(Problem::not_found)?;
    let ReceiptEvent::ReceiptIssued(issued) = decode(recorded)?;
    let payments =
        engine.store.read_whole(&Streams::<dossier::payment::Payment>::of(dossier.0)).await?;
    let source = payments.iter().find(|event| event.id == issued.source);
    let before = source.ok_or_else(Problem::not_found)?.position;
    let intake = payer(engine, dossier, before).await?;
    let made = receipt(&issued, envelope(recorded)?.at, &intake, &engine.law());
    let (data, paper) = made.ok_or_else(Problem::not_found)?;
    let became = known.became();
    let paper = paper.with_stamp(became.map(|became| match became {
        ReceiptBecomes::Cancelled => "BIÊN LAI ĐÃ BỊ HỦY",
        ReceiptBecomes::Reduced => "BIÊN LAI ĐÃ ĐƯỢC ĐIỀU CHỈNH GIẢM",
    }));
    let (described, stands_for_vnd) = (PaperReply::of(&paper), known.left());
    let body = PrintedReceiptReply { paper: described, stands_for_vnd, became, data };
    Reply::paper(&request, &body, &paper, &id)
}
