//! Representation of books, and execution of their steps.

use std::sync::Arc;

use dossier::access::{self, Resource};
use dossier::books::{
    Book, BookId, Closed, Correction, ProposedClosing, ProposedCorrection, READ, READ_TEXTS,
    expected,
};
use dossier::contract::{AgencyCode, BookTotals, Personal, Subject, Vnd};
use dossier::{Command, State};
use engine::view::Question;
use engine::{Loaded, Streams};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{On, Problem, Reply, Request, send};

use crate::books::{App, totals};

/// An account on a day: what the statements, the records of payments and the receipts say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentBookReply {
    /// Id of the book.
    #[schema(example = "2026-11-20_G02.001_sandbox")]
    book: String,
    /// Code of the agency.
    agency: AgencyCode,
    /// Name of the account.
    #[schema(example = "sandbox")]
    account: String,
    /// Local day on which the money moved.
    day: Date,
    /// `open`, `proposed` or `closed`.
    #[schema(example = "open")]
    stage: &'static str,
    /// The present sums. After the closing, they may differ from those at the closing by
    /// corrections and by money that was recorded later.
    totals: BookTotalsReply,
    /// Closing that waits for a second person.
    proposed_closing: Option<ProposedClosingReply>,
    /// How the day was closed; null if it was not.
    closed: Option<ClosedReply>,
    /// Corrections that wait for a second person.
    proposed_corrections: Vec<ProposedCorrectionReply>,
    /// Entered corrections, oldest first.
    corrections: Vec<CorrectionReply>,
    /// Rejected closings and corrections, oldest first; the newest 100.
    rejections: Vec<RejectedProposalReply>,
}

/// A closing or a correction that was rejected or withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedProposalReply {
    /// Id of the proposal.
    proposal: Uuid,
    /// When it was rejected.
    at: Timestamp,
    /// Who rejected it.
    by: Subject,
    /// Written reason.
    #[schema(example = "tiền hoàn bị trả lại")]
    reason: Option<String>,
}

/// Sums of an account on a day, in VND.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookTotalsReply {
    /// Lines of statements.
    lines: u64,
    /// Came in by the statements.
    stated_in_vnd: Vnd,
    /// Went out to payers or was taken back, by the statements.
    stated_out_vnd: Vnd,
    /// Charges of the bank or provider.
    charged_vnd: Vnd,
    /// Paid out to bank accounts, net of charges.
    paid_out_vnd: Vnd,
    /// Payouts of providers that arrived.
    paid_in_vnd: Vnd,
    /// Recorded movements of money.
    movements: u64,
    /// Came in by the records of payments.
    recorded_in_vnd: Vnd,
    /// Went out by the records of payments.
    recorded_out_vnd: Vnd,
    /// Part of what came in for which receipts are valid. The rest is in doubt, owed back or
    /// refunded.
    receipted_vnd: Vnd,
    /// Open differences, see `get_payment_differences`.
    open_differences: u64,
}

/// A closing that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposedClosingReply {
    /// Id of the proposal.
    closing: Uuid,
    /// Who proposed it.
    by: Subject,
    /// When it was proposed.
    at: Timestamp,
    /// Sums at the proposal.
    totals: BookTotalsReply,
    /// Counted cash; null if the account is no till.
    counted_vnd: Option<Vnd>,
    /// Reason of the differences.
    #[schema(example = "trả lại tiền thừa nhầm")]
    reason: Option<String>,
}

/// How a day was closed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosedReply {
    /// When it was closed.
    at: Timestamp,
    /// Who proposed it.
    proposed_by: Subject,
    /// Who approved it.
    by: Subject,
    /// Sums at the closing.
    totals: BookTotalsReply,
    /// Counted cash; null if the account is no till.
    counted_vnd: Option<Vnd>,
    /// Counted cash less the cash that the records have; null if the account is no till.
    difference_vnd: Option<Vnd>,
    /// Reason of the differences.
    #[schema(example = "trả lại tiền thừa nhầm")]
    reason: Option<String>,
}

