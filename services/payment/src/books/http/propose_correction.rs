//! Proposes a correction of the books. The law: `libs/dossier/src/books/propose_correction.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::books::limits::{ACCEPTS_MAX, CORRECTION_LINES_MAX};
use dossier::books::propose_correction::ProposeCorrection;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Line, List, Operation, Problem, Reply, Request, Text};

use super::line::{AMOUNT_IMPOSSIBLE, PAYOUT_MISSING, StatementLineRequest};
use super::reply::{PaymentBookReply, named, take};
use crate::books::App;

const OTHER_DAY: dossier::RefusalEntry = dossier::RefusalEntry {
    status: 422,
    code: "line-of-another-day",
    vi: "dòng không thuộc ngày của sổ này",
    en: "the line is not of the day of this book",
};

/// A correction of the books.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposeCorrectionRequest {
    /// Lines that the statements lack; at most 20.
    #[serde(default)]
    #[schema(value_type = Vec<StatementLineRequest>, max_items = 20)]
    lines: List<StatementLineRequest, CORRECTION_LINES_MAX>,
    /// Keys of differences that the reason explains, from `get_payment_differences`; at most 100.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 100, example = json!(["line:FT26324001"]))]
    accepts: List<Line<220>, ACCEPTS_MAX>,
    /// Written reason.
    reason: Text<2000>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/payment-books/{book}/corrections",
        "propose_correction",
        "Propose a correction of the books",
    )
    .describe(
        "Adds lines that the statements lack, or explains differences. A second person enters it \
         into the books, also into those of a closed day, which stay as they were.",
    )
    .parameter("book", "Id of the book: day, agency and account.")
    .step(&ProposeCorrection::STEP)
    .refusals(&[AMOUNT_IMPOSSIBLE, PAYOUT_MISSING, OTHER_DAY])
    .body::<ProposeCorrectionRequest>()
    .unseen()
    .reply::<PaymentBookReply>()
    .versioned()
    .handle(handle)
}

async fn handle(app: Arc<App>, book: String, request: Request) -> Result<Reply, Problem> {
    let (id, body) = (named(&book)?, request.json::<ProposeCorrectionRequest>()?);
    let law = app.engine.law();
    let calendar = law.calendar_of(&id.agency).ok_or_else(Problem::not_found)?;
    let lines = body.lines.iter().enumerate();
    let wrong = lines.flat_map(|(place, line)| {
        let is_other = calendar.date_of(line.booked_at()) != id.day;
        let other = (is_other, OTHER_DAY, format!("/lines/{place}/booked_at"));
        line.wrong(place).into_iter().chain([other])
    });
    let wrong: Vec<_> = wrong.collect();
    let reasons: Vec<_> = wrong.iter().map(|(is, entry, at)| (*is, *entry, &**at)).collect();
    Problem::check(&reasons)?;
    let command = ProposeCorrection {
        id: id.clone(),
        lines: body.lines.0.into_iter().map(StatementLineRequest::recorded).collect(),
        accepts: body.accepts.0.into_iter().map(|key| key.0).collect(),
        reason: body.reason,
    };
    take(&app, &id, &request, &command).await
}