/// A correction that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposedCorrectionReply {
    /// Id of the proposal.
    correction: Uuid,
    /// Who proposed it.
    by: Subject,
    /// When it was proposed.
    at: Timestamp,
    /// Names of the lines that it adds.
    #[schema(example = json!(["FT26324001"]))]
    lines: Vec<String>,
    /// Keys of the differences that it explains.
    #[schema(example = json!(["line:FT26324001"]))]
    accepts: Vec<String>,
    /// Written reason.
    #[schema(example = "tiền hoàn bị trả lại")]
    reason: Option<String>,
}

/// A correction that was entered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CorrectionReply {
    /// Id of the correction.
    correction: Uuid,
    /// When it was entered.
    at: Timestamp,
    /// Who proposed it.
    proposed_by: Subject,
    /// Who approved it.
    by: Subject,
    /// Names of the lines that it added.
    #[schema(example = json!(["FT26324001"]))]
    lines: Vec<String>,
    /// Keys of the differences that it explains.
    #[schema(example = json!(["line:FT26324001"]))]
    accepts: Vec<String>,
    /// Written reason.
    #[schema(example = "tiền hoàn bị trả lại")]
    reason: Option<String>,
}

impl From<&BookTotals> for BookTotalsReply {
    fn from(totals: &BookTotals) -> Self {
        Self {
            lines: totals.lines,
            stated_in_vnd: totals.stated_in,
            stated_out_vnd: totals.stated_out,
            charged_vnd: totals.charged,
            paid_out_vnd: totals.paid_out,
            paid_in_vnd: totals.paid_in,
            movements: totals.movements,
            recorded_in_vnd: totals.recorded_in,
            recorded_out_vnd: totals.recorded_out,
            receipted_vnd: totals.receipted,
            open_differences: totals.open,
        }
    }
}

/// A reason, if the caller may read it and it was not erased.
fn shown_text(text: &Personal<String>, may_read: bool) -> Option<String> {
    text.known().filter(|_| may_read).cloned()
}

impl ProposedClosingReply {
    fn new(proposed: &ProposedClosing, may_read: bool) -> Self {
        let ProposedClosing { id, by, at, totals, counted, reason } = proposed;
        Self {
            closing: *id,
            by: by.clone(),
            at: *at,
            totals: totals.into(),
            counted_vnd: *counted,
            reason: reason.as_ref().and_then(|reason| shown_text(reason, may_read)),
        }
    }
}

impl ClosedReply {
    fn new(closed: &Closed, may_read: bool) -> Self {
        let Closed { at, proposed_by, by, totals, counted, reason } = closed;
        let expected = expected(totals).0;
        Self {
            at: *at,
            proposed_by: proposed_by.clone(),
            by: by.clone(),
            totals: totals.into(),
            counted_vnd: *counted,
            difference_vnd: counted.map(|counted| Vnd(counted.0.saturating_sub(expected))),
            reason: reason.as_ref().and_then(|reason| shown_text(reason, may_read)),
        }
    }
}

impl ProposedCorrectionReply {
    fn new((id, proposed): (&Uuid, &ProposedCorrection), may_read: bool) -> Self {
        let ProposedCorrection { by, at, lines, accepts, reason } = proposed;
        Self {
            correction: *id,
            by: by.clone(),
            at: *at,
            lines: lines.iter().map(|line| line.event.clone()).collect(),
            accepts: accepts.clone(),
            reason: shown_text(reason, may_read),
        }
    }
}

impl CorrectionReply {
    fn new(correction: &Correction, may_read: bool) -> Self {
        let Correction { id, at, proposed_by, by, lines, accepts, reason } = correction.clone();
        let reason = shown_text(&reason, may_read);
        Self { correction: id, at, proposed_by, by, lines, accepts, reason }
    }
}

impl PaymentBookReply {
    fn new(id: &BookId, book: &Book, totals: &BookTotals, may_read: bool) -> Self {
        let stage = match (&book.closed, &book.closing) {
            (Some(_), _) => "closed",
            (None, Some(_)) => "proposed",
            (None, None) => "open",
        };
        let closing = book.closing.as_ref();
        let proposals = book.proposals.iter();
        let corrections = book.corrections.iter();
        Self {
            book: id.to_string(),
            agency: id.agency.clone(),
            account: id.account.clone(),
            day: id.day,
            stage,
            totals: totals.into(),
            proposed_closing: closing.map(|one| ProposedClosingReply::new(one, may_read)),
            closed: book.closed.as_ref().map(|closed| ClosedReply::new(closed, may_read)),
            proposed_corrections: proposals
                .map(|one| ProposedCorrectionReply::new(one, may_read))
                .collect(),
            corrections: corrections.map(|one| CorrectionReply::new(one, may_read)).collect(),
            rejections: book
                .rejections
                .iter()
                .map(|one| RejectedProposalReply {
                    proposal: one.id,
                    at: one.at,
                    by: one.by.clone(),
                    reason: shown_text(&one.reason, may_read),
                })
                .collect(),
        }
    }
}

/// The book that an address names.
pub(super) fn named(book: &str) -> Result<BookId, Problem> {
    book.parse().map_err(|_| Problem::not_found())
}

/// Who owns a book, also one without any event.
pub(super) fn resource(id: &BookId) -> Resource {
    Resource { agencies: vec![id.agency.clone()], ..Resource::default() }
}

/// The present sums of a book, by a view that has all events up to its newest one: for decisions.
pub(super) async fn sums(app: &App, id: &BookId, request: &Request) -> Result<BookTotals, Problem> {
    let stream = Streams::<Book>::name(&id.to_string()).map_err(|_| Problem::not_found())?;
    let newest = app.books.load(&stream).await?.position;
    if app.shown.now() < newest && !app.shown.reach(newest).await {
        return Err(Problem::not_yet_consistent());
    }
    shown_sums(app, id, request).await
}

/// The sums of a book as far as the view is, at least up to what the client has seen.
async fn shown_sums(app: &App, id: &BookId, request: &Request) -> Result<BookTotals, Problem> {
    request.catch_up(Some(&app.shown)).await?;
    let id = id.clone();
    Ok(app.view.query(Question::List, move |tables| totals::totals(tables, &id)).await?)
}

/// Handles a request that is a step on a book.
pub(super) async fn handle<C>(
    app: Arc<App>,
    book: String,
    request: Request,
) -> Result<Reply, Problem>
where
    C: Command<State = Book> + DeserializeOwned,
{
    let (id, command) = (named(&book)?, request.json::<C>()?);
    take(&app, &id, &request, &command).await
}

/// Executes a step on a book, which it may begin, and shows the book.
pub(super) async fn take<C: Command<State = Book>>(
    app: &App,
    id: &BookId,
    request: &Request,
    command: &C,
) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    // A book without any event has no owner yet.
    Request::permitted_over(caller, C::STEP.may, Some(resource(id)))?;
    let name = id.to_string();
    let on = On::stream(&name, None).existing_or_new();
    let loaded = send(&app.books, request, on, command).await?;
    shown(app, id, &loaded, request).await
}

/// The book with its present sums.
pub(super) async fn shown(
    app: &App,
    id: &BookId,
    loaded: &Loaded<Book>,
    request: &Request,
) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let owner = loaded.state.resource().unwrap_or_else(|| resource(id));
    request.read_as(READ, &owner)?;
    let may_read = access::decide(caller, READ_TEXTS, Some(&owner)).is_ok();
    let totals = shown_sums(app, id, request).await?;
    let reply = PaymentBookReply::new(id, &loaded.state, &totals, may_read);
    Ok(Reply::ok(&reply).version(loaded.version).position(loaded.position))
}
